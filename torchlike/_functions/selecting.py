"""Choosing and changing elements where values have to be looked at first: bounds, masks, places of what is not zero."""

from __future__ import annotations

import functools
import warnings

import numpy as np

from torchlike._autograd.variable import TensorBase
from torchlike._functions.indexing import CHECKED, Parsed, check_bounds, chosen, spelled
from torchlike._functions.making import wrapped
from torchlike._ops import indexing as ops
from torchlike._ops import views
from torchlike._ops._promote import broadcast_shapes, wrap_dim
from torchlike._ops.basic_indexing import FULL
from torchlike._out import INDEXED, OutRule, check_apart, stored
from torchlike._programs.tracebacks import shorten
from torchlike._types import dtypes

WHERE_UINT8 = (
    "where received a uint8 condition tensor. This behavior is deprecated and will be removed in a future version of "
    "PyTorch. Use a boolean condition instead."
)


# ---------------------------------------------------------------------- indices along a dimension, bounds checked


def _bounded(call, error: type, negative: bool = False, said: str | None = None):
    """An operation on (input, dim, index, ...) that refuses places outside `dim` where their values are known.

    Args:
        error: what to raise.
        negative: whether places may count from the end.
        said: the error's text, if it is not the usual one; ``{}`` is that.
    """

    def check(args: tuple, kwargs: dict) -> None:
        input, dim, index = _three(args, kwargs)
        check_apart(kwargs.get("out"), input, index)
        if not isinstance(index, TensorBase) or index._aval.dtype.rank != 1 or index._value().array is None:
            return
        known = input._aval
        dim = wrap_dim(dim, known.ndim)
        try:
            check_bounds(index, known.shape[dim] if known.ndim else 1, dim, error, negative)
        except error as usual:
            if said is None:
                raise
            raise error(said.format(usual)) from None

    @functools.wraps(call)
    def bounded(*args, **kwargs):
        try:
            check(args, kwargs)
            return call(*args, **kwargs)
        except BaseException as error:
            shorten(error)
            raise

    @functools.wraps(call.inplace)
    def inplace(*args, **kwargs):
        try:
            check(args, kwargs)
            return call.inplace(*args, **kwargs)
        except BaseException as error:
            shorten(error)
            raise

    bounded.inplace = inplace
    bounded.__module__ = "torchlike"
    return bounded


def _three(args: tuple, kwargs: dict) -> tuple:
    if len(args) > 2:
        return args[:3]
    dim = kwargs.get("dim", kwargs.get("axis"))
    given = (*args, *[None] * (3 - len(args)))
    return (
        given[0] if args else kwargs.get("input"),
        given[1] if len(args) > 1 else dim,
        given[2] if len(args) > 2 else kwargs.get("index"),
    )


gather = _bounded(ops.gather, RuntimeError)
scatter = _bounded(ops.scatter, RuntimeError)
scatter_add = _bounded(ops.scatter_add, RuntimeError)
scatter_reduce = _bounded(ops.scatter_reduce, RuntimeError)
index_select = _bounded(ops.index_select, IndexError, said="index out of range in self")
index_add = _bounded(ops.index_add, RuntimeError)
index_copy = _bounded(ops.index_copy, IndexError, said="index_copy_(): {}")
index_fill = _bounded(ops.index_fill, IndexError, negative=True)
index_reduce = _bounded(ops.index_reduce, IndexError, said="index out of range in self")


def _check_flat(input, index) -> None:
    """Refuse places outside the flattened tensor.

    Raises:
        IndexError: one is.
    """
    array = index._value().array if isinstance(index, TensorBase) else None
    if array is None or not 0 < index._aval.numel <= CHECKED or index._aval.dtype.rank != 1:
        return
    numel, array = input._aval.numel, np.asarray(array)
    odd = array[(array >= numel) | (array < -numel)]
    if odd.size and numel:
        raise IndexError(f"out of range: tried to access index {odd[0]} on a tensor of {numel} elements.")


def take(input, index, *, out=None):
    """The elements at places in the flattened tensor; negative ones count from the end.

    Raises:
        IndexError: a place is out of bounds.
    """
    check_apart(out, input, index)
    _check_flat(input, index)
    return ops.take(input, index, out=out)


def put(input, index, source, accumulate: bool = False):
    """`input` with the elements of `source` at places in the flattened tensor, or added there."""
    _check_flat(input, index)
    return ops.put(input, index, source, accumulate)


def put_(self, index, source, accumulate: bool = False):
    """`put` in place."""
    _check_flat(self, index)
    return ops.put.inplace(self, index, source, accumulate)


def take_along_dim(input, indices, dim=None, *, out=None):
    """`gather` with broadcasting; without `dim`, from the flattened tensor."""
    known = input._aval
    if isinstance(indices, TensorBase) and indices._aval.dtype.rank == 1:
        if dim is None:
            check_bounds(indices, known.numel, 0, RuntimeError)
        elif known.ndim:
            dim = wrap_dim(dim, known.ndim)
            check_bounds(indices, known.shape[dim], dim, RuntimeError)
    return ops.take_along_dim(input, indices, dim, out=out)


# ---------------------------------------------------------------------- index_put


