"""``torch.utils._pytree``: nested collections, taken apart into their leaves and put together again."""

from __future__ import annotations

import dataclasses
import warnings
from collections import OrderedDict, defaultdict, deque, namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import UnionType
from typing import Any, NamedTuple, TypeAlias

Context: TypeAlias = Any
PyTree: TypeAlias = Any
IsLeaf: TypeAlias = Callable[[PyTree], bool] | None


# ---------------------------------------------------------------------- ways to a child


@dataclasses.dataclass(frozen=True, slots=True)
class SequenceKey:
    """The way to a child by its place."""

    idx: int

    def __str__(self) -> str:
        return f"[{self.idx!r}]"

    def get(self, sequence: Sequence[Any]):
        """The child."""
        return sequence[self.idx]


@dataclasses.dataclass(frozen=True, slots=True)
class MappingKey:
    """The way to a child by its key."""

    key: Any

    def __str__(self) -> str:
        return f"[{self.key!r}]"

    def get(self, mapping: Mapping[Any, Any]):
        """The child."""
        return mapping[self.key]


@dataclasses.dataclass(frozen=True, slots=True)
class GetAttrKey:
    """The way to a child by its attribute."""

    name: str

    def __str__(self) -> str:
        return f".{self.name}"

    def get(self, obj: Any):
        """The child."""
        return getattr(obj, self.name)


KeyPath: TypeAlias = tuple


# ---------------------------------------------------------------------- kinds of collections


class NodeDef(NamedTuple):
    """How a type of collection is taken apart and put together."""

    type: type
    flatten_fn: Callable[[PyTree], tuple[list, Context]]
    unflatten_fn: Callable[[Iterable, Context], PyTree]
    flatten_with_keys_fn: Callable[[PyTree], tuple[list, Context]] | None


SUPPORTED_NODES: dict[Any, NodeDef] = {}


def register_pytree_node(
    cls: type,
    flatten_fn: Callable[[PyTree], tuple[list, Context]],
    unflatten_fn: Callable[[Iterable, Context], PyTree],
    *,
    serialized_type_name: str | None = None,
    to_dumpable_context: Callable | None = None,
    from_dumpable_context: Callable | None = None,
    flatten_with_keys_fn: Callable[[PyTree], tuple[list, Context]] | None = None,
) -> None:
    """Let a class be a collection.

    Args:
        cls: the class.
        flatten_fn: from an instance to its children, and what else it takes to make it.
        unflatten_fn: from these two to an instance.
        serialized_type_name: how `treespec_dumps` calls the class.
        to_dumpable_context, from_dumpable_context: what that writes of the other things, and what is read of it.
        flatten_with_keys_fn: like `flatten_fn`, with a pair (way, child) for each child.

    Raises:
        ValueError: the class is one already, or one of two functions is missing.
    """
    if cls in SUPPORTED_NODES:
        raise ValueError(f"{cls} is already registered as pytree node.")
    if (to_dumpable_context is None) != (from_dumpable_context is None):
        raise ValueError(f"Both to_dumpable_context and from_dumpable_context for {cls} must be None or registered.")
    SUPPORTED_NODES[cls] = NodeDef(cls, flatten_fn, unflatten_fn, flatten_with_keys_fn)
    _known[cls] = Writing(serialized_type_name, to_dumpable_context, from_dumpable_context)


def _sequence(cls: Any, unflatten: Callable[[Iterable, Context], PyTree], context: Callable[[PyTree], Context]) -> None:
    SUPPORTED_NODES[cls] = NodeDef(
        cls,
        lambda node: (list(node), context(node)),
        unflatten,
        lambda node: ([(SequenceKey(place), each) for place, each in enumerate(node)], context(node)),
    )


def _mapping(cls: Any, unflatten: Callable[[Iterable, Context], PyTree], context: Callable[[PyTree], Context]) -> None:
    SUPPORTED_NODES[cls] = NodeDef(
        cls,
        lambda node: (list(node.values()), context(node)),
        unflatten,
        lambda node: ([(MappingKey(key), each) for key, each in node.items()], context(node)),
    )


def _dict_flatten_with_keys(d: dict) -> tuple[list, Context]:
    return SUPPORTED_NODES[dict].flatten_with_keys_fn(d)  # type: ignore[misc]


