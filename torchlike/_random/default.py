"""The process's own generator of the CPU, and the seeds that programs take from it."""

from __future__ import annotations

import threading

from torchlike._random.engine import Engine

engine = Engine()


class _Threads(threading.local):
    """What a thread draws from: the process's own engine, but for a loader's workers.

    Attributes:
        seeds: the seeds that programs take are noted here, while a compiled function is captured.
    """

    engine = engine
    seeds: list[int] | None = None


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
    if _threads.seeds is not None:
        _threads.seeds.append(seed)
    return seed


def note_seeds(seeds: list[int] | None) -> None:
    """Note the seeds that this thread draws from now on in a list; None to stop."""
    _threads.seeds = seeds
