"""Handles that take a hook away again."""

from __future__ import annotations

import itertools
from weakref import ref


class RemovableHandle:
    """Removes a hook from the dictionary that holds it; a context manager, too.

    Args:
        hooks_dict: where the hook is, by the handle's `id`.
        extra_dict: other dictionaries with an entry of the same id.
    """

    _ids = itertools.count()

    def __init__(self, hooks_dict, *, extra_dict=None) -> None:
        self.id = next(self._ids)
        extra = [] if extra_dict is None else extra_dict if isinstance(extra_dict, list) else [extra_dict]
        self._dicts = [_Holder(each) for each in (hooks_dict, *extra)]

    def remove(self) -> None:
        """Take the hook away."""
        for holder in self._dicts:
            holder.hooks.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exc) -> None:
        self.remove()


class _Holder:
    """A dictionary of hooks, held weakly where its type allows it."""

    def __init__(self, hooks) -> None:
        try:
            self._hooks = ref(hooks)
        except TypeError:
            self._hooks = lambda: hooks

    @property
    def hooks(self) -> dict:
        return self._hooks() or {}


RemovableHandle.__module__ = "torchlike.utils.hooks"
