"""NAdam."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax.numpy as jnp

from torchlike.optim._rules import by_parameter, decayed, shrinking, times
from torchlike.optim.optimizer import Optimizer, check_betas, check_numbers
from torchlike.tensor import Tensor

if TYPE_CHECKING:
    import jax

    from torchlike.optim.optimizer import ParamsT


class NAdam(Optimizer):
    r"""Adam with Nesterov's momentum, which grows step by step.

    ``u_t = b1 (1 - 0.96^(t momentum_decay) / 2)``; the step is that of Adam with ``u_{t+1} m / (1 - u_1 ... u_{t+1}) + (1 -
    u_t) g / (1 - u_1 ... u_t)`` in the place of the corrected mean.

    Args:
        params: parameters or groups of them.
        lr: the learning rate.
        betas: how slowly the two means forget.
        eps: added to the root.
        weight_decay: how much of the parameter is added to its gradient.
        momentum_decay: how fast the momentum grows.
        decoupled_weight_decay: shrink the parameter itself, as `AdamW` does.
        maximize: climb instead.

    Raises:
        ValueError: a number is out of its range.

    Example:
        >>> w = torch.ones(2, requires_grad=True)
        >>> optimizer = torch.optim.NAdam([w])

    Source: Dozat, Incorporating Nesterov Momentum into Adam, 2016.
    """

    _is_elementwise = True

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_numbers(lr, epsilon=eps)
        check_betas(betas)
        check_numbers(lr, weight_decay=weight_decay, momentum_decay=momentum_decay)
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "momentum_decay": momentum_decay,
            "decoupled_weight_decay": decoupled_weight_decay,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    @staticmethod
    def _transformation(hyper: dict, flags: dict):
        b1, b2, lr = hyper["betas0"], hyper["betas1"], hyper["lr"]

        def momentum(count: jax.Array):
            return b1 * (1.0 - 0.5 * 0.96 ** (count * hyper["momentum_decay"]))

        def step(grad: jax.Array, param: jax.Array, count: jax.Array, numbers: Any, mean: jax.Array, square: jax.Array):
            grad = decayed(grad, param, hyper, flags)
            _, product = numbers
            mean = mean + (1 - b1) * (grad - mean)
            square = b2 * square + (1 - b2) * grad * grad
            root = jnp.sqrt(square / (1 - b2**count)) + hyper["eps"]
            now, then = momentum(count), momentum(count + 1)
            change = times((1 - now) / (1 - product), grad / root) + times(then / (1 - product * then), mean / root)
            return shrinking(-lr * change, param, hyper, flags), mean, square

        arrays = {"exp_avg": jnp.zeros_like, "exp_avg_sq": jnp.zeros_like}
        return by_parameter(step, arrays, {"mu_product": 1.0}, lambda count, product: [product * momentum(count)])


NAdam.__module__ = "torchlike.optim"
