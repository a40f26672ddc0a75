"""Tensors that are saved for a derivative: as they were, or as the user's hooks pack them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torchlike._autograd.modes import no_grad, state
from torchlike._autograd.variable import TensorBase

IN_PLACE = (
    "A saved tensor pack hook is modifying its input in place. Tensors provided as input to pack hook cannot be modified by "
    "in-place operations as this can lead to unexpected side-effects. Please open an issue if you need to perform in-place "
    "operations on the input to a pack hook."
)


class SavedTensor:
    """A tensor as it was when it was saved, whatever is done to it later.

    Args:
        tensor: what is saved.
        edge: its place on the tape, where that is another than the tensor tells.
        is_output: whether it comes from the node that saves it, which the tensor would hold in a circle.
    """

    def __init__(self, tensor: TensorBase, edge: tuple | None = None, is_output: bool = False) -> None:
        self.edge = edge if is_output else tensor._tracked_edge
        self.hooks = state.saved_hooks[-1] if state.saved_hooks else None
        if self.hooks is None:
            self.value = tensor._value()
            self.tensor = None if is_output else tensor
            self.version = tensor._storage, tensor._storage.version
        else:
            self.packed = packed(self.hooks[0], tensor)

    def unpacked(self) -> TensorBase:
        """The tensor itself where it still is as it was, else one with the elements that it had."""
        if self.hooks is not None:
            return TensorBase._wrap(unpacked(self.hooks[1], self.packed)._value(), self.edge)
        tensor = self.tensor
        if tensor is not None and self.version == (tensor._storage, tensor._storage.version):
            return tensor
        return TensorBase._wrap(self.value, self.edge)


def packed(pack: Callable, tensor: TensorBase) -> Any:
    """What the user's hook makes of a tensor.

    Raises:
        RuntimeError: it changed the tensor in place.
    """
    before = tensor._storage.version
    with no_grad():
        made = pack(tensor)
    if tensor._storage.version != before:
        raise RuntimeError(IN_PLACE)
    return made


def unpacked(unpack: Callable, made: Any) -> TensorBase:
    """The tensor that the user's hook makes of what the other one made.

    Raises:
        TypeError: it is no tensor.
    """
    with no_grad():
        tensor = unpack(made)
    if not isinstance(tensor, TensorBase):
        raise TypeError(
            f"Output of saved tensor unpack_hook expected to be a Tensor but got result of type {type(tensor).__name__}"
        )
    return tensor
