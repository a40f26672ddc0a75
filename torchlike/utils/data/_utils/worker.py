"""Workers: processes that read batches ahead, each with its own copy of everything and its own random numbers.

A worker is forked where processes are by default (so that nothing need be picklable), and computes by NumPy alone: XLA's
threads stay with its parent.
"""

from __future__ import annotations

import gc
import pickle
import random
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.reduction import ForkingPickler
from typing import Any

import numpy as np

from torchlike._functions.generators import manual_seed
from torchlike._functions.threads import set_num_threads
from torchlike._programs import forks
from torchlike._programs.cold import threads
from torchlike._programs.tracebacks import users_part
from torchlike._recorder.recorder import recorder
from torchlike.utils.data._utils.channel import GONE, Channel
from torchlike.utils.data._utils.fetch import _IterableDatasetFetcher


@dataclass(frozen=True, slots=True)
class WorkerInfo:
    """What a worker is told of itself.

    Attributes:
        id: its number, from 0 on.
        num_workers: how many there are.
        seed: of its random numbers.
        dataset: its copy of the dataset.
        rng: None; a process has its own generators.
        worker_method: what it is: a process.
    """

    id: int
    num_workers: int
    seed: int
    dataset: Any
    rng: Any = None
    worker_method: str | None = "multiprocessing"


_info: WorkerInfo | None = None


def get_worker_info() -> WorkerInfo | None:
    """What the worker that calls this is: its ``id``, ``num_workers``, ``seed``, ``dataset``; None outside workers.

    Example:
        >>> torch.utils.data.get_worker_info() is None
        True
    """
    return _info


get_worker_info.__module__ = "torchlike.utils.data"


# ---------------------------------------------------------------------- what goes between a loader and its workers


@dataclass(frozen=True)
class IterableEnd:
    """A worker's iterable dataset has ended."""


@dataclass(frozen=True)
class Anew:
    """A worker is to begin the dataset anew, or does."""


class _Plain(str):
    """A message that `KeyError` shows as it is, line breaks and all."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


class ExceptionWrapper:
    """An error on its way to another thread or process.

    Args:
        exc_info: type, error and traceback; those of the error being handled by default.
        where: where it happened, for the message.
    """

    def __init__(self, exc_info: Any = None, where: str = "in background") -> None:
        found: Any = exc_info or sys.exc_info()
        kind, error, trace = found
        # the text, and not the traceback: its frames would hold the worker's batch
        self.exc_type: Any = kind
        self.exc_name: str = kind.__name__
        self.exc_msg = "".join(traceback.format_exception(kind, error, users_part(trace)))
        self.where = where

    def reraise(self) -> None:
        """Raise an error of the same type here, whose message tells where it came from.

        Raises:
            RuntimeError: where an error of that type cannot be made from a message.
        """
        kind: Any = self.exc_type
        message = f"Caught {self.exc_name} {self.where}.\nOriginal {self.exc_msg}"
        if self.exc_type is KeyError:
            message = _Plain(message)
        try:
            error: Any = kind(message=message) if getattr(kind, "message", None) else kind(message)
        except Exception:
            raise RuntimeError(message) from None
        raise error


# ---------------------------------------------------------------------- the process


def work(
    channel: Channel,
    worker_id: int,
    num_workers: int,
    base_seed: int,
    dataset: Any,
    init_fn: Callable | None,
    make_fetcher: Callable,
) -> None:
    """Make batches of the tasks that come, in their order, until nobody is there to ask for them.

    Args:
        channel: where tasks, ``(number, index)``, come from, and ``(number, batch)`` go to.
        worker_id: its number.
        num_workers: how many there are.
        base_seed: its random numbers begin from ``base_seed + worker_id``.
        dataset: what it reads.
        init_fn: called once with the number.
        make_fetcher: from the dataset to an object with a method `fetch`.
    """
    global _info
    with suppress(KeyboardInterrupt, *GONE):
        _settle(worker_id, base_seed)
        _info = WorkerInfo(worker_id, num_workers, base_seed + worker_id, dataset)
        fetch = _begun(init_fn, make_fetcher)
        while True:
            task = channel.receive()
            if isinstance(task, Anew):
                channel.send(task)
                fetch = _begun(None, make_fetcher)
            elif fetch is not None:
                number, index = task
                batch = fetch(index)
                _hand_over(channel, number, batch)
                fetch = None if isinstance(batch, IterableEnd) else fetch
                del batch


def _settle(worker_id: int, base_seed: int) -> None:
    """Make this process a worker: it computes with NumPy in one thread, from PyTorch's seeds."""
    gc.freeze()  # what the parent has made is left alone: its memory stays shared
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # the parent's handler is not meant for its workers
    forks.cut_off()
    threads.work_alone()
    set_num_threads(1)
    recorder.reads_host = True
    random.seed(base_seed + worker_id)
    manual_seed(base_seed + worker_id)
    entropy = np.random.SeedSequence([worker_id, base_seed & 0xFFFFFFFF, base_seed >> 32, 0])
    np.random.seed(entropy.generate_state(4))


def _begun(init_fn: Callable | None, make_fetcher: Callable) -> Callable[[Any], Any]:
    """A function that gives the batch of an index, or what kept it from being made."""
    assert _info is not None
    try:
        if init_fn is not None:
            init_fn(_info.id)
        fetcher = make_fetcher(_info.dataset)
    except Exception:
        failure = _failure()
        return lambda index: failure

    def fetch(index: Any) -> Any:
        try:
            return fetcher.fetch(index)
        except Exception as error:
            if isinstance(error, StopIteration) and isinstance(fetcher, _IterableDatasetFetcher):
                return IterableEnd()
            return _failure()

    return fetch


def _failure() -> ExceptionWrapper:
    """The error that is being handled, to be raised by the loader."""
    assert _info is not None
    failure = ExceptionWrapper(where=f"in DataLoader worker process {_info.id}")
    # a class that the loader cannot find goes as the next one that it can
    failure.exc_type = next(each for each in failure.exc_type.__mro__ if _can_be_sent(each))
    return failure


def _can_be_sent(kind: type) -> bool:
    try:
        ForkingPickler.dumps(kind)
    except (pickle.PicklingError, AttributeError):
        return False
    return True


def _hand_over(channel: Channel, number: int, batch: Any) -> None:
    try:
        channel.send((number, batch))
    except GONE:
        raise
    except Exception:  # it cannot be computed, or pickled
        channel.send((number, _failure()))
