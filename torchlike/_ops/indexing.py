"""Choosing and changing elements by index tensors and masks.

Indices out of bounds are refused, see `checks`; until that is said they are clamped when read and dropped when written.
"""

from __future__ import annotations

import warnings

import jax
import jax.numpy as jnp
from jax import lax

from torchlike._dispatch import op
from torchlike._ops._derivatives import written
from torchlike._ops._nodes import by_tensor, of_scatter
from torchlike._ops._promote import (
    Array,
    ArrayLike,
    Arrays,
    Number,
    as_dtype,
    broadcast_shapes,
    checked_number,
    is_number,
    only,
    rank,
    wrap_dim,
)
from torchlike._ops._values import IN_SELF, added_within, all_within, along, selected_within
from torchlike._ops.arithmetic import scaled
from torchlike._out import INDEXED, SAME
from torchlike._types import dtypes

scalar_name = dtypes.scalar_name


# ---------------------------------------------------------------------- x[index tensors]


def _spread(input: Array, where: tuple[bool, ...], indices: tuple) -> tuple:
    """The index of JAX's own: a tensor where there is one, else the whole dimension.

    Raises:
        IndexError: the tensors do not broadcast to one shape.
    """
    shapes = [each.shape for each in indices]
    try:
        broadcast_shapes(*shapes)
    except RuntimeError:
        names = ", ".join(str(list(each)) for each in shapes)
        raise IndexError(
            f"shape mismatch: indexing tensors could not be broadcast together with shapes {names}"
        ) from None
    given = iter(indices)
    return tuple([next(given).astype(jnp.int64) if there else slice(None) for there in where])


@op(name="index", check=all_within)
def index_by(input: Array, where: tuple, indices: Arrays) -> Array:
    """The elements at index tensors; `where` tells for each dimension whether it has one."""
    return input.at[_spread(input, where, indices)].get(mode="clip")


@op(name="masked_select")
def masked_select_by(input: Array, where: tuple, indices: Arrays) -> Array:
    """`index_by` of the places where a mask is true."""
    return index_by.op.body(input, where, indices)


@op(
    name="index_put",
    check=lambda input, values, where, indices, accumulate=False: all_within(input, where, indices),
    on_expanded="tensor[indices] = tensor",
)
def index_put_by(input: Array, values: ArrayLike, where: tuple, indices: Arrays, accumulate: bool = False) -> Array:
    """`input` with other values, or with values added, at index tensors."""
    place = input.at[_spread(input, where, indices)]
    values = as_dtype(values, input.dtype)
    wanted = place.get(mode="clip").shape
    while values.ndim > len(wanted) and values.shape[0] == 1:
        values = values[0]
    try:
        values = jnp.broadcast_to(values, wanted)
    except ValueError:
        raise RuntimeError(
            f"shape mismatch: value tensor of shape {list(values.shape)} cannot be broadcast to indexing result of "
            f"shape {list(wanted)}"
        ) from None
    return added(place, values) if accumulate else written(place, values)


def added(place, values: Array) -> Array:
    """Values added at places, ``place = array.at[...]``; of truth values their "or"."""
    return place.max(values, mode="drop") if values.dtype.kind == "b" else place.add(values, mode="drop")


@op(name="index_put", on_expanded="tensor[indices] = tensor")
def mask_put(input: Array, value: ArrayLike, mask: Array, dim: int) -> Array:
    """`input` with one value wherever a mask over the dimensions from `dim` on is true."""
    wide = mask.astype(bool).reshape(mask.shape + (1,) * (input.ndim - dim - mask.ndim))
    return jnp.where(wide, checked_number(value, input.dtype).reshape(()), input)


# ---------------------------------------------------------------------- along one dimension


def _at_dim(array: Array, dim: int) -> tuple[Array, int]:
    """The array with at least one dimension, and `dim` counted from the front."""
    return (array if array.ndim else array.reshape(1)), wrap_dim(dim, array.ndim)


