"""One pass over a loader: in the calling thread, or with workers."""

from __future__ import annotations

import functools
import itertools
import multiprocessing
import warnings
import weakref
from typing import TYPE_CHECKING, Any

from torchlike._programs.tracebacks import gate
from torchlike._recorder.recorder import recorder
from torchlike._types import devices
from torchlike.utils.data._utils.fetch import _BaseDatasetFetcher, _IterableDatasetFetcher, _MapDatasetFetcher
from torchlike.utils.data._utils.process import Worker, end_all, first_to_answer
from torchlike.utils.data._utils.worker import Anew, ExceptionWrapper, IterableEnd
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
    def create_fetcher(
        kind: int, dataset: Any, auto_collation: bool, collate_fn: Any, drop_last: bool
    ) -> _BaseDatasetFetcher:
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
    if loader.pin_memory and not devices.jax_devices("cuda"):
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
    """A pass with workers.

    Tasks are numbered and dealt to the workers in turn, ``prefetch_factor * num_workers`` of them ahead. A worker answers
    in the order of its tasks, so batches in order are heard from the worker that has the next one.
    """

    def __init__(self, loader: DataLoader) -> None:
        super().__init__(loader)
        if not loader.prefetch_factor:
            raise AssertionError("prefetch_factor must be greater than 0 for MultiProcessingDataLoaderIter")
        self._most_tasks = loader.prefetch_factor * self._num_workers
        self._in_order = loader.in_order
        self._workers: list[Worker] = []
        self._end = weakref.finalize(self, end_all, self._workers)
        self._end.atexit = False  # multiprocessing ends them without waiting
        recorder.cut("a loader starts workers")  # each of which would compute it by itself
        for worker_id in range(self._num_workers):
            worker = Worker(
                loader.multiprocessing_context or multiprocessing.get_context(),
                worker_id,
                self._num_workers,
                self._base_seed,
                self._dataset,
                loader.worker_init_fn,
                self._make_fetcher,
            )
            self._workers.append(worker)
        self._reset(loader, first_iter=True)

    def _reset(self, loader: DataLoader, first_iter: bool = False) -> None:
        super()._reset(loader, first_iter)
        self._sent = self._received = 0  # numbers of the next task to deal and of the next batch to hand out
        self._owners: dict[int, Worker] = {}  # of the tasks that were dealt and not handed out
        self._turns = itertools.cycle(self._workers)
        if not first_iter:
            self._renew()
        for _ in range(self._most_tasks):
            self._deal()

    def _renew(self) -> None:
        """Let the workers that are kept begin the dataset anew; what they still make of the last pass is dropped."""
        for worker in self._workers:
            worker.renew()
        for worker in self._workers:
            while not isinstance(first_to_answer([worker], self._timeout).answer(), Anew):
                pass
            worker.is_active, worker.unanswered = True, 0

    def _deal(self) -> None:
        """Give the next task to the next worker, if there are both."""
        try:
            index = self._next_index()
        except StopIteration:
            return
        worker = self._next_worker()
        if worker is None:
            return
        self._owners[self._sent] = worker
        worker.give((self._sent, index))
        self._sent += 1

    def _next_worker(self) -> Worker | None:
        most = self._most_tasks // (sum(each.is_active for each in self._workers) or 1)
        for worker in itertools.islice(self._turns, self._num_workers):
            if worker.is_active and (self._in_order or worker.unanswered < most):
                return worker
        return None

    def _next_data(self) -> Any:
        while True:
            self._pass_over_ended()
            due = [self._owners[self._received]]
            worker = first_to_answer(due if self._in_order else self._busy(), self._timeout)
            number, data = worker.answer()
            if isinstance(data, IterableEnd):
                worker.is_active = False
                self._deal()
            else:
                return self._handed_out(number, data)

    def _busy(self) -> list[Worker]:
        return [each for each in self._workers if each.is_active and each.unanswered]

    def _pass_over_ended(self) -> None:
        """Go on to the next task that somebody does.

        Raises:
            StopIteration: there is none.
        """
        while self._received < self._sent:
            owner = self._owners.get(self._received)
            if owner is not None and owner.is_active:
                return
            self._owners.pop(self._received, None)
            self._received += 1
        if not self._persistent_workers:
            self._shutdown_workers()
        raise StopIteration

    def _handed_out(self, number: int, data: Any) -> Any:
        del self._owners[number]
        self._received += number == self._received
        self._deal()
        if isinstance(data, ExceptionWrapper):
            data.reraise()
        return data

    def _shutdown_workers(self) -> None:
        self._end()
