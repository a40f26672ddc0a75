"""Handles that take a hook away again."""

from torchlike._types.handles import RemovableHandle as RemovableHandle
