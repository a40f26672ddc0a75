"""Public objects say where the public finds them."""

from __future__ import annotations

import sys
from types import FunctionType
from typing import Any


def publish(namespace: dict) -> None:
    """Make the functions and classes of a public module that come from private ones say that they are the module's.

    Args:
        namespace: the module's ``globals()``.
    """
    path = namespace["__name__"]
    for name, value in list(namespace.items()):
        if isinstance(value, (type, FunctionType)) and not _is_found(value):
            value.__module__ = path
            if isinstance(value, FunctionType):
                value.__name__ = value.__qualname__ = name


def _is_found(value: Any) -> bool:
    """Whether an object is another project's, or found where it says."""
    module = value.__module__ or ""
    if module.split(".")[0] != "torchlike":
        return True
    if any(part.startswith("_") for part in module.split(".")):
        return False
    return getattr(sys.modules.get(module), value.__name__, None) is value
