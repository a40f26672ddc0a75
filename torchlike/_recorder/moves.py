"""Moves between places: what is pending at one place is an input of what is recorded at another."""

from __future__ import annotations

import functools
from typing import Any
from weakref import ref

import jax
import numpy as np

from torchlike._programs.aval import Aval, aval
from torchlike._programs.settings import put
from torchlike._programs.spec import Spec
from torchlike._recorder import meta
from torchlike._recorder.recorder import Recording, Value, recorder, value_at, value_of
from torchlike._recorder.running import store
from torchlike._types.places import NOWHERE, Place


class Move(Recording):
    """A value on its way to another place, as a recording of its own: it runs when somebody needs what arrives.

    Attributes:
        arrives: a weak reference to the value there.
    """

    __slots__ = ("arrives",)

    def __init__(self, source: Value, place: Place) -> None:
        super().__init__(place, recorder.line)
        self.is_open = False
        self.inputs = [source]

    def outputs(self, begin: int = 0, end: int | None = None) -> list[Value | None]:
        return [self.arrives()]

    def read(self, value: Value, reason: str) -> None:
        self.inputs[0].compute(reason)
        self.compute(value)

    def _run(self, outputs: list[Value | None], ends_step: bool) -> None:
        source = self.inputs[0]
        source.bring(ends_step)
        self._results += [0], [put(source.array, self.place.target, copies=True)]

    def _compute_beside(self, value: Value) -> None:
        results: list = [0], [put(self.inputs[0].compute(), self.place.target, copies=True)]
        store(self.outputs(), results)


def cut_as(value: Value, known: Aval) -> Spec | None:
    """The operation that cuts values of a kind over their mesh as another is cut; None if that is not known."""
    if value.aval.place is not known.place or value.array is None:
        return None
    return _cut(value.array.sharding, known)


@functools.cache
def _cut(sharding: Any, known: Aval) -> Spec:
    return Spec("cut", lambda array: jax.lax.with_sharding_constraint(array, sharding), (known,))


def like(array: np.ndarray, value: Value) -> Value:
    """Elements made on the host, where a value lies, and cut as that is."""
    made, place = value_of(array), value.aval.place
    if place.mesh is None:
        return moved(made, place)
    return Value(aval(array.shape, made.aval.dtype, place), put(array, value.compute().sharding))


def moved(value: Value, place: Place) -> Value:
    """A value at another place: pending where it is pending, so that nothing is cut off for it."""
    known, origin = value.aval, value.recording
    if known.place is place:
        return value
    if place is NOWHERE:
        return Value(aval(known.shape, known.dtype, place), None, meta.NOWHERE)
    if origin is meta.NOWHERE:
        raise NotImplementedError(meta.NO_DATA)
    if value.is_abstract:
        parts = [None if each is None else moved(each, place) for each in origin.parts(value)]
        return origin.into(parts, aval(known.shape, known.dtype, place))
    recorder.kind.interrupt("a tensor moves to another device")
    if value.array is not None or origin.line is not recorder.line:
        return value_at(value, place)
    if type(origin) is Move and origin.inputs[0].aval.place is place:
        return origin.inputs[0]  # back to where it came from
    made = Value(aval(known.shape, known.dtype, place), None, Move(value, place))
    made.recording.arrives = ref(made)
    return made
