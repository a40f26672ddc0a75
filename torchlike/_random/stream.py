"""Draws one at a time, for samplers that take as many words as chance asks for."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from operator import length_hint

from torchlike._random.distributions import doubles
from torchlike._random.engine import Engine

__all__ = ["Stream", "log", "one_at_a_time"]


class Stream:
    """Uniforms and normals in double precision, one at a time."""

    __slots__ = ("_engine", "_ready")

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._ready: Iterator[float] = iter(())

    def uniform(self) -> float:
        """The next uniform in [0, 1)."""
        for value in self._ready:
            return value
        self._ready = iter(doubles(self._engine, max(1, self._engine.left_in_block // 2)).tolist())
        return next(self._ready)

    def normal(self) -> float:
        """The next standard normal: the engine's cached one, or the first of a new pair."""
        cached = self._engine.next_normal
        if cached is not None:
            self._engine.next_normal = None
            return cached
        theta = 2 * math.pi * self.uniform()
        radius = math.sqrt(-2 * math.log1p(-self.uniform()))
        self._engine.next_normal = radius * math.sin(theta)
        return radius * math.cos(theta)

    def close(self) -> None:
        """Give back what was taken from the block and not used."""
        self._engine.give_back(2 * length_hint(self._ready))


@contextmanager
def one_at_a_time(engine: Engine) -> Generator[Stream]:
    """A stream over the engine, which afterwards stands where the stream has got to."""
    with engine.lock:
        stream = Stream(engine)
        try:
            yield stream
        finally:
            stream.close()


def log(x: float) -> float:
    """The natural logarithm, of zero too."""
    return math.log(x) if x else -math.inf
