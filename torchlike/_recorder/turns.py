"""Elements that share a place, written as PyTorch's loops do: one after the other, each of what the last has written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

from torchlike._programs.aval import Aval
from torchlike._programs.cache import remembered
from torchlike._programs.spec import Spec
from torchlike._recorder.view import Layout


@remembered
def _showings(layout: Layout) -> tuple[np.ndarray, list[tuple[np.ndarray, np.ndarray]]]:
    """(for each element the number of its place, for each turn the places that are shown so often and the elements).

    The loop goes along the dimensions in the order of their strides, the smallest innermost; of equal ones the shorter.
    """
    order = sorted(range(len(layout.shape)), key=lambda dim: (-layout.strides[dim], -layout.shape[dim], dim))
    places, number = np.unique(layout.places().ravel(), return_inverse=True)
    walk = np.arange(number.size).reshape(layout.shape).transpose(order).ravel()
    by_place = walk[np.argsort(number[walk], kind="stable")]
    begin = np.searchsorted(number[by_place], np.arange(places.size))
    turn = np.arange(number.size) - begin[number[by_place]]
    return number, [
        (number[by_place[turn == each]], by_place[turn == each]) for each in range(turn.max(initial=-1) + 1)
    ]


def in_turn(spec: Spec, layout: Layout, same: tuple[int, ...]) -> Spec:
    """An elementwise operation in place, on elements some of which share a place.

    Args:
        same: which of its inputs are those elements themselves.
    """
    key = "in turn", layout, same
    made = spec.derivatives.get(key)
    if made is None:
        made = Spec.promised(spec.name, _turns(spec.fn, layout, same), spec.inputs, spec.outputs[0])
        spec.derivatives[key] = made
    return made


def _turns(fn: Callable, layout: Layout, same: tuple[int, ...]) -> Callable:
    number, turns = _showings(layout)

    def computed(*arrays: Any):
        shown = arrays[0]
        held = jnp.zeros(len(turns[0][0]), shown.dtype).at[number].set(shown.ravel())
        for places, elements in turns:
            new = fn(*[shown if place in same else each for place, each in enumerate(arrays)])
            held = held.at[places].set(new.ravel()[elements])
            shown = held[number].reshape(layout.shape)
        return shown

    return computed


@remembered
def last(layout: Layout, new: Aval) -> Spec:
    """The operation that gives each element what a loop would write in its place last."""
    number, turns = _showings(layout)
    at = np.zeros(len(turns[0][0]), np.int64)
    for places, elements in turns:
        at[places] = elements
    return Spec.promised("copy", lambda array: array.ravel()[at[number]].reshape(layout.shape), (new,), new)
