"""Reductions with several call forms, and those whose results' sizes depend on values."""

from __future__ import annotations

import functools
import math
import numbers
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from torchlike import _strides as strides
from torchlike._autograd.variable import TensorBase
from torchlike._function import function
from torchlike._functions import making
from torchlike._ops import extrema, sorting
from torchlike._ops import reductions as ops
from torchlike._out import CAST, SAME, OutRule, can_cast, stored
from torchlike._programs import explain
from torchlike._signatures import refuse
from torchlike._types import dtypes

if TYPE_CHECKING:
    from torchlike.tensor import Tensor

_MISSING = object()


_EXTREMUM = OutRule(
    "Expected canCast( typeMetaToScalarType(self.dtype()), typeMetaToScalarType(out.dtype())) to be true, but got false.  "
    "(Could this error message be improved?  If so, please report an enhancement request to PyTorch.)",
    can_cast,
)


def _extremum(name: str, along: Callable[..., Any], of_all: Callable[..., Any], shown: str):
    def extremum(
        input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Tensor | None = None, out: Tensor | None = None
    ):
        if isinstance(dim, TensorBase):
            other, dim = dim, None
        if other is not None:
            from torchlike._ops import bounds

            return stored(name, getattr(bounds, name + "imum")(input, other), out)
        if dim is None:
            return stored(name, of_all(input), out, _EXTREMUM)
        return stored(name, along(input, dim, keepdim), out, SAME)

    extremum.__doc__ = f"""The {name}imum of all elements, along a dimension, or of two tensors element by element.

    Args:
        dim: a dimension: gives a named pair (values, indices); or another tensor.
        keepdim: whether the reduced dimension stays, with size 1.

    Raises:
        RuntimeError: there are no elements.

    Example:
        >>> torch.{name}(torch.tensor([[1, 5], [7, 3]]), 1).values
        {shown}
    """
    return function(extremum, name=name, several=True)


max = _extremum("max", extrema.max_along, extrema.max_of_all, "tensor([5, 7])")
min = _extremum("min", extrema.min_along, extrema.min_of_all, "tensor([1, 3])")


def _takes_values_and_indices(fn: Callable[..., Any]):
    """Let a function take ``values=`` and ``indices=``, as before 0.4, for the pair ``out=``, with a FutureWarning."""

    @functools.wraps(fn)
    def call(*args: Any, **kwargs: Any):
        if kwargs and not {"values", "indices"}.isdisjoint(kwargs):
            pair = kwargs.pop("values", None), kwargs.pop("indices", None)
            if None not in pair:
                explain.warn(
                    f"{fn.__name__}(): the keywords 'values' and 'indices' are deprecated; use 'out'", FutureWarning
                )
                kwargs["out"] = pair
        return fn(*args, **kwargs)

    return call


mode = _takes_values_and_indices(sorting.mode)


@_takes_values_and_indices
def median(
    input: Tensor,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    out: Tensor | tuple[Tensor, ...] | list[Tensor] | None = None,
):
    """The lower median of all elements; along a dimension a named pair (values, indices).

    Example:
        >>> torch.median(torch.tensor([3, 1, 2, 4]))
        tensor(2)
        >>> torch.median(torch.tensor([[3, 1, 2]]), 1).indices
        tensor([2])
    """
    return stored(
        "median", sorting.median_of_all(input) if dim is None else sorting.median_along(input, dim, keepdim), out
    )


@function(out=CAST)
def nanmedian(input: Tensor, dim: int | None = None, keepdim: bool = False):
    """The lower median of what is not NaN; along a dimension a named pair (values, indices).

    Example:
        >>> torch.nanmedian(torch.tensor([3.0, torch.nan, 1.0]))
        tensor(1.)
    """
    return sorting.nanmedian_of_all(input) if dim is None else sorting.nanmedian_along(input, dim, keepdim)


def _running(op: Callable[..., Any]):
    def in_place(self: Tensor, dim: int, *, dtype: dtypes.dtype | None = None):
        own = self._aval.dtype
        asked = dtypes.resolve(dtype, op.__name__ + "_") or own
        if asked is not own:
            raise RuntimeError(
                f"Bad in-place call: input tensor dtype {dtypes.c_name(own)} and output tensor dtype "
                f"{dtypes.c_name(asked)} should match"
            )
        return op.inplace(self, dim, dtype=own)

    in_place.__name__ = in_place.__qualname__ = op.__name__ + "_"
    in_place.__doc__ = f"""`{op.__name__}` in place, in the tensor's own dtype.

    Raises:
        RuntimeError: `dtype` is another.
    """
    return in_place


