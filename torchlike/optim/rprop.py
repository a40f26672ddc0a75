"""Rprop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax.numpy as jnp

from torchlike.optim._rules import by_parameter
from torchlike.optim.optimizer import Optimizer, check_numbers
from torchlike.tensor import Tensor

if TYPE_CHECKING:
    import jax

    from torchlike.optim.optimizer import ParamsT


class Rprop(Optimizer):
    r"""Steps by the gradient's sign alone: longer while it stays, shorter where it changes.

    Args:
        params: parameters or groups of them.
        lr: the first step's length.
        etas: what the length is multiplied with where the sign has changed, and where it has stayed.
        step_sizes: the smallest and the largest length.
        maximize: climb instead.

    Raises:
        ValueError: a number is out of its range.

    Example:
        >>> w = torch.ones(2, requires_grad=True)
        >>> optimizer = torch.optim.Rprop([w])

    Source: Riedmiller and Braun, A direct adaptive method for faster backpropagation learning: the RPROP algorithm,
    1993.
    """

    _is_elementwise = True

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_numbers(lr)
        if not 0.0 < etas[0] < 1.0 < etas[1]:
            raise ValueError(f"Invalid eta values: {etas[0]}, {etas[1]}")
        defaults = {
            "lr": lr,
            "etas": etas,
            "step_sizes": step_sizes,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    @staticmethod
    def _transformation(hyper: dict, flags: dict):
        def step(grad: jax.Array, param: jax.Array, count: jax.Array, _: Any, last: jax.Array, length: jax.Array):
            sign = jnp.sign(grad * last)
            factor = jnp.where(sign > 0, hyper["etas1"], jnp.where(sign < 0, hyper["etas0"], 1))
            length = jnp.clip(length * factor, hyper["step_sizes0"], hyper["step_sizes1"])
            grad = jnp.where(sign < 0, 0, grad)
            return -jnp.sign(grad) * length, grad, length

        return by_parameter(
            step, {"prev": jnp.zeros_like, "step_size": lambda param: jnp.full_like(param, hyper["lr"])}
        )


Rprop.__module__ = "torchlike.optim"
