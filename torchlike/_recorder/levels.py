"""Levels: values that stand for others while a function is transformed.

A level is a kind of recording whose nodes lie in the recordings below it. Its values are *abstract*: within `vmap` a
value is one row, of whichever example, of a batch that is a value below; within `jvp` it is a primal and a tangent, both
values below. An operation on values of a level is recorded below as what it is there: over the batch, or with its
tangents. What depends on no value of a level is recorded below as it is.

So transformations nest in any order, whatever comes of them is part of the program of the step, and an operation is
transformed once, not at every call.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any
from weakref import WeakValueDictionary

import jax
import jax.numpy as jnp

from torchlike._programs.aval import Aval, aval
from torchlike._programs.spec import Spec
from torchlike._recorder.checks import Doubt
from torchlike._recorder.meta import NOWHERE
from torchlike._recorder.recorder import Value, record
from torchlike._recorder.storage import Storage

ITEM = (
    "vmap: It looks like you're calling .item() on a Tensor. We don't support vmap over calling .item() on a Tensor, please "
    "try to rewrite what you're doing with other operations. If error is occurring somewhere inside PyTorch internals, "
    "please file a bug report."
)
BRANCH = (
    "vmap: It looks like you're attempting to use a Tensor in some data-dependent control flow. We don't support that yet, "
    "please file an issue at https://github.com/pytorch/pytorch/issues ."
)
READ = "Cannot access data pointer of Tensor that doesn't have storage"
IN_PLACE = (
    "vmap: inplace arithmetic(self, *extra_args) is not possible because there exists a Tensor `other` in extra_args that "
    "has more elements than `self`. This happened due to `other` being vmapped over but `self` not being vmapped over in a "
    "vmap. Please try to use out-of-place operators instead of inplace arithmetic. If said operator is being called inside "
    "the PyTorch framework, please file a bug report instead."
)
MASK = (
    "vmap: We do not support batching operators that can support dynamic shape. Attempting to batch over indexing with a "
    "boolean mask."
)
DYNAMIC = (
    "vmap: We do not support batching operators that can output dynamic shape. Attempted to vmap over aten::{}. Please file "
    "an issue at https://github.com/pytorch/pytorch/issues if you need this feature."
)
_DYNAMIC = {"nonzero": "places", "where": "places", "_unique2": "elements"}
# why somebody reads a value, and what PyTorch says to that
_WORDS = {
    "item() is called": ITEM,
    "a branch depends on it": BRANCH,
    "a mask chooses elements": MASK,
    **{f"`{name}` looks for {what}": DYNAMIC.format(name) for name, what in _DYNAMIC.items()},
}


living: dict[int, None] = {}  # the levels that there are: without any nothing is abstract for one


class Level:
    """What is common to all levels: a recording as `Recording.add` finds it in a value.

    Attributes:
        depth: how many levels there are, this one included: an operation belongs to the deepest of its inputs'.
        around: those around it that have values of their own, the outermost first.
        spreads: for an edge that leads out of it, the node that is put between.
    """

    def __init__(self, depth: int, around: tuple[Level, ...]) -> None:
        self.depth, self.around = depth, around
        self.spreads: WeakValueDictionary = WeakValueDictionary()
        living[id(self)] = None

    def __del__(self, forget: Any = living.pop) -> None:  # at the interpreter's end the name is gone
        forget(id(self), None)

    def add(self, spec: Spec, inputs: Sequence) -> list[Value]:
        """Record an operation, one of whose inputs is of this level; returns its outputs."""
        raise NotImplementedError

    def into(self, parts: Sequence[Value | None], known: Aval) -> Value:
        """The value of this level that consists of values below.

        Args:
            parts: None where there is nothing but zeros.
            known: what it is here.
        """
        raise NotImplementedError

    def parts(self, value: Value) -> tuple[Value | None, ...]:
        """The values below that a value consists of, be it of this level or lower."""
        raise NotImplementedError

    def total(self, value: Value) -> Value | None:
        """The gradient of what is the same for all of this level, from a gradient within it; None for zero."""
        other = value.recording
        if other is self or self not in levels_of((value,)):
            return self._total(value)
        parts = [None if each is None else self.total(each) for each in other.parts(value)]
        return other.into(parts, value.aval)

    def _total(self, value: Value) -> Value | None:
        """`total` of a value of this level, or of one that has nothing of it."""
        raise NotImplementedError

    def read(self, value: Value, reason: str):
        """The array, where that can be told.

        Raises:
            RuntimeError: it cannot.
        """
        raise NotImplementedError

    def note(self, holder: Any, name: str, old: Value) -> None:
        """A value of this level is about to take the place of another one."""

    def lowered(self, found: Value, doubt: Doubt) -> Value | None:
        """What a check of values of this level finds, below it; None if the level itself tells of it."""
        raise NotImplementedError

    def constant(self, value: Value) -> Value:
        """A value of this level as `detach` gives it."""
        raise NotImplementedError


class Batched(Level):
    """The level of one `vmap`: each value is a row of a batch.

    Args:
        size: how many rows there are.
        randomness: ``"error"``, ``"same"`` or ``"different"``.
    """

    def __init__(self, depth: int, around: tuple[Level, ...], size: int, randomness: str) -> None:
        super().__init__(depth, around)
        self.size, self.randomness = size, randomness

    def add(self, spec: Spec, inputs: Sequence) -> list[Value]:
        """Record the operation over the whole batch."""
        own = tuple([type(each) is Value and each.recording is self for each in inputs])
        wholes = [each.slot if here else each for each, here in zip(inputs, own, strict=True)]
        mapped = spec.derivatives.get(("batch", self.size, own))
        if mapped is None:
            mapped = spec.derivatives["batch", self.size, own] = self._mapped(spec, own)
        made = record(mapped, wholes)
        return [Value(known, None, self, whole) for known, whole in zip(spec.outputs, made, strict=True)]

    def _mapped(self, spec: Spec, own: tuple[bool, ...]) -> Spec:
        kinds = [self._whole(kind) if here else kind for kind, here in zip(spec.inputs, own, strict=True)]
        mapped = jax.vmap(lambda *arrays: spec.replay(arrays), tuple([0 if here else None for here in own]))
        return Spec(spec.name, mapped, tuple(kinds), spec.outputs[0].place)

    def _whole(self, known: Aval) -> Aval:
        return aval((self.size, *known.shape), known.dtype, known.place)

    def into(self, parts: Sequence[Value | None], known: Aval) -> Value:
        """One row of a batch."""
        return Value(known, None, self, parts[0])

    def parts(self, value: Value) -> tuple[Value | None, ...]:
        """The batch; of what is the same for all, as many copies."""
        if value.recording is self:
            return (value.slot,)
        return (record(_spread(value.aval, self.size), (value,))[0],)

    def _total(self, value: Value) -> Value | None:
        """The sum over the batch."""
        whole = self.parts(value)[0]
        return record(_sum(whole.aval), (whole,))[0]

    def read(self, value: Value, reason: str):
        """Nothing can be told of a row, for it is one of many.

        Raises:
            RuntimeError: in PyTorch's words.
        """
        raise RuntimeError(_WORDS.get(reason, READ))

    def note(self, holder: Any, name: str, old: Value) -> None:
        """Refuse to put a row where there was what is the same for all.

        Raises:
            RuntimeError: it would be.
        """
        if name == "value" and isinstance(holder, Storage):
            raise RuntimeError(IN_PLACE)

    def constant(self, value: Value) -> Value:
        """The row of a batch without tangents."""
        whole = constant(value.slot)
        return value if whole is value.slot else self.into((whole,), value.aval)

    def lowered(self, found: Value, doubt: Doubt) -> Value:
        """The first thing that is wrong with any row."""
        return record(_first(found.slot.aval), (found.slot,))[0]


class Dual(Level):
    """The level of one `jvp`: each value has a primal and a tangent.

    A gradient within it is such a pair, too. Of two pairs the product that counts is the tangent of their product: of
    numbers with ``e * e == 0`` the factor of ``e``. So a gradient's *tangent* belongs to a primal, and its primal to a
    tangent: see `parts` and `into` of `torchlike._autograd.levels`, which turn them round.
    """

    def add(self, spec: Spec, inputs: Sequence) -> list[Value]:
        """Record the operation with its tangents."""
        own = tuple([type(each) is Value and each.recording is self for each in inputs])
        primals = [each.slot[0] if here else each for each, here in zip(inputs, own, strict=True)]
        tangents = [each.slot[1] for each, here in zip(inputs, own, strict=True) if here]
        forward = spec.derivatives.get(("tangents", own))
        if forward is None:
            forward = spec.derivatives["tangents", own] = _with_tangents(spec, own)
        made = record(forward, primals + tangents)
        rest = iter(made[spec.count :])
        return [
            Value(known, None, self, (each, next(rest))) if known.dtype.rank >= 2 else each
            for known, each in zip(spec.outputs, made[: spec.count], strict=True)
        ]

    def into(self, parts: Sequence[Value | None], known: Aval) -> Value:
        """A primal with its tangent."""
        return Value(
            known, None, self, tuple([record(_zeros(known), ())[0] if each is None else each for each in parts])
        )

    def parts(self, value: Value) -> tuple[Value | None, ...]:
        """Primal and tangent."""
        return value.slot if value.recording is self else (value, None)

    def _total(self, value: Value) -> Value | None:
        """The gradient of a primal."""
        return self.parts(value)[1]

    def read(self, value: Value, reason: str):
        """The primal."""
        return value.slot[0].compute(reason)

    def constant(self, value: Value) -> Value:
        """The primal."""
        return constant(value.slot[0])

    def lowered(self, found: Value, doubt: Doubt) -> Value:
        """What is wrong with the primals."""
        return found.slot[0]


def _with_tangents(spec: Spec, own: tuple[bool, ...]) -> Spec:
    """The operation from its inputs, and the tangents of its own, to its outputs and the tangents of floating ones."""
    places = [place for place, here in enumerate(own) if here]
    floating = [place for place, out in enumerate(spec.outputs) if out.dtype.rank >= 2]
    count = len(spec.inputs)

    def forward(*arrays: Any):
        def run(*moved: Any):
            inputs = list(arrays[:count])
            for place, each in zip(places, moved, strict=True):
                inputs[place] = each
            got = spec.replay(inputs)
            return [got[place] for place in floating], got

        _, tangents, got = jax.jvp(run, [arrays[place] for place in places], list(arrays[count:]), has_aux=True)
        return (*got, *tangents)

    return Spec(spec.name, forward, (*spec.inputs, *[spec.inputs[place] for place in places]), spec.outputs[0].place)


def levels_of(inputs: Sequence) -> frozenset[Level]:
    """The levels of values, and of what these are made of."""
    found: frozenset[Level] = frozenset()
    for each in inputs:
        if type(each) is Value and each.is_abstract and each.recording is not NOWHERE:
            below = each.slot if type(each.slot) is tuple else (each.slot,)
            found = found.union((each.recording,), levels_of(below))
    return found


def constant(value: Value) -> Value:
    """A value without its tangents; itself if it has none."""
    level = value.recording
    return level.constant(value) if isinstance(level, Level) and value.is_abstract else value


@functools.lru_cache(maxsize=4096)
def _zeros(known: Aval) -> Spec:
    return Spec("zeros", lambda: jnp.zeros(known.shape, known.dtype.np), (), known.place)


@functools.lru_cache(maxsize=4096)
def _spread(known: Aval, size: int) -> Spec:
    return Spec("expand", lambda row: jnp.broadcast_to(row, (size, *known.shape)), (known,))


@functools.lru_cache(maxsize=4096)
def _sum(known: Aval) -> Spec:
    return Spec("sum", lambda batch: batch.sum(0, dtype=batch.dtype), (known,))


@functools.lru_cache(maxsize=4096)
def _first(known: Aval) -> Spec:
    return Spec("first", first_found, (known,))


def first_found(found: jax.Array) -> jax.Array:
    """Of what a check has found in several rows, the first that is wrong."""
    return found[jnp.argmin(found[:, 0])]
