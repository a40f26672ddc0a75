"""Unpickling: PyTorch's names are ours; and an unpickler that only builds what is known to be harmless."""

from __future__ import annotations

import importlib
import pickletools
import warnings
from _codecs import encode
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from functools import cache
from pickle import UnpicklingError
from typing import IO, Any

from torchlike._serialization import rebuilding
from torchlike._serialization.pickler import pytorchs
from torchlike._tensor import legacy, storages
from torchlike._types import dtypes
from torchlike._types.devices import device
from torchlike._types.sizes import Size
from torchlike.nn.parameter import Parameter
from torchlike.tensor import Tensor

BLOCKED = ("sys", "os", "posix", "nt")
PROTOCOL = (
    "Detected pickle protocol {} in the checkpoint, which was not the default pickle protocol used by `torch.load` (2). "
    "The weights_only Unpickler might not support all instructions implemented by this protocol, please file an issue "
    "for adding support if you encounter this."
)
NOT_ALLOWED = (
    "Unsupported global: GLOBAL {0} was not an allowed global by default. Please use "
    "`torch.serialization.add_safe_globals([{0}])` or the `torch.serialization.safe_globals([{0}])` context manager to "
    "allowlist this global if you trust this class/function."
)
# what a damaged pickle may lead to
_DAMAGE = (IndexError, KeyError, ValueError, TypeError, AttributeError, OverflowError, EOFError, MemoryError)


# ---------------------------------------------------------------------- names

_MOVED = {
    f"torch._{place}.{function.__name__}": function
    for place, function in (
        *(("utils", getattr(rebuilding, name)) for name in vars(rebuilding) if name.startswith("_rebuild_")),
        ("tensor", rebuilding._rebuild_from_type_v2),
    )
}


def found(module: str, name: str):
    """What a global of a pickle is, by PyTorch's or its own name.

    Raises:
        Exception: what importing and looking for it raises.
    """
    path = f"{module}.{name}"
    if path in _MOVED:
        return _MOVED[path]
    if module.split(".")[0] == "torch":
        module = "torchlike" + module[len("torch") :]
    owner: Any = importlib.import_module(module)
    for each in name.split("."):
        owner = getattr(owner, each)
    return owner


def unpickler_class(pickle_module: Any, load_storage: Callable[[Any], Any]) -> type:
    """An unpickler of anything; PyTorch's names are ours."""

    class Unpickler(pickle_module.Unpickler):
        def find_class(self, module: str, name: str):
            if module.split(".")[0] == "torch" or f"{module}.{name}" in _MOVED:
                return found(module, name)
            return super().find_class(module, name)

        def persistent_load(self, pid: Any):
            return load_storage(pid)

    return Unpickler


# ---------------------------------------------------------------------- what is harmless

_marked: set = set()


@cache
def allowed() -> dict[str, Any]:
    """The globals that build weights and nothing else, by PyTorch's names."""
    known: dict[str, Any] = {
        "collections.OrderedDict": OrderedDict,
        "collections.Counter": Counter,
        "torch.nn.parameter.Parameter": Parameter,
        "torch.serialization._get_layout": rebuilding._get_layout,
        "torch.Size": Size,
        "torch.Tensor": Tensor,
        "torch.device": device,
        "_codecs.encode": encode,
        "builtins.bytearray": bytearray,
        "builtins.set": set,
        "builtins.complex": complex,
        "torch.storage.UntypedStorage": storages.UntypedStorage,
        "torch.storage.TypedStorage": storages.TypedStorage,
    }
    known |= {str(each): each for each in vars(dtypes).values() if isinstance(each, dtypes.dtype)}
    known |= {f"torch.{each.__name__}": each for each in storages._BY_DTYPE.values()}
    known |= {f"torch.{each.__name__}": each for each in vars(legacy).values() if isinstance(each, legacy.tensortype)}
    return {**known, **_MOVED}


def add_safe_globals(safe_globals: list) -> None:
    """Let ``load(weights_only=True)`` build these, too.

    Args:
        safe_globals: functions and classes, or pairs of one and the name under which it stands in files.
    """
    _marked.update(safe_globals)


def get_safe_globals() -> list:
    """What `add_safe_globals` was given."""
    return list(_marked)


def clear_safe_globals() -> None:
    """Forget what `add_safe_globals` was given."""
    _marked.clear()


