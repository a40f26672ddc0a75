"""Loaders in the calling thread: PyTorch's batches, order, draws and sentences."""

from __future__ import annotations

import multiprocessing

import numpy as np
import pytest

import torchlike
from tests.support import check_error, check_op, check_warning

data = torchlike.utils.data


class Squares:
    """A dataset that is no `Dataset`."""

    def __init__(self, size):
        self.size = size

    def __len__(self):
        return self.size

    def __getitem__(self, index):
        return float(index), index**2


def stream(torch, size, length=None):
    class Stream(torch.utils.data.IterableDataset):
        def __iter__(self):
            return iter(range(size))

        def __len__(self):
            return length

        def __repr__(self):
            return "Stream"

    return Stream()


def tensors(torch):
    return torch.utils.data.TensorDataset(torch.arange(20.0).reshape(10, 2), torch.arange(10) * 10)


def subset(torch, indices):
    return torch.utils.data.Subset(torch.utils.data.Subset(tensors(torch), [9, 8, 7, 6, 5, 4]), indices)


class Own(list):
    """A dataset with a faster way to several samples."""

    def __getitems__(self, indices):
        return [self[index] * 100 for index in indices]


LOADERS = {
    "tensors": lambda d, torch: d.DataLoader(tensors(torch), 4),
    "tensors, shuffled": lambda d, torch: d.DataLoader(tensors(torch), 4, True),
    "tensors, dropped": lambda d, torch: d.DataLoader(tensors(torch), batch_size=4, shuffle=True, drop_last=True),
    "tensors, negative": lambda d, torch: d.DataLoader(tensors(torch), 2, sampler=[-1, 0, -10]),
    "tensors, one by one": lambda d, torch: d.DataLoader(tensors(torch), batch_size=None, shuffle=True),
    "tensors, slices": lambda d, torch: d.DataLoader(tensors(torch), batch_size=None, sampler=[slice(0, 3), 5]),
    "tensors, lists": lambda d, torch: d.DataLoader(tensors(torch), batch_size=None, sampler=[[0, 3], [5]]),
    "tensors, positions that are tensors": lambda d, torch: d.DataLoader(tensors(torch), 2, sampler=torch.arange(3)),
    "tensors, positions of NumPy": lambda d, torch: d.DataLoader(tensors(torch), 2, sampler=np.arange(3)),
    "tracked tensor": lambda d, torch: d.DataLoader(torch.arange(6.0).requires_grad_(), 4),
    "computed tensor": lambda d, torch: d.DataLoader(torch.arange(6.0) * 2 + 1, 4),
    "view": lambda d, torch: d.DataLoader(torch.arange(12.0).reshape(3, 4).t(), 3),
    "array's view": lambda d, torch: d.DataLoader(torch.from_numpy(np.arange(12.0).reshape(3, 4)).t()[1:], 2),
    "array's tensor": lambda d, torch: d.DataLoader(torch.from_numpy(np.arange(12.0).reshape(3, 4).T), 3),
    "tensor": lambda d, torch: d.DataLoader(torch.arange(20), 20, shuffle=True),
    "subset": lambda d, torch: d.DataLoader(subset(torch, [5, 0, 2]), 2, shuffle=True),
    "subset at tensors": lambda d, torch: d.DataLoader(subset(torch, torch.tensor([5, 0, 2])), 2),
    "subset at an array": lambda d, torch: d.DataLoader(subset(torch, np.array([5, 0, 2])), 2),
    "subset at a range": lambda d, torch: d.DataLoader(subset(torch, range(4)), 3),
    "split": lambda d, torch: d.DataLoader(d.random_split(tensors(torch), [6, 4])[1], 3, shuffle=True),
    "concatenated": lambda d, torch: d.DataLoader(tensors(torch) + tensors(torch), 6, shuffle=True),
    "stacked": lambda d, torch: d.DataLoader(d.StackDataset(a=tensors(torch), b=list(range(10))), 4, shuffle=True),
    "squares": lambda d, torch: d.DataLoader(Squares(5), 2, False, None),
    "squares, one a batch": lambda d, torch: d.DataLoader(Squares(3)),
    "list": lambda d, torch: d.DataLoader([1.5, 2.5, 3.5], batch_size=2),
    "own way": lambda d, torch: d.DataLoader(Own([1, 2, 3]), batch_size=2),
    "own collation": lambda d, torch: d.DataLoader(Squares(4), 2, collate_fn=lambda batch: sum(b for _, b in batch)),
    "own collation, tensors": lambda d, torch: d.DataLoader(tensors(torch), 4, collate_fn=len),
    "own generator": lambda d, torch: d.DataLoader(
        range(20), 20, shuffle=True, generator=torch.Generator().manual_seed(3)
    ),
    "sampler": lambda d, torch: d.DataLoader(Squares(9), 2, sampler=d.SubsetRandomSampler([5, 1, 8])),
    "sampler with replacement": lambda d, torch: d.DataLoader(
        tensors(torch), 3, sampler=d.WeightedRandomSampler([1.0] * 10, 7)
    ),
    "batch sampler": lambda d, torch: d.DataLoader(torch.arange(5), batch_sampler=[[0, 1], [4]]),
    "batch sampler object": lambda d, torch: d.DataLoader(
        Squares(9), batch_sampler=d.BatchSampler(d.RandomSampler(range(9)), 4, True)
    ),
    "stream": lambda d, torch: d.DataLoader(stream(torch, 5, 5), batch_size=2),
    "stream, dropped": lambda d, torch: d.DataLoader(stream(torch, 5, 5), batch_size=2, drop_last=True),
    "stream, one by one": lambda d, torch: d.DataLoader(stream(torch, 3, 3), batch_size=None),
    "dictionary": lambda d, torch: d.DataLoader({"a": 1, "b": 2}, batch_size=2, sampler=["b", "a"]),
    "arrays, one by one": lambda d, torch: d.DataLoader([np.arange(2), np.arange(2)], batch_size=None),
}


