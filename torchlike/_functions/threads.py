"""How many threads compute."""

from __future__ import annotations

import os

_threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def get_num_threads() -> int:
    """How many threads the program asked for; by default as many as there are cores for it."""
    return _threads


def set_num_threads(int_: int, /) -> None:
    """Ask for a number of threads.

    XLA's own pool is as large as the cores that the process may use, and does not change while it runs.

    Raises:
        RuntimeError: it is no positive integer.
    """
    global _threads
    if not isinstance(int_, int):
        raise RuntimeError(f"set_num_threads expects an int, but got {type(int_).__name__}")
    if int_ <= 0:
        raise RuntimeError("set_num_threads expects a positive integer")
    _threads = int_
