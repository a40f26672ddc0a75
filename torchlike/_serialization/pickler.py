"""Pickles that PyTorch reads: our classes and functions bear its names, storages lie outside."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable
from operator import attrgetter
from types import FunctionType
from typing import IO, Any, cast

from torchlike._serialization.places import location_tag
from torchlike._serialization.rebuilding import Memory, _get_layout, reduced
from torchlike._tensor.storages import TypedStorage, is_storage
from torchlike._types.dtypes import dtype
from torchlike._types.formats import layout
from torchlike.nn.parameter import is_lazy
from torchlike.tensor import Tensor

SEVERAL_TYPES = "Cannot save multiple tensors or storages that view the same data as different types"


def pytorchs(module: str) -> str:
    """A module by PyTorch's name."""
    return "torch" + module[len("torchlike") :] if module.split(".")[0] == "torchlike" else module


class Memories:
    """The storages that a pickle names.

    Attributes:
        held: by key, in order.
    """

    def __init__(self) -> None:
        self.held: dict[str, Memory] = {}
        self._keys: dict[int, tuple[str, dtype | None]] = {}

    def identify(self, obj: Any) -> tuple | None:
        """What stands for a storage in the pickle; None for anything else.

        Raises:
            RuntimeError: its memory was seen as elements of another dtype before.
        """
        if type(obj) is not Memory:
            if not is_storage(obj):
                return None
            obj = Memory(obj._flat, obj.dtype if isinstance(obj, TypedStorage) else None)
        storage, kind = obj.tensor._storage, obj.dtype
        key, before = self._keys.setdefault(id(storage), (str(len(self._keys)), kind))
        if before is not kind:
            raise RuntimeError(SEVERAL_TYPES)
        self.held.setdefault(key, obj)
        count = storage.aval.nbytes // (1 if kind is None else kind.itemsize)
        return "storage", obj.storage_type, key, location_tag(obj.tensor), count


def _save_global(pickler: Any, obj: Any, name: str | None = None) -> None:
    """Write a global by PyTorch's name."""
    name = str(name or getattr(obj, "__qualname__", None) or obj.__name__)
    module = "torchlike" if isinstance(obj, dtype) else cast(Any, pickle).whichmodule(obj, name)
    if module.split(".")[0] != "torchlike":
        pickle._Pickler.save_global(pickler, obj, name)  # type: ignore[attr-defined]
        return
    module, owner = pytorchs(module), name.rpartition(".")[0]
    if pickler.proto >= 4:
        pickler.save(module)
        pickler.save(name)
        pickler.write(pickle.STACK_GLOBAL)
    elif owner:  # what is defined within a class
        parent = attrgetter(owner)(sys.modules[obj.__module__])
        pickler.save_reduce(getattr, (parent, name.rpartition(".")[2]))
    else:
        pickler.write(pickle.GLOBAL + f"{module}\n{name}\n".encode())
    pickler.memoize(obj)


def pickler_class(pickle_module: Any, identify: Callable[[Any], Any]) -> type:
    """A pickler that writes storages as `identify` says; names are PyTorch's where the module's pickler is Python's own."""
    base: Any = pickle._Pickler if pickle_module is pickle else pickle_module.Pickler  # type: ignore[attr-defined]

    class Pickler(base):
        def persistent_id(self, obj: Any):
            return identify(obj)

        def reducer_override(self, obj: Any):
            if isinstance(obj, Tensor) and not is_lazy(obj):
                return reduced(obj)
            if isinstance(obj, layout):
                return _get_layout, (str(obj),)
            return obj.name if isinstance(obj, dtype) else NotImplemented

    if issubclass(base, pickle._Pickler):  # type: ignore[attr-defined]
        Pickler.save_global = _save_global  # type: ignore[attr-defined]
        Pickler.dispatch = {**base.dispatch, FunctionType: _save_global}  # type: ignore[attr-defined]
    return Pickler


def dumped(obj: Any, file: IO[bytes], pickle_module: Any, protocol: int, identify: Callable) -> None:
    """Pickle an object into a file."""
    pickler_class(pickle_module, identify)(file, protocol=protocol).dump(obj)
