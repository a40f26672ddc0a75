"""Rules of reductions over whole axes, of the running ones, and of the places of extremes."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from torchlike._programs.cold.evaluation import prepare
from torchlike._programs.cold.rules import LONG, highest, is_narrow, lowest, rule, widened


def _wide(dtype: np.dtype) -> np.dtype:
    return np.dtype(np.float32) if is_narrow(dtype) else dtype


def _accumulate(ufunc: np.ufunc):
    def make(params: dict[str, Any], ins: list[Any], outs: list[Any]):
        axes, dtype = tuple(params["axes"]), _wide(outs[0].dtype)
        return widened(lambda x: ufunc.reduce(x, axes, dtype), ins, outs)

    return make


# elements in a row, and rows: there NumPy's extremes along a last axis take thrice those of columns
SHORT, MANY = 64, 64
FEW = 256  # elements: below, one call of NumPy is what counts
LONG_ROW = 1024  # elements whose sum is better left to NumPy, which sums by halves


@rule("reduce_sum", shapeless=True)
def _reduce_sum(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    """Along the last axes, as a product with ones: a tenth of the time that NumPy takes for short rows."""
    add, axes, dtype = _accumulate(np.add)(params, ins, outs), params["axes"], outs[0].dtype
    kept = ins[0].ndim - len(axes)
    if not axes or tuple(sorted(axes)) != tuple(range(kept, ins[0].ndim)) or not kept or dtype.char not in "fd":
        return add

    def total(x: np.ndarray):
        if x.size <= FEW or not x.flags.c_contiguous:
            return add(x)
        count = math.prod(x.shape[kept:])
        if count > LONG_ROW:
            return add(x)
        return np.matmul(x.reshape(-1, count), _ones(count, dtype)).reshape(x.shape[:kept])

    return total


@cache
def _ones(count: int, dtype: np.dtype):
    return np.ones(count, dtype)


rule("reduce_prod", shapeless=True)(_accumulate(np.multiply))


def _reduce(ufunc: np.ufunc, identity: Any):
    def make(params: dict[str, Any], ins: list[Any], outs: list[Any]):
        axes, dtype = tuple(params["axes"]), outs[0].dtype
        if not math.prod(ins[0].shape):
            start = identity(_wide(dtype))
            return widened(lambda x: ufunc.reduce(x, axes, initial=start), ins, outs)
        if axes == (ins[0].ndim - 1,) and ins[0].shape[-1] < SHORT and outs[0].size > MANY:
            return widened(lambda x: ufunc.reduce(np.moveaxis(x, -1, 0).copy(), 0), ins, outs)
        return widened(lambda x: ufunc.reduce(x, axes), ins, outs)

    return make


rule("reduce_max")(_reduce(np.maximum, lowest))
rule("reduce_min")(_reduce(np.minimum, highest))
rule("reduce_or")(lambda params, ins, outs: lambda x: np.bitwise_or.reduce(x, tuple(params["axes"])))
rule("reduce_and")(lambda params, ins, outs: lambda x: np.bitwise_and.reduce(x, tuple(params["axes"])))
rule("reduce_xor")(lambda params, ins, outs: lambda x: np.bitwise_xor.reduce(x, tuple(params["axes"])))


@rule("reduce")
def _reduce_by_jaxpr(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    """Elements are folded in one by one; the function is on scalars, so a result of many is gone through, too."""
    axes, count, closed = tuple(params["dimensions"]), len(outs), params["jaxpr"]
    folded, consts = prepare(closed.jaxpr), list(map(np.asarray, closed.consts))
    if ins[0].size * len(folded.steps) > LONG:
        return None
    stay = tuple(d for d in range(ins[0].ndim) if d not in axes)
    rows, shape = math.prod(outs[0].shape), outs[0].shape

    def fold(*arrays: np.ndarray):
        given = [x.transpose(*stay, *axes).reshape(rows, -1) for x in arrays[:count]]
        made = [np.empty(rows, x.dtype) for x in given]
        for row in range(rows):
            values = list(arrays[count:])
            for each in zip(*(x[row] for x in given), strict=True):
                values = folded.run([*consts, *values, *map(np.asarray, each)])
            for into, value in zip(made, values, strict=True):
                into[row] = value
        return [each.reshape(shape) for each in made]

    return fold


def _cumulative(fn: Callable[..., Any]):
    def make(params: dict[str, Any], ins: list[Any], outs: list[Any]):
        axis, dtype = params["axis"], _wide(outs[0].dtype)
        if fn is np.logaddexp.accumulate and dtype.kind == "c":
            return None
        if not params["reverse"]:
            return widened(lambda x: fn(x, axis, dtype), ins, outs)
        back = (*(slice(None),) * axis, slice(None, None, -1))
        return widened(lambda x: fn(x[back], axis, dtype)[back], ins, outs)

    return make


rule("cumsum")(_cumulative(np.add.accumulate))
rule("cumprod")(_cumulative(np.multiply.accumulate))
rule("cummax")(_cumulative(np.maximum.accumulate))
rule("cummin")(_cumulative(np.minimum.accumulate))
rule("cumlogsumexp")(_cumulative(np.logaddexp.accumulate))


def _arg_extreme(fn: Callable[..., Any]):
    def make(params: dict[str, Any], ins: list[Any], outs: list[Any]):
        (axis,), dtype, narrow = params["axes"], outs[0].dtype, is_narrow(ins[0].dtype)
        return lambda x: fn(x.astype(np.float32) if narrow else x, axis).astype(dtype)

    return make


rule("argmax")(_arg_extreme(np.argmax))
rule("argmin")(_arg_extreme(np.argmin))
