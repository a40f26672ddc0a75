"""Workers: threads that read batches ahead, each with its own random numbers and its own copy of the dataset."""

from __future__ import annotations

import atexit
import contextlib
import copy
import random
import sys
import threading
import traceback
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any

import numpy as np

from torchlike._autograd.modes import is_grad_enabled, set_grad_enabled
from torchlike._autograd.variable import TensorBase
from torchlike._functions.randoms import Generator
from torchlike._programs.tracebacks import users_part
from torchlike._random import default
from torchlike._random.engine import Engine
from torchlike._recorder.recorder import recorder
from torchlike.utils.data._utils.fetch import _IterableDatasetFetcher
from torchlike.utils.data.dataset import Dataset

_GENERATORS = (random.Random, np.random.Generator, np.random.RandomState, Generator)
_SECONDS_TO_END = 5.0  # that the interpreter waits at its end for a worker in the middle of a batch


@dataclass(frozen=True, slots=True)
class _RNG:
    """A worker's own generators, for datasets that want numbers of nobody else's stream.

    Attributes:
        random_generator: Python's.
        torch_generator: torchlike's.
        numpy_generator: NumPy's.
    """

    random_generator: random.Random
    torch_generator: Any
    numpy_generator: Any = None


@dataclass(frozen=True, slots=True)
class WorkerInfo:
    """What a worker is told of itself.

    Attributes:
        id: its number, from 0 on.
        num_workers: how many there are.
        seed: of its random numbers.
        dataset: its copy of the dataset.
        rng: its own generators.
        worker_method: what it is: a thread.
    """

    id: int
    num_workers: int
    seed: int
    dataset: Any
    rng: _RNG | None = None
    worker_method: str | None = "thread"


class _Current(threading.local):
    info: WorkerInfo | None = None


_current = _Current()


def get_worker_info() -> WorkerInfo | None:
    """What the worker that calls this is: its ``id``, ``num_workers``, ``seed``, ``dataset``; None outside workers.

    Example:
        >>> from torchlike.utils.data import get_worker_info
        >>> get_worker_info() is None
        True
    """
    return _current.info


get_worker_info.__module__ = "torchlike.utils.data"


# ---------------------------------------------------------------------- what workers send


@dataclass(frozen=True)
class IterableEnd:
    """A worker's iterable dataset has ended."""

    worker_id: int


@dataclass(frozen=True)
class Died:
    """Something that is no error ended a worker: `SystemExit` and the like."""

    worker_id: int


