"""Adamax."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchlike.optim.optimizer import Optimizer, check_betas, check_numbers
from torchlike.tensor import Tensor

if TYPE_CHECKING:
    from torchlike.optim.optimizer import ParamsT


class Adamax(Optimizer):
    r"""Adam with the largest gradient, slowly forgotten, in the place of the root mean square.

    ``m = b1 m + (1 - b1) g``, ``u = max(b2 u, |g| + eps)``, ``p = p - lr / (1 - b1^t) * m / u``.

    Args:
        params: parameters or groups of them.
        lr: the learning rate.
        betas: how slowly the mean and the largest gradient are forgotten.
        eps: added to the gradient's size.
        weight_decay: how much of the parameter is added to its gradient.
        maximize: climb instead.

    Raises:
        ValueError: a number is out of its range.

    Example:
        >>> w = torch.ones(2, requires_grad=True)
        >>> optimizer = torch.optim.Adamax([w])

    Source: Kingma and Ba, Adam: A Method for Stochastic Optimization, 2014.
    """

    _state_names = {"mu": "exp_avg", "nu": "exp_inf"}
    _is_elementwise = True

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check_numbers(lr, epsilon=eps)
        check_betas(betas)
        check_numbers(lr, weight_decay=weight_decay)
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    @staticmethod
    def _transformation(hyper: dict, flags: dict):
        import optax

        steps = [optax.add_decayed_weights(hyper["weight_decay"])] if flags["decay"] else []
        scale = optax.scale_by_adamax(hyper["betas0"], hyper["betas1"], hyper["eps"])
        return optax.chain(*steps, scale, optax.scale(-hyper["lr"]))


Adamax.__module__ = "torchlike.optim"