def passes(torch, make):
    """Two passes, lengths, and what the generators give next."""
    torch.manual_seed(7)
    loader = make(torch.utils.data, torch)
    length = len(loader)
    found = [list(loader), torch.rand(1), list(loader), length, torch.rand(1)]
    return found if loader.generator is None else [*found, torch.rand(1, generator=loader.generator)]


@pytest.mark.parametrize("name", LOADERS)
def test_batches_and_draws(name):
    check_op([], lambda torch: passes(torch, LOADERS[name]))


def test_a_pass_draws_when_pytorch_does():
    def draws(torch):
        torch.manual_seed(3)
        batches = iter(torch.utils.data.DataLoader(range(6), 2, shuffle=True))
        first = torch.rand(1)
        got = [next(batches), torch.rand(1)]
        return first, got, list(batches), torch.rand(1)

    check_op([], draws)


def test_defaults():
    def told(torch):
        loader = torch.utils.data.DataLoader([1, 2])
        names = (
            "batch_size num_workers pin_memory drop_last timeout prefetch_factor persistent_workers in_order "
            "pin_memory_device multiprocessing_context generator worker_init_fn"
        )
        kinds = [type(loader.sampler).__name__, type(loader.batch_sampler).__name__, loader.collate_fn.__name__]
        return [getattr(loader, name) for name in names.split()], kinds

    check_op([], told)