cumsum_ = _running(sorting.cumsum)
cumprod_ = _running(sorting.cumprod)


def _spread(name: str, op: Callable[..., Any], shown: str):
    def spread(
        input: Tensor, dim: Any = None, unbiased: Any = _MISSING, keepdim: bool = False, *, correction: Any = _MISSING
    ):
        if isinstance(dim, bool):
            dim, unbiased = None, dim
        if correction is _MISSING:
            correction = 0 if unbiased is not _MISSING and unbiased is not None and not unbiased else 1
        return op(input, dim, 1 if correction is None else correction, keepdim)

    spread.__doc__ = f"""``{name}`` over `dim`, all dimensions by default.

    Args:
        unbiased: False divides by the number of elements, True by one less.
        correction: what is subtracted from the number of elements; 1 by default.
        keepdim: whether the reduced dimensions stay, with size 1.

    Raises:
        RuntimeError: the dtype is neither floating point nor complex.

    Example:
        >>> torch.{name}(torch.tensor([1.0, 3.0]))
        {shown}
    """
    return function(spread, name=name, out=CAST)


std = _spread("std", ops.std_of, "tensor(1.4142)")
var = _spread("var", ops.var_of, "tensor(2.)")
std_mean = _spread("std_mean", ops.std_mean_of, "(tensor(1.4142), tensor(2.))")
var_mean = _spread("var_mean", ops.var_mean_of, "(tensor(2.), tensor(2.))")


@function
def norm(
    input: Tensor,
    p: float | str | None = "fro",
    dim: int | Sequence[int] | None = None,
    keepdim: bool = False,
    out: Tensor | None = None,
    dtype: dtypes.dtype | None = None,
):
    """The norm of a vector, or over dimensions.

    Args:
        p: the order: a number, ``inf``, ``"fro"`` or ``"nuc"``.
        dim: the dimensions; all by default.

    Raises:
        RuntimeError: `p` is another word, or the dtype has no norm.

    Example:
        >>> torch.norm(torch.tensor([3.0, 4.0]))
        tensor(5.)
    """
    if p == "nuc":
        from torchlike._functions import linalg

        return linalg.matrix_norm(input, "nuc", (-2, -1) if dim is None else dim, keepdim, dtype=dtype, out=out)
    if isinstance(p, str) and p != "fro":
        raise RuntimeError(f"only valid string values are 'fro' and 'nuc', found {p}")
    order = 2.0 if p in ("fro", None) else float(p)
    return stored("linalg_vector_norm", ops.linalg_vector_norm(input, order, dim, keepdim, dtype=dtype), out, SAME)


_FLOATING = OutRule(
    "logsumexp(): Expected floating point type for result tensor, but got: {out}", lambda _, out: out.rank >= 2
)


@function(also="torchlike.special", out=_FLOATING)
def logsumexp(input: Tensor, dim: int | Sequence[int], keepdim: bool = False) -> Tensor:
    """``log(sum(exp(input)))`` over `dim`, without overflow.

    Example:
        >>> torch.logsumexp(torch.tensor([1000.0, 1000.0]), 0)
        tensor(1000.6932)
    """
    return ops.logsumexp(input, dim, keepdim)


_QUANTILE = OutRule("quantile() out tensor must be same dtype as the input tensor")


def _quantile(name: str, skip_nan: bool, shown: str):
    def quantile(
        input: Tensor,
        q: Tensor | float,
        dim: int | None = None,
        keepdim: bool = False,
        *,
        interpolation: str = "linear",
    ):
        if isinstance(q, numbers.Number):
            if not 0 <= q <= 1:
                raise RuntimeError(f"{name}() q must be in the range [0, 1] but got {q:g}")
            q = making.tensor(float(q), dtype=input.dtype)
        if not input.numel():
            raise RuntimeError(f"{name}() input tensor must be non-empty")
        if input.dtype.name not in ("float32", "float64"):
            raise RuntimeError("quantile() input tensor must be either float or double dtype")
        if q.dim() > 1:
            raise RuntimeError(f"{name}() q must be a scalar or 1D tensor")
        if q.dtype is not input.dtype:
            raise RuntimeError(f"{name}() q tensor must be same dtype as the input tensor")
        if interpolation not in ("linear", "lower", "higher", "midpoint", "nearest"):
            raise RuntimeError(
                f"{name}() interpolation must be one of linear, lower, higher, midpoint or nearest, but got "
                + str(interpolation)
            )
        return sorting.quantile_of(input, q, dim, keepdim, interpolation, skip_nan)

    quantile.__doc__ = f"""Quantiles along a dimension, of all elements by default.

    Args:
        q: a number or a 1-d tensor of numbers in ``[0, 1]``; its dimension comes first in the result.
        interpolation: what lies between two elements: ``"linear"``, ``"lower"``, ``"higher"``, ``"midpoint"``,
            ``"nearest"``.

    Raises:
        RuntimeError: `q` is out of its range, or the dtypes differ.

    Example:
        >>> torch.{name}(torch.tensor([1.0, 2.0, torch.nan]), 0.5)
        {shown}
    """
    return function(quantile, name=name, out=_QUANTILE, casts=True)


