"""Adafactor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax.numpy as jnp

from torchlike.optim._rules import by_parameter, shrinking
from torchlike.optim.optimizer import Optimizer
from torchlike.tensor import Tensor

if TYPE_CHECKING:
    import jax

    from torchlike.optim.optimizer import ParamsT


class Adafactor(Optimizer):
    r"""Adam's scaling with a row and a column in the place of each matrix of squared gradients.

    Args:
        params: parameters or groups of them.
        lr: the largest relative step.
        beta2_decay: the power of the step's number with which the means forget.
        eps: the smallest root mean square to divide by (the dtype's `eps` if None), and the smallest size of a parameter
            that a step is relative to.
        d: the largest root mean square of a step.
        weight_decay: how much the parameters shrink, times `lr`.
        maximize: climb instead.

    Raises:
        ValueError: a number is out of its range.
        RuntimeError: in a step, a parameter is complex.

    Example:
        >>> w = torch.ones(2, 3, requires_grad=True)
        >>> optimizer = torch.optim.Adafactor([w])

    Source: Shazeer and Stern, Adafactor: Adaptive Learning Rates with Sublinear Memory Cost, 2018.
    """

    _takes_complex = False
    _is_decoupled = True

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-2,
        beta2_decay: float = -0.8,
        eps: tuple[float | None, float] = (None, 1e-3),
        d: float = 1.0,
        weight_decay: float = 0.0,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
    ) -> None:
        if isinstance(lr, Tensor) and lr.numel() != 1:
            raise ValueError("Tensor lr must be 1-element")
        if not 0.0 <= lr:
            raise ValueError(f"Learning rate should be >= 0 but is: {lr}")
        if not 0.0 >= beta2_decay:
            raise ValueError(f"beta2_decay should be <= 0 but is: {beta2_decay}")
        if eps[0] is not None and not 0.0 <= eps[0]:
            raise ValueError(f"epsilon1 should be >= 0 but is: {eps[0]}")
        if not 0.0 <= eps[1]:
            raise ValueError(f"epsilon2 should be >= 0 but is: {eps[1]}")
        if not 1.0 <= d:
            raise ValueError(f"Clipping threshold d should be >= 1 but is: {d}")
        if not 0.0 <= weight_decay:
            raise ValueError(f"weight_decay should be >= 0 but is: {weight_decay}")
        defaults = {
            "lr": lr,
            "beta2_decay": beta2_decay,
            "eps": eps,
            "d": d,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
        }
        super().__init__(params, defaults)

    def _static_options(self, group: dict) -> dict:
        return {**super()._static_options(group), "least": group["eps"][0]}

    def _hyper_numbers(self, group: dict) -> dict:
        return {**super()._hyper_numbers(group), "size": float(group["eps"][1])}

    @staticmethod
    def _transformation(hyper: dict, flags: dict):
        lr = hyper["lr"]

        def step(
            grad: jax.Array, param: jax.Array, count: jax.Array, _: Any, rows: Any, columns: Any, squares: jax.Array
        ):
            least = jnp.finfo(param.dtype).eps if flags["least"] is None else flags["least"]
            forgets = count ** hyper["beta2_decay"]
            rate = jnp.maximum(hyper["size"], _rms(param)) * jnp.minimum(lr, 1 / count**0.5)
            if grad.ndim > 1:
                rows = rows + forgets * (jnp.mean(grad * grad, -1, keepdims=True) - rows)
                columns = columns + forgets * (jnp.mean(grad * grad, -2, keepdims=True) - columns)
                estimate = rows * columns / jnp.maximum(jnp.mean(rows, -2, keepdims=True), least)
            else:
                estimate = squares = squares + forgets * (grad * grad - squares)
            change = grad / jnp.sqrt(jnp.maximum(estimate, least * least))
            rate = rate / jnp.maximum(1, _rms(change) / hyper["d"])
            return shrinking(-rate * change, param, hyper, flags), rows, columns, squares

        def mean_over(dim: int):
            def start(param: jax.Array):
                return jnp.zeros_like(jnp.mean(param, dim, keepdims=True)) if param.ndim > 1 else None

            return start

        arrays = {
            "row_var": mean_over(-1),
            "col_var": mean_over(-2),
            "variance": lambda param: None if param.ndim > 1 else jnp.zeros_like(param),
        }
        return by_parameter(step, arrays)


def _rms(array: jax.Array):
    return jnp.sqrt(jnp.mean(array * array))


Adafactor.__module__ = "torchlike.optim"
