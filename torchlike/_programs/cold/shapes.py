"""Rules of what rearranges elements, or makes them from nothing."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from torchlike._programs.cold.rules import LARGE, rule


@rule("broadcast_in_dim")
def _broadcast_in_dim(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    if len(ins) > 1:
        return None  # a shape that is computed
    shape, dims, old = outs[0].shape, params["broadcast_dimensions"], ins[0].shape
    spread = [1] * len(shape)
    for size, dim in zip(old, dims, strict=True):
        spread[dim] = size
    spread = tuple(spread)
    if spread == shape:
        return lambda x: x.reshape(shape)
    if math.prod(shape) > LARGE:  # below, the view without strides costs more than it spares
        return lambda x: np.broadcast_to(x.reshape(spread), shape)
    dtype = outs[0].dtype

    def fill(x: np.ndarray):
        made = np.empty(shape, dtype)
        made[...] = x.reshape(spread)
        return made

    return fill


@rule("reshape")
def _reshape(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    shape, order = outs[0].shape, params.get("dimensions")
    if len(ins) > 1:
        return None
    return (lambda x: x.reshape(shape)) if order is None else (lambda x: x.transpose(order).reshape(shape))


@rule("squeeze")
def _squeeze(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    shape = outs[0].shape
    return lambda x: x.reshape(shape)


@rule("transpose", shapeless=True)
def _transpose(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    order = params["permutation"]
    return lambda x: x.transpose(order)


@rule("rev")
def _rev(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    index = tuple(slice(None, None, -1 if d in params["dimensions"] else None) for d in range(ins[0].ndim))
    return lambda x: x[index]


@rule("slice")
def _slice(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    steps = params["strides"] or (1,) * ins[0].ndim
    index = tuple(map(slice, params["start_indices"], params["limit_indices"], steps))
    return lambda x: x[index]


@rule("split")
def _split(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    axis, ends = params["axis"], np.cumsum(params["sizes"]).tolist()
    before = (slice(None),) * axis
    pieces = [(*before, slice(begin, end)) for begin, end in zip([0, *ends], ends, strict=False)]
    return lambda x: [x[each] for each in pieces]


@rule("concatenate")
def _concatenate(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    axis = params["dimension"]
    return lambda *arrays: np.concatenate(arrays, axis)


@rule("stack")
def _stack(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    axis, shape = params["axis"], list(outs[0].shape)
    shape[axis] = 1
    if len(ins) == 1:
        return lambda x: x.reshape(shape)
    return lambda *arrays: np.concatenate([x.reshape(shape) for x in arrays], axis)


@rule("unstack")
def _unstack(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    axis = params["axis"]
    before = (slice(None),) * axis
    return lambda x: [x[(*before, at)] for at in range(x.shape[axis])]


@rule("tile")
def _tile(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    counts = tuple(params["reps"])
    return lambda x: np.tile(x, counts)


@rule("pad")
def _pad(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    shape, dtype, old = outs[0].shape, outs[0].dtype, ins[0].shape
    # where the elements go, and which of them: negative padding cuts elements away
    there, these = [], []
    for size, new, (low, _, inner) in zip(old, shape, params["padding_config"], strict=True):
        step = inner + 1
        first = max(0, -(low // step)) if low < 0 else 0
        last = min(size, -(-(new - low) // step)) if new > low else 0
        count = max(0, last - first)
        begin = low + first * step
        there.append(slice(begin, begin + (count - 1) * step + 1, step) if count else slice(0, 0))
        these.append(slice(first, first + count))
    there, these = tuple(there), tuple(these)
    whole = all(each == slice(0, size) for each, size in zip(these, old, strict=True))

    def pad(x: np.ndarray, value: np.ndarray):
        made = np.empty(shape, dtype)
        made[...] = value
        made[there] = x if whole else x[these]
        return made

    return pad


@rule("iota")
def _iota(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    if ins:
        return None
    shape, dtype, dim = outs[0].shape, outs[0].dtype, params["dimension"]
    spread = tuple(size if d == dim else 1 for d, size in enumerate(shape))
    return lambda: np.broadcast_to(np.arange(shape[dim]).astype(dtype).reshape(spread), shape)


@rule("empty", "empty2")
def _empty(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    shape, dtype = outs[0].shape, outs[0].dtype
    return lambda: np.zeros(shape, dtype)
