"""Reductions: sums, means, extrema, norms over some or all dimensions."""

from __future__ import annotations

import builtins
import functools
import math
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np

from torchlike import return_types
from torchlike._arguments import without_dim
from torchlike._dispatch import op
from torchlike._ops._derivatives import derived
from torchlike._ops._nodes import by_dim
from torchlike._ops._promote import (
    Array,
    DType,
    Ints,
    Number,
    Positive,
    as_dtype,
    default_float,
    known,
    magnitude,
    only,
    promote_types,
    rank,
    wrap_dim,
)
from torchlike._out import SAME, SUMMED, VERDICT, OutRule, can_cast
from torchlike._types import dtypes
from torchlike._types.dtypes import scalar_name


def axes_of(dim, ndim: int) -> tuple[int, ...]:
    """The dimensions to reduce, counted from the front; None and an empty list mean all.

    Raises:
        RuntimeError: one is named twice.
        IndexError: one is out of range.
    """
    if dim is None or dim == ():
        return tuple(range(ndim))
    axes = [wrap_dim(each, ndim) for each in (dim if isinstance(dim, tuple) else (dim,))]
    for each in axes:
        if axes.count(each) > 1:
            raise RuntimeError(f"dim {each} appears multiple times in the list of dims")
    return tuple(axes) if ndim else ()


def summable(input: Array, dtype) -> Array:
    """The input as it is added up: in `dtype`, integers and bools in int64."""
    if dtype is not None:
        return as_dtype(input, dtype.np)
    return as_dtype(input, np.int64) if rank(input.dtype) < 2 else input


def _no_larger_unsigned(kernel: str, input: Array) -> None:
    if input.dtype in (np.uint16, np.uint32, np.uint64):
        only(kernel, input)


def _total(input: Array, axes: tuple[int, ...], keepdim: bool) -> Array:
    """The sum in the input's own dtype, where `jax.numpy` takes a wider one for integers; of bools whether any is."""
    _no_larger_unsigned("sum_cpu", input)
    if input.dtype == bool:
        return jnp.any(input, axes, keepdims=keepdim)
    return jnp.sum(input, axes, dtype=input.dtype, keepdims=keepdim)


def _summed_in(op, out: dtypes.dtype, input, *dim, dtype=None, **kwargs) -> dtypes.dtype:
    """The one that is asked for, else that of ``out=``; of everything there is no such form."""
    if not dim and "dim" not in kwargs:
        raise TypeError(without_dim(op, {"dtype": dtype} if dtype else {}))
    return dtype or out


_ALONG = replace(SUMMED, decides=_summed_in)


@op(out=_ALONG, shares="all", grad_name=by_dim("Sum"))
def sum(input: Array, dim: Ints | None = None, keepdim: bool = False, *, dtype: DType | None = None) -> Array:
    """Sum over `dim`, all dimensions by default; integers and bools are added up in int64."""
    return _total(summable(input, dtype), axes_of(dim, input.ndim), keepdim)


@op(varargs="size", grad_name="SumBackward1")
def sum_to_size(input: Array, size: Ints) -> Array:
    """Sum over the dimensions that a tensor of another size would be broadcast along.

    Raises:
        RuntimeError: such a tensor cannot be broadcast to this one.
    """
    added = input.ndim - len(size)
    if added < 0 or builtins.any(a not in (1, b) for a, b in zip(size, input.shape[added:], strict=True)):
        raise RuntimeError(f"size {{{list(size)}}} is not expandable to size {{{list(input.shape)}}}.")
    axes = [axis for axis in range(input.ndim) if axis < added or size[axis - added] != input.shape[axis]]
    return jnp.sum(summable(input, None), tuple(axes)).reshape(size) if axes or not size else input


def _nansum_in(op, out: dtypes.dtype, input, *args, dtype=None, **kwargs) -> dtypes.dtype | None:
    if input.dtype.rank < 3 and dtype not in (None, out):
        got = scalar_name(out), scalar_name(dtype)
        raise RuntimeError("nansum: provided dtype must match dtype of result. Got {} and {}.".format(*got))
    return dtype or (out if out.rank == 2 else None)


_NANSUM = OutRule(
    "\"nansum_cpu\" not implemented for '{out}'",
    lambda result, out: result.rank < 2 or out.rank == 2,
    NotImplementedError,
    decides=_nansum_in,
)


