"""Views: where a tensor's elements lie in its storage, and the steps that read them from there and write them back.

A view is a place in memory (`Place`), fixed when it is made: whatever becomes of the tensor that it was made of, its
elements lie where they lay. It is reached by a chain of steps, cheap ones as long as the chain is short; a long chain, or
the way between two places of which none is part of the other, is one step that goes by the place alone (`direct`).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from torchlike._programs.aval import Aval, aval
from torchlike._programs.cache import remembered
from torchlike._programs.spec import Spec
from torchlike._recorder import memory
from torchlike._types.dtypes import dtype


class Layout(NamedTuple):
    """How elements lie in memory: shape, strides and offset, counted in elements."""

    shape: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int = 0

    @classmethod
    def contiguous(cls, shape: tuple[int, ...]) -> Layout:
        """The layout in which the last dimension's elements are neighbours."""
        strides, step = [], 1
        for size in reversed(shape):
            strides.append(step)
            step *= max(size, 1)
        return cls(tuple(shape), tuple(reversed(strides)))

    @property
    def is_contiguous(self) -> bool:
        """Whether the elements are neighbours in order; strides of dimensions of size 1 do not matter."""
        if 0 in self.shape:
            return True
        step = 1
        for size, stride in zip(reversed(self.shape), reversed(self.strides), strict=True):
            if size != 1:
                if stride != step:
                    return False
                step *= size
        return True

    @property
    def overlaps(self) -> bool:
        """Whether two elements share a place, as after `expand` or an `unfold` with overlapping windows."""
        return _overlaps(self)

    @property
    def repeats(self) -> bool:
        """Whether a dimension repeats its elements: of all overlaps PyTorch looks for this one."""
        return 0 not in self.shape and any(
            [not step and size > 1 for size, step in zip(self.shape, self.strides, strict=True)]
        )

    @property
    def is_dense(self) -> bool:
        """Whether the elements fill their memory, in whatever order, none twice."""
        return self.order is not None

    @property
    def order(self) -> tuple[int, ...] | None:
        """The dimensions from the outermost in memory inwards; None unless the elements fill their memory."""
        order = sorted(range(len(self.shape)), key=lambda dim: (-self.strides[dim], -self.shape[dim]))
        step = 1
        for dim in reversed(order):
            if self.shape[dim] != 1:
                if self.strides[dim] != step:
                    return None
                step *= self.shape[dim]
        return tuple(order)

    @property
    def end(self) -> int:
        """How many elements of memory reach to the last one."""
        if 0 in self.shape:
            return self.offset
        return self.offset + sum([(size - 1) * step for size, step in zip(self.shape, self.strides, strict=True)]) + 1

    def places(self) -> np.ndarray:
        """The place of each element in memory, an int64 array of this shape."""
        at = np.full(self.shape, self.offset, np.int64)
        for dim, (size, stride) in enumerate(zip(self.shape, self.strides, strict=True)):
            at += (np.arange(size) * stride).reshape([-1] + [1] * (len(self.shape) - dim - 1))
        return at


@remembered
def _overlaps(layout: Layout) -> bool:
    reach = 0
    for stride, size in sorted(zip(layout.strides, layout.shape, strict=True)):
        if size > 1:
            if stride <= reach:
                places = layout.places().ravel()
                return np.unique(places).size < places.size
            reach += stride * (size - 1)
    return False


class ViewRule(NamedTuple):
    """What a view operation is beside its reading, its static arguments bound.

    Attributes:
        layout: (layout of what is viewed, *Python numbers) to the layout of the view.
        write: (viewed array, new view, *numbers) to the viewed array with the new view in it; None to derive it.
        sign: ((conjugated, negated) of what is viewed) to the same of the view; None if it is that.
        careful: whether its writing knows which of several elements in one place counts.
        merge: (the step before, this step) to one step for both, or None.
    """

    layout: Callable
    write: Callable | None = None
    sign: Callable | None = None
    careful: bool = False
    merge: Callable | None = None


