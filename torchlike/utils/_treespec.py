"""Structures of collections written down, as PyTorch writes them: JSON."""

from __future__ import annotations

import dataclasses
import functools
import importlib
import json
from collections import OrderedDict, defaultdict, deque, namedtuple
from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any, NamedTuple

from torchlike._programs.explain import warn
from torchlike.utils import _pytree
from torchlike.utils._pytree import GetAttrKey, TreeSpec

_PROTOCOL = 1


class Writing(NamedTuple):
    """How a type of collection is called in JSON, and what else of it is written."""

    name: str | None
    written: Callable[[Any], Any] | None = None
    read: Callable[[Any], Any] | None = None


def _named(kind: type) -> str:
    if kind not in known or known[kind].name is None:
        raise NotImplementedError(
            f"Can't serialize TreeSpec of namedtuple class {kind} because we didn't register a "
            "serializated_type_name. Please register using `_register_namedtuple`."
        )
    return str(known[kind].name)


def _factory(context: list) -> dict:
    factory, keys = context
    names = {"default_factory_module": factory.__module__, "default_factory_name": factory.__qualname__}
    return {**names, "dict_context": keys}


def _read_factory(told: dict) -> list:
    module = importlib.import_module(told["default_factory_module"])
    return [getattr(module, told["default_factory_name"]), told["dict_context"]]


known: dict[Any, Writing] = {
    tuple: Writing("builtins.tuple"),
    list: Writing("builtins.list"),
    dict: Writing("builtins.dict"),
    namedtuple: Writing("collections.namedtuple", _named, lambda name: _type_of(name)),
    OrderedDict: Writing("collections.OrderedDict"),
    defaultdict: Writing("collections.defaultdict", _factory, _read_factory),
    deque: Writing("collections.deque"),
}


def _type_of(name: str) -> Any:
    """The type that is called so.

    Raises:
        NotImplementedError: there is none.
    """
    for kind, writing in known.items():
        if writing.name == name:
            return kind
    raise NotImplementedError(f"Deserializing {name} in pytree is not registered.")


class EnumEncoder(json.JSONEncoder):
    """JSON that knows members of enumerations."""

    def default(self, o: object) -> Any:
        """What is written of a member."""
        if isinstance(o, Enum):
            return {"__enum__": True, "fqn": f"{type(o).__module__}:{type(o).__qualname__}", "name": o.name}
        return super().default(o)


def enum_object_hook(obj: dict) -> Any:
    """The member of an enumeration that was written; other dictionaries as they are."""
    if "__enum__" not in obj:
        return obj
    module, _, path = obj["fqn"].partition(":")
    found: Any = functools.reduce(getattr, path.split("."), importlib.import_module(module))
    return found[obj["name"]]


def treespec_dumps(treespec: TreeSpec, protocol: int | None = None) -> str:
    """A structure as text.

    Args:
        treespec: it.
        protocol: how it is written; there is one way.

    Raises:
        ValueError: there is no such way.
        NotImplementedError: a type of collection has no name for it.
        TypeError: what else it takes cannot be written.

    Example:
        >>> from torchlike.utils._pytree import tree_structure, treespec_dumps
        >>> treespec_dumps(tree_structure([1]))[:30]
        '[1, {"type": "builtins.list", '
    """
    if not isinstance(treespec, TreeSpec):
        raise TypeError(f"Expected `treespec` to be an instance of PyTreeSpec but got item of type {type(treespec)}.")
    _check(_PROTOCOL if protocol is None else protocol)
    return json.dumps((_PROTOCOL, _told(treespec)), cls=EnumEncoder)


def _check(protocol: int) -> None:
    if protocol != _PROTOCOL:
        raise ValueError(f"Unknown protocol {protocol}. Available protocols: [{_PROTOCOL}]")


def _told(spec: TreeSpec) -> dict[str, Any]:
    if spec.is_leaf():
        return {"type": None, "context": None, "children_spec": []}
    if spec.type not in known:
        raise NotImplementedError(f"Serializing {spec.type} in pytree is not registered.")
    name, written, _ = known[spec.type]
    if name is None:
        raise NotImplementedError(
            f"No registered serialization name for {spec.type} found. Please update your _register_pytree_node call with a "
            "`serialized_type_name` kwarg."
        )
    context = _plainly(spec.context) if written is None else written(spec.context)
    return {"type": name, "context": context, "children_spec": [_told(each) for each in spec.children()]}


def _plainly(context: Any) -> str:
    try:
        return json.dumps(context, cls=EnumEncoder)
    except TypeError as error:
        raise TypeError(
            "Unable to serialize context. Please make the context json dump-able, or register a custom serializer using "
            "_register_pytree_node."
        ) from error


@functools.lru_cache
def treespec_loads(serialized: str) -> TreeSpec:
    """The structure that `treespec_dumps` has written.

    Raises:
        ValueError: it is written in another way.
        NotImplementedError: a type of collection is not known here.
    """
    protocol, told = json.loads(serialized)
    _check(protocol)
    return _read(told)