@op(out=_NANSUM, shares="all")
def nansum(input: Array, dim: Ints | None = None, keepdim: bool = False, *, dtype: DType | None = None) -> Array:
    """Sum over `dim` with NaN counted as 0."""
    if jnp.iscomplexobj(input):
        raise RuntimeError("nansum on CPU does not support complex inputs")
    input = summable(input, dtype)
    if rank(input.dtype) == 2:
        input = _without_nan(input)
    return _total(input, axes_of(dim, input.ndim), keepdim)


# of a product, not of a choice: a gradient of NaN passes everywhere
@derived(lambda along, kept, input: along * ~jnp.isnan(input))
def _without_nan(input):
    return jnp.where(jnp.isnan(input), 0, input).astype(input.dtype)


def _need_float(name: str, input: Array, dtype) -> None:
    kind = input.dtype if dtype is None else dtype.np
    if rank(kind) < 2:
        what = "could not infer output dtype. Input" if dtype is None else "could not infer output dtype. Optional"
        raise RuntimeError(
            f"{name}(): {what} dtype must be either a floating point or complex dtype. Got: {scalar_name(kind)}"
        )


def _mean_in(op, out: dtypes.dtype, input, dim=None, *keepdim, dtype=None, **kwargs) -> dtypes.dtype | None:
    if dim is None and not can_cast(input.dtype, out):
        raise RuntimeError(f"mean.dtype_out(): input types can't be cast to the desired output type {scalar_name(out)}")
    if dtype is not None or input.dtype.rank < 2:
        return dtype
    if out.rank < 2:  # it is a sum in that dtype, divided in place
        raise RuntimeError(f"result type Float can't be cast to the desired output type {scalar_name(out)}")
    return out


_MEAN = replace(SUMMED, decides=_mean_in)


@op(out=_MEAN, shares="all", grad_name=by_dim("Mean"))
def mean(input: Array, dim: Ints | None = None, keepdim: bool = False, *, dtype: DType | None = None) -> Array:
    """Mean over `dim`, all dimensions by default.

    Raises:
        RuntimeError: the dtype is neither floating point nor complex.
    """
    _need_float("mean", input, dtype)
    return jnp.mean(summable(input, dtype), axes_of(dim, input.ndim), keepdims=keepdim)


@op(out=_NANSUM, shares="all", grad_name="DivBackward0")
def nanmean(input: Array, dim: Ints | None = None, keepdim: bool = False, *, dtype: DType | None = None) -> Array:
    """Mean over `dim` of what is not NaN."""
    if rank(input.dtype) < 2:
        raise RuntimeError(
            f"nanmean(): expected input to have floating point or complex dtype but got {scalar_name(input.dtype)}"
        )
    _need_float("nanmean", input, dtype)
    total = nansum.op.body(input, dim, keepdim, dtype=dtype)
    count = jnp.sum(~jnp.isnan(input), axes_of(dim, input.ndim), keepdims=keepdim)
    return total / count.astype(total.dtype)


@op(out=_ALONG, shares="all", grad_name=by_dim("Prod"))
def prod(input: Array, dim: int | None = None, keepdim: bool = False, *, dtype: DType | None = None) -> Array:
    """Product over `dim`, all dimensions by default; integers and bools are multiplied in int64."""
    input, axes = summable(input, dtype), axes_of(dim, input.ndim)
    _no_larger_unsigned("prod_out_cpu", input)
    if input.dtype == bool:
        return jnp.all(input, axes, keepdims=keepdim)
    whole = _product(input, axes)
    return whole if keepdim else jnp.squeeze(whole, axes)


def _product(input: Array, axes: tuple[int, ...]) -> Array:
    def multiply(x):
        return jnp.prod(x, axes, dtype=x.dtype, keepdims=True)

    def slope(along, whole, x):
        if not x.ndim:
            return along
        # as PyTorch: a quotient, unless there is a zero among the factors
        holds = jnp.any(x == 0, axes, keepdims=True)
        others = jax.vjp(multiply, x)[1](jnp.ones_like(whole))[0]
        return jnp.sum(along * jnp.where(holds, others, whole / jnp.where(x == 0, 1, x)), axes, keepdims=True)

    return derived(slope)(multiply)(input)