def _check_index(name: str, index: Array, wanted: str) -> None:
    if index.dtype not in (jnp.int32, jnp.int64):
        raise RuntimeError(f"{name}(): Expected {wanted}")


@op(check=selected_within, apart_out=True, out=INDEXED)
def index_select(input: Array, dim: int, index: Array) -> Array:
    """The slices of a dimension at the places in a vector.

    Raises:
        IndexError: `index` is no vector.
        RuntimeError: it has no integer dtype.

    Example:
        >>> torch.index_select(torch.tensor([[1, 2, 3], [4, 5, 6]]), 1, torch.tensor([2, 0]))
        tensor([[3, 1],
                [6, 4]])
    """
    _check_index("index_select", index, "dtype int32 or int64 for index")
    if index.ndim > 1:
        raise IndexError("index_select(): Index is supposed to be a vector")
    wide, dim = _at_dim(input, dim)
    got = jnp.take(wide, index.reshape(-1), axis=dim, mode="clip")
    return got.reshape(()) if not input.ndim and got.size == 1 else got


def _places(input: Array, dim: int, index: Array) -> tuple:
    """For each element of `index` its place in `input`, as JAX indexes."""
    return tuple(
        [
            index.astype(jnp.int64) if each == dim else lax.broadcasted_iota(jnp.int64, index.shape, each)
            for each in range(input.ndim)
        ]
    )


def _check_along(name: str, input: Array, index: Array, dim: int) -> None:
    if index.size and index.dtype not in (jnp.int32, jnp.int64):
        raise RuntimeError(f"{name}(): Expected dtype int32/int64 for index")
    if max(index.ndim, 1) != max(input.ndim, 1) and index.size:
        what = "input" if name == "gather" else "self"
        raise RuntimeError(f"Index tensor must have the same number of dimensions as {what} tensor")


@op(check=along(), apart_out=True, out=SAME)
def gather(input: Array, dim: int, index: Array, *, sparse_grad: bool = False) -> Array:
    """For each element of `index` the element of `input` at its place, but along `dim` at the index.

    Raises:
        RuntimeError: the numbers of dimensions differ, or `index` is larger than `input` in another dimension.

    Example:
        >>> torch.gather(torch.tensor([[1, 2], [3, 4]]), 1, torch.tensor([[1], [0]]))
        tensor([[2],
                [3]])
    """
    dim = wrap_dim(dim, input.ndim)
    _check_along("gather", input, index, dim)
    if not index.size:
        return jnp.zeros(index.shape, input.dtype)
    wide, places = _at_dim(input, dim)[0], index if index.ndim else index.reshape(1)
    for each, size in enumerate(places.shape):
        if each != dim and size > wide.shape[each]:
            raise RuntimeError(
                f"Size does not match at dimension {each} expected index {list(index.shape)} to be no larger than self "
                f"{list(input.shape)} apart from dimension {dim}"
            )
    cut = lax.slice(
        wide, [0] * wide.ndim, [wide.shape[each] if each == dim else size for each, size in enumerate(places.shape)]
    )
    return jnp.take_along_axis(cut, places.astype(jnp.int64), dim, mode="clip").reshape(index.shape)


def _scattered(input: Array, dim: int, index: Array, src: Array, how: str) -> Array:
    """`src` put, added or multiplied into `input` at the places of `index`."""
    wide, dim = _at_dim(input, dim)
    index, src = (each if each.ndim else each.reshape(1) for each in (index, src))
    if not index.size:
        return input
    src = lax.slice(src, [0] * src.ndim, index.shape)
    # negative places would count from the end
    place = wide.at[_places(wide, dim, index)]
    return (added(place, src) if how == "add" else written(place, src)).reshape(input.shape)


