"""Methods that choose and change elements by index."""

from __future__ import annotations

from torchlike._functions import indexing


class IndexMethods:
    """Indexing."""

    __getitem__ = indexing.getitem
    __setitem__ = indexing.setitem
    __delitem__ = indexing.delitem
