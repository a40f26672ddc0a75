"""Choosing and changing elements where values have to be looked at first: masks, places of what is not zero."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np

from torchlike import _strides as strides
from torchlike._autograd.variable import TensorBase
from torchlike._devices import check_same
from torchlike._function import function
from torchlike._functions.indexing import Parsed, chosen, spelled
from torchlike._functions.making import wrapped
from torchlike._functions.splitting import unbind
from torchlike._ops import indexing as ops
from torchlike._ops import masks, views
from torchlike._ops._promote import broadcast_shapes
from torchlike._ops.basic_indexing import FULL
from torchlike._ops.indexing import masked_select_by
from torchlike._ops.places import unravel_places
from torchlike._out import INDEXED, OutRule, check_apart, stored
from torchlike._programs import explain
from torchlike._types import dtypes

if TYPE_CHECKING:
    from torchlike.tensor import Tensor

WHERE_UINT8 = (
    "where received a uint8 condition tensor. This behavior is deprecated and will be removed in a future version of "
    "PyTorch. Use a boolean condition instead."
)


# ---------------------------------------------------------------------- index_put


def _put_at(self: Tensor, indices: Any, values: Tensor) -> tuple:
    if not isinstance(values, TensorBase):
        raise TypeError(f"index_put(): argument 'values' (position 2) must be Tensor, not {type(values).__name__}")
    aval = self._aval
    if values._aval.dtype is not aval.dtype:
        raise RuntimeError(
            f"Index put requires the source and destination dtypes match, got {dtypes.scalar_name(aval.dtype)} for "
            f"the destination and {dtypes.scalar_name(values._aval.dtype)} for the source."
        )
    parsed = Parsed()
    for each in indices:
        if parsed.dim >= aval.ndim and each is not None:
            raise IndexError(f"too many indices for tensor of dimension {aval.ndim} (got {len(tuple(indices))})")
        taken = 1
        if each is not None and each._aval.dtype.rank == 0:
            taken = each._aval.ndim
        parsed.keep(FULL, each)
        parsed.dim += taken
    return spelled(self, parsed.tensors)


@function(several=True)
def index_put(
    input: Tensor,
    indices: tuple[Tensor | None, ...] | list[Tensor | None] | None,
    values: Tensor,
    accumulate: bool = False,
) -> Tensor:
    """`input` with `values` at the places that a tuple of index tensors gives, or added there.

    Raises:
        IndexError: a place is out of bounds.
        RuntimeError: dtypes differ, or the values do not broadcast.

    Example:
        >>> torch.index_put(torch.zeros(3), (torch.tensor([0, 2]),), torch.tensor([5.0, 6.0]))
        tensor([5., 0., 6.])
    """
    where, tensors = _put_at(input, indices, values)
    return ops.index_put_by(input, values, where, tuple(tensors), accumulate)


def index_put_(
    self: Tensor,
    indices: tuple[Tensor | None, ...] | list[Tensor | None] | None,
    values: Tensor,
    accumulate: bool = False,
) -> Tensor:
    """`index_put` in place.

    Example:
        >>> torch.index_put_(torch.zeros(3), (torch.tensor([0, 0]),), torch.tensor(1.0), accumulate=True)
        tensor([2., 0., 0.])
    """
    where, tensors = _put_at(self, indices, values)
    return ops.index_put_by.inplace(self, values, where, tuple(tensors), accumulate)


# ---------------------------------------------------------------------- masks


_PLACES = OutRule("nonzero: Expected out tensor to have scalar type {result} but got scalar type{out}")


@overload
def nonzero(input: Tensor, *, out: Tensor | None = None, as_tuple: Literal[False] = False) -> Tensor: ...
@overload
def nonzero(input: Tensor, *, as_tuple: Literal[True]) -> tuple[Tensor, ...]: ...
@function
def nonzero(input: Tensor, *, out: Tensor | None = None, as_tuple: bool = False) -> Any:
    """The places of all elements that are not zero, in order: int64 of shape ``(n, ndim)``.

    Args:
        as_tuple: a tensor for each dimension instead, fit for ``x[...]``.

    Example:
        >>> torch.nonzero(torch.tensor([[0, 5], [7, 0]]))
        tensor([[0, 1],
                [1, 0]])
    """
    array = input.detach()._value().numpy("`where` looks for places" if as_tuple else "`nonzero` looks for places")
    if as_tuple:
        return tuple([wrapped(each, input.device) for each in np.nonzero(np.atleast_1d(array))])
    found = np.argwhere(array != 0) if array.ndim else np.zeros((int(array != 0), 0), np.int64)
    made = wrapped(np.ascontiguousarray(found, np.int64).reshape(found.shape), input.device)
    strides.put(made, strides.dense(found.shape, (1, 0)))  # the places along one dimension are neighbours
    return stored("nonzero", made, out, _PLACES)


@function(out=_PLACES, out_name="nonzero")
def nonzero_static(input: Tensor, *, size: int, fill_value: int = -1) -> Tensor:
    """`nonzero` cut or filled up to `size` rows.

    Raises:
        RuntimeError: `size` is negative.

    Example:
        >>> torch.nonzero_static(torch.tensor([0, 5, 7]), size=3)
        tensor([[ 1],
                [ 2],
                [-1]])
    """
    if size < 0:
        raise RuntimeError("nonzero_static: 'size' must be an non-negative integer")
    found = nonzero(input)._value().numpy()[:size]
    rows = np.full((size, found.shape[1]), fill_value, np.int64)
    rows[: len(found)] = found
    return wrapped(rows, input.device)


@function
def argwhere(input: Tensor) -> Tensor:
    """The places of all elements that are not zero, in order: int64 of shape ``(n, ndim)``.

    Example:
        >>> torch.argwhere(torch.tensor([[0, 5], [7, 0]]))
        tensor([[0, 1],
                [1, 0]])
    """
    return nonzero(input)


@function(several=True)
def masked_select(input: Tensor, mask: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The elements where the mask, broadcast, is true, in one dimension.

    Raises:
        RuntimeError: the mask is not bool.

    Example:
        >>> torch.masked_select(torch.tensor([1, 2, 3]), torch.tensor([True, False, True]))
        tensor([1, 3])
    """
    if mask._aval.dtype is not dtypes.bool_:
        raise RuntimeError("masked_select: expected BoolTensor for mask")
    check_same("_masked_select", self=input, mask=mask)
    check_apart(out, input, mask)
    shape = broadcast_shapes(mask._aval.shape, input._aval.shape) or (1,)
    wide = input if input._aval.shape == shape else views.expand(input, shape)
    mask = np.broadcast_to(mask._value().numpy("a mask chooses elements"), shape)
    indices = [wrapped(each, input.device) for each in np.nonzero(mask)]
    return stored("masked_select", chosen(wide, (True,) * len(shape), indices, masked_select_by), out, INDEXED)


