"""Structures written down are PyTorch's text, and are read again."""

from __future__ import annotations

import dataclasses
import enum
import time
from collections import OrderedDict, defaultdict, deque, namedtuple

import pytest

import torchlike
from tests.support import reference

Point = namedtuple("Point", "x y")


class Color(enum.Enum):
    RED = 1


TREES = {
    "a leaf": 3,
    "lists": [1, (2, None), []],
    "a dictionary": {"a": [1], "b": {}},
    "an ordered one": OrderedDict(z=1, a=2),
    "one with a default": defaultdict(list, {"x": 1}),
    "a queue": deque([1, 2], maxlen=3),
    "named": Point(1, [2]),
    "keys of an enumeration": OrderedDict([("a", 1), ("b", deque())]),
}


@dataclasses.dataclass
class Data:
    one: object
    two: object = None
    hidden: object = dataclasses.field(default=5, init=False)


class Made:
    def __init__(self, value):
        self.value = value


@dataclasses.dataclass(frozen=True)
class Mark:
    value: int


class Wrapped:
    def __init__(self, kind, value):
        self.kind, self.value = kind, value


def registered(torch):
    """The module, with classes of its own each."""
    tree = torch.utils._pytree
    if Point not in registered.known.setdefault(torch, []):
        registered.known[torch].append(Point)
        tree._register_namedtuple(Point, serialized_type_name="tests.Point")
        tree.register_dataclass(Data, serialized_type_name="tests.Data")
        tree.register_constant(Mark)
        tree.register_pytree_node(
            Wrapped,
            lambda node: ([node.value], node.kind),
            lambda values, kind: Wrapped(kind, *values),
            serialized_type_name="tests.Wrapped",
            flatten_with_keys_fn=lambda node: ([(tree.GetAttrKey("value"), node.value)], node.kind),
        )
        tree.register_pytree_node(Made, lambda node: ([node.value], None), lambda values, _: Made(*values))
    return tree


registered.known = {}


@pytest.mark.parametrize("name", TREES)
def test_text(name):
    def run(torch):
        tree = registered(torch)
        spec = tree.tree_structure(TREES[name])
        text = tree.treespec_dumps(spec)
        return text, tree.treespec_loads(text) == spec

    assert run(torchlike) == run(reference()) and run(torchlike)[1]


def test_classes():
    def run(torch):
        tree = registered(torch)
        found = []
        for value in (Data(1, [2, 3]), Data(None, 2), Wrapped(Color.RED, (1, 2)), {"m": Mark(3), "n": 4}):
            leaves, spec = tree.tree_flatten(value)
            again = tree.tree_unflatten(leaves, spec)
            paths = [(tree.keystr(path), leaf) for path, leaf in tree.tree_flatten_with_path(value)[0]]
            found.append((leaves, paths, str(getattr(again, "__dict__", again))))
        text = tree.treespec_dumps(tree.tree_structure([Data(1), Wrapped(Color.RED, 2)]))
        read = tree.treespec_loads(text)
        kinds = [tree.is_structseq(each) for each in (time.gmtime(), type(time.gmtime()), (1,), tuple, Point(1, 2))]
        return found, text, str(read), kinds, tree.is_constant_class(Mark), tree.is_constant_class(Data)

    assert run(torchlike) == run(reference())


REFUSED = {
    "no structure": lambda tree: tree.treespec_dumps(3),
    "another way": lambda tree: tree.treespec_dumps(tree.tree_structure([]), 7),
    "another way read": lambda tree: tree.treespec_loads('[7, {"type": null, "context": null, "children_spec": []}]'),
    "a type without a name": lambda tree: tree.treespec_dumps(tree.tree_structure(Made(1))),
    "an unknown type": lambda tree: tree.treespec_loads('[1, {"type": "x", "context": "1", "children_spec": []}]'),
    "keys that are no text": lambda tree: tree.treespec_dumps(tree.tree_structure(Wrapped(object(), 1))),
    "a tuple without a name": lambda tree: tree.treespec_dumps(tree.tree_structure(namedtuple("Other", "x")(1))),
    "missing fields": lambda tree: tree.register_dataclass(
        dataclasses.make_dataclass("D", ["a", "b"]), field_names=["a"]
    ),
    "other fields": lambda tree: tree.register_dataclass(
        dataclasses.make_dataclass("D", ["a"]), field_names=["a", "c"]
    ),
    "no fields": lambda tree: tree.register_dataclass(type("E", (), {})),
    "no comparison": lambda tree: tree.register_constant(type("F", (), {})),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name):
    def said(torch):
        with pytest.raises((ValueError, TypeError, NotImplementedError), match=".") as error:
            REFUSED[name](registered(torch))
        return type(error.value).__name__, str(error.value).replace("torchlike", "torch")

    assert said(torchlike) == said(reference())


def test_old_names():
    tree = registered(torchlike)
    with pytest.warns(FutureWarning, match="Please use `treespec_dumps` instead"):
        text = tree.pytree_to_str(tree.tree_structure([1]))
    with pytest.warns(FutureWarning, match="Please use `treespec_loads` instead"):
        assert tree.str_to_pytree(text) == tree.tree_structure([1])
