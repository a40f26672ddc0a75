"""The rule of convolution: the windows laid out side by side (im2col), then one product of matrices."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from torchlike._programs.cold.rules import is_narrow, rule
from torchlike._programs.cold.threads import product

COLUMNS = 2**20  # elements laid out at once: windows that overlap take many times the array's memory


@rule("conv_general_dilated")
def _conv_general_dilated(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    numbers, dtype = params["dimension_numbers"], outs[0].dtype
    wide = np.dtype(np.float32) if is_narrow(dtype) else dtype
    lhs, rhs, out = (tuple(each) for each in (numbers.lhs_spec, numbers.rhs_spec, numbers.out_spec))
    back = tuple(np.argsort(out))
    groups, batch_groups = params["feature_group_count"], params["batch_group_count"]
    shape = tuple(outs[0].shape[d] for d in out)
    spread = padded_shape([ins[0].shape[d] for d in lhs[2:]], params["lhs_dilation"], params["padding"])
    steps, apart = params["window_strides"], params["rhs_dilation"]

    def convolve(x: np.ndarray, w: np.ndarray):
        x = x.transpose(lhs).astype(wide, copy=False)
        w = w.transpose(rhs).astype(wide, copy=False)
        x = padded(x, spread, params["lhs_dilation"], params["padding"])
        if batch_groups > 1:
            # groups of the batch are groups of the channels, after they changed places
            n, c = x.shape[:2]
            x = x.reshape(batch_groups, n // batch_groups, c, *spread).swapaxes(0, 1)
            x = x.reshape(n // batch_groups, batch_groups * c, *spread)
        made = _grouped(x, w, shape, steps, apart, groups * batch_groups)
        return np.ascontiguousarray(made.transpose(back)).astype(dtype, copy=False)

    return convolve


def _grouped(x: np.ndarray, w: np.ndarray, shape: tuple, steps: Any, apart: Any, groups: int):
    """(N, C, *spatial) and (O, C / groups, *kernel) to (N, O, *out)."""
    n, count, kernel, places = shape[0], w.shape[0], w.shape[2:], shape[2:]
    c = w.shape[1]
    if not math.prod(shape) or not w.size:
        return np.zeros(shape, x.dtype)
    rank = len(places)
    x = x.reshape(n, groups, c, *x.shape[2:])
    weights = w.reshape(groups, count // groups, -1).transpose(0, 2, 1)
    # (groups, N, *places, C / groups, *kernel)
    order = (1, 0, *range(3, 3 + rank), 2, *range(3 + rank, 3 + 2 * rank))
    back = (1, 0, 2 + rank, *range(2, 2 + rank))
    made = np.empty((n, groups, count // groups, *places), x.dtype)
    at_once = max(1, COLUMNS // (groups * c * math.prod(kernel) * math.prod(places)))
    for begin in range(0, n, at_once):
        some = slice(begin, min(begin + at_once, n))
        look = windows(x[some], kernel, steps, apart, places).transpose(order)
        rows = look.shape[1]
        columns = look.reshape(groups, rows * math.prod(places), c * math.prod(kernel))
        got = product(columns, weights).reshape(groups, rows, *places, count // groups)
        made[some] = got.transpose(back)
    return made.reshape(shape)


def padded_shape(sizes: Any, dilation: Any, padding: Any) -> tuple[int, ...]:
    """What the spatial sizes are with holes between the elements and with padding around them."""
    return tuple(
        max(0, low + high + ((size - 1) * apart + 1 if size else 0))
        for size, apart, (low, high) in zip(sizes, dilation, padding, strict=True)
    )


def padded(x: np.ndarray, spatial: tuple, dilation: Any, padding: Any, value: Any = 0):
    """`x` in the midst of `value`; its first axes, those before the spatial ones, stay."""
    first = x.ndim - len(spatial)
    if x.shape[first:] == spatial and not any(low for low, _ in padding):
        return x
    made = np.empty((*x.shape[:first], *spatial), x.dtype)
    made[...] = value
    there, these = [slice(None)] * first, [slice(None)] * first
    for size, new, apart, (low, _) in zip(x.shape[first:], spatial, dilation, padding, strict=True):
        skipped = -(low // apart) if low < 0 else 0
        count = max(0, min(size - skipped, -(-(new - low) // apart) - skipped))
        begin = low + skipped * apart
        there.append(slice(begin, begin + (count - 1) * apart + 1, apart) if count else slice(0, 0))
        these.append(slice(skipped, skipped + count))
    made[tuple(there)] = x[tuple(these)]
    return made


def windows(x: np.ndarray, kernel: Any, steps: Any, apart: Any, places: Any):
    """A view of (*first, *places, *kernel): the elements under the kernel at each of its places."""
    first = x.ndim - len(kernel)
    stride = x.strides[first:]
    moves = tuple(s * each for s, each in zip(stride, steps, strict=True))
    inner = tuple(s * each for s, each in zip(stride, apart, strict=True))
    return as_strided(x, (*x.shape[:first], *places, *kernel), (*x.strides[:first], *moves, *inner), writeable=False)