def _read(told: dict[str, Any]) -> TreeSpec:
    name, context, children = told["type"], told["context"], told["children_spec"]
    if told["type"] is None and told["context"] is None and not children:
        return _pytree.treespec_leaf()
    kind = _type_of(name)
    read = known[kind].read
    context = json.loads(context, object_hook=enum_object_hook) if read is None else read(context)
    return TreeSpec(kind, context, [_read(each) for each in children])


def pytree_to_str(treespec: TreeSpec) -> str:
    """See `treespec_dumps`; deprecated."""
    warn("`pytree_to_str` is deprecated. Please use `treespec_dumps` instead.", FutureWarning)
    return treespec_dumps(treespec)


def str_to_pytree(json: str) -> TreeSpec:
    """See `treespec_loads`; deprecated."""
    warn("`str_to_pytree` is deprecated. Please use `treespec_loads` instead.", FutureWarning)
    return treespec_loads(json)


# ---------------------------------------------------------------------- classes as collections


@dataclasses.dataclass(frozen=True)
class ConstantNode:
    """What is part of a structure rather than a leaf.

    Attributes:
        value: it.
    """

    value: Any


CONSTANT_NODES: set[type] = set()


def register_constant(cls: type) -> None:
    """Let instances of a class be part of a structure, and no leaves.

    Raises:
        TypeError: they cannot be compared, or not be kept in sets.
    """
    for name in ("__eq__", "__hash__"):
        lacks = cls.__eq__ is object.__eq__ if name == "__eq__" else cls.__hash__ is None
        if lacks:
            raise TypeError(f"register_constant(cls) expects `cls` to have a non-default `{name}` implementation.")

    def flatten(node: Any) -> tuple[list, ConstantNode]:
        return [], ConstantNode(node)

    _pytree.register_pytree_node(cls, flatten, lambda _, context: context.value, flatten_with_keys_fn=flatten)
    CONSTANT_NODES.add(cls)


def is_constant_class(cls: type) -> bool:
    """Whether instances of a class are part of structures."""
    return isinstance(cls, type) and cls in CONSTANT_NODES


def register_dataclass(
    cls: type,
    *,
    field_names: list[str] | None = None,
    drop_field_names: list[str] | None = None,
    serialized_type_name: str | None = None,
) -> None:
    """Let a class that has fields be a collection of them; those that are None are part of the structure.

    Args:
        cls: a dataclass, or another class that is made of its fields by name.
        field_names: the fields; all of a dataclass by default.
        drop_field_names: those of a dataclass that are left out.
        serialized_type_name: how it is called in what `treespec_dumps` writes.

    Raises:
        ValueError: the fields are not known, or are others.
    """
    if not dataclasses.is_dataclass(cls) and field_names is None:
        raise ValueError(
            f"field_names must be specified with a list of all fields used to initialize {cls}, as it is not a dataclass."
        )
    if dataclasses.is_dataclass(cls):
        own = [each.name for each in dataclasses.fields(cls) if each.init]
        if field_names is None:
            field_names = own
        else:
            _check_fields(set(own) - set(drop_field_names or []), set(field_names))
    names = field_names or []

    def flatten(node: Any) -> tuple[list, list]:
        there = [name for name in names if getattr(node, name) is not None]
        absent = [name for name in names if getattr(node, name) is None]
        return [getattr(node, name) for name in there], [there, absent]

    def unflatten(values: Iterable, context: list) -> Any:
        return cls(**dict(zip(context[0], values, strict=True)), **dict.fromkeys(context[1]))

    def with_keys(node: Any) -> tuple[list, list]:
        values, (there, _) = flatten(node)
        return [(GetAttrKey(name), value) for name, value in zip(there, values, strict=True)], there

    _pytree.register_pytree_node(
        cls, flatten, unflatten, serialized_type_name=serialized_type_name, flatten_with_keys_fn=with_keys
    )


def _check_fields(wanted: set[str], given: set[str]) -> None:
    if wanted == given:
        return
    told = "field_names does not include all dataclass fields.\n"
    if wanted - given:
        told += (
            f"Missing fields in `field_names`: {wanted - given}. If you want to include these fields in the pytree, please "
            "add them to `field_names`, otherwise please add them to `drop_field_names`.\n"
        )
    if given - wanted:
        told += (
            f"Unexpected fields in `field_names`: {given - wanted}. Please remove these fields, or add them to "
            "`drop_field_names`.\n"
        )
    raise ValueError(told)


def is_structseq_class(cls: type) -> bool:
    """Whether it is a class like `time.struct_time`: tuples with names, made in C."""
    counts = ("n_fields", "n_sequence_fields", "n_unnamed_fields")
    if not (isinstance(cls, type) and cls.__bases__ == (tuple,)):
        return False
    return all([isinstance(getattr(cls, each, None), int) for each in counts]) and not cls.__flags__ & 1 << 10


def is_structseq_instance(obj: object) -> bool:
    """Whether it is an instance of such a class."""
    return is_structseq_class(type(obj))


def is_structseq(obj: object) -> bool:
    """Whether it is such a class, or an instance of one."""
    return is_structseq_class(obj if isinstance(obj, type) else type(obj))


def _register_namedtuple(cls: type, *, serialized_type_name: str) -> None:
    """Give a class of named tuples its name in what `treespec_dumps` writes."""
    known[cls] = Writing(serialized_type_name)