ERRORS = {
    "shuffle and sampler": lambda d, torch: d.DataLoader([1, 2], shuffle=True, sampler=[0]),
    "batch size": lambda d, torch: d.DataLoader([1, 2], batch_size=0),
    "workers": lambda d, torch: d.DataLoader([1, 2], num_workers=-1),
    "timeout": lambda d, torch: d.DataLoader([1, 2], timeout=-1),
    "timeout without workers": lambda d, torch: iter(d.DataLoader([1, 2], timeout=1)),
    "prefetch without workers": lambda d, torch: d.DataLoader([1, 2], prefetch_factor=2),
    "negative prefetch": lambda d, torch: d.DataLoader([1, 2], num_workers=1, prefetch_factor=-2),
    "persistent without workers": lambda d, torch: d.DataLoader([1, 2], persistent_workers=True),
    "batch size and batch sampler": lambda d, torch: d.DataLoader([1, 2], batch_size=2, batch_sampler=[[0]]),
    "drop_last and batch sampler": lambda d, torch: d.DataLoader([1, 2], drop_last=True, batch_sampler=[[0]]),
    "drop_last and no batches": lambda d, torch: d.DataLoader([1, 2], batch_size=None, drop_last=True),
    "nothing to shuffle": lambda d, torch: d.DataLoader([], shuffle=True),
    "stream and shuffle": lambda d, torch: d.DataLoader(stream(torch, 3), shuffle=True),
    "stream and sampler": lambda d, torch: d.DataLoader(stream(torch, 3), sampler=[0]),
    "stream and batch sampler": lambda d, torch: d.DataLoader(stream(torch, 3), batch_sampler=[[0]]),
    "stream without length": lambda d, torch: len(d.DataLoader(stream(torch, 3))),
    "context without workers": lambda d, torch: d.DataLoader([1], multiprocessing_context="fork"),
    "no context": lambda d, torch: d.DataLoader([1], num_workers=1, multiprocessing_context="frok"),
    "context's type": lambda d, torch: d.DataLoader([1], num_workers=1, multiprocessing_context=3),
    "late batch size": lambda d, torch: setattr(d.DataLoader([1]), "batch_size", 3),
    "late sampler": lambda d, torch: setattr(d.DataLoader([1]), "sampler", None),
    "index": lambda d, torch: list(d.DataLoader(tensors(torch), 2, sampler=[0, 10])),
    "index of subset": lambda d, torch: list(d.DataLoader(subset(torch, [0, 7]), 2)),
    "shapes": lambda d, torch: list(d.DataLoader([torch.ones(2), torch.ones(3)], 2)),
    "bools": lambda d, torch: list(d.DataLoader(tensors(torch), 2, sampler=[True, False])),
    "types": lambda d, torch: list(d.DataLoader([None], 2)),
    "dataset's own": lambda d, torch: list(d.DataLoader(Squares("x"), 2)),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    check_error([], lambda torch: ERRORS[name](torch.utils.data, torch))


def test_errors_draw_nothing():
    torchlike.manual_seed(0)
    with pytest.raises(ValueError, match="mutually exclusive"):
        data.DataLoader([1, 2], shuffle=True, sampler=[0])
    drawn = torchlike.rand(1)
    torchlike.manual_seed(0)
    assert torchlike.rand(1) == drawn


@pytest.mark.parametrize("size, drop", [(1, False), (2, False), (2, True), (None, False)])
def test_stream_that_is_longer_than_it_says(size, drop):
    def run(torch):
        loader = torch.utils.data.DataLoader(stream(torch, 5, 2), batch_size=size, drop_last=drop)
        return len(loader), list(loader)

    (check_op if drop else check_warning)([], run)


def test_pinning_without_an_accelerator():
    check_warning([], lambda torch: list(torch.utils.data.DataLoader([1, 2], 2, pin_memory=True)))
    check_warning([], lambda torch: list(torch.utils.data.DataLoader([1], pin_memory=True, pin_memory_device="cuda")))


def test_context():
    fork = multiprocessing.get_context("spawn")
    for given in (fork, "spawn"):
        assert data.DataLoader([1], num_workers=1, multiprocessing_context=given).multiprocessing_context is fork


def test_iterators():
    loader = data.DataLoader(range(5), 2)
    batches = iter(loader)
    assert iter(batches) is batches and len(batches) == 3 and iter(loader) is not batches
    with pytest.raises(NotImplementedError, match="cannot be pickled"):
        batches.__getstate__()
    assert data.DataLoader[int] is not data.DataLoader


def test_a_subclass_of_tensors_has_its_say():
    class Doubled(data.TensorDataset):
        def __getitem__(self, index):
            return super().__getitem__(index)[0] * 2

    assert [each.tolist() for each in data.DataLoader(Doubled(torchlike.arange(3)), 2)] == [[0, 2], [4]]


def test_batches_of_tensors_need_no_program():
    loader = data.DataLoader(tensors(torchlike), 4, shuffle=True)
    first = list(loader)
    runs = torchlike.explain().runs
    kept = first + list(loader)
    assert all(tensor._value().array is not None for batch in kept for tensor in batch)
    assert torchlike.explain().runs == runs


def test_writing_to_shared_memory_shows_in_the_next_batch():
    array = np.zeros((4, 2))
    loader = data.DataLoader(data.TensorDataset(torchlike.from_numpy(array)), 4)
    first = next(iter(loader))[0]
    array += 1
    assert first.sum() == 0 and next(iter(loader))[0].sum() == 8


def test_writing_to_a_batch_leaves_the_dataset():
    dataset = tensors(torchlike)
    next(iter(data.DataLoader(dataset, 10)))[0].zero_()
    assert dataset.tensors[0].sum() == 190
