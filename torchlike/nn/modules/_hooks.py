"""Hooks of modules: around `forward`, around the backward, and for all modules at once."""

from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Callable

from torchlike._autograd.variable import TensorBase
from torchlike.autograd.function import Function
from torchlike.nn.modules._state import registered
from torchlike.utils.hooks import RemovableHandle

global_forward_pre: OrderedDict = OrderedDict()
global_forward: OrderedDict = OrderedDict()
global_forward_kwargs: OrderedDict = OrderedDict()
global_forward_always: OrderedDict = OrderedDict()
global_backward_pre: OrderedDict = OrderedDict()
global_backward: OrderedDict = OrderedDict()


def register_module_forward_pre_hook(hook: Callable) -> RemovableHandle:
    """Call ``hook(module, args)`` before every module's `forward`; it may return other arguments."""
    return registered(global_forward_pre, hook)


def register_module_forward_hook(hook: Callable, *, with_kwargs: bool = False, always_call: bool = False) -> RemovableHandle:
    """Call ``hook(module, args, output)`` after every module's `forward`; it may return another output."""
    handle = registered(global_forward, hook, extra=[global_forward_kwargs, global_forward_always])
    if with_kwargs:
        global_forward_kwargs[handle.id] = True
    if always_call:
        global_forward_always[handle.id] = True
    return handle


def register_module_full_backward_pre_hook(hook: Callable) -> RemovableHandle:
    """Call ``hook(module, grad_output)`` before every module's backward; it may return other gradients."""
    return registered(global_backward_pre, hook)


def register_module_full_backward_hook(hook: Callable) -> RemovableHandle:
    """Call ``hook(module, grad_input, grad_output)`` after every module's backward; it may return other gradients."""
    return registered(global_backward, hook)


class HookMethods:
    """Registration of hooks, and the slow way through a call that has some."""

    def register_forward_pre_hook(self, hook: Callable, *, prepend: bool = False, with_kwargs: bool = False):
        """Call ``hook(module, args)`` before `forward`; it may return other arguments.

        Args:
            prepend: before the hooks that are there.
            with_kwargs: call ``hook(module, args, kwargs)``, which may return a pair.
        """
        handle = registered(
            self._forward_pre_hooks, hook, prepend=prepend, extra=self._forward_pre_hooks_with_kwargs
        )
        if with_kwargs:
            self._forward_pre_hooks_with_kwargs[handle.id] = True
        return handle

    def register_forward_hook(
        self, hook: Callable, *, prepend: bool = False, with_kwargs: bool = False, always_call: bool = False
    ):
        """Call ``hook(module, args, output)`` after `forward`; it may return another output.

        Args:
            prepend: before the hooks that are there.
            with_kwargs: call ``hook(module, args, kwargs, output)``.
            always_call: also when `forward` raised.
        """
        extra = [self._forward_hooks_with_kwargs, self._forward_hooks_always_called]
        handle = registered(self._forward_hooks, hook, prepend=prepend, extra=extra)
        if with_kwargs:
            self._forward_hooks_with_kwargs[handle.id] = True
        if always_call:
            self._forward_hooks_always_called[handle.id] = True
        return handle

    def register_full_backward_pre_hook(self, hook: Callable, prepend: bool = False):
        """Call ``hook(module, grad_output)`` when the gradients of the outputs are known; it may return others."""
        return registered(self._backward_pre_hooks, hook, prepend=prepend)

    def register_full_backward_hook(self, hook: Callable, prepend: bool = False):
        """Call ``hook(module, grad_input, grad_output)`` when the inputs' gradients are known; it may return others."""
        self._only_one_kind_of_backward_hooks(True)
        return registered(self._backward_hooks, hook, prepend=prepend)

    def register_backward_hook(self, hook: Callable):
        """Like `register_full_backward_hook`, for the last operation of the module only; deprecated."""
        self._only_one_kind_of_backward_hooks(False)
        return registered(self._backward_hooks, hook)

    def _only_one_kind_of_backward_hooks(self, full: bool) -> None:
        if self._is_full_backward_hook is (not full):
            raise RuntimeError(
                "Cannot use both regular backward hooks and full backward hooks on a single Module. Please use only one "
                "of them."
            )
        self._is_full_backward_hook = full

    # ------------------------------------------------------------------ a call with hooks

    def _call_with_hooks(self, *args, **kwargs):
        """`forward` with all hooks around it."""
        called: set = set()
        result = None
        try:
            args, kwargs = self._before(args, kwargs)
            backward = _BackwardHooks(self) if _wants_backward(self) else None
            if backward is not None:
                args = backward.inputs(args)
            result = self.forward(*args, **kwargs)
            for key, hook, with_kwargs in self._after():
                called.add(key)
                changed = hook(self, args, kwargs, result) if with_kwargs else hook(self, args, result)
                if changed is not None:
                    result = changed
            if backward is not None:
                result = backward.outputs(result)
            if self._is_full_backward_hook is False and self._backward_hooks:
                self._old_backward_hooks(result)
            return result
        except Exception:
            for key, hook, with_kwargs in self._after(always=True):
                if key not in called:
                    self._last_call(hook, with_kwargs, args, kwargs, result)
            raise

    def _last_call(self, hook: Callable, with_kwargs: bool, args: tuple, kwargs: dict, result) -> None:
        try:
            hook(self, args, kwargs, result) if with_kwargs else hook(self, args, result)
        except Exception as error:
            warnings.warn(
                f"module forward hook with ``always_call=True`` raised an exception that was silenced as another error was "
                f"raised in forward: {error!s}",
                stacklevel=4,
            )

    def _before(self, args: tuple, kwargs: dict) -> tuple[tuple, dict]:
        for hook in global_forward_pre.values():
            args = _as_args(hook(self, args), args)
        for key, hook in self._forward_pre_hooks.items():
            if key in self._forward_pre_hooks_with_kwargs:
                changed = hook(self, args, kwargs)
                if changed is not None:
                    if not (isinstance(changed, tuple) and len(changed) == 2):
                        raise RuntimeError(
                            f"forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got {changed}."
                        )
                    args, kwargs = changed
            else:
                args = _as_args(hook(self, args), args)
        return args, kwargs

    def _after(self, always: bool = False) -> list[tuple]:
        """(key, hook, whether it takes kwargs) of the hooks after `forward`."""
        found = [
            (("global", key), hook, key in global_forward_kwargs)
            for key, hook in global_forward.items()
            if not always or key in global_forward_always
        ]
        return found + [
            (key, hook, key in self._forward_hooks_with_kwargs)
            for key, hook in self._forward_hooks.items()
            if not always or key in self._forward_hooks_always_called
        ]

    def _old_backward_hooks(self, result) -> None:
        """Hang the deprecated hooks on the last operation."""
        while not isinstance(result, TensorBase):
            result = next(iter(result.values() if isinstance(result, dict) else result))
        node = result.grad_fn
        if node is not None:
            for hook in self._backward_hooks.values():
                registered(node.hooks_for("post_hooks"), lambda inputs, outputs, hook=hook: hook(self, inputs, outputs))


