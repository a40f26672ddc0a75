"""Muon."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import jax.numpy as jnp
from jax import lax

from torchlike._ops.arithmetic import lerped
from torchlike.optim._rules import by_parameter, shrinking
from torchlike.optim.optimizer import Optimizer
from torchlike.tensor import Tensor

if TYPE_CHECKING:
    import jax

    from torchlike.optim.optimizer import ParamsT


class Muon(Optimizer):
    r"""Momentum made orthogonal, for the matrices of hidden layers.

    ``b = b + (1 - momentum) (g - b)``; the step goes along the nearest matrix with equal singular values, found by
    Newton and Schulz's iteration in bfloat16.

    Args:
        params: matrices, or groups of them.
        lr: the learning rate.
        weight_decay: how much the parameters shrink, times `lr`.
        momentum: how slowly the mean of the gradients forgets.
        nesterov: look one step of the mean ahead.
        ns_coefficients: the iteration's three coefficients.
        eps: the smallest norm to divide by.
        ns_steps: how many iterations.
        adjust_lr_fn: how the step's size goes by the matrix's: ``"original"`` or ``"match_rms_adamw"``.

    Raises:
        ValueError: a number is out of its range, or a parameter is no matrix.

    Example:
        >>> w = torch.ones(2, 3, requires_grad=True)
        >>> optimizer = torch.optim.Muon([w])

    Source: Jordan et al., Muon: An optimizer for hidden layers in neural networks, 2024; Liu et al., Muon is Scalable
    for LLM Training, 2025.
    """

    _static_names = frozenset(("ns_coefficients", "ns_steps"))
    _takes_complex = False
    _is_decoupled = True

    def __init__(
        self,
        params: ParamsT,
        lr: float = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = (3.4445, -4.775, 2.0315),
        eps: float = 1e-7,
        ns_steps: int = 5,
        adjust_lr_fn: str | None = None,
    ) -> None:
        if isinstance(lr, Tensor) and lr.numel() != 1:
            raise ValueError("Tensor lr must be 1-element")
        for name, value in (("Learning rate", lr), ("momentum", momentum), ("weight decay", weight_decay)):
            if not 0.0 <= value:
                raise ValueError(f"{name} should be >= 0 but is: {value}")
        if adjust_lr_fn not in (None, "original", "match_rms_adamw"):
            raise ValueError(f"Adjust learning rate function {adjust_lr_fn} is not supported")
        defaults = {
            "lr": lr,
            "weight_decay": weight_decay,
            "momentum": momentum,
            "nesterov": nesterov,
            "ns_coefficients": ns_coefficients,
            "eps": eps,
            "ns_steps": ns_steps,
            "adjust_lr_fn": adjust_lr_fn,
        }
        super().__init__(params, defaults)
        for group in self.param_groups:
            for each in group["params"]:
                if each.ndim != 2:
                    raise ValueError(
                        f"Muon only supports 2D parameters whereas we found a parameter with size: {each.size()}"
                    )

    def _static_options(self, group: dict) -> dict:
        if group["ns_steps"] >= 100:
            raise ValueError("Number of steps must be less than 100 for computational efficiency")
        if len(group["ns_coefficients"]) != 3:
            raise ValueError("Coefficients must be a tuple of exactly 3 values")
        return {
            **super()._static_options(group),
            "nesterov": group["nesterov"],
            "coefficients": tuple(group["ns_coefficients"]),
            "steps": group["ns_steps"],
            "adjust": group["adjust_lr_fn"],
        }

    @staticmethod
    def _transformation(hyper: dict, flags: dict):
        momentum, lr = hyper["momentum"], hyper["lr"]

        def step(grad: jax.Array, param: jax.Array, count: jax.Array, _: Any, mean: jax.Array):
            blend: Any = lerped  # of arrays, here
            mean = blend(mean, grad, 1 - momentum)
            ahead = blend(grad, mean, momentum) if flags["nesterov"] else mean
            change = _orthogonal(ahead, hyper["eps"], flags["coefficients"], flags["steps"]).astype(param.dtype)
            rate = lr * _ratio(flags["adjust"], *param.shape)
            return shrinking(-rate * change, param, hyper, flags), mean

        return by_parameter(step, {"momentum_buffer": jnp.zeros_like}, counts=False)


def _ratio(adjust: str | None, rows: int, columns: int) -> float:
    """How a step's size goes by the matrix's."""
    if adjust == "match_rms_adamw":
        return 0.2 * math.sqrt(max(rows, columns))
    return math.sqrt(max(1, rows / columns))


def _orthogonal(matrix: Any, eps: Any, coefficients: tuple, steps: int):
    """The orthogonal factor of a matrix, roughly, by Newton and Schulz's iteration in bfloat16."""
    a, b, c = coefficients
    is_tall = matrix.shape[0] > matrix.shape[1]
    found = _to_bfloat16(matrix.T if is_tall else matrix)
    norm = _to_bfloat16(jnp.sqrt(jnp.sum(jnp.square(found))))
    found = _to_bfloat16(found / jnp.maximum(norm, _to_bfloat16(eps)))
    for _ in range(steps):
        gram = _to_bfloat16(found @ found.T)
        power = _to_bfloat16(b * gram + c * (gram @ gram))
        found = _to_bfloat16(a * found + power @ found)
    return found.T if is_tall else found


def _to_bfloat16(array: jax.Array):
    """Rounded to bfloat16, as float32; XLA leaves out conversions there and back."""
    return lax.reduce_precision(jnp.asarray(array, jnp.float32), 8, 7)


Muon.__module__ = "torchlike.optim"
