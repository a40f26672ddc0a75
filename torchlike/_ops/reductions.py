"""Reductions: sums, means, spread, norms over some or all dimensions."""

from __future__ import annotations

import builtins
import math
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np

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
    axes_of,
    default_float,
    known,
    magnitude,
    only,
    promote_types,
    rank,
)
from torchlike._ops.extrema import extremum
from torchlike._out import SAME, SUMMED, VERDICT, OutRule, can_cast
from torchlike._types import dtypes
from torchlike._types.dtypes import scalar_name


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
    """Sum over `dim`, all dimensions by default; integers and bools are added up in int64.

    Example:
        >>> torch.sum(torch.tensor([[1, 2], [3, 4]]), 0)
        tensor([4, 6])
    """
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
    """Sum over `dim` with NaN counted as 0.

    Example:
        >>> torch.nansum(torch.tensor([1.0, torch.nan, 3.0]))
        tensor(4.)
    """
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

    Example:
        >>> torch.mean(torch.tensor([[1.0, 2.0], [3.0, 5.0]]), 1, keepdim=True)
        tensor([[1.5000],
                [4.0000]])
    """
    _need_float("mean", input, dtype)
    return jnp.mean(summable(input, dtype), axes_of(dim, input.ndim), keepdims=keepdim)


@op(out=_NANSUM, shares="all", grad_name="DivBackward0")
def nanmean(input: Array, dim: Ints | None = None, keepdim: bool = False, *, dtype: DType | None = None) -> Array:
    """Mean over `dim` of what is not NaN.

    Example:
        >>> torch.nanmean(torch.tensor([1.0, torch.nan, 3.0]))
        tensor(2.)
    """
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
    """Product over `dim`, all dimensions by default; integers and bools are multiplied in int64.

    Example:
        >>> torch.prod(torch.tensor([[1, 2], [3, 4]]), 1)
        tensor([ 2, 12])
    """
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
    """Whether all elements are nonzero; uint8 gives uint8.

    Example:
        >>> torch.all(torch.tensor([[True, False], [True, True]]), 1)
        tensor([False,  True])
    """
    found = jnp.all(input != 0, axes_of(dim, input.ndim), keepdims=keepdim)
    return as_dtype(found, np.uint8) if input.dtype == np.uint8 else found


@op(out=VERDICT, shares="all")
def any(input: Array, dim: Ints | None = None, keepdim: bool = False) -> Array:
    """Whether any element is nonzero; uint8 gives uint8.

    Example:
        >>> torch.any(torch.tensor([[0, 0], [0, 5]]), 1)
        tensor([False,  True])
    """
    found = jnp.any(input != 0, axes_of(dim, input.ndim), keepdims=keepdim)
    return as_dtype(found, np.uint8) if input.dtype == np.uint8 else found


@op(shares="all")
def count_nonzero(input: Array, dim: Ints | None = None) -> Array:
    """How many elements are nonzero, int64.

    Example:
        >>> torch.count_nonzero(torch.tensor([[0, 1], [2, 3]]), 0)
        tensor([1, 2])
    """
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
        return extremum(jnp.max, size, axes, keepdim, nan_is_one=True)
    if special == -math.inf:
        return extremum(jnp.min, size, axes, keepdim, nan_is_one=True)
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

    Example:
        >>> torch.linalg.vector_norm(torch.tensor([3.0, -4.0]))
        tensor(5.)
        >>> torch.linalg.vector_norm(torch.tensor([3.0, -4.0]), 1)
        tensor(7.)
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
