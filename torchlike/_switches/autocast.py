"""The switches of autocast, one by one; `torchlike.amp.autocast` sets them for a block."""

from __future__ import annotations

import warnings
from typing import Any

from torchlike._autocast import DEFAULTS, choose, dtype_of, state
from torchlike._types import devices, dtypes


def _checked(name: str, device_type: Any) -> str:
    if not isinstance(device_type, str):
        kind = type(device_type).__name__
        raise TypeError(f"{name}(): argument 'device_type' (position 1) must be str, not {kind}")
    return devices.device(device_type).type


def is_autocast_enabled(device_type: str = "cuda") -> bool:
    """Whether autocast is on for a kind of device.

    Raises:
        RuntimeError: there is no such kind.

    Example:
        >>> with torch.autocast("cpu"):
        ...     torch.is_autocast_enabled("cpu"), torch.is_autocast_enabled("cuda")
        (True, False)
    """
    return _checked("is_autocast_enabled", device_type) in state.enabled


def set_autocast_enabled(device_type: str, enabled: bool | None = None) -> None:
    """Switch autocast for a kind of device; with a bool alone for the GPU.

    Raises:
        RuntimeError: there is no such kind.

    Example:
        >>> torch.set_autocast_enabled("cpu", True)
        >>> torch.is_autocast_enabled("cpu")
        True
        >>> torch.set_autocast_enabled("cpu", False)
    """
    if enabled is None and isinstance(device_type, bool):
        device_type, enabled = "cuda", device_type
    choose(_checked("set_autocast_enabled", device_type), is_on=bool(enabled))


def is_autocast_available(device_type: str) -> bool:
    """Whether PyTorch has autocast for a kind of device.

    Raises:
        RuntimeError: there is no such kind.
    """
    return _checked("_is_autocast_available", device_type) in DEFAULTS


def get_autocast_dtype(device_type: str):
    """The dtype that autocast takes on a kind of device where none is named.

    Raises:
        RuntimeError: there is no such kind, or no dtype for it.

    Example:
        >>> torch.get_autocast_dtype("cpu")
        torch.bfloat16
    """
    kind = _checked("get_autocast_dtype", device_type)
    if kind not in DEFAULTS:
        raise RuntimeError("unsupported scalarType")
    return dtype_of(kind)


def set_autocast_dtype(device_type: str, dtype: dtypes.dtype | None) -> None:
    """Set the dtype that autocast takes on a kind of device.

    Raises:
        RuntimeError: there is no such kind.
        TypeError: it is no dtype.

    Example:
        >>> torch.set_autocast_dtype("cpu", torch.float16)
        >>> torch.get_autocast_dtype("cpu")
        torch.float16
        >>> torch.set_autocast_dtype("cpu", torch.bfloat16)
    """
    kind = _checked("set_autocast_dtype", device_type)
    if not isinstance(dtype, dtypes.dtype):
        named = type(dtype).__name__
        raise TypeError(f"set_autocast_dtype(): argument 'dtype' (position 2) must be torch.dtype, not {named}")
    choose(kind, dtype=dtype)


def is_autocast_cache_enabled() -> bool:
    """Whether autocast may keep the weights that it has cast.

    Example:
        >>> torch.is_autocast_cache_enabled()
        True
    """
    return state.is_cached


def set_autocast_cache_enabled(enabled: bool) -> None:
    """Set whether autocast may keep the weights that it has cast.

    Example:
        >>> torch.set_autocast_cache_enabled(True)
        >>> torch.is_autocast_cache_enabled()
        True
    """
    state.is_cached = bool(enabled)


def clear_autocast_cache() -> None:
    """Forget the weights that were cast: here casts are part of the programs, and none is kept.

    Example:
        >>> torch.clear_autocast_cache()
        >>> torch.is_autocast_cache_enabled()
        True
    """


def autocast_increment_nesting() -> int:
    """Note that a block begins; how many there are now.

    Example:
        >>> torch.autocast_increment_nesting(), torch.autocast_decrement_nesting()
        (1, 0)
    """
    state.nesting += 1
    return state.nesting


def autocast_decrement_nesting() -> int:
    """Note that a block ends; how many are left.

    Example:
        >>> torch.autocast_increment_nesting(), torch.autocast_decrement_nesting()
        (1, 0)
    """
    state.nesting -= 1
    return state.nesting


def _deprecated(name: str, instead: str, arguments: str = "") -> None:
    warnings.warn(
        f"torch.{name}({arguments}) is deprecated. Please use torch.{instead} instead.",
        DeprecationWarning,
        stacklevel=3,
    )


def is_autocast_cpu_enabled() -> bool:
    """Whether autocast is on for the CPU; deprecated.

    Example:
        >>> torch.is_autocast_cpu_enabled()
        False
    """
    _deprecated("is_autocast_cpu_enabled", "is_autocast_enabled('cpu')")
    return is_autocast_enabled("cpu")


def set_autocast_cpu_enabled(enabled: bool) -> None:
    """Switch autocast for the CPU; deprecated.

    Example:
        >>> torch.set_autocast_cpu_enabled(False)
        >>> torch.is_autocast_cpu_enabled()
        False
    """
    _deprecated("set_autocast_cpu_enabled", "set_autocast_enabled('cpu', enabled)", "enabled")
    set_autocast_enabled("cpu", enabled)


def get_autocast_cpu_dtype():
    """The dtype that autocast takes on the CPU; deprecated.

    Example:
        >>> torch.get_autocast_cpu_dtype()
        torch.bfloat16
    """
    _deprecated("get_autocast_cpu_dtype", "get_autocast_dtype('cpu')")
    return get_autocast_dtype("cpu")


def set_autocast_cpu_dtype(dtype: dtypes.dtype) -> None:
    """Set the dtype that autocast takes on the CPU; deprecated.

    Example:
        >>> torch.set_autocast_cpu_dtype(torch.bfloat16)
        >>> torch.get_autocast_cpu_dtype()
        torch.bfloat16
    """
    _deprecated("set_autocast_cpu_dtype", "set_autocast_dtype('cpu', dtype)", "dtype")
    set_autocast_dtype("cpu", dtype)


def get_autocast_gpu_dtype():
    """The dtype that autocast takes on a GPU; deprecated.

    Example:
        >>> torch.get_autocast_gpu_dtype()
        torch.float16
    """
    _deprecated("get_autocast_gpu_dtype", "get_autocast_dtype('cuda')")
    return get_autocast_dtype("cuda")


def set_autocast_gpu_dtype(dtype: dtypes.dtype) -> None:
    """Set the dtype that autocast takes on a GPU; deprecated.

    Example:
        >>> torch.set_autocast_gpu_dtype(torch.float16)
        >>> torch.get_autocast_gpu_dtype()
        torch.float16
    """
    _deprecated("set_autocast_gpu_dtype", "set_autocast_dtype('cuda', dtype)", "dtype")
    set_autocast_dtype("cuda", dtype)
