"""Sizes as layers keep them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def ntuple(value: Any, count: int) -> tuple:
    """What can be iterated over as a tuple; anything else for each of `count` dimensions."""
    return tuple(value) if isinstance(value, Iterable) else (value,) * count
