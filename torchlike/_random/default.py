"""The process's own generator of the CPU, and the seeds that programs take from it."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np

from torchlike._random.engine import Engine

engine = Engine()
Draw = Callable[[Engine], np.ndarray]


class _Threads(threading.local):
    """What a thread draws from: the process's own engine, but for a loader's workers.

    Attributes:
        draws: while a compiled function is captured, what is drawn is noted here: a seed, or how to draw an array from
            an engine, and the array.
    """

    engine = engine
    draws: list[int | tuple[Draw, np.ndarray]] | None = None


_threads = _Threads()


def current() -> Engine:
    """The engine of the thread that asks."""
    return _threads.engine


def use(own: Engine) -> None:
    """Let this thread draw from an engine of its own."""
    _threads.engine = own


def draw_seed() -> int:
    """A seed for JAX's counter-based generator: one draw, so that a mask nobody reads still moves the generator."""
    seed = int(current().u64(1)[0]) >> 1
    if _threads.draws is not None:
        _threads.draws.append(seed)
    return seed


def draw_array(draw: Draw) -> np.ndarray:
    """What `draw` gives from the thread's engine: a compiled function draws it anew at each call."""
    array = draw(current())
    if _threads.draws is not None:
        _threads.draws.append((draw, array))
    return array


def note_draws(draws: list | None) -> None:
    """Note what this thread draws from now on in a list; None to stop."""
    _threads.draws = draws
