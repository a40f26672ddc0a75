"""Datasets: what a loader reads samples from."""

from __future__ import annotations

import bisect
import itertools
import math
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from torchlike._functions.generators import default_generator
from torchlike._functions.randoms import randperm
from torchlike.utils.data._host import numbers

if TYPE_CHECKING:
    from torchlike._functions.generators import Generator
    from torchlike.tensor import Tensor

__all__ = [
    "Dataset",
    "IterableDataset",
    "TensorDataset",
    "StackDataset",
    "ConcatDataset",
    "ChainDataset",
    "Subset",
    "random_split",
]

_T_co = TypeVar("_T_co", covariant=True)
_T = TypeVar("_T")

_TWO_KINDS = (
    "Supported either ``tuple``- (via ``args``) or``dict``- (via ``kwargs``) like input/output, "
    "but both types are given."
)
_ITEMS_MISSING = """{} overrides __getitem__ but not __getitems__. \
When subclassing Subset and overriding __getitem__, you must also override \
__getitems__ to ensure DataLoader works correctly with your custom logic. \
A simple implementation:

def __getitems__(self, indices):
    return [self.__getitem__(idx) for idx in indices]"""


class Dataset(Generic[_T_co]):
    """Samples by key: the base class of map-style datasets.

    A subclass writes ``__getitem__``, mostly ``__len__``, and ``__getitems__`` where a list of samples can be had
    faster than one by one.

    Example:
        >>> class Squares(torch.utils.data.Dataset):
        ...     def __len__(self):
        ...         return 4
        ...     def __getitem__(self, index):
        ...         return index**2
        >>> Squares()[3]
        9
    """

    def __getitem__(self, index: Any) -> _T_co:
        raise NotImplementedError("Subclasses of Dataset should implement __getitem__.")

    def __add__(self, other: Dataset[_T_co]) -> ConcatDataset[_T_co]:
        return ConcatDataset([self, other])


class IterableDataset(Dataset[_T_co], Iterable[_T_co]):
    """Samples one after the other: the base class of datasets that are streams.

    A subclass writes ``__iter__``. With several workers each iterates its own copy: `get_worker_info` tells which
    part is its own.

    Example:
        >>> class Count(torch.utils.data.IterableDataset):
        ...     def __iter__(self):
        ...         return iter(range(5))
        >>> list(torch.utils.data.DataLoader(Count(), batch_size=3))
        [tensor([0, 1, 2]), tensor([3, 4])]
    """

    def __add__(self, other: Dataset[_T_co]) -> ChainDataset:  # type: ignore[override]
        return ChainDataset([self, other])


class TensorDataset(Dataset[tuple[Any, ...]]):
    """Tensors that belong together, a sample being the slices at one index of their first dimensions.

    Args:
        tensors: with first dimensions of one size.

    Raises:
        AssertionError: the sizes differ.

    Example:
        >>> torch.utils.data.TensorDataset(torch.arange(3), torch.arange(3) * 2)[2]
        (tensor(2), tensor(4))
    """

    tensors: tuple[Any, ...]

    def __init__(self, *tensors: Tensor, **legacy: Any) -> None:
        if legacy:
            tensors = _named_tensors(tensors, legacy)
        if any(tensors[0].size(0) != tensor.size(0) for tensor in tensors):
            raise AssertionError("Size mismatch between tensors")
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple[Any, ...]:
        return tuple([tensor[index] for tensor in self.tensors])

    def __len__(self) -> int:
        return self.tensors[0].size(0)

    @property
    def data_tensor(self):
        """The first tensor; deprecated."""
        return self._at(0, "data_tensor")

    @property
    def target_tensor(self):
        """The second tensor; deprecated."""
        return self._at(1, "target_tensor")

    def _at(self, place: int, name: str):
        _warn_of_name(name, f"TensorDataset.tensors[{place}]")
        return self.tensors[place]


