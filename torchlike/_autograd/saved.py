"""Tensors that are saved for a derivative: as they were, or as the user's hooks pack them."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Sequence
from typing import Any

from torchlike._autograd.modes import no_grad, state
from torchlike._autograd.tape import AccumulateGrad, GradNode, KeepingNode, Node, watch
from torchlike._autograd.variable import TensorBase
from torchlike._recorder.recorder import record

_PACKAGE = os.path.dirname(os.path.dirname(__file__))

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


class Packed:
    """What a node saved, packed by the user's hooks: unpacked whenever its derivative is asked for.

    Args:
        node: the node, which gives up its inputs.
        hooks: the pair (pack, unpack).
    """

    def __init__(self, node: GradNode, hooks: tuple) -> None:
        spec, kept, used = node.spec, node.inputs, node._used
        self.kinds, self.unpack = spec.inputs, hooks[1]
        self.rest = tuple(
            [each if isinstance(kind, type) else None for each, kind in zip(kept, self.kinds, strict=True)]
        )
        self.made = {
            place: packed(hooks[0], _tensor(kept[place], node._edges[place]))
            for place in used
            if not isinstance(self.kinds[place], type)
        }
        node._kept, node._restore = None, self

    def __call__(self, cotangents: list) -> tuple:
        """The inputs."""
        inputs = list(self.rest)
        for place, each in self.made.items():
            known, tensor = self.kinds[place], unpacked(self.unpack, each)
            inputs[place] = tensor.to(known.dtype).expand(known.shape)._value()
        return tuple(inputs)


def argument(node: GradNode, name: str) -> Any:
    """What PyTorch's nodes show as ``_saved_<name>``: an argument of the operation, or its result.

    Raises:
        AttributeError: there is no such argument, or the derivative does not use it.
        RuntimeError: it was freed by a backward.
    """
    call = node.spec.call
    nothing = AttributeError(f"'{type(node).__name__}' object has no attribute '_saved_{name}'")
    if call is None or name not in (*call.op.kinds, "result"):
        raise nothing
    if name == "result":
        if not {*node._used, *node.spec.numbers}.issuperset(range(len(node.spec.inputs))):
            raise nothing  # nor does it keep what it is made of
        return TensorBase._wrap(record(node.spec, _inputs(node))[0], (node, 0))
    place = call.place(name)
    if place is None:
        return call[name]
    if not node._saves:
        raise nothing
    if place not in node._used:
        return None
    given = _inputs(node)[place]
    return given if isinstance(node.spec.inputs[place], type) else _tensor(given, node._edges[place])


def _inputs(node: GradNode) -> tuple:
    return node.restored([]) if node.inputs is None else node.inputs


def _tensor(value: Any, edge: tuple | None) -> TensorBase:
    """A value as a tensor with its history: a leaf itself, where it still has this value."""
    if edge is not None and isinstance(edge[0], AccumulateGrad):
        leaf = edge[0].variable
        if leaf is not None and leaf._value() is value:
            return leaf
    return TensorBase._wrap(value, edge)


def _see(node: Node, inputs: Sequence) -> None:
    """Show a new node to those who asked for it."""
    for each in state.collectors:
        each(node)
    if state.saved_hooks and isinstance(node, GradNode) and not isinstance(node, KeepingNode) and node._saves:
        Packed(node, state.saved_hooks[-1])
    if state.anomaly:
        frames = [each for each in traceback.extract_stack() if not each.filename.startswith(_PACKAGE)]
        node.metadata["traceback_"] = traceback.format_list(frames)


def watch_nodes() -> None:
    """From now on nodes are shown to collectors, to hooks on what is saved and to anomaly mode."""
    watch(_see)
