"""Hooks: handles that take one away again, and the hooks around a module's backward."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from torchlike._autograd.modes import state
from torchlike._autograd.variable import TensorBase
from torchlike._types.handles import RemovableHandle as RemovableHandle
from torchlike.autograd.function import Function

if TYPE_CHECKING:
    from torchlike.nn.modules.module import Module

_NO_GRAD_INPUTS = (
    "Full backward hook is firing when gradients are computed with respect to module outputs since no inputs require "
    "gradients. See "
    "https://docs.pytorch.org/docs/main/generated/torch.nn.Module.html#torch.nn.Module.register_full_backward_hook "
    "for more details."
)


class BackwardHook:
    """Marks the inputs and outputs of one call of a module on the tape, and calls hooks when the gradients pass.

    Args:
        module: what the hooks get as their first argument.
        user_hooks: called as ``hook(module, grad_inputs, grad_outputs)``; may return other gradients of the inputs.
        user_pre_hooks: called as ``hook(module, grad_outputs)``; may return other gradients of the outputs.
    """

    def __init__(self, module: Module, user_hooks: Sequence[Callable], user_pre_hooks: Sequence[Callable]) -> None:
        self.module = module
        self.user_hooks, self.user_pre_hooks = user_hooks, user_pre_hooks
        self.grad_outputs: tuple | None = None
        self._count = 0  # of inputs
        self._tracks_inputs = False

    def setup_input_hook(self, args: tuple) -> tuple:
        """The arguments, with a mark behind the tensors among them where one requires grad."""
        self._count = len(args)
        marked = _marked(args, lambda passed, given, known: known(passed), self._inputs_known)
        self._tracks_inputs = marked is not args
        return marked

    def setup_output_hook(self, args: Any):
        """What the module gave, with a mark before the tensors that leave it."""
        given = args if isinstance(args, tuple) else (args,)
        marked = _marked(given, lambda passed, given, known: known(given), self._outputs_known)
        return marked if isinstance(args, tuple) else marked[0]

    def _outputs_known(self, grads: tuple) -> tuple:
        """Called with the gradients of all outputs; returns those that go on into the module."""
        for hook in self.user_pre_hooks:
            grads = _changed(hook(self.module, grads), grads, "pre hook returned an invalid number of grad_output")
        if self._tracks_inputs:
            self.grad_outputs = grads
            return grads
        warnings.warn(_NO_GRAD_INPUTS, stacklevel=2)
        for hook in self.user_hooks:
            changed = hook(self.module, (None,) * self._count, grads)
            if changed is not None and not (isinstance(changed, tuple) and all(each is None for each in changed)):
                raise RuntimeError(
                    "Backward hook for Modules where no input requires gradient should always return None or None for "
                    "all gradients."
                )
        return grads

    def _inputs_known(self, grads: tuple) -> tuple:
        """Called with the gradients of all inputs; returns those that leave the module."""
        if self.grad_outputs is None:  # they came another way than through the outputs
            return grads
        for hook in self.user_hooks:
            changed = hook(self.module, grads, self.grad_outputs)
            grads = _changed(changed, grads, "hook returned an invalid number of grad_input")
        self.grad_outputs = None
        return grads


def _changed(changed: Any, grads: tuple, words: str) -> tuple:
    if changed is None:
        return grads
    if len(changed) != len(grads):
        raise RuntimeError(f"Backward {words}, got {len(changed)}, but expected {len(grads)}")
    return changed


def _marked(given: tuple, choose: Callable, known: Callable) -> tuple:
    """The same, its tensors passed through a node that calls ``known(grads)``; `given` itself where none has history.

    Args:
        choose: calls it with the gradients that the node passes on, zeros where none came, or with those that came.
        known: gets an entry for each of `given`, None where it is no tensor; returns as many.
    """
    places = [place for place, each in enumerate(given) if isinstance(each, TensorBase)]
    if not state.enabled or not any(given[place].requires_grad for place in places):
        return given

    def among_all(grads: tuple) -> tuple:
        full = [None] * len(given)
        for place, grad in zip(places, grads, strict=True):
            full[place] = grad
        found = known(tuple(full))
        return tuple(found[place] for place in places)

    def hook(passed: tuple, came: tuple) -> tuple:
        return choose(passed, came, among_all)

    passed: Any = BackwardHookFunction.apply(*[given[place] for place in places])
    next(each for each in passed if each.grad_fn is not None).grad_fn.register_hook(hook)
    marked = list(given)
    for place, each in zip(places, passed, strict=True):
        marked[place] = each
    return tuple(marked) if type(given) is tuple else type(given)(*marked)


class BackwardHookFunction(Function):
    """Passes tensors on, and their gradients back."""

    @staticmethod
    def forward(ctx: Any, *tensors: Any):
        ctx.mark_non_differentiable(*[each for each in tensors if not each.requires_grad])
        return tensors

    @staticmethod
    def backward(ctx: Any, *grads: Any):
        return grads


BackwardHook.__module__ = "torchlike.utils.hooks"
