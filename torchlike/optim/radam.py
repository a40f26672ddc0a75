"""RAdam."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax.numpy as jnp

from torchlike.optim._rules import by_parameter, decayed, shrinking
from torchlike.optim.optimizer import Optimizer, check_betas, check_numbers
from torchlike.tensor import Tensor

if TYPE_CHECKING:
    import jax

    from torchlike.optim.optimizer import ParamsT


class RAdam(Optimizer):
    r"""Adam whose first steps, where the second mean knows too little, go by the first mean alone.

    With ``r = 2 / (1 - b2) - 1`` and ``r_t = r - 2 t b2^t / (1 - b2^t)``: where ``r_t > 5`` the step of Adam times
    ``sqrt((r_t - 4) (r_t - 2) r / ((r - 4) (r - 2) r_t))``.

    Args:
        params: parameters or groups of them.
        lr: the learning rate.
        betas: how slowly the two means forget.
        eps: added to the root.
        weight_decay: how much of the parameter is added to its gradient.
        decoupled_weight_decay: shrink the parameter itself, as `AdamW` does.
        maximize: climb instead.

    Raises:
        ValueError: a number is out of its range.

    Example:
        >>> w = torch.ones(2, requires_grad=True)
        >>> optimizer = torch.optim.RAdam([w])

    Source: Liu et al., On the Variance of the Adaptive Learning Rate and Beyond, 2019.
    """

    _is_elementwise = True

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_numbers(lr, epsilon=eps)
        check_betas(betas)
        check_numbers(lr, weight_decay=weight_decay)
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "decoupled_weight_decay": decoupled_weight_decay,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    @staticmethod
    def _transformation(hyper: dict, flags: dict):
        b1, b2, lr = hyper["betas0"], hyper["betas1"], hyper["lr"]

        def step(grad: jax.Array, param: jax.Array, count: jax.Array, _: Any, mean: jax.Array, square: jax.Array):
            grad = decayed(grad, param, hyper, flags)
            mean = mean + (1 - b1) * (grad - mean)
            square = b2 * square + (1 - b2) * grad * grad
            rest = 1 - b2**count
            longest = 2 / (1 - b2) - 1
            length = longest - 2 * count * b2**count / rest
            ratio = (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)
            scaled = jnp.sqrt(rest) / (jnp.sqrt(square) + hyper["eps"]) * jnp.sqrt(ratio)
            change = lr * mean / (1 - b1**count) * jnp.where(length > 5, scaled, 1)
            return shrinking(-change, param, hyper, flags), mean, square

        return by_parameter(step, {"exp_avg": jnp.zeros_like, "exp_avg_sq": jnp.zeros_like})


RAdam.__module__ = "torchlike.optim"