class safe_globals:
    """`add_safe_globals` for a block.

    Args:
        safe_globals: as there.
    """

    def __init__(self, safe_globals: list) -> None:
        self.safe_globals = safe_globals

    def __enter__(self) -> None:
        add_safe_globals(self.safe_globals)

    def __exit__(self, *_: Any) -> None:
        _marked.difference_update(self.safe_globals)


def marked() -> dict[str, Any]:
    """What the user allows, by name.

    Raises:
        ValueError: a tuple is no pair.
        TypeError: its second part is no string.
    """
    known = {}
    for each in _marked:
        if not isinstance(each, tuple):
            known[f"{pytorchs(each.__module__)}.{each.__qualname__}"] = each
            continue
        if len(each) != 2:
            raise ValueError(
                f"Expected tuple of length 2 (global, str of callable full path), but got tuple of length: {len(each)}"
            )
        if type(each[1]) is not str:
            raise TypeError(f"Expected second item in tuple to be str of callable full path, but got: {type(each[1])}")
        known[each[1]] = each[0]
    return known


def _path(argument: str) -> tuple[str, str]:
    """(module, name) of a global, by Python 3's names."""
    module, _, name = argument.partition(" ")
    if (module, name) in NAME_MAPPING:
        return NAME_MAPPING[module, name]
    return IMPORT_MAPPING.get(module, module), name


def globals_in(data: bytes) -> set[str]:
    """The names of all globals in a pickle."""
    return {".".join(_path(str(argument))) for code, argument, _ in pickletools.genops(data) if code.name == "GLOBAL"}


# ---------------------------------------------------------------------- building weights

_VALUES = {"BININT", "BININT1", "BININT2", "BINFLOAT", "BINUNICODE", "LONG1"}
_CONSTANTS: dict[str, Callable] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_TUPLE": tuple,
    "EMPTY_LIST": list,
    "EMPTY_DICT": dict,
    "EMPTY_SET": set,
}


