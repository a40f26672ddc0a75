"""Modules as functions: ``functional_call``, ``stack_module_state``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torchlike._ops.joining import stack
from torchlike._programs.tracebacks import gate
from torchlike.nn.modules.batchnorm import _BatchNorm
from torchlike.nn.modules.module import Module
from torchlike.nn.utils._stateless import call_with
from torchlike.tensor import Tensor


@gate
def functional_call(
    module: Module,
    parameter_and_buffer_dicts: dict[str, Tensor] | Sequence[dict[str, Tensor]],
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """Call a module with other tensors in the place of its parameters and buffers.

    Args:
        module: what is called; it is afterwards as it was before.
        parameter_and_buffer_dicts: tensors by the names that they replace; several dictionaries must have distinct names.
        args: a tuple of positional arguments, or the only one.
        kwargs: the keyword arguments.
        tie_weights: whether a tensor that the module has under several names is replaced under all of them.
        strict: whether the names must be exactly those of the module.

    Raises:
        ValueError: the dictionaries are none, a name is given twice, or tied names get different tensors.
        RuntimeError: for `strict`, names are missing or too many.

    Example:
        >>> double = {"weight": torch.full((1, 1), 2.), "bias": torch.zeros(1)}
        >>> torch.func.functional_call(torch.nn.Linear(1, 1), double, torch.ones(1))
        tensor([2.])
    """
    return call_with(module, parameter_and_buffer_dicts, args, kwargs, tie_weights=tie_weights, strict=strict)


@gate
def stack_module_state(models: Sequence[Module]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Parameters and buffers of several modules of one class, stacked: what `vmap` of `functional_call` takes.

    Returns:
        (parameters, buffers) by name; the parameters are leaves of their own.

    Raises:
        RuntimeError: there is no module, or they differ in class, mode or in what requires grad.
    """
    if not len(models):
        raise RuntimeError("stack_module_state: Expected at least one model, got 0.")
    if len({each.training for each in models}) > 1:
        raise RuntimeError("stack_module_state: Expected all models to have the same training/eval mode.")
    if len({type(each) for each in models}) > 1:
        raise RuntimeError("stack_module_state: Expected all models to be of the same class.")
    params, buffers = (
        [dict(named(each)) for each in models] for named in (Module.named_parameters, Module.named_buffers)
    )
    return _stacked(params), _stacked(buffers)


def _stacked(states: list[dict[str, Any]]) -> dict[str, Any]:
    made = {}
    for name in states[0]:
        tensors = [each[name] for each in states]
        tracked = {each.requires_grad for each in tensors}
        if len(tracked) > 1:
            raise RuntimeError(f"Expected {name} from each model to have the same .requires_grad")
        made[name] = stack(tensors).detach().requires_grad_() if True in tracked else stack(tensors)
    return made


def replace_all_batch_norm_modules_(root: Module) -> Module:
    """Let all batch norms of a module go without running statistics, which `vmap` cannot update; returns the module."""
    for each in root.modules():
        if isinstance(each, _BatchNorm) and each.track_running_stats:
            each.running_mean = each.running_var = each.num_batches_tracked = None
            each.track_running_stats = False
    return root


for _public in (functional_call, stack_module_state, replace_all_batch_norm_modules_):
    _public.__module__ = "torchlike.func"
