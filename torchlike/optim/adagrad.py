"""Adagrad."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax.numpy as jnp

from torchlike._functions.creation import full_like
from torchlike._functions.making import tensor
from torchlike.optim._rules import by_parameter, decayed
from torchlike.optim.optimizer import Optimizer, check_fused, check_numbers
from torchlike.tensor import Tensor

if TYPE_CHECKING:
    import jax

    from torchlike.optim.optimizer import ParamsT


class Adagrad(Optimizer):
    r"""Steps divided by the root of the sum of all squared gradients.

    ``s = s + g^2``, ``p = p - lr / (1 + (t - 1) lr_decay) * g / (sqrt(s) + eps)``.

    Args:
        params: parameters or groups of them.
        lr: the learning rate.
        lr_decay: how fast it falls.
        weight_decay: how much of the parameter is added to its gradient.
        initial_accumulator_value: the sum before the first step.
        eps: added to the root.
        maximize: climb instead.

    Raises:
        ValueError: a number is out of its range.

    Example:
        >>> w = torch.ones(2, requires_grad=True)
        >>> optimizer = torch.optim.Adagrad([w], lr=0.1)

    Source: Duchi, Hazan and Singer, Adaptive Subgradient Methods for Online Learning and Stochastic Optimization, 2011.
    """

    _is_elementwise = True

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        sums = {"initial_accumulator_value": initial_accumulator_value, "epsilon": eps}
        check_numbers(lr, lr_decay=lr_decay, weight_decay=weight_decay, **sums)
        defaults = {
            "lr": lr,
            "lr_decay": lr_decay,
            "eps": eps,
            "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)
        check_fused(defaults)
        for group in self.param_groups:
            for each in group["params"]:
                first = complex(*[initial_accumulator_value] * 2) if each.is_complex() else initial_accumulator_value
                self.state[each].update(step=tensor(0.0), sum=full_like(each, first))

    @staticmethod
    def _transformation(hyper: dict, flags: dict):
        def step(grad: jax.Array, param: jax.Array, count: jax.Array, _: Any, total: jax.Array):
            grad = decayed(grad, param, hyper, flags)
            total = total + grad * grad
            rate = hyper["lr"] / (1 + (count - 1) * hyper["lr_decay"])
            return -rate * (grad / (jnp.sqrt(total) + hyper["eps"])), total

        return by_parameter(step, {"sum": lambda param: jnp.full_like(param, hyper["initial_accumulator_value"])})


Adagrad.__module__ = "torchlike.optim"
