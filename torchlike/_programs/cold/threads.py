"""Threads for NumPy's products: BLAS has one, and those that are large are cut in parts, for threads of ours.

OpenBLAS's own threads spin while they wait: where other processes keep the cores busy they made a step of a small
network ten times as slow. Ours sleep, and a part that none of them has begun is done by the thread that waits for it.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable
from functools import cache
from queue import SimpleQueue
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController

SHARED = 8_000_000  # multiplications: some 130 us of one core, of which a second one spares a third
MOST = 4  # threads


@cache
def _libraries() -> list[Any]:
    return ThreadpoolController().select(user_api="blas").lib_controllers


class OneThread:
    """Within it BLAS has one thread."""

    def __enter__(self) -> None:
        self._before = [(each, each.get_num_threads()) for each in _libraries()]
        for each in _libraries():
            each.set_num_threads(1)

    def __exit__(self, *_: Any) -> None:
        for each, count in self._before:
            each.set_num_threads(count)


class Crew:
    """Threads that help the one that calls.

    Args:
        size: how many there are, the caller's included.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._wanted: SimpleQueue = SimpleQueue()
        for _ in range(size - 1):
            threading.Thread(target=self._help, name="torchlike-cold", daemon=True).start()

    def _help(self) -> None:
        with np.errstate(all="ignore"):
            while True:
                _work_off(*self._wanted.get())

    def share(self, fn: Callable, parts: list[tuple]) -> None:
        """Call `fn` with each of the parts; who calls it with which changes nothing."""
        left, done = deque(parts), SimpleQueue()
        for _ in parts[1:]:
            self._wanted.put((fn, left, done))
        _work_off(fn, left, done)
        for error in [done.get() for _ in parts]:
            if error is not None:
                raise error


def _work_off(fn: Callable, left: deque, done: SimpleQueue) -> None:
    while True:
        try:
            part = left.popleft()
        except IndexError:
            return
        error = None
        try:
            fn(*part)
        except BaseException as raised:  # the one who waits raises it
            error = raised
        done.put(error)


_crew: Crew | None = None


def _forget() -> None:
    """A forked process has none of its parent's threads."""
    global _crew
    _crew = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def crew() -> Crew:
    """The threads of this process: one for each core that it may use, up to `MOST`."""
    global _crew
    if _crew is None:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        _crew = Crew(min(cores, MOST))
    return _crew


def work_alone() -> None:
    """Let this process compute in the thread that asks, beside others that do the same."""
    global _crew
    _crew = Crew(1)


def product(x: np.ndarray, y: np.ndarray):
    """`np.matmul` of arrays with the same batch axes, in as many parts as there are threads if it is large."""
    if x.size * y.shape[-1] < SHARED or (count := crew().size) == 1:
        return np.matmul(x, y)
    made = np.empty((*x.shape[:-1], y.shape[-1]), np.result_type(x, y))
    axis = 0 if made.ndim > 2 and len(made) >= count else made.ndim - (2 if made.shape[-2] >= made.shape[-1] else 1)
    size = made.shape[axis]
    cuts = [(..., slice(size * each // count, size * (each + 1) // count)) for each in range(count)]
    if axis == made.ndim - 1:
        parts = [(x, y[cut], made[cut]) for cut in cuts]
    elif axis == made.ndim - 2:
        parts = [(x[*cut, :], y, made[*cut, :]) for cut in cuts]
    else:
        parts = [(x[cut], y[cut], made[cut]) for _, cut in cuts]
    crew().share(np.matmul, parts)
    return made