def _pairs(values: Iterable, keys: list):
    return zip(keys, values, strict=True)


_sequence(tuple, lambda values, context: tuple(values), lambda node: None)
_sequence(list, lambda values, context: list(values), lambda node: None)
_sequence(deque, lambda values, context: deque(values, maxlen=context), lambda node: node.maxlen)
_mapping(dict, lambda values, keys: dict(_pairs(values, keys)), list)
_mapping(OrderedDict, lambda values, keys: OrderedDict(_pairs(values, keys)), list)
_mapping(
    defaultdict,
    lambda values, context: defaultdict(context[0], _pairs(values, context[1])),
    lambda node: [node.default_factory, list(node)],
)
SUPPORTED_NODES[namedtuple] = NodeDef(
    namedtuple,  # type: ignore[arg-type]  # it stands for all of their types
    lambda node: (list(node), type(node)),
    lambda values, context: context._make(values),
    lambda node: ([(GetAttrKey(name), each) for name, each in _pairs(node, node._fields)], type(node)),
)
STANDARD_DICT_TYPES = frozenset({dict, OrderedDict, defaultdict})
BUILTIN_TYPES = frozenset({tuple, list, deque, namedtuple, *STANDARD_DICT_TYPES})


def is_namedtuple_class(cls: type) -> bool:
    """Whether it is a class of named tuples."""
    fields = getattr(cls, "_fields", None)
    return isinstance(cls, type) and issubclass(cls, tuple) and isinstance(fields, tuple) and hasattr(cls, "_make")


def is_namedtuple_instance(obj: object) -> bool:
    """Whether it is a named tuple."""
    return is_namedtuple_class(type(obj))


def is_namedtuple(obj: Any) -> bool:
    """Whether it is a named tuple, or a class of them."""
    return is_namedtuple_class(obj if isinstance(obj, type) else type(obj))


def _get_node_type(tree: PyTree):
    kind = type(tree)
    return namedtuple if is_namedtuple_class(kind) else kind


def tree_is_leaf(tree: PyTree, is_leaf: IsLeaf = None) -> bool:
    """Whether it is no collection.

    Args:
        is_leaf: what is to be taken for a leaf besides.
    """
    return (is_leaf is not None and is_leaf(tree)) or _get_node_type(tree) not in SUPPORTED_NODES


# ---------------------------------------------------------------------- structures


