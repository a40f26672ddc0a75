"""The tape's view of random draws."""

from __future__ import annotations

import math
from collections.abc import Callable

from torchlike._dispatch import op
from torchlike._ops._promote import Array
from torchlike._recorder.checks import Check


def in_a_row(draw: Callable[[tuple[int, ...]], Array], shape: tuple[int, ...]) -> Array:
    """What `draw` gives for a shape, drawn as one row: the same numbers.

    XLA takes 4 s to compile the counters of a mask of four dimensions for the CPU, 0.4 s for those of a row.
    """
    return draw((math.prod(shape),)).reshape(shape)


def _is_negative(std):
    return std < 0


def _is_deviation(std) -> list[Check]:
    return [Check(_is_negative, (std,), RuntimeError("normal expects all elements of std >= 0.0"))]


@op(check=_is_deviation)
def deviations(std: Array) -> Array:
    """Standard deviations, of which none is negative."""
    return std


@op(name="bernoulli", order=("probabilities",))
def drawn_from(probabilities: Array, drawn: Array) -> Array:
    """What was drawn; the derivative by the probabilities is zero."""
    return drawn


@op(name="poisson")
def poisson_drawn(rate: Array, drawn: Array) -> Array:
    """What was drawn; the derivative by the rates is zero."""
    return drawn


@op(name="binomial", grad_name="NotImplemented")
def binomial_drawn(count: Array, prob: Array, drawn: Array) -> Array:
    """What was drawn; there is no derivative."""
    return drawn


@op(name="_sample_dirichlet", grad_name="NotImplemented")
def dirichlet_drawn(self: Array, drawn: Array) -> Array:
    """What was drawn, without a derivative; `torchlike._ops.variates` has one."""
    return drawn