def _named_tensors(tensors: tuple, legacy: dict) -> tuple:
    """The tensors of a call with PyTorch's first names for two of them."""
    for name in legacy:
        if name not in ("data_tensor", "target_tensor"):
            raise TypeError(f"TensorDataset.__init__() got an unexpected keyword argument '{name}'")
    _warn_of_name("', '".join(legacy), "TensorDataset(*tensors)", stacklevel=4)
    given = [legacy[name] for name in ("data_tensor", "target_tensor") if name in legacy]
    return (*tensors, *given)


def _warn_of_name(old: str, new: str, stacklevel: int = 4) -> None:
    warnings.warn(f"'{old}' of TensorDataset is deprecated; use {new}", FutureWarning, stacklevel=stacklevel)


class StackDataset(Dataset[Any]):
    """Datasets side by side: a sample is a tuple of their samples, or a dictionary where they have names.

    Args:
        args: datasets of one length.
        kwargs: named ones, instead.

    Raises:
        ValueError: the lengths differ, there is no dataset, or some have names and some have not.

    Example:
        >>> torch.utils.data.StackDataset(number=[1, 2], letter="ab")[1]
        {'number': 2, 'letter': 'b'}
    """

    datasets: tuple | dict

    def __init__(self, *args: Dataset[Any], **kwargs: Dataset[Any]) -> None:
        if args and kwargs:
            raise ValueError(_TWO_KINDS)
        if not args and not kwargs:
            raise ValueError("At least one dataset should be passed")
        self.datasets = args or kwargs
        self._length = len(self._columns[0])
        if any(len(dataset) != self._length for dataset in self._columns):
            raise ValueError("Size mismatch between datasets")

    @property
    def _columns(self) -> tuple:
        return tuple(self.datasets.values()) if isinstance(self.datasets, dict) else self.datasets

    def _sample(self, items: tuple) -> tuple | dict:
        return dict(zip(self.datasets, items, strict=True)) if isinstance(self.datasets, dict) else items

    def __getitem__(self, index: Any) -> tuple | dict:
        return self._sample(tuple([dataset[index] for dataset in self._columns]))

    def __getitems__(self, indices: list) -> list:
        columns = [_column(dataset, indices) for dataset in self._columns]
        return [self._sample(items) for items in zip(*columns, strict=True)]

    def __len__(self) -> int:
        return self._length


def _column(dataset: Any, indices: list) -> Sequence:
    """The samples of one of several datasets.

    Raises:
        ValueError: its ``__getitems__`` returned more or fewer than it was asked for.
    """
    items = items_of(dataset, indices)
    if len(items) != len(indices):
        raise ValueError(f"Nested dataset's output size mismatch. Expected {len(indices)}, got {len(items)}")
    return items


def items_of(dataset: Any, indices: Any) -> Sequence:
    """Several samples, all at once where the dataset can."""
    at_once = getattr(dataset, "__getitems__", None)
    samples: Any = at_once(indices) if callable(at_once) else [dataset[index] for index in indices]
    return samples


class ConcatDataset(Dataset[_T_co]):
    """Datasets one after the other.

    Args:
        datasets: map-style ones.

    Raises:
        AssertionError: there is none, or one is iterable.

    Example:
        >>> torch.utils.data.ConcatDataset(["ab", "cde"])[-1]
        'e'
    """

    datasets: list
    cumulative_sizes: list[int]

    @staticmethod
    def cumsum(sequence: Any) -> list[int]:
        """The lengths of the datasets, summed up."""
        return list(itertools.accumulate(len(each) for each in sequence))

    def __init__(self, datasets: Iterable[Dataset[_T_co]]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise AssertionError("datasets should not be an empty iterable")
        if any(isinstance(each, IterableDataset) for each in self.datasets):
            raise AssertionError("ConcatDataset does not support IterableDataset")
        self.cumulative_sizes = self.cumsum(self.datasets)

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]

    def __getitem__(self, idx: Any) -> _T_co:
        if idx < 0:
            if -idx > len(self):
                raise ValueError("absolute value of index should not exceed dataset length")
            idx += len(self)
        which = bisect.bisect_right(self.cumulative_sizes, idx)
        return self.datasets[which][idx - self.cumulative_sizes[which - 1] if which else idx]

    @property
    def cummulative_sizes(self) -> list[int]:
        """`cumulative_sizes`; deprecated."""
        warnings.warn("`cummulative_sizes` attribute is renamed to `cumulative_sizes`", FutureWarning, stacklevel=2)
        return self.cumulative_sizes


