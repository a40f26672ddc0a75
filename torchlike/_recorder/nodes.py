"""The nodes of recordings that take no more."""

from __future__ import annotations

from typing import Any


class Closed(list):
    """The nodes of a recording that has run: whoever is adding one just now finds that it was not taken."""

    def append(self, node: Any) -> None:
        """Take nothing."""

    def __getitem__(self, place: Any):
        return [] if isinstance(place, slice) else None


CLOSED = Closed()


class Sealed(list):
    """The nodes of a recording that is yet to run, and takes no more: whoever is adding one finds that it was not taken."""

    def append(self, node: Any) -> None:
        """Take nothing."""

    def __getitem__(self, place: Any):
        return None if place == len(self) else super().__getitem__(place)
