"""Which results share memory with what they are made of, and which are that itself: everything callable is asked."""

from __future__ import annotations

import functools
import math
import re
import warnings

import numpy as np
import pytest

import torchlike

torch = pytest.importorskip("torch")

INPUTS = {
    "matrix": lambda torch: torch.arange(6.0).view(2, 3),
    "square": lambda torch: torch.arange(9.0).view(3, 3),
    "vector": lambda torch: torch.arange(4.0),
    "number": lambda torch: torch.tensor(2.0),
    "cube": lambda torch: torch.arange(24.0).view(2, 3, 4),
    "integers": lambda torch: torch.arange(6).view(2, 3),
    "bools": lambda torch: torch.tensor([True, False, True]),
    "complex": lambda torch: torch.tensor([[1 + 2j, 3j], [1, 2]]),
    "conjugates": lambda torch: torch.tensor([[1 + 2j, 3j], [1, 2]]).conj(),
    "transposed": lambda torch: torch.arange(6.0).view(2, 3).t(),
    "expanded": lambda torch: torch.arange(3.0).expand(2, 3),
    "empty": lambda torch: torch.zeros(0, 3),
}
ARGUMENTS = {
    "nothing": lambda torch, x: (),
    "0": lambda torch, x: (0,),
    "1": lambda torch, x: (1,),
    "0, 1": lambda torch, x: (0, 1),
    "1, 0, 1": lambda torch, x: (1, 0, 1),
    "its shape": lambda torch, x: (tuple(x.shape),),
    "itself": lambda torch, x: (x,),
    "-1": lambda torch, x: (-1,),
    "its order": lambda torch, x: (tuple(range(x.ndim)),),
    "its dtype": lambda torch, x: (x.dtype,),
}
# they change what is not their arguments; unsafe_split copies conjugates
SKIPPED = re.compile(
    r"cuda|backward|retain_grad|register_|share_memory|pin_memory|compile|save|load|seed|set_|use_|.*_$"
)


@functools.cache
def _calls() -> list[str]:
    methods = [name for name in dir(torchlike.Tensor) if not name.startswith("_") and hasattr(torch.Tensor, name)]
    functions = [
        name
        for name in dir(torchlike)
        if not name.startswith("_")
        and callable(getattr(torch, name, None))
        and not isinstance(getattr(torch, name), type)
    ]
    plain = lambda name: not SKIPPED.match(name)
    return [f"Tensor.{name}" for name in methods if plain(name)] + [
        f"torch.{name}" for name in functions if plain(name)
    ]


def _relation(library, call: str, start, arguments) -> object:
    """How the results relate to the input: is it, shares its memory, or is apart; None where the call is refused."""
    x = start(library)
    where, _, name = call.partition(".")
    try:
        result = getattr(x, name) if where == "Tensor" else functools.partial(getattr(library, name), x)
        result = result(*arguments(library, x)) if callable(result) else result
    except (RuntimeError, TypeError, ValueError, IndexError, AttributeError, NotImplementedError, BufferError):
        return None
    results = [result] if isinstance(result, library.Tensor) else result if type(result) in (tuple, list) else []
    return [_told(library, x, each) for each in results if isinstance(each, library.Tensor)][:3]


def _told(library, x, result) -> str:
    if result is x:
        return "itself"
    if not result.numel() or not x.numel():
        return "empty"
    address = lambda each: each.untyped_storage().data_ptr()
    return "shares" if address(result) == address(x) else "apart"


@pytest.fixture
def _warnings_left():
    """What warns once is to warn in the tests that ask for it."""
    torch.set_warn_always(True)
    yield
    torch.set_warn_always(False)
    torch.storage._reset_warn_typed_storage_removal()


@pytest.mark.usefixtures("_warnings_left")
@pytest.mark.parametrize("name", INPUTS)
def test_what_shares_memory_is_what_shares_it_in_torch(name: str) -> None:
    wrong = []
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for call in _calls():
            for kind, arguments in ARGUMENTS.items():
                want = _relation(torch, call, INPUTS[name], arguments)
                # of what is apart in PyTorch little is asked: it takes long
                if want and ({*want} - {"apart"} or (name == "matrix" and kind in ("nothing", "itself"))):
                    got = _relation(torchlike, call, INPUTS[name], arguments)
                    if got is not None and got != want:
                        wrong.append((call, kind, want, got))
    assert not wrong, "\n".join(map(str, wrong))


@pytest.mark.parametrize(
    "equation",
    ["ij->ji", "ij", "ij->ij", "ii->i", "...ij->...ji", "ijk->kij", "iij->ji", "ij->i", "ii", "ji", "i...->...i"],
)
def test_an_einsum_that_sums_nothing_is_a_view(equation: str) -> None:
    def program(torch):
        letters = equation.split("->")[0].replace("...", "")
        x = torch.arange(3.0 ** (len(letters) + equation.startswith("..") + equation.startswith("i.."))).clone()
        x = x.view([3] * round(math.log(x.numel(), 3)))
        made = torch.einsum(equation, x)
        made.mul_(2)
        return x.tolist(), made.tolist()

    assert program(torchlike) == program(torch)


@pytest.mark.parametrize("dtype", ["int64", "uint8"])
@pytest.mark.parametrize("shape", [(2, 3), (6,), (6, 1, 1), (2, 3, 100), ()])
def test_places_along_each_dimension_lie_side_by_side(shape: tuple, dtype: str) -> None:
    def program(torch):
        found = []
        indices = torch.tensor([[1, 5, 3], [0, 2, 4]]).to(getattr(torch, dtype))
        for given in (indices, indices.t(), indices[0], indices[0, 1], indices[:, :0]):
            parts = torch.unravel_index(given, shape)
            found.append(
                [(each.tolist(), each.stride(), each.storage_offset(), str(each.dtype)[-5:]) for each in parts]
            )
        return found

    assert program(torchlike) == program(torch)
