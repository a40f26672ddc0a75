"""Caches with a bound, whose hot entries cost no more than in a dictionary."""

from __future__ import annotations

import functools
import marshal
from typing import Any, Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")
MOST = 2048  # entries of a generation: some 1.5 KiB each, of a spec
# keeps what a function returns: of that many arguments, the last ones, which are told apart by their types, too
remembered = functools.lru_cache(maxsize=2 * MOST, typed=True)


class Cache(dict[K, V], Generic[K, V]):
    """A dictionary of what can be made anew, which forgets what was not asked for in a long time.

    There are two generations. What is new, or was asked for, is in the young one, which is the dictionary itself: to
    find it there is a dictionary's own look-up. When that is full it becomes the old one, and what nobody has asked for
    since it became old is forgotten. So the last `MOST` entries that were used are there, and at most twice as many.

    ``cache[key]`` is None where there is nothing; ``get``, ``in`` and iterating tell of the young generation alone.
    """

    __slots__ = ("_old",)

    def __init__(self) -> None:
        super().__init__()
        self._old: dict[K, V] = {}

    def __missing__(self, key: K) -> V | None:
        found = self._old.get(key)
        if found is not None:
            self[key] = found
        return found

    def __setitem__(self, key: K, value: V) -> None:
        if len(self) >= MOST:
            self._old = dict(self)
            super().clear()
        super().__setitem__(key, value)

    def setdefault(self, key: K, value: V) -> V:
        """What is kept under a key, `value` if that is nothing yet."""
        found = self[key]
        if found is None:
            self[key] = found = value
        return found

    def clear(self) -> None:
        """Forget everything."""
        super().clear()
        self._old.clear()


INEXACT = frozenset((bool, float, complex, tuple))  # types of which equal ones may not be the same


def exact(given: Any) -> Any:
    """A part of a key that is equal for the same argument alone.

    To Python ``1``, ``1.0`` and ``True`` are equal, and so are the zeros; a NaN is not even equal to itself.
    """
    if isinstance(given, list):
        given = tuple(given)
    if type(given) not in INEXACT:
        return given
    try:
        return marshal.dumps(given, 0)
    except ValueError:  # of a tuple in which there is more than numbers and names
        return (tuple, *map(exact, given))
