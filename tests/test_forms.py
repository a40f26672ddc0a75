"""Where functions are found: under every name, in every module and as every method that PyTorch has."""

from __future__ import annotations

import inspect
import re

import pytest

import torchlike
from torchlike import _missing
from torchlike._dispatch import declared_ops, methods

torch = pytest.importorskip("torch")
PLACES = ["", "fft", "linalg", "nn", "nn.functional", "nn.modules", "special", "Tensor"]
# what PyTorch has under the name of another function of ours
OTHERS = {
    "": {
        *{"ModuleDict", "ParameterDict"},  # types for its script compiler
        *{"lstsq", "matrix_rank", "solve"},  # these do nothing but to say that they were taken away
        "embedding_bag",  # gives what its derivative wants, too
    },
    "Tensor": {"index", "lstsq", "mtia", "solve", "xpu"},
    "linalg": {"cond"},
}
# what PyTorch calls the same, and has as two
ALIKE = {"inverse", "pinverse", "slogdet", "softmax", "true_divide", "linalg.diagonal"}
ALIKE |= {"Tensor.itemsize", "Tensor.ndim", "Tensor.softmax"}
ALIAS = re.compile(r"Alias (?:for|of) :(?:func|meth)?:?`[~!]?([\w.]+)")


def at(package, path: str):
    """What a package has at a path."""
    for name in filter(None, path.split(".")):
        package = getattr(package, name)
    return package


def is_ours(path: str) -> bool:
    owner, _, name = path.rpartition(".")
    return hasattr(at(torchlike, owner), name)


def names_of_ours() -> set[str]:
    """The names of all that is declared, or found anywhere."""
    ops = declared_ops()
    declared = {each.body.__name__.rstrip("_") for each in ops} | {
        alias for each in ops for alias in each.flags.aliases
    }
    found = {name for place in PLACES for name in dir(at(torchlike, place)) if name[0] != "_"}
    return declared | {each.__name__ for each in methods} | found


@pytest.mark.parametrize("place", PLACES)
def test_no_form_is_missing(place):
    theirs, ours, known = at(torch, place), at(torchlike, place), names_of_ours()
    asked = [name for name in dir(theirs) if name[0] != "_" and name != "Tensor" and callable(getattr(theirs, name))]
    lacking = {name for name in asked if {name, name.rstrip("_")} & known and not hasattr(ours, name)}
    assert lacking == OTHERS.get(place, set())


@pytest.mark.parametrize("place", PLACES)
def test_there_is_no_form_that_pytorch_lacks(place):
    theirs, ours = at(torch, place), vars(at(torchlike, place))
    own = {name for name, value in ours.items() if name[0] == "_" or inspect.ismodule(value)}
    own |= _missing.OWN.get(f"torch.{place}".rstrip("."), set())
    assert not [name for name in ours.keys() - own if not hasattr(theirs, name)]


def code_of(form):
    form = inspect.unwrap(form)
    return getattr(form, "__code__", form)


def aliases() -> list[tuple[str, str]]:
    """(alias, path) of what PyTorch's documentation calls an alias of something, both without ``torch.``."""
    found = []
    for place in ("", "linalg", "special", "Tensor"):
        theirs = at(torch, place)
        for name in dir(theirs):
            told = ALIAS.search(str(getattr(theirs, name).__doc__))
            if name[0] != "_" and told:
                path = told[1].removeprefix("torch.") if "torch." in told[1] else f"{place}.{told[1].split('.')[-1]}"
                found.append((f"{place}.{name}".strip("."), path.strip(".")))
    return found


def test_aliases_are_the_same_function():
    asked = [(name, path) for name, path in aliases() if name not in ALIKE and is_ours(name)]
    assert len(asked) > 50
    assert not [name for name, path in asked if code_of(at(torchlike, name)) is not code_of(at(torchlike, path))]
