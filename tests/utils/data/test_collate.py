"""From samples to batches, against PyTorch."""

from __future__ import annotations

import collections
import types

import numpy as np
import pytest

import torchlike
from tests.support import check_error, check_op

collating = torchlike.utils.data._utils.collate
Point = collections.namedtuple("Point", ["x", "y"])


class Labelled(dict):
    """A mapping with an attribute."""

    label = None


class Frozen(tuple):
    """A tuple of another type."""


def batch(torch, samples):
    return torch.utils.data.default_collate(samples(torch))


def labelled(torch):
    made = Labelled(a=1)
    made.label = "x"
    return [made, Labelled(a=2)]


BATCHES = {
    "ints": lambda torch: [1, 2, 3],
    "floats": lambda torch: [1.5, 2],
    "bools": lambda torch: [True, False],
    "strings": lambda torch: ["a", "b"],
    "bytes": lambda torch: [b"a", b"b"],
    "tensors": lambda torch: [torch.ones(2), torch.zeros(2)],
    "0-d tensors": lambda torch: [torch.tensor(1), torch.tensor(2)],
    "tensors of two dtypes": lambda torch: [torch.ones(2), torch.zeros(2, dtype=torch.int32)],
    "tensors still to be computed": lambda torch: [torch.ones(2) * 3, torch.ones(2) + 1],
    "views": lambda torch: list(torch.arange(6.0).reshape(2, 3).t()),
    "views of an array": lambda torch: list(torch.from_numpy(np.arange(6.0).reshape(2, 3)).t()),
    "tracked tensors": lambda torch: [torch.ones(2, requires_grad=True) * 2, torch.ones(2)],
    "bfloat16": lambda torch: [torch.ones(2, dtype=torch.bfloat16)] * 2,
    "arrays": lambda torch: [np.arange(3), np.arange(3)],
    "arrays of two dtypes": lambda torch: [np.zeros(2, np.int32), np.zeros(2, np.float32)],
    "0-d arrays": lambda torch: [np.array(1.5), np.array(2.5)],
    "transposed arrays": lambda torch: [np.arange(6.0).reshape(2, 3).T] * 2,
    "NumPy numbers": lambda torch: [np.float16(1), np.float16(2)],
    "NumPy bools": lambda torch: [np.bool_(True), np.bool_(False)],
    "tuples": lambda torch: [(1, 2.0, "a"), (3, 4.0, "b")],
    "lists": lambda torch: [[1, 2], [3, 4]],
    "named tuples": lambda torch: [Point(0, 1.0), Point(2, 3.0)],
    "other tuples": lambda torch: [Frozen((0, 1.0)), Frozen((2, 3.0))],
    "dictionaries": lambda torch: [{"a": 1, "b": [2, 3]}, {"a": 4, "b": [5, 6]}],
    "ordered": lambda torch: [collections.OrderedDict(b=1, a=2), collections.OrderedDict(b=3, a=4)],
    "read-only": lambda torch: [dict(types.MappingProxyType({"a": 1}))],
    "ranges": lambda torch: [range(2), range(2)],
}


@pytest.mark.parametrize("name", BATCHES)
def test_batches(name):
    check_op([], lambda torch: batch(torch, BATCHES[name]))


@pytest.mark.parametrize("name", ["named tuples", "lists", "ordered", "other tuples", "tuples", "ranges"])
def test_structure_is_kept(name):
    torch = pytest.importorskip("torch")
    assert type(batch(torchlike, BATCHES[name])) is type(batch(torch, BATCHES[name]))


@pytest.mark.parametrize("kind", [collections.UserList, collections.deque])
def test_user_sequences_are_kept(kind):
    made = torchlike.utils.data.default_collate([kind([1, 2]), kind([3, 4])])
    assert type(made) is kind and [each.tolist() for each in made] == [[1, 3], [2, 4]]


def test_user_mappings_are_kept():
    made = torchlike.utils.data.default_collate([collections.UserDict(a=1), collections.UserDict(a=2)])
    assert type(made) is collections.UserDict and made["a"].tolist() == [1, 2]


def test_attributes_are_kept():
    made = batch(torchlike, labelled)
    assert type(made) is Labelled and made.label == "x" and made["a"].tolist() == [1, 2]


ERRORS = {
    "None": lambda torch: [None],
    "objects": lambda torch: [object()],
    "complex": lambda torch: [1j],
    "arrays of strings": lambda torch: [np.array(["a"])],
    "arrays of objects": lambda torch: [np.array([None])],
    "unequal tensors": lambda torch: [torch.ones(2), torch.ones(3)],
    "unequal arrays": lambda torch: [np.ones(2), np.ones(3)],
    "unequal lists": lambda torch: [[1, 2], [1]],
    "nothing": lambda torch: [],
    "missing key": lambda torch: [{"a": 1}, {"b": 1}],
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    check_error([], lambda torch: batch(torch, ERRORS[name]))


CONVERTED = {
    "int": lambda: 3,
    "array": lambda: np.arange(3),
    "number": lambda: np.float32(1.5),
    "string": lambda: "a",
    "strings": lambda: np.array(["a"]).tolist(),
    "list": lambda: [np.arange(2), "a"],
    "tuple": lambda: (np.arange(2), 1.5),
    "named tuple": lambda: Point(np.array(0), 1),
    "dictionary": lambda: {"a": np.arange(2), "b": {"c": None}},
    "range": lambda: range(2),
}


@pytest.mark.parametrize("name", CONVERTED)
def test_convert(name):
    check_op([], lambda torch: torch.utils.data.default_convert(CONVERTED[name]()))


def test_array_of_strings_is_left():
    array = np.array(["a"])
    assert torchlike.utils.data.default_convert(array) is array


def test_a_batch_is_a_copy():
    array = np.zeros(2)
    shared = torchlike.from_numpy(array)
    made = torchlike.utils.data.default_collate([shared, shared])
    array += 1
    assert made.tolist() == [[0.0, 0.0], [0.0, 0.0]] and shared.tolist() == [1.0, 1.0]


def test_own_functions(monkeypatch):
    monkeypatch.setitem(collating.default_collate_fn_map, complex, lambda batch, *, collate_fn_map: sum(batch))
    assert torchlike.utils.data.default_collate([1j, 2j]) == 3j
    assert collating.collate([1, 2], collate_fn_map={int: lambda batch, *, collate_fn_map: max(batch)}) == 2
    monkeypatch.setitem(collating.default_collate_fn_map, torchlike.Tensor, lambda batch, *, collate_fn_map: len(batch))
    assert torchlike.utils.data.default_collate([np.ones(2), np.ones(2)]) == 2
    loader = torchlike.utils.data.DataLoader(torchlike.utils.data.TensorDataset(torchlike.arange(4)), batch_size=3)
    assert list(loader) == [[3], [1]]


def test_gradients_flow_through_a_batch():
    check_op([(2,), (2,)], lambda torch, x, y: torch.utils.data.default_collate([(x * 2, 1), (y, 2)])[0])
