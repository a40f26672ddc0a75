"""Orders of dimensions in memory: PyTorch's TensorIterator, ``torch.preserve_format``, channels last, columns."""

from __future__ import annotations

from collections.abc import Sequence

from torchlike._recorder.view import Layout
from torchlike._types.formats import (
    channels_last,
    channels_last_3d,
    channels_last_order,
    memory_format,
    preserve_format,
)

Strides = tuple[int, ...] | None  # None: in order


def iterated(shape: tuple[int, ...], operands: Sequence[Layout]) -> Strides:
    """The strides of a result that PyTorch's TensorIterator makes, which goes through memory as its operands lie there."""
    if all(each.shape == shape for each in operands):
        if all(each.is_contiguous for each in operands):
            return None
        if len(shape) == 4 and all(is_channels_last(each) for each in operands):
            return dense(shape, channels_last_order(4))
        if all(each.is_dense and each.strides == operands[0].strides for each in operands):
            return operands[0].strides
    order = sorted_dims(shape, [broadcast(each, shape) for each in operands])
    return None if order == [*range(len(shape))] else dense(shape, order)


def after(*operands: Layout) -> Layout:
    """The layout of what TensorIterator makes of operands of one shape, and of numbers."""
    shape = operands[0].shape
    return Layout(shape, iterated(shape, operands) or Layout.contiguous(shape).strides)


def preserved(given: Layout) -> Strides:
    """The strides of a copy in ``torch.preserve_format``."""
    if given.is_contiguous or given.is_dense:
        return given.strides
    return dense(given.shape, sorted_dims(given.shape, [given.strides]))


def dense(shape: Sequence[int], order: Sequence[int]) -> Strides:
    """The strides of elements without gaps, for the dimensions from the outermost inwards."""
    strides, step = [0] * len(shape), 1
    for dim in reversed(order):
        strides[dim] = step
        step *= shape[dim]
    return tuple(strides)


def columns(shape: Sequence[int]) -> Strides:
    """The strides of matrices whose columns lie one after the other."""
    dims = range(len(shape))
    return dense(shape, (*dims[:-2], *reversed(dims[-2:])))


def sorted_dims(shape: Sequence[int], operands: Sequence[Sequence[int]]) -> list[int]:
    """The dimensions from the outermost inwards: by the strides of the first operand that tells two of them apart.

    It is an insertion sort, as PyTorch's is: what comes of comparisons that contradict each other depends on it.
    """
    inwards = [*reversed(range(len(shape)))]
    for place in range(1, len(inwards)):
        for before in reversed(range(place)):
            found = _compared(shape, operands, inwards[before], inwards[place])
            if found < 0:
                break
            if found > 0:
                inwards[before], inwards[place] = inwards[place], inwards[before]
                place = before
    return inwards[::-1]


def _compared(shape: Sequence[int], operands: Sequence[Sequence[int]], inner: int, outer: int) -> int:
    """1 if two dimensions are to be swapped, -1 if not, 0 if nothing tells."""
    for strides in operands:
        one, two = strides[inner], strides[outer]
        if one and two:
            if one != two:
                return -1 if one < two else 1
            if shape[inner] > shape[outer]:
                return 1
    return 0


def broadcast(given: Layout, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The strides of a tensor expanded to a shape."""
    lead = len(shape) - len(given.shape)
    known = zip(given.shape, given.strides, shape[lead:], strict=True)
    return (0,) * lead + tuple([0 if size == 1 != wanted else step for size, step, wanted in known])


# ---------------------------------------------------------------------- channels last


def is_channels_last(given: Layout) -> bool:
    """Whether the channels are neighbours in memory, and nothing lies between the elements."""
    order = channels_last_order(len(given.shape))
    return Layout(*[tuple([each[dim] for dim in order]) for each in given[:2]]).is_contiguous


def in_format(shape: Sequence[int], form: memory_format) -> Strides:
    """The strides of a tensor in a memory format.

    Raises:
        RuntimeError: it has not as many dimensions as that.
    """
    if form not in _RANKS:
        return None
    if len(shape) != _RANKS[form]:
        raise RuntimeError(f"required rank {_RANKS[form]} tensor to use {form.name} format")
    return dense(shape, channels_last_order(len(shape)))


_RANKS = {channels_last: 4, channels_last_3d: 5}


def in_channels_last(shape: tuple[int, ...], given: Layout) -> Strides:
    """The strides of a shape whose channels come last where those of a tensor of as many dimensions do."""
    fits = len(shape) == len(given.shape) and looks_channels_last(given)
    return dense(shape, channels_last_order(len(shape))) if fits else None


def spread(given: Layout, dim: int) -> Layout:
    """A layout with one more dimension, of size 1, as `unsqueeze` makes it."""
    shape, strides = given.shape, given.strides
    step = shape[dim] * strides[dim] if dim < len(shape) else 1
    return Layout((*shape[:dim], 1, *shape[dim:]), (*strides[:dim], step, *strides[dim:]))


def reduced(shape: tuple[int, ...], dims: int | Sequence[int]) -> Layout:
    """The layout of what is left when dimensions are reduced to size 1."""
    gone = {dim % max(len(shape), 1) for dim in ((dims,) if isinstance(dims, int) else dims)}
    return Layout.contiguous(tuple([1 if dim in gone else size for dim, size in enumerate(shape)]))


def is_in(given: Layout, form: memory_format) -> bool:
    """Whether ``.to(memory_format=...)`` takes a tensor for one in this format."""
    return form is preserve_format or looks_channels_last(given) is (_RANKS.get(form) == len(given.shape))


def looks_channels_last(given: Layout) -> bool:
    """Whether the strides are in the order of ``torch.channels_last``, gaps or not."""
    shape, strides = given.shape, given.strides
    if len(shape) not in _RANKS.values() or not strides[1] or 0 in shape:
        return False
    least = 0
    for dim in (1, *reversed(range(2, len(shape))), 0):
        if strides[dim] < least or (dim == 0 and least == strides[1]):
            return False
        least = strides[dim] * max(shape[dim], 1)
    return True
