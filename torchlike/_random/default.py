"""The process's own generator of the CPU, and the seeds that programs take from it."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np

from torchlike._random.engine import Engine

engine = Engine()
Draw = Callable[[Engine], np.ndarray]


class _Threads(threading.local):
    """What is noted of a thread's draws.

    Attributes:
        draws: while a compiled function is captured, what is drawn is noted here: a seed, or how to draw an array from
            an engine, and the array.
    """

    draws: list[int | tuple[Draw, np.ndarray]] | None = None


_threads = _Threads()


def draw_seed() -> int:
    """A seed for JAX's counter-based generator: one draw, so that a mask nobody reads still moves the generator."""
    seed = int(engine.u64(1)[0]) >> 1
    if _threads.draws is not None:
        _threads.draws.append(seed)
    return seed


def draw_array(draw: Draw) -> np.ndarray:
    """What `draw` gives from the engine: a compiled function draws it anew at each call."""
    array = draw(engine)
    if _threads.draws is not None:
        _threads.draws.append((draw, array))
    return array


def note_draws(draws: list | None) -> None:
    """Note what this thread draws from now on in a list; None to stop."""
    _threads.draws = draws
