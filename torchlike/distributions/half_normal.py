"""The half-normal distribution."""

from __future__ import annotations

import math
from typing import Any

from torchlike._functions.selecting import where
from torchlike.distributions import constraints
from torchlike.distributions._half import Half
from torchlike.distributions.normal import Normal
from torchlike.distributions.transforms import AbsTransform
from torchlike.tensor import Tensor
from torchlike.types import _size

__all__ = ["HalfNormal"]


class HalfNormal(Half):
    """The distribution of ``|x|``, where ``x`` is normal with median 0.

    Args:
        scale: that of ``x``, positive, a tensor or a number.
        validate_args: see `Distribution`.

    Raises:
        ValueError: the argument is invalid.

    Example:
        >>> torch.distributions.HalfNormal(torch.tensor([1.0])).mean
        tensor([0.7979])
    """

    arg_constraints = {"scale": constraints.positive}
    base_dist: Normal

    def __init__(self, scale: Tensor | float, validate_args: bool | None = None) -> None:
        super().__init__(Normal(0, scale, validate_args=False), AbsTransform(), validate_args=validate_args)

    def expand(self, batch_shape: _size, _instance: Any = None) -> HalfNormal:
        return super().expand(batch_shape, _instance=self._get_checked_instance(HalfNormal, _instance))

    @property
    def mean(self) -> Tensor:
        return self.scale * math.sqrt(2 / math.pi)

    @property
    def variance(self) -> Tensor:
        return self.scale.pow(2) * (1 - 2 / math.pi)

    def log_prob(self, value: Tensor) -> Tensor:
        self._look_at(value)
        return where(value >= 0, self.base_dist.log_prob(value) + math.log(2), -math.inf)