def _check_scatter(name: str, input: Array, dim: int, index: Array, src) -> int:
    dim = wrap_dim(dim, input.ndim)
    _check_along(name, input, index, dim)
    if src is not None and src.dtype != input.dtype:
        raise RuntimeError(f"{name}(): Expected self.dtype to be equal to src.dtype")
    if not index.size:
        return dim
    if src is not None and max(src.ndim, 1) != max(index.ndim, 1):
        raise RuntimeError("Index tensor must have the same number of dimensions as src tensor")
    wide = input.shape or (1,)
    shape = index.shape or (1,)
    apart = any(size > wide[each] for each, size in enumerate(shape) if each != dim)
    above = src is not None and any(size > known for size, known in zip(shape, src.shape or (1,), strict=True))
    if apart or above:
        more = "" if src is None else f" and to be no larger size than src {list(src.shape)}"
        raise RuntimeError(
            f"Expected index {list(index.shape)} to be no larger than self {list(input.shape)} apart from dimension "
            f"{dim}{more}"
        )
    return dim


_HOW = {None: "set", "add": "add", "multiply": "multiply"}


@op(
    check=along(),
    apart_out=True,
    out=SAME,
    grad_name=of_scatter,
    fits=("src", "value"),
)
def scatter(
    input: Array, dim: int, index: Array, src: ArrayLike = None, *, value: ArrayLike = None, reduce: str | None = None
) -> Array:
    """`input` with the elements of `src` (or one number) at the places of `index` along `dim`.

    Args:
        reduce: ``"add"`` or ``"multiply"`` combine with what is there.

    Raises:
        RuntimeError: dtypes or sizes do not fit.

    Example:
        >>> torch.scatter(torch.zeros(2, 3), 1, torch.tensor([[2], [0]]), 5)
        tensor([[0., 0., 5.],
                [5., 0., 0.]])
    """
    given = src if value is None else value
    if reduce not in _HOW:
        raise RuntimeError("reduce argument must be either add or multiply.")
    if is_number(given) or value is not None:
        dim = _check_scatter("scatter", input, dim, index, None)
        given = jnp.broadcast_to(as_dtype(given, input.dtype), index.shape)
    else:
        dim = _check_scatter("scatter", input, dim, index, given)
    if reduce == "multiply":
        return _reduced(input, dim, index, given, "prod", True)
    return _scattered(input, dim, index, given, _HOW[reduce])


@op(check=along(), apart_out=True, out=SAME)
def scatter_add(input: Array, dim: int, index: Array, src: Array) -> Array:
    """`input` with the elements of `src` added at the places of `index` along `dim`.

    Example:
        >>> torch.scatter_add(torch.zeros(3), 0, torch.tensor([0, 2, 0]), torch.tensor([1.0, 2.0, 3.0]))
        tensor([4., 0., 2.])
    """
    dim = _check_scatter("scatter", input, dim, index, src)
    return _scattered(input, dim, index, src, "add")


@op(check=along(), apart_out=True, out=SAME)
def scatter_reduce(
    input: Array, dim: int, index: Array, src: Array, reduce: str, *, include_self: bool = True
) -> Array:
    """`input` with the elements of `src` combined at the places of `index` along `dim`.

    Args:
        reduce: ``"sum"``, ``"prod"``, ``"mean"``, ``"amax"`` or ``"amin"``.
        include_self: whether what is there takes part.

    Example:
        >>> torch.scatter_reduce(torch.zeros(2), 0, torch.tensor([1, 1]), torch.tensor([3.0, 5.0]), "amax")
        tensor([0., 5.])
    """
    if reduce not in ("sum", "prod", "mean", "amax", "amin"):
        raise RuntimeError(f"reduce argument must be either sum, prod, mean, amax or amin, got {reduce}")
    dim = _check_scatter("scatter", input, dim, index, src)
    if reduce == "mean":
        only("scatter_gather_tensor_cpu_reduce_mean", input, 1, 2, 3, iterates=False)
    elif reduce in ("amax", "amin"):
        only(f"scatter_gather_tensor_cpu_reduce_{reduce}", input, 0, 1, 2, iterates=False)
    return _reduced(input, dim, index, src, reduce, include_self)