quantile = _quantile("quantile", False, "tensor(nan)")
nanquantile = _quantile("nanquantile", True, "tensor(1.5000)")


# ---------------------------------------------------------------------- sizes that depend on values


@function
def unique(
    input: Tensor,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
):
    """The distinct elements in order, or the distinct slices along `dim`.

    Args:
        return_inverse: also give where each element is among them.
        return_counts: also give how often each occurs.

    Returns:
        A tensor, or a tuple of it and what else was asked for.

    Example:
        >>> torch.unique(torch.tensor([3, 1, 3]), return_counts=True)
        (tensor([1, 3]), tensor([1, 2]))
    """
    array, name = _countable(input, dim), "_unique2" if dim is None else "unique_dim"
    if dim is not None and array.dtype.kind in "fV" and array.size and (array != array).any():
        return _uniques(input, dim, name, *_unique_rows(array, dim), return_inverse, return_counts)
    if dim is not None and not array.size and array.shape[dim]:
        raise RuntimeError("There are 0 sized dimensions, and they aren't selected, so unique cannot be applied")
    found, inverse, counts = np.unique(array, return_inverse=True, return_counts=True, axis=dim, equal_nan=False)
    if dim is None:
        inverse = inverse.reshape(array.shape)
    inverse = inverse.reshape(-1) if dim is not None else inverse
    return _uniques(input, dim, name, found, inverse, counts, return_inverse, return_counts)


def _unique_rows(array: np.ndarray, dim: int) -> tuple:
    """(the distinct slices, which of them each slice is, how often it occurs), where NaN is in no order, as in PyTorch."""
    rows = np.moveaxis(array, dim, 0)
    flat = rows.reshape(len(rows), -1).tolist()
    order = sorted(range(len(flat)), key=functools.cmp_to_key(lambda a, b: _compared(flat[a], flat[b])))
    new = [place == 0 or flat[each] != flat[order[place - 1]] for place, each in enumerate(order)]
    # a list's comparison takes one and the same NaN for equal
    new = [first or any(x != x for x in flat[each]) for first, each in zip(new, order, strict=True)]
    which = np.cumsum(new) - 1
    inverse = np.empty(len(flat), np.int64)
    inverse[order] = which
    kept = [each for each, first in zip(order, new, strict=True) if first]
    return np.ascontiguousarray(np.moveaxis(rows[kept], 0, dim)), inverse, np.bincount(which)


def _compared(one: list, other: list) -> int:
    return next((-1 if a < b else 1 for a, b in zip(one, other, strict=True) if a < b or a > b), 0)


def _countable(input: Tensor, dim: int | None) -> np.ndarray:
    if input.dtype.is_complex and (input.numel() or dim is None):
        kernel = "unique" if dim is None else "unique_dim"
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{dtypes.scalar_name(input.dtype)}'")
    return input._value().numpy("`_unique2` looks for elements")


def _uniques(
    input: Tensor,
    dim: int | None,
    name: str,
    found: np.ndarray,
    inverse: np.ndarray,
    counts: np.ndarray,
    return_inverse: bool,
    return_counts: bool,
):
    found = making.wrapped(found, input.device)
    results = [sorting.found_in(input, found, name) if input.requires_grad else found]
    if dim is not None:  # which lies in memory as if it were the first
        rest = [each for each in range(found.dim()) if each != dim % found.dim()]
        strides.put(results[0], strides.dense(found.shape, (dim % found.dim(), *rest)))
    if return_inverse:
        results.append(making.wrapped(inverse.astype(np.int64), input.device))
    if return_counts:
        results.append(making.wrapped(counts.astype(np.int64), input.device))
    return results[0] if len(results) == 1 else tuple(results)


