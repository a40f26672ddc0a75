"""``torch.cuda.nvtx``: names for parts of a program, which a profiler shows."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import jax

from torchlike.cuda._calls import is_available

_open: list[jax.profiler.TraceAnnotation] = []
_ranges: dict[int, jax.profiler.TraceAnnotation] = {}


def _begun(msg: str) -> jax.profiler.TraceAnnotation:
    if not is_available():
        raise RuntimeError("NVTX functions not installed. Are you sure you have a CUDA build?")
    made = jax.profiler.TraceAnnotation(msg)
    made.__enter__()
    return made


def range_push(msg: str) -> int:
    """Begin a part within the one that was begun last; how many were open.

    Raises:
        RuntimeError: there is no GPU.
    """
    _open.append(_begun(msg))
    return len(_open) - 1


def range_pop() -> int:
    """End the part that was begun last; how many are open.

    Raises:
        RuntimeError: there is no GPU.
    """
    if not is_available():
        _begun("")
    if _open:
        _open.pop().__exit__(None, None, None)
    return len(_open)


def range_start(msg: str) -> int:
    """Begin a part; its number, by which it is ended.

    Raises:
        RuntimeError: there is no GPU.
    """
    made = _begun(msg)
    _ranges[id(made)] = made
    return id(made)


def range_end(range_id: int) -> None:
    """End a part."""
    made = _ranges.pop(range_id, None)
    if made is not None:
        made.__exit__(None, None, None)


def mark(msg: str) -> None:
    """A moment with a name.

    Raises:
        RuntimeError: there is no GPU.
    """
    _begun(msg).__exit__(None, None, None)


@contextmanager
def range(msg: str, *args: Any, **kwargs: Any) -> Generator[None]:
    """The block as a part.

    Args:
        msg: its name; ``msg.format(*args, **kwargs)``.

    Raises:
        RuntimeError: there is no GPU.
    """
    range_push(msg.format(*args, **kwargs))
    try:
        yield
    finally:
        range_pop()
