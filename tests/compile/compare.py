"""A program run twice, compiled and as it is, and how many of its calls were replayed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import torchlike as torch


def identity(fn: Callable) -> Callable:
    """What `torch.compile` is for the run that is not compiled."""
    return fn


def plain(value: Any) -> Any:
    """Tensors as arrays, wherever they are."""
    if isinstance(value, torch.Tensor):
        return value.detach().numpy().copy()
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, (list, tuple)) else value


def same(got: Any, expected: Any) -> None:
    """Both are equal, numbers in tensors up to rounding."""
    if isinstance(expected, np.ndarray):
        np.testing.assert_allclose(got, expected, rtol=2e-5, atol=1e-6)
    elif isinstance(expected, dict):
        assert got.keys() == expected.keys()
        for name in expected:
            same(got[name], expected[name])
    elif isinstance(expected, list):
        assert len(got) == len(expected)
        for one, other in zip(got, expected, strict=True):
            same(one, other)
    elif isinstance(expected, float):
        assert type(got) is float
        np.testing.assert_allclose(got, expected, rtol=2e-5, atol=1e-6)
    else:
        assert type(got) is type(expected) and got == expected


def check(program: Callable[[Callable], Any], replayed: int | None = None) -> None:
    """Run `program(compile)`, which returns what is to be compared, with and without compiling.

    Args:
        replayed: how many calls must have been replayed; None for any number but none.
    """
    results = []
    for wrap in (identity, torch.compile):
        torch.manual_seed(0)
        torch.explain(reset=True)
        results.append([plain(program(wrap)), plain(torch.get_rng_state())])
    same(results[1], results[0])
    count = torch.explain().runs["replayed"]
    assert count > 0 if replayed is None else count == replayed, torch.explain()
