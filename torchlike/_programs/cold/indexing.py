"""Rules of reading and writing at places that are computed."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from jax.lax import GatherScatterMode

from torchlike._programs.cold.rules import LARGE, Addable, is_float, rule, widened

FEW = 256  # elements: below, working out their numbers costs more than it spares


@rule("dynamic_slice")
def _dynamic_slice(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    if len(ins) != 1 + ins[0].ndim:
        return None  # sizes that are computed
    place = _window(ins[0].shape, params["slice_sizes"])
    return lambda x, *starts: x[place(starts)]


@rule("dynamic_update_slice")
def _dynamic_update_slice(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    place = _window(ins[0].shape, ins[1].shape)

    def write(x: np.ndarray, update: np.ndarray, *starts: np.ndarray):
        x = np.array(x)
        x[place(starts)] = update
        return x

    return write


def _window(shape: tuple, sizes: tuple) -> Callable:
    """What makes starts the index of a window of these sizes, moved to lie within an array of that shape."""
    axes = [(size - count, count) for size, count in zip(shape, sizes, strict=True)]

    def place(starts: np.ndarray) -> tuple:
        begins = [min(max(int(start), 0), last) for (last, _), start in zip(axes, starts, strict=True)]
        return tuple(slice(begin, begin + size) for (_, size), begin in zip(axes, begins, strict=True))

    return place


class _Places:
    """Which elements of an array a gather reads, or a scatter writes.

    Attributes:
        shape: the array's.
        order: the array's axes, those that are indexed first; the others are taken whole.
        batch: the shape of the indices, without their last axis.
        fills: whether windows that do not lie within the array are left out, rather than moved into it.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        sizes: Any,
        starts_shape: Any,
        start_map: Any,
        array_batching: Any,
        index_batching: Any,
        fills: bool,
    ) -> None:
        self.shape, self.batch, self.fills = tuple(shape), tuple(starts_shape[:-1]), fills
        self.column = {d: at for at, d in enumerate(start_map)}
        self.last = [shape[d] - sizes[d] for d in range(len(shape))]
        indexed = [d for d in range(len(shape)) if d in start_map or d in array_batching or sizes[d] != shape[d]]
        self.indexed, self.order = indexed, (*indexed, *(d for d in range(len(shape)) if d not in indexed))
        # the indexed axes that are more than one wide add an axis each, behind those of the batch
        wide = [d for d in indexed if sizes[d] != 1]
        rank = len(self.batch)
        self.offsets = {
            d: np.arange(sizes[d]).reshape([-1 if d == each else 1 for each in wide])
            for d in indexed
            if d in wide or d not in start_map
        }
        self.trailing = (1,) * len(wide)
        self.inner = (*(sizes[d] for d in wide), *(shape[d] for d in self.order[len(indexed) :]))
        self.wide, self.fixed = wide, {}
        for d, axis in zip(array_batching, index_batching, strict=True):
            along = np.arange(shape[d]).reshape([-1 if each == axis else 1 for each in range(rank)])
            self.fixed[d] = along.reshape((*along.shape, *self.trailing))

    def find(self, starts: np.ndarray) -> tuple:
        """(an index for the array with its axes in `order`, where the windows lie within it or None for everywhere)."""
        index, inside = [], None
        for d in self.indexed:
            if d in self.fixed:
                index.append(self.fixed[d])
                continue
            if d not in self.column:
                index.append(self.offsets[d].reshape((1,) * len(self.batch) + self.offsets[d].shape))
                continue
            start, last = starts[..., self.column[d]], self.last[d]
            # a negative one is large without its sign
            if start.size and start.view(f"u{start.dtype.itemsize}").max() > last:
                if self.fills:
                    fits = (start >= 0) & (start <= last)
                    inside = fits if inside is None else inside & fits
                start = np.minimum(np.maximum(start, 0), last)
            if start.dtype.kind == "u":
                start = start.astype(np.int64)
            if self.trailing:
                start = start.reshape((*self.batch, *self.trailing))
            index.append(start + self.offsets[d] if d in self.offsets else start)
        return tuple(index), inside