class WeightsUnpickler:
    """Runs a pickle's instructions, but for those that could do anything else than build weights.

    Args:
        file: where the pickle is; afterwards it stands behind it.
        load_storage: called with what stands for a storage.
        encoding: of the strings of Python 2; ``"bytes"`` leaves them.
    """

    def __init__(self, file: IO[bytes], load_storage: Callable[[Any], Any], encoding: str = "utf-8") -> None:
        self._file, self._load_storage, self._encoding = file, load_storage, encoding
        self._stack: list = []
        self._outer: list[list] = []
        self._memo: dict[int, Any] = {}
        self._marked = marked()

    def load(self):
        """What the pickle builds.

        Raises:
            UnpicklingError: it wants more than that, or is damaged.
            EOFError: there is none.
        """
        for code, argument, _ in self._operations():
            name = code.name
            try:
                if name == "STOP":
                    return self._stack.pop()
                if name in _CONSTANTS:
                    self._stack.append(_CONSTANTS[name]())
                elif name in _VALUES:
                    self._stack.append(argument)
                else:
                    run = getattr(self, "_" + name.lower(), None)
                    if run is None:
                        raise UnpicklingError(f"Unsupported operand {ord(code.code)}")
                    run(argument)
            except _DAMAGE as error:
                raise UnpicklingError(f"{type(error).__name__}: {error}") from error
        raise UnpicklingError("the pickle has no end")

    def _operations(self) -> Iterator:
        begin = self._file.tell()
        if not self._file.read(1):
            raise EOFError  # as PyTorch does, without a word
        self._file.seek(begin)
        try:
            yield from pickletools.genops(self._file)
        except (ValueError, UnicodeDecodeError, OverflowError, MemoryError) as error:
            place = self._file.tell()
            self._file.seek(max(begin, place - 1))
            last = self._file.read(1)
            unknown = "unknown" in str(error) and last
            raise UnpicklingError(f"Unsupported operand {last[0]}" if unknown else str(error)) from error

    def _is_allowed(self, obj: Any) -> bool:
        return any(obj is each for known in (allowed(), self._marked) for each in known.values())

    # each instruction by pickletools' name

    def _proto(self, version: int) -> None:
        if version != 2:
            warnings.warn(PROTOCOL.format(version), stacklevel=6)

    def _global(self, argument: str) -> None:
        module, name = _path(argument)
        path = f"{module}.{name}"
        if module in BLOCKED:
            raise UnpicklingError(f"Trying to load unsupported GLOBAL {path} whose module {module} is blocked.")
        for known in (allowed(), self._marked):
            if path in known:
                return self._stack.append(known[path])
        raise UnpicklingError(NOT_ALLOWED.format(path.removeprefix("builtins.")))

    def _newobj(self, _: Any) -> None:
        args, cls = self._stack.pop(), self._stack.pop()
        if cls is Parameter:
            self._stack.append(Parameter(*args))
        elif self._is_allowed(cls):
            self._stack.append(cls.__new__(cls, *args))
        else:
            raise UnpicklingError(
                "Can only create new object for nn.Parameter or classes allowlisted "
                f"via `add_safe_globals` but got {cls}"
            )

    def _reduce(self, _: Any) -> None:
        args, function = self._stack.pop(), self._stack[-1]
        if not self._is_allowed(function):
            owner = f" which belongs to {function.__self__}" if hasattr(function, "__self__") else ""
            raise UnpicklingError(f"Trying to call reduce for unrecognized function {function}{owner}")
        if function is bytearray and any(isinstance(each, int) for each in args):
            raise UnpicklingError("a bytearray is made of bytes")
        self._stack[-1] = function(*args)

    def _build(self, _: Any) -> None:
        state, made = self._stack.pop(), self._stack[-1]
        if type(made) is Tensor:
            made.set_(*state)
        elif type(made) is OrderedDict:
            made.__dict__.update(state)
        elif not self._is_allowed(type(made)):
            raise UnpicklingError(
                "Can only build Tensor, Parameter, OrderedDict or types allowlisted "
                f"via `add_safe_globals`, but got {type(made)}"
            )
        elif hasattr(made, "__setstate__"):
            made.__setstate__(state)
        else:
            attributes, slots = state if isinstance(state, tuple) and len(state) == 2 else (state, None)
            made.__dict__.update(attributes or {})
            for name, value in (slots or {}).items():
                setattr(made, name, value)

    def _binpersid(self, _: Any) -> None:
        pid = self._stack.pop()
        if type(pid) not in (tuple, int):
            raise UnpicklingError(f"persistent_load id must be tuple or int, but got {type(pid)}")
        if type(pid) is tuple and pid and pid[0] not in ("storage", b"storage"):
            raise UnpicklingError(f"Only persistent_load of storage is allowed, but got {type(pid[0])}")
        self._stack.append(self._load_storage(pid))

    def _append(self, _: Any) -> None:
        item = self._stack.pop()
        self._extend([item], "append to")

    def _appends(self, _: Any) -> None:
        items = self._since_mark()
        self._extend(items, "extend")

    def _extend(self, items: list, how: str) -> None:
        if type(self._stack[-1]) is not list:
            raise UnpicklingError(f"Can only {how} lists, but got {type(self._stack[-1])}")
        self._stack[-1].extend(items)

    def _setitem(self, _: Any) -> None:
        value, key = self._stack.pop(), self._stack.pop()
        self._set([key, value], "SETITEM")

    def _setitems(self, _: Any) -> None:
        self._set(self._since_mark(), "SETITEMS")

    def _set(self, items: list, name: str) -> None:
        target = self._stack[-1]
        if type(target) not in (dict, OrderedDict, Counter):
            raise UnpicklingError(
                f"Can only {name} for dict, collections.OrderedDict, collections.Counter, but got {type(target)}"
            )
        for key, value in zip(items[::2], items[1::2], strict=True):
            target[key] = value

    def _mark(self, _: Any) -> None:
        self._outer.append(self._stack)
        self._stack = []

    def _since_mark(self) -> list:
        items, self._stack = self._stack, self._outer.pop()
        return items

    def _tuple(self, _: Any) -> None:
        items = self._since_mark()
        self._stack.append(tuple(items))

    def _last(self, count: int) -> None:
        items = tuple([self._stack.pop() for _ in range(count)])
        self._stack.append(items[::-1])

    def _tuple1(self, _: Any) -> None:
        self._last(1)

    def _tuple2(self, _: Any) -> None:
        self._last(2)

    def _tuple3(self, _: Any) -> None:
        self._last(3)

    def _short_binstring(self, text: str) -> None:
        data = text.encode("latin-1")
        self._stack.append(data if self._encoding == "bytes" else data.decode(self._encoding))

    def _binput(self, place: int) -> None:
        self._memo[place] = self._stack[-1]

    def _binget(self, place: int) -> None:
        self._stack.append(self._memo[place])

    _long_binput, _long_binget = _binput, _binget


for _public in (add_safe_globals, get_safe_globals, clear_safe_globals, safe_globals):
    _public.__module__ = "torchlike.serialization"
