"""Indexing by integers, slices and None: views.

An index is a pattern with an entry for each dimension, in order; the parser has made everything non-negative:

================== =====================================================================
``FULL``           the whole dimension
``(s, n, step)``   n elements from s on, `step` apart
``(AT, n, step)``  the same from the next number on
``k``              element k; the dimension goes
``AT``             the element at the next number; the dimension goes
``None``           a new dimension of size 1
================== =====================================================================

Positions are numbers (`AT`) where they vary too much to have a program for each.
"""

from __future__ import annotations

import warnings

import jax.numpy as jnp
from jax import lax

from torchlike._declaration import Slot
from torchlike._dispatch import op
from torchlike._ops._promote import Array, ArrayLike, Number, as_dtype, check_expands
from torchlike._ops._values import out_of_bounds, within
from torchlike._programs.aval import Aval
from torchlike._recorder.checks import Check
from torchlike._recorder.view import Layout, Step

FULL, AT = ":", "at"
MOST_NUMBERS = 8


def resolved(shape: tuple[int, ...], pattern: tuple, numbers: tuple) -> tuple[list, list, list, list]:
    """(starts, sizes, steps, shape of the result) of an index; numbers as they are."""
    positions = iter([each for each in numbers if each is not None])
    starts, sizes, steps, result = [], [], [], []
    dims = iter(shape)
    for entry in pattern:
        if entry is None:
            result.append(1)
            continue
        length = next(dims)
        if type(entry) is int or entry == AT:
            start, size, step = (next(positions) if entry == AT else entry), 1, 1
        else:
            if entry == FULL:
                start, size, step = 0, length, 1
            else:
                start, size, step = entry
                start = next(positions) if start == AT else start
            result.append(size)
        starts.append(start)
        sizes.append(size)
        steps.append(step)
    rest = list(dims)
    return starts + [0] * len(rest), sizes + rest, steps + [1] * len(rest), result + rest


def _host(number) -> int:
    """A position as a Python number: it may be a value of the recorder."""
    return number if isinstance(number, int) else int(number.numpy())


def _layout(layout: Layout, pattern: tuple, *numbers) -> Layout:
    starts, sizes, steps, shape = resolved(layout.shape, pattern, numbers)
    offset, strides, place = layout.offset, [], 0
    for start, size, stride in zip(starts, layout.shape, layout.strides, strict=True):
        start = _host(start)
        offset += (start + size if start < 0 else start) * stride
    for entry in (*pattern, *[FULL] * (len(layout.shape) - sum(each is not None for each in pattern))):
        if entry is None:  # as if made before what is to its right is indexed
            strides.append(layout.shape[place] * layout.strides[place] if place < len(layout.shape) else 1)
            continue
        if type(entry) is not int and entry != AT:
            strides.append(layout.strides[place] * steps[place])
        place += 1
    return Layout(tuple(shape), tuple(strides), offset)


def _ends(starts: list, sizes: list, steps: list) -> list:
    return [
        start + max((size - 1) * step + 1, 0) if size else start
        for start, size, step in zip(starts, sizes, steps, strict=True)
    ]


def _read(input: Array, pattern: tuple, numbers: tuple) -> Array:
    starts, sizes, steps, shape = resolved(input.shape, pattern, numbers)
    if all(type(each) is int for each in starts):
        return lax.slice(input, starts, _ends(starts, sizes, steps), steps).reshape(shape)
    return _stepped(lax.dynamic_slice(input, _positions(starts), _spans(sizes, steps)), steps).reshape(shape)


def _positions(starts: list) -> list:
    return [jnp.asarray(each, jnp.int64) for each in starts]


def _spans(sizes: list, steps: list) -> list[int]:
    return [(size - 1) * step + 1 if size else 0 for size, step in zip(sizes, steps, strict=True)]


def _stepped(array: Array, steps: list) -> Array:
    return array if set(steps) <= {1} else lax.slice(array, [0] * array.ndim, array.shape, steps)


def _write(new: Array, viewed: Array, pattern: tuple, *numbers) -> Array:
    """`viewed` with `new` at the index."""
    starts, sizes, steps, _ = resolved(viewed.shape, pattern, numbers)
    if not new.size:
        return viewed
    if new.size == viewed.size:
        return new.reshape(viewed.shape)
    new = new.reshape(sizes)
    if not set(steps) <= {1}:
        # the gaps between the steps keep what was there
        spans = _spans(sizes, steps)
        known = lax.dynamic_slice(viewed, _positions(starts), spans)
        spread = lax.pad(new, jnp.zeros((), new.dtype), [(0, 0, step - 1) for step in steps])
        mine = jnp.ones((), bool)
        for dim, step in enumerate(steps):
            if step > 1:
                mine = mine & (lax.broadcasted_iota(jnp.int32, spans, dim) % step == 0)
        new = jnp.where(mine, spread, known)
    return lax.dynamic_update_slice(viewed, new, _positions(starts))


def _positions_within(input, pattern, *numbers) -> list[Check]:
    """Positions that are tensors, and so were not looked at when the index was read, must lie within their dimension."""
    found, positions = [], iter(numbers)
    sizes = iter(enumerate(input.shape))
    for entry in pattern:
        dim, size = next(sizes) if entry is not None else (0, 0)
        if entry == AT or (type(entry) is tuple and entry[0] == AT):
            number = next(positions)
            if not number.weak_type:
                found.append(within(number, size, out_of_bounds(dim, size), negative=True))
    return found


