"""Several processes that run one function, each with its own number; if one fails all end."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import pickle
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
import weakref
from collections.abc import Callable, Sequence
from multiprocessing.connection import wait
from typing import Any

_SECONDS_TO_END = 30  # that a process is given after SIGTERM
_SET_DEATH_SIGNAL = 1  # of Linux's prctl
_ONLY_SPAWN = (
    "This method only supports start_method=spawn (got: {}).\nTo use a different start_method use:\n\t\t"
    " torch.multiprocessing.start_processes(...)"
)


class ProcessException(Exception):
    """One of the processes failed.

    Attributes:
        error_index: its number.
        error_pid: its process number.
    """

    def __init__(self, msg: str, error_index: int, error_pid: int) -> None:
        super().__init__(msg)
        self.msg, self.error_index, self.error_pid = msg, error_index, error_pid

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.msg, self.error_index, self.error_pid)


class ProcessRaisedException(ProcessException):
    """The function raised an error in it."""


class ProcessExitedException(ProcessException):
    """It came to an end by a signal or an exit code.

    Attributes:
        exit_code: as `multiprocessing.Process.exitcode`.
        signal_name: the signal's, if one ended it.
    """

    def __init__(
        self, msg: str, error_index: int, error_pid: int, exit_code: int, signal_name: str | None = None
    ) -> None:
        super().__init__(msg, error_index, error_pid)
        self.exit_code, self.signal_name = exit_code, signal_name

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.msg, self.error_index, self.error_pid, self.exit_code, self.signal_name)


def _run(fn: Callable, index: int, args: tuple, error_file: str) -> None:
    """What each process runs: it ends with the one that started it, and writes down what the function raises."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_DEATH_SIGNAL, signal.SIGINT)
    try:
        fn(index, *args)
    except KeyboardInterrupt:
        pass  # the one that started it was interrupted, too, or is no more
    except Exception:
        with open(error_file, "wb") as file:
            pickle.dump(traceback.format_exc(), file)
        sys.exit(1)


class ProcessContext:
    """Processes that were started together.

    Args:
        processes: which they are.
        error_files: where each writes what it raised.
    """

    def __init__(self, processes: Sequence, error_files: Sequence[str]) -> None:
        self.error_files, self.processes = error_files, processes
        self.sentinels = {process.sentinel: index for index, process in enumerate(processes)}

    def pids(self) -> list[int]:
        """Their process numbers."""
        return [int(process.pid) for process in self.processes]

    def join(self, timeout: float | None = None, grace_period: float | None = None) -> bool:
        """Wait until one of them, or all, have ended; if one has failed all are ended.

        Args:
            timeout: seconds to wait at most.
            grace_period: seconds in which the others may end by themselves, and again after SIGTERM.

        Returns:
            Whether all have ended.

        Raises:
            ProcessRaisedException: the function raised an error in one of them; its traceback is part of the text.
            ProcessExitedException: one of them exited otherwise.
        """
        for sentinel in wait(list(self.sentinels), timeout) if self.sentinels else ():
            index = self.sentinels.pop(sentinel)  # type: ignore[call-overload]
            self.processes[index].join()
            if self.processes[index].exitcode != 0:
                self._end(grace_period)
                raise self._failure(index)
        return not self.sentinels

    def _end(self, grace_period: float | None) -> None:
        if grace_period is not None:
            self._wait(grace_period)
        for process in self.processes:
            if process.is_alive():
                process.terminate()
        self._wait(_SECONDS_TO_END if grace_period is None else grace_period)
        for process in self.processes:
            if process.is_alive():
                process.kill()
            process.join()

    def _wait(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        for process in self.processes:
            process.join(max(0, end - time.monotonic()))

    def _failure(self, index: int) -> ProcessException:
        process = self.processes[index]
        if os.access(self.error_files[index], os.R_OK):
            with open(self.error_files[index], "rb") as file:
                told = pickle.load(file)
            text = f"\n\n-- Process {index} terminated with the following error:\n{told}"
            return ProcessRaisedException(text, index, process.pid)
        code = process.exitcode
        if code > 0:
            return ProcessExitedException(f"process {index} terminated with exit code {code}", index, process.pid, code)
        names = {int(each): each.name for each in signal.Signals}
        name = names.get(-code, f"<Unknown signal {-code}>")
        return ProcessExitedException(
            f"process {index} terminated with signal {name}", index, process.pid, code, signal_name=name
        )


def start_processes(
    fn: Callable,
    args: tuple = (),
    nprocs: int = 1,
    join: bool = True,
    daemon: bool = False,
    start_method: str = "spawn",
) -> ProcessContext | None:
    """Run ``fn(i, *args)`` in `nprocs` processes, ``i`` from 0 on.

    Args:
        join: whether to wait for all of them.
        daemon: whether they end with this process.
        start_method: how `multiprocessing` starts them; but for ``"fork"`` function and arguments must be picklable.

    Returns:
        The processes; None after they were waited for.

    Raises:
        ProcessException: one of them failed, see `ProcessContext.join`.
    """
    start: Any = multiprocessing.get_context(start_method)
    folder = tempfile.mkdtemp(prefix="torchlike-errors-")
    files = [os.path.join(folder, f"{index}.pickle") for index in range(nprocs)]
    processes = [
        start.Process(target=_run, args=(fn, index, args, file), daemon=daemon) for index, file in enumerate(files)
    ]
    for process in processes:
        process.start()
    context = ProcessContext(processes, files)
    weakref.finalize(context, shutil.rmtree, folder, ignore_errors=True)
    if not join:
        return context
    while not context.join():
        pass
    return None


def spawn(
    fn: Callable,
    args: tuple = (),
    nprocs: int = 1,
    join: bool = True,
    daemon: bool = False,
    start_method: str = "spawn",
) -> ProcessContext | None:
    """`start_processes` by spawning: each is a new Python that imports what `fn` needs.

    Args:
        start_method: nothing but ``"spawn"``.
    """
    if start_method != "spawn":
        warnings.warn(_ONLY_SPAWN.format(start_method), FutureWarning, stacklevel=2)
    return start_processes(fn, args, nprocs, join, daemon, start_method="spawn")
