"""Python functions of tensors, recorded as functions of JAX that are part of an operation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp

from torchlike._autograd.levels import recording, sourced, within
from torchlike._autograd.modes import state
from torchlike._autograd.tape import apply
from torchlike._autograd.variable import TensorBase
from torchlike._programs.aval import Aval
from torchlike._programs.spec import Spec
from torchlike._recorder.checks import FINE, put_off
from torchlike._recorder.graph import WRITTEN, Form, Function, spec_of
from torchlike._recorder.recorder import Value
from torchlike.tensor import Tensor
from torchlike.utils import _pytree as pytree


class Traced:
    """A function as it was recorded for arguments of some kinds.

    Args:
        fn: the function.
        kinds: of the tensors among its arguments.
        tracked: which of them are differentiated.
        tree: the structure of its arguments.

    Attributes:
        tree, leaves: the structure of what it returns, and the tensors in it.
        function: the function of JAX; after its results comes what its checks find.
        doubts: these checks.
        captured, edges: what it takes from outside, and the history of that.
    """

    def __init__(
        self, fn: Callable, kinds: Sequence[Aval], tracked: Sequence[bool], tree: pytree.TreeSpec, name: str
    ) -> None:
        level = recording(kinds)
        plain = [TensorBase._wrap(each) for each in level.arguments]
        inputs = [sourced(level, each) if wants else each for each, wants in zip(plain, tracked, strict=True)]
        with within(level):
            found = fn(*pytree.tree_unflatten(inputs, tree))
            self.leaves, self.tree = pytree.tree_flatten(found)
            for each in self.leaves:
                if not isinstance(each, Tensor):
                    raise RuntimeError(f"{name}: expected functions to return only tensors, got {type(each)}")
            values = [each._operand() for each in self.leaves]
            for each, value in zip(self.leaves, values, strict=True):
                if each._tracked_edge is not None:  # what is returned as it is captured
                    level.history.setdefault(value, each._edge)
        if any(each._storage.version for each in inputs):
            raise RuntimeError(WRITTEN)
        self.doubts = [doubt for _, doubt in level.doubts]
        self.function: Function = level.function([*values, *[found for found, _ in level.doubts]])
        self.captured = level.captured
        level.arguments.clear()  # they hold the level
        self.edges = [level.history.get(each) if type(each) is Value else None for each in level.captured]

    @property
    def kinds(self) -> list[tuple]:
        """What must be alike in functions of which one or the other runs."""
        return [(each.shape, each.dtype) for each in self.leaves]


def run(
    name: str, fn: Callable, key: tuple, given: Sequence[TensorBase], functions: Sequence[Traced]
) -> list[TensorBase]:
    """Record an operation made of functions.

    Args:
        fn: of the arrays of `given`, and for each function one of JAX that takes its arguments; gives the results, and
            what the checks of the functions find, in order.
        key: what tells the operation from others, beside its functions.
    """
    inputs = [each._operand() for each in given]
    edges = [each._tracked_edge for each in given]
    for each in functions:
        inputs += each.captured
        edges += each.edges
    kinds = tuple([each.aval if type(each) is Value else type(each) for each in inputs])
    bodies = [each.function for each in functions]

    def whole(*arrays: Any):
        rest, bound = list(arrays[len(given) :]), []
        for body in bodies:
            taken, rest = rest[: body.taken], rest[body.taken :]
            bound.append(lambda arguments, body=body, taken=taken: body(arguments, taken))
        return tuple(fn(arrays[: len(given)], *bound))

    doubts = [doubt for each in functions for doubt in each.doubts]
    form = Form((name, key, len(doubts), kinds, *bodies), lambda: Spec(name, whole, kinds))
    pairs = apply(spec_of(form), tuple(inputs), tuple(edges), bool(state.enabled))
    count = len(pairs) - len(doubts)
    for (found, _), doubt in zip(pairs[count:], doubts, strict=True):
        put_off(found, doubt)
    return [TensorBase._wrap(*pair) for pair in pairs[:count]]


def fine(traced: Traced) -> list:
    """What the checks of a function find where nothing is wrong."""
    return [jnp.full(each.size, FINE, jnp.int64) for each in traced.doubts]


def flat(tensors: Any) -> tuple[list[Tensor], pytree.TreeSpec, list[Aval], list[bool]]:
    """The tensors of a tree, its structure, their avals, and which of them are differentiated."""
    leaves, tree = pytree.tree_flatten(tensors)
    tracked = [bool(state.enabled) and each.requires_grad for each in leaves]
    return leaves, tree, [each._operand().aval for each in leaves], tracked
