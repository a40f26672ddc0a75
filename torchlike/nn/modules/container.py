"""Containers: modules and parameters in sequences and dictionaries."""

from __future__ import annotations

import operator
import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, KeysView, Mapping
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, SupportsIndex, overload

from torchlike._arguments import legacy_keywords
from torchlike._functions.naming import typename
from torchlike.nn.modules.module import Module, _indented
from torchlike.nn.parameter import Parameter
from torchlike.tensor import Tensor


def _place(index: SupportsIndex, length: int) -> int:
    """An index counted from the front.

    Raises:
        IndexError: it is out of range.
    """
    index = operator.index(index)
    if not -length <= index < length:
        raise IndexError(f"index {index} is out of range")
    return index % length


class _Numbered(Module):
    """Modules under the names "0", "1", ..."""

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return iter(self._modules.values())

    def __dir__(self) -> list[str]:
        return [each for each in super().__dir__() if not each.isdigit()]

    def _renumber(self, modules: Iterable[Module]) -> None:
        own = self.__dict__["_modules"]
        modules = list(modules)
        own.clear()
        own.update((str(place), each) for place, each in enumerate(modules))

    def _insert(self, index: int, module: Module) -> None:
        own = self.__dict__["_modules"]
        moved = [own[str(place)] for place in range(len(own) - 1, index - 1, -1)]
        for place, each in enumerate(reversed(moved), index + 1):
            own[str(place)] = each
        own[str(index)] = module


class Container(Module):
    """Modules by name, as it was done before `Module` could do it; deprecated.

    Args:
        kwargs: the modules.
    """

    def __init__(self, **kwargs: Module) -> None:
        warnings.warn(
            "`nn.Container` is deprecated. All of its functionality is now implemented in `nn.Module`. Subclass that "
            "instead.",
            FutureWarning,
            stacklevel=2,
        )
        super().__init__()
        for name, module in kwargs.items():
            self.add_module(name, module)


class Sequential(_Numbered):
    """Modules that are called one after another, each on what the one before gave.

    Args:
        args: modules, or one ordered dictionary of them.

    Example:
        >>> torch.nn.Sequential(torch.nn.Flatten(), torch.nn.ReLU())
        Sequential(
          (0): Flatten(start_dim=1, end_dim=-1)
          (1): ReLU()
        )
    """

    def __init__(self, *args: Any) -> None:
        super().__init__()
        if len(args) == 1 and isinstance(args[0], OrderedDict):
            for name, module in args[0].items():
                self.add_module(name, module)
        else:
            for place, module in enumerate(args):
                self.add_module(str(place), module)

    def _name_at(self, index: SupportsIndex) -> str:
        return next(islice(self._modules, _place(index, len(self)), None))

    @overload
    def __getitem__(self, index: int) -> Module: ...
    @overload
    def __getitem__(self, index: slice) -> Sequential: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return type(self)(OrderedDict(list(self._modules.items())[index]))
        return self._modules[self._name_at(index)]

    def __setitem__(self, index: int, module: Module) -> None:
        setattr(self, self._name_at(index), module)

    def __delitem__(self, index: int | slice) -> None:
        names = list(self._modules)[index] if isinstance(index, slice) else [self._name_at(index)]
        for name in names:
            delattr(self, name)
        self._renumber(self._modules.values())

    def __add__(self, other: Sequential) -> Sequential:
        if not isinstance(other, Sequential):
            raise ValueError(f"add operator supports only objects of Sequential class, but {type(other)} is given.")
        return Sequential(*self, *other)

    def __iadd__(self, other: Sequential) -> Sequential:
        if not isinstance(other, Sequential):
            raise ValueError(f"add operator supports only objects of Sequential class, but {type(other)} is given.")
        return self.extend(list(other))

    def __mul__(self, times: int) -> Sequential:
        if not isinstance(times, int):
            raise TypeError(f"unsupported operand type(s) for *: {type(self)} and {type(times)}")
        if times <= 0:
            raise ValueError(f"Non-positive multiplication factor {times} for {type(self)}")
        return Sequential(*(each for _ in range(times) for each in self))

    __rmul__ = __mul__

    def __imul__(self, times: int) -> Sequential:
        repeated = list(self * times)
        return self.extend(repeated[len(self) :])

    def pop(self, key: int | slice) -> Module:
        """Take a module out and return it."""
        module = self[key]
        del self[key]
        return module

    def append(self, module: Module) -> Sequential:
        """Add a module at the end; returns the container."""
        self.add_module(str(len(self)), module)
        return self

    def insert(self, index: int, module: Module) -> Sequential:
        """Put a module before the one at `index`; returns the container.

        Raises:
            AssertionError: it is no module.
            IndexError: `index` is out of range.
        """
        if not isinstance(module, Module):
            raise AssertionError(f"module should be of type: {Module}")
        count = len(self)
        if not -count <= index <= count:
            raise IndexError(f"Index out of range: {index}")
        self._insert(index + count if index < 0 else index, module)
        return self

    def extend(self, sequential: Iterable[Module]) -> Sequential:
        """Add modules at the end; returns the container."""
        for each in list(sequential):
            self.append(each)
        return self

    def forward(self, input: Tensor):
        """Call all modules, one after another."""
        for module in self._modules.values():
            input = module(input)
        return input


