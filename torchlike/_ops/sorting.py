"""Sorting, order statistics, running extrema and sums."""

from __future__ import annotations

import functools
import math
import operator

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from torchlike import return_types
from torchlike._dispatch import op
from torchlike._ops._derivatives import derived
from torchlike._ops._promote import Array, DType, Integer, Number, as_dtype, floating, only, promoted, rank, wrap_dim
from torchlike._ops._values import has_no_fraction
from torchlike._ops.arithmetic import lerped
from torchlike._ops.exponential import logaddexp_of
from torchlike._ops.extrema import check_not_empty, picked, shared
from torchlike._ops.reductions import summable
from torchlike._out import SAME, SCANNED, SUMMED, OutRule
from torchlike._recorder.checks import Check


def _order(input: Array, axis: int, descending: bool) -> Array:
    return jnp.argsort(input, axis, stable=True, descending=descending)


@op(grad_name=lambda call: "SortBackward1" if call["stable"] else "SortBackward0", out=SAME)
def sort(input: Array, dim: int | None = -1, descending: bool = False, stable: bool = False) -> return_types.sort:
    """(sorted elements, where they were) along `dim`; NaN is larger than all; the order of equals is kept.

    Example:
        >>> values, indices = torch.sort(torch.tensor([3, 1, 2]))
        >>> values, indices
        (tensor([1, 2, 3]), tensor([1, 2, 0]))
    """
    axis = wrap_dim(-1 if dim is None else dim, input.ndim)
    if not input.ndim:
        return return_types.sort(input, jnp.zeros((), np.int64))
    return return_types.sort(*picked(input, _order(input, axis, descending), axis, True))


@op
def argsort(input: Array, dim: int = -1, descending: bool = False, stable: bool = False) -> Array:
    """Where the sorted elements were along `dim`, int64.

    Example:
        >>> torch.argsort(torch.tensor([3, 1, 2]), descending=True)
        tensor([0, 2, 1])
    """
    axis = wrap_dim(dim, input.ndim)
    return as_dtype(_order(input, axis, descending), np.int64) if input.ndim else jnp.zeros((), np.int64)


@op(grad_name="SortBackward0", out=SAME)
def msort(input: Array) -> Array:
    """The elements sorted along dimension 0.

    Example:
        >>> torch.msort(torch.tensor([[3, 1], [2, 5]]))
        tensor([[2, 1],
                [3, 5]])
    """
    return jnp.take_along_axis(input, _order(input, 0, False), 0) if input.ndim else input


@op(out=SAME)
def topk(input: Array, k: int, dim: int | None = -1, largest: bool = True, sorted: bool = True) -> return_types.topk:
    """(the `k` largest or smallest elements in order, where they were) along `dim`.

    Raises:
        RuntimeError: there are fewer.

    Example:
        >>> values, indices = torch.topk(torch.tensor([3, 1, 5, 2]), 2)
        >>> values, indices
        (tensor([5, 3]), tensor([2, 0]))
    """
    axis = wrap_dim(-1 if dim is None else dim, input.ndim)
    if not 0 <= k <= (input.shape[axis] if input.ndim else 1):
        raise RuntimeError("selected index k out of range")
    if not input.ndim:
        return return_types.topk(input, jnp.zeros((), np.int64))
    if largest and input.dtype != bool:
        _, indices = jax.lax.top_k(jnp.moveaxis(input, axis, -1), k)
        indices = jnp.moveaxis(indices, -1, axis)
    else:
        indices = jax.lax.slice_in_dim(_order(input, axis, largest), 0, k, axis=axis)
    return return_types.topk(*picked(input, indices, axis, True))


_KTH = (
    OutRule("output values must be of same type as input"),
    OutRule("output indices must be of scalar type {result}"),
)


def _is_not_counted(k, size):
    return (k < 1) | (k > size)


