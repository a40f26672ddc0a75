"""What a function has read of Python, as one flat list that is compared by identity.

From the function, and from the objects among its arguments, everything is visited that its code can reach: cells,
globals by the names in the code, attributes, elements. What is mutable is noted with its contents; a tensor is noted
as such. Comparing the list costs some tens of nanoseconds an object, and tells that the code would do the same again;
after a run, that it has changed nothing but tensors.
"""

from __future__ import annotations

import builtins
import contextlib
import dis
import functools
import operator
import weakref
from collections import defaultdict, namedtuple
from collections.abc import Callable, Iterable
from enum import Enum
from itertools import chain
from types import (
    BuiltinMethodType,
    CodeType,
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodDescriptorType,
    MethodType,
    ModuleType,
    WrapperDescriptorType,
)
from typing import TYPE_CHECKING, Any

import numpy as np

from torchlike._autograd.variable import TensorBase
from torchlike._compile.watch import ATOMS, CONTAINERS, LIBRARY, kind_of
from torchlike._programs import explain
from torchlike._programs.cache import remembered
from torchlike._types import Size, device, dtype
from torchlike._types.formats import memory_format

if TYPE_CHECKING:
    from torchlike.optim.optimizer import Optimizer


class Unguarded(Exception):
    """Something was met whose state cannot be compared; the text says what."""


class GroupsAreRead(Unguarded):
    """An optimizer's groups can be reached from elsewhere: their numbers must stay as they are."""


class _Plain:
    """An object with attributes and nothing else."""


_ATOMS = {*ATOMS, dtype, device, memory_format, np.ufunc, MethodDescriptorType, WrapperDescriptorType}
_OF_CLASSES = (GetSetDescriptorType, MemberDescriptorType, type(namedtuple("_", "field").field))
_FUNCTIONS = (FunctionType, staticmethod, classmethod, property, functools.cached_property)
_ATTRIBUTES = ("LOAD_ATTR", "LOAD_METHOD", "STORE_ATTR", "DELETE_ATTR")
_GLOBALS = ("LOAD_GLOBAL", "LOAD_NAME", "STORE_GLOBAL", "DELETE_GLOBAL")
_CELLS = ("LOAD_DEREF", "LOAD_CLASSDEREF")
_HOOKS = operator.attrgetter("_tensor_hooks", "_pre_hooks", "_post_hooks", "_leaf_hooks")
MOST = 20_000  # objects: comparing more costs as much as recording
TENSOR_STATE = set("_storage _view _edge _leaf _base _cached _seen _changed _hooked _retains _frozen _counter".split())


@remembered
def is_plain_object(kind: type) -> bool:
    """Whether the instances of a class are attributes and nothing else: no memory of C's, no slots."""
    if kind.__basicsize__ != _Plain.__basicsize__ or kind.__itemsize__ or "__dict__" not in dir(kind):
        return False
    slots = [each.__dict__.get("__slots__", ()) for each in kind.__mro__]
    names = chain.from_iterable((each,) if isinstance(each, str) else each for each in slots)
    return {"__dict__", "__weakref__"}.issuperset(names)


def _contents(cells: tuple) -> list:
    return [cell.cell_contents for cell in cells]


def _referent(reference: weakref.ref) -> tuple:
    return (reference(),)


def _code_of(function: FunctionType) -> tuple:
    return function.__code__, function.__defaults__, function.__kwdefaults__


@remembered
def _names_in(code: CodeType, loads: tuple[str, ...]) -> tuple:
    """Chains (name that is loaded so, names of attributes after it) in a piece of code."""
    chains: list[list] = []
    grows = False
    for each in dis.get_instructions(code):
        if each.opname in loads:
            chains.append([each.argval])
            grows = True
        elif each.opname in _ATTRIBUTES and grows:
            chains[-1].append(each.argval)
        elif each.opname == "IMPORT_NAME":
            raise Unguarded(f"`import {each.argval}` within a function")
        elif each.opname != "EXTENDED_ARG":
            grows = False
    return tuple(dict.fromkeys(map(tuple, chains)))


