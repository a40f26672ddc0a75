"""A sampler for several processes, each of which reads its own part."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sized
from typing import TYPE_CHECKING, Any, TypeVar, cast

from torchlike._functions.generators import Generator
from torchlike._functions.randoms import randperm
from torchlike.utils.data._host import numbers
from torchlike.utils.data.sampler import Sampler

if TYPE_CHECKING:
    from torchlike.utils.data.dataset import Dataset

__all__ = ["DistributedSampler"]

_T_co = TypeVar("_T_co", covariant=True)


class DistributedSampler(Sampler[_T_co]):
    """The indices of one of several replicas: each ``num_replicas``-th, from ``rank`` on.

    Args:
        dataset: what is sampled, for its length.
        num_replicas: how many share the samples; the size of the process group by default.
        rank: which of them this is; the rank in the process group by default.
        shuffle: whether to take them in an order drawn from `seed` plus the epoch, the same in all replicas.
        seed: the same in all replicas.
        drop_last: leave out the samples beyond the last multiple of `num_replicas`; else some come twice.

    Raises:
        RuntimeError: `num_replicas` or `rank` is left out and there is no process group.
        ValueError: there is no such rank.

    Example:
        >>> list(torch.utils.data.DistributedSampler(range(5), num_replicas=2, rank=1, shuffle=False))
        [1, 3, 0]
    """

    def __init__(
        self,
        dataset: Dataset[Any],
        num_replicas: int | None = None,
        rank: int | None = None,
        shuffle: bool = True,
        seed: int = 0,
        drop_last: bool = False,
    ) -> None:
        if num_replicas is None:
            num_replicas = int(_process_group().get_world_size())
        if rank is None:
            rank = int(_process_group().get_rank())
        if not 0 <= rank < num_replicas:
            raise ValueError(f"Invalid rank {rank}, rank should be in the interval [0, {num_replicas - 1}]")
        self.dataset = dataset
        self.num_replicas = num_replicas
        self.rank = rank
        self.epoch = 0
        self.drop_last = drop_last
        size = len(cast(Sized, dataset))
        self.num_samples = size // num_replicas if drop_last else -(-size // num_replicas)
        self.total_size = self.num_samples * num_replicas
        self.shuffle = shuffle
        self.seed = seed

    def __iter__(self) -> Iterator[Any]:
        size = len(cast(Sized, self.dataset))
        if self.shuffle:
            order = numbers(randperm(size, generator=Generator().manual_seed(self.seed + self.epoch)))
        else:
            order = list(range(size))
        if not self.drop_last and order:
            order *= math.ceil(self.total_size / size)
        order = order[: self.total_size]
        if len(order) != self.total_size:
            raise AssertionError(f"Number of indices ({len(order)}) does not match total_size ({self.total_size})")
        return iter(order[self.rank :: self.num_replicas])

    def __len__(self) -> int:
        return self.num_samples

    def set_epoch(self, epoch: int) -> None:
        """Let the next iteration draw another order.

        Args:
            epoch: added to the seed.
        """
        self.epoch = epoch


def _process_group() -> Any:
    from torchlike import distributed  # a program without groups does without

    if not distributed.is_available():
        raise RuntimeError("Requires distributed package to be available")
    return distributed