class Step(NamedTuple):
    """One view operation on known shapes; `get.extra` is its `ViewRule`.

    Attributes:
        get: the operation, from the viewed array (and its Python numbers) to the view.
        numbers: the Python numbers.
    """

    get: Spec
    numbers: tuple = ()

    def put(self, new: Aval) -> Spec:
        """The operation that writes `new` through this view."""
        spec = self.get.derivatives.get("put")
        if spec is None:
            fn = self.get.extra.write or _written(self.get)
            viewed = self.get.inputs[0]
            spec = Spec.promised(self.get.name + "_put", fn, (viewed, new, *self.get.inputs[1:]), viewed)
            spec.grad_name = "CopySlices"
            self.get.derivatives["put"] = spec
        return spec

    @property
    def repeats(self) -> bool:
        """Whether it shows an element several times: a writing by this step alone could not tell which one counts."""
        return _repeats(self.get) and not self.numbers


step_of = functools.partial(tuple.__new__, Step)  # `Step` of a tuple, in half the time


@remembered
def _repeats(get: Spec) -> bool:
    viewed = get.inputs[0]
    return len(get.inputs) == 1 and get.extra.layout(Layout.contiguous(viewed.shape)).overlaps


def _written(get: Spec) -> Callable:
    """The writing that belongs to any view that only chooses and orders elements: read places, write there."""

    def write(viewed: Any, new: Any, *numbers: Any):
        places = get.fn(jnp.arange(viewed.size).reshape(viewed.shape), *numbers)
        return viewed.ravel().at[places.ravel()].set(new.ravel()).reshape(viewed.shape)

    return write


class Place(NamedTuple):
    """Where in memory a tensor's elements lie, and how they are read there.

    Attributes:
        layout: in elements of `dtype`.
        conjugated, negated: whether each is the conjugate, or the negative, of what lies there.
    """

    layout: Layout
    dtype: dtype
    conjugated: bool = False
    negated: bool = False

    @classmethod
    def whole(cls, known: Aval) -> Place:
        """All of a storage's elements, in order."""
        return cls(Layout.contiguous(known.shape), known.dtype)

    def cuts(self, other: Place) -> bool:
        """Whether the memory of both is the same in part, as far as PyTorch looks for that: both without gaps."""
        one, two = self.layout, other.layout
        if not (one.is_dense and two.is_dense and 0 not in one.shape and 0 not in two.shape):
            return False
        (begin, end), (first, last) = [
            (each.layout.offset * each.dtype.itemsize, each.layout.end * each.dtype.itemsize) for each in (self, other)
        ]
        return one.strides != two.strides if (begin, end) == (first, last) else begin < last and first < end

    def signed(self, array: Any):
        """Elements as they lie there from elements as they are read, and the other way round."""
        array = jnp.conj(array) if self.conjugated else array
        return -array if self.negated else array


_MOST_STEPS = 4  # of a chain that is walked step by step
_WIDEST = 16  # bytes: every dtype's size divides it


class View:
    """Where a tensor's elements lie in its storage, as the view operations that lead there from the storage's value.

    Attributes:
        steps: the operations; none where it shows all of the storage's elements.
        origin: where these lie in memory, unless in order.
    """

    __slots__ = ("steps", "origin", "_place")

    def __init__(self, steps: tuple[Step, ...], origin: Place | None = None) -> None:
        self.steps, self.origin = steps, origin
        self._place: Place | None = None

    @property
    def place(self) -> Place:
        """The place of the elements, worked out when first asked for."""
        if self._place is None:
            find = _place_of if self.is_known else _place_of.__wrapped__
            self._place = find(self.steps, self.origin)
        return self._place

    @property
    def layout(self) -> Layout:
        """Shape, strides and offset."""
        return self.place.layout

    @property
    def kind(self):
        """What its strides follow from: numbers move its first element alone, and may still have to be computed."""
        steps = self.steps
        if not steps:
            return self
        return steps[0].get if len(steps) == 1 and self.origin is None else self.strides

    @property
    def strides(self) -> tuple[int, ...]:
        """The strides, whether or not the place is known."""
        return _strides_of(tuple([step.get for step in self.steps]), self.origin)

    @property
    def sign(self) -> tuple[bool, bool]:
        """Whether the elements are conjugates, and whether they are negatives, of what lies there."""
        return _sign_of(self.steps)

    @property
    def is_known(self) -> bool:
        """Whether it depends on no value that is still to be computed."""
        return all([type(each) is int for step in self.steps for each in step.numbers])

    @property
    def repeats(self) -> bool:
        """Whether two of its elements may share a place."""
        return any([step.repeats for step in self.steps])

    @property
    def overlaps(self) -> bool:
        """Whether two of its elements share a place."""
        return self.repeats and self.layout.overlaps

    @staticmethod
    @remembered
    def whole(origin: Place) -> View:
        """The view of all of a storage's elements, which lie there."""
        return View((), origin)

    @staticmethod
    def beyond(known: View | None, step: Step) -> View:
        """The view that a step makes of a view, or of a whole storage; a long chain becomes one step."""
        if known is None:
            return View((step,))
        steps, merge = known.steps, step.get.extra.merge
        merged = None if merge is None or not steps else merge(steps[-1], step)
        made = View((*steps, step) if merged is None else (*steps[:-1], merged), known.origin)
        if len(made.steps) > _MOST_STEPS and made.is_known:
            viewed = made.steps[0].get.inputs[0]
            made.steps = (direct(viewed, known.origin or Place.whole(viewed), made.place),)
        return made


