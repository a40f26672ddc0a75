"""A case run on PyTorch and on torchlike: results, errors and warnings must be the same.

@case
def adding_a_module(torch):
    return error(torch.nn.Module().add_module, "a.b", torch.nn.ReLU())
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable

import numpy as np

import torchlike
from tests.support import array_of, reference


def same(fn: Callable, *, rtol: float = 1e-5, atol: float = 1e-6) -> None:
    """Run ``fn(torch)`` on both libraries and compare what it returns and the warnings it gives.

    Args:
        rtol, atol: tolerances of tensors' elements.

    Raises:
        AssertionError: they differ.
    """
    (want, said), (got, heard) = _outcome(reference(), fn), _outcome(torchlike, fn)
    _compare(want, got, "result", {"rtol": rtol, "atol": atol})
    assert heard == said, f"torchlike warns {heard}, PyTorch {said}"


def error(fn: Callable, *args, **kwargs) -> tuple[str, str]:
    """The type and the whole text of what a call raises."""
    try:
        result = fn(*args, **kwargs)
    except Exception as raised:  # noqa: BLE001 - whichever it is, is what is compared
        return type(raised).__name__, _neutral(str(raised))
    raise AssertionError(f"nothing is raised, {result!r} returned")


def det(torch, *shape, start: float = 0.0):
    """A float32 tensor with the same numbers in both libraries."""
    count = int(np.prod(shape))
    return torch.tensor((np.sin(np.arange(count) * 1.7 + start) * 1.5).astype(np.float32).reshape(shape))


def filled(torch, module):
    """The module, its parameters with the same numbers in both libraries."""
    with torch.no_grad():
        for place, each in enumerate(module.parameters()):
            each.copy_(det(torch, *each.shape, start=place + 1.0))
    return module


def make_net(torch):
    """A network with a tied parameter, both kinds of buffers and a module below."""

    class Block(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = torch.nn.Linear(2, 2)
            self.register_buffer("count", torch.tensor(3))

        def forward(self, x):
            return self.linear(x) * self.count

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.ones(2))
            self.register_parameter("nothing", None)
            self.register_buffer("mean", torch.zeros(2))
            self.register_buffer("scratch", torch.zeros(1), persistent=False)
            self.register_buffer("unset", None)
            self.block = Block()
            self.tied = self.block.linear
            self.empty = None

        def forward(self, x, scale=1.0):
            return self.block(x) * scale + self.weight

    return filled(torch, Net())


def _outcome(library, fn: Callable) -> tuple:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        library.manual_seed(0)
        result = _plain(library, fn(library))
    return result, [(each.category.__name__, _neutral(str(each.message))) for each in caught]


def _neutral(text: str) -> str:
    """A text without what must differ: the library's name, addresses, and where in PyTorch's sources a warning is given."""
    return re.sub(r"0x[0-9a-f]+", "0x", text.replace("torchlike", "torch")).split(" (Triggered internally")[0]


def _plain(library, result):
    """A result as plain data."""
    if isinstance(result, library.Tensor):
        return type(result).__name__, str(result.dtype), result.requires_grad, array_of(result.detach())
    if isinstance(result, library.nn.Module):
        return repr(result), result.training
    if isinstance(result, dict):
        return type(result).__name__, [(key, _plain(library, value)) for key, value in result.items()]
    if isinstance(result, (tuple, list)):
        return type(result).__name__, [_plain(library, each) for each in result]
    if isinstance(result, (library.dtype, library.device)):
        return str(result)
    return _neutral(result) if isinstance(result, str) else result


def _compare(want, got, where: str, tolerances: dict) -> None:
    if isinstance(want, np.ndarray) and isinstance(got, np.ndarray):
        assert got.shape == want.shape, f"{where}: shape {got.shape}, expected {want.shape}"
        np.testing.assert_allclose(got, want, **tolerances, err_msg=where)
    elif isinstance(want, (tuple, list)) and type(got) is type(want) and len(got) == len(want):
        for place, pair in enumerate(zip(want, got, strict=True)):
            _compare(*pair, f"{where}[{place}]", tolerances)
    else:
        assert type(got) is type(want) and got == want, f"{where}: {got!r}, expected {want!r}"
