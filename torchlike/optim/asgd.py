"""Averaged stochastic gradient descent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax.numpy as jnp

from torchlike.optim._rules import by_parameter, decayed, times
from torchlike.optim.optimizer import Optimizer, check_numbers
from torchlike.tensor import Tensor

if TYPE_CHECKING:
    import jax

    from torchlike.optim.optimizer import ParamsT


class ASGD(Optimizer):
    r"""Gradient descent that also keeps the mean of where it has been, as ``state[p]["ax"]``.

    ``p = p (1 - lambd eta) - eta g`` with ``eta = lr / (1 + lambd lr t)^alpha``, ``ax = ax + mu (p - ax)`` with ``mu = 1 /
    max(1, t - t0)``.

    Args:
        params: parameters or groups of them.
        lr: the learning rate.
        lambd: how fast it falls, and how much the parameters shrink.
        alpha: the power with which it falls.
        t0: the step from which on the mean is taken.
        weight_decay: how much of the parameter is added to its gradient.
        maximize: climb instead.

    Raises:
        ValueError: a number is out of its range.

    Example:
        >>> w = torch.ones(2, requires_grad=True)
        >>> optimizer = torch.optim.ASGD([w])

    Source: Polyak and Juditsky, Acceleration of stochastic approximation by averaging, 1992.
    """

    _is_elementwise = True

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check_numbers(lr, weight_decay=weight_decay)
        defaults = {
            "lr": lr,
            "lambd": lambd,
            "alpha": alpha,
            "t0": t0,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    @staticmethod
    def _transformation(hyper: dict, flags: dict):
        lr, lambd = hyper["lr"], hyper["lambd"]

        def step(grad: jax.Array, param: jax.Array, count: jax.Array, numbers: Any, mean: jax.Array):
            eta, mu, _, _ = numbers
            grad = decayed(grad, param, hyper, flags)
            new = times(1 - lambd * eta, param) - times(eta, grad)
            return new - param, jnp.where(mu == 1, new, mean + times(mu, new - mean))

        def advance(count: jax.Array, eta: jax.Array, mu: jax.Array):
            return lr / (1 + lambd * lr * count) ** hyper["alpha"], 1 / jnp.maximum(1, count - hyper["t0"])

        return by_parameter(step, {"ax": jnp.zeros_like}, {"eta": lr, "mu": 1.0}, advance)


ASGD.__module__ = "torchlike.optim"
