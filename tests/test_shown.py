"""What editors show of a function: a docstring, and a signature with PyTorch's parameters."""

from __future__ import annotations

import inspect
import re

import pytest

import torchlike
from torchlike._arguments import SYNONYMS
from torchlike._signatures import _written

# where PyTorch has its functions in C, and where it shows them
SHOWN = {"torch._C._nn": "torch.nn.functional", "torch._VF": "torch"}
# what PyTorch calls otherwise in C than in its documentation, or takes without saying so
OWN = {
    *("cholesky_solve", "copy_", "dsplit", "elu", "hsplit", "lstsq", "map_", "orgqr", "result_type", "rrelu", "rrelu_"),
    *(
        "split",
        "svd",
        "svdvals",
        "tensor_split",
        "tensordot",
        "tril_indices",
        "triu_indices",
        "type",
        "uniform_",
        "vsplit",
    ),
    *("fractional_max_pool2d", "fractional_max_pool3d"),
}


def functions():
    """(path, the function there, PyTorch's signatures) of all functions and methods whose arguments PyTorch lists."""
    for path, written in _written().items():
        owner, _, name = path.rpartition(".")
        place = torchlike
        for part in SHOWN.get(owner, owner).split(".")[1:]:
            place = getattr(place, part)
        found = getattr(place, name, None)
        if name[0] != "_" and inspect.isroutine(found):
            yield f"{owner}.{name}", found, written


def parameters(signature: str) -> list[str]:
    """The names of a signature's parameters: ``sum(Tensor input, IntArrayRef[1]? dim, *, Tensor out=None)``."""
    head = signature.removeprefix("def ").split("): ")[0].partition("(")[2].rstrip(")")
    parts = re.sub(r"\([^()]*\)|\[[^\[\]]*\]", "", head).split(", ")
    return [part.split("=")[0].split(" ")[-1].strip("*") for part in parts if part.strip("*/ ")]


def is_shown(found, signature: str) -> bool:
    """Whether a function shows the parameters of one of PyTorch's signatures; ``out=`` comes by itself."""
    shown = inspect.signature(found).parameters
    if any(each.kind is inspect.Parameter.VAR_POSITIONAL for each in shown.values()):
        return True
    return all(
        name in ("self", "input", "out") or name in shown or SYNONYMS.get(name) in shown
        for name in parameters(signature)
    )


def test_every_function_has_a_docstring():
    assert not [path for path, found, _ in functions() if not (found.__doc__ or "").strip()]


def test_parameters_are_pytorchs():
    wrong = [
        path
        for path, found, written in functions()
        if written[0] != "-" and not any(is_shown(found, each) for each in written)
    ]
    assert {path.rpartition(".")[2] for path in wrong} <= OWN
    assert len(list(functions())) > 1200


@pytest.mark.parametrize("name", sorted(OWN))
def test_what_is_listed_is_otherwise(name):
    assert any(
        not any(is_shown(found, each) for each in written)
        for path, found, written in functions()
        if path.rpartition(".")[2] == name and written[0] != "-"
    )
