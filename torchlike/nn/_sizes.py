"""Sizes as layers keep them."""

from __future__ import annotations

from typing import Any


def ntuple(value: Any, count: int) -> tuple:
    """One value for each of `count` dimensions; a sequence as it is."""
    return (value,) * count if isinstance(value, (int, float)) or value is None else tuple(value)