class TreeSpec:
    """The structure of a tree: its collections without the leaves.

    Attributes:
        type: of the outermost collection; None for a leaf.
        num_nodes, num_leaves, num_children: how many there are, here and below; of the children, here alone.
    """

    __slots__ = ("type", "_context", "_children", "num_nodes", "num_leaves", "num_children")

    def __init__(self, type: Any, context: Context, children_specs: list[TreeSpec]) -> None:
        self.type, self._context, self._children = type, context, children_specs
        self.num_children = len(children_specs)
        self.num_nodes = 1 + sum(each.num_nodes for each in children_specs)
        self.num_leaves = 1 if type is None else sum(each.num_leaves for each in children_specs)

    def __repr__(self, indent: int = 0) -> str:
        if self.type is None:
            return "*"
        indent += 2
        below = (",\n" + " " * indent).join(each.__repr__(indent) for each in self._children)
        return f"TreeSpec({self.type.__name__}, {self._context}, [{below}])"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TreeSpec):
            return NotImplemented
        ours, theirs = ((each.type, each._context, each._children) for each in (self, other))
        return ours == theirs

    def __hash__(self) -> int:
        context = self._context
        if self.type is defaultdict:
            context = context[0], tuple(context[1])
        elif self.type in STANDARD_DICT_TYPES:
            context = tuple(context)
        elif self.type not in BUILTIN_TYPES:
            context = None  # a user's own need not be hashable
        return hash((self.type, context, tuple(self._children)))

    @property
    def context(self) -> Context:
        """What it takes to make the outermost collection besides its children."""
        return self._context

    @property
    def children_specs(self) -> list[TreeSpec]:
        """The structures of the children; deprecated."""
        warnings.warn(
            "`treespec.children_specs` is deprecated. Use `treespec.child(index)` to access a single child, or "
            "`treespec.children()` to get all children.",
            FutureWarning,
            stacklevel=2,
        )
        return self._children

    def is_leaf(self) -> bool:
        """Whether it is a leaf."""
        return self.num_nodes == 1 and self.num_leaves == 1

    def children(self) -> list[TreeSpec]:
        """The structures of the children."""
        return self._children.copy()

    def child(self, index: int) -> TreeSpec:
        """The structure of one child."""
        return self._children[index]

    def unflatten(self, leaves: Iterable) -> PyTree:
        """The tree of this structure with these leaves.

        Raises:
            ValueError: there are more or fewer.
        """
        leaves = list(leaves)
        if len(leaves) != self.num_leaves:
            raise ValueError(
                f"treespec.unflatten(leaves): `leaves` has length {len(leaves)} but the spec refers to a pytree that "
                f"holds {self.num_leaves} items ({self})."
            )
        return self._put_together(iter(leaves))

    def _put_together(self, leaves: Iterator) -> PyTree:
        if self.type is None:
            return next(leaves)
        children = [each._put_together(leaves) for each in self._children]
        return SUPPORTED_NODES[self.type].unflatten_fn(children, self._context)

    def flatten_up_to(self, tree: PyTree) -> list[PyTree]:
        """What stands in a tree where this structure has its leaves.

        Raises:
            ValueError: the tree has another structure above.
        """
        if self.is_leaf():
            return [tree]
        children = self._children_in(tree)
        return [
            each for spec, child in zip(self._children, children, strict=True) for each in spec.flatten_up_to(child)
        ]

    def _children_in(self, tree: PyTree) -> list:
        """The children of a tree, in this structure's order."""
        kind, are_dicts = _get_node_type(tree), self.type in STANDARD_DICT_TYPES
        if kind != self.type and not (are_dicts and kind in STANDARD_DICT_TYPES):
            word = "Node type" if self.type in BUILTIN_TYPES else "Type"
            raise ValueError(f"{word} mismatch; expected {self.type!r}, but got {kind!r}.")
        children, context = SUPPORTED_NODES[kind].flatten_fn(tree)
        if len(children) != self.num_children:
            raise ValueError(f"Node arity mismatch; expected {self.num_children}, but got {len(children)}.")
        if are_dicts:
            keys = self._context[1] if self.type is defaultdict else self._context
            missing, extra = set(keys).difference(tree), set(tree).difference(keys)
            if missing or extra:
                told = f"; missing key(s): {missing}" if missing else ""
                raise ValueError(f"Node keys mismatch{told}" + (f"; extra key(s): {extra}." if extra else "."))
            return [tree[key] for key in keys]
        if self.type is not deque and context != self._context:
            if self.type not in BUILTIN_TYPES:
                raise ValueError(f"Node context mismatch for custom node type {self.type!r}.")
            raise ValueError(
                f"Node context mismatch for node type {self.type!r}; expected {self._context!r}, but got {context!r}."
            )
        return children


PyTreeSpec = TreeSpec


