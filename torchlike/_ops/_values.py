"""What several operations ask of values: indices within their dimension, and the like."""

from __future__ import annotations

from collections.abc import Callable

from torchlike._recorder.checks import Check, Found


def is_outside(index, least, size):
    """Where an index is below `least`, or not below `size`."""
    return (index < least) | (index >= size)


def is_no_fraction(array):
    """Where a number is not in ``[0, 1]``, or none at all."""
    return ~((array >= 0) & (array <= 1))


def within(index, size: int, error: Exception | Callable[[Found], Exception], negative: bool = False) -> Check:
    """Indices must be below a size.

    Args:
        negative: whether they may count from the end.
    """
    return Check(is_outside, (index,), error, (-size if negative else 0, size))


def out_of_bounds(dim: int, size: int, kind: type = IndexError, said: str = "{}") -> Callable[[Found], Exception]:
    """PyTorch's usual error for an index that is too large."""
    return lambda found: kind(
        said.format(f"index {found.element} is out of bounds for dimension {dim} with size {size}")
    )
