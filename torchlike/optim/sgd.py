"""Stochastic gradient descent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

import jax
import jax.numpy as jnp

from torchlike.optim.optimizer import Optimizer, check_fused
from torchlike.tensor import Tensor

if TYPE_CHECKING:
    from torchlike.optim.optimizer import ParamsT


class MomentumState(NamedTuple):
    """The momentum buffers; before the first step they are all zero."""

    momentum_buffer: list


class SGD(Optimizer):
    r"""Stochastic gradient descent, with momentum.

    ``v = momentum * v + (1 - dampening) * g``, ``p = p - lr * v``; with Nesterov momentum ``p = p - lr * (g +
    momentum * v)``. The first buffer is the gradient itself. Elsewhere (Sutskever et al.) the learning rate is
    multiplied into ``v`` instead.

    Args:
        params: parameters or groups of them.
        lr: the learning rate.
        momentum: how much of the last step goes on; 0 is none.
        dampening: how much of the gradient is left out of the momentum.
        weight_decay: how much of the parameter is added to its gradient.
        nesterov: look ahead (Nesterov's momentum).
        maximize: climb instead.

    Raises:
        ValueError: a number is negative, or `nesterov` without momentum or with dampening.

    Example:
        >>> w = torch.ones(2, requires_grad=True)
        >>> optimizer = torch.optim.SGD([w], lr=0.1, momentum=0.9)

    Source: Sutskever et al., On the importance of initialization and momentum in deep learning, 2013.
    """

    _is_elementwise = True

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float | Tensor = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        if isinstance(lr, Tensor) and lr.numel() != 1:
            raise ValueError("Tensor lr must be 1-element")
        if lr < 0.0:
            raise ValueError(f"Invalid learning rate: {lr}")
        if momentum < 0.0:
            raise ValueError(f"Invalid momentum value: {momentum}")
        if weight_decay < 0.0:
            raise ValueError(f"Invalid weight_decay value: {weight_decay}")
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        defaults = {
            **{"lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay},
            **{"nesterov": nesterov, "maximize": maximize, "foreach": foreach},
            **{"differentiable": differentiable, "fused": fused},
        }
        super().__init__(params, defaults)
        check_fused(defaults)

    def _static_options(self, group: dict) -> dict:
        return {**super()._static_options(group), "momentum": group["momentum"] != 0, "nesterov": group["nesterov"]}

    def _first_numbers(self, numbers: dict) -> dict:
        return {**numbers, "dampening": 0.0} if numbers["momentum"] else numbers

    @staticmethod
    def _transformation(hyper: dict, flags: dict):
        import optax

        steps = [optax.add_decayed_weights(hyper["weight_decay"])] if flags["decay"] else []
        if flags["momentum"]:
            steps.append(_momentum(hyper["momentum"], hyper["dampening"], flags["nesterov"]))
        return optax.chain(*steps, optax.scale(-hyper["lr"]))


def _momentum(decay: Any, dampening: Any, nesterov: bool):
    """`optax.trace` with PyTorch's dampening, which optax lacks."""
    import optax

    def init(params: Any):
        return MomentumState(jax.tree.map(jnp.zeros_like, params))

    def update(grads: Any, state: Any, params: Any = None):
        buffers = jax.tree.map(lambda g, v: decay * v + (1 - dampening) * g, grads, state.momentum_buffer)
        steps = jax.tree.map(lambda g, v: g + decay * v, grads, buffers) if nesterov else buffers
        return steps, MomentumState(buffers)

    return optax.GradientTransformation(init, cast(Any, update))


SGD.__module__ = "torchlike.optim"