class LeafSpec(TreeSpec):
    """The structure of a leaf."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(None, None, [])


_LEAF_SPEC = LeafSpec()


def treespec_leaf() -> TreeSpec:
    """The structure of a leaf."""
    return _LEAF_SPEC


def treespec_tuple(iterable: Iterable[TreeSpec] = (), /) -> TreeSpec:
    """The structure of a tuple, of those of its elements.

    Raises:
        ValueError: something else is among them.
    """
    children = list(iterable)
    if any(not isinstance(each, TreeSpec) for each in children):
        raise ValueError(f"Expected a tuple of TreeSpec values, got: {children!r}.")
    return TreeSpec(tuple, None, children)


def treespec_dict(
    mapping: Mapping[Any, TreeSpec] | Iterable[tuple[Any, TreeSpec]] = (), /, **kwargs: TreeSpec
) -> TreeSpec:
    """The structure of a dictionary, of those of its values.

    Raises:
        ValueError: something else is among them.
    """
    found = dict(mapping, **kwargs)
    if any(not isinstance(each, TreeSpec) for each in found.values()):
        raise ValueError(f"Expected a dictionary of TreeSpec values, got: {found!r}.")
    return TreeSpec(dict, list(found), list(found.values()))


# ---------------------------------------------------------------------- trees


class _Leaf:
    def __repr__(self) -> str:
        return "*"


def treespec_pprint(treespec: TreeSpec) -> str:
    """A structure as a tree of stars."""
    return repr(treespec.unflatten([_Leaf()] * treespec.num_leaves))


def tree_flatten(tree: PyTree, is_leaf: IsLeaf = None) -> tuple[list, TreeSpec]:
    """(the leaves, the structure).

    Example:
        >>> tree_flatten({"a": 1, "b": (2, 3)})
        ([1, 2, 3], TreeSpec(dict, ['a', 'b'], [*,
          TreeSpec(tuple, None, [*,
            *])]))
    """
    leaves: list = []
    return leaves, _taken_apart(tree, is_leaf, leaves)


def _taken_apart(node: PyTree, is_leaf: IsLeaf, leaves: list) -> TreeSpec:
    """The structure of a tree, whose leaves are put into a list."""
    if tree_is_leaf(node, is_leaf):
        leaves.append(node)
        return _LEAF_SPEC
    kind = _get_node_type(node)
    children, context = SUPPORTED_NODES[kind].flatten_fn(node)
    return TreeSpec(kind, context, [_taken_apart(each, is_leaf, leaves) for each in children])


def tree_unflatten(leaves: Iterable, treespec: TreeSpec) -> PyTree:
    """The tree with these leaves and this structure, in either order.

    Raises:
        TypeError: neither is a structure.
    """
    if not isinstance(treespec, TreeSpec):
        if not isinstance(leaves, TreeSpec):
            raise TypeError(
                f"Expected `treespec` to be an instance of PyTreeSpec but got item of type {type(treespec)}."
            )
        leaves, treespec = treespec, leaves
    return treespec.unflatten(leaves)


def tree_iter(tree: PyTree, is_leaf: IsLeaf = None) -> Iterator:
    """The leaves, one by one."""
    if tree_is_leaf(tree, is_leaf):
        yield tree
    else:
        for each in SUPPORTED_NODES[_get_node_type(tree)].flatten_fn(tree)[0]:
            yield from tree_iter(each, is_leaf)


def tree_leaves(tree: PyTree, is_leaf: IsLeaf = None) -> list:
    """The leaves."""
    return list(tree_iter(tree, is_leaf))


def arg_tree_leaves(*args: Any, **kwargs: Any) -> list:
    """The leaves of a call's arguments."""
    return tree_leaves((args, kwargs))


def tree_structure(tree: PyTree, is_leaf: IsLeaf = None) -> TreeSpec:
    """The structure."""
    return tree_flatten(tree, is_leaf)[1]


def tree_map(func: Callable, tree: PyTree, *rests: PyTree, is_leaf: IsLeaf = None) -> PyTree:
    """A tree of the same structure with `func` of each leaf.

    Args:
        rests: trees that begin like `tree`: `func` is also given what stands there in place of the leaf.
    """
    leaves, spec = tree_flatten(tree, is_leaf)
    return spec.unflatten(map(func, leaves, *[spec.flatten_up_to(each) for each in rests]))


def tree_map_(func: Callable, tree: PyTree, *rests: PyTree, is_leaf: IsLeaf = None) -> PyTree:
    """Call `func` for each leaf as `tree_map` does; returns the tree itself."""
    tree_map(func, tree, *rests, is_leaf=is_leaf)
    return tree


def map_only(type_or_types_or_pred: Any, /) -> Callable[[Callable], Callable]:
    """Let a function leave alone what is of no such type, or does not fit.

    Raises:
        TypeError: it is neither types nor a function.
    """
    given = type_or_types_or_pred
    if isinstance(given, (type, tuple, UnionType)):
        return lambda func: lambda each: func(each) if isinstance(each, given) else each
    if not callable(given):
        raise TypeError("Argument must be a type, a tuple of types, or a callable.")
    return lambda func: lambda each: func(each) if given(each) else each


def tree_map_only(type_or_types_or_pred: Any, /, func: Callable, tree: PyTree, is_leaf: IsLeaf = None) -> PyTree:
    """`tree_map` for leaves of some types, or that fit, alone."""
    return tree_map(map_only(type_or_types_or_pred)(func), tree, is_leaf=is_leaf)


def tree_map_only_(type_or_types_or_pred: Any, /, func: Callable, tree: PyTree, is_leaf: IsLeaf = None) -> PyTree:
    """`tree_map_` for leaves of some types, or that fit, alone."""
    return tree_map_(map_only(type_or_types_or_pred)(func), tree, is_leaf=is_leaf)


