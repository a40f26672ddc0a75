"""The half-Cauchy distribution."""

from __future__ import annotations

import math
from typing import Any

from torchlike._functions.creation import full
from torchlike._functions.making import as_tensor
from torchlike._functions.selecting import where
from torchlike.distributions import constraints
from torchlike.distributions._half import Half
from torchlike.distributions.cauchy import Cauchy
from torchlike.distributions.transforms import AbsTransform
from torchlike.tensor import Tensor
from torchlike.types import _size

__all__ = ["HalfCauchy"]


class HalfCauchy(Half):
    """The distribution of ``|x|``, where ``x`` is Cauchy's with median 0.

    Args:
        scale: that of ``x``, positive, a tensor or a number.
        validate_args: see `Distribution`.

    Raises:
        ValueError: the argument is invalid.

    Example:
        >>> torch.distributions.HalfCauchy(torch.tensor([1.0])).entropy()
        tensor([1.8379])
    """

    arg_constraints = {"scale": constraints.positive}
    base_dist: Cauchy

    def __init__(self, scale: Tensor | float, validate_args: bool | None = None) -> None:
        super().__init__(Cauchy(0, scale, validate_args=False), AbsTransform(), validate_args=validate_args)

    def expand(self, batch_shape: _size, _instance: Any = None) -> HalfCauchy:
        return super().expand(batch_shape, _instance=self._get_checked_instance(HalfCauchy, _instance))

    @property
    def mean(self) -> Tensor:
        return full(self._extended_shape(), math.inf, dtype=self.scale.dtype, device=self.scale.device)

    @property
    def variance(self) -> Tensor:
        return self.base_dist.variance

    def log_prob(self, value: Tensor) -> Tensor:
        self._look_at(value)
        value = as_tensor(value, dtype=self.scale.dtype, device=self.scale.device)
        return where(value >= 0, self.base_dist.log_prob(value) + math.log(2), -math.inf)
