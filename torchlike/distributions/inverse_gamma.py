"""The inverse gamma distribution."""

from __future__ import annotations

from math import inf
from typing import Any

from torchlike._functions.selecting import where
from torchlike.distributions import constraints
from torchlike.distributions.gamma import Gamma
from torchlike.distributions.transformed_distribution import TransformedDistribution
from torchlike.distributions.transforms import PowerTransform
from torchlike.tensor import Tensor
from torchlike.types import _size

__all__ = ["InverseGamma"]


class InverseGamma(TransformedDistribution):
    """The distribution of ``1 / x``, where ``x`` has a `Gamma` distribution.

    Args:
        concentration: that of ``x``, positive, a tensor or a number.
        rate: that of ``x``, positive.
        validate_args: see `Distribution`.

    Raises:
        ValueError: an argument is invalid.

    Example:
        >>> torch.distributions.InverseGamma(torch.tensor([2.0]), torch.tensor([3.0])).mean
        tensor([3.])
    """

    arg_constraints = {"concentration": constraints.positive, "rate": constraints.positive}
    support = constraints.positive
    has_rsample = True
    base_dist: Gamma

    def __init__(self, concentration: Tensor | float, rate: Tensor | float, validate_args: bool | None = None) -> None:
        base = Gamma(concentration, rate, validate_args=validate_args)
        super().__init__(base, PowerTransform(-base.rate.new_ones(())), validate_args=validate_args)

    def expand(self, batch_shape: _size, _instance: Any = None) -> InverseGamma:
        return super().expand(batch_shape, _instance=self._get_checked_instance(InverseGamma, _instance))

    @property
    def concentration(self) -> Tensor:
        """The concentration of ``x``."""
        return self.base_dist.concentration

    @property
    def rate(self) -> Tensor:
        """The rate of ``x``."""
        return self.base_dist.rate

    @property
    def mean(self) -> Tensor:
        """Infinite up to a concentration of 1."""
        return where(self.concentration > 1, self.rate / (self.concentration - 1), inf)

    @property
    def mode(self) -> Tensor:
        return self.rate / (self.concentration + 1)

    @property
    def variance(self) -> Tensor:
        """Infinite up to a concentration of 2."""
        own = self.concentration
        return where(own > 2, self.rate.square() / ((own - 1).square() * (own - 2)), inf)

    def entropy(self) -> Tensor:
        own = self.concentration
        return own + self.rate.log() + own.lgamma() - (1 + own) * own.digamma()
