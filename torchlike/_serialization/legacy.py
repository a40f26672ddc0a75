"""The format before the archive: a row of pickles, then the memory of each storage."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable
from struct import pack, unpack
from typing import IO, Any, cast

import numpy as np

from torchlike._serialization.pickler import Memories, dumped
from torchlike._tensor.storages import TypedStorage, UntypedStorage
from torchlike._types import dtypes

MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
PROTOCOL_VERSION = 1001


def save(obj: object, file: IO[bytes], pickle_module: Any, protocol: int) -> None:
    """Write an object in the old format."""
    memories = Memories()

    def identify(obj: Any):
        found = memories.identify(obj)
        return None if found is None else (*found, None)

    sizes = {"short": 2, "int": 4, "long": 4}
    system = {"protocol_version": PROTOCOL_VERSION, "little_endian": sys.byteorder == "little", "type_sizes": sizes}
    for each in (MAGIC_NUMBER, PROTOCOL_VERSION, system):
        pickle_module.dump(each, file, protocol=protocol)
    dumped(obj, file, pickle_module, protocol, identify)
    keys = sorted(memories.held)
    pickle_module.dump(keys, file, protocol=protocol)
    file.flush()
    for key in keys:
        array = memories.held[key].array
        kind = memories.held[key].dtype
        size = 1 if kind is None else kind.itemsize
        file.write(pack("<q", len(array) // size))
        file.write(memoryview(cast(Any, array)))


class Reader:
    """Reads the old format.

    Args:
        file: a file-like object that can seek.
        restore: called with a storage and its tag, gives it at its place.
        unpickle: called with the file and a function that gives a storage.
    """

    def __init__(self, file: IO[bytes], restore: Callable, unpickle: Callable[[IO[bytes], Callable], Any]) -> None:
        self._file, self._restore, self._unpickle = file, restore, unpickle
        self._arrays: dict[str, np.ndarray] = {}
        self._storages: dict[str, Any] = {}

    def read(self):
        """The object.

        Raises:
            RuntimeError: it is no such file, or is cut off.
        """
        if self._next() != MAGIC_NUMBER:
            raise RuntimeError("Invalid magic number; corrupt file?")
        version = self._next()
        if version != PROTOCOL_VERSION:
            raise RuntimeError(f"Invalid protocol version: {version}")
        self._next()  # the sizes of C's numbers on the machine that wrote it
        made = self._unpickle(self._file, self._storage)
        for key in self._next():
            self._fill(key)
        return made

    def _next(self):
        return self._unpickle(self._file, self._none)

    @staticmethod
    def _none(_: Any) -> None:
        raise pickle.UnpicklingError("unsupported persistent id encountered")

    def _storage(self, saved: Any):
        kind, *rest = saved
        if kind in ("module", b"module"):
            return rest[0]  # with its source, which is not compared
        if kind not in ("storage", b"storage"):
            raise RuntimeError(f"Unknown saved id type: {kind}")
        storage_type, key, location, count, view = rest
        dtype = getattr(storage_type, "dtype", dtypes.uint8)
        if key not in self._storages:
            self._arrays[key] = np.zeros(count, dtype.np)
            cls = UntypedStorage if storage_type is UntypedStorage else TypedStorage
            made = cls._of_array(self._arrays[key])
            self._storages[key] = self._restore(made, location if isinstance(location, str) else location.decode())
        found = self._storages[key]
        if view is None:
            return found
        name, offset, size = view
        if name not in self._storages:
            self._storages[name] = TypedStorage._of(found._flat[offset : offset + size])
        return self._storages[name]

    def _fill(self, key: str) -> None:
        array = self._arrays.get(key)
        if array is None:
            raise RuntimeError(f"storage key {key!r} not found in deserialized_objects")
        header = self._file.read(8)
        data = self._file.read(array.nbytes) if len(header) == 8 else b""
        if len(data) != array.nbytes or unpack("<q", header)[0] != len(array):
            raise RuntimeError(
                f"unexpected EOF, expected {array.nbytes - len(data)} more bytes. The file might be corrupted."
            )
        array.view(np.uint8)[:] = np.frombuffer(data, np.uint8)