@overload
def where(condition: Tensor) -> tuple[Tensor, ...]: ...
@overload
def where(
    condition: Tensor, input: Tensor | complex, other: Tensor | complex, *, out: Tensor | None = None
) -> Tensor: ...
@function(several=True)
def where(
    condition: Tensor,
    input: Tensor | complex | None = None,
    other: Tensor | complex | None = None,
    *,
    out: Tensor | None = None,
) -> Any:
    """`input` where the condition is true, else `other`; with the condition alone, the places where it is true.

    Raises:
        RuntimeError: the condition is not bool.

    Example:
        >>> torch.where(torch.tensor([True, False]), torch.tensor([1.0, 2.0]), 0)
        tensor([1., 0.])
    """
    if input is None and other is None:
        return nonzero(condition, as_tuple=True)
    if input is None or other is None or not isinstance(condition, TensorBase):
        given = ", ".join(
            "Tensor" if isinstance(each, TensorBase) else type(each).__name__
            for each in (condition, input, other)
            if each is not None
        )
        raise TypeError(f"where() received an invalid combination of arguments - got ({given})")
    if condition._aval.dtype.name == "uint8":
        explain.warn(WHERE_UINT8)
    return masks.where_between(condition, input, other, out=out)


def where_method(self: Tensor, condition: Tensor, other: Tensor | complex) -> Tensor:
    """The elements of this tensor where the condition is true, else those of `other`."""
    return where(condition, self, other)


@function
def unravel_index(indices: Tensor, shape: int | Sequence[int]) -> tuple[Tensor, ...]:
    """Places in a flattened tensor of a shape as a tuple of places along each dimension.

    Raises:
        TypeError: the indices, or the shape's sizes, are no integers.

    Example:
        >>> torch.unravel_index(torch.tensor([0, 5]), (2, 3))
        (tensor([0, 1]), tensor([0, 2]))
    """
    if indices._aval.dtype.rank != 1:
        raise TypeError(f"expected 'indices' to be integer dtype, but got {indices.dtype}")
    shape = (shape,) if isinstance(shape, int) else shape
    if not isinstance(shape, Sequence):
        raise TypeError(f"expected 'shape' to be int or sequence of ints, but got {type(shape)}")
    other = next((each for each in shape if not isinstance(each, int)), None)
    if other is not None:
        raise TypeError(f"expected 'shape' sequence to only contain ints, but got {type(other)}")
    shape = tuple(shape)
    if any(each < 0 for each in shape):
        raise ValueError(f"'shape' cannot have negative values, but got {shape}")
    return unbind(unravel_places(indices, shape), -1)