def _flags(return_inverse: bool, return_counts: bool, dim: int | None) -> dict:
    return {"return_inverse": return_inverse, "return_counts": return_counts, "dim": dim}


@function
def unique_consecutive(
    input: Tensor, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
):
    """The elements, or slices along `dim`, without those that equal the one before them.

    Example:
        >>> torch.unique_consecutive(torch.tensor([1, 1, 2, 1]))
        tensor([1, 2, 1])
    """
    refuse("torch._VF.unique_consecutive", (input,), _flags(return_inverse, return_counts, dim))
    array = _countable(input, dim)
    rows = array.reshape(-1, 1) if dim is None else np.moveaxis(array, dim, 0)
    flat = rows.reshape(len(rows), math.prod(rows.shape[1:]))
    new = np.ones(len(rows), bool)
    new[1:] = (flat[1:] != flat[:-1]).any(1)
    found = rows[new, 0] if dim is None else np.moveaxis(rows[new], 0, dim)
    inverse = np.cumsum(new) - 1
    counts = np.diff(np.append(np.flatnonzero(new), len(rows)))
    shaped = inverse.reshape(array.shape) if dim is None else inverse
    found = np.ascontiguousarray(found)
    return _uniques(input, dim, "unique_consecutive", found, shaped, counts, return_inverse, return_counts)


@function(several=True)
def bincount(input: Tensor, weights: Tensor | None = None, minlength: int = 0) -> Tensor:
    """How often each non-negative integer occurs, or the sum of its weights: ``max(input) + 1`` results at least.

    Raises:
        RuntimeError: the input is not 1-d, or has negative elements.

    Example:
        >>> torch.bincount(torch.tensor([0, 2, 2]), minlength=5)
        tensor([1, 0, 2, 0, 0])
    """
    if input.dtype.rank != 1:
        raise NotImplementedError(f"\"bincount_cpu\" not implemented for '{dtypes.scalar_name(input.dtype.np)}'")
    if minlength < 0:
        raise RuntimeError("minlength should be >= 0")
    array = input._value().numpy()
    if input.dim() != 1 or (array.size and array.min() < 0):
        raise RuntimeError("bincount only supports 1-d non-negative integral inputs.")
    length = int(array.max()) + 1 if array.size else 0
    length = length if length > minlength else minlength
    if weights is not None and weights.shape != input.shape:
        raise RuntimeError("weights should be 1-d and have the same length as input")
    return ops.bincount_of(input, weights, length=length)


_HISTOGRAM = OutRule(
    "torch.histogram: input tensor and hist tensor should have the same dtype, but got input {c_result} and hist {c_out}"
)


@function(out=_HISTOGRAM)
def histc(input: Tensor, bins: int = 100, min: complex = 0, max: complex = 0) -> Tensor:
    """How many elements fall into each of `bins` equal intervals from `min` to `max`; others do not count.

    Args:
        min, max: the ends; both 0 for the smallest and largest element.

    Raises:
        RuntimeError: `bins` is not positive, or the ends are not in order or not finite.

    Example:
        >>> torch.histc(torch.tensor([0.0, 1.0, 1.5, 9.0]), bins=2, min=0, max=2)
        tensor([1., 2.])
    """
    if bins <= 0:
        raise RuntimeError(f"torch.histogram(): bins must be > 0, but got {bins} for dimension 0")
    if not input.is_floating_point():
        kernel = "aminmax_cpu" if input.dtype.is_complex and min == max else "histogram_cpu"
        kernel = kernel if input.dtype.rank else "linspace_cpu"
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{dtypes.scalar_name(input.dtype.np)}'")
    low, high = float(min), float(max)
    if low == high and input.numel():
        array = input._value().numpy()
        if low == 0:
            low, high = float(array.min()), float(array.max())
    if low == high:
        low, high = low - 1, high + 1
    if not (math.isfinite(low) and math.isfinite(high)):
        raise RuntimeError(f"torch.histc: range of [{low:g}, {high:g}] is not finite")
    if low > high:
        raise RuntimeError("torch.histc: max must be larger than min")
    return ops.histc_of(input.detach(), low, high, bins)