@rule("gather")
def _gather(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    numbers, sizes, shape = params["dimension_numbers"], params["slice_sizes"], ins[0].shape
    mode, dtype = params["mode"], outs[0].dtype
    gone = {*numbers.collapsed_slice_dims, *numbers.operand_batching_dims}
    batching = numbers.operand_batching_dims, numbers.start_indices_batching_dims
    fills = mode == GatherScatterMode.FILL_OR_DROP
    places = _Places(shape, sizes, ins[1].shape, numbers.start_index_map, *batching, fills)
    if mode == GatherScatterMode.ONE_HOT or (places.batch and not places.indexed):
        return None
    if 0 in outs[0].shape or 0 in shape:
        return lambda x, starts: np.full(outs[0].shape, _fill_value(params, dtype), dtype)
    # what comes out: the batch, the wide indexed axes, the whole axes; collapsed whole axes are of size 1
    rank, produced = len(places.batch), [*places.wide, *places.order[len(places.indexed) :]]
    produced_shape = (*places.batch, *(sizes[d] for d in produced if d not in gone))
    final = [d for d in range(len(shape)) if d not in gone]
    # an indexed axis of size 1 that is not collapsed comes back as an axis of size 1
    ones = [d for d in final if d not in produced]
    source = {d: rank + at for at, d in enumerate([*(d for d in produced if d not in gone), *ones])}
    expanded = (*produced_shape, *(1 for _ in ones))
    batch_axes, order = iter(range(rank)), []
    offsets = dict(zip(numbers.offset_dims, final, strict=True))
    for axis in range(len(outs[0].shape)):
        order.append(source[offsets[axis]] if axis in offsets else next(batch_axes))
    order = tuple(order)
    stays, moved = order == tuple(range(len(order))), places.order != tuple(range(len(shape)))
    fill = _fill_value(params, dtype)

    def read(x: np.ndarray, starts: np.ndarray):
        index, inside = places.find(starts)
        got = (x.transpose(places.order) if moved else x)[index]
        if inside is not None:
            got = np.where(inside.reshape((*places.batch, *(1,) * (got.ndim - rank))), got, fill)
        got = got.reshape(expanded)
        return got if stays else got.transpose(order)

    return read


def _fill_value(params: dict[str, Any], dtype: np.dtype):
    """What a gather reads outside of the array: NaN, the least signed or the greatest unsigned integer, or True."""
    value = params.get("fill_value")
    if value is None:
        if is_float(dtype) or dtype.kind == "c":
            value = np.nan
        elif dtype.kind == "b":
            value = True
        else:
            value = np.iinfo(dtype).min if dtype.kind == "i" else np.iinfo(dtype).max
    return np.array(value).astype(dtype)


def _scatter(how: np.ufunc | None) -> Callable:
    """A rule for a scatter that combines by `how`, or overwrites."""

    def make(params: dict[str, Any], ins: list[Any], outs: list[Any]):
        numbers, shape = params["dimension_numbers"], ins[0].shape
        jaxpr = params["update_jaxpr"]
        if how is None and jaxpr is not None and (jaxpr.eqns or jaxpr.outvars[0] is not jaxpr.invars[1]):
            return None  # a function of its own is applied
        gone = {*numbers.inserted_window_dims, *numbers.operand_batching_dims}
        window = [d for d in range(len(shape)) if d not in gone]
        sizes = [1] * len(shape)
        for d, axis in zip(window, numbers.update_window_dims, strict=True):
            sizes[d] = ins[2].shape[axis]
        batching = numbers.operand_batching_dims, numbers.scatter_indices_batching_dims
        drops = params["mode"] != GatherScatterMode.CLIP
        places = _Places(shape, sizes, ins[1].shape, numbers.scatter_dims_to_operand_dims, *batching, drops)
        if 0 in ins[2].shape or 0 in shape:
            return lambda x, starts, updates: x
        # the updates' axes: the batch, then the wide indexed axes, the whole ones, and those of size 1
        axis_of = dict(zip(window, numbers.update_window_dims, strict=True))
        produced = [d for d in (*places.wide, *places.order[len(places.indexed) :]) if d in axis_of]
        batch_axes = [a for a in range(len(ins[2].shape)) if a not in numbers.update_window_dims]
        rest = [axis_of[d] for d in window if d not in produced]
        order = (*batch_axes, *(axis_of[d] for d in produced), *rest)
        if places.batch and not places.indexed:
            return None
        alone = params["unique_indices"] or math.prod(places.batch) == 1
        return widened(_writer(how, alone, places, order, (*places.batch, *places.inner)), ins, outs)

    return make


def _writer(how: np.ufunc | None, alone: bool, places: _Places, order: tuple, shape: tuple) -> Callable:
    rank = len(places.batch)
    number = _numbers(places) if math.prod(shape) > FEW else None

    def put(made: np.ndarray, starts: np.ndarray, updates: np.ndarray):
        index, inside = places.find(starts)
        updates = updates.transpose(order).reshape(shape)
        if inside is not None:
            index = tuple(np.broadcast_to(each, (*places.batch, *each.shape[rank:]))[inside] for each in index)
            updates = updates[inside]
        view = made.transpose(places.order)
        if how is None:
            view[index] = updates
        elif alone:
            view[index] = how(view[index], updates)
        elif number is None:
            how.at(view, index, updates)
        else:
            how.at(made.reshape(-1), number(index, updates.shape), updates.reshape(-1))

    def write(x: np.ndarray, starts: np.ndarray, updates: np.ndarray):
        made = np.array(x, order="C")
        put(made, starts, updates)
        return made

    def take(x: np.ndarray, starts: np.ndarray, updates: np.ndarray) -> tuple:
        return (starts, updates) if _is_blank(x) else (starts, updates, x)

    def total(terms: list):
        made = np.zeros(places.shape, terms[0][1].dtype)
        for starts, updates, *rest in terms:
            for x in rest:
                made += x
            put(made, starts, updates)
        return made

    size = math.prod(places.shape)
    return Addable(take, total, size) if how is np.add and size > LARGE else write


def _is_blank(x: np.ndarray) -> bool:
    """Whether it is nothing but one zero, seen many times."""
    return x.size > 1 and not any(x.strides) and not x[(0,) * x.ndim]


def _numbers(places: _Places) -> Callable:
    """What makes an index of `places` that of the flat array, through which NumPy goes five times as fast."""
    steps = [math.prod(places.shape[d + 1 :]) for d in range(len(places.shape))]
    whole = places.order[len(places.indexed) :]
    spread = np.ix_(*(np.arange(places.shape[d]) * steps[d] for d in whole))
    rest = np.asarray(sum(spread)).reshape(-1)

    def number(index: tuple, shape: tuple):
        first = sum(each * np.intp(steps[d]) for d, each in zip(places.indexed, index, strict=True))
        rows = np.broadcast_to(first, shape[: len(shape) - len(whole)])
        return (rows[..., None] + rest).reshape(-1)

    return number


rule("scatter")(_scatter(None))
rule("scatter-add")(_scatter(np.add))
rule("scatter-sub")(_scatter(np.subtract))
rule("scatter-mul")(_scatter(np.multiply))
rule("scatter-max")(_scatter(np.maximum))
rule("scatter-min")(_scatter(np.minimum))