class Guards:
    """The state that a function can reach.

    Args:
        codes: the user's code that runs, and its globals.
        words: the names in all code that runs: no other attributes are read. None if any may be.
        groups_are_free: whether the numbers in an optimizer's groups may change.

    Attributes:
        tensors: the tensors, each once.
        groups: the groups of optimizers as (optimizer, group, what it holds).
        known: all that was visited, by identity.

    Raises:
        Unguarded: from `visit`, when something is met that cannot be compared.
    """

    def __init__(self, codes: dict[CodeType, dict], words: set[str] | None, groups_are_free: bool) -> None:
        self.tensors: list[TensorBase] = []
        self.groups: list[tuple] = []
        self._codes, self._words, self._free = codes, words, groups_are_free
        self.known: dict[int, object] = {}
        self._reached: set[CodeType] = set()
        # what is read from what, what that was, what it is called: in parallel, to be compared in one go
        self._readers: list[Callable] = []
        self._owners: list = []
        self._held: list[list] = []
        self._called: list[str] = []
        self._flat: list = []
        self._named: list[dict] = []
        self._keys: list[str] = []
        self._empty: list = []
        self._names: dict[int, tuple[dict, dict]] = {}
        self._private: set[int] = set()

    # ------------------------------------------------------------------ comparing

    def finish(self) -> None:
        """Note what the visited code names, after all roots were visited.

        Raises:
            Unguarded: code has run that was not found from the roots.
        """
        for code, names in self._codes.items():
            self._visit_names(code, names)
        reached = list(self._reached)
        while reached:
            inner = [each for each in reached.pop().co_consts if isinstance(each, CodeType)]
            reached += [each for each in inner if each not in self._reached]
            self._reached.update(inner)
        lost = next((each for each in self._codes if each not in self._reached), None)
        if lost is not None:
            place = explain.told((lost.co_filename, lost.co_firstlineno))
            raise Unguarded(f"`{lost.co_qualname}` runs ({place}), and nothing that is known refers to it")
        for names, used in self._names.values():
            there = [name for name in used if name in names]
            if there:
                self._note(_getter(there), names, f"the names {', '.join(map(str, there))}")
            if len(there) < len(used):
                self._note(_shadows, (names, frozenset(used).difference(there)), "names of Python's own")

        self._flat = list(chain.from_iterable(self._held))
        self._keys = list(chain.from_iterable(self._named))
        if len(self._flat) + len(self.tensors) > MOST:
            raise Unguarded(f"what it reads are more than {MOST} objects,")

    def _note(self, read: Callable, owner: Any, what: str) -> None:
        self._readers.append(read)
        self._owners.append(owner)
        self._held.append(list(read(owner)))
        self._called.append(what)

    def changed(self) -> str | None:
        """What is no longer as it was; None if all is."""
        try:
            flat = [*chain.from_iterable(map(operator.call, self._readers, self._owners))]
        except (KeyError, ValueError, AttributeError):
            return "a name, or a variable's value,"
        if any(self._empty):
            return "a collection that was empty"
        if [*chain.from_iterable(self._named)] != self._keys:
            return "the names of an object's attributes"
        if len(flat) == len(self._flat) and all(map(operator.is_, flat, self._flat)):
            return None
        return self._really_changed()

    def _really_changed(self) -> str | None:
        """`changed`, one by one: an atom may have been replaced by one that is equal."""
        for place, (read, owner, what) in enumerate(zip(self._readers, self._owners, self._called, strict=True)):
            now = list(read(owner))
            if not _equal(now, self._held[place]):
                return what
            self._held[place] = now
        self._flat = list(chain.from_iterable(self._held))
        return None

    # ------------------------------------------------------------------ visiting

    def visit(self, given: Any, what: str) -> None:
        """Note the state of an object and of all that it refers to."""
        kind = type(given)
        if kind in _ATOMS or id(given) in self.known:
            if id(given) in self._private:
                raise GroupsAreRead(what)
            return
        self.known[id(given)] = given
        if isinstance(given, TensorBase):
            self._visit_tensor(given, what)
        elif kind is FunctionType:
            self._visit_function(given, what)
        elif kind is MethodType:
            self.visit(given.__self__, what)
            self.visit(given.__func__, what)
        elif isinstance(given, type):
            self._visit_class(given, what)
        elif isinstance(given, (tuple, frozenset)):
            self._visit_all(given, what)
        elif kind in CONTAINERS or isinstance(given, (dict, list)) and _is_python(kind):
            self._visit_container(given, what)
        elif kind in (staticmethod, classmethod):
            self.visit(given.__func__, what)
        elif kind is property:
            self._visit_all((given.fget, given.fset, given.fdel), what)
        elif kind is functools.cached_property:
            self.visit(given.func, what)
        elif kind is functools.partial:
            self._visit_all((given.func, given.args, given.keywords), what)
        elif kind is weakref.ref:
            self._note(_referent, given, what)
            self.visit(given(), what)
        elif kind is BuiltinMethodType:
            if not isinstance(given.__self__, (ModuleType, type(None))):
                self.visit(given.__self__, what)
        elif isinstance(given, (Enum, np.generic)):
            pass
        elif is_plain_object(kind):
            self._visit_class(kind, what)
            private = self._visit_groups(given, what) if hasattr(kind, "_transformation") else set()
            self._visit_attributes(given.__dict__, what)
            self._private |= private
        else:
            raise Unguarded(f"{what} is a `{kind.__qualname__}`")

    def _visit_all(self, given: Iterable, what: str) -> None:
        for each in given:
            self.visit(each, what)

    def _visit_tensor(self, given: TensorBase, what: str) -> None:
        if not type(given).__module__.startswith("torchlike"):
            raise Unguarded(f"{what} is a `{type(given).__qualname__}`")
        self.tensors.append(given)
        if given._base is not None:
            self.visit(given._base, f"the base of {what}")
        names = [name for name in given.__dict__ if name not in TENSOR_STATE]
        if names:
            self._note(_getter(names), given.__dict__, f"an attribute of {what}")
            self._visit_all([given.__dict__[name] for name in names], what)
        leaf = given._leaf
        if leaf is not None and not leaf._is_plain:
            self._note(_HOOKS, leaf, f"the hooks of {what}")
            self._visit_all(_HOOKS(leaf), f"a hook of {what}")

    def _visit_container(self, given: Any, what: str) -> None:
        if not given:
            self._empty.append(given)
        elif isinstance(given, dict):
            self._note_keys(given, what)
            self._note(type(given).values, given, what)
            for key, each in given.items():
                self.visit(key, what)
                self.visit(each, f"{what}[{key!r}]" if type(key) is str else what)
        else:
            self._note(list, given, what)
            self._visit_all(given, what)
        if isinstance(given, defaultdict):
            self.visit(given.default_factory, what)
        if type(given) not in CONTAINERS:
            self._visit_class(type(given), what)
            with contextlib.suppress(AttributeError):  # a class with slots
                self._visit_attributes(object.__getattribute__(given, "__dict__"), what)

    def _note_keys(self, given: dict, what: str) -> None:
        if all(type(key) is str for key in given):
            self._named.append(given)
        else:
            self._note(list, given, what)

    def _visit_attributes(self, own: Any, what: str) -> None:
        """Those attributes of an object, or of a class, that the code can read."""
        self._note_keys(own, what)
        names = [name for name in own if self._words is None or name in self._words]
        if names:
            self._note(_getter(names), own, f"an attribute of {what} ({', '.join(names)})")
        for name in names:
            self.visit(own[name], f"{what}.{name}")

    def _visit_groups(self, optimizer: Optimizer, what: str) -> set[int]:
        """An optimizer's groups, whose numbers may change if only the optimizer reads them; returns what they are."""
        groups = optimizer.param_groups
        if not self._free or id(groups) in self.known or any(id(each) in self.known for each in groups):
            return set()
        self._note(list, groups, f"{what}.param_groups")
        private = {id(groups), *map(id, groups)}
        self.known |= {id(each): each for each in (groups, *groups)}
        for group in groups:
            self.groups.append((optimizer, group, list(group.values())))
            self._note(list, group, f"the names in a group of {what}")
            for name, each in group.items():
                self.visit(each, f"{what}.param_groups[...][{name!r}]")
        return private

    def _visit_function(self, given: FunctionType, what: str) -> None:
        self.visit(given.__dict__.get("__wrapped__"), what)
        cells = given.__closure__ or ()
        if kind_of(given.__code__, given.__globals__) is LIBRARY:
            # of what the library's own functions hold, that which is the user's
            held = [each.cell_contents for each in cells]
            return self._visit_all([each for each in held if isinstance(each, (FunctionType, MethodType))], what)
        self._reached.add(given.__code__)
        if given.__code__ not in self._codes:
            return None
        self._note(_code_of, given, f"`{given.__qualname__}`")
        self._visit_all((given.__defaults__, given.__kwdefaults__), f"a default of `{given.__qualname__}`")
        self._visit_container(given.__dict__, f"an attribute of `{given.__qualname__}`")
        if cells:
            try:
                self._note(_contents, cells, f"{', '.join(given.__code__.co_freevars)} in `{given.__qualname__}`")
            except ValueError:
                raise Unguarded(f"a variable of `{given.__qualname__}` that has no value") from None
            held = dict(zip(given.__code__.co_freevars, _contents(cells), strict=True))
            modules = {name: each for name, each in held.items() if isinstance(each, ModuleType)}
            for name, each in held.items():
                if name not in modules:
                    self.visit(each, name)
            self._visit_modules(given.__code__, modules)
        return None

    def _visit_modules(self, code: CodeType, modules: dict[str, ModuleType]) -> None:
        """Visit what a piece of code, and what is defined in it, reaches in modules that its variables hold."""
        if code not in self._codes or not modules:
            return
        for first, *rest in _names_in(code, _CELLS):
            if first in modules:
                self._visit_chain(modules[first], first, rest)
        for each in code.co_consts:
            if isinstance(each, CodeType):
                self._visit_modules(each, modules)

    def _visit_class(self, given: type, what: str) -> None:
        for each in given.__mro__:
            module = getattr(each, "__module__", "")
            if each is not given and id(each) in self.known or module == "builtins":
                continue
            self.known[id(each)] = each
            if module.partition(".")[0] == "torchlike":
                if each is given and hasattr(each, "forward"):
                    self._note(_forward_of, each, f"`{each.__qualname__}.forward`")
                continue
            if not each.__flags__ & _HEAP:
                continue
            # functions that are never named run none the less: operators, `__init__`, `forward`
            names = [
                name
                for name, value in each.__dict__.items()
                if self._words is None or name in self._words or isinstance(value, _FUNCTIONS)
            ]
            self._note_keys(each.__dict__, what)
            if names:
                self._note(_getter(names), each.__dict__, f"an attribute of `{each.__qualname__}`")
            for name in names:
                value = each.__dict__[name]
                if isinstance(value, _FUNCTIONS) or not (name.startswith("__") or isinstance(value, _OF_CLASSES)):
                    self._visit_of_class(value, f"{each.__qualname__}.{name}")
        if type(given) is not type:
            self._visit_class(type(given), what)

    def _visit_of_class(self, value: Any, what: str) -> None:
        if not type(value).__module__.startswith(("_abc", "torchlike")):
            self.visit(value, what)

    def _visit_names(self, code: CodeType, names: dict) -> None:
        """Visit what a piece of code reaches by the names in it."""
        for first, *rest in _names_in(code, _GLOBALS):
            self._names.setdefault(id(names), (names, {}))[1][first] = True
            self._visit_chain(names.get(first, getattr(builtins, first, None)), first, rest)

    def _visit_chain(self, found: Any, what: str, names: list[str]) -> None:
        """Visit what the names after a first one lead to: attributes, as long as they are modules'."""
        rest = iter(names)
        while isinstance(found, ModuleType):
            name = next(rest, None)
            if name is None:
                raise Unguarded(f"the module `{what}` is used as a value")
            own = vars(found)
            what += "." + name
            if name not in own:
                raise Unguarded(f"`{what}` is not found in the module itself")
            self._names.setdefault(id(own), (own, {}))[1][name] = True
            found = own[name]
        self.visit(found, what)


_HEAP = 1 << 9


def _is_python(kind: type) -> bool:
    """Whether a class of containers was made in Python, from one of Python's own."""
    return bool(kind.__flags__ & _HEAP) and not kind.__module__.startswith("_")


def _getter(names: list) -> Callable:
    read = operator.itemgetter(*names)
    return read if len(names) > 1 else lambda owner: (read(owner),)


def _shadows(pair: tuple) -> tuple:
    return () if pair[1].isdisjoint(pair[0]) else (object(),)


def _forward_of(kind: type) -> tuple:
    return (kind.forward,)


def _equal(left: list | tuple, right: list | tuple) -> bool:
    """Whether atoms are equal, type and all, and everything else is the same."""
    return len(left) == len(right) and all(map(is_equal, left, right))


def is_equal(left: Any, right: Any) -> bool:
    """Whether two atoms are equal, type and all; anything else must be the same."""
    if left is right:
        return True
    if type(left) is not type(right):
        return False
    if type(left) in (tuple, Size):
        return _equal(left, right)
    return type(left) in ATOMS and repr(left) == repr(right)