def _reduced(input: Array, dim: int, index: Array, src: Array, reduce: str, include_self: bool) -> Array:
    """What `scatter_reduce` gives, as sums and choices whose derivatives are PyTorch's."""
    if not index.size:
        return input
    shape, (input, dim) = input.shape, _at_dim(input, dim)
    index = index if index.ndim else index.reshape(1)
    src = lax.slice(src if src.ndim else src.reshape(1), [0] * index.ndim, index.shape)
    places = _places(input, dim, index)
    add = lambda base, what: added(base.at[places], what)
    touched = jnp.zeros(input.shape, bool).at[places].set(True, mode="drop")
    count = add(jnp.zeros(input.shape, jnp.int64), jnp.ones(index.shape, jnp.int64)) + include_self
    if reduce in ("amax", "amin"):
        got = _extreme(input, src, places, reduce, include_self, touched)
    elif reduce == "prod":
        got = _product(input, src, places, include_self)
    else:
        got = add(input if include_self else jnp.where(touched, jnp.zeros_like(input), input), src)
        if reduce == "mean":
            count = jnp.where(touched, count, 1).astype(got.dtype)
            got = got // count if rank(got.dtype) < 2 else got / count
    return jnp.where(touched, got, input).reshape(shape)


def _extreme(input: Array, src: Array, places: tuple, reduce: str, include_self: bool, touched: Array) -> Array:
    """The largest or smallest; equal ones share the gradient."""
    held, given = lax.stop_gradient(input), lax.stop_gradient(src)
    how = "max" if reduce == "amax" else "min"
    base = held if include_self else jnp.where(touched, _worst(input.dtype, how), held)
    best = getattr(base.at[places], how)(given, mode="drop")
    if rank(input.dtype) < 2:
        return best
    mine = held == best  # counts among the equal ones even where it takes no part, as in PyTorch
    theirs = given == best.at[places].get(mode="clip")
    shares = mine.astype(input.dtype).at[places].add(theirs.astype(input.dtype), mode="drop")
    # products, not choices: a gradient of NaN, as of NaN itself, which equals nothing, passes everywhere
    own = _ghost(input) * (mine & include_self)
    change = own.at[places].add(_ghost(src) * theirs, mode="drop")
    return best + change / jnp.where(touched, shares, 1)


@jax.custom_jvp
def _ghost(array: Array) -> Array:
    """Zeros with the array's gradient."""
    return jnp.zeros_like(array)


_ghost.defjvp(lambda primals, tangents: (jnp.zeros_like(primals[0]), tangents[0]))


def _worst(dtype, how: str):
    if rank(dtype) == 0:
        return how == "min"
    if rank(dtype) == 1:
        limits = jnp.iinfo(dtype)
        return limits.min if how == "max" else limits.max
    return -jnp.inf if how == "max" else jnp.inf


def _product(input: Array, src: Array, places: tuple, include_self: bool) -> Array:
    base = input if include_self else jnp.ones_like(input)
    if rank(input.dtype) == 0:
        return base.at[places].min(src, mode="drop")
    return base.at[places].multiply(src, mode="drop") if rank(input.dtype) < 2 else _multiplied(base, src, places)


@jax.custom_jvp
def _multiplied(base: Array, src: Array, places: tuple) -> Array:
    """`base` with the elements of `src` multiplied in, some of them perhaps at the same place."""
    return base.at[places].multiply(src, mode="drop")


@_multiplied.defjvp
def _multiplied_jvp(primals: tuple, tangents: tuple):
    """The derivative for each factor is the product of the others; zeros are told apart."""
    base, src, places = primals
    ones = lambda array: jnp.where(array == 0, 1, array)
    rest = _multiplied(ones(base), ones(src), places)
    zeros = (base == 0).astype(jnp.int32).at[places].add((src == 0).astype(jnp.int32), mode="drop")

    def others(array, rest, zeros):
        return jnp.where(zeros == 0, rest / ones(array), jnp.where((zeros == 1) & (array == 0), rest, 0))

    there = lambda array: array.at[places].get(mode="clip")
    change = others(base, rest, zeros) * tangents[0]
    change = change.at[places].add(others(src, there(rest), there(zeros)) * tangents[1], mode="drop")
    return _multiplied(base, src, places), change


