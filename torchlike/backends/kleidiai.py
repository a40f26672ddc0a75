"""``torch.backends.kleidiai``: Arm's library, which is not used."""

from __future__ import annotations


def is_available() -> bool:
    """Whether it is used: no."""
    return False
