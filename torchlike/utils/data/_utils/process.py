"""A loader's side of its workers: starting them, giving them tasks, hearing from them, seeing them end."""

from __future__ import annotations

import os
import signal
import time
import warnings
from collections import deque
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import wait
from multiprocessing.context import BaseContext
from pickle import PicklingError
from typing import Any

from torchlike.utils.data._utils.channel import GONE, MOST_UNREAD, Channel, LoadersEnd
from torchlike.utils.data._utils.worker import Anew, work

_SECONDS_TO_LOOK = 5.0  # between looks at whether a worker lives whose pipe another process holds
_SECONDS_TO_END = 5.0  # that a worker in the middle of a batch is given
_NOT_PICKLABLE = (
    "Got pickle error when attempting to start a worker Process. This might be because the worker Process arguments are "
    "not picklable. Python 3.14+ changed the multiprocessing start method in non-Mac POSIX platforms to 'forkserver', "
    "which requires the worker Process arguments to be picklable. You can also try "
    "multiprocessing.set_start_method('fork')."
)
_BY_CODE = (
    "DataLoader worker (pid {}) exited unexpectedly with exit code {}. Details are lost due to multiprocessing. Rerunning "
    "with num_workers=0 may give better error trace."
)


class Worker:
    """A worker as its loader sees it.

    Args:
        context: how processes are started.
        arguments: of `work`, behind the channel.

    Attributes:
        is_active: whether it is given tasks.
        unanswered: how many tasks it was given and has not answered.
    """

    def __init__(self, context: BaseContext, *arguments: Any) -> None:
        self.is_active, self.unanswered = True, 0
        self._waiting: deque = deque()  # tasks for which there was no room in the pipe
        ours, theirs = context.Pipe()
        self._channel = LoadersEnd(ours)
        try:
            # a context has the class of its processes, which the type of all contexts does not say
            self._process = context.Process(target=work, args=(Channel(theirs), *arguments), daemon=True)  # type: ignore[attr-defined]
            with _quietly_forked():
                self._process.start()
        except (TypeError, AttributeError, PicklingError):
            warnings.warn(_NOT_PICKLABLE, stacklevel=5)
            raise
        finally:
            theirs.close()

    @property
    def connection(self):
        """What can be waited for."""
        return self._channel.connection

    def give(self, task: Any) -> None:
        """Let it work on ``(number, index)``, or begin anew."""
        self.unanswered += 1
        self._waiting.append(task)
        self._send()

    def renew(self) -> None:
        """Let it begin the dataset anew; it answers what it is at, and then that it begins."""
        self.unanswered -= len(self._waiting)
        self._waiting.clear()
        self.give(Anew())

    def _send(self) -> None:
        with suppress(*GONE):  # which is found when it is heard
            while self._waiting and self.unanswered - len(self._waiting) < MOST_UNREAD:
                self._channel.send(self._waiting.popleft())

    def answer(self) -> Any:
        """What it has sent: waits for it.

        Raises:
            RuntimeError: it has ended.
        """
        try:
            answer = self._channel.receive()
        except GONE:
            raise self._ended() from self._cause()
        self.unanswered -= 1
        self._send()
        return answer

    def look(self) -> None:
        """See whether it lives.

        Raises:
            RuntimeError: it does not.
        """
        if not self._process.is_alive():
            raise self._ended() from self._cause()

    def _ended(self) -> RuntimeError:
        self.is_active, self.unanswered = False, 0
        return RuntimeError(f"DataLoader worker (pid(s) {self._process.pid}) exited unexpectedly")

    def _cause(self) -> RuntimeError | None:
        self._process.join(_SECONDS_TO_END)
        code = self._process.exitcode
        if not code:
            return None
        pid = self._process.pid
        if code > 0:
            return RuntimeError(_BY_CODE.format(pid, code))
        return RuntimeError(f"DataLoader worker (pid {pid}) is killed by signal: {signal.strsignal(-code)}. ")

    def stop(self) -> None:
        """Let it end after the batch it is at; what else it was given is dropped."""
        self._channel.close()

    def join(self, end: float) -> None:
        """Wait for its end, which comes at some time of `time.monotonic` at the latest."""
        if self._process._parent_pid != os.getpid():  # type: ignore[attr-defined]
            return  # a process that was forked holds the loader, too
        self._process.join(max(end - time.monotonic(), 0))
        if self._process.is_alive():
            self._process.terminate()
            self._process.join(_SECONDS_TO_END)


def first_to_answer(workers: Sequence[Worker], timeout: float) -> Worker:
    """One of the workers that have something to say; waits for it, for some seconds at most if `timeout` is not 0.

    Raises:
        RuntimeError: none had in time, or one of them has ended.
    """
    end = time.monotonic() + timeout if timeout else None
    while True:
        left = _SECONDS_TO_LOOK if end is None else min(max(end - time.monotonic(), 0), _SECONDS_TO_LOOK)
        ready = wait([each.connection for each in workers], left)
        if ready:
            return next(each for each in workers if each.connection is ready[0])
        for each in workers:
            each.look()
        if end is not None and time.monotonic() >= end:
            raise RuntimeError(f"DataLoader timed out after {timeout} seconds")


def end_all(workers: Sequence[Worker]) -> None:
    """End workers: those in the middle of a batch have some seconds."""
    for each in workers:
        each.stop()
    end = time.monotonic() + _SECONDS_TO_END
    for each in workers:
        each.join(end)


@contextmanager
def _quietly_forked() -> Generator[None]:
    """Within it nobody warns that threads do not come along: a worker needs none of them."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"os\.fork\(\) was called", RuntimeWarning)
        warnings.filterwarnings("ignore", r".*multi-threaded, use of fork\(\)", DeprecationWarning)
        yield
