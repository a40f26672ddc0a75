"""Samplers: PyTorch's order, PyTorch's draws."""

from __future__ import annotations

import pytest

import torchlike
from tests.support import check_error, check_op

data = torchlike.utils.data

DRAWS = {
    "sequential": lambda d, torch: d.SequentialSampler("abc"),
    "random": lambda d, torch: d.RandomSampler(range(30)),
    "random, own generator": lambda d, torch: d.RandomSampler(range(30), generator=torch.Generator().manual_seed(3)),
    "random, fewer": lambda d, torch: d.RandomSampler(range(30), num_samples=7),
    "random, more": lambda d, torch: d.RandomSampler(range(5), num_samples=12),
    "replacement": lambda d, torch: d.RandomSampler(range(5), replacement=True),
    "replacement, many": lambda d, torch: d.RandomSampler(range(5), True, 70),
    "subset": lambda d, torch: d.SubsetRandomSampler([5, 1, 9, 4]),
    "subset, own generator": lambda d, torch: d.SubsetRandomSampler("abcd", torch.Generator().manual_seed(1)),
    "weighted": lambda d, torch: d.WeightedRandomSampler([0.1, 0.9, 0.0, 3.0], 9),
    "weighted, once": lambda d, torch: d.WeightedRandomSampler([1, 2, 3], 3, False),
    "weighted, one": lambda d, torch: d.WeightedRandomSampler(torch.tensor([1.0, 2.0]), 1),
    "batches": lambda d, torch: d.BatchSampler(d.SequentialSampler(range(7)), 3, False),
    "batches, dropped": lambda d, torch: d.BatchSampler(d.RandomSampler(range(7)), 3, True),
    "batches of a list": lambda d, torch: d.BatchSampler([4, 2], batch_size=5, drop_last=False),
    "batches, nothing left": lambda d, torch: d.BatchSampler(range(2), batch_size=5, drop_last=True),
}


def drawn(torch, make):
    """Two passes, and what the generators give next."""
    torch.manual_seed(11)
    sampler = make(torch.utils.data, torch)
    own = getattr(sampler, "generator", None)
    passes = [list(sampler), list(sampler), len(sampler), torch.rand(1)]
    return passes if own is None else [*passes, torch.rand(1, generator=own)]


@pytest.mark.parametrize("name", DRAWS)
def test_order_and_draws(name):
    check_op([], lambda torch: drawn(torch, DRAWS[name]))


def test_indices_are_plain():
    assert {type(index) for make in ("random", "weighted") for index in DRAWS[make](data, torchlike)} == {int}


def test_length_follows_the_source():
    source = [1]
    sampler = data.RandomSampler(source)
    source.append(2)
    assert len(sampler) == len(list(sampler)) == 2


ERRORS = {
    "no order": lambda d: iter(d.Sampler()),
    "nothing": lambda d: d.RandomSampler([]),
    "no count": lambda d: d.RandomSampler([1], num_samples=1.5),
    "no flag": lambda d: d.RandomSampler([1], replacement=1),
    "weights, no count": lambda d: d.WeightedRandomSampler([1.0], 0),
    "weights, a bool": lambda d: d.WeightedRandomSampler([1.0], True),
    "weights, no flag": lambda d: d.WeightedRandomSampler([1.0], 1, 2),
    "weights, 2 dimensions": lambda d: d.WeightedRandomSampler([[1.0]], 1),
    "weights, too few": lambda d: list(d.WeightedRandomSampler([1.0], 2, False)),
    "batch size": lambda d: d.BatchSampler([1], 0, False),
    "batch size, a bool": lambda d: d.BatchSampler([1], True, False),
    "drop_last": lambda d: d.BatchSampler([1], 1, 0),
    "length": lambda d: len(d.BatchSampler(iter([1]), 1, True)),
    "rank": lambda d: d.DistributedSampler([1], num_replicas=2, rank=2),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    check_error([], lambda torch: ERRORS[name](torch.utils.data))


def replicas(torch, size, count, **options):
    samplers = [torch.utils.data.DistributedSampler(range(size), count, rank, **options) for rank in range(count)]
    orders = [list(each) for each in samplers]
    for each in samplers:
        each.set_epoch(3)
    return orders, [list(each) for each in samplers], [len(each) for each in samplers]


@pytest.mark.parametrize("size, count", [(10, 2), (10, 3), (2, 5), (7, 1), (9, 4)])
@pytest.mark.parametrize("options", [{}, {"shuffle": False}, {"drop_last": True}, {"seed": 4}])
def test_replicas(size, count, options):
    check_op([], lambda torch: replicas(torch, size, count, **options))


def test_replicas_need_a_group():
    with pytest.raises((RuntimeError, ValueError), match="distributed|process group"):
        data.DistributedSampler([1, 2])


def test_old_arguments():
    class Mine(data.Sampler):
        def __init__(self, source):
            super().__init__(data_source=source)

        def __iter__(self):
            return iter([1])

    with pytest.warns(UserWarning, match="`data_source` argument is not used"):
        assert list(Mine([5])) == [1]
    with pytest.warns(FutureWarning, match="WeightedRandomSampler.*'replace' is deprecated; use 'replacement'"):
        assert sorted(data.WeightedRandomSampler([1.0, 2.0], 2, replace=False)) == [0, 1]
