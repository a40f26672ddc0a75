"""Stores of keys and values, by which processes find each other: in this process, behind a prefix, in a file."""

from __future__ import annotations

import fcntl
import os
import struct
import threading
import time
import weakref
from collections import defaultdict, deque
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from torchlike.distributed._errors import DistStoreError, QueueEmptyError

_PAUSE = 0.005  # seconds between two looks for a key


def text(function: str, value: Any) -> bytes:
    """A key or a value as bytes.

    Raises:
        TypeError: it is neither text nor bytes.
    """
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        raise TypeError(f"{function}(): incompatible function arguments. The following argument types are supported:")
    return value.encode()


def keys_of(function: str, keys: Any) -> list[str]:
    """Keys as a list.

    Raises:
        TypeError: they are no list of texts.
    """
    if not isinstance(keys, (list, tuple)):
        text(function, None)
    return [text(function, each).decode() for each in keys]


class Store:
    """Keys and values that several processes see.

    A value is bytes; text is taken, too. Every store has the same methods. Of these `_do` is what a kind of store does in
    its own way: one of the operations on the table, in one step.
    """

    _timeout = timedelta(seconds=300)

    @property
    def timeout(self) -> timedelta:
        """How long is waited for a key."""
        return self._timeout

    def set_timeout(self, timeout: timedelta) -> None:
        """Set how long is waited for a key."""
        self._timeout = timeout

    def _do(self, operation: str, *args: Any) -> Any:
        raise RuntimeError(f'Tried to call pure virtual function "Store::{operation}"')

    def _late(self, keys: Sequence[str], limit: timedelta, reads: bool) -> Exception:
        return DistStoreError("Wait timeout")

    def set(self, key: str, value: str | bytes) -> None:
        """Give a key a value."""
        self._do("set", text("set", key).decode(), text("set", value))

    def get(self, key: str) -> bytes:
        """The value of a key, once it has one.

        Raises:
            DistStoreError: nobody gave it one in time.
        """
        key = text("get", key).decode()
        self._wait([key], self.timeout, reads=True)
        return self._do("get", key)

    def add(self, key: str, amount: int) -> int:
        """Add to the number that a key has as its value, 0 at first; the sum."""
        if not isinstance(amount, int):
            text("add", None)
        return int(self._do("add", text("add", key).decode(), amount))

    def append(self, key: str, value: str | bytes) -> None:
        """Append to the value of a key."""
        self._do("append", text("append", key).decode(), text("append", value))

    def compare_set(self, key: str, expected: str | bytes, desired: str | bytes) -> bytes:
        """Change a value if it is the one expected; empty for a key without one. What it is now.

        Where there is neither, it is `expected`.
        """
        name = "compare_set"
        return self._do(name, text(name, key).decode(), text(name, expected), text(name, desired))

    def check(self, keys: Sequence[str]) -> bool:
        """Whether all keys have values."""
        return bool(self._do("check", *keys_of("check", keys)))

    def wait(self, keys: Sequence[str], timeout: timedelta | None = None) -> None:
        """Wait until all keys have values.

        Raises:
            DistStoreError: they did not in time.
        """
        self._wait(keys_of("wait", keys), self.timeout if timeout is None else timeout, reads=False)

    def _wait(self, keys: list[str], limit: timedelta, reads: bool) -> None:
        ends = time.monotonic() + limit.total_seconds()
        while not self._do("check", *keys):
            if time.monotonic() > ends:
                raise self._late(keys, limit, reads)
            time.sleep(_PAUSE)

    def delete_key(self, key: str) -> bool:
        """Forget a key; whether it was there."""
        return bool(self._do("delete_key", text("delete_key", key).decode()))

    def num_keys(self) -> int:
        """How many keys there are."""
        return int(self._do("num_keys"))

    def list_keys(self) -> list[str]:
        """All keys."""
        return list(self._do("list_keys"))

    def multi_set(self, keys: Sequence[str], values: Sequence[str | bytes]) -> None:
        """Give several keys their values."""
        for key, value in zip(keys, values, strict=True):
            self.set(key, value)

    def multi_get(self, keys: Sequence[str]) -> list[bytes]:
        """The values of several keys."""
        return [self.get(each) for each in keys]

    def has_extended_api(self) -> bool:
        """Whether it has queues, and methods for several keys of its own."""
        return True

    def queue_push(self, key: str, value: str | bytes) -> None:
        """Put a value at the end of a queue."""
        self._do("queue_push", text("queue_push", key).decode(), text("queue_push", value))

    def queue_pop(self, key: str, block: bool = True) -> bytes:
        """Take the first value of a queue.

        Args:
            key: the queue's name.
            block: whether to wait for one.

        Raises:
            QueueEmptyError: there is none, and nobody waits.
            DistStoreError: there was none in time.
        """
        key = text("queue_pop", key).decode()
        ends = time.monotonic() + self.timeout.total_seconds()
        while True:
            found = self._do("queue_pop", key)
            if found:
                return found[0]
            if not block:
                raise QueueEmptyError("queue is empty")
            if time.monotonic() > ends:
                raise self._late([key], self.timeout, False)
            time.sleep(_PAUSE)

    def queue_len(self, key: str) -> int:
        """How many values are in a queue."""
        return int(self._do("queue_len", text("queue_len", key).decode()))

    def clone(self) -> Store:
        """Another object for the same keys and values."""
        return self


