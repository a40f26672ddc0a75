"""The distinct elements, how often they occur, and where they lie among sorted ones."""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np

from torchlike import _strides as strides
from torchlike._autograd.variable import TensorBase
from torchlike._function import function
from torchlike._functions import making
from torchlike._ops import reductions as ops
from torchlike._ops import sorting
from torchlike._ops._promote import existing_dim
from torchlike._out import OutRule, stored
from torchlike._signatures import refuse
from torchlike._types import dtypes

if TYPE_CHECKING:
    from torchlike.tensor import Tensor


@overload
def unique(
    input: Tensor,
    sorted: bool = True,
    return_inverse: Literal[False] = False,
    return_counts: Literal[False] = False,
    dim: int | None = None,
) -> Tensor: ...
@overload
def unique(
    input: Tensor,
    sorted: bool = True,
    *,
    return_inverse: Literal[True],
    return_counts: Literal[False] = False,
    dim: int | None = None,
) -> tuple[Tensor, Tensor]: ...
@overload
def unique(
    input: Tensor,
    sorted: bool = True,
    return_inverse: Literal[False] = False,
    *,
    return_counts: Literal[True],
    dim: int | None = None,
) -> tuple[Tensor, Tensor]: ...
@overload
def unique(
    input: Tensor,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any: ...
@function
def unique(
    input: Tensor,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:
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
    if dim is not None:
        refuse("torch._VF.unique_dim", (input, dim, sorted, return_inverse, return_counts), {})
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
    if dim is not None:
        existing_dim(dim, input._aval.ndim)
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


@overload
def unique_consecutive(
    input: Tensor,
    return_inverse: Literal[False] = False,
    return_counts: Literal[False] = False,
    dim: int | None = None,
) -> Tensor: ...
@overload
def unique_consecutive(
    input: Tensor,
    *,
    return_inverse: Literal[True],
    return_counts: Literal[False] = False,
    dim: int | None = None,
) -> tuple[Tensor, Tensor]: ...
@overload
def unique_consecutive(
    input: Tensor,
    return_inverse: Literal[False] = False,
    *,
    return_counts: Literal[True],
    dim: int | None = None,
) -> tuple[Tensor, Tensor]: ...
@overload
def unique_consecutive(
    input: Tensor,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any: ...
@function
def unique_consecutive(
    input: Tensor, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
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
        input = making.tensor(input)
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
