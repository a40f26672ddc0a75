"""``torch.mtia``: there are no accelerators of Meta's."""

from __future__ import annotations


def is_available() -> bool:
    """Whether there is one: no."""
    return False


def device_count() -> int:
    """How many there are: none."""
    return 0


def is_initialized() -> bool:
    """Whether one is in use: no."""
    return False
