"""Rules of windows that slide over an array: pooling, and its gradients."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from torchlike._programs.cold.convolution import padded, padded_shape, windows
from torchlike._programs.cold.evaluation import prepare
from torchlike._programs.cold.rules import LONG, highest, is_narrow, lowest, rule, widened


def _window(params: dict[str, Any], aval: Any) -> tuple:
    """(padded shape, dilation of the base, padding, then what `windows` takes beside the places)."""
    ones = (1,) * aval.ndim
    base, apart = params.get("base_dilation") or ones, params.get("window_dilation") or ones
    spread = padded_shape(aval.shape, base, params["padding"])
    return spread, base, params["padding"], params["window_dimensions"], params["window_strides"], apart


def _reduce_window(ufunc: np.ufunc, identity: Any):
    def make(params: dict[str, Any], ins: list[Any], outs: list[Any]):
        spread, base, padding, kernel, steps, apart = _window(params, ins[0])
        dtype, places = outs[0].dtype, outs[0].shape
        start = identity(np.dtype(np.float32) if is_narrow(dtype) else dtype)

        def slide(x: np.ndarray):
            # one axis at a time: the sizes of the window add up instead of multiplying
            x = padded(x, spread, base, padding, start)
            for axis, (size, step, gap, count) in enumerate(zip(kernel, steps, apart, places, strict=True)):
                if size > 1 or step > 1:
                    x = _along(ufunc, x, axis, size, step, gap, count)
            return x

        return widened(slide, ins, outs)

    return make


def _along(ufunc: np.ufunc, x: np.ndarray, axis: int, size: int, step: int, gap: int, count: int):
    before, got = (slice(None),) * axis, None
    if not count:
        return x[(*before, slice(0, 0))]
    for at in range(0, size * gap, gap):
        part = x[(*before, slice(at, at + (count - 1) * step + 1, step))]
        if got is None:
            got = part.copy() if size > 1 else part
        else:
            ufunc(got, part, out=got)
    return got


rule("reduce_window_sum")(_reduce_window(np.add, lambda dtype: np.zeros((), dtype)))
rule("reduce_window_max")(_reduce_window(np.maximum, lowest))
rule("reduce_window_min")(_reduce_window(np.minimum, highest))


@rule("reduce_window")
def _reduce_window_by_jaxpr(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    spread, base, padding, kernel, steps, apart = _window(params, ins[0])
    count, places = len(outs), outs[0].shape
    folded, consts = prepare(params["jaxpr"]), list(map(np.asarray, params["consts"]))
    offsets = list(np.ndindex(*kernel))
    if outs[0].size * len(offsets) * len(folded.steps) > LONG:
        return None

    def slide(*arrays: np.ndarray):
        start = list(arrays[count:])
        looks = [
            windows(padded(x, spread, base, padding, value), kernel, steps, apart, places)
            for x, value in zip(arrays[:count], start, strict=True)
        ]
        made = [np.empty(places, x.dtype) for x in arrays[:count]]
        for place in np.ndindex(*places):
            values = start
            for offset in offsets:
                values = folded.run([*consts, *values, *(np.asarray(look[(*place, *offset)]) for look in looks)])
            for into, value in zip(made, values, strict=True):
                into[place] = value
        return made

    return slide


def _chosen(x: np.ndarray, params: dict[str, Any], places: Any, picks_greatest: bool):
    """For each place the flat index, in the padded array, of its window's first extreme; and the padded shape."""
    spread, base, padding, kernel, steps, apart = _window(params, x)
    start = lowest(x.dtype) if picks_greatest else highest(x.dtype)
    inside = padded(np.ones(x.shape, bool), spread, base, padding, False)
    x = padded(x, spread, base, padding, start)
    size = math.prod(kernel)
    look = windows(x, kernel, steps, apart, places).reshape((*places, size))
    at = (np.argmax if picks_greatest else np.argmin)(look, -1)
    flat = np.arange(math.prod(spread)).reshape(spread)
    flat = windows(flat, kernel, steps, apart, places).reshape((*places, size))
    # where all elements equal the padding's value, the first of them need not be one of the array's
    real = windows(inside, kernel, steps, apart, places).reshape((*places, size))
    best = np.take_along_axis(look, at[..., None], -1)
    at = np.argmax(real & ((look == best) | (best != best) & (look != look)), -1)
    return np.take_along_axis(flat, at[..., None], -1)[..., 0], spread


def _picks_greatest(primitive: Any) -> bool:
    return primitive.name in ("ge", "gt")


@rule("select_and_scatter_add")
def _select_and_scatter_add(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    greatest, dtype, shape = _picks_greatest(params["select_prim"]), outs[0].dtype, outs[0].shape
    places, padding = ins[0].shape, params["padding"]
    back = tuple(slice(low, low + size) for size, (low, _) in zip(shape, padding, strict=True))

    def scatter(source: np.ndarray, operand: np.ndarray):
        at, spread = _chosen(operand, params, places, greatest)
        made = np.zeros(math.prod(spread), source.dtype)
        np.add.at(made, at.reshape(-1), source.reshape(-1))
        made = made.reshape(spread)
        wanted = tuple(max(s, low + size) for s, size, (low, _) in zip(spread, shape, padding, strict=True))
        if wanted != spread:
            made = np.pad(made, [(0, w - s) for w, s in zip(wanted, spread, strict=True)])
        return made[back].astype(dtype, copy=False)

    if any(low < 0 for low, _ in padding):
        return None
    return widened(scatter, ins, outs)


@rule("select_and_gather_add")
def _select_and_gather_add(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    greatest, places = _picks_greatest(params["select_prim"]), outs[0].shape

    def gather(tangents: np.ndarray, operand: np.ndarray):
        at, spread = _chosen(operand, params, places, greatest)
        ones = (1,) * operand.ndim
        tangents = padded(tangents, spread, params.get("base_dilation") or ones, params["padding"])
        return tangents.reshape(-1)[at]

    return widened(gather, ins, outs)
