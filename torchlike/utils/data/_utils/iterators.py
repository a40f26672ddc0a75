"""One pass over a loader: in the calling thread, or with workers."""

from __future__ import annotations

import functools
import itertools
import os
import warnings
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from torchlike._programs.tracebacks import gate
from torchlike._recorder.recorder import recorder
from torchlike._types.devices import jax_devices
from torchlike.utils.data._utils.fetch import _BaseDatasetFetcher, _IterableDatasetFetcher, _MapDatasetFetcher
from torchlike.utils.data._utils.worker import Died, ExceptionWrapper, IterableEnd, Worker, are_same
from torchlike.utils.data.sampler import draw_seed

if TYPE_CHECKING:
    from torchlike.utils.data.dataloader import DataLoader

_SHARDS = (
    "For multiprocessing data-loading, this could be caused by not properly configuring the IterableDataset replica at "
    "each worker. Please see https://pytorch.org/docs/stable/data.html#torch.utils.data.IterableDataset for examples."
)


class _DatasetKind:
    """Whether samples have indices or come one after the other."""

    Map = 0
    Iterable = 1

    @staticmethod
    def create_fetcher(kind: int, dataset, auto_collation: bool, collate_fn, drop_last: bool) -> _BaseDatasetFetcher:
        """What reads samples of that kind."""
        made = _MapDatasetFetcher if kind == _DatasetKind.Map else _IterableDatasetFetcher
        return made(dataset, auto_collation, collate_fn, drop_last)


class _BaseDataLoaderIter:
    """One pass over a loader: its indices, the seed of its workers, how much came."""

    def __init__(self, loader: DataLoader) -> None:
        self._dataset = loader.dataset
        self._dataset_kind = loader._dataset_kind
        self._IterableDataset_len_called = loader._IterableDataset_len_called
        self._auto_collation = loader._auto_collation
        self._drop_last = loader.drop_last
        self._index_sampler = loader._index_sampler
        self._num_workers = loader.num_workers
        self._timeout = loader.timeout
        self._collate_fn = loader.collate_fn
        self._persistent_workers = loader.persistent_workers
        # holds no reference to the iterator: workers, which have it, would keep it and so themselves alive
        self._make_fetcher = functools.partial(
            _DatasetKind.create_fetcher,
            self._dataset_kind,
            auto_collation=self._auto_collation,
            collate_fn=self._collate_fn,
            drop_last=self._drop_last,
        )
        self._pin_memory = _pins(loader)
        self._sampler_iter = iter(self._index_sampler)
        # drawn whether there are workers or not, so that what is drawn later does not depend on it
        self._base_seed = draw_seed(loader.generator)
        self._num_yielded = 0

    def __iter__(self) -> _BaseDataLoaderIter:
        return self

    def _reset(self, loader: DataLoader, first_iter: bool = False) -> None:
        self._sampler_iter = iter(self._index_sampler)
        self._num_yielded = 0
        self._IterableDataset_len_called = loader._IterableDataset_len_called

    def _next_index(self):
        return next(self._sampler_iter)

    def _next_data(self) -> Any:
        raise NotImplementedError

    @gate
    def __next__(self) -> Any:
        # a loop over batches comes round here: what it leaves to be computed is the same program each time
        recorder.cut("a loader is asked for a batch")
        recorder.reads_host = True
        try:
            data = self._next_data()
        finally:
            recorder.reads_host = False
        recorder.cut("a loader has read a batch")
        self._num_yielded += 1
        told = self._IterableDataset_len_called
        if self._dataset_kind == _DatasetKind.Iterable and told is not None and self._num_yielded > told:
            warnings.warn(
                f"Length of IterableDataset {self._dataset} was reported to be {told}(when accessing len(dataloader)), "
                f"but {self._num_yielded} samples have been fetched. " + (_SHARDS if self._num_workers else ""),
                stacklevel=3,
            )
        return data

    def __len__(self) -> int:
        return len(self._index_sampler)

    def __getstate__(self):
        raise NotImplementedError("{} cannot be pickled", type(self).__name__)


def _pins(loader: DataLoader) -> bool:
    """Whether memory is to be pinned: never done, JAX has its own way to a device; warned of as PyTorch does."""
    if loader.pin_memory and loader.pin_memory_device:
        warnings.warn(
            "pin_memory_device is deprecated, the current accelerator will be used as the device,"
            f"ignore pin_memory_device='{loader.pin_memory_device}'.",
            stacklevel=4,
        )
    if loader.pin_memory and not jax_devices("cuda"):
        warnings.warn(
            "'pin_memory' argument is set as true but no accelerator is found, "
            "then device pinned memory won't be used.",
            stacklevel=4,
        )
        return False
    return loader.pin_memory


class _SingleProcessDataLoaderIter(_BaseDataLoaderIter):
    """A pass in the calling thread."""

    def __init__(self, loader: DataLoader) -> None:
        super().__init__(loader)
        if self._timeout != 0:
            raise AssertionError("_SingleProcessDataLoaderIter requires timeout == 0")
        self._dataset_fetcher = self._make_fetcher(self._dataset)

    def _next_data(self) -> Any:
        return self._dataset_fetcher.fetch(self._next_index())