def _is_counted(input, k, dim=-1, keepdim=False) -> list[Check]:
    axis = wrap_dim(-1 if dim is None else dim, input.ndim)
    error = RuntimeError(f"kthvalue(): selected number k out of range for dimension {axis}")
    return [Check(_is_not_counted, (k,), error, (input.shape[axis] if input.ndim else 1,))]


@op(apart_out=True, out=_KTH, check=_is_counted)
def kthvalue(input: Array, k: Integer, dim: int | None = -1, keepdim: bool = False) -> return_types.kthvalue:
    """(the `k`-th smallest element, where it was) along `dim`, counted from 1.

    Raises:
        RuntimeError: there are fewer.

    Example:
        >>> torch.kthvalue(torch.tensor([3, 1, 5, 2]), 2).values
        tensor(2)
    """
    axis = wrap_dim(-1 if dim is None else dim, input.ndim)
    check_not_empty(input, dim, "kthvalue")
    if not input.ndim:
        return return_types.kthvalue(input, jnp.zeros((), np.int64))
    only("kthvalue_cpu", input, 0, 1, 2)
    indices = jax.lax.dynamic_slice_in_dim(_order(input, axis, False), k - 1, 1, axis)
    return return_types.kthvalue(*picked(input, indices, axis, keepdim))


