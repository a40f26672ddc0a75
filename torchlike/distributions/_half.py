"""What distributions of ``|x|`` share, where that of ``x`` is symmetric about 0."""

from __future__ import annotations

import math

from torchlike._functions.creation import zeros_like
from torchlike.distributions import constraints
from torchlike.distributions.transformed_distribution import TransformedDistribution
from torchlike.tensor import Tensor


class Half(TransformedDistribution):
    """The distribution of ``|x|``; `base_dist` is that of ``x``, and has a scale."""

    support = constraints.nonnegative
    has_rsample = True

    @property
    def scale(self) -> Tensor:
        """The scale of ``x``."""
        return self.base_dist.scale

    @property
    def mode(self) -> Tensor:
        return zeros_like(self.scale)

    def cdf(self, value: Tensor) -> Tensor:
        self._look_at(value)
        return 2 * self.base_dist.cdf(value) - 1

    def icdf(self, value: Tensor) -> Tensor:
        return self.base_dist.icdf((value + 1) / 2)

    def entropy(self) -> Tensor:
        return self.base_dist.entropy() - math.log(2)
