"""The derivative of an operation as an operation, and which inputs it uses."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import suppress
from operator import itemgetter
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend import core as jex_core
from jax.interpreters import partial_eval

from torchlike._half import summed_in_single
from torchlike._programs.generic import is_refusal
from torchlike._programs.marks import unwatched
from torchlike._programs.settings import settings, tracing
from torchlike._programs.spec import Spec, struct_of
from torchlike._programs.tiers import SHARE


@unwatched
def derivative_of(spec: Spec, needed: tuple[bool, ...], cotangents: list) -> tuple[Spec, tuple[int, ...]]:
    """The derivative of an operation as an operation: (spec, the inputs that it needs beside the cotangents)."""
    key = needed if spec.single else (needed, *[each is not None for each in cotangents])
    found = spec.derivatives.get(key)
    if found is None:
        given = (True,) if spec.single else key[1:]

        def at(made: tuple, values: dict[str, int]) -> tuple:
            derivative, used = made
            return derivative.at(values, _derivative_at(spec, needed, given, used)), used

        found = spec.derivatives[key] = _for_sizes(
            spec, lambda each: derivative_of(each, needed, cotangents), at
        ) or _make_derivative(spec, needed, given)
        spec.keeps[needed] = _picker({*used_by(spec, needed), *spec.numbers}, len(spec.inputs))
    return found


def used_by(spec: Spec, needed: tuple[bool, ...]) -> tuple[int, ...]:
    """The inputs that the derivative uses, whichever of the outputs have a gradient."""
    return derivative_of(spec, needed, [True if each.dtype.rank >= 2 else None for each in spec.outputs])[1]


def keeper(spec: Spec, needed: tuple[bool, ...]) -> Callable[[tuple], tuple]:
    """What picks those of the inputs that are kept for the derivative: all of them until it is known.

    Deriving takes some milliseconds. It is not put off where a program with this operation may be compiled the first
    time it comes, for what that returns is settled then.
    """
    if settings.mode == "whole" or spec.cost > spec.compile_cost * SHARE:
        with suppress(*_UNDERIVABLE):
            used_by(spec, needed)
    return spec.keeps.get(needed, tuple)


_UNDERIVABLE = RuntimeError, TypeError, ValueError, NotImplementedError  # `backward` says so


def _picker(places: set[int], count: int) -> Callable[[tuple], tuple]:
    """A function from a tuple of so many to the same with None in all but these places."""
    if len(places) == count:
        return tuple
    if not places:
        nothing = (None,) * count
        return lambda _: nothing
    pick = itemgetter(*[place if place in places else count for place in range(count)])
    return lambda inputs: pick((*inputs, None))


def _for_sizes(spec: Spec, make: Callable[[Spec], Any], at: Callable[[Any, dict], Any]) -> Any:
    """What `make` makes of the operation for all sizes, at this one's; None if it has to be made of this one.

    Args:
        at: puts the sizes in.
    """
    if spec.generic is None:
        return None
    generic, values = spec.generic
    try:
        return at(make(generic), values)
    except Exception as error:
        if not is_refusal(error):
            raise
    spec.retrace()
    return None


def _derivative(spec: Spec, needed: tuple[bool, ...], given: tuple[bool, ...]) -> Callable:
    """The function from the inputs and those cotangents that are given to the gradients of the needed inputs."""
    wanted = [place for place, want in enumerate(needed) if want]
    outputs = [place for place, out in enumerate(spec.outputs) if out.dtype.rank >= 2]
    count = len(spec.inputs)

    def derivative(*arrays: Any):
        inputs = list(arrays[:count])

        def forward(*primals: Any):
            for place, primal in zip(wanted, primals, strict=True):
                inputs[place] = primal
            got = spec.replay(inputs)
            return [got[place] for place in outputs]

        _, pull = jax.vjp(forward, *[arrays[place] for place in wanted])
        return tuple(_conj(each) for each in pull(_filled(spec, outputs, given, arrays[count:])))

    return derivative


def _derivative_at(spec: Spec, needed: tuple[bool, ...], given: tuple[bool, ...], used: tuple[int, ...]) -> Callable:
    """`_derivative` of the used inputs and the cotangents, for an operation traced for all sizes: now it is for its own."""

    def derivative(*arrays: Any):
        spec.retrace()
        rest = iter(arrays)
        kinds = enumerate(map(struct_of, spec.inputs))
        inputs = [next(rest) if place in used else jnp.zeros(kind.shape, kind.dtype) for place, kind in kinds]
        return _derivative(spec, needed, given)(*inputs, *rest)

    return derivative


def _make_derivative(spec: Spec, needed: tuple[bool, ...], given: tuple[bool, ...]) -> tuple:
    count = len(spec.inputs)
    known = [out for out, there in zip(spec.outputs, given, strict=True) if there]
    avals = (*spec.inputs, *known)
    with tracing():
        closed = summed_in_single(jax.make_jaxpr(_derivative(spec, needed, given))(*map(struct_of, avals)))
    # inputs that are not needed are none of its own; cotangents always are
    always = [place >= count for place in range(len(avals))]
    lean, used = partial_eval.dce_jaxpr(closed.jaxpr, [True] * len(closed.jaxpr.outvars), instantiate=always)
    lean = jex_core.ClosedJaxpr(lean, closed.consts)
    made = Spec(spec.name + "_backward", lean, tuple(a for a, use in zip(avals, used, strict=True) if use))
    return made, tuple(place for place in range(count) if used[place])


def zeros(derivative: Spec) -> tuple[bool, ...]:
    """Which results depend on nothing, so that they are zeros without a history."""
    if derivative.extra is None:
        jaxpr, count = derivative.jaxpr.jaxpr, derivative.count
        alone = [[place == other for other in range(count)] for place in range(count)]
        derivative.extra = tuple([True not in partial_eval.dce_jaxpr(jaxpr, each)[1] for each in alone])
    return derivative.extra


def _filled(spec: Spec, floating: list[int], given: tuple[bool, ...], cotangents: Any) -> list:
    """A cotangent for each floating point output, zeros where none is given, in JAX's convention.

    JAX's cotangents are the conjugates of PyTorch's.
    """
    cotangents = iter(cotangents)
    by_place = {place: next(cotangents) for place, known in enumerate(given) if known}
    structs = [spec.outputs[place].struct for place in floating]
    return [
        _conj(by_place[place].astype(struct.dtype)) if place in by_place else jnp.zeros(struct.shape, struct.dtype)
        for place, struct in zip(floating, structs, strict=True)
    ]


def _conj(array: jax.Array):
    return jnp.conj(array) if jnp.iscomplexobj(array) else array


# ---------------------------------------------------------------------- operations that keep residuals


@unwatched
def with_residuals(spec: Spec, wanted: tuple[bool, ...]) -> tuple:
    """The operation with further outputs, where its residuals are, and the operation that uses them.

    Returns:
        (the operation, the residuals' places among its inputs and outputs, pattern of cotangents to the other one).
    """
    found = spec.derivatives.get(("residuals", wanted))
    if found is None:
        found = spec.derivatives["residuals", wanted] = _for_sizes(
            spec, lambda each: with_residuals(each, wanted), _residuals_at
        ) or _make_residuals(spec, wanted)
    return found


def _residuals_at(made: tuple, values: dict[str, int]) -> tuple:
    """`with_residuals` of an operation for all sizes, at these."""
    forward, places, pull_for = made
    return forward.at(values), places, functools.cache(lambda given: pull_for(given).at(values))


def _make_residuals(spec: Spec, wanted: tuple[bool, ...]) -> tuple:
    places = [place for place, want in enumerate(wanted) if want]
    floating = [place for place, out in enumerate(spec.outputs) if out.dtype.rank >= 2]
    tree = None

    def forward(*arrays: Any):
        nonlocal tree

        def run(*primals: Any):
            inputs = list(arrays)
            for place, primal in zip(places, primals, strict=True):
                inputs[place] = primal
            got = spec.replay(inputs)
            return [got[place] for place in floating], got

        _, pull, got = jax.vjp(run, *[arrays[place] for place in places], has_aux=True)
        residuals, tree = jax.tree_util.tree_flatten(pull)
        return (*got, *residuals)

    made = Spec(spec.name, forward, spec.inputs)
    residuals = made.outputs[len(spec.outputs) :]
    made, sources = _leaner(made, len(spec.outputs))
    made.grad_name = spec.grad_name

    @functools.cache
    def pull_for(given: tuple[bool, ...]) -> Spec:
        known = [out for out, there in zip(spec.outputs, given, strict=True) if there]

        def backward(*arrays: Any):
            pull = jax.tree_util.tree_unflatten(tree, arrays[: len(residuals)])
            cotangents = _filled(spec, floating, given, arrays[len(residuals) :])
            return tuple(_conj(each) for each in pull(cotangents))

        return Spec(spec.name + "_backward", backward, (*residuals, *known))

    pull_for(tuple([place in floating for place in range(len(spec.outputs))]))  # what is refused is refused now
    return made, sources, pull_for


def _leaner(spec: Spec, count: int) -> tuple[Spec, list[int]]:
    """The operation without outputs that are an input or another output, from the one at `count` on.

    Returns:
        (the operation, the places of those outputs among its inputs and the outputs that are left).
    """
    closed = spec.jaxpr
    outs = closed.jaxpr.outvars
    known = [
        var if not isinstance(kind, type) else None for var, kind in zip(closed.jaxpr.invars, spec.inputs, strict=True)
    ]
    known += outs[:count]
    used, places = [True] * count, []
    for out in outs[count:]:
        place = next((at for at, each in enumerate(known) if each is out), len(known))
        places.append(place)
        used.append(place == len(known))
        known += [out] * used[-1]
    left, _ = partial_eval.dce_jaxpr(closed.jaxpr, used, instantiate=True)
    return Spec(spec.name, jex_core.ClosedJaxpr(left, closed.consts), spec.inputs), places
