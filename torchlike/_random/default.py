"""The process's own generator of the CPU, and the seeds that programs take from it."""

from __future__ import annotations

import threading

from torchlike._random.engine import Engine

engine = Engine()


class _Threads(threading.local):
    """What a thread draws from: the process's own engine, but for a loader's workers."""

    engine = engine


_threads = _Threads()


def current() -> Engine:
    """The engine of the thread that asks."""
    return _threads.engine


def use(own: Engine) -> None:
    """Let this thread draw from an engine of its own."""
    _threads.engine = own


def draw_seed() -> int:
    """A seed for JAX's counter-based generator: one draw, so that a mask nobody reads still moves the generator."""
    return int(current().u64(1)[0]) >> 1
