"""``torch.futures``: results that are there later."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

T = TypeVar("T")
S = TypeVar("S")


class Future(Generic[T]):
    """A result that is there later.

    Args:
        devices: the GPUs that tensors in the result are on.

    Example:
        >>> from torchlike.futures import Future
        >>> later = Future()
        >>> doubled = later.then(lambda done: done.value() * 2)
        >>> later.set_result(3)
        >>> doubled.wait()
        6
    """

    def __init__(self, *, devices: Sequence | None = None) -> None:
        self._there, self._lock = threading.Event(), threading.Lock()
        self._callbacks: list[Callable] = []
        self._result: Any = None
        self._error: BaseException | None = None

    def done(self) -> bool:
        """Whether it is there, or an error in its place."""
        return self._there.is_set()

    def wait(self) -> T:
        """Wait for it.

        Raises:
            Exception: that was set in its place.
        """
        self._there.wait()
        return self.value()

    def value(self) -> T:
        """It.

        Raises:
            RuntimeError: it is not there yet.
            Exception: that was set in its place.
        """
        if not self._there.is_set():
            raise RuntimeError("value() of a Future that is not completed: use wait()")
        if self._error is not None:
            raise self._error
        return self._result

    def then(self, callback: Callable[[Future[T]], S]) -> Future[S]:
        """What a function makes of it, once it is there.

        Args:
            callback: takes this object.
        """
        made: Future = Future()

        def call(done: Future) -> None:
            try:
                made.set_result(callback(done))
            except Exception as error:
                name = type(error).__name__
                made.set_exception(RuntimeError(f"Got the following error when running the callback: {name}: {error}"))

        self.add_done_callback(call)
        return made

    def add_done_callback(self, callback: Callable[[Future[T]], None]) -> None:
        """Call a function once it is there, at once if it is."""
        with self._lock:
            if not self._there.is_set():
                self._callbacks.append(callback)
                return
        callback(self)

    def set_result(self, result: T) -> None:
        """Say what it is.

        Raises:
            RuntimeError: it is there.
        """
        self._finish(result, None)

    def set_exception(self, result: BaseException) -> None:
        """Say that it is an error.

        Raises:
            AssertionError: it is no exception.
            RuntimeError: it is there.
        """
        if not isinstance(result, Exception):
            raise AssertionError(f"{result} is of type {type(result)}, not an Exception.")
        self._finish(None, result)

    def _finish(self, result: Any, error: BaseException | None) -> None:
        with self._lock:
            if self._there.is_set():
                raise RuntimeError(
                    "Attempting to mark a completed Future as complete again. Note that a Future can only be marked "
                    "completed once."
                )
            self._result, self._error = result, error
            self._there.set()
            called, self._callbacks = self._callbacks, []
        for each in called:
            each(self)


def collect_all(futures: Sequence[Future]) -> Future[list[Future]]:
    """One that is there when all are: the list of them."""
    made: Future = Future()
    left, lock = [len(futures)], threading.Lock()

    def count(done: Future) -> None:
        with lock:
            left[0] -= 1
            is_last = left[0] == 0
        if is_last:
            made.set_result(list(futures))

    for each in futures:
        each.add_done_callback(count)
    if not futures:
        made.set_result([])
    return made


def wait_all(futures: Sequence[Future]) -> list:
    """Wait for all; their results.

    Raises:
        Exception: that is in the place of one.
    """
    return [each.wait() for each in collect_all(futures).wait()]