class ChainDataset(IterableDataset[Any]):
    """Iterable datasets one after the other.

    Args:
        datasets: iterable ones.
    """

    def __init__(self, datasets: Iterable) -> None:
        self.datasets = datasets

    def _checked(self) -> Iterator[IterableDataset]:
        """The datasets.

        Raises:
            AssertionError: the next one is not iterable.
        """
        for each in self.datasets:
            if not isinstance(each, IterableDataset):
                raise AssertionError("ChainDataset only supports IterableDataset")
            yield each

    def __iter__(self) -> Iterator:
        for each in self._checked():
            yield from each

    def __len__(self) -> int:
        return sum(len(each) for each in self._checked())  # type: ignore[arg-type]


class Subset(Dataset[_T_co]):
    """Some samples of a dataset.

    Args:
        dataset: the whole.
        indices: which of its samples, in the order wanted.

    Raises:
        NotImplementedError: a subclass writes ``__getitem__`` and not ``__getitems__``, which loaders use.

    Example:
        >>> list(torch.utils.data.Subset("abcd", [3, 0]))
        ['d', 'a']
    """

    dataset: Dataset[_T_co]
    indices: Sequence[int]

    def __init__(self, dataset: Dataset[_T_co], indices: Sequence[int]) -> None:
        self.dataset = dataset
        self.indices = indices
        own = type(self)
        if own.__getitem__ is not Subset.__getitem__ and own.__getitems__ is Subset.__getitems__:
            raise NotImplementedError(_ITEMS_MISSING.format(own.__name__))

    def __getitem__(self, idx: Any):
        if isinstance(idx, list):
            return self.dataset[[self.indices[each] for each in idx]]
        return self.dataset[self.indices[idx]]

    def __getitems__(self, indices: list[int]) -> Sequence[_T_co]:
        return items_of(self.dataset, [self.indices[each] for each in indices])

    def __len__(self) -> int:
        return len(self.indices)


def random_split(
    dataset: Dataset[_T], lengths: Sequence[int | float], generator: Generator | None = default_generator
) -> list[Subset[_T]]:
    """Split a dataset by chance, into parts that do not overlap.

    Args:
        dataset: the whole.
        lengths: how many samples for each part; or fractions that sum up to 1, of which each part gets the floor, and
            the samples left over go to the parts one by one, from the first on.
        generator: where the order is drawn: one `randperm`.

    Raises:
        ValueError: the lengths do not sum up to the whole, or a fraction is not in ``[0, 1]``.

    Example:
        >>> [len(part) for part in torch.utils.data.random_split(range(10), [0.75, 0.25])]
        [8, 2]
    """
    size, total = len(dataset), sum(lengths)  # type: ignore[arg-type]
    counts = list(lengths)
    if total <= 1 and math.isclose(total, 1):
        counts = _counts_of_fractions(lengths, size)
        for place, count in enumerate(counts):
            if not count:
                warnings.warn(
                    f"Length of split at index {place} is 0. This might result in an empty dataset.", stacklevel=2
                )
    if sum(counts) != size:
        raise ValueError("Sum of input lengths does not equal the length of the input dataset!")
    order = iter(numbers(randperm(size, generator=generator)))
    return [Subset(dataset, list(itertools.islice(order, count))) for count in counts]  # type: ignore[arg-type]


def _counts_of_fractions(fractions: Sequence[float], size: int) -> list[int]:
    for place, fraction in enumerate(fractions):
        if not 0 <= fraction <= 1:
            raise ValueError(f"Fraction at index {place} is not between 0 and 1")
    counts = [math.floor(size * fraction) for fraction in fractions]
    for extra in range(size - sum(counts)):
        counts[extra % len(counts)] += 1
    return counts