# ---------------------------------------------------------------------- whole slices by a vector of places


def _check_slices(name: str, input: Array, dim: int, index: Array, source: Array) -> None:
    """Refuse slices that do not fit, as ``index_add`` does."""
    if index.dtype not in (jnp.int32, jnp.int64):
        raise RuntimeError(f"{name}(): Expected dtype int32/int64 for index but got: {scalar_name(index.dtype)}")
    if index.ndim > 1:
        raise IndexError(
            f"{name}(): Index is supposed to be a vector, but got dim: {index.ndim} with type: "
            f"{scalar_name(index.dtype)} and size: {list(index.shape)}"
        )
    if input.dtype != source.dtype:
        raise RuntimeError(
            f"{name}(): self ({scalar_name(input.dtype)}) and source ({scalar_name(source.dtype)}) must have the same "
            "scalar type"
        )
    length = source.shape[dim] if source.ndim else 1
    if index.size != length:
        raise RuntimeError(
            f"{name}(): Number of indices ({index.size}) should be equal to source.size(dim): ({length}), for dim: "
            f"{dim}"
        )
    rest = lambda shape: [size for each, size in enumerate(shape) if each != dim]
    if rest(input.shape) != rest(source.shape):
        raise RuntimeError(
            "source tensor shape must match self tensor shape, excluding the specified dimension. Got self.shape = "
            f"{list(input.shape)} source.shape = {list(source.shape)}"
        )


def _rows(dim: int, index: Array) -> tuple:
    return (slice(None),) * dim + (index.reshape(-1).astype(jnp.int64),)


@op(check=added_within, apart_out=True, out=SAME)
def index_add(input: Array, dim: int, index: Array, source: Array, *, alpha: Number = 1) -> Array:
    """`input` with ``alpha * source`` added to the slices of a dimension at the places in a vector.

    Example:
        >>> torch.index_add(torch.ones(3, 2), 0, torch.tensor([2, 0]), torch.tensor([[1, 2], [3, 4.0]]), alpha=10)
        tensor([[31., 41.],
                [ 1.,  1.],
                [11., 21.]])
    """
    dim = wrap_dim(dim, input.ndim)
    _check_slices("index_add_", input, dim, index, source)
    wide = _at_dim(input, dim)[0]
    source = scaled(source, alpha).reshape(wide.shape[:dim] + (index.size,) + wide.shape[dim + 1 :])
    return added(wide.at[_rows(dim, index)], source).reshape(input.shape)


