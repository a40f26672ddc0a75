"""Marks on functions of the library that whoever watches it run goes by: its code objects."""

from __future__ import annotations

from collections.abc import Callable
from types import CodeType
from typing import TypeVar

F = TypeVar("F", bound=Callable)
# what tells more than a later run of the same operations could know, or changes more
BREAKING: set[CodeType] = set()
# what traces an operation, once: hundreds of thousands of calls of JAX's, which read nothing of the user's
UNWATCHED: set[CodeType] = set()


def breaks_capture(fn: F) -> F:
    """Mark a function: a compiled function that calls it is recorded at every call."""
    BREAKING.add(fn.__code__)
    return fn


def unwatched(fn: F) -> F:
    """Mark a function that is not watched: it traces an operation, or makes code."""
    UNWATCHED.add(fn.__code__)
    return fn
