"""What a run without XLA takes more than one with it, and what compiling takes.

Both are estimated, not measured, so that tiers depend on no clock.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Any

from jax.extend.core import ClosedJaxpr, Jaxpr, Literal

from torchlike._programs.generic import size_at

# in milliseconds, measured on two cores
STEP = 0.002  # one call of NumPy
ELEMENT = 2e-7  # an element of a result: NumPy goes through memory once a primitive, XLA once a fusion
PRODUCT = 1e-8  # a multiplication in a product of matrices, at which both are good
CONVOLVED = 6e-8  # one in a convolution: its windows are copied first
PROGRAM, COMPILED = 20.0, 4.0  # compiling anything, and each primitive in it: over 60 operations of 1 to 100
CONVOLUTION = 25  # a convolution counts as so many
# what NumPy answers with a view, and so in no time an element
VIEWS = set(
    """broadcast_in_dim expand_dims optimization_barrier reshape rev slice split squeeze stop_gradient transpose
    unstack""".split()
)


def cost(jaxpr: Jaxpr, values: dict[str, int]) -> float:
    """The milliseconds that `evaluate` takes for a jaxpr beyond those of a compiled one, roughly.

    Args:
        values: what symbols for sizes stand for.
    """
    # a compiled one goes through the memory of its results, too
    results = {atom for atom in jaxpr.outvars if not isinstance(atom, Literal)}
    return sum(_cost(eqn, values, results) for eqn in jaxpr.eqns)


def compile_cost(jaxpr: Jaxpr) -> float:
    """The milliseconds that XLA takes to compile a jaxpr, roughly."""
    return PROGRAM + COMPILED * _count(jaxpr)


def _count(jaxpr: Jaxpr) -> int:
    return sum(sum(map(_count, inner)) if (inner := _bodies(eqn)) else _weight(eqn) for eqn in jaxpr.eqns)


def _weight(eqn: Any) -> int:
    return CONVOLUTION if eqn.primitive.name == "conv_general_dilated" else 1


def _cost(eqn: Any, values: dict[str, int], results: Collection) -> float:
    inner = _bodies(eqn)
    if inner:
        bodies = [_cost(step, values, ()) for each in inner for step in each.eqns]
        return size_at(eqn.params.get("length", 1), values) * sum(bodies)

    def shape(atom: Any) -> list[int]:
        return [size_at(each, values) for each in atom.aval.shape]

    size = sum(math.prod(shape(each)) for each in eqn.outvars)
    spent = STEP
    if eqn.primitive.name not in VIEWS:
        spent += sum(math.prod(shape(each)) for each in eqn.outvars if each not in results) * ELEMENT
    if eqn.primitive.name == "dot_general":
        (contracted, _), _ = eqn.params["dimension_numbers"]
        given = shape(eqn.invars[0])
        spent += size * math.prod(given[each] for each in contracted) * PRODUCT
    elif eqn.primitive.name == "conv_general_dilated":
        kernel = shape(eqn.invars[1])
        outputs = kernel[eqn.params["dimension_numbers"].rhs_spec[0]]
        spent += size * math.prod(kernel) / max(outputs, 1) * CONVOLVED
    return spent


def _bodies(eqn: Any) -> list[Jaxpr]:
    """What an equation calls."""
    found = []
    for each in eqn.params.values():
        found += each if isinstance(each, (tuple, list)) else [each]
    return [each for each in map(_body, found) if each is not None]


def _body(parameter: Any) -> Jaxpr | None:
    if isinstance(parameter, ClosedJaxpr):
        return parameter.jaxpr
    return parameter if isinstance(parameter, Jaxpr) else None