class _Plain(str):
    """A message that `KeyError` shows as it is, line breaks and all."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


class ExceptionWrapper:
    """An error on its way to another thread.

    Args:
        exc_info: type, error and traceback; those of the error being handled by default.
        where: where it happened, for the message.
    """

    def __init__(self, exc_info=None, where: str = "in background") -> None:
        kind, error, trace = exc_info or sys.exc_info()
        # the text, and not the traceback: its frames would hold the worker's batch
        self.exc_type = kind
        self.exc_msg = "".join(traceback.format_exception(kind, error, users_part(trace)))
        self.where = where

    def reraise(self) -> None:
        """Raise an error of the same type here, whose message tells where it came from.

        Raises:
            RuntimeError: where an error of that type cannot be made from a message.
        """
        kind: Any = self.exc_type
        message = f"Caught {kind.__name__} {self.where}.\nOriginal {self.exc_msg}"
        if self.exc_type is KeyError:
            message = _Plain(message)
        try:
            error: Any = kind(message=message) if getattr(kind, "message", None) else kind(message)
        except Exception:
            raise RuntimeError(message) from None
        raise error


# ---------------------------------------------------------------------- random streams


def streams() -> tuple:
    """The states of the generators that Python and NumPy keep for everybody."""
    return random.getstate(), np.random.get_state()


def set_streams(states: tuple) -> None:
    """Let these generators go on from other states."""
    random.setstate(states[0])
    np.random.set_state(states[1])


def are_same(first: tuple, second: tuple) -> bool:
    """Whether two states of `streams` are: whether nothing was drawn between them."""
    ours, theirs = first[1], second[1]
    return first[0] == second[0] and ours[2:] == theirs[2:] and np.array_equal(ours[1], theirs[1])


def _seeded_streams(base_seed: int, worker_id: int) -> tuple:
    """The states that a worker's generators begin from: PyTorch's."""
    entropy = np.random.SeedSequence([worker_id, base_seed & 0xFFFFFFFF, base_seed >> 32, 0])
    return random.Random(base_seed + worker_id).getstate(), np.random.RandomState(entropy.generate_state(4)).get_state()


def _own_copy(dataset, known: dict[int, Any] | None = None):
    """A worker's copy of a dataset: of the object, of datasets and random generators in it, and of nothing else.

    As in a forked process what the worker sets on its dataset concerns no other worker, and as there the samples are
    not copied. Unlike there lists and the like, and open files' positions, are everybody's.
    """
    known = {} if known is None else known
    if id(dataset) in known:
        return known[id(dataset)]
    if isinstance(dataset, TensorBase) or not hasattr(dataset, "__dict__"):
        return dataset
    try:
        made = copy.copy(dataset)
    except Exception:  # whatever a class says against copies, its samples can be read
        return dataset
    known[id(dataset)] = made
    for name, value in vars(made).items():
        if isinstance(value, Dataset):
            vars(made)[name] = _own_copy(value, known)
        elif isinstance(value, _GENERATORS):
            vars(made)[name] = copy.deepcopy(value)
        elif type(value) in (list, tuple) and value and isinstance(value[0], Dataset):
            vars(made)[name] = type(value)(_own_copy(each, known) for each in value)
    return made


# ---------------------------------------------------------------------- the thread


class Worker:
    """A thread that makes batches of the tasks it is given, in their order.

    Args:
        worker_id: its number.
        num_workers: how many there are.
        base_seed: its random numbers begin from ``base_seed + worker_id``.
        dataset: it takes a copy.
        init_fn: called once, in the thread, with the number.
        make_fetcher: from the copy to an object with a method `fetch`.
        results: where ``(task, batch)`` pairs go.

    Attributes:
        waiting: tasks that are its own and not yet given to it.
        streams: the states of Python's and NumPy's generators when it was last at work.
    """

    def __init__(
        self,
        worker_id: int,
        num_workers: int,
        base_seed: int,
        dataset,
        init_fn: Callable | None,
        make_fetcher: Callable,
        results: SimpleQueue,
    ) -> None:
        self.id = worker_id
        self.waiting: deque = deque()
        self.streams = _seeded_streams(base_seed, worker_id)
        self._tasks: SimpleQueue = SimpleQueue()
        self._fetcher: Any = None
        self._failure: ExceptionWrapper | Died | None = None
        self._has_ended = False
        self._results = results
        self._init_fn, self._make_fetcher = init_fn, make_fetcher
        seed = base_seed + worker_id
        rng = _RNG(
            *(random.Random(seed), Generator().manual_seed(seed)),
            np.random.default_rng([worker_id, base_seed & 0xFFFFFFFF, base_seed >> 32]),
        )
        self._info = WorkerInfo(worker_id, num_workers, seed, _own_copy(dataset), rng)
        self._grad_enabled = is_grad_enabled()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"loader-worker-{worker_id}", daemon=True)

    def start(self) -> None:
        """Start the thread; it answers ``(None, None)`` once it is ready."""
        _living.add(self)
        self._thread.start()

    def give(self, task: tuple) -> None:
        """Let it work on ``(number, index)``."""
        self._tasks.put(task)

    def renew(self) -> None:
        """Let it begin the dataset anew; it answers ``(None, None)``."""
        self._tasks.put(_ANEW)

    def stop(self) -> None:
        """Let it end after the batch it is at; what else it was given is dropped."""
        self._stopped.set()
        self._tasks.put(None)

    def join(self, timeout: float) -> None:
        """Wait for its end, some seconds at most."""
        self._thread.join(timeout)

    @contextlib.contextmanager
    def global_streams(self) -> Iterator[None]:
        """Within the block Python's and NumPy's generators are this worker's, as they would be in its own process."""
        mine = streams()
        set_streams(self.streams)
        try:
            yield
        finally:
            self.streams = streams()
            set_streams(mine)

    def _run(self) -> None:
        set_grad_enabled(self._grad_enabled)
        _current.info = self._info
        default.use(Engine(self._info.seed))
        self._begin(self._init_fn)
        while not self._stopped.is_set() and (task := self._tasks.get()) is not None:
            if task is _ANEW:
                self._begin(None)
            elif not self._has_ended:
                number, index = task
                batch = self._batch(index)
                self._has_ended = isinstance(batch, IterableEnd)
                self._results.put((number, batch))
                del batch

    def _begin(self, init_fn: Callable | None) -> None:
        """Get ready to read the dataset from its beginning, and answer."""
        self._fetcher = self._failure = None
        self._has_ended = False
        try:
            if init_fn is not None:
                init_fn(self.id)
            self._fetcher = self._make_fetcher(self._info.dataset)
        except BaseException as error:
            self._failure = self._told(error)
        self._results.put((None, None))

    def _batch(self, index) -> Any:
        """A batch, or what kept it from being made."""
        if self._fetcher is None:
            return self._failure
        try:
            batch = self._fetcher.fetch(index)
            # what this thread has recorded no other thread can compute
            recorder.flush("a worker hands over a batch")
            return batch
        except BaseException as error:
            if isinstance(error, StopIteration) and isinstance(self._fetcher, _IterableDatasetFetcher):
                return IterableEnd(self.id)
            return self._told(error)

    def _told(self, error: BaseException) -> ExceptionWrapper | Died:
        if not isinstance(error, Exception):
            return Died(self.id)
        return ExceptionWrapper(where=f"in DataLoader worker process {self.id}")


_ANEW = object()
_living: weakref.WeakSet[Worker] = weakref.WeakSet()


@atexit.register
def _end_all() -> None:
    """A thread in the middle of a program must not outlive what it needs."""
    living = list(_living)
    for each in living:
        each.stop()
    for each in living:
        each.join(_SECONDS_TO_END)
