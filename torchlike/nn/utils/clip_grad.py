"""Clipping of gradients, without looking at their values on the host."""

from __future__ import annotations

import math
import types
import warnings
from collections.abc import Iterable
from typing import Any, cast

from torchlike._autograd.modes import no_grad
from torchlike._functions import making
from torchlike._ops.nn.clipping import clamped_values, scaled_to_norm, total_norm
from torchlike._recorder.writes import by_device, write_all
from torchlike.tensor import Tensor


def _listed(tensors: Any) -> list[Tensor]:
    return [tensors] if isinstance(tensors, Tensor) else list(tensors)


def _grads(parameters: Any) -> list[Tensor]:
    return [each.grad for each in _listed(parameters) if each.grad is not None]


@no_grad()
def get_total_norm(
    tensors: Tensor | Iterable[Tensor],
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """The norm of all tensors' elements as one vector.

    Args:
        tensors: one or several.
        norm_type: the order of the norm, ``inf`` for the largest absolute value.
        error_if_nonfinite: raise if the norm is not finite, which means to compute it now.
        foreach: has no effect: all tensors are dealt with at once.

    Returns:
        A scalar of the tensors' common dtype on the first one's device; 0 for no tensors.

    Raises:
        RuntimeError: for `error_if_nonfinite`, it is not finite.
    """
    groups, norm_type = by_device(_listed(tensors)), float(norm_type)
    if not groups:
        return cast(Tensor, making.tensor(0.0))
    norms = [total_norm(tuple(each), norm_type) for each in groups]
    total = norms[0]
    if len(norms) > 1:
        total = total_norm(tuple(each.to(total.device) for each in norms), norm_type)
    if error_if_nonfinite and not math.isfinite(total.item()):
        raise RuntimeError(
            f"The total norm of order {norm_type} for gradients from `parameters` is non-finite, so it cannot be "
            "clipped. To disable this error and scale the gradients by the non-finite norm anyway, set "
            "`error_if_nonfinite=False`"
        )
    return total


@no_grad()
def clip_grads_with_norm_(
    parameters: Tensor | Iterable[Tensor], max_norm: float, total_norm: Tensor, foreach: bool | None = None
) -> None:
    """Scale the gradients by ``max_norm / total_norm`` where that is less than 1.

    Args:
        parameters: one or several; those without gradient do not count.
        max_norm: the largest norm.
        total_norm: their norm, a scalar; see `get_total_norm`.
        foreach: has no effect: all gradients are dealt with at once.
    """
    max_norm = float(max_norm)
    for grads in by_device(_grads(parameters)):
        write_all(grads, scaled_to_norm(tuple(grads), total_norm.to(grads[0].device), max_norm))


def clip_grad_norm_(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Scale the gradients so that their norm, all together, is at most `max_norm`.

    Args:
        parameters: one or several; those without gradient do not count.
        max_norm: the largest norm.
        norm_type: the order of the norm, ``inf`` for the largest absolute value.
        error_if_nonfinite: raise if the norm is not finite, which means to compute it now.
        foreach: has no effect: all gradients are dealt with at once.

    Returns:
        The norm before, a scalar tensor.

    Raises:
        RuntimeError: for `error_if_nonfinite`, it is not finite; no gradient was changed.

    Example:
        >>> weight = torch.nn.Parameter(torch.ones(2))
        >>> weight.grad = torch.tensor([3.0, 4.0])
        >>> torch.nn.utils.clip_grad_norm_(weight, 1.0)
        tensor(5.)
        >>> weight.grad
        tensor([0.6000, 0.8000])
    """
    listed = _listed(parameters)
    if not listed and isinstance(parameters, types.GeneratorType):
        warnings.warn("`parameters` is an empty generator, no gradient clipping will occur.", stacklevel=2)
    total = get_total_norm(_grads(listed), norm_type, error_if_nonfinite)
    clip_grads_with_norm_(listed, max_norm, total)
    return total


def clip_grad_norm(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """The old name of `clip_grad_norm_`."""
    warnings.warn(
        "`torch.nn.utils.clip_grad_norm` is now deprecated in favor of `torch.nn.utils.clip_grad_norm_`.",
        FutureWarning,
        stacklevel=2,
    )
    return clip_grad_norm_(parameters, max_norm, norm_type, error_if_nonfinite, foreach)


@no_grad()
def clip_grad_value_(parameters: Tensor | Iterable[Tensor], clip_value: float, foreach: bool | None = None) -> None:
    """Clamp every gradient's elements to ``[-clip_value, clip_value]``.

    Args:
        parameters: one or several; those without gradient do not count.
        clip_value: the bound.
        foreach: has no effect: all gradients are dealt with at once.
    """
    bound = float(clip_value)
    for grads in by_device(_grads(parameters)):
        write_all(grads, clamped_values(tuple(grads), bound))


for _public in (get_total_norm, clip_grads_with_norm_, clip_grad_norm_, clip_grad_norm, clip_grad_value_):
    _public.__module__ = "torchlike.nn.utils"
