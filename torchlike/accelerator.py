"""``torch.accelerator``: the GPU, whichever it is."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from torchlike import cuda
from torchlike._types import devices
from torchlike._types.public import publish as _publish

if TYPE_CHECKING:
    from torchlike.types import Device

NONE = "Cannot access accelerator device when none is available."


def is_available() -> bool:
    """Whether there is one."""
    return cuda.is_available()


def device_count() -> int:
    """How many there are."""
    return cuda.device_count()


def current_accelerator(check_available: bool = False) -> devices.device | None:
    """The kind of device that it is, without an index; None if there is none."""
    return devices.device("cuda") if cuda.is_available() else None


def _require() -> None:
    if not cuda.is_available():
        raise RuntimeError(NONE)


def current_device_index() -> int:
    """The index of the one that is used where none is named.

    Raises:
        RuntimeError: there is none.
    """
    _require()
    return cuda.current_device()


def current_device_idx() -> int:
    """See `current_device_index`; deprecated."""
    warnings.warn("Use `current_device_index` instead.", FutureWarning, stacklevel=2)
    return current_device_index()


def synchronize(device: Device = None, /) -> None:
    """Compute what is pending, and wait until the device has done it.

    Raises:
        RuntimeError: there is none.
    """
    _require()
    cuda.synchronize(device)


def empty_cache() -> None:
    """Nothing to do: JAX keeps the memory pool.

    Raises:
        RuntimeError: there is none.
    """
    _require()


def memory_allocated(device_index: Device = None, /) -> int:
    """Bytes in use on it.

    Raises:
        RuntimeError: there is none.
    """
    _require()
    return cuda.memory_allocated(device_index)


def memory_reserved(device_index: Device = None, /) -> int:
    """Bytes that JAX's pool holds on it.

    Raises:
        RuntimeError: there is none.
    """
    _require()
    return cuda.memory_reserved(device_index)


def max_memory_allocated(device_index: Device = None, /) -> int:
    """The most bytes that were in use on it.

    Raises:
        RuntimeError: there is none.
    """
    _require()
    return cuda.max_memory_allocated(device_index)


_publish(globals())
