"""``DataLoader``: batches of a dataset's samples."""

from __future__ import annotations

import math
import multiprocessing
import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.context import BaseContext
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from torchlike.utils.data import _utils as _utils
from torchlike.utils.data._utils.collate import default_collate as default_collate
from torchlike.utils.data._utils.collate import default_convert as default_convert
from torchlike.utils.data._utils.iterators import _BaseDataLoaderIter as _BaseDataLoaderIter
from torchlike.utils.data._utils.iterators import _DatasetKind as _DatasetKind
from torchlike.utils.data._utils.iterators import _MultiProcessingDataLoaderIter as _MultiProcessingDataLoaderIter
from torchlike.utils.data._utils.iterators import _SingleProcessDataLoaderIter as _SingleProcessDataLoaderIter
from torchlike.utils.data._utils.worker import get_worker_info as get_worker_info
from torchlike.utils.data.dataset import Dataset, IterableDataset
from torchlike.utils.data.sampler import BatchSampler, RandomSampler, Sampler, SequentialSampler

if TYPE_CHECKING:
    from torchlike._functions.generators import Generator

__all__ = ["DataLoader", "default_collate", "default_convert", "get_worker_info"]

_T_co = TypeVar("_T_co", covariant=True)
_FIXED = {"batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers"}

_NEGATIVE_WORKERS = "num_workers option should be non-negative; use num_workers=0 to disable multiprocessing."
_PREFETCH_WITHOUT_WORKERS = (
    "prefetch_factor option could only be specified in multiprocessing."
    "let num_workers > 0 to enable multiprocessing, otherwise set prefetch_factor to None."
)
_BATCH_SAMPLER_AND = "batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last"
_NO_BATCHES_TO_DROP = "batch_size=None option disables auto-batching and is mutually exclusive with drop_last"
_MANY_WORKERS = (
    "This DataLoader will create {} worker processes in total. Our suggested max number of worker in current system is "
    "{}{}, which is smaller than what this DataLoader is going to create. Please be aware that excessive worker "
    "creation might get DataLoader running slow or even freeze, lower the worker number to avoid potential "
    "slowness/freeze if necessary."
)


class _InfiniteConstantSampler(Sampler[None]):
    """None for ever: the indices of a stream."""

    def __iter__(self) -> Iterator[None]:
        while True:
            yield None


