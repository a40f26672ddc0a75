"""What several operations ask of values: indices within their dimension, and the like."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from torchlike._ops._promote import broadcast_shapes, rank, wrap_dim
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


# ---------------------------------------------------------------------- of indexing


def all_within(input, where: tuple, indices: tuple) -> list[Check]:
    """The tensors of an index must lie within the dimensions that they stand for."""
    sizes = tuple([size for size, there in zip(input.shape, where, strict=False) if there])

    def error(found: Found) -> Exception:
        at = (found.code & -found.code).bit_length() - 1
        return IndexError(f"index {found.elements[at]} is out of bounds for dimension {at} with size {sizes[at]}")

    if len(indices) == 1:
        return [within(indices[0], sizes[0], error, negative=True)]
    return [Check(_which_outside, indices, error, sizes)] if indices else []


def _which_outside(*given):
    """A bit for each of the index tensors that is out of bounds."""
    half = len(given) // 2
    wrong = [is_outside_ends(index, size, 2 * size) for index, size in zip(given[:half], given[half:], strict=True)]
    return sum(each * 2**place for place, each in enumerate(wrong))


def along(kind: type = RuntimeError, said: str = "{}", negative: bool = False) -> Callable:
    """The check of an operation on (input, dim, index, ...)."""

    def check(input, dim, index, *_, **__) -> list[Check]:
        dim = wrap_dim(dim, input.ndim)
        size = input.shape[dim] if input.ndim else 1
        if rank(index.dtype) != 1:
            return []
        error = kind(said) if "{" not in said else out_of_bounds(dim, size, kind, said)
        return [within(index, size, error, negative)]

    return check


IN_SELF = "index out of range in self"


def selected_within(input, dim, index) -> list[Check]:
    """The check of `index_select`, which has a sentence of its own for columns."""
    if input.ndim < 2 or wrap_dim(dim, input.ndim) != 1:
        return along(IndexError, IN_SELF)(input, dim, index)
    size = input.shape[1]
    error = lambda found: RuntimeError(f"INDICES element is out of DATA bounds, id={found.element} axis_dim={size}")
    return [within(index, size, error)]


def added_within(input, dim, index, *_, **__) -> list[Check]:
    """The check of `index_add`, whose sentence goes by the dimension."""
    inner = input.ndim > 1 and wrap_dim(dim, input.ndim) in (0, input.ndim - 1)
    return (along() if inner else along(IndexError, IN_SELF))(input, dim, index)


def flat_within(input, index, *_) -> list[Check]:
    """The check of `take` and `put`: places in the flattened tensor."""
    size = math.prod(input.shape)
    error = lambda found: IndexError(
        f"out of range: tried to access index {found.element} on a tensor of {size} elements."
    )
    return [within(index, size, error, negative=True)]


def along_or_flat(input, indices, dim=None) -> list[Check]:
    """The check of `take_along_dim`."""
    if dim is None:
        return [within(indices, size := math.prod(input.shape), out_of_bounds(0, size, RuntimeError))]
    return along()(input, dim, indices)


def has_enough(input, mask, source) -> list[Check]:
    """The check of `masked_scatter`: as many elements as there are places."""
    shape = broadcast_shapes(input.shape, mask.shape)
    repeats = math.prod(shape) // max(mask.size, 1)
    error = RuntimeError("Number of elements of source < number of ones in mask")
    return [Check(_has_more, (mask,), error, (repeats, source.size))]


def _has_more(mask, repeats, count):
    return mask.sum() * repeats > count
