"""What the driver tells of a GPU, by the library ``nvidia-ml-py``."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from torchlike.cuda._calls import index_of

if TYPE_CHECKING:
    from torchlike.types import Device


def handle(device: Any) -> Any:
    """The driver's handle of a GPU.

    Raises:
        ModuleNotFoundError: the library is not installed.
    """
    return asked(library().nvmlDeviceGetHandleByIndex, index_of(device))


def asked(function: Callable, *args: Any) -> Any:
    """What a function of the library answers."""
    library().nvmlInit()
    return function(*args)


def library() -> Any:
    """The library.

    Raises:
        ModuleNotFoundError: it is not installed.
    """
    try:
        return importlib.import_module("pynvml")
    except ModuleNotFoundError:
        raise ModuleNotFoundError("nvidia-ml-py does not seem to be installed or it can't be imported.") from None


def temperature(device: Device = None) -> int:
    """The temperature of a GPU in degrees Celsius.

    Raises:
        ModuleNotFoundError: ``nvidia-ml-py`` is not installed.
    """
    return asked(library().nvmlDeviceGetTemperature, handle(device), 0)


def power_draw(device: Device = None) -> int:
    """The power that a GPU takes, in milliwatts.

    Raises:
        ModuleNotFoundError: ``nvidia-ml-py`` is not installed.
    """
    return asked(library().nvmlDeviceGetPowerUsage, handle(device))


def clock_rate(device: Device = None) -> int:
    """The clock of a GPU's multiprocessors in MHz.

    Raises:
        ModuleNotFoundError: ``nvidia-ml-py`` is not installed.
    """
    return asked(library().nvmlDeviceGetClockInfo, handle(device), 1)


def utilization(device: Device = None) -> int:
    """The percentage of the last moments in which a GPU has computed.

    Raises:
        ModuleNotFoundError: ``nvidia-ml-py`` is not installed.
    """
    return asked(library().nvmlDeviceGetUtilizationRates, handle(device)).gpu


def memory_usage(device: Device = None) -> int:
    """The percentage of the last moments in which a GPU's memory was read or written.

    Raises:
        ModuleNotFoundError: ``nvidia-ml-py`` is not installed.
    """
    return asked(library().nvmlDeviceGetUtilizationRates, handle(device)).memory


def device_memory_used(device: Device = None) -> int:
    """Bytes of a GPU's memory that all processes take.

    Raises:
        ModuleNotFoundError: ``nvidia-ml-py`` is not installed.
    """
    return asked(library().nvmlDeviceGetMemoryInfo, handle(device)).used
