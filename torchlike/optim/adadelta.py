"""Adadelta."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax.numpy as jnp

from torchlike.optim._rules import by_parameter, decayed
from torchlike.optim.optimizer import Optimizer, check_numbers
from torchlike.tensor import Tensor

if TYPE_CHECKING:
    import jax

    from torchlike.optim.optimizer import ParamsT


class Adadelta(Optimizer):
    r"""Steps in the units of the parameters: gradients times the ratio of two running root mean squares.

    ``v = rho v + (1 - rho) g^2``, ``d = sqrt(u + eps) / sqrt(v + eps) * g``, ``u = rho u + (1 - rho) d^2``, ``p = p -
    lr * d``.

    Args:
        params: parameters or groups of them.
        lr: scales the step.
        rho: how slowly the means forget.
        eps: added under the roots.
        weight_decay: how much of the parameter is added to its gradient.
        maximize: climb instead.

    Raises:
        ValueError: a number is out of its range.

    Example:
        >>> w = torch.ones(2, requires_grad=True)
        >>> optimizer = torch.optim.Adadelta([w])

    Source: Zeiler, ADADELTA: An Adaptive Learning Rate Method, 2012.
    """

    _is_elementwise = True

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_numbers(lr)
        if not 0.0 <= rho <= 1.0:
            raise ValueError(f"Invalid rho value: {rho}")
        check_numbers(lr, epsilon=eps, weight_decay=weight_decay)
        defaults = {
            "lr": lr,
            "rho": rho,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
            "capturable": capturable,
            "foreach": foreach,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    @staticmethod
    def _transformation(hyper: dict, flags: dict):
        rho, eps = hyper["rho"], hyper["eps"]

        def step(grad: jax.Array, param: jax.Array, count: jax.Array, _: Any, square: jax.Array, moved: jax.Array):
            grad = decayed(grad, param, hyper, flags)
            square = rho * square + (1 - rho) * grad * grad
            change = jnp.sqrt(moved + eps) / jnp.sqrt(square + eps) * grad
            return -hyper["lr"] * change, square, rho * moved + (1 - rho) * change * change

        return by_parameter(step, {"square_avg": jnp.zeros_like, "acc_delta": jnp.zeros_like})


Adadelta.__module__ = "torchlike.optim"
