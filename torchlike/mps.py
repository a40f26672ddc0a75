"""``torch.mps``: there is no Metal device."""

from __future__ import annotations


def is_available() -> bool:
    """Whether there is one: no."""
    return False


def device_count() -> int:
    """How many there are: none."""
    return 0


def manual_seed(seed: int) -> None:
    """Nothing to do: there is no generator."""


def empty_cache() -> None:
    """Give unused memory back.

    Raises:
        RuntimeError: always, as there is no device.
    """
    raise RuntimeError("Cannot execute emptyCache() without MPS backend.")


def synchronize() -> None:
    """Wait until the device has done what it was given.

    Raises:
        RuntimeError: always, as there is no device.
    """
    raise RuntimeError("Cannot execute deviceSynchronize() without MPS backend.")
