"""The process's own generator of the CPU, and the seeds that programs take from it."""

from __future__ import annotations

from torchlike._random.engine import Engine

engine = Engine()


def draw_seed() -> int:
    """A seed for JAX's counter-based generator: one draw, so that a mask nobody reads still moves the generator."""
    return int(engine.u64(1)[0]) >> 1
