"""Moving tensors between places, and their gradients back."""

from __future__ import annotations

from torchlike._autograd.modes import state
from torchlike._autograd.tape import Node, next_sequence
from torchlike._autograd.variable import TensorBase
from torchlike._recorder import moves
from torchlike._recorder.recorder import Value
from torchlike._types.places import Place


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


def moved(tensor: TensorBase, where: Place) -> TensorBase:
    """The tensor at a place; itself if it is there."""
    if tensor._aval.place is where:
        return tensor
    value = tensor._value()
    edge = tensor._edge
    tracked = state.enabled and edge is not None
    return TensorBase._wrap(moves.moved(value, where), (ToCopyBackward0(value, edge), 0) if tracked else None)
