"""Rules of sorting. NaN comes last, as in XLA; zeros of either sign are equal."""

from __future__ import annotations

from typing import Any

import numpy as np

from torchlike._programs.cold.rules import is_narrow, rule


def _keys(array: np.ndarray) -> np.ndarray:
    return array.astype(np.float32) if is_narrow(array.dtype) else array


@rule("sort")
def _sort(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    axis, keys, kind = params["dimension"], params["num_keys"], "stable" if params["is_stable"] else None
    if len(ins) == 1 and not is_narrow(ins[0].dtype):
        return lambda x: [np.sort(x, axis, kind)]

    def sort(*arrays: np.ndarray):
        if keys == 1:
            order = np.argsort(_keys(arrays[0]), axis, kind)
        else:
            order = np.lexsort([_keys(each) for each in reversed(arrays[:keys])], axis)
        return [np.take_along_axis(each, order, axis) for each in arrays]

    return sort


@rule("top_k")
def _top_k(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    count, index = params["k"], outs[1].dtype
    axis = params.get("axis", -1) % ins[0].ndim
    size, before = ins[0].shape[axis], (slice(None),) * axis
    back, first = (*before, slice(None, None, -1)), (*before, slice(count))

    def top(x: np.ndarray):
        # of equal ones the first comes first: sort backwards, read backwards
        order = size - 1 - np.argsort(_keys(x)[back], axis, "stable")[back][first]
        return [np.take_along_axis(x, order, axis), order.astype(index)]

    return top
