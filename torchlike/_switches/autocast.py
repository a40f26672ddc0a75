"""Questions about autocast: it is never on."""

from __future__ import annotations

import warnings

from torchlike._types import devices, dtypes

_CHOSEN = {
    **dict.fromkeys(("cpu", "hpu", "maia", "xla"), dtypes.bfloat16),
    **dict.fromkeys(("cuda", "hip", "ipu", "mps", "mtia", "privateuseone", "xpu"), dtypes.float16),
}


def _checked(name: str, device_type) -> str:
    if not isinstance(device_type, str):
        kind = type(device_type).__name__
        raise TypeError(f"{name}(): argument 'device_type' (position 1) must be str, not {kind}")
    return devices.device(device_type).type


def is_autocast_enabled(device_type: str = "cuda") -> bool:
    """Whether autocast is on for a kind of device.

    Raises:
        RuntimeError: there is no such kind.
    """
    _checked("is_autocast_enabled", device_type)
    return False


def get_autocast_dtype(device_type: str):
    """The dtype that autocast takes on a kind of device where none is named.

    Raises:
        RuntimeError: there is no such kind, or no dtype for it.
    """
    kind = _checked("get_autocast_dtype", device_type)
    if kind not in _CHOSEN:
        raise RuntimeError("unsupported scalarType")
    return _CHOSEN[kind]


def is_autocast_cache_enabled() -> bool:
    """Whether autocast would keep the weights that it has cast."""
    return True


def _deprecated(name: str, instead: str) -> None:
    warnings.warn(
        f"torch.{name}() is deprecated. Please use torch.{instead} instead.", DeprecationWarning, stacklevel=3
    )


def is_autocast_cpu_enabled() -> bool:
    """Whether autocast is on for the CPU; deprecated."""
    _deprecated("is_autocast_cpu_enabled", "is_autocast_enabled('cpu')")
    return False


def get_autocast_cpu_dtype():
    """The dtype that autocast takes on the CPU; deprecated."""
    _deprecated("get_autocast_cpu_dtype", "get_autocast_dtype('cpu')")
    return get_autocast_dtype("cpu")


def get_autocast_gpu_dtype():
    """The dtype that autocast takes on a GPU; deprecated."""
    _deprecated("get_autocast_gpu_dtype", "get_autocast_dtype('cuda')")
    return get_autocast_dtype("cuda")
