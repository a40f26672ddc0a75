"""Where a storage was, and where it is to be: location tags, and what `map_location` makes of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torchlike._functions.naming import typename
from torchlike._tensor.storages import UntypedStorage
from torchlike._types import devices
from torchlike._types.devices import device

NO_CUDA = (
    "Attempting to deserialize object on a CUDA device but torch.cuda.is_available() is False. If you are running on a "
    "CPU-only machine, please use torch.load with map_location=torch.device('cpu') to map your storages to the CPU."
)

_registry: list[tuple[int, Callable, Callable]] = []


def register_package(
    priority: int, tagger: Callable[[Any], str | None], deserializer: Callable[[Any, str], Any]
) -> None:
    """Say how storages of another kind of device are tagged, and how they come back.

    Args:
        priority: those with lower ones are asked first.
        tagger: gives a storage's tag, or None.
        deserializer: gives a storage with a tag's elements at its place, or None.
    """
    _registry.append((priority, tagger, deserializer))
    _registry.sort(key=lambda row: row[0])


def location_tag(storage: Any) -> str:
    """The tag of where a storage is: ``"cpu"``, ``"cuda:0"``.

    Raises:
        RuntimeError: nobody knows.
    """
    for _, tagger, _ in _registry:
        location = tagger(storage)
        if location:
            return location
    raise RuntimeError("don't know how to determine data location of " + typename(storage))


def default_restore_location(storage: Any, location: str | bytes):
    """The storage where a tag says.

    Raises:
        RuntimeError: there is no such place.
    """
    for _, _, deserializer in _registry:
        found = deserializer(storage, location)
        if found is not None:
            return found
    raise RuntimeError(f"don't know how to restore data location of {typename(storage)} (tagged with {location})")


def restorer(map_location: Any) -> Callable:
    """A function of a storage and its tag that gives the storage at its place."""
    if map_location is None:
        return default_restore_location
    if isinstance(map_location, dict):
        return lambda storage, location: default_restore_location(storage, map_location.get(location, location))
    if isinstance(map_location, (str, bytes)):
        return lambda storage, _: default_restore_location(storage, map_location)
    if isinstance(map_location, device):
        return lambda storage, location: default_restore_location(storage, str(map_location))

    def restored(storage: Any, location: Any):
        found = map_location(storage, location)
        return default_restore_location(storage, location) if found is None else found

    return restored


def _to_cuda(storage: UntypedStorage, location: str):
    if not location.startswith("cuda"):
        return None
    where = device(location)
    if not devices.jax_devices("cuda"):
        raise RuntimeError(NO_CUDA)
    count = len(devices.jax_devices("cuda"))
    if (where.index or 0) >= count:
        raise RuntimeError(
            f"Attempting to deserialize object on CUDA device {where.index} but torch.cuda.device_count() is {count}. "
            "Please use torch.load with map_location to map your storages to an existing device."
        )
    return storage.cuda(where)


def _to_cpu(storage: UntypedStorage, location: str):
    return storage if location == "cpu" else None


def _tagger(kind: str) -> Callable:
    return lambda storage: str(storage.device) if storage.device.type == kind else None


register_package(10, _tagger("cpu"), _to_cpu)
register_package(20, _tagger("cuda"), _to_cuda)
for _public in (register_package, location_tag, default_restore_location):
    _public.__module__ = "torchlike.serialization"