@op(out=VERDICT, shares="all")
def all(input: Array, dim: Ints | None = None, keepdim: bool = False) -> Array:
    """Whether all elements are nonzero; uint8 gives uint8."""
    found = jnp.all(input != 0, axes_of(dim, input.ndim), keepdims=keepdim)
    return as_dtype(found, np.uint8) if input.dtype == np.uint8 else found


@op(out=VERDICT, shares="all")
def any(input: Array, dim: Ints | None = None, keepdim: bool = False) -> Array:
    """Whether any element is nonzero; uint8 gives uint8."""
    found = jnp.any(input != 0, axes_of(dim, input.ndim), keepdims=keepdim)
    return as_dtype(found, np.uint8) if input.dtype == np.uint8 else found


@op(shares="all")
def count_nonzero(input: Array, dim: Ints | None = None) -> Array:
    """How many elements are nonzero, int64."""
    return jnp.sum(input != 0, axes_of(dim, input.ndim), dtype=np.int64)


# ---------------------------------------------------------------------- spread


def _variance(input: Array, dim, correction, keepdim: bool, name: str) -> tuple[Array, Array]:
    """(variance, mean) over `dim`; `correction` is subtracted from the number of elements."""
    if rank(input.dtype) < 2:
        raise RuntimeError(f"{name} only support floating point and complex dtypes")
    axes = axes_of(dim, input.ndim)
    # PyTorch divides by zero where there are too few elements
    count = jnp.maximum(math.prod(input.shape[axis] for axis in axes) - correction, 0).astype(input.real.dtype)
    found, middle = _spread(input, axes, count), jnp.mean(input, axes, keepdims=True)
    return (found, middle) if keepdim else (jnp.squeeze(found, axes), jnp.squeeze(middle, axes))


def _spread(input: Array, axes: tuple[int, ...], count: Array) -> Array:
    """The squared distances from the mean, over a count."""

    def away(x):
        return x - jnp.mean(x, axes, keepdims=True)

    def slope(along, found, x, count):
        distance = away(x)
        none = jnp.where(distance == 0, jnp.nan, jnp.inf)
        pull = jnp.where(count == 0, none, 2 / count * jnp.conj(distance))
        return jnp.sum((along * pull).real, axes, keepdims=True)

    @derived(slope)
    def spread(x, count):
        return jnp.sum(_absolute_square(away(x)), axes, keepdims=True) / count

    return spread(input, count)


def _absolute_square(x: Array) -> Array:
    return jnp.square(x.real) + jnp.square(x.imag) if jnp.iscomplexobj(x) else jnp.square(x)


@derived(lambda along, root, square: jnp.where(root == 0, 0, along / (2 * jnp.where(root == 0, 1, root))))
def _root(square: Array) -> Array:
    """The square root, with PyTorch's derivative: zero where the root is."""
    return jnp.sqrt(square)


def _correction(unbiased: bool | None, correction) -> Number:
    if correction is not None:
        return correction
    return 1 if unbiased is None or unbiased else 0


@op(shares="all")
def var_of(input: Array, dim: Ints | None = None, correction: Number = 1, keepdim: bool = False) -> Array:
    """Variance over `dim`."""
    return _variance(input, dim, correction, keepdim, "std and var")[0]


@op(shares="all")
def std_of(input: Array, dim: Ints | None = None, correction: Number = 1, keepdim: bool = False) -> Array:
    """Standard deviation over `dim`."""
    return _root(_variance(input, dim, correction, keepdim, "std and var")[0])


def _with_mean(input: Array, dim, correction, keepdim: bool, name: str) -> tuple[Array, Array]:
    """`_variance` with PyTorch's mean: grown element by element, it is infinite only if the last one made it so."""
    square, middle = _variance(input, dim, correction, keepdim, name)
    axes = axes_of(dim, input.ndim)
    if not axes or not input.size:
        return square, middle
    rows = jnp.moveaxis(jnp.isfinite(input), axes, range(-len(axes), 0)).reshape(*middle.shape, -1)
    return square, jnp.where(jnp.isinf(middle) & ~jnp.all(rows[..., :-1], -1), jnp.nan, middle)


@op(shares="all")
def var_mean_of(
    input: Array, dim: Ints | None = None, correction: Number = 1, keepdim: bool = False
) -> tuple[Array, Array]:
    """(variance, mean) over `dim`."""
    return _with_mean(input, dim, correction, keepdim, "var_mean")


