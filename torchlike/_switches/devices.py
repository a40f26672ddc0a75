"""The device where none is named, and the modules of devices."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import TYPE_CHECKING

import jax

from torchlike._recorder.recorder import recorder
from torchlike._types import devices

if TYPE_CHECKING:
    from torchlike.types import Device


def get_default_device() -> devices.device:
    """The device that tensors are made on where none is named.

    Example:
        >>> torch.get_default_device()
        device(type='cpu')
    """
    where = devices.default()
    return where if where.type == "cpu" else devices.resolve(where)


def set_default_device(device: Device) -> None:
    """Make tensors on another device where none is named; None takes that back.

    Raises:
        RuntimeError: there is no such kind of device.

    Example:
        >>> torch.set_default_device("cpu")
        >>> torch.get_default_device()
        device(type='cpu')
        >>> torch.set_default_device(None)
    """
    devices.set_default(None if device is None else devices.device(device))


def get_device_module(device: Device = None) -> ModuleType:
    """The module of a kind of device: ``torch.cuda``, ``torch.cpu``.

    Args:
        device: a device or its name; that of the accelerator by default, or of the CPU where there is none.

    Raises:
        RuntimeError: there is no such kind, or no module for it.

    Example:
        >>> torch.get_device_module("cpu") is torch.cpu
        True
    """
    if device is None:
        kind = "cuda" if devices.jax_devices("cuda") else "cpu"
    elif isinstance(device, (str, devices.device)):
        kind = devices.device(device).type
    else:
        raise RuntimeError(f"Invalid value of device '{device}', expect torch.device, str, or None")
    try:
        return importlib.import_module(f"torchlike.{kind}")
    except ModuleNotFoundError:
        raise RuntimeError(
            f"Device '{kind}' does not have a corresponding module registered as 'torch.{kind}'."
        ) from None


def synchronized() -> None:
    """Compute all that this thread has recorded, and wait until it is there."""
    recorder.flush("the program synchronizes")
    for each in jax.live_arrays():
        each.block_until_ready()
