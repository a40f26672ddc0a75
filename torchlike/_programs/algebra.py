"""What XLA's simplifier takes for equal though among floating point numbers it is not, kept from it.

It makes a choice of a product with a converted bool, so that NaN and infinities vanish under a mask; ``x`` of
``log(exp(x))``, ``|x|`` of ``sqrt(x * x)``, ``a / (b * c)`` of ``a / b / c``, and other results where a step between
overflows. It goes by what an operand was made by: so while a program is traced such operands are rounded to the
precision that they have, which computes nothing and is fused like all else.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from jax import lax
from jax.numpy import finfo

_GROWTH = {"exp", "exp2", "pow", "sqrt", "rsqrt"}
_PRODUCTS = {"mul", "square", "integer_pow"}
_QUOTIENTS = {"div", "integer_pow", "logistic"}
# by what uses them, for each operand the makers that are seen through; of two that both must be known, one is enough
SEEN_THROUGH = {
    **dict.fromkeys(("log", "asinh", "acosh", "integer_pow", "square"), (_GROWTH,)),
    "sqrt": (_PRODUCTS | _QUOTIENTS,),
    "rsqrt": (_PRODUCTS | _QUOTIENTS | {"pow"},),
    "pow": (_GROWTH, set()),
    "mul": (set(), _GROWTH),
    "div": (_QUOTIENTS, _QUOTIENTS | _GROWTH),
}
# what lays elements elsewhere, and is seen through as well
_PASSING = frozenset("broadcast_in_dim copy reshape squeeze stop_gradient transpose".split())


class Makers(dict):
    """By which primitives the values of a program were made, by identity; it keeps them alive."""

    def note(self, name: str, given: list, made: list) -> None:
        """Remember what was made by a primitive of that name."""
        if name in _PASSING:
            name = self.maker(given[0])
        for each in made:
            self[id(each)] = name, each

    def maker(self, value: Any) -> str:
        """The name of the primitive that made a value, empty for what comes from outside."""
        return self.get(id(value), ("",))[0]

    def hides(self, name: str, operands: list) -> list[bool]:
        """For each operand of a primitive with that name, whether it would be seen through."""
        seen = SEEN_THROUGH.get(name)
        if seen is None:
            return [False] * len(operands)
        return [self.maker(each) in makers for each, makers in zip(operands, seen, strict=True)]


def hidden(value: Any) -> Any:
    """The same value, of which it cannot be seen what made it."""
    if value.dtype.kind in "iub":
        return value
    if value.dtype.kind == "c":
        return lax.optimization_barrier(value)
    known = finfo(value.dtype)
    return lax.reduce_precision(value, known.nexp, known.nmant)


def is_mask(eqn: Any) -> bool:
    """Whether an equation converts bools to numbers that know NaN."""
    return (
        eqn.primitive.name == "convert_element_type"
        and eqn.invars[0].aval.dtype == bool
        and np.issubdtype(eqn.outvars[0].aval.dtype, np.inexact)
    )


def converted(mask: Any, eqn: Any) -> Any:
    """What such an equation makes: 0 and 1 that are chosen, not converted to."""
    one, zero = (lax.full_like(mask, each, eqn.outvars[0].aval.dtype) for each in (1, 0))
    return lax.select(mask, one, zero)