class Table:
    """The operations on keys and values that lie in this process; one at a time."""

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}
        self.queues: dict[str, deque[bytes]] = defaultdict(deque)
        self.lock = threading.Lock()

    def do(self, operation: str, *args: Any):
        """Carry out an operation by its name."""
        with self.lock:
            return getattr(self, operation)(*args)

    def set(self, key: str, value: bytes) -> None:
        self.values[key] = value

    def get(self, key: str) -> bytes:
        return self.values[key]

    def add(self, key: str, amount: int) -> int:
        total = _number(self.values.get(key, b"0")) + amount
        self.values[key] = str(total).encode()
        return total

    def append(self, key: str, value: bytes) -> None:
        self.values[key] = self.values.get(key, b"") + value

    def compare_set(self, key: str, expected: bytes, desired: bytes) -> bytes:
        found = self.values.get(key)
        if found == expected or found is None and not expected:
            self.values[key] = found = desired
        return expected if found is None else found

    def check(self, *keys: str) -> bool:
        return all([each in self.values for each in keys])

    def delete_key(self, key: str) -> bool:
        return self.values.pop(key, None) is not None

    def num_keys(self) -> int:
        return len(self.values)

    def list_keys(self) -> list[str]:
        return list(self.values)

    def queue_push(self, key: str, value: bytes) -> None:
        self.queues[key].append(value)

    def queue_pop(self, key: str) -> list[bytes]:
        return [self.queues[key].popleft()] if self.queues[key] else []

    def queue_len(self, key: str) -> int:
        return len(self.queues[key])


def _number(value: bytes) -> int:
    try:
        return int(value)
    except ValueError:
        raise ValueError("stoll") from None


class HashStore(Store):
    """Keys and values in this process, for its threads.

    Example:
        >>> from torchlike.distributed import HashStore
        >>> store = HashStore()
        >>> store.set("key", "value")
        >>> store.get("key")
        b'value'
    """

    def __init__(self) -> None:
        self._do = Table().do


class PrefixStore(Store):
    """A part of another store: that of the keys that begin with a prefix.

    Args:
        prefix: what its keys begin with there; a ``/`` follows.
        store: the other store.
    """

    def __init__(self, prefix: str, store: Store) -> None:
        self._prefix, self._store = prefix + "/", store

    @property
    def underlying_store(self) -> Store:
        """The other store."""
        return self._store

    @property
    def timeout(self) -> timedelta:
        """How long is waited for a key."""
        return self._store.timeout

    def set_timeout(self, timeout: timedelta) -> None:
        """Set how long is waited for a key."""
        self._store.set_timeout(timeout)

    def has_extended_api(self) -> bool:
        """Whether the other store has queues."""
        return self._store.has_extended_api()

    def _late(self, keys: Sequence[str], limit: timedelta, reads: bool) -> Exception:
        return self._store._late([self._prefix + each for each in keys], limit, reads)

    def _do(self, operation: str, *args: Any) -> Any:
        if operation == "check":
            return self._store._do("check", *[self._prefix + each for each in args])
        if operation == "list_keys":
            found = self._store._do("list_keys")
            return [each.removeprefix(self._prefix) for each in found if each.startswith(self._prefix)]
        if operation == "num_keys":
            return self._store._do("num_keys")
        return self._store._do(operation, self._prefix + args[0], *args[1:])