def _put_at(self, indices, values) -> tuple:
    if not isinstance(values, TensorBase):
        raise TypeError(f"index_put(): argument 'values' (position 2) must be Tensor, not {type(values).__name__}")
    known = self._aval
    if values._aval.dtype is not known.dtype:
        raise RuntimeError(
            f"Index put requires the source and destination dtypes match, got {dtypes.scalar_name(known.dtype)} for "
            f"the destination and {dtypes.scalar_name(values._aval.dtype)} for the source."
        )
    parsed = Parsed()
    for each in indices:
        if parsed.dim >= known.ndim and each is not None:
            raise IndexError(f"too many indices for tensor of dimension {known.ndim} (got {len(tuple(indices))})")
        taken = 1
        if each is not None and each._aval.dtype.rank == 0:
            taken = each._aval.ndim
        elif each is not None:
            check_bounds(each, known.shape[parsed.dim], parsed.dim)
        parsed.keep(FULL, each)
        parsed.dim += taken
    return spelled(self, parsed.tensors)


def index_put(input, indices, values, accumulate: bool = False):
    """`input` with `values` at the places that a tuple of index tensors gives, or added there.

    Raises:
        IndexError: a place is out of bounds.
        RuntimeError: dtypes differ, or the values do not broadcast.
    """
    where, tensors = _put_at(input, indices, values)
    return ops.index_put_by(input, values, where, tuple(tensors), accumulate)


def index_put_(self, indices, values, accumulate: bool = False):
    """`index_put` in place."""
    where, tensors = _put_at(self, indices, values)
    return ops.index_put_by.inplace(self, values, where, tuple(tensors), accumulate)


# ---------------------------------------------------------------------- masks


_PLACES = OutRule("nonzero: Expected out tensor to have scalar type {result} but got scalar type{out}")


def nonzero(input, *, out=None, as_tuple: bool = False):
    """The places of all elements that are not zero, in order: int64 of shape ``(n, ndim)``.

    Args:
        as_tuple: a tensor for each dimension instead, fit for ``x[...]``.
    """
    array = input.detach()._value().numpy()
    if as_tuple:
        return tuple([wrapped(each, input.device) for each in np.nonzero(np.atleast_1d(array))])
    found = np.argwhere(array != 0) if array.ndim else np.zeros((int(array != 0), 0), np.int64)
    return stored(
        "nonzero", wrapped(np.ascontiguousarray(found, np.int64).reshape(found.shape), input.device), out, _PLACES
    )


def nonzero_static(input, *, size: int, fill_value: int = -1, out=None):
    """`nonzero` cut or filled up to `size` rows."""
    found = nonzero(input)._value().numpy()[:size]
    rows = np.full((size, found.shape[1]), fill_value, np.int64)
    rows[: len(found)] = found
    return stored("nonzero", wrapped(rows, input.device), out, _PLACES)


def argwhere(input):
    """The places of all elements that are not zero, in order: int64 of shape ``(n, ndim)``."""
    return nonzero(input)


def masked_select(input, mask, *, out=None):
    """The elements where the mask, broadcast, is true, in one dimension.

    Raises:
        RuntimeError: the mask is not bool.
    """
    if mask._aval.dtype is not dtypes.bool_:
        raise RuntimeError("masked_select: expected BoolTensor for mask")
    check_apart(out, input, mask)
    shape = broadcast_shapes(input._aval.shape, mask._aval.shape) or (1,)
    wide = input if input._aval.shape == shape else views.expand(input, shape)
    mask = np.broadcast_to(mask._value().numpy(), shape)
    indices = [wrapped(each) for each in np.nonzero(mask)]
    return stored("masked_select", chosen(wide, (True,) * len(shape), indices), out, INDEXED)


def masked_scatter(input, mask, source):
    """`input` with the elements of `source`, in order, wherever the mask is true.

    Raises:
        RuntimeError: `source` has too few elements, or dtypes do not fit.
    """
    _check_enough(input, mask, source)
    return ops.masked_scatter(input, mask, source)


def masked_scatter_(self, mask, source):
    """`masked_scatter` in place."""
    _check_enough(self, mask, source)
    return ops.masked_scatter.inplace(self, mask, source)


def _check_enough(input, mask, source) -> None:
    array = mask._value().array
    if array is None or mask._aval.dtype is not dtypes.bool_:
        return
    shape = broadcast_shapes(input._aval.shape, mask._aval.shape)
    if np.broadcast_to(np.asarray(array), shape).sum() > source._aval.numel:
        raise RuntimeError("Number of elements of source < number of ones in mask")


def where(condition, input=None, other=None, *, out=None):
    """`input` where the condition is true, else `other`; with the condition alone, the places where it is true.

    Raises:
        RuntimeError: the condition is not bool.
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
        warnings.warn(WHERE_UINT8, UserWarning, stacklevel=2)
    return ops.where_between(condition, input, other, out=out)


def where_method(self, condition, other):
    """The elements of this tensor where the condition is true, else those of `other`."""
    return where(condition, self, other)


def unravel_index(indices, shape):
    """Places in a flattened tensor of a shape as a tuple of places along each dimension.

    Raises:
        TypeError: the indices are no integers.
    """
    if indices._aval.dtype.rank != 1:
        raise TypeError(f"expected 'indices' to be integer dtype, but got {indices.dtype}")
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    if any(each < 0 for each in shape):
        raise ValueError(f"'shape' cannot have negative values, but got {shape}")
    return tuple(ops.unravel_places(indices, shape))


for _public in (
    *(take, put, take_along_dim, index_put, nonzero, nonzero_static, argwhere),
    *(masked_select, masked_scatter, where, unravel_index),
):
    _public.__module__ = "torchlike"
