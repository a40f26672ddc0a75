"""Views: where a tensor's elements lie in its storage, as a chain of steps that can be read and written through."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from torchlike._programs.aval import Aval
from torchlike._programs.spec import Spec

OVERLAP = (
    "unsupported operation: more than one element of the written-to tensor refers to a single memory location. "
    "Please clone() the tensor before performing the operation."
)


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
        step = 1
        for size, stride in zip(reversed(self.shape), reversed(self.strides), strict=True):
            if size == 0:
                return True
            if size != 1:
                if stride != step:
                    return False
                step *= size
        return True

    @property
    def overlaps(self) -> bool:
        """Whether two elements share a place, as after `expand` or an `unfold` with overlapping windows."""
        return _overlaps(self)

    def places(self) -> np.ndarray:
        """The place of each element in memory, an int64 array of this shape."""
        at = np.full(self.shape, self.offset, np.int64)
        for dim, (size, stride) in enumerate(zip(self.shape, self.strides, strict=True)):
            at += (np.arange(size) * stride).reshape([-1] + [1] * (len(self.shape) - dim - 1))
        return at


@functools.lru_cache(maxsize=4096)
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
    """

    layout: Callable
    write: Callable | None = None


class Step(NamedTuple):
    """One view operation on known shapes; `get.extra` is its `ViewRule`.

    Attributes:
        get: the operation, from the viewed array (and its Python numbers) to the view.
        numbers: the Python numbers.
    """

    get: Spec
    numbers: tuple

    def put(self, new: Aval) -> Spec:
        """The operation that writes `new` through this view."""
        spec = self.get.derivatives.get("put")
        if spec is None:
            fn = self.get.extra.write or _written(self.get)
            spec = Spec(self.get.name + "_put", fn, (self.get.inputs[0], new, *self.get.inputs[1:]))
            spec.grad_name = "CopySlices"
            self.get.derivatives["put"] = spec
        return spec


def _written(get: Spec) -> Callable:
    """The writing that belongs to any view that only chooses and orders elements: read places, write there."""

    def write(viewed, new, *numbers):
        places = get.fn(jnp.arange(viewed.size).reshape(viewed.shape), *numbers)
        return viewed.ravel().at[places.ravel()].set(new.ravel()).reshape(viewed.shape)

    return write


class View:
    """Where a tensor's elements lie in its storage: the view operations, from the storage's value on."""

    __slots__ = ("steps", "_layout")

    def __init__(self, steps: tuple[Step, ...]) -> None:
        self.steps = steps
        self._layout: Layout | None = None

    @property
    def layout(self) -> Layout:
        """The place of the elements, worked out when first asked for."""
        if self._layout is None:
            steps = self.steps
            known = all([type(each) is int for step in steps for each in step.numbers])
            self._layout = _layout_of(steps) if known else _layout_of.__wrapped__(steps)
        return self._layout


@functools.lru_cache(maxsize=4096)
def _layout_of(steps: tuple[Step, ...]) -> Layout:
    layout = Layout.contiguous(steps[0].get.inputs[0].shape)
    for step in steps:
        layout = step.get.extra.layout(layout, *step.numbers)
    return layout