@op(shares="all")
def std_mean_of(
    input: Array, dim: Ints | None = None, correction: Number = 1, keepdim: bool = False
) -> tuple[Array, Array]:
    """(standard deviation, mean) over `dim`."""
    square, middle = _with_mean(input, dim, correction, keepdim, "std_mean")
    return _root(square), middle


# ---------------------------------------------------------------------- extrema


def check_not_empty(input: Array, dim: int | None, name: str) -> None:
    """Raise where an extremum of no elements is asked for."""
    if dim is None:
        if input.size == 0:
            raise RuntimeError(
                f"{name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim "
                "with the 'dim' argument."
            )
    elif input.ndim and input.shape[wrap_dim(dim, input.ndim)] == 0:
        raise IndexError(
            f"{name.removeprefix('nan')}(): Expected reduction dim {wrap_dim(dim, input.ndim)} to have non-zero size."
        )


def picked(input: Array, indices: Array, axis: int, keepdim: bool) -> tuple[Array, Array]:
    """(the elements at `indices` along an axis of size 1 there, the indices), with or without that axis."""
    values = jnp.take_along_axis(input, indices, axis)
    if keepdim:
        return values, as_dtype(indices, np.int64)
    return jnp.squeeze(values, axis), as_dtype(jnp.squeeze(indices, axis), np.int64)


def _extreme(input: Array, dim: int, keepdim: bool, arg, name: str) -> tuple[Array, Array]:
    axis = wrap_dim(dim, input.ndim)
    check_not_empty(input, dim, name)
    if jnp.iscomplexobj(input):
        raise RuntimeError(f"\"{name}_values_cpu\" not implemented for '{scalar_name(input.dtype)}'")
    if not input.ndim:
        return input, jnp.zeros((), np.int64)
    return picked(input, arg(input, axis, keepdims=True), axis, keepdim)


@op(name="max", shares="all")
def max_along(input: Array, dim: int, keepdim: bool = False) -> tuple[Array, Array]:
    """(largest element, its index) along `dim`; NaN is larger than all."""
    return return_types.max(*_extreme(input, dim, keepdim, jnp.argmax, "max"))


@op(name="min", shares="all")
def min_along(input: Array, dim: int, keepdim: bool = False) -> tuple[Array, Array]:
    """(smallest element, its index) along `dim`; NaN is smaller than all."""
    return return_types.min(*_extreme(input, dim, keepdim, jnp.argmin, "min"))


@functools.partial(jax.custom_jvp, nondiff_argnums=(0, 1, 2))
def shared(select, axes: tuple[int, ...], nan_is_one: bool, input: Array) -> Array:
    """An element that `select` finds along axes, which it keeps; its derivative is shared among all that equal it.

    Args:
        nan_is_one: whether NaN equals NaN here; else its derivative is NaN everywhere, as of PyTorch's `amax`.
    """
    return select(input)


@shared.defjvp
def _shared_jvp(select, axes, nan_is_one, primals, tangents):
    (input,), (along,) = primals, tangents
    found = select(input)
    same = (input == found) | (nan_is_one & jnp.isnan(input) & jnp.isnan(found))
    same = same.astype(input.dtype)
    count = jnp.sum(same, axes, keepdims=True)
    # 0 / 0 spelled out: XLA makes 0 of a product with it
    share = along * jnp.where(count == 0, jnp.nan, same / jnp.maximum(count, 1))
    return found, jnp.sum(share, axes, keepdims=True)


def _extremum(find, input: Array, axes: tuple[int, ...], keepdim: bool, nan_is_one: bool = False) -> Array:
    if not jnp.issubdtype(input.dtype, jnp.floating):
        return find(input, axes, keepdims=keepdim)
    found = shared(functools.partial(find, axis=axes, keepdims=True), axes, nan_is_one, input)
    return found if keepdim else jnp.squeeze(found, axes)


@op(name="max", grad_name="MaxBackward1", shares="all")
def max_of_all(input: Array) -> Array:
    """The largest element; the gradient is shared among equals."""
    check_not_empty(input, None, "max")
    return _extremum(jnp.max, input, axes_of(None, input.ndim), False, nan_is_one=True)


