"""Datasets, against PyTorch."""

from __future__ import annotations

import importlib

import pytest

import torchlike
from tests.support import check_error, check_op, check_warning

data = torchlike.utils.data


def tensors(torch):
    return torch.utils.data.TensorDataset(torch.arange(6.0).reshape(3, 2), torch.tensor([7, 8, 9]))


def stream(torch, size=3):
    class Stream(torch.utils.data.IterableDataset):
        def __iter__(self):
            return iter(range(size))

        def __len__(self):
            return size

    return Stream()


SAME = {
    "tensors": lambda torch: [tensors(torch)[0], tensors(torch)[-1], tensors(torch)[0:2], len(tensors(torch))],
    "tensors at a list": lambda torch: tensors(torch)[[2, 0]],
    "one tensor": lambda torch: torch.utils.data.TensorDataset(torch.arange(3))[1],
    "sum": lambda torch: list(tensors(torch) + tensors(torch))[4],
    "sum of streams": lambda torch: [list(stream(torch) + stream(torch, 2)), len(stream(torch) + stream(torch, 2))],
    "concat": lambda torch: [torch.utils.data.ConcatDataset(["ab", "", "cde"])[i] for i in (0, 1, 2, 4, -1, -5)],
    "concat sizes": lambda torch: torch.utils.data.ConcatDataset(["ab", "", "cde"]).cumulative_sizes,
    "chain": lambda torch: list(torch.utils.data.ChainDataset([stream(torch), stream(torch)])),
    "stack": lambda torch: torch.utils.data.StackDataset([1, 2], [3, 4])[1],
    "named stack": lambda torch: torch.utils.data.StackDataset(a=[1, 2], b=tensors(torch).tensors[1][:2])[0],
    "stack at once": lambda torch: torch.utils.data.StackDataset(
        torch.utils.data.Subset([1, 2, 3], [2, 1, 0]), "abc"
    ).__getitems__([0, 2]),
    "named stack at once": lambda torch: torch.utils.data.StackDataset(
        a=torch.utils.data.Subset([1, 2, 3], [2, 1, 0]), b="abc"
    ).__getitems__([0, 2]),
    "subset": lambda torch: [torch.utils.data.Subset([10, 20, 30], [2, 0])[i] for i in (0, 1, -1)],
    "subset at a list": lambda torch: torch.utils.data.Subset(tensors(torch), [2, 0])[[0, 1]],
    "subset of a subset": lambda torch: torch.utils.data.Subset(
        torch.utils.data.Subset([10, 20, 30], [2, 0]), [1]
    ).__getitems__([0]),
}


@pytest.mark.parametrize("name", SAME)
def test_samples(name):
    check_op([], lambda torch: SAME[name](torch))


ERRORS = {
    "no item": lambda torch: torch.utils.data.Dataset()[0],
    "no length": lambda torch: len(torch.utils.data.Dataset()),
    "abstract": lambda torch: torch.utils.data.IterableDataset(),
    "sizes": lambda torch: torch.utils.data.TensorDataset(torch.ones(2), torch.ones(3)),
    "index": lambda torch: torch.utils.data.TensorDataset(torch.ones(2))[2],
    "keyword": lambda torch: torch.utils.data.TensorDataset(torch.ones(2), tensor=torch.ones(2)),
    "empty concat": lambda torch: torch.utils.data.ConcatDataset([]),
    "concat of stream": lambda torch: torch.utils.data.ConcatDataset([stream(torch)]),
    "concat index": lambda torch: torch.utils.data.ConcatDataset(["ab"])[-3],
    "chain of list": lambda torch: list(torch.utils.data.ChainDataset([[1]])),
    "length of chain of list": lambda torch: len(torch.utils.data.ChainDataset([[1]])),
    "empty stack": lambda torch: torch.utils.data.StackDataset(),
    "stack sizes": lambda torch: torch.utils.data.StackDataset([1], [1, 2]),
    "named stack sizes": lambda torch: torch.utils.data.StackDataset(a=[1], b=[1, 2]),
    "stack of both": lambda torch: torch.utils.data.StackDataset([1], b=[1]),
    "half a subset": lambda torch: type("Mine", (torch.utils.data.Subset,), {"__getitem__": lambda self, index: 0})(
        [1], [0]
    ),
    "stack of a liar": lambda torch: torch.utils.data.StackDataset(
        type("Liar", (list,), {"__getitems__": lambda self, indices: []})([1])
    ).__getitems__([0]),
    "split lengths": lambda torch: torch.utils.data.random_split([1, 2, 3], [1, 1]),
    "split fraction": lambda torch: torch.utils.data.random_split([1, 2, 3], [1.5, -0.5]),
    "split fractions": lambda torch: torch.utils.data.random_split([1, 2, 3], [0.5, 0.6]),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    check_error([], ERRORS[name])


def split(torch, size, lengths, seed=None):
    torch.manual_seed(5)
    own = {} if seed is None else {"generator": torch.Generator().manual_seed(seed)}
    parts = torch.utils.data.random_split(list(range(size)), lengths, **own)
    return [list(part) for part in parts], torch.rand(1)


@pytest.mark.parametrize("lengths", [[7, 3], [0.75, 0.25], [0.3, 0.3, 0.4], [0.07, 0.43, 0.5], [10]])
@pytest.mark.parametrize("seed", [None, 3])
def test_split(lengths, seed):
    check_op([], lambda torch: split(torch, 10, lengths, seed))


def test_split_with_nothing_in_a_part():
    check_warning([], lambda torch: split(torch, 2, [0.9, 0.05, 0.05]))


def test_old_name_of_sizes():
    check_warning([], lambda torch: torch.utils.data.ConcatDataset(["ab", "c"]).cummulative_sizes)


def test_old_names_of_tensors():
    x, y = torchlike.arange(3), torchlike.ones(3)
    with pytest.warns(FutureWarning, match="'data_tensor', 'target_tensor' of TensorDataset is deprecated"):
        dataset = data.TensorDataset(data_tensor=x, target_tensor=y)
    assert dataset.tensors == (x, y)
    with pytest.warns(FutureWarning, match="use TensorDataset.tensors.0"):
        assert dataset.data_tensor is x
    with pytest.warns(FutureWarning, match="use TensorDataset.tensors.1"):
        assert dataset.target_tensor is y


def test_types():
    assert issubclass(data.IterableDataset, data.Dataset) and data.Dataset[int] is not data.Dataset
    assert importlib.import_module("torchlike.data").TensorDataset is data.TensorDataset is data.dataset.TensorDataset
