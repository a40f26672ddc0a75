"""Memory that is not there: said in PyTorch's words, and before a program has taken its inputs over."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np

MOST = 2**63 - 1  # bytes
LARGE = 2**26  # bytes: a program that needs as many is asked for them in time
SPARE = 2**25  # bytes: for what XLA's kernels take for themselves


class OutOfMemoryError(RuntimeError):
    """There is not so much memory on a GPU."""


OutOfMemoryError.__module__ = "torchlike"


def shortage(size: int) -> RuntimeError:
    """The error of memory that there is not so much of.

    Args:
        size: the bytes that were asked for.
    """
    return RuntimeError(
        f"[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate "
        f"{size} bytes. Error code 12 (Cannot allocate memory)"
    )


def told(error: BaseException) -> BaseException:
    """What PyTorch says where Python, NumPy or XLA are out of memory; any other error as it is."""
    if isinstance(error, MemoryError):
        shape, dtype = getattr(error, "shape", None), getattr(error, "dtype", None)
        return shortage(0 if shape is None or dtype is None else math.prod(shape) * np.dtype(dtype).itemsize)
    if isinstance(error, RuntimeError):
        found = re.search(r"Out of memory while trying to allocate (\d+) bytes", str(error))
        if found is not None:  # so a GPU's allocator says it
            return OutOfMemoryError(f"CUDA out of memory. Tried to allocate {_shown(int(found[1]))}.")
        found = re.search(r"[Oo]ut of memory.*?(\d+) bytes", str(error))
        if found is not None:
            return shortage(int(found[1]))
    return error


def _shown(size: int) -> str:
    """Bytes as PyTorch shows them: ``2.00 GiB``."""
    for unit, name in ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB")):
        if size >= unit:
            return f"{size / unit:.2f} {name}"
    return f"{size} bytes"


def check_size(shape: Sequence[int], itemsize: int) -> None:
    """Refuse more elements than an address can tell apart.

    Raises:
        RuntimeError: there would be more than 2**63 bytes.
    """
    if math.prod(shape) * itemsize > MOST:
        raise RuntimeError(f"Storage size calculation overflowed with sizes={list(shape)}")


def reserve(size: int, largest: int) -> None:
    """See that there is so much memory, for a program that is about to take it.

    Args:
        size: in bytes.
        largest: of the arrays that it will hold, for the error.

    Raises:
        RuntimeError: there is not.
    """
    if size > LARGE:
        try:
            np.empty(size + SPARE, np.uint8)
        except MemoryError:
            raise shortage(largest) from None