class _MultiProcessingDataLoaderIter(_BaseDataLoaderIter):
    """A pass with workers, which are threads; `DataLoader` tells what follows from that.

    Tasks are numbered and dealt to the workers in turn, ``prefetch_factor * num_workers`` of them ahead; batches are
    handed out by number. The first batch shows whether the dataset draws from the generators that Python and NumPy
    keep for everybody. If it does, a worker is let to work only while the calling thread waits for it, and finds its
    own numbers in them; if not, all work at once.
    """

    def __init__(self, loader: DataLoader) -> None:
        super().__init__(loader)
        if not loader.prefetch_factor:
            raise AssertionError("prefetch_factor must be greater than 0 for MultiProcessingDataLoaderIter")
        self._most_tasks = loader.prefetch_factor * self._num_workers
        self._in_order = loader.in_order
        self._free: bool | None = None  # whether workers may work at once; not known before the first batch
        self._results: SimpleQueue = SimpleQueue()
        self._workers: list[Worker] = []
        for worker_id in range(self._num_workers):
            worker = Worker(
                worker_id,
                self._num_workers,
                self._base_seed,
                self._dataset,
                loader.worker_init_fn,
                self._make_fetcher,
                self._results,
            )
            self._workers.append(worker)
            with worker.global_streams():
                worker.start()
                self._wait()
        self._reset(loader, first_iter=True)

    def _reset(self, loader: DataLoader, first_iter: bool = False) -> None:
        super()._reset(loader, first_iter)
        self._sent = self._received = 0  # numbers of the next task to deal and of the next batch to hand out
        self._owners: dict[int, int] = {}  # of the tasks that were dealt and not handed out
        self._arrived: dict[int, Any] = {}
        self._active = [True] * self._num_workers
        self._turns = itertools.cycle(range(self._num_workers))
        if not first_iter:
            self._renew()
        for _ in range(self._most_tasks):
            self._deal()

    def _renew(self) -> None:
        """Let the workers that are kept begin the dataset anew; what they still make of the last pass is dropped."""
        for worker in self._workers:
            worker.waiting.clear()
            with worker.global_streams():
                worker.renew()
                while self._wait()[0] is not None:
                    pass

    def _deal(self) -> None:
        """Give the next task to the next worker, if there are both."""
        try:
            index = self._next_index()
        except StopIteration:
            return
        worker_id = self._next_worker()
        if worker_id is None:
            return
        task = (self._sent, index)
        if self._free:
            self._workers[worker_id].give(task)
        else:
            self._workers[worker_id].waiting.append(task)
        self._owners[self._sent] = worker_id
        self._sent += 1

    def _next_worker(self) -> int | None:
        active = sum(self._active)
        for worker_id in itertools.islice(self._turns, self._num_workers):
            if not self._active[worker_id]:
                continue
            busy = sum(owner == worker_id for owner in self._owners.values())
            if self._in_order or busy < self._most_tasks // active:
                return worker_id
        return None

    def _wait(self) -> tuple[int | None, Any]:
        """The next answer of a worker.

        Raises:
            RuntimeError: none came in time, or the worker was ended by something that is no error.
        """
        try:
            number, data = self._results.get(timeout=self._timeout or None)
        except Empty:
            raise RuntimeError(f"DataLoader timed out after {self._timeout} seconds") from None
        if isinstance(data, Died):
            self._active[data.worker_id] = False
            raise RuntimeError(f"DataLoader worker (pid(s) {os.getpid()}) exited unexpectedly")
        return number, data

    def _answer(self) -> tuple[Any, Any]:
        """The next answer, asked for where workers do not work of themselves."""
        worker = self._workers[self._owners[self._received]]
        if self._free or not worker.waiting or worker.waiting[0][0] != self._received:
            return self._wait()
        with worker.global_streams():
            before = worker.streams
            worker.give(worker.waiting.popleft())
            answer = self._wait()
        if self._free is None:
            self._free = are_same(before, worker.streams)
            if self._free:
                self._release()
        return answer

    def _release(self) -> None:
        for worker in self._workers:
            while worker.waiting:
                worker.give(worker.waiting.popleft())

    def _next_data(self) -> Any:
        while True:
            self._pass_over_ended()
            if self._received in self._arrived:
                number, data = self._received, self._arrived.pop(self._received)
            else:
                number, data = self._answer()
            if isinstance(data, IterableEnd):
                self._active[data.worker_id] = False
                self._deal()
            elif number != self._received and self._in_order:
                self._arrived[number] = data
            else:
                return self._handed_out(number, data)

    def _pass_over_ended(self) -> None:
        """Go on to the next task that somebody does.

        Raises:
            StopIteration: there is none.
        """
        while self._received < self._sent:
            owner = self._owners.get(self._received)
            if owner is not None and (self._active[owner] or self._received in self._arrived):
                return
            self._owners.pop(self._received, None)
            self._received += 1
        if not self._persistent_workers:
            self._shutdown_workers()
        raise StopIteration

    def _handed_out(self, number: int, data) -> Any:
        del self._owners[number]
        self._received += number == self._received
        self._deal()
        if isinstance(data, ExceptionWrapper):
            data.reraise()
        return data

    def _shutdown_workers(self) -> None:
        for worker in self._workers:
            worker.stop()

    def __del__(self) -> None:
        for worker in getattr(self, "_workers", ()):
            worker.stop()
