"""From indices to a batch: what a loader does for each, whoever does it."""

from __future__ import annotations

from typing import Any

import numpy as np

from torchlike._autograd.variable import TensorBase
from torchlike.tensor import Tensor
from torchlike.utils.data._host import known_array, rows
from torchlike.utils.data._utils import collate
from torchlike.utils.data.dataset import Subset, TensorDataset, items_of


class _BaseDatasetFetcher:
    """Reads samples and puts them together.

    Args:
        dataset: where to read.
        auto_collation: whether indices come in lists, to be made batches of.
        collate_fn: from samples (or one sample) to what the loader yields.
        drop_last: leave out a last batch that is shorter.
    """

    def __init__(self, dataset: Any, auto_collation: bool, collate_fn: Any, drop_last: bool) -> None:
        self.dataset = dataset
        self.auto_collation = auto_collation
        self.collate_fn = collate_fn
        self.drop_last = drop_last

    def fetch(self, possibly_batched_index: Any) -> Any:
        raise NotImplementedError


class _IterableDatasetFetcher(_BaseDatasetFetcher):
    """Takes the next samples of a stream."""

    def __init__(self, dataset: Any, auto_collation: bool, collate_fn: Any, drop_last: bool) -> None:
        super().__init__(dataset, auto_collation, collate_fn, drop_last)
        self.dataset_iter = iter(dataset)
        self.ended = False

    def fetch(self, possibly_batched_index: Any) -> Any:
        if self.ended:
            raise StopIteration
        if not self.auto_collation:
            return self.collate_fn(next(self.dataset_iter))
        samples = []
        for _ in possibly_batched_index:
            try:
                samples.append(next(self.dataset_iter))
            except StopIteration:
                self.ended = True
                break
        if not samples or (self.drop_last and len(samples) < len(possibly_batched_index)):
            raise StopIteration
        return self.collate_fn(samples)


class _MapDatasetFetcher(_BaseDatasetFetcher):
    """Reads the samples at given indices."""

    def fetch(self, possibly_batched_index: Any) -> Any:
        if not self.auto_collation:
            return self.collate_fn(self.dataset[possibly_batched_index])
        if self.collate_fn is collate.default_collate:
            batch = rows_at(self.dataset, possibly_batched_index)
            if batch is not None:
                return batch
        return self.collate_fn(items_of(self.dataset, possibly_batched_index))


def rows_at(dataset: Any, indices: Any) -> Any:
    """The default batch of a dataset that is tensors, by one indexing each; None where it is something else.

    Args:
        dataset: a tensor, a `TensorDataset`, or a `Subset` of these; subclasses may do what they like.
        indices: positions of samples.
    """
    wanted = indices
    while type(dataset) is Subset:
        wanted = _looked_up(dataset.indices, wanted)
        dataset = dataset.dataset
        if wanted is None:
            return None
    kind = type(dataset)
    if kind is not TensorDataset and kind is not Tensor:
        return None
    if not _are_positions(wanted) or collate.default_collate_fn_map.get(Tensor) is not collate.collate_tensor_fn:
        return None
    if kind is Tensor:
        return rows(dataset, wanted) if dataset.dim() else None
    if all(type(each) is Tensor and each.dim() for each in dataset.tensors):
        return [rows(each, wanted) for each in dataset.tensors]
    return None


def _are_positions(indices: Any) -> bool:
    return type(indices) is list and bool(indices) and all(type(each) is int for each in indices)


def _looked_up(table: Any, places: Any) -> list | None:
    """The entries of a subset's indices; None where they are no plain sequence of numbers."""
    if isinstance(table, (list, tuple, range)):
        return [table[each] for each in places]
    array = known_array(table) if isinstance(table, TensorBase) else table
    if not isinstance(array, np.ndarray) or array.ndim != 1 or array.dtype.kind not in "iu":
        return None
    return array[places].tolist() if _are_positions(places) else None
