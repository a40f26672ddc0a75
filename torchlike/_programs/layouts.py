"""Channels stay last from one convolution to the next.

Convolutions work on ``(N, *, C)`` and turn their results into PyTorch's ``(N, C, *)``. XLA leaves such a transposition
where it stands, between a convolution and what follows it. Here it is put off while a program is traced: what works
element by element, along dimensions or over some of them works on the array as it lies, until something asks for the
dimensions in their order, which most often is the next convolution, and that wants them last.

A step of a ResNet-18 for 32x32 images, batch 32, spent more than half of its time in these transpositions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from jax import lax
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal

from torchlike._programs import algebra

RANKS = (4, 5)  # of images and volumes
CALLS = {"jit": "jaxpr", "pjit": "jaxpr", "closed_call": "call_jaxpr", "custom_jvp_call": "call_jaxpr"}


class Turned(NamedTuple):
    """An array whose channels, its second dimension, lie last.

    Attributes:
        stored: the array as it lies, ``(N, *, C)``.
    """

    stored: Any


def _order(rank: int) -> tuple[int, ...]:
    """For each dimension in order, the one that it lies in."""
    return (0, rank - 1, *range(1, rank - 1))


def _turn(value: Any) -> Any:
    """An array as it lies if its channels are last; a scalar is itself."""
    if isinstance(value, Turned):
        return value.stored
    rank = value.ndim
    return lax.transpose(value, (0, *range(2, rank), 1)) if rank else value


def settled(value: Any) -> Any:
    """The array with its dimensions in order."""
    return lax.transpose(value.stored, _order(value.stored.ndim)) if isinstance(value, Turned) else value


def alone(closed: ClosedJaxpr, *arrays: Any) -> list:
    """A jaxpr as the function of a program of its own."""
    return [settled(each) for each in replay(closed, arrays, algebra.Makers())]


def replay(closed: ClosedJaxpr, args: Sequence, makers: algebra.Makers) -> list:
    """Evaluate a jaxpr on arrays and tracers, of which some, as of the results, are `Turned`.

    Args:
        makers: by what the values of the program were made so far.
    """
    return _evaluate(closed.jaxpr, closed.consts, args, makers)


def _evaluate(jaxpr: Jaxpr, consts: Sequence, args: Sequence, makers: algebra.Makers) -> list:
    known = dict(zip((*jaxpr.constvars, *jaxpr.invars), (*consts, *args), strict=True))

    def read(each: Any) -> Any:
        return each.val if isinstance(each, Literal) else known[each]

    for eqn in jaxpr.eqns:
        known.update(zip(eqn.outvars, _made(eqn, [read(each) for each in eqn.invars], makers), strict=True))
    return [read(each) for each in jaxpr.outvars]


def _made(eqn: Any, given: list, makers: algebra.Makers) -> list:
    name = eqn.primitive.name
    inner = eqn.params[CALLS[name]] if name in CALLS else None
    if isinstance(inner, ClosedJaxpr):
        return _evaluate(inner.jaxpr, inner.consts, given, makers)
    if algebra.is_mask(eqn):
        made = [_each(algebra.converted, given[0], eqn)]
    else:
        hides = makers.hides(name, given)
        made = _apply(
            eqn, [_each(algebra.hidden, each) if hide else each for each, hide in zip(given, hides, strict=True)]
        )
    makers.note(name, given, made)
    return made


def _each(fn: Callable, value: Any, *args: Any) -> Any:
    """A function of elements, on an array however it lies."""
    return Turned(fn(value.stored, *args)) if isinstance(value, Turned) else fn(value, *args)


def _apply(eqn: Any, given: list) -> list:
    name, params = eqn.primitive.name, eqn.params
    if name == "transpose":
        return [_transposed(given[0], params["permutation"])]
    if any(isinstance(each, Turned) for each in given):
        rank = next(each.stored.ndim for each in given if isinstance(each, Turned))
        if name in ELEMENTWISE:
            if all(getattr(each, "ndim", 0) in (0, rank) for each in given if not isinstance(each, Turned)):
                return [Turned(each) for each in _bind(eqn, [_turn(each) for each in given])]
        elif name in RULES:
            return RULES[name](eqn, given, _order(rank))
    return _as_it_stands(eqn, given)


def _bind(eqn: Any, given: list, **changed: Any) -> list:
    made = eqn.primitive.bind(*given, **eqn.primitive.get_bind_params({**eqn.params, **changed}))
    return list(made) if eqn.primitive.multiple_results else [made]


def _as_it_stands(eqn: Any, given: list) -> list:
    """Apply an equation to arrays with their dimensions in order."""
    return _bind(eqn, [settled(each) for each in given])


def _transposed(value: Any, permutation: tuple[int, ...]) -> Any:
    rank = len(permutation)
    stored = isinstance(value, Turned)
    if stored:
        permutation = tuple(_order(rank)[each] for each in permutation)
        value = value.stored
    if permutation == tuple(range(rank)):
        return value
    if permutation == _order(rank) and rank in RANKS:
        return Turned(value)
    return lax.transpose(value, permutation)


def _laid(value: Sequence, order: tuple[int, ...]) -> tuple:
    """What is given for each dimension, as the dimensions lie."""
    made: list = [None] * len(order)
    for each, place in zip(value, order, strict=True):
        made[place] = each
    return tuple(made)


def _broadcast(eqn: Any, given: list, order: tuple[int, ...]) -> list:
    if eqn.params["broadcast_dimensions"] != tuple(range(len(order))) or len(given) > 1:
        return _as_it_stands(eqn, given)
    return [Turned(each) for each in _bind(eqn, [given[0].stored], shape=_laid(eqn.params["shape"], order))]


def _reduced(eqn: Any, given: list, order: tuple[int, ...]) -> list:
    axes = eqn.params["axes"]
    (made,) = _bind(eqn, [given[0].stored], axes=tuple(sorted(order[each] for each in axes)))
    left = [order[each] for each in range(len(order)) if each not in axes]
    return [
        made if left == sorted(left) else lax.transpose(made, tuple(int(each) for each in np.argsort(np.argsort(left))))
    ]


def _padded(eqn: Any, given: list, order: tuple[int, ...]) -> list:
    if not isinstance(given[0], Turned):
        return _as_it_stands(eqn, given)
    config = _laid(eqn.params["padding_config"], order)
    return [Turned(each) for each in _bind(eqn, [given[0].stored, given[1]], padding_config=config)]


def _sliced(eqn: Any, given: list, order: tuple[int, ...]) -> list:
    changed = {
        name: eqn.params[name] and _laid(eqn.params[name], order)
        for name in ("start_indices", "limit_indices", "strides")
    }
    return [Turned(each) for each in _bind(eqn, [given[0].stored], **changed)]


def _joined(eqn: Any, given: list, order: tuple[int, ...]) -> list:
    made = _bind(eqn, [_turn(each) for each in given], dimension=order[eqn.params["dimension"]])
    return [Turned(each) for each in made]


ELEMENTWISE = frozenset(
    "abs add add_any and atan2 cbrt ceil clamp convert_element_type copy cos cosh div eq erf erf_inv erfc exp exp2 expm1 "
    "floor ge gt integer_pow is_finite le log log1p logistic lt max min mul ne neg nextafter not or pow reduce_precision "
    "rem round rsqrt select_n sign sin sinh sqrt square stop_gradient sub tan tanh xor".split()
)
RULES = {
    "broadcast_in_dim": _broadcast,
    "pad": _padded,
    "slice": _sliced,
    "concatenate": _joined,
    **dict.fromkeys(("reduce_sum", "reduce_max", "reduce_min", "reduce_prod", "reduce_and", "reduce_or"), _reduced),
}