def tree_all(pred: Callable[[Any], bool], tree: PyTree, is_leaf: IsLeaf = None) -> bool:
    """Whether it holds for all leaves."""
    return all(map(pred, tree_iter(tree, is_leaf)))


def tree_any(pred: Callable[[Any], bool], tree: PyTree, is_leaf: IsLeaf = None) -> bool:
    """Whether it holds for any leaf."""
    return any(map(pred, tree_iter(tree, is_leaf)))


def tree_all_only(type_or_types: Any, /, pred: Callable[[Any], bool], tree: PyTree, is_leaf: IsLeaf = None) -> bool:
    """Whether it holds for all leaves of some types."""
    return all(pred(each) for each in tree_iter(tree, is_leaf) if isinstance(each, type_or_types))


def tree_any_only(type_or_types: Any, /, pred: Callable[[Any], bool], tree: PyTree, is_leaf: IsLeaf = None) -> bool:
    """Whether it holds for any leaf of some types."""
    return any(pred(each) for each in tree_iter(tree, is_leaf) if isinstance(each, type_or_types))


# ---------------------------------------------------------------------- ways to the leaves


def tree_leaves_with_path(tree: PyTree, is_leaf: IsLeaf = None) -> list[tuple[KeyPath, Any]]:
    """(the way to it, leaf) for each leaf.

    Raises:
        ValueError: a class was registered without telling the ways to its children.
    """
    if tree_is_leaf(tree, is_leaf):
        return [((), tree)]
    kind = _get_node_type(tree)
    flatten = SUPPORTED_NODES[kind].flatten_with_keys_fn
    if flatten is None:
        raise ValueError(
            f"Did not find a flatten_with_keys_fn for type: {kind}. Please pass a flatten_with_keys_fn argument to "
            "register_pytree_node."
        )
    return [
        ((key, *way), leaf) for key, child in flatten(tree)[0] for way, leaf in tree_leaves_with_path(child, is_leaf)
    ]


def tree_flatten_with_path(tree: PyTree, is_leaf: IsLeaf = None) -> tuple[list[tuple[KeyPath, Any]], TreeSpec]:
    """(the ways and leaves, the structure); see `tree_leaves_with_path`."""
    return tree_leaves_with_path(tree, is_leaf), tree_structure(tree, is_leaf)


def tree_map_with_path(func: Callable, tree: PyTree, *rests: PyTree, is_leaf: IsLeaf = None) -> PyTree:
    """`tree_map`, with the way to the leaf as first argument."""
    found, spec = tree_flatten_with_path(tree, is_leaf)
    beside = [spec.flatten_up_to(each) for each in rests]
    return spec.unflatten(func(way, leaf, *more) for (way, leaf), *more in zip(found, *beside, strict=True))


def keystr(kp: KeyPath) -> str:
    """A way as text: ``['a'][0].b``."""
    return "".join(map(str, kp))


def key_get(obj: Any, kp: KeyPath) -> Any:
    """What a way leads to."""
    for key in kp:
        obj = key.get(obj)
    return obj


# ---------------------------------------------------------------------- written down

from torchlike.utils._treespec import CONSTANT_NODES as CONSTANT_NODES
from torchlike.utils._treespec import ConstantNode as ConstantNode
from torchlike.utils._treespec import EnumEncoder as EnumEncoder
from torchlike.utils._treespec import Writing
from torchlike.utils._treespec import _register_namedtuple as _register_namedtuple
from torchlike.utils._treespec import enum_object_hook as enum_object_hook
from torchlike.utils._treespec import is_constant_class as is_constant_class
from torchlike.utils._treespec import is_structseq as is_structseq
from torchlike.utils._treespec import is_structseq_class as is_structseq_class
from torchlike.utils._treespec import is_structseq_instance as is_structseq_instance
from torchlike.utils._treespec import known as _known
from torchlike.utils._treespec import pytree_to_str as pytree_to_str
from torchlike.utils._treespec import register_constant as register_constant
from torchlike.utils._treespec import register_dataclass as register_dataclass
from torchlike.utils._treespec import str_to_pytree as str_to_pytree
from torchlike.utils._treespec import treespec_dumps as treespec_dumps
from torchlike.utils._treespec import treespec_loads as treespec_loads