@function(several=True)
def searchsorted(
    sorted_sequence: Tensor,
    input: Tensor,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    out: Tensor | None = None,
    sorter: Tensor | None = None,
) -> Tensor:
    """Where values would go in sorted rows.

    Args:
        sorted_sequence: ``(N)``, or rows ``(*, N)`` with the leading dimensions of `input`.
        input: the values, a tensor or a number.
        right: go behind equals; as ``side="right"``.
        sorter: the order that sorts `sorted_sequence`.

    Raises:
        RuntimeError: `side` contradicts `right`, or the leading dimensions differ.

    Example:
        >>> torch.searchsorted(torch.tensor([1, 3, 5]), torch.tensor([3, 4]))
        tensor([1, 2])
        >>> torch.searchsorted(torch.tensor([1, 3, 5]), 3, right=True)
        tensor(2)
    """
    if side not in (None, "left", "right"):
        raise RuntimeError(f"torch.searchsorted(): side can only be 'left' or 'right' but got {side}")
    if side == "left" and right:
        raise RuntimeError(
            "torch.searchsorted(): side and right can't be set to opposites, got side of left while right was True"
        )
    name = "torch.searchsorted(): "
    if sorted_sequence.dim() == 0:
        raise RuntimeError(name + "boundaries tensor should have positive dimension, but got 0 dimension")
    if not isinstance(input, TensorBase):
        input = making.tensor(input, dtype=sorted_sequence.dtype)
    if input.dim() == 0 and sorted_sequence.dim() != 1:
        raise RuntimeError(
            name + "input value can be a scalar only when boundaries tensor dimension is 1, but we got boundaries "
            f"tensor dim({sorted_sequence.dim()}) and input value's dim(0) numel(1)"
        )
    if sorter is not None:
        _check_sorter(sorted_sequence, sorter)
        sorted_sequence = sorted_sequence.gather(-1, sorter)
    if sorted_sequence.dim() > 1 and sorted_sequence.shape[:-1] != input.shape[:-1]:
        raise RuntimeError(
            name + "boundaries tensor should be 1 dimension or the first N-1 dimensions of boundaries "
            f"tensor and input value tensor must match, but we got boundaries tensor {list(sorted_sequence.shape)} and "
            f"input value tensor {list(input.shape)}"
        )
    places = sorting.searchsorted_of(sorted_sequence, input, right or side == "right", out_int32)
    return stored(str(bool(out_int32)), places, out, _PLACES)


_PLACES = OutRule(
    "torch.searchsorted(): output tensor's dtype is wrong, it can only be Int(int32) or Long(int64) depending on whether "
    "out_int32 flag is True, but we got output tensor's dtype {out} and out_int32 flag is {name}"
)


def _check_sorter(boundaries: Tensor, sorter: Tensor | None) -> None:
    name = "torch.searchsorted(): "
    if sorter.shape != boundaries.shape:
        raise RuntimeError(
            name + f"boundary and sorter must have the same size, but got boundary tensor {list(boundaries.shape)}and "
            f"got sorter tensor {list(sorter.shape)}"
        )
    if sorter.dtype.np != np.int64:
        word = dtypes.scalar_name(sorter.dtype.np)
        raise RuntimeError(name + f"sorter must be a tensor of long dtype but got dtype {word}")
    places = sorter.detach()._value().numpy()
    if places.size and not ((places >= 0) & (places < boundaries.shape[-1])).all():
        raise RuntimeError(name + "sorter index out of range")


@function(several=True)
def bucketize(
    input: Tensor, boundaries: Tensor, *, out_int32: bool = False, right: bool = False, out: Tensor | None = None
) -> Tensor:
    """The interval between sorted `boundaries` that each value falls into.

    Raises:
        RuntimeError: `boundaries` is not 1-d.

    Example:
        >>> torch.bucketize(torch.tensor([0.5, 1.0, 7.0]), torch.tensor([1.0, 5.0]))
        tensor([0, 0, 2])
    """
    if boundaries.dim() != 1:
        raise RuntimeError(f"boundaries tensor must be 1 dimension, but got dim({boundaries.dim()})")
    return searchsorted(boundaries, input, out_int32=out_int32, right=right, out=out)


def sum_to_size(self: Tensor, *size: int | Sequence[int]) -> Tensor:
    """The sum over the dimensions that a tensor of another size would be broadcast along; of this size, itself."""
    given = tuple(size[0]) if len(size) == 1 and isinstance(size[0], (tuple, list)) else size
    return self if given == self._aval.shape else ops.sum_to_size(self, *size)