def _median_place(input: Array, axis: int, skip_nan: bool) -> Array:
    """The index of the lower median along an axis, kept with size 1; a NaN is the median unless skipped."""
    order = _order(input, axis, False)
    size = input.shape[axis]
    count = jnp.full((), size)
    if jnp.issubdtype(input.dtype, jnp.floating):
        missing = jnp.sum(jnp.isnan(input), axis, keepdims=True)
        if skip_nan:
            count = size - missing
        else:
            middle = jnp.take_along_axis(order, jnp.full(missing.shape, (size - 1) // 2), axis)
            return jnp.where(missing > 0, jnp.argmax(jnp.isnan(input), axis, keepdims=True), middle)
    shape = [1 if place == axis else each for place, each in enumerate(input.shape)]
    return jnp.take_along_axis(order, jnp.broadcast_to(jnp.maximum(count - 1, 0) // 2, shape), axis)


def _median(input: Array, dim: int | None, keepdim: bool, skip_nan: bool, name: str):
    if dim is None:
        flat = input.ravel()
        if not flat.size:
            return jnp.full((), jnp.nan, input.dtype), None

        def middle(values):
            return jnp.take(values, _median_place(values, 0, skip_nan))

        floats = jnp.issubdtype(input.dtype, jnp.floating)
        return (jnp.squeeze(shared(middle, (0,), True, flat)) if floats else middle(flat)[0]), None
    axis = wrap_dim(dim, input.ndim)
    check_not_empty(input, dim, name)
    if not input.ndim:
        return input, jnp.zeros((), np.int64)
    return picked(input, _median_place(input, axis, skip_nan), axis, keepdim)


@op(grad_name="MedianBackward1", name="median")
def median_along(input: Array, dim: int, keepdim: bool = False) -> return_types.median:
    """(lower median, where it was) along `dim`; NaN where there is one."""
    return return_types.median(*_median(input, dim, keepdim, False, "median"))


@op(name="median")
def median_of_all(input: Array) -> Array:
    """The lower median of all elements; NaN where there is one."""
    return _median(input, None, False, False, "median")[0]


@op(grad_name="NanmedianBackward1", name="nanmedian")
def nanmedian_along(input: Array, dim: int, keepdim: bool = False) -> return_types.nanmedian:
    """(lower median of what is not NaN, where it was) along `dim`."""
    return return_types.nanmedian(*_median(input, dim, keepdim, True, "nanmedian"))


@op(name="nanmedian")
def nanmedian_of_all(input: Array) -> Array:
    """The lower median of all elements that are not NaN."""
    return _median(input, None, False, True, "nanmedian")[0]


_QUOTED = "expected scalar type '{result}' but got '{out}' for "


@op(out=(OutRule(_QUOTED + "values output"), OutRule(_QUOTED + "indices output")))
def mode(input: Array, dim: int = -1, keepdim: bool = False) -> return_types.mode:
    """(the most frequent element, the smallest of several, the last place of it) along `dim`.

    Example:
        >>> torch.mode(torch.tensor([3, 1, 3, 2])).values
        tensor(3)
    """
    axis = wrap_dim(dim, input.ndim)
    if not input.ndim:
        return return_types.mode(input, jnp.zeros((), np.int64))
    check_not_empty(input, dim, "mode")
    ordered = jnp.moveaxis(jnp.sort(input, axis), axis, -1)
    size = ordered.shape[-1]
    starts = jnp.concatenate([jnp.ones_like(ordered[..., :1], bool), ordered[..., 1:] != ordered[..., :-1]], -1)
    first = jax.lax.cummax(jnp.where(starts, jnp.arange(size), 0), ordered.ndim - 1)
    best = jnp.argmax(jnp.arange(size) - first, -1, keepdims=True)
    value = jnp.moveaxis(jnp.take_along_axis(ordered, best, -1), -1, axis)
    indices = size - 1 - jnp.argmax(jnp.flip(input == value, axis), axis, keepdims=True)
    return return_types.mode(*picked(input, indices, axis, keepdim))


def _are_quantiles(input, q, *_, **__) -> list[Check]:
    return [Check(has_no_fraction, (q,), RuntimeError("quantile() q values must be in the range [0, 1]"))]


@op(check=_are_quantiles, grad_name="SqueezeBackward4")
def quantile_of(
    input: Array,
    q: Array,
    dim: int | None = None,
    keepdim: bool = False,
    interpolation: str = "linear",
    skip_nan: bool = False,
) -> Array:
    """Quantiles `q` in ``[0, 1]`` along `dim`; the results lie in a new first dimension if `q` has one."""
    flat = input.ravel() if dim is None else input
    axis = 0 if dim is None else wrap_dim(dim, input.ndim)
    found = _between_ranks(jnp.moveaxis(flat.reshape(flat.shape or (1,)), axis, -1), q.ravel(), interpolation, skip_nan)
    found = jnp.moveaxis(found, -1, 0)
    found = found.reshape((*q.shape, *found.shape[1:]))
    if keepdim and input.ndim:
        kept = input.shape if dim is not None else (1,) * input.ndim
        found = found.reshape((*q.shape, *(1 if place == axis else size for place, size in enumerate(kept))))
    return as_dtype(found, input.dtype)


def _between_ranks(rows: Array, q: Array, interpolation: str, skip_nan: bool) -> Array:
    """Quantiles along the last dimension, as PyTorch finds them: of rows with NaN the last one in order, a NaN."""
    ordered, nan, last = jnp.sort(rows, -1), jnp.isnan(rows), rows.shape[-1] - 1
    if skip_nan:
        ranks = jnp.maximum(q * (jnp.sum(~nan, -1, keepdims=True) - 1).astype(rows.dtype), 0)
    else:
        ranks = jnp.where(jnp.any(nan, -1, keepdims=True), last, q * last)
    rounded = {"lower": jnp.floor, "higher": jnp.ceil, "nearest": jnp.round}.get(interpolation)
    at = lambda places: jnp.take_along_axis(ordered, places.astype(jnp.int64), -1)
    if rounded is not None:
        return at(rounded(ranks))
    below = jnp.floor(ranks)
    weight = jnp.full_like(ranks, 0.5) if interpolation == "midpoint" else ranks - lax.stop_gradient(below)
    return lerped(at(below), at(jnp.ceil(ranks)), weight)


# ---------------------------------------------------------------------- running


def _running(kernel: str, input: Array, dtype) -> Array:
    input = summable(input, dtype)
    if input.ndim and input.size:
        only(kernel, input, *(() if input.dtype in (np.uint16, np.uint32, np.uint64) else (1, 2, 3)))
    return input


@op(out=SUMMED)
def cumsum(input: Array, dim: int, *, dtype: DType | None = None) -> Array:
    """Running sum along `dim`; integers and bools are added up in int64.

    Example:
        >>> torch.cumsum(torch.tensor([1, 2, 3]), 0)
        tensor([1, 3, 6])
    """
    axis = wrap_dim(dim, input.ndim)
    input = _running("cumsum_out_cpu", input, dtype)
    return jnp.cumsum(input, axis, dtype=input.dtype) if input.ndim else input


@op(out=SUMMED)
def cumprod(input: Array, dim: int, *, dtype: DType | None = None) -> Array:
    """Running product along `dim`; integers and bools are multiplied in int64.

    Example:
        >>> torch.cumprod(torch.tensor([1, 2, 3]), 0)
        tensor([1, 2, 6])
    """
    axis = wrap_dim(dim, input.ndim)
    input = _running("cumprod_out_cpu", input, dtype)
    return _products(input, axis) if input.ndim and input.shape[axis] != 1 else input


def _products(input: Array, axis: int) -> Array:
    """Running products whose derivative holds at zeros, too."""

    def multiply(x):
        return lax.associative_scan(jnp.multiply, x, axis=axis)

    def slope(along, made, x):
        # as PyTorch: a quotient, unless there is a zero among the factors
        holds = jnp.any(x == 0, axis, keepdims=True)
        quotients = jnp.where(holds, 1, made) * jnp.cumsum(along / jnp.where(holds, 1, x), axis)
        return jnp.where(holds, jax.jvp(multiply, (jnp.where(holds, x, 1),), (along,))[1], quotients)

    return derived(slope)(multiply)(input)


def _extreme_so_far(name: str, input: Array, dim: int, better) -> tuple[Array, Array]:
    if not input.ndim and dim not in (0, -1):
        raise IndexError(f"{name}(): Expected reduction dim -1 or 0 for scalar but got {dim}")
    if not input.ndim or not input.size:  # whatever the dimension
        return input, jnp.zeros(input.shape, np.int64)
    axis = wrap_dim(dim, input.ndim)
    places = jax.lax.broadcasted_iota(np.int64, input.shape, axis)

    def later(left, right):
        (value, place), (new, at) = left, right
        takes = better(new, value) | jnp.isnan(new) if jnp.issubdtype(input.dtype, jnp.floating) else better(new, value)
        keeps_nan = jnp.isnan(value) & ~jnp.isnan(new) if jnp.issubdtype(input.dtype, jnp.floating) else False
        takes = takes & ~keeps_nan
        return jnp.where(takes, new, value), jnp.where(takes, at, place)

    _, indices = jax.lax.associative_scan(later, (jax.lax.stop_gradient(input), places), axis=axis)
    return picked(input, indices, axis, True)


@op(out=SCANNED)
def cummax(input: Array, dim: int) -> return_types.cummax:
    """(the largest element so far, the last place of it) along `dim`.

    Example:
        >>> values, indices = torch.cummax(torch.tensor([1, 3, 2, 3]), 0)
        >>> values, indices
        (tensor([1, 3, 3, 3]), tensor([0, 1, 1, 3]))
    """
    return return_types.cummax(*_extreme_so_far("cummax", input, dim, jnp.greater_equal))


@op(out=SCANNED)
def cummin(input: Array, dim: int) -> return_types.cummin:
    """(the smallest element so far, the last place of it) along `dim`.

    Example:
        >>> values, indices = torch.cummin(torch.tensor([3, 1, 2, 1]), 0)
        >>> values, indices
        (tensor([3, 1, 1, 1]), tensor([0, 1, 1, 3]))
    """
    return return_types.cummin(*_extreme_so_far("cummin", input, dim, jnp.less_equal))


@op(out=SCANNED)
def logcumsumexp(input: Array, dim: int) -> Array:
    """``log(cumsum(exp(input)))`` along `dim`, without overflow.

    Example:
        >>> torch.logcumsumexp(torch.tensor([0.0, 0.0, 1000.0]), 0)
        tensor([0.0000e+00, 6.9315e-01, 1.0000e+03])
    """
    axis = wrap_dim(dim, input.ndim)
    if not input.ndim:
        return input
    if not jnp.iscomplexobj(input):
        return jax.lax.associative_scan(logaddexp_of, input, axis=axis)
    # one after the other: the angle is not taken back into one turn, so it depends on the order
    rows = jnp.moveaxis(input, axis, 0)
    start = jnp.full(rows.shape[1:], -jnp.inf, input.dtype)
    return jnp.moveaxis(jax.lax.scan(lambda total, row: (_log_sum(row, total),) * 2, start, rows)[1], 0, axis)


def _log_sum(one: Array, other: Array) -> Array:
    """``log(exp(one) + exp(other))`` of complex numbers, with an angle near that of the larger."""
    swaps = one.real < other.real
    low, high = jnp.where(swaps, one, other), jnp.where(swaps, other, one)
    empty = jnp.isneginf(low.real)
    away = jnp.where(empty, 0, low - jnp.where(empty, 0, high))
    return high + jnp.where(empty, 0, jnp.log1p(jnp.exp(away)))


@op(grad_name=lambda call: "SubBackward0" if call["n"] else "CopyBackwards")
def diff(input: Array, n: int = 1, dim: int = -1, prepend: Array | None = None, append: Array | None = None) -> Array:
    """The `n`-th differences of neighbours along `dim`.

    Raises:
        RuntimeError: `n` is negative, or the input has no dimension.

    Example:
        >>> torch.diff(torch.tensor([1, 4, 9, 16]))
        tensor([3, 5, 7])
        >>> torch.diff(torch.tensor([1, 4, 9, 16]), n=2)
        tensor([2, 2])
    """
    if not input.ndim:
        raise RuntimeError("diff expects input to be at least one-dimensional")
    if n < 0:
        raise RuntimeError(f"order must be non-negative but got {n}")
    axis = wrap_dim(dim, input.ndim)
    parts = [each for each in (prepend, input, append) if each is not None]
    if any(each.ndim != input.ndim for each in parts):
        raise RuntimeError("diff expects prepend or append to be the same dimension as input")
    if not n:
        return input
    joined = jnp.concatenate(parts, axis)
    return jnp.diff(joined, min(n, joined.shape[axis]), axis)


# ---------------------------------------------------------------------- areas under sampled curves


def _refuse_bools(y: Array, x: Array | None, name: str) -> None:
    if any(each is not None and each.dtype == bool for each in (x, y)):
        which = "`y`" if x is None else "`x` or `y`"
        raise RuntimeError(f"{name}: received a bool input for {which}, but bool is not supported")


def _refuse_complex(dx: Number, name: str) -> None:
    if jnp.iscomplexobj(dx):
        raise RuntimeError(f"{name}: Currently, we only support dx as a real number.")


def _trapezoids(y: Array, x: Array | None, dx: Number, axis: int, name: str) -> Array:
    """Twice the area between each two neighbours along an axis."""
    _refuse_bools(y, x, name)
    _refuse_complex(dx, name)
    later = jax.lax.slice_in_dim(y, min(1, y.shape[axis]), None, axis=axis)
    pairs = later + jax.lax.slice_in_dim(y, 0, later.shape[axis], axis=axis)
    if x is None:
        return (floating(pairs) if rank(jnp.asarray(dx).dtype) >= 2 else pairs) * dx
    if x.ndim == 1:
        if x.shape[0] != y.shape[axis]:
            raise RuntimeError(f"{name}: There must be one `x` value for each sample point")
        x = x.reshape([-1 if place == axis else 1 for place in range(y.ndim)])
    return jnp.diff(x.reshape((1,) * max(y.ndim - x.ndim, 0) + x.shape), axis=axis) * pairs


@op(aliases=("trapz",), grad_name=lambda call: "MulBackward1" if call["x"] is None else "DivBackward1", stepwise=True)
def trapezoid(y: Array, x: Array | None = None, *, dx: Number = 1, dim: int = -1) -> Array:
    """The area under a curve along `dim`, by the trapezoidal rule.

    Args:
        x: where the samples are; else they are `dx` apart.

    Raises:
        RuntimeError: `x` has another size.

    Example:
        >>> torch.trapezoid(torch.tensor([1.0, 2.0, 4.0]))
        tensor(4.5000)
        >>> torch.trapezoid(torch.tensor([1.0, 2.0, 4.0]), torch.tensor([0.0, 1.0, 3.0]))
        tensor(7.5000)
    """
    axis = wrap_dim(dim, y.ndim)
    if not y.ndim:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    if not y.shape[axis]:
        return jnp.zeros(y.shape[:axis] + y.shape[axis + 1 :], y.dtype)
    if x is not None:
        return floating(jnp.sum(_trapezoids(y, x, dx, axis, "trapezoid"), axis)) / 2
    _refuse_bools(y, x, "trapezoid")
    _refuse_complex(dx, "trapezoid")
    first, last = (jax.lax.index_in_dim(y, place, axis, keepdims=False) for place in (0, -1))
    return (jnp.sum(summable(y, None), axis) - floating(first + last) * 0.5) * dx


@op(grad_name=lambda call: "CumsumBackward0" if call["x"] is None else "DivBackward1", stepwise=True)
def cumulative_trapezoid(y: Array, x: Array | None = None, *, dx: Number = 1, dim: int = -1) -> Array:
    """The area under a curve up to each sample but the first along `dim`; see `trapezoid`.

    Example:
        >>> torch.cumulative_trapezoid(torch.tensor([1.0, 2.0, 4.0]))
        tensor([1.5000, 4.5000])
    """
    axis = wrap_dim(dim, y.ndim)
    if not y.ndim:
        raise IndexError("slice() cannot be applied to a 0-dim tensor.")
    return floating(jnp.cumsum(_trapezoids(y, x, dx, axis, "cumulative_trapezoid"), axis)) / 2


@op
def searchsorted_of(sorted_sequence: Array, values: Array, right: bool, out_int32: bool) -> Array:
    """Where `values` would go in sorted rows, before equals or, for `right`, after them.

    Step by step as in PyTorch, where NaN is behind all, and what is not sorted gives the same, too.
    """
    sorted_sequence, values = promoted(sorted_sequence, values)
    if sorted_sequence.size and values.size:
        only("searchsorted_out_cpu", sorted_sequence, 1, 2)
    *batch, size = sorted_sequence.shape
    rows = sorted_sequence.reshape(math.prod(batch), size)
    wanted = values.reshape(rows.shape[0], values.shape[-1] if batch else values.size)
    low, high = jnp.zeros(wanted.shape, np.int64), jnp.full(wanted.shape, size, np.int64)
    for _ in range(operator.index(size).bit_length() if rows.size and wanted.size else 0):
        middle = low + (high - low) // 2
        there = jnp.take_along_axis(rows, jnp.minimum(middle, size - 1), 1)
        open_, behind = low < high, ~(there > wanted if right else there >= wanted)
        low, high = jnp.where(open_ & behind, middle + 1, low), jnp.where(open_ & ~behind, middle, high)
    return as_dtype(low.reshape(values.shape), np.int32 if out_int32 else np.int64)


_FINDERS = {
    "_unique2": "Unique2Backward0",
    "unique_dim": "UniqueDimBackward0",
    "unique_consecutive": "UniqueConsecutiveBackward0",
}


@op(grad_name=lambda call: _FINDERS[call["name"]])
def found_in(input: Array, found: Array, name: str) -> Array:
    """What the host found in `input`: it has a history, as in PyTorch, but no derivative."""
    return _found_in(name, input, found)


@functools.partial(jax.custom_jvp, nondiff_argnums=(0,))
def _found_in(name, input, found):
    return found


@_found_in.defjvp
def _found_in_jvp(name, primals, tangents):
    raise NotImplementedError(f"the derivative for '{name}' is not implemented.")
