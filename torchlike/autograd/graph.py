"""The tape, for those who walk it, hook into it, or pack what it saves."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Generator, Iterable, Sequence
from typing import TYPE_CHECKING, Any, cast

from torchlike._autograd.calls import GradientEdge as GradientEdge
from torchlike._autograd.modes import state
from torchlike._autograd.saved import watch_nodes
from torchlike._autograd.tape import Node as Node
from torchlike._autograd.variable import TensorBase
from torchlike._types.handles import RemovableHandle

if TYPE_CHECKING:
    from torchlike.tensor import Tensor

_NESTED = "allow_mutation_on_saved_tensors contexts cannot be nested"


class saved_tensors_hooks:
    """Within the block, tensors that are saved for a derivative are packed, and unpacked when it is computed.

    Only the innermost pair is called. What an operation saves is what its derivative uses of its inputs.

    Args:
        pack_hook: called with each tensor that is saved; may return anything.
        unpack_hook: called with what `pack_hook` returned; returns a tensor with the same elements.

    Raises:
        RuntimeError: on entry, where hooks are switched off; within the block, when `pack_hook` changes its argument.
        TypeError: on entry, when a hook cannot be called.

    Example:
        >>> x = torch.tensor([1.0, 2.0], requires_grad=True)
        >>> with torch.autograd.graph.saved_tensors_hooks(lambda x: x.detach().half(), lambda x: x.float()):
        ...     y = x * x
        >>> y.sum().backward()
        >>> x.grad
        tensor([2., 4.])
    """

    def __init__(self, pack_hook: Callable, unpack_hook: Callable) -> None:
        self.pack_hook, self.unpack_hook = pack_hook, unpack_hook

    def __enter__(self) -> None:
        if state.no_saved_hooks is not None:
            raise RuntimeError(state.no_saved_hooks)
        for each in (self.pack_hook, self.unpack_hook):
            if not callable(each):
                raise TypeError(f"hooks must be callable, but got {type(each).__name__}")
        watch_nodes()
        state.saved_hooks = (*state.saved_hooks, (self.pack_hook, self.unpack_hook))

    def __exit__(self, *error: Any) -> None:
        state.saved_hooks = state.saved_hooks[:-1]


class save_on_cpu(saved_tensors_hooks):
    """Within the block, tensors that are saved for a derivative lie in the host's memory until it is computed.

    Args:
        pin_memory: taken, and not needed.
        device_type: the devices that they come from.
    """

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        super().__init__(lambda tensor: (tensor.device, tensor.cpu()), lambda packed: packed[1].to(packed[0]))


@contextlib.contextmanager
def disable_saved_tensors_hooks(error_message: str) -> Generator[None]:
    """Within the block, hooks on what is saved are refused.

    Args:
        error_message: what the RuntimeError says.

    Raises:
        RuntimeError: there are such hooks already.
    """
    if state.saved_hooks:
        raise RuntimeError(error_message)
    before, state.no_saved_hooks = state.no_saved_hooks, error_message
    try:
        yield
    finally:
        state.no_saved_hooks = before


class _Mutations:
    """What `allow_mutation_on_saved_tensors` gives: nothing has to be kept."""

    def clear(self) -> None:
        """Forget what is kept."""


@contextlib.contextmanager
def allow_mutation_on_saved_tensors() -> Generator[_Mutations]:
    """Within the block, tensors that are saved for a derivative may be changed: it uses them as they were, as anywhere here.

    Raises:
        RuntimeError: within another such block.
    """
    if state.allows_mutation:
        raise RuntimeError(_NESTED)
    state.allows_mutation = True
    try:
        yield _Mutations()
    finally:
        state.allows_mutation = False


def increment_version(tensor: Tensor | Iterable[Tensor]) -> None:
    """Count a change of a tensor's elements, or of several tensors', that was made by other means."""
    for each in (tensor,) if isinstance(tensor, TensorBase) else tensor:
        each._count_writing()


def get_gradient_edge(tensor: TensorBase) -> GradientEdge:
    """Where the gradient of a tensor arrives: `torch.autograd.grad` takes it in the tensor's place.

    Raises:
        RuntimeError: the tensor requires no grad.
    """
    if not tensor.requires_grad:
        raise RuntimeError("It is not possible to get the gradient edge for a Tensor that does not require gradients")
    return GradientEdge(*cast(Any, tensor._tracked_edge))


class _Handles(RemovableHandle):
    """Removes several hooks at once."""

    def __init__(self, handles: tuple) -> None:
        self.handles = handles

    def remove(self) -> None:
        for each in self.handles:
            each.remove()

    def __getstate__(self) -> tuple:
        return self.handles

    def __setstate__(self, state: tuple) -> None:
        self.handles = state


def register_multi_grad_hook(tensors: Sequence, fn: Callable, *, mode: str = "all") -> RemovableHandle:
    """Call a function once in each backward, when the gradients of several tensors are known.

    Args:
        tensors: the tensors; those that a backward does not come to are not waited for.
        fn: called with a list of the gradients, None for those that were not waited for; for ``"any"`` with the first.
        mode: ``"all"`` or ``"any"``.

    Returns:
        A handle that removes the hook.

    Raises:
        ValueError: another mode.
    """
    if mode not in ("all", "any"):
        raise ValueError(f"Expects mode to be one of ('all', 'any') but got {mode}")
    tensors = tuple(tensors)
    nodes = [each._tracked_edge[0] for each in tensors if each.requires_grad]
    told: dict = {}  # for each walk of the tape the gradients so far, and how many there will be

    def known(place: int, grad: Any) -> None:
        walk = state.run
        if walk not in told:
            told.clear()  # of walks that have ended
            told[walk] = [None] * len(tensors), [sum(walk.will_run(node) for node in nodes)]
        grads, left = told[walk]
        grads[place], left[0] = grad, left[0] - 1
        if mode == "any" and left[0] >= 0:
            left[0] = 0
            fn(grad)
        elif mode == "all" and left[0] == 0:
            fn(grads)

    chosen = [(place, each) for place, each in enumerate(tensors) if mode == "all" or each.requires_grad]
    return _Handles(tuple([each.register_hook(functools.partial(known, place)) for place, each in chosen]))


Node.__module__ = "torchlike.autograd.graph"
