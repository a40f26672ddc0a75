"""Moving tensors between devices."""

from __future__ import annotations

from torchlike._autograd.modes import state
from torchlike._autograd.tape import Node, next_sequence
from torchlike._autograd.variable import TensorBase
from torchlike._programs.aval import aval
from torchlike._programs.settings import put
from torchlike._recorder.recorder import Value
from torchlike._types import device, devices


def _put(value: Value, where: device) -> Value:
    """The value, computed and copied to a device."""
    known = value.aval
    array = put(value.compute("a tensor moves to another device"), devices.jax_device(where))
    return Value(aval(known.shape, known.dtype, where), array)


class ToCopyBackward0(Node):
    """The node of a move: the gradient moves back."""

    def __init__(self, source: Value, edge: tuple) -> None:
        self._edges, self._outputs = (edge,), (source.aval,)
        self.source = source.aval.device
        self._sequence = next_sequence()

    def backward(self, cotangents: list, needed: tuple[bool, ...], create_graph: bool) -> list:
        """The gradient on the device that the tensor came from."""
        value, edge = cotangents[0]
        moved_back = _put(value, self.source)
        return [(moved_back, (ToCopyBackward0(value, edge), 0) if create_graph and edge is not None else None)]

    def _release(self) -> None:
        """Nothing is saved."""


def moved(tensor: TensorBase, where: device) -> TensorBase:
    """The tensor on a device; itself if it is there."""
    known = tensor._aval
    if known.device == where:
        return tensor
    value = tensor._value()
    edge = tensor._edge
    tracked = state.enabled and edge is not None
    return TensorBase._wrap(_put(value, where), (ToCopyBackward0(value, edge), 0) if tracked else None)