class ModuleList(_Numbered):
    """A list of modules.

    Args:
        modules: to begin with.
    """

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.extend(modules)

    @overload
    def __getitem__(self, index: int) -> Module: ...
    @overload
    def __getitem__(self, index: slice) -> ModuleList: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return type(self)(list(self._modules.values())[index])
        return self._modules[str(_place(index, len(self)))]

    def __setitem__(self, index: int, module: Module) -> None:
        setattr(self, str(_place(index, len(self))), module)

    def __delitem__(self, index: int | slice) -> None:
        modules = list(self)
        del modules[index if isinstance(index, slice) else _place(index, len(self))]
        self._renumber(modules)

    def __iadd__(self, modules: Iterable[Module]) -> ModuleList:
        return self.extend(modules)

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return ModuleList(chain(self, other))

    def __repr__(self) -> str:
        texts = [repr(each) for each in self]
        if not texts:
            return self._get_name() + "()"
        runs: list[list] = []  # (first, last, text) of equal neighbours
        for place, text in enumerate(texts):
            if runs and runs[-1][2] == text:
                runs[-1][1] = place
            else:
                runs.append([place, place, text])
        lines = [
            f"({first}-{last}): {last - first + 1} x {text}" if last > first else f"({first}): {text}"
            for first, last, text in runs
        ]
        return f"{self._get_name()}(\n  " + "\n  ".join(map(_indented, lines)) + "\n)"

    def insert(self, index: int, module: Module) -> None:
        """Put a module before the one at `index`.

        Raises:
            KeyError: `index` is negative.
        """
        self._insert(index, module)

    def append(self, module: Module) -> ModuleList:
        """Add a module at the end; returns the list."""
        self.add_module(str(len(self)), module)
        return self

    def pop(self, key: int | slice) -> Module:
        """Take a module out and return it."""
        module = self[key]
        del self[key]
        return module

    def extend(self, modules: Iterable[Module]) -> ModuleList:
        """Add modules at the end; returns the list.

        Raises:
            TypeError: `modules` is not iterable.
        """
        if not isinstance(modules, Iterable):
            raise TypeError(f"ModuleList.extend should be called with an iterable, but got {type(modules).__name__}")
        for place, each in enumerate(list(modules), len(self)):
            self.add_module(str(place), each)
        return self


def _pairs(given: Any, name: str) -> list[tuple]:
    """The (key, value) pairs of a mapping or of an iterable of pairs, with PyTorch's errors."""
    if isinstance(given, (Mapping, _Dictionary)):
        return list(given.items())
    found = []
    for place, pair in enumerate(given):
        if not isinstance(pair, Iterable):
            raise TypeError(f"{name} update sequence element #{place} should be Iterable; is{type(pair).__name__}")
        pair = tuple(pair)
        if len(pair) != 2:
            raise ValueError(f"{name} update sequence element #{place} has length {len(pair)}; 2 is required")
        found.append(pair)
    return found