@op(name="min", grad_name="MinBackward1", shares="all")
def min_of_all(input: Array) -> Array:
    """The smallest element; the gradient is shared among equals."""
    check_not_empty(input, None, "min")
    return _extremum(jnp.min, input, axes_of(None, input.ndim), False, nan_is_one=True)


def _check_extrema(input: Array, dim, name: str) -> tuple[int, ...]:
    axes = axes_of(dim, input.ndim)
    if dim is None or dim == ():
        if input.size == 0:
            check_not_empty(input, None, name)
    for axis in axes:
        if input.shape[axis] == 0:
            raise IndexError(f"{name}(): Expected reduction dim {axis} to have non-zero size.")
    return axes


EXTREMA = OutRule(
    "Expected the dtype for input and out to match, but got {result} for input's dtype and {out} for out's dtype."
)


@op(out=EXTREMA, shares="all")
def amax(input: Array, dim: Ints = (), keepdim: bool = False) -> Array:
    """The largest elements over `dim`; the gradient is shared among equals."""
    return _extremum(jnp.max, input, _check_extrema(input, dim, "amax"), keepdim)


@op(out=EXTREMA, shares="all")
def amin(input: Array, dim: Ints = (), keepdim: bool = False) -> Array:
    """The smallest elements over `dim`; the gradient is shared among equals."""
    return _extremum(jnp.min, input, _check_extrema(input, dim, "amin"), keepdim)


@op(out=SAME, shares="all")
def aminmax(input: Array, *, dim: int | None = None, keepdim: bool = False) -> tuple[Array, Array]:
    """(smallest, largest) elements over `dim`."""
    if not input.ndim and dim is not None and jnp.iscomplexobj(input):
        raise RuntimeError(f"aminmax not implemented for {scalar_name(input.dtype)}")
    only("aminmax_cpu", input, 0, 1, 2)
    if dim is None and not input.size:
        raise RuntimeError(
            "aminmax(): cannot compute aminmax over an empty dimension as the operation has no identity."
        )
    if dim is not None and input.ndim and input.shape[wrap_dim(dim, input.ndim)] == 0:
        raise IndexError(f"aminmax: Expected reduction dim {wrap_dim(dim, input.ndim)} to have non-zero size.")
    axes = axes_of(dim, input.ndim)
    return return_types.aminmax(*[_extremum(find, input, axes, keepdim) for find in (jnp.min, jnp.max)])


def _arg(input: Array, dim: int | None, keepdim: bool, arg, name: str) -> Array:
    if dim is None and not input.size:
        raise IndexError(f"{name}(): Expected reduction dim to be specified for input.numel() == 0.")
    check_not_empty(input, dim, name)
    if dim is None:
        found = arg(input.ravel(), 0)
        return as_dtype(found.reshape((1,) * input.ndim) if keepdim else found, np.int64)
    axis = wrap_dim(dim, input.ndim)
    return as_dtype(arg(input, axis, keepdims=keepdim) if input.ndim else jnp.zeros(()), np.int64)


@op(out=SAME, shares="all")
def argmax(input: Array, dim: int | None = None, keepdim: bool = False) -> Array:
    """The index of the largest element along `dim`, of the flattened input by default; int64."""
    return _arg(input, dim, keepdim, jnp.argmax, "argmax")


@op(out=SAME, shares="all")
def argmin(input: Array, dim: int | None = None, keepdim: bool = False) -> Array:
    """The index of the smallest element along `dim`, of the flattened input by default; int64."""
    return _arg(input, dim, keepdim, jnp.argmin, "argmin")


# ---------------------------------------------------------------------- logarithms and norms


@op(shares="all")
def logsumexp(input: Array, dim: Ints, keepdim: bool = False) -> Array:
    """``log(sum(exp(input)))`` over `dim`, without overflow."""
    input = input if rank(input.dtype) >= 2 else as_dtype(input, default_float())
    return jax.nn.logsumexp(input, axes_of(dim, input.ndim), keepdims=keepdim)


