"""Python's operators with everything that may stand on their other side: arrays, NumPy's numbers, strangers."""

from __future__ import annotations

import operator
import warnings

import numpy as np
import pytest

import torchlike
from tests.support import reference

BINARY = "add sub mul truediv floordiv mod pow matmul and_ or_ xor lshift rshift eq ne lt le gt ge".split()
INPLACE = "iadd isub imul itruediv ifloordiv imod ipow imatmul iand ior ixor ilshift irshift".split()
TENSORS = {
    "floats": lambda torch: torch.tensor([1.0, 2.0]),
    "integers": lambda torch: torch.tensor([3, 4]),
    "a float": lambda torch: torch.tensor(2.0),
    "tracked": lambda torch: torch.tensor([1.0, 2.0], requires_grad=True) * 1,
}


class Stranger:
    """Takes part in every operation from the right."""


for _name in "radd rsub rmul rtruediv rfloordiv rmod rpow rmatmul rand ror rxor rlshift rrshift eq lt gt".split():
    setattr(Stranger, f"__{_name}__", lambda self, other, name=_name: name)

OTHERS = {
    "float64 array": lambda torch: np.array([1.0, 3.0]),
    "float32 array": lambda torch: np.array([1.0, 3.0], np.float32),
    "int array": lambda torch: np.array([1, 3]),
    "bool array": lambda torch: np.array([True, True]),
    "array without dimensions": lambda torch: np.array(2.0),
    "longer array": lambda torch: np.array([1.0, 2.0, 3.0]),
    "array of text": lambda torch: np.array(["a", "b"]),
    "array of objects": lambda torch: np.array([1, None], object),
    "np.float32": lambda torch: np.float32(2),
    "np.int64": lambda torch: np.int64(2),
    "np.bool": lambda torch: np.bool_(True),
    "stranger": lambda torch: Stranger(),
    "object": lambda torch: dict,
    "text": lambda torch: "ab",
    "None": lambda torch: None,
    "list": lambda torch: [1, 2],
    "tuple of tensors": lambda torch: (torch.tensor(1.0), torch.tensor(2.0)),
}


def outcome(torch, form: str, tensor: str, other: str, swapped: bool):
    """What comes of it: the kind and contents of a result, or an error's type and first line."""
    operands = [TENSORS[tensor](torch), OTHERS[other](torch)]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # NumPy's, about PyTorch's own `__array_wrap__` and about zeros
            got = getattr(operator, form)(*(reversed(operands) if swapped else operands))
    except Exception as error:
        return type(error).__name__, str(error).split("\n")[0].replace("torchlike", "torch")
    if isinstance(got, torch.Tensor):
        return "Tensor", str(got.dtype).replace("torchlike", "torch"), got.requires_grad, got.tolist()
    if isinstance(got, np.ndarray):
        return "array", got.dtype, str(got.tolist()).replace("torchlike", "torch")
    return type(got).__name__, str(got)


# bits of integers in place: PyTorch looks at the result's dtype first, which for NumPy's bool is float
CAST_FIRST = {
    (form, other) for form in ("iand", "ior", "ixor", "ilshift", "irshift") for other in ("np.float32", "np.bool")
}


@pytest.mark.parametrize("form", [*BINARY, *INPLACE])
def test_operators_take_and_leave_what_pytorch_does(form):
    torch = reference()
    differ = []
    for tensor in TENSORS:
        for other in OTHERS:
            for swapped in (False, True):
                case = (form, tensor, other, swapped)
                want, got = outcome(torch, *case), outcome(torchlike, *case)
                if want != got and not (tensor == "integers" and (form, other) in CAST_FIRST):
                    differ.append((case, want, got))
    assert not differ
