"""Handles that take a hook away again."""

from __future__ import annotations

from typing import Any
from weakref import ref


class RemovableHandle:
    """Removes a hook from the dictionary that holds it; a context manager, too.

    It can be copied and pickled together with that dictionary: the copy removes the copied hook.

    Args:
        hooks_dict: where the hook is, by the handle's `id`.
        extra_dict: other dictionaries with an entry of the same id.
    """

    next_id = 0

    def __init__(self, hooks_dict: Any, *, extra_dict: Any = None) -> None:
        self.id = RemovableHandle.next_id
        RemovableHandle.next_id += 1
        extra = [] if extra_dict is None else extra_dict if isinstance(extra_dict, list) else [extra_dict]
        self._dicts = [_Holder(each) for each in (hooks_dict, *extra)]

    def remove(self) -> None:
        """Take the hook away."""
        for holder in self._dicts:
            holder.hooks.pop(self.id, None)

    def __getstate__(self) -> tuple:
        return self.id, [holder.hooks for holder in self._dicts]

    def __setstate__(self, state: tuple) -> None:
        self.id, dicts = state
        self._dicts = [_Holder(each) for each in dicts]
        RemovableHandle.next_id = max(RemovableHandle.next_id, self.id + 1)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exc: object) -> None:
        self.remove()


class _Holder:
    """A dictionary of hooks, held weakly where its type allows it."""

    def __init__(self, hooks: Any) -> None:
        try:
            self._hooks = ref(hooks)
        except TypeError:
            self._hooks = lambda: hooks

    @property
    def hooks(self) -> dict:
        hooks = self._hooks()
        return {} if hooks is None else hooks


RemovableHandle.__module__ = "torchlike.utils.hooks"
