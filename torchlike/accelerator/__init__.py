"""``torch.accelerator``: the GPU, whichever it is."""

from __future__ import annotations

from typing import TYPE_CHECKING
import warnings

from torchlike import cuda
from torchlike._types import devices, dtypes
from torchlike._types.public import publish as _publish
from torchlike.accelerator.memory import require
from torchlike.accelerator.memory import empty_cache as empty_cache
from torchlike.accelerator.memory import empty_host_cache as empty_host_cache
from torchlike.accelerator.memory import get_memory_info as get_memory_info
from torchlike.accelerator.memory import max_memory_allocated as max_memory_allocated
from torchlike.accelerator.memory import max_memory_reserved as max_memory_reserved
from torchlike.accelerator.memory import memory_allocated as memory_allocated
from torchlike.accelerator.memory import memory_reserved as memory_reserved
from torchlike.accelerator.memory import memory_stats as memory_stats
from torchlike.accelerator.memory import reset_accumulated_memory_stats as reset_accumulated_memory_stats
from torchlike.accelerator.memory import reset_peak_memory_stats as reset_peak_memory_stats

if TYPE_CHECKING:
    from torchlike.types import Device


def is_available() -> bool:
    """Whether there is one."""
    return cuda.is_available()


def device_count() -> int:
    """How many there are."""
    return cuda.device_count()


def current_accelerator(check_available: bool = False) -> devices.device | None:
    """The kind of device that it is, without an index; None if there is none."""
    return devices.device("cuda") if cuda.is_available() else None


def current_device_index() -> int:
    """The index of the one that is used where none is named.

    Raises:
        RuntimeError: there is none.
    """
    require()
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
    require()
    cuda.synchronize(device)


def get_device_capability(device: Device = None, /) -> dict:
    """What it can do: the dtypes that it computes.

    Raises:
        RuntimeError: there is none.
    """
    require()
    return {"supported_dtypes": {each for each in vars(dtypes).values() if isinstance(each, dtypes.dtype)}}


def set_device_index(device: Device, /) -> None:
    """Let one be used where none is named; a negative index changes nothing.

    Raises:
        RuntimeError: there is none.
    """
    require()
    cuda.set_device(device)


def set_device_idx(device: Device, /) -> None:
    """See `set_device_index`; deprecated."""
    warnings.warn("Use `set_device_index` instead.", FutureWarning, stacklevel=2)
    set_device_index(device)


def current_stream(device: Device = None, /) -> cuda.Stream:
    """What it computes in order.

    Raises:
        RuntimeError: there is none.
    """
    require()
    return cuda.current_stream(device)


def set_stream(stream: cuda.Stream) -> None:
    """Let a stream be the current one, and its device, too.

    Raises:
        RuntimeError: there is none.
    """
    require()
    cuda.set_stream(stream)


class device_index:
    """Within the block one is used where none is named.

    Args:
        device: its index; None changes nothing.
    """

    def __init__(self, device: int | None, /) -> None:
        self.idx, self.prev_idx = device, -1

    def __enter__(self) -> None:
        if self.idx is not None:
            self.prev_idx = current_device_index()
            set_device_index(self.idx)

    def __exit__(self, *exc: object) -> None:
        if self.idx is not None:
            set_device_index(self.prev_idx)


_publish(globals())
