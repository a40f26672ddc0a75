"""How many threads compute."""

from __future__ import annotations

import os

_threads_of_process = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
_threads = _threads_of_process
_interop_threads: int | None = None


def get_num_threads() -> int:
    """How many threads the program asked for; by default as many as there are cores for it.

    Example:
        >>> torch.get_num_threads() > 0
        True
    """
    return _threads


def set_num_threads(int_: int, /) -> None:
    """Ask for a number of threads.

    XLA's own pool is as large as the cores that the process may use, and does not change while it runs.

    Raises:
        RuntimeError: it is no positive integer.

    Example:
        >>> torch.set_num_threads(torch.get_num_threads())
        >>> torch.get_num_threads() > 0
        True
    """
    global _threads
    if not isinstance(int_, int):
        raise RuntimeError(f"set_num_threads expects an int, but got {type(int_).__name__}")
    if int_ <= 0:
        raise RuntimeError("set_num_threads expects a positive integer")
    _threads = int_


def get_num_interop_threads() -> int:
    """How many threads the program asked for, for what is independent; by default as many as there are cores for it.

    Example:
        >>> torch.get_num_interop_threads() > 0
        True
    """
    return _threads_of_process if _interop_threads is None else _interop_threads


def set_num_interop_threads(int_: int, /) -> None:
    """Ask for a number of threads for what is independent, once.

    Raises:
        RuntimeError: it is no positive integer, or was set before.
    """
    global _interop_threads
    if not isinstance(int_, int):
        raise RuntimeError(f"set_num_interop_threads expects an int, but got {type(int_).__name__}")
    if int_ <= 0:
        raise RuntimeError("set_num_interop_threads expects a positive integer")
    if _interop_threads is not None:
        raise RuntimeError(
            "Error: cannot set number of interop threads after parallel work has started or set_num_interop_threads called"
        )
    _interop_threads = int_


def set_flush_denormal(mode: bool, /) -> bool:
    """Ask for results too small for their dtype's full precision to become 0.

    Returns:
        Whether that was done: it is not, these numbers are computed as they are.

    Raises:
        RuntimeError: `mode` is no bool.
    """
    if not isinstance(mode, bool):
        raise RuntimeError(f"flush_denormal expects a bool, but got {type(mode).__name__}")
    return False
