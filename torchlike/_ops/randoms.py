"""The tape's view of random draws."""

from __future__ import annotations

import math
from collections.abc import Callable

from torchlike._dispatch import op
from torchlike._ops._promote import Array


def in_a_row(draw: Callable[[tuple[int, ...]], Array], shape: tuple[int, ...]) -> Array:
    """What `draw` gives for a shape, drawn as one row: the same numbers.

    XLA takes 4 s to compile the counters of a mask of four dimensions for the CPU, 0.4 s for those of a row.
    """
    return draw((math.prod(shape),)).reshape(shape)


@op(name="bernoulli", order=("probabilities",))
def drawn_from(probabilities: Array, drawn: Array) -> Array:
    """What was drawn; the derivative by the probabilities is zero."""
    return drawn