@op(check=along(IndexError, "index_copy_(): {}"), apart_out=True, out=SAME)
def index_copy(input: Array, dim: int, index: Array, source: Array) -> Array:
    """`input` with the slices of a dimension at the places in a vector replaced by those of `source`.

    Example:
        >>> torch.index_copy(torch.zeros(3, 2), 0, torch.tensor([2, 0]), torch.tensor([[1, 2], [3, 4.0]]))
        tensor([[3., 4.],
                [0., 0.],
                [1., 2.]])
    """
    dim = wrap_dim(dim, input.ndim)
    name = "index_copy_()"
    if index.ndim > 1:
        raise IndexError(f"{name}: Index should have dimension 1 or 0 (got {index.ndim})")
    if index.dtype != jnp.int64:
        raise IndexError(f"{name}: Expected a long tensor for index, but got {scalar_name(index.dtype)}")
    if input.dtype != source.dtype:
        raise RuntimeError(
            f"{name}: self and source expected to have the same dtype, but got (self) {scalar_name(input.dtype)} and "
            f"(source) {scalar_name(source.dtype)}"
        )
    if not source.ndim and index.size != 1:
        raise IndexError(f"{name}: When source is scalar, index should have one element (got {index.size})")
    if source.ndim != input.ndim and source.ndim and input.ndim:
        raise IndexError(
            f"{name}: When source and destination are not scalars, their dimensionality must match. Source "
            f"dimensionality ({source.ndim}), destination dimensionality ({input.ndim})"
        )
    wide = _at_dim(input, dim)[0]
    rest = lambda array: [size for each, size in enumerate(array.shape) if each != dim]
    if source.ndim and rest(source) != rest(wide):
        raise RuntimeError(
            f"{name}: Source/destination tensor must have same slice shapes. Destination slice shape: {rest(wide)} at "
            f"dimension {dim} and source slice shape: {rest(source)} at dimension 0."
        )
    if source.ndim and source.shape[dim] != index.size:
        raise IndexError(
            f"{name}: Number of indices ({index.size}) should be equal to source.size(dim) ({source.shape[dim]})"
        )
    source = source if source.ndim else source.reshape((1,) * wide.ndim)
    return written(wide.at[_rows(dim, index)], source).reshape(input.shape)


@op(
    check=along(IndexError, negative=True),
    apart_out=True,
    fits=("value",),
    shares="inputs",
    on_expanded="tensor[mask] = scalar",
    grad_name=by_tensor("value", "IndexFill"),
)
def index_fill(input: Array, dim: int, index: Array, value: ArrayLike) -> Array:
    """`input` with one number in the slices of a dimension at the places in a vector.

    Example:
        >>> torch.index_fill(torch.zeros(2, 3), 1, torch.tensor([0, 2]), 7)
        tensor([[7., 0., 7.],
                [7., 0., 7.]])
    """
    dim = wrap_dim(dim, input.ndim)
    if not is_number(value) and value.ndim:
        raise RuntimeError(
            f"index_fill_ only supports a 0-dimensional value tensor, but got tensor with {value.ndim} dimension(s)."
        )
    if index.dtype not in (jnp.int32, jnp.int64):
        raise IndexError("index_fill_(): Expected dtype int64 for index.")
    if index.ndim > 1:
        raise RuntimeError("Index has to be a vector/scalar")
    wide = _at_dim(input, dim)[0]
    return written(wide.at[_rows(dim, index)], checked_number(value, input.dtype)).reshape(input.shape)


@op(check=along(IndexError, IN_SELF), apart_out=True, out=SAME, stepwise=True)
def index_reduce(
    input: Array, dim: int, index: Array, source: Array, reduce: str, *, include_self: bool = True
) -> Array:
    """`scatter_reduce` of whole slices: ``"prod"``, ``"mean"``, ``"amax"`` or ``"amin"``.

    Example:
        >>> torch.index_reduce(torch.ones(3), 0, torch.tensor([0, 2, 0]), torch.tensor([2.0, 3.0, 4.0]), "prod")
        tensor([8., 1., 3.])
    """
    if reduce not in ("prod", "mean", "amax", "amin"):
        raise RuntimeError(f"index_reduce(): Expected reduce to be one of prod, mean, amax or amin but got {reduce}.")
    warnings.warn("index_reduce() is in beta and the API may change at any time.", UserWarning, stacklevel=2)
    dim = wrap_dim(dim, input.ndim)
    _check_slices("index_reduce_", input, dim, index, source)
    if index.size and not include_self:
        only("index_reduce_func_exclude_input_init", input, 1, 2)
    elif index.size and input.ndim < 2:
        only("index_func_", input, 1, 2)
    if not source.ndim or not input.ndim:
        return _reduced(input, dim, index.reshape(-1), source.reshape(-1), reduce, include_self)
    shape = [-1 if each == dim else 1 for each in range(source.ndim)]
    wide = jnp.broadcast_to(index.reshape(shape), source.shape)
    return _reduced(input, dim, wide, source, reduce, include_self)
