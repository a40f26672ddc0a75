"""RMSprop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax.numpy as jnp

from torchlike.optim._rules import by_parameter, decayed
from torchlike.optim.optimizer import Optimizer, check_numbers
from torchlike.tensor import Tensor

if TYPE_CHECKING:
    import jax

    from torchlike.optim.optimizer import ParamsT


class RMSprop(Optimizer):
    r"""Steps divided by the root of a running mean of the gradient's square.

    ``v = alpha v + (1 - alpha) g^2``, ``p = p - lr * g / (sqrt(v) + eps)``; centered, ``v`` has the square of a running
    mean of the gradient taken off.

    Args:
        params: parameters or groups of them.
        lr: the learning rate.
        alpha: how slowly the mean forgets.
        eps: added to the root.
        weight_decay: how much of the parameter is added to its gradient.
        momentum: how much of the last step is kept.
        centered: divide by the gradient's estimated deviation.
        maximize: climb instead.

    Raises:
        ValueError: a number is out of its range.

    Example:
        >>> w = torch.ones(2, requires_grad=True)
        >>> optimizer = torch.optim.RMSprop([w], lr=0.01, momentum=0.9)

    Source: Hinton, Neural Networks for Machine Learning, lecture 6, 2012; Graves, Generating Sequences With Recurrent
    Neural Networks, 2013.
    """

    _is_elementwise = True

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_numbers(lr, epsilon=eps, momentum=momentum, weight_decay=weight_decay, alpha=alpha)
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "alpha": alpha,
            "eps": eps,
            "centered": centered,
            "weight_decay": weight_decay,
            "capturable": capturable,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _static_options(self, group: dict) -> dict:
        return {**super()._static_options(group), "momentum": group["momentum"] > 0, "centered": group["centered"]}

    @staticmethod
    def _transformation(hyper: dict, flags: dict):
        names = ["square_avg"] + ["momentum_buffer"] * flags["momentum"] + ["grad_avg"] * flags["centered"]

        def step(grad: jax.Array, param: jax.Array, count: jax.Array, _: Any, *arrays: Any):
            state = dict(zip(names, arrays, strict=True))
            grad, alpha = decayed(grad, param, hyper, flags), hyper["alpha"]
            mean = state["square_avg"] = alpha * state["square_avg"] + (1 - alpha) * grad * grad
            if flags["centered"]:
                state["grad_avg"] = state["grad_avg"] + (1 - alpha) * (grad - state["grad_avg"])
                mean = mean - state["grad_avg"] * state["grad_avg"]
            change = grad / (jnp.sqrt(mean) + hyper["eps"])
            if flags["momentum"]:
                change = state["momentum_buffer"] = hyper["momentum"] * state["momentum_buffer"] + change
            return -hyper["lr"] * change, *state.values()

        return by_parameter(step, dict.fromkeys(names, jnp.zeros_like))


RMSprop.__module__ = "torchlike.optim"
