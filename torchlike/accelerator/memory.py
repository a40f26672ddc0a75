"""``torch.accelerator.memory``: how much of the GPU's memory is taken."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from torchlike.cuda import is_available
from torchlike.cuda import memory as _cuda

if TYPE_CHECKING:
    from torchlike.types import Device

NONE = "Cannot access accelerator device when none is available."


def require() -> None:
    """Refuse what needs an accelerator where there is none.

    Raises:
        RuntimeError: there is none.
    """
    if not is_available():
        raise RuntimeError(NONE)


def _asked(function: Callable, doc: str) -> Callable:
    """A question to the GPU as one to the accelerator."""

    def call(device_index: Device = None, /) -> Any:
        require()
        return function(device_index)

    call = functools.wraps(function)(call)
    call.__module__, call.__doc__ = __name__, f"{doc}\n\nRaises:\n    RuntimeError: there is none."
    return call


def empty_cache() -> None:
    """Nothing to do: JAX keeps the memory pool.

    Raises:
        RuntimeError: there is none.
    """
    require()


def empty_host_cache() -> None:
    """Nothing to do: no memory is kept beside the pool.

    Raises:
        RuntimeError: there is none.
    """
    require()


memory_allocated = _asked(_cuda.memory_allocated, "Bytes in use on it.")
max_memory_allocated = _asked(_cuda.max_memory_allocated, "The most bytes that were in use on it.")
memory_reserved = _asked(_cuda.memory_reserved, "Bytes that JAX's pool holds on it.")
max_memory_reserved = _asked(_cuda.max_memory_reserved, "The most bytes that JAX's pool held on it.")
memory_stats = _asked(_cuda.memory_stats, "JAX's figures for it by PyTorch's names.")
get_memory_info = _asked(_cuda.mem_get_info, "Bytes of it that are free, and all that JAX may take.")
reset_peak_memory_stats = _asked(
    _cuda.reset_peak_memory_stats, "Let `max_memory_allocated` tell of what comes from now on."
)
reset_accumulated_memory_stats = _asked(_cuda.reset_accumulated_memory_stats, "Nothing to do: JAX's counts go on.")
