"""``torch.cuda.memory``: how much of a GPU's memory is taken. JAX takes it and keeps it; it tells its own figures."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from torchlike._programs.explain import warn
from torchlike._programs.memory import OutOfMemoryError as OutOfMemoryError
from torchlike._types import devices
from torchlike._types.public import publish as _publish
from torchlike.cuda._calls import index_of, is_available, require
from torchlike.cuda._nvml import asked, handle, library

if TYPE_CHECKING:
    from torchlike.types import Device

# JAX's figures by PyTorch's names: what is used, the most that was, and how often memory was asked for
_FIGURES = {
    "active_bytes.all.current": "bytes_in_use",
    "active_bytes.all.peak": "peak_bytes_in_use",
    "allocated_bytes.all.current": "bytes_in_use",
    "allocated_bytes.all.peak": "peak_bytes_in_use",
    "allocation.all.allocated": "num_allocs",
    "reserved_bytes.all.current": "pool_bytes",
    "reserved_bytes.all.peak": "peak_pool_bytes",
}
_before: dict[tuple[int, str], int] = {}  # the peaks at the last reset: JAX's own cannot be set back


def empty_cache() -> None:
    """Nothing to do: JAX keeps the memory pool."""


def _stats(device: Device) -> tuple[int, dict[str, int]]:
    place = index_of(device)
    return place, devices.jax_devices("cuda")[place].memory_stats() or {}


def _figure(device: Device, field: str, now: str = "") -> int:
    """One of JAX's figures; 0 where there is no GPU. A peak that was not passed since the reset is what is used now."""
    if not is_available():
        return 0
    place, stats = _stats(device)
    found = int(stats.get(field, 0))
    return int(stats.get(now, 0)) if now and found == _before.get((place, field)) else found


def memory_allocated(device: Device = None) -> int:
    """Bytes in use on a GPU; 0 where there is none."""
    return _figure(device, "bytes_in_use")


def max_memory_allocated(device: Device = None) -> int:
    """The most bytes that were in use on a GPU; 0 where there is none."""
    return _figure(device, "peak_bytes_in_use", "bytes_in_use")


def memory_reserved(device: Device = None) -> int:
    """Bytes that JAX's pool holds on a GPU; 0 where there is none."""
    return _figure(device, "pool_bytes")


def max_memory_reserved(device: Device = None) -> int:
    """The most bytes that JAX's pool held on a GPU; 0 where there is none."""
    return _figure(device, "peak_pool_bytes", "pool_bytes")


def mem_get_info(device: Device = None) -> tuple[int, int]:
    """Bytes of a GPU that are free, and all that JAX may take.

    Raises:
        AssertionError: there is none.
    """
    require()
    stats = _stats(device)[1]
    most = int(stats.get("bytes_limit", 0))
    return most - int(stats.get("bytes_in_use", 0)), most


def memory_stats(device: Device = None) -> OrderedDict[str, Any]:
    """JAX's figures for a GPU by PyTorch's names; empty where there is none."""
    if not is_available():
        return OrderedDict()
    stats = _stats(device)[1]
    return OrderedDict([(name, int(stats[field])) for name, field in _FIGURES.items() if field in stats])


def memory_stats_as_nested_dict(device: Device = None) -> dict[str, Any]:
    """`memory_stats` as dictionaries in dictionaries, one for each part of a name."""
    made: dict[str, Any] = {}
    for name, figure in memory_stats(device).items():
        *above, last = name.split(".")
        inner = made
        for part in above:
            inner = inner.setdefault(part, {})
        inner[last] = figure
    return made


def memory_summary(device: Device = None, abbreviated: bool = False) -> str:
    """`memory_stats` as a table.

    Raises:
        AssertionError: there is no GPU.
    """
    require()
    rows = [f"|{f'JAX memory summary, device ID {index_of(device)}':^60}|", "=" * 62]
    rows += [f"| {name:<36}| {figure:>20} |" for name, figure in memory_stats(device).items()]
    return "\n".join(["=" * 62, *rows, "=" * 62, ""])


def reset_peak_memory_stats(device: Device = None) -> None:
    """Let `max_memory_allocated` tell of what comes from now on.

    JAX keeps its own peak: until that is passed, what is used now is told.
    """
    if is_available():
        place, stats = _stats(device)
        _before.update({(place, field): int(stats[field]) for field in stats if field.startswith("peak_")})


def reset_accumulated_memory_stats(device: Device = None) -> None:
    """Nothing to do: JAX's counts go on."""


def reset_max_memory_allocated(device: Device = None) -> None:
    """See `reset_peak_memory_stats`; deprecated."""
    warn(
        "torch.cuda.reset_max_memory_allocated now calls torch.cuda.reset_peak_memory_stats, which resets /all/ peak memory "
        "stats.",
        FutureWarning,
    )
    reset_peak_memory_stats(device)


def reset_max_memory_cached(device: Device = None) -> None:
    """See `reset_peak_memory_stats`; deprecated."""
    warn(
        "torch.cuda.reset_max_memory_cached now calls torch.cuda.reset_peak_memory_stats, which resets /all/ peak memory "
        "stats.",
        FutureWarning,
    )
    reset_peak_memory_stats(device)


def memory_cached(device: Device = None) -> int:
    """See `memory_reserved`; deprecated."""
    warn("`torch.cuda.memory_cached` has been renamed to `torch.cuda.memory_reserved`", FutureWarning)
    return memory_reserved(device)


def max_memory_cached(device: Device = None) -> int:
    """See `max_memory_reserved`; deprecated."""
    warn("`torch.cuda.max_memory_cached` has been renamed to `torch.cuda.max_memory_reserved`", FutureWarning)
    return max_memory_reserved(device)


def list_gpu_processes(device: Device = None) -> str:
    """The processes that use a GPU, and their bytes, as the driver tells."""
    try:
        pynvml = library()
    except ModuleNotFoundError:
        return "pynvml module not found, please install nvidia-ml-py"
    place = index_of(device)
    found = asked(pynvml.nvmlDeviceGetComputeRunningProcesses, handle(place))
    rows = [f"process {each.pid:>10d} uses {each.usedGpuMemory / 2**20:>12.3f} MB GPU memory" for each in found]
    return "\n".join([f"GPU:{place}", *(rows or ["no processes are running"])])


_publish(globals())
