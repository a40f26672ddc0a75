"""What a run without XLA is estimated to take more than one with it; not measured, so that tiers depend on no clock."""

from __future__ import annotations

import math

from jax.extend.core import ClosedJaxpr, Jaxpr

# in milliseconds, measured on two cores
STEP = 0.002  # one call of NumPy
ELEMENT = 2e-7  # an element of a result: NumPy goes through memory once a primitive, XLA once a fusion
PRODUCT = 1e-8  # a multiplication in a product of matrices, at which both are good
CONVOLVED = 1.5e-7  # one in a convolution: its windows are copied first


def cost(jaxpr: Jaxpr) -> float:
    """The milliseconds that `evaluate` takes for a jaxpr beyond those of a compiled one, roughly."""
    return sum(_cost(eqn) for eqn in jaxpr.eqns)


def _cost(eqn) -> float:
    inner = [each for each in map(_body, _parameters(eqn)) if each is not None]
    if inner:
        return eqn.params.get("length", 1) * sum(map(cost, inner))
    size = sum(math.prod(each.aval.shape) for each in eqn.outvars)
    spent = STEP + size * ELEMENT
    if eqn.primitive.name == "dot_general":
        (contracted, _), _ = eqn.params["dimension_numbers"]
        spent += size * math.prod(eqn.invars[0].aval.shape[each] for each in contracted) * PRODUCT
    elif eqn.primitive.name == "conv_general_dilated":
        kernel = eqn.invars[1].aval.shape
        outputs = kernel[eqn.params["dimension_numbers"].rhs_spec[0]]
        spent += size * math.prod(kernel) / max(outputs, 1) * CONVOLVED
    return spent


def _parameters(eqn) -> list:
    found = []
    for each in eqn.params.values():
        found += each if isinstance(each, (tuple, list)) else [each]
    return found


def _body(parameter) -> Jaxpr | None:
    if isinstance(parameter, ClosedJaxpr):
        return parameter.jaxpr
    return parameter if isinstance(parameter, Jaxpr) else None
