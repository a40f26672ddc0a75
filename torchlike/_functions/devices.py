"""Moving tensors between devices."""

from __future__ import annotations

import functools

from torchlike._autograd.modes import state
from torchlike._autograd.tape import Node, next_sequence
from torchlike._autograd.variable import TensorBase
from torchlike._ops import creation
from torchlike._recorder import moves
from torchlike._recorder.recorder import Value
from torchlike._types import device
from torchlike._types.places import place_of


class ToCopyBackward0(Node):
    """The node of a move: the gradient moves back."""

    def __init__(self, source: Value, edge: tuple) -> None:
        self._edges, self._outputs = (edge,), (source.aval,)
        self.source = source.aval.place
        self._sequence = next_sequence()

    def backward(self, cotangents: list, needed: tuple[bool, ...], create_graph: bool) -> list:
        """The gradient at the place that the tensor came from."""
        value, edge = cotangents[0]
        moved_back = moves.moved(value, self.source)
        return [(moved_back, (ToCopyBackward0(value, edge), 0) if create_graph and edge is not None else None)]

    def _release(self) -> None:
        """Nothing is saved."""


def moved(tensor: TensorBase, where: device) -> TensorBase:
    """The tensor on a device; itself if it is there."""
    if tensor._aval.device == where:
        return tensor
    value = tensor._value()
    edge = tensor._edge
    tracked = state.enabled and edge is not None
    return TensorBase._wrap(moves.moved(value, place_of(where)), (ToCopyBackward0(value, edge), 0) if tracked else None)


@functools.wraps(creation.copy.inplace)
def copy_(self, *args, **kwargs):
    if args and isinstance(args[0], TensorBase):
        args = (moved(args[0], self._aval.device), *args[1:])
    return creation.copy.inplace(self, *args, **kwargs)