@remembered
def _place_of(steps: tuple[Step, ...], origin: Place | None) -> Place:
    layout, kind, *_ = origin or Place.whole(steps[0].get.inputs[0])
    for step in steps:
        layout, kind = step.get.extra.layout(layout, *step.numbers), step.get.outputs[0].dtype
    return Place(layout, kind, *_sign_of(steps))


@remembered
def _strides_of(gets: tuple[Spec, ...], origin: Place | None) -> tuple[int, ...]:
    layout = (origin or Place.whole(gets[0].inputs[0])).layout
    for get in gets:
        layout = get.extra.layout(layout, *[0] * (len(get.inputs) - 1))
    return layout.strides


def _sign_of(steps: tuple[Step, ...]) -> tuple[bool, bool]:
    sign = False, False
    for step in steps:
        rule = step.get.extra.sign
        sign = sign if rule is None else rule(*sign)
    return sign


def between(known: View | None, view: View, viewed: Aval) -> tuple[Step, ...]:
    """The steps from the elements of one view of a storage, or from all of them, to those of another.

    Args:
        viewed: what the elements are that `known` shows.
    """
    steps = () if known is None else known.steps
    if view.steps[: len(steps)] == steps:
        return view.steps[len(steps) :]
    return (direct(viewed, Place.whole(viewed) if known is None else known.place, view.place),)


def writable(steps: tuple[Step, ...], origin: Place | None) -> tuple[Step, ...]:
    """Steps that can be written through one by one: where one shows an element several times, the chain is one step.

    Args:
        origin: the place from which they lead, unless all of memory, in order.
    """
    view = View(steps, origin)
    if not view.repeats or (len(steps) == 1 and steps[0].get.extra.careful):
        return steps
    viewed = steps[0].get.inputs[0]
    return (direct(viewed, origin or Place.whole(viewed), view.place),)


@remembered
def direct(viewed: Aval, known: Place, wanted: Place) -> Step:
    """One step from an array whose elements lie at one place in memory to what lies at another.

    Of what lies elsewhere nothing is known: it reads as zero, and what is written there is lost.
    """
    is_whole = known == Place.whole(viewed)
    reach = max([each.layout.end * each.dtype.itemsize for each in (known, wanted)])
    size = -(-reach // _WIDEST) * _WIDEST // known.dtype.itemsize

    def spread(array: Any):
        if is_whole:
            return jnp.pad(array.ravel(), (0, size - viewed.numel))
        flat, array = jnp.zeros(size, known.dtype.np), known.signed(array)
        if known.layout.is_dense:
            return memory.write(flat, known.layout, array)
        return flat.at[memory.places(*known.layout)].set(array)

    def get(array: Any):
        return wanted.signed(memory.read(memory.bits(spread(array), wanted.dtype.np), wanted.layout))

    def write(array: Any, new: Any):
        flat = memory.write(memory.bits(spread(array), wanted.dtype.np), wanted.layout, wanted.signed(new))
        flat = memory.bits(flat, known.dtype.np)
        return flat[: viewed.numel].reshape(viewed.shape) if is_whole else known.signed(memory.read(flat, known.layout))

    made = Spec.promised("as_strided", get, (viewed,), aval(wanted.layout.shape, wanted.dtype, viewed.place))
    made.extra = ViewRule(lambda _: wanted.layout, write, lambda *_: (wanted.conjugated, wanted.negated), True)
    return Step(made)