class DataLoader(Generic[_T_co]):
    """Batches of a dataset's samples, in order or shuffled, read at need or ahead of it.

    A pass draws a seed for its workers from the generator (two words), and an order as `RandomSampler` does at its
    first batch: PyTorch's numbers, so that the same program sees the same batches.

    Workers are processes, started as `multiprocessing` starts them by default: on Linux (up to Python 3.13) they are
    forked, so that nothing but the batches needs to be picklable. They compute by NumPy alone, in one thread, and hand
    large arrays over in shared memory. torchlike's, Python's and NumPy's random numbers are seeded as PyTorch seeds
    them.

    Args:
        dataset: where to read.
        batch_size: samples a batch; None yields the samples themselves.
        shuffle: whether to take them in a new random order in each pass.
        sampler: the order of the indices, instead.
        batch_sampler: the lists of indices that make batches, instead of `batch_size`, `shuffle`, `sampler` and
            `drop_last`.
        num_workers: how many processes read ahead; with 0 the calling thread reads when a batch is asked for.
        collate_fn: from a list of samples (from a sample, with ``batch_size=None``) to what is yielded;
            `default_collate` (`default_convert`) by default.
        pin_memory: taken, and without effect: JAX moves memory to devices in its own way.
        drop_last: leave out a last batch that is shorter.
        timeout: seconds to wait for a worker's batch; 0 waits as long as it takes.
        worker_init_fn: called with its number in each worker before it reads.
        multiprocessing_context: how workers are started, a context of `multiprocessing` or its name.
        generator: where to draw the order and the seed; the default one by default.
        prefetch_factor: batches ahead for each worker; 2 by default.
        persistent_workers: whether workers, and their copies of the dataset, stay for the next pass.
        pin_memory_device: taken, and without effect.
        in_order: whether batches come in order; else as they are ready.

    Raises:
        ValueError: options that exclude one another, or are out of range.

    Example:
        >>> pairs = torch.utils.data.TensorDataset(torch.arange(3), torch.ones(3))
        >>> for x, y in torch.utils.data.DataLoader(pairs, batch_size=2):
        ...     print(x, y)
        tensor([0, 1]) tensor([1., 1.])
        tensor([2]) tensor([1.])
    """

    dataset: Dataset[_T_co]
    batch_size: int | None
    num_workers: int
    pin_memory: bool
    drop_last: bool
    timeout: float
    sampler: Sampler | Iterable
    pin_memory_device: str
    prefetch_factor: int | None
    _iterator: _BaseDataLoaderIter | None
    _is_fixed = False

    def __init__(
        self,
        dataset: Dataset[_T_co],
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Sampler | Iterable | None = None,
        batch_sampler: Sampler[list] | Iterable[list] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[list], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], None] | None = None,
        multiprocessing_context: Any = None,
        generator: Generator | None = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ) -> None:
        _check_workers(num_workers, timeout, prefetch_factor, persistent_workers)
        self.dataset = dataset
        self.num_workers = num_workers
        self.prefetch_factor = 2 if num_workers and prefetch_factor is None else prefetch_factor
        self.pin_memory = pin_memory
        self.pin_memory_device = pin_memory_device
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.multiprocessing_context = multiprocessing_context
        self.in_order = in_order
        self._dataset_kind = _DatasetKind.Iterable if isinstance(dataset, IterableDataset) else _DatasetKind.Map
        if self._dataset_kind == _DatasetKind.Iterable:
            _check_stream(shuffle, sampler, batch_sampler)
        self.generator = generator
        self._set_samplers(batch_size, bool(shuffle), sampler, batch_sampler, drop_last)
        if collate_fn is None:
            collate_fn = default_collate if self._auto_collation else default_convert
        self.collate_fn = collate_fn
        self.persistent_workers = persistent_workers
        self._is_fixed = True
        self._IterableDataset_len_called = None  # what `len` said, to be compared with what comes
        self._iterator = None
        self.check_worker_number_rationality()

    def _set_samplers(
        self, batch_size: int | None, shuffle: bool, sampler: Any, batch_sampler: Any, drop_last: bool
    ) -> None:
        """The order of the indices, and how they are put together.

        Raises:
            ValueError: options that exclude one another.
        """
        if sampler is not None and shuffle:
            raise ValueError("sampler option is mutually exclusive with shuffle")
        if batch_sampler is not None:
            if batch_size != 1 or shuffle or sampler is not None or drop_last:
                raise ValueError(_BATCH_SAMPLER_AND)
            batch_size, drop_last = None, False
        elif batch_size is None and drop_last:
            raise ValueError(_NO_BATCHES_TO_DROP)
        if sampler is None:
            sampler = self._default_sampler(shuffle)
        if batch_size is not None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.batch_size = batch_size
        self.drop_last = drop_last
        self.sampler = sampler
        self.batch_sampler = batch_sampler

    def _default_sampler(self, shuffle: bool) -> Sampler:
        if self._dataset_kind == _DatasetKind.Iterable:
            return _InfiniteConstantSampler()
        sized: Any = self.dataset
        return RandomSampler(sized, generator=self.generator) if shuffle else SequentialSampler(sized)

    @property
    def multiprocessing_context(self) -> BaseContext | None:
        """How workers are started; None for `multiprocessing`'s default."""
        return self._multiprocessing_context

    @multiprocessing_context.setter
    def multiprocessing_context(self, multiprocessing_context: Any) -> None:
        if multiprocessing_context is not None:
            multiprocessing_context = _checked_context(multiprocessing_context, self.num_workers)
        self._multiprocessing_context = multiprocessing_context

    def __setattr__(self, attr: str, val: Any) -> None:
        if self._is_fixed and attr in _FIXED:
            raise ValueError(f"{attr} attribute should not be set after {type(self).__name__} is initialized")
        super().__setattr__(attr, val)

    def _get_iterator(self) -> _BaseDataLoaderIter:
        if not self.num_workers:
            return _SingleProcessDataLoaderIter(self)
        self.check_worker_number_rationality()
        return _MultiProcessingDataLoaderIter(self)

    def __iter__(self) -> _BaseDataLoaderIter:
        if not self.persistent_workers:
            return self._get_iterator()
        if self._iterator is None:
            self._iterator = self._get_iterator()
        else:
            self._iterator._reset(self)
        return self._iterator

    @property
    def _auto_collation(self) -> bool:
        return self.batch_sampler is not None

    @property
    def _index_sampler(self) -> Any:
        return self.batch_sampler if self._auto_collation else self.sampler

    def __len__(self) -> int:
        if self._dataset_kind != _DatasetKind.Iterable:
            return len(self._index_sampler)
        sized: Any = self.dataset
        length = self._IterableDataset_len_called = len(sized)
        if self.batch_size is None:
            return length
        return length // self.batch_size if self.drop_last else math.ceil(length / self.batch_size)

    def check_worker_number_rationality(self) -> None:
        """Warn if there are more workers than processors that this process may use."""
        if not self.num_workers:
            return
        counts_own = hasattr(os, "sched_getaffinity")
        processors = len(os.sched_getaffinity(0)) if counts_own else os.cpu_count() or 1
        if self.num_workers > processors:
            note = "" if counts_own else " (`cpuset` is not taken into account)"
            warnings.warn(_MANY_WORKERS.format(self.num_workers, processors, note), stacklevel=3)


