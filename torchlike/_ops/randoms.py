"""The tape's view of random draws."""

from __future__ import annotations

from torchlike._dispatch import op
from torchlike._ops._promote import Array


@op(name="bernoulli")
def drawn_from(probabilities: Array, drawn: Array) -> Array:
    """What was drawn; the derivative by the probabilities is zero."""
    return drawn