class FileStore(Store):
    """Keys and values in a file, which each change is appended to, as PyTorch writes it.

    Args:
        file_name: the file; it is made where there is none.
        world_size: how many processes use it: the last of them removes it at its end. Negative if that is not known.
    """

    def __init__(self, file_name: str, world_size: int = -1) -> None:
        self._path = os.fspath(file_name)
        self._table, self._read = Table(), 0
        self._count("refcount/", 1)
        weakref.finalize(self, _leave, self._path, world_size, os.getpid())

    @property
    def path(self) -> str:
        """The file."""
        return self._path

    def has_extended_api(self) -> bool:
        """Whether it has queues: no."""
        return False

    def _late(self, keys: Sequence[str], limit: timedelta, reads: bool) -> Exception:
        if not reads:
            return RuntimeError("Wait timeout")
        milliseconds = int(limit.total_seconds() * 1000)
        return RuntimeError(f"Timeout waiting for key: {keys[0]} after {milliseconds} ms")

    def _count(self, key: str, amount: int) -> int:
        with _locked(self._path) as file:
            self._catch_up(file)
            total = self._table.add(key, amount)
            self._keep(file, key, self._table.values[key])
        return total

    def _catch_up(self, file: Any) -> None:
        """Read what was appended since."""
        file.seek(self._read)
        rest, place = file.read(), 0
        while place < len(rest):
            key, place = _entry(rest, place)
            value, place = _entry(rest, place)
            if key.startswith(b"-"):
                self._table.delete_key(key[1:].decode())
            else:
                self._table.set(key.decode(), value)
        self._read += place

    def _keep(self, file: Any, key: str, value: bytes) -> None:
        written = key.encode()
        file.write(struct.pack("<I", len(written)) + written + struct.pack("<I", len(value)) + value)
        file.flush()
        self._read = file.tell()

    def _do(self, operation: str, *args: Any) -> Any:
        if operation.startswith("queue"):
            raise NotImplementedError("queue support is not implemented.")
        keys = len(args) if operation == "check" else 1
        named = [*["/" + each for each in args[:keys]], *args[keys:]]
        with _locked(self._path) as file, self._table.lock:
            self._catch_up(file)
            result = getattr(self._table, operation)(*named)
            if operation == "delete_key":
                self._keep(file, "-" + named[0], b"")
                return True
            if operation in ("set", "add", "append", "compare_set") and named[0] in self._table.values:
                self._keep(file, named[0], self._table.values[named[0]])
        return [each[1:] for each in result] if operation == "list_keys" else result


@contextmanager
def _locked(path: str) -> Generator[Any]:
    """A file that no other process reads or writes meanwhile."""
    with open(path, "a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file


def _entry(data: bytes, place: int) -> tuple[bytes, int]:
    start = place + 4
    end = start + int.from_bytes(data[place:start], "little")
    if end > len(data):
        raise DistStoreError("the file is no store of keys and values, or cut off")
    return data[start:end], end


def _leave(path: str, world_size: int, pid: int) -> None:
    """Count one process less, and remove the file with the last."""
    if os.getpid() != pid or not os.path.exists(path):
        return
    last = FileStore.__new__(FileStore)
    last._path, last._table, last._read = path, Table(), 0
    if last._count("refcount/", -1) == 0 and world_size >= 0 and last._count("cleanup/", 1) >= world_size:
        os.unlink(path)
