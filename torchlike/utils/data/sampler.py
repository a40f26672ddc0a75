"""Samplers: in which order, and which, samples are read."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterable, Iterator, Sequence, Sized
from typing import Any, Generic, TypeVar

from torchlike._arguments import legacy_keywords
from torchlike._functions.creation import empty
from torchlike._functions.generators import Generator
from torchlike._functions.making import as_tensor
from torchlike._functions.randoms import multinomial, randint, randperm
from torchlike._types.dtypes import float64, int64
from torchlike.utils.data._host import numbers

__all__ = [
    "BatchSampler",
    "RandomSampler",
    "Sampler",
    "SequentialSampler",
    "SubsetRandomSampler",
    "WeightedRandomSampler",
]

_T_co = TypeVar("_T_co", covariant=True)
_AT_ONCE = 32  # with replacement PyTorch draws so many indices in one go


def draw_seed(generator: Generator | None = None) -> int:
    """An integer in ``[0, 2^63)``, drawn as PyTorch draws a seed from a generator."""
    cell: Any = empty((), dtype=int64)
    return int(cell.random_(generator=generator).item())


def _checked_count(name: str, count: Any, allow_bool: bool = False) -> None:
    """Refuse what is no positive integer.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(count, int) or (isinstance(count, bool) and not allow_bool) or count <= 0:
        raise ValueError(f"{name} should be a positive integer value, but got {name}={count}")


def _checked_flag(name: str, flag: Any, kind: type[Exception] = ValueError) -> None:
    if not isinstance(flag, bool):
        raise kind(f"{name} should be a boolean value, but got {name}={flag}")


class Sampler(Generic[_T_co]):
    """An order of indices, or of lists of them: the base class.

    A subclass writes ``__iter__`` and mostly ``__len__``.

    Args:
        data_source: taken for the sake of old programs, with a warning.

    Example:
        >>> class Backwards(torch.utils.data.Sampler):
        ...     def __init__(self, size):
        ...         self.size = size
        ...     def __iter__(self):
        ...         return iter(range(self.size - 1, -1, -1))
        >>> list(Backwards(3))
        [2, 1, 0]
    """

    def __init__(self, data_source: Any = None) -> None:
        if data_source is not None:
            warnings.warn(
                "`data_source` argument is not used and will be removed in 2.2.0."
                "You may still have custom implementation that utilizes it.",
                stacklevel=2,
            )

    def __iter__(self) -> Iterator[_T_co]:
        raise NotImplementedError


class SequentialSampler(Sampler[int]):
    """The indices in order.

    Args:
        data_source: what is sampled, for its length.
    """

    data_source: Sized

    def __init__(self, data_source: Sized) -> None:
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler[int]):
    """The indices in random order, or drawn with replacement.

    Args:
        data_source: what is sampled, for its length.
        replacement: whether an index can come twice.
        num_samples: how many to draw; as many as there are by default. More than that come from further orders.
        generator: where to draw. By default a new one each time, seeded by a draw from the default generator.

    Raises:
        TypeError: `replacement` is not a bool.
        ValueError: `num_samples` is not a positive integer.

    Example:
        >>> list(torch.utils.data.RandomSampler("abcd", generator=torch.Generator().manual_seed(0)))
        [0, 1, 3, 2]
    """

    data_source: Sized
    replacement: bool

    def __init__(
        self,
        data_source: Sized,
        replacement: bool = False,
        num_samples: int | None = None,
        generator: Generator | None = None,
    ) -> None:
        self.data_source = data_source
        self.replacement = replacement
        self._num_samples = num_samples
        self.generator = generator
        _checked_flag("replacement", replacement, TypeError)
        _checked_count("num_samples", self.num_samples, allow_bool=True)

    @property
    def num_samples(self) -> int:
        """How many indices come."""
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self) -> Iterator[int]:
        size = len(self.data_source)
        generator = self.generator
        if generator is None:
            generator = Generator().manual_seed(draw_seed())
        if self.replacement:
            rounds, rest = divmod(self.num_samples, _AT_ONCE)
            for count in [_AT_ONCE] * rounds + [rest]:
                yield from numbers(randint(0, size, (count,), generator=generator))
        else:
            rounds, rest = divmod(self.num_samples, size)
            for _ in range(rounds):
                yield from numbers(randperm(size, generator=generator))
            # PyTorch draws this order even where nothing of it is used; nobody else sees a generator of our own
            if rest or self.generator is not None:
                yield from numbers(randperm(size, generator=generator))[:rest]

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(Sampler[int]):
    """Given indices in random order.

    Args:
        indices: the indices.
        generator: where to draw; the default one by default.
    """

    indices: Sequence[int]

    def __init__(self, indices: Sequence[int], generator: Generator | None = None) -> None:
        self.indices = indices
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        for place in numbers(randperm(len(self.indices), generator=self.generator)):
            yield self.indices[place]

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler[int]):
    """Indices drawn by weight.

    Args:
        weights: a weight for each index, not normalised.
        num_samples: how many to draw.
        replacement: whether an index can come twice.
        generator: where to draw; the default one by default.

    Raises:
        ValueError: `num_samples` is not a positive integer, `replacement` not a bool, or `weights` not of 1 dimension.
    """

    num_samples: int
    replacement: bool

    @legacy_keywords(replace="replacement")
    def __init__(
        self, weights: Sequence[float], num_samples: int, replacement: bool = True, generator: Generator | None = None
    ) -> None:
        _checked_count("num_samples", num_samples)
        _checked_flag("replacement", replacement)
        self.weights: Any = as_tensor(weights, dtype=float64)
        if self.weights.dim() != 1:
            raise ValueError(
                f"weights should be a 1d sequence but given weights have shape {tuple(self.weights.shape)}"
            )
        self.num_samples = num_samples
        self.replacement = replacement
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        yield from numbers(multinomial(self.weights, self.num_samples, self.replacement, generator=self.generator))

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler[list[int]]):
    """The indices of another sampler, a list of them at a time.

    Args:
        sampler: any iterable.
        batch_size: how many indices in a list.
        drop_last: leave the last list out if it is shorter.

    Raises:
        ValueError: `batch_size` is not a positive integer, or `drop_last` not a bool.

    Example:
        >>> list(torch.utils.data.BatchSampler(range(5), batch_size=2, drop_last=False))
        [[0, 1], [2, 3], [4]]
    """

    def __init__(self, sampler: Sampler[int] | Iterable[int], batch_size: int, drop_last: bool) -> None:
        _checked_count("batch_size", batch_size)
        _checked_flag("drop_last", drop_last)
        self.sampler = sampler
        self.batch_size = batch_size
        self.drop_last = drop_last

    def __iter__(self) -> Iterator[list[int]]:
        indices = iter(self.sampler)
        while batch := list(itertools.islice(indices, self.batch_size)):
            if len(batch) == self.batch_size or not self.drop_last:
                yield batch

    def __len__(self) -> int:
        known: Any = self.sampler
        size = len(known)
        return size // self.batch_size if self.drop_last else -(-size // self.batch_size)