def _merged(earlier: Step, later: Step) -> Step | None:
    """A slice of a slice as one; other indices have their own specs, and together too many."""
    calls = [each.get.call for each in (earlier, later)]
    if calls[0] is None or earlier.get.extra.merge is not _merged:
        return None
    patterns = [each.arguments["pattern"] for each in calls]
    if not all([type(each) is tuple or each == FULL for pattern in patterns for each in pattern]):
        return None
    numbers = earlier.numbers + later.numbers
    if not all([type(each) is int for each in numbers]) or len(numbers) > MOST_NUMBERS:
        return None
    viewed = earlier.get.inputs[0]
    starts, sizes, steps, _ = resolved(viewed.shape, patterns[0], earlier.numbers)
    further, kept, strides, _ = resolved(tuple(sizes), patterns[1], later.numbers)
    merged, positions = [], []
    for dim, (start, size, step) in enumerate(zip(starts, kept, steps, strict=True)):
        start, step = start + further[dim] * step, step * strides[dim]
        if step == 1 and AT in [pattern[dim][0] for pattern in patterns if dim < len(pattern)]:
            merged.append((AT, size))
            positions.append(start)
        else:
            merged.append((start, size, step) if size != viewed.shape[dim] or step != 1 else FULL)
    return index_step(viewed, tuple(merged), tuple(positions))


@op(view=_layout, write=_write, merge=_merged, promised=True, exact=True, name="select", check=_positions_within)
def select_view(
    input: Array,
    pattern: tuple,
    a: Number = None,
    b: Number = None,
    c: Number = None,
    d: Number = None,
    e: Number = None,
    f: Number = None,
    g: Number = None,
    h: Number = None,
) -> Array:
    """The elements at an index whose last part is an integer."""
    return _read(input, pattern, (a, b, c, d, e, f, g, h))


def _last(call) -> str:
    """What PyTorch does last for an index that does not end with an integer."""
    done = [entry for entry in call["pattern"] if entry != FULL]
    if not done:
        return "SliceBackward0"
    if done[-1] is None:
        return "UnsqueezeBackward0"
    return "SelectBackward0" if type(done[-1]) is int or done[-1] == AT else "SliceBackward0"


@op(
    view=_layout,
    write=_write,
    merge=_merged,
    promised=True,
    exact=True,
    name="slice",
    grad_name=_last,
    check=_positions_within,
)
def slice_view(
    input: Array,
    pattern: tuple,
    a: Number = None,
    b: Number = None,
    c: Number = None,
    d: Number = None,
    e: Number = None,
    f: Number = None,
    g: Number = None,
    h: Number = None,
) -> Array:
    """The elements at an index whose last part is a slice or None."""
    return _read(input, pattern, (a, b, c, d, e, f, g, h))


@op(view=_layout, write=_write, merge=_merged, promised=True, name="alias")
def alias_view(input: Array, pattern: tuple) -> Array:
    """All elements, at an index that chooses none: ``...``, or several whole slices."""
    return input


def index_step(known: Aval, pattern: tuple, numbers: tuple = ()) -> Step:
    """The step of a view that reads an index, found without recording it."""
    declared, kinds = slice_view.op, tuple(map(type, numbers))
    key = (known, pattern, *kinds)
    spec = declared.specs[key]
    if spec is None:
        slots = [Slot(1 + place) for place in range(len(kinds))]
        spec = declared.specs[key] = declared.spec_of((known, *kinds), (Slot(0), pattern, *slots), {})
    return Step(spec, numbers)


def _put(call) -> str:
    """What PyTorch does to assign: of the whole it makes no slice."""
    if any(entry != FULL for entry in call["pattern"]):
        return "CopySlices"
    return "CopyBackwards" if getattr(call["value"], "ndim", 0) or not call["input"].ndim else "FillBackward3"


@op(
    shares="inputs",
    grad_name=_put,
    exact=True,
    name="copy",
    check=lambda input, value, pattern, *numbers: _positions_within(input, pattern, *numbers),
)
def put_slices(
    input: Array,
    value: ArrayLike,
    pattern: tuple,
    a: Number = None,
    b: Number = None,
    c: Number = None,
    d: Number = None,
    e: Number = None,
    f: Number = None,
    g: Number = None,
    h: Number = None,
) -> Array:
    """`input` with `value`, broadcast and cast, at the index."""
    numbers = a, b, c, d, e, f, g, h
    shape = resolved(input.shape, pattern, numbers)[3]
    return _write(fitted(value, tuple(shape), input.dtype), input, pattern, *numbers)


def fitted(value: Array, shape: tuple[int, ...], dtype) -> Array:
    """A value that is assigned, in the shape and dtype of its place.

    Raises:
        RuntimeError: its shape does not broadcast to the place's.
    """
    value = jnp.asarray(value)
    while value.ndim > len(shape) and value.shape[0] == 1:
        value = value[0]
    check_expands(value.shape, shape, value.dtype)
    if jnp.iscomplexobj(value) and not jnp.issubdtype(dtype, jnp.complexfloating):
        warnings.warn("Casting complex values to real discards the imaginary part", UserWarning, stacklevel=2)
    return jnp.broadcast_to(as_dtype(value, dtype), shape)