def _as_args(changed, args: tuple) -> tuple:
    if changed is None:
        return args
    return changed if isinstance(changed, tuple) else (changed,)


def _wants_backward(module) -> bool:
    full = module._is_full_backward_hook is not False
    return bool((full and module._backward_hooks) or module._backward_pre_hooks or global_backward or global_backward_pre)


class _BackwardHooks:
    """Marks a module's inputs and outputs on the tape, and calls its hooks when the gradients pass."""

    def __init__(self, module) -> None:
        self.module = module
        self.grad_outputs: tuple | None = None
        self.tracks_inputs = False

    def inputs(self, args: tuple) -> tuple:
        """The arguments, with a mark behind those that require grad."""
        marked, self.tracks_inputs = self._marked(args, self._inputs_known)
        return marked

    def outputs(self, result):
        """The result, with a mark before what leaves the module."""
        single = isinstance(result, TensorBase)
        if not single and not isinstance(result, tuple):
            return result
        marked, _ = self._marked((result,) if single else result, self._outputs_known)
        return marked[0] if single else type(result)(marked) if type(result) is tuple else result._make(marked)

    def _marked(self, given: tuple, known: Callable) -> tuple[tuple, bool]:
        places = [place for place, each in enumerate(given) if isinstance(each, TensorBase)]
        tensors = [given[place] for place in places]
        if not any(each.requires_grad for each in tensors):
            return given, False
        passed = _Mark.apply(lambda grads: known(grads, places, len(given)), *tensors)
        marked = list(given)
        for place, each in zip(places, passed, strict=True):
            marked[place] = each
        return tuple(marked), True

    def _outputs_known(self, grads: tuple, places: list[int], count: int) -> tuple:
        full = _spread(grads, places, count)
        hooks = [*global_backward_pre.values(), *self.module._backward_pre_hooks.values()]
        for hook in hooks:
            changed = hook(self.module, full)
            full = full if changed is None else _as_args(changed, full)
        self.grad_outputs = full
        if not self.tracks_inputs:
            self._call((None,))
        return tuple(full[place] for place in places)

    def _inputs_known(self, grads: tuple, places: list[int], count: int) -> tuple:
        full = self._call(_spread(grads, places, count))
        return tuple(full[place] for place in places)

    def _call(self, grad_inputs: tuple) -> tuple:
        hooks = list(global_backward.values())
        if self.module._is_full_backward_hook is not False:
            hooks += self.module._backward_hooks.values()
        for hook in hooks:
            changed = hook(self.module, grad_inputs, self.grad_outputs)
            grad_inputs = grad_inputs if changed is None else _as_args(changed, grad_inputs)
        return grad_inputs


def _spread(grads: tuple, places: list[int], count: int) -> tuple:
    full: list = [None] * count
    for place, grad in zip(places, grads, strict=True):
        full[place] = grad
    return tuple(full)


class _Mark(Function):
    """Passes tensors on, and calls back with their gradients."""

    @staticmethod
    def forward(ctx, known, *tensors):
        ctx.known = known
        ctx.set_materialize_grads(False)
        return tuple(each._alias() for each in tensors)

    @staticmethod
    def backward(ctx, *grads):
        return (None, *ctx.known(grads))
