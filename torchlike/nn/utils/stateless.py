"""``torch.nn.utils.stateless``: the old home of `torch.func.functional_call`."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from torchlike.nn.utils._stateless import call_with

if TYPE_CHECKING:
    from torchlike.nn.modules.module import Module


def functional_call(
    module: Module,
    parameters_and_buffers: dict,
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
):
    """Call a module with other tensors in the place of its parameters and buffers; deprecated.

    Args:
        module: what is called; it is afterwards as it was before.
        parameters_and_buffers: tensors by the names that they replace.
        args: a tuple of positional arguments, or the only one.
        kwargs: the keyword arguments.
        tie_weights: whether a tensor that the module has under several names is replaced under all of them.
        strict: whether the names must be exactly those of the module.

    Raises:
        ValueError: tied names get different tensors.
        RuntimeError: for `strict`, names are missing or too many.
    """
    warnings.warn(
        "`torch.nn.utils.stateless.functional_call` is deprecated as of PyTorch 2.0 and will be removed in a future "
        "version of PyTorch. Please use `torch.func.functional_call` instead which is a drop-in replacement.",
        FutureWarning,
        stacklevel=2,
    )
    return call_with(module, parameters_and_buffers, args, kwargs, tie_weights=tie_weights, strict=strict)


functional_call.__module__ = "torchlike.nn.utils.stateless"
