"""What several operations ask of values: indices within their dimension, and the like."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from torchlike._recorder.checks import Check, Found


def wide(index):
    """An index in 64 bits, so that any size compares with it."""
    return index if index.dtype == np.int64 else index.astype(np.int64)


def is_outside(index, size):
    """Where an index is negative, and so as an unsigned number very large, or not below `size`."""
    return wide(index).view(np.uint64) >= size


def is_outside_ends(index, size, twice):
    """Where an index is not below `size`, nor above `-size` when it counts from the end."""
    return is_outside(wide(index) + size, twice)


def is_negative(number):
    """Where a number is below 0."""
    return number < 0


def has_no_fraction(array):
    """Whether a number is not in ``[0, 1]``, or none at all."""
    return ~((array.min() >= 0) & (array.max() <= 1))


def within(index, size: int, error: Exception | Callable[[Found], Exception], negative: bool = False) -> Check:
    """Indices must be below a size.

    Args:
        negative: whether they may count from the end.
    """
    if negative:
        return Check(is_outside_ends, (index,), error, (size, 2 * size))
    return Check(is_outside, (index,), error, (size,))


def out_of_bounds(dim: int, size: int, kind: type = IndexError, said: str = "{}") -> Callable[[Found], Exception]:
    """PyTorch's usual error for an index that is too large."""
    return lambda found: kind(
        said.format(f"index {found.element} is out of bounds for dimension {dim} with size {size}")
    )
