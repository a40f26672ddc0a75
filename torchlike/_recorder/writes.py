"""Writing to several tensors as one: whatever comes in between, all of them hold the old elements, or all the new."""

from __future__ import annotations

from collections.abc import Iterable
from operator import setitem
from typing import Any

from torchlike._recorder.recorder import Value
from torchlike._recorder.running import at_once
from torchlike._recorder.storage import Storage


def write_together(pairs: Iterable[tuple[Any, Value]], calls: Iterable[tuple] = ()) -> None:
    """Put new elements into tensors in one step of the interpreter: all or none.

    Args:
        pairs: tensors, or storages, and their new values.
        calls: what else is done in that step: functions in C, each with its arguments.
    """
    cells: list[tuple[Storage, Value]] = []
    copies: dict[Storage, Storage] = {}
    steps = list(calls)
    for target, value in pairs:
        if type(target) is Storage:
            cells.append((target, value))
        elif target._base is None and (target._view is None or not target._view.steps):
            cells.append((target._storage, value))
            if target._view is not None:  # else the old one is kept from being written over
                steps.append((setattr, target, "_cached", value))
            if target._counter is not None:
                target._counter.version += 1
                target._storage.silence()
        else:
            _write_to_copy(target, value, copies)
    if copies:
        cells += [(storage, copy.value) for storage, copy in copies.items()]
    pending = 0
    for storage, value in cells:
        storage.version += 1
        pending += value.array is None
        if storage._host is not None and storage.host is not None:
            steps.append((setitem, storage.host, ..., value.numpy()))
            continue
        steps.append((setattr, storage, "value", value))
        if value.array is None and value.recording is not storage.value.recording:  # as `Storage.expect`
            value.recording.note(storage, "value", storage.value)
    if pending and pending < len(cells):  # a cut came between: no part must fail later
        _compute(cells)
    at_once(steps)


def write_all(tensors: list, news: Iterable) -> None:
    """`write_together` of new tensors' elements.

    Raises:
        RuntimeError: one of the tensors must not be written to.
    """
    for each in tensors:
        each._check_writable()
    write_together([(each, new._value()) for each, new in zip(tensors, news, strict=True)])


def by_device(tensors: Iterable) -> list[list]:
    """Tensors that are dealt with at once: those of one device."""
    groups: dict = {}
    for each in tensors:
        groups.setdefault(each.device, []).append(each)
    return list(groups.values())


def _write_to_copy(view: Any, value: Value, copies: dict[Storage, Storage]) -> None:
    """Write through a view into a copy of its storage."""
    alias, storage = view._alias(), view._storage
    copy = copies.get(storage)
    if copy is None:
        copy = copies[storage] = Storage(storage.read())
        copy.version = storage.version
    alias._storage = copy
    alias._write(value, None)


def _compute(cells: list[tuple[Storage, Value]]) -> None:
    for _, value in cells:
        value.compute("tensors are written to together")