def _check_iterable(given: Any, name: str) -> None:
    if not isinstance(given, Iterable):
        raise TypeError(
            f"{name}.update should be called with an iterable of key/value pairs, but got {type(given).__name__}"
        )


class _Dictionary(Module):
    """What the two dictionaries share."""

    if TYPE_CHECKING:

        def __getitem__(self, key: str) -> Any:
            """The value of a key."""

        def __delitem__(self, key: str) -> None:
            """Remove a key."""

        def keys(self) -> Any:
            """The keys."""

    def __len__(self) -> int:
        return len(list(self.keys()))

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __contains__(self, key: str) -> bool:
        return key in self.keys()

    def clear(self) -> None:
        """Remove everything."""
        for key in list(self.keys()):
            del self[key]

    def pop(self, key: str):
        """Remove a key and return its value."""
        value = self[key]
        del self[key]
        return value

    def items(self) -> Iterable[tuple]:
        """The (key, value) pairs."""
        return ((key, self[key]) for key in self.keys())

    def values(self) -> Iterable:
        """The values."""
        return (self[key] for key in self.keys())


class ModuleDict(_Dictionary):
    """A dictionary of modules, in the order of insertion.

    Args:
        modules: a mapping, or pairs of keys and modules.
    """

    def __init__(self, modules: Mapping[str, Module] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.update(modules)

    def __getitem__(self, key: str) -> Module:
        return self._modules[key]

    def __setitem__(self, key: str, module: Module) -> None:
        self.add_module(key, module)

    def __delitem__(self, key: str) -> None:
        del self._modules[key]

    def keys(self) -> KeysView[str]:
        """The keys."""
        return self._modules.keys()

    def items(self) -> Iterable[tuple]:
        """The (key, module) pairs."""
        return self._modules.items()

    def values(self) -> Iterable[Module]:
        """The modules."""
        return self._modules.values()

    def update(self, modules: Mapping[str, Module]) -> None:
        """Set the keys of a mapping, or of pairs of keys and modules.

        Raises:
            TypeError: `modules` is no iterable of pairs.
        """
        _check_iterable(modules, "ModuleDict")
        for key, module in _pairs(modules, "ModuleDict"):
            self[key] = module


class ParameterList(Module):
    """A list of parameters; tensors become parameters, anything else is kept as it is.

    Args:
        values: to begin with.
    """

    @legacy_keywords(parameters="values")
    def __init__(self, values: Iterable | None = None) -> None:
        super().__init__()
        self._size = 0
        if values is not None:
            self.extend(values)

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator:
        return iter(self[place] for place in range(len(self)))

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> ParameterList: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return type(self)([self[place] for place in range(*index.indices(len(self)))])
        return getattr(self, str(_place(index, len(self))))

    def __setitem__(self, index: int, value: Any) -> None:
        if isinstance(value, Tensor) and not isinstance(value, Parameter):
            value = Parameter(value)
        setattr(self, str(_place(index, len(self))), value)

    def append(self, value: Any) -> ParameterList:
        """Add a value at the end; returns the list."""
        self._size += 1
        self[self._size - 1] = value
        return self

    def extend(self, values: Iterable) -> ParameterList:
        """Add values at the end; returns the list.

        Raises:
            TypeError: `values` is not iterable, or is a tensor.
        """
        if not isinstance(values, Iterable) or isinstance(values, Tensor):
            raise TypeError(f"ParameterList.extend should be called with an iterable, but got {type(values).__name__}")
        for each in values:
            self.append(each)
        return self

    def __iadd__(self, values: Iterable) -> ParameterList:
        return self.extend(values)

    def extra_repr(self) -> str:
        return "\n".join(_line(str(place), each, lambda tensor: str(tensor.dtype)) for place, each in enumerate(self))

    def __call__(self, *args: Any, **kwargs: Any):
        raise RuntimeError("ParameterList should not be called.")


class ParameterDict(_Dictionary):
    """A dictionary of parameters; tensors become parameters, anything else is kept as it is.

    Args:
        parameters: a mapping, or pairs of keys and values.
    """

    def __init__(self, parameters: Any = None) -> None:
        super().__init__()
        self._keys: dict[str, None] = {}
        if parameters is not None:
            self.update(parameters)

    def _attribute(self, key: str) -> str:
        if not isinstance(key, str):
            raise TypeError(
                "Index given to ParameterDict cannot be used as a key as it is not a string (type is "
                f"'{type(key).__name__}'). Open an issue on github if you need non-string keys."
            )
        return key

    def __getitem__(self, key: str) -> Any:
        return getattr(self, self._attribute(key))

    def __setitem__(self, key: str, value: Any) -> None:
        name = self._attribute(key)
        if isinstance(value, Tensor) and not isinstance(value, Parameter):
            value = Parameter(value)
        self._keys[key] = None
        setattr(self, name, value)

    def __delitem__(self, key: str) -> None:
        del self._keys[key]
        delattr(self, self._attribute(key))

    def __reversed__(self) -> Iterator[str]:
        return reversed(list(self._keys))

    def __or__(self, other: ParameterDict) -> ParameterDict:
        made = self.copy()
        made.update(other)
        return made

    def __ror__(self, other: ParameterDict) -> ParameterDict:
        made = other.copy()
        made.update(self)
        return made

    def __ior__(self, other: ParameterDict) -> ParameterDict:
        self.update(other)
        return self

    def keys(self) -> KeysView[str]:
        """The keys."""
        return self._keys.keys()

    def copy(self) -> ParameterDict:
        """A dictionary with the same values."""
        return ParameterDict(OrderedDict((key, self[key]) for key in self._keys))

    def setdefault(self, key: str, default: Any | None = None):
        """The value of a key, set to `default` if there is none."""
        if key not in self:
            self[key] = default
        return self[key]

    def popitem(self) -> tuple:
        """Remove the last key and return it with its value."""
        key = list(self._keys)[-1]
        return key, self.pop(key)

    def get(self, key: str, default: Any | None = None):
        """The value of a key, `default` if there is none."""
        return self[key] if key in self else default

    def fromkeys(self, keys: Iterable[str], default: Any | None = None) -> ParameterDict:
        """A new dictionary with these keys and one value."""
        return ParameterDict((key, default) for key in keys)

    def update(self, parameters: Mapping[str, Any] | ParameterDict) -> None:
        """Set the keys of a mapping, or of pairs of keys and values.

        Raises:
            TypeError: `parameters` is no iterable of pairs.
        """
        _check_iterable(parameters, "ParametersDict")  # sic
        pairs = _pairs(parameters, "ParameterDict")
        ordered = isinstance(parameters, (OrderedDict, ParameterDict)) or not isinstance(parameters, Mapping)
        for key, value in pairs if ordered else sorted(pairs):
            self[key] = value

    def extra_repr(self) -> str:
        return "\n".join(_line(key, value, typename) for key, value in self.items())

    def __call__(self, input: Tensor):
        raise RuntimeError("ParameterDict should not be called.")


def _line(name: str, value: Any, kind_of: Callable[[Tensor], str]) -> str:
    """One element of a container as it is printed."""
    if not isinstance(value, Tensor):
        return f"  ({name}): Object of type: {type(value).__name__}"
    size = "x".join(str(each) for each in value.size())
    where = f" ({value.device})" if value.is_cuda else ""
    kind = "Parameter" if isinstance(value, Parameter) else "Tensor"
    return f"  ({name}): {kind} containing: [{kind_of(value)} of size {size}{where}]"


for _public in (Container, Sequential, ModuleList, ModuleDict, ParameterList, ParameterDict):
    _public.__module__ = "torchlike.nn.modules.container"