def vector_norm_of(input: Array, order: Positive, axes: tuple[int, ...], keepdim: bool) -> Array:
    """The `order`-norm over axes, with PyTorch's derivative at zero."""
    size, special = magnitude(input), known(order)
    if special == math.inf:
        return _extremum(jnp.max, size, axes, keepdim, nan_is_one=True)
    if special == -math.inf:
        return _extremum(jnp.min, size, axes, keepdim, nan_is_one=True)
    if special == 0:
        return jnp.sum((size != 0).astype(size.dtype), axes, keepdims=keepdim)
    if special == 1:
        return jnp.sum(size, axes, keepdims=keepdim)
    if special == 2:
        length = _length(input, axes)
        return length if keepdim else jnp.squeeze(length, axes)
    powers = jnp.where(size == 0, 0 if special > 0 else jnp.inf, jnp.where(size == 0, 1, size) ** order)
    total = jnp.sum(powers, axes, keepdims=keepdim)
    if special < 0:
        return total ** (1 / order)
    return jnp.where(total == 0, 0, jnp.where(total == 0, 1, total) ** (1 / order))


def _length(input: Array, axes: tuple[int, ...]) -> Array:
    """The Euclidean norm; its derivative is finite where its square is not."""

    def slope(along, length, x):
        unit = jnp.where(length == 0, 0, jnp.conj(x) / jnp.where(length == 0, 1, length))
        return jnp.sum((along * unit).real, axes, keepdims=True)

    @derived(slope)
    def euclidean(x):
        return jnp.sqrt(jnp.sum(_absolute_square(x), axes, keepdims=True))

    return euclidean(input)


def check_norm_dtype(name: str, input: Array, dtype) -> None:
    """Raise where a norm is asked for in a dtype that the input does not go into."""
    said, own = scalar_name(dtype), scalar_name(input.dtype)
    if dtype.rank < 2:
        raise RuntimeError(f"{name}: dtype should be floating point or complex, but got {said}")
    if dtype.rank != rank(input.dtype):
        kind = "complex" if jnp.iscomplexobj(input) else "real"
        raise RuntimeError(f"{name}: dtype should be {kind} for {kind} inputs, but got {said}")
    if promote_types(input.dtype, dtype.np) != dtype.np:
        raise RuntimeError(
            f"{name}: the dtype of the input ({own}) should be convertible without narrowing to the specified dtype "
            f"({said})"
        )


@op(shares="all", out=SAME)
def linalg_vector_norm(
    input: Array, ord: Positive = 2, dim: Ints | None = None, keepdim: bool = False, *, dtype: DType | None = None
) -> Array:
    """The norm ``sum(|x|^ord)^(1/ord)`` of vectors over `dim`, all dimensions by default.

    Raises:
        RuntimeError: the dtype is neither floating point nor complex.
    """
    if rank(input.dtype) < 2:
        raise RuntimeError(
            f"linalg.vector_norm: Expected a floating point or complex tensor as input. Got {scalar_name(input.dtype)}"
        )
    if dtype is not None:
        check_norm_dtype("linalg.vector_norm", input, dtype)
        input = as_dtype(input, dtype.np)
    axes = axes_of(dim, input.ndim)
    if known(ord) < 0 or known(ord) == math.inf:
        for axis in axes:
            if input.shape[axis] == 0:
                what = (
                    "an empty tensor because"
                    if dim is None
                    else f"the dimension {axis}because this dimension is empty and"
                )
                raise RuntimeError(
                    f"linalg.vector_norm cannot compute the {ord} norm on {what} the operation does not have an identity"
                )
    return vector_norm_of(input, ord, axes, keepdim)


# ---------------------------------------------------------------------- counts


@op
def histc_of(input: Array, low: Number, high: Number, bins: int) -> Array:
    """How many elements fall into each of `bins` equal intervals between two numbers."""
    low, high = as_dtype(low, input.dtype), as_dtype(high, input.dtype)
    inside = (input >= low) & (input <= high)
    place = jnp.clip(((input - low) / (high - low) * bins).astype(np.int64), 0, bins - 1)
    return jnp.zeros(bins, input.dtype).at[jnp.where(inside, place, bins).ravel()].add(1, mode="drop")


@op(grad_name="NotImplemented")
def bincount_of(input: Array, weights: Array | None = None, *, length: int) -> Array:
    """How often each of the first `length` integers occurs, or the sum of its weights."""
    if weights is None:
        return jnp.zeros(length, np.int64).at[input].add(1)
    kind = weights.dtype if weights.dtype == np.float32 else np.float64
    return jnp.zeros(length, kind).at[input].add(as_dtype(weights, kind))
