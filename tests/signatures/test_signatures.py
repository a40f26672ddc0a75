"""Arguments that fit none of PyTorch's signatures are refused in its words, of every function that it has in C."""

from __future__ import annotations

import importlib
import re

import pytest

import torchlike
from tests.support import reference
from torchlike._signatures import _written, refuse

OWNERS = ("torch", "torch.Tensor", "torch.nn.functional", "torch.linalg", "torch.special")
# what is no tensor, too many, of another type, unknown
WRONG = """
(), {}; ("a",), {}; (x, "a"), {}; (x, 1.5), {}; (x, (1, "a")), {}; (x, 0, "a"), {}; (x,) * 9, {}; (0,) * 9, {}
(x,), {"zz": 1}; (x,), {"dim": 1.5}; (x,), {"dtype": 3}; ([x, 1],), {}; (x, x, x, "a"), {}
"""
CALLS = [each.strip() for each in WRONG.replace("\n", ";").split(";") if each.strip()]
# PyTorch looks at these by hand, before or instead
BY_HAND = {"asarray", "as_tensor", "tensor", "new", "new_tensor", "set_", "empty", "ones", "zeros", "record_stream"}
LEFT_OUT = re.compile(
    r"sparse_|max_pool|sym_|unique|\.lu$|torch\.(set_|use_|.*autocast|.*seed|compile|save|load|prepare_)"
)
OF_ARGUMENTS = re.compile(r"^[\w.<>]+\(\)|^expected Tensor as element")
IN_PYTHON = re.compile(r"^[\w.<>]+\(\) (takes|missing|got an unexpected|got multiple)")


def words(call, args, kwargs, looked_for: re.Pattern) -> str | None:
    """What a call says of its arguments; None if nothing."""
    try:
        call(*args, **kwargs)
    except Exception as error:  # noqa: BLE001 - values are not meant to be right
        return str(error) if isinstance(error, TypeError) and looked_for.match(str(error)) else None
    return None


def differing(torch, path: str, method: bool):
    """The calls of a function that are refused in other words."""
    call = torch.Tensor if method else importlib.import_module(path.rpartition(".")[0])
    call = getattr(call, path.rpartition(".")[2])
    looked_for = IN_PYTHON if _written()[path][0].startswith("def ") else OF_ARGUMENTS
    for text in CALLS:
        args, kwargs = eval(text, {"x": torch.ones(2, 3)})
        if method and not (args and isinstance(args[0], torch.Tensor)):
            continue
        want = words(call, args, kwargs, looked_for)
        args, kwargs = eval(text, {"x": torchlike.ones(2, 3)})
        got = words(refuse, (path, args[method:], kwargs), {}, looked_for)
        if want != got:
            yield f"{path} {text}: torchlike says {got!r}, PyTorch {want!r}"


@pytest.mark.parametrize("owner", OWNERS)
def test_wrong_arguments(owner: str):
    torch = reference()
    paths = [each for each in _written() if each.rpartition(".")[0] == owner]
    asked = [each for each in paths if each.rpartition(".")[2] not in BY_HAND and not LEFT_OUT.search(each)]
    differ = [each for path in asked for each in differing(torch, path, owner == "torch.Tensor")]
    assert not differ, "\n".join(differ)


# composites, operations, aliases, methods, in-place forms
FUNCTIONS = """
torch.chunk(x); torch.chunk(x, 'a'); x.chunk('a'); x.chunk(1, 2, 3); x.narrow(0, True, 1); torch.select(x, 0.5, 1)
torch.exp(x, x); x.exp(1); x.exp(a=1); torch.where(x, x, 'a'); x.sum('a'); x.mul_(other='a'); torch.abs_(1); x.abs_(1)
torch.absolute(1); torch.special.expit(1); torch.linalg.inv(1); torch.arange('a'); torch.zeros(2, 1.5); torch.max(x, zz=1)
torch.unbind(x, 1.5); x.unbind('a'); torch.full((2,), 'a'); x.new_zeros(1.5); torch.std(x, zz=1); torch.flatten(x, 0.5)
torch.nn.functional.one_hot(x, True); torch.nn.functional.softplus(1); torch.nn.functional.linear(x, 1)
"""


@pytest.mark.parametrize("call", [each.strip() for each in FUNCTIONS.replace("\n", ";").split(";") if each.strip()])
def test_every_form_refuses(call: str):
    def said(torch) -> str:
        with pytest.raises(TypeError, match=OF_ARGUMENTS) as caught:
            eval(call, {"torch": torch, "x": torch.ones(2, 3)})
        return str(caught.value)

    assert said(torchlike) == said(reference())


def test_a_right_call_is_right_again():
    x = torchlike.ones(2, 3)
    for size in (1, torchlike.tensor(1)):
        assert len(x.chunk(size)) == 1
    with pytest.raises(TypeError, match="must be int, not Tensor"):
        x.chunk(torchlike.tensor(1.0))


def test_the_list_is_what_pytorch_writes():
    pytest.importorskip("torch")
    from tools import signatures

    assert signatures.FILE.read_text() == signatures.text()