def _check_workers(num_workers: int, timeout: float, prefetch_factor: int | None, persistent_workers: bool) -> None:
    if num_workers < 0:
        raise ValueError(_NEGATIVE_WORKERS)
    if timeout < 0:
        raise ValueError("timeout option should be non-negative")
    if num_workers == 0 and prefetch_factor is not None:
        raise ValueError(_PREFETCH_WITHOUT_WORKERS)
    if prefetch_factor is not None and prefetch_factor < 0:
        raise ValueError("prefetch_factor option should be non-negative")
    if persistent_workers and num_workers == 0:
        raise ValueError("persistent_workers option needs num_workers > 0")


def _check_stream(shuffle: Any, sampler: Any, batch_sampler: Any) -> None:
    """Refuse what has no meaning for samples without indices."""
    wrong = (
        ("shuffle", shuffle if shuffle not in (False, None) else None),
        ("sampler", sampler),
        ("batch_sampler", batch_sampler),
    )
    for name, given in wrong:
        if given is not None:
            raise ValueError(
                f"DataLoader with IterableDataset: expected unspecified {name} option, but got {name}={given}"
            )


def _checked_context(given: Any, num_workers: int) -> BaseContext:
    if num_workers == 0:
        raise ValueError(
            "multiprocessing_context can only be used with multi-process loading (num_workers > 0), but got "
            f"num_workers={num_workers}"
        )
    if isinstance(given, str):
        known = multiprocessing.get_all_start_methods()
        if given not in known:
            raise ValueError(
                f"multiprocessing_context option should specify a valid start method in {known!r}, but got "
                f"multiprocessing_context={given!r}"
            )
        return multiprocessing.get_context(given)
    if not isinstance(given, BaseContext):
        raise TypeError(
            "multiprocessing_context option should be a valid context object or a string specifying the start method, "
            f"but got multiprocessing_context={given}"
        )
    return given
