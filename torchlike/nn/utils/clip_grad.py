"""Clipping of gradients, without looking at their values on the host."""

from __future__ import annotations

import math
import types
import warnings

from torchlike._autograd.modes import no_grad
from torchlike._functions import making
from torchlike._functions.reductions import norm
from torchlike._ops.joining import stack
from torchlike.tensor import Tensor


def _listed(parameters) -> list[Tensor]:
    if isinstance(parameters, Tensor):
        return [parameters]
    return list(parameters)


def _grads(parameters) -> list[Tensor]:
    return [each.grad for each in _listed(parameters) if each.grad is not None]


def get_total_norm(tensors, norm_type: float = 2.0, error_if_nonfinite: bool = False, foreach=None) -> Tensor:
    """The norm of all tensors' elements as one vector.

    Raises:
        RuntimeError: for `error_if_nonfinite`, it is not finite.
    """
    tensors = _listed(tensors)
    norm_type = float(norm_type)
    if not tensors:
        return making.tensor(0.0)
    total = norm(stack([norm(each, norm_type) for each in tensors]), norm_type)
    if error_if_nonfinite and not math.isfinite(total.item()):
        raise RuntimeError(
            f"The total norm of order {norm_type} for gradients from `parameters` is non-finite, so it cannot be clipped. "
            "To disable this error and scale the gradients by the non-finite norm anyway, set `error_if_nonfinite=False`"
        )
    return total


def clip_grads_with_norm_(parameters, max_norm: float, total_norm: Tensor, foreach=None) -> None:
    """Scale the gradients by ``max_norm / total_norm`` where that is less than 1."""
    factor = (max_norm / (total_norm + 1e-6)).clamp(max=1.0)
    with no_grad():
        for grad in _grads(parameters):
            grad.mul_(factor)


def clip_grad_norm_(parameters, max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = False, foreach=None) -> Tensor:
    """Scale the gradients so that their norm, all together, is at most `max_norm`.

    Args:
        parameters: one or several; those without gradient do not count.
        max_norm: the largest norm.
        norm_type: the order of the norm.
        error_if_nonfinite: raise if the norm is not finite, which means to compute it now.

    Returns:
        The norm before, a scalar tensor.

    Raises:
        RuntimeError: for `error_if_nonfinite`, it is not finite.
    """
    if isinstance(parameters, types.GeneratorType) or not isinstance(parameters, Tensor):
        parameters = _listed(parameters)
    with no_grad():
        total = get_total_norm(_grads(parameters), norm_type, error_if_nonfinite)
        clip_grads_with_norm_(parameters, float(max_norm), total)
    return total


def clip_grad_norm(parameters, max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = False, foreach=None) -> Tensor:
    """The old name of `clip_grad_norm_`."""
    warnings.warn(
        "`torch.nn.utils.clip_grad_norm` is now deprecated in favor of `torch.nn.utils.clip_grad_norm_`.",
        FutureWarning,
        stacklevel=2,
    )
    return clip_grad_norm_(parameters, max_norm, norm_type, error_if_nonfinite, foreach)


def clip_grad_value_(parameters, clip_value: float, foreach=None) -> None:
    """Clamp every gradient's elements to ``[-clip_value, clip_value]``."""
    value = float(clip_value)
    with no_grad():
        for grad in _grads(parameters):
            grad.clamp_(-value, value)


for _public in (get_total_norm, clip_grads_with_norm_, clip_grad_norm_, clip_grad_norm, clip_grad_value_):
    _public.__module__ = "torchlike.nn.utils"
