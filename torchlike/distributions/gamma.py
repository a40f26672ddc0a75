"""The gamma distribution."""

from __future__ import annotations

from typing import Any

from torchlike._functions.making import as_tensor
from torchlike._functions.randoms import _standard_gamma
from torchlike._ops.special import igamma, xlogy
from torchlike._types.limits import finfo
from torchlike.distributions import constraints
from torchlike.distributions.exp_family import ExponentialFamily
from torchlike.distributions.utils import broadcast_all
from torchlike.tensor import Tensor
from torchlike.types import _size

__all__ = ["Gamma"]


class Gamma(ExponentialFamily):
    """The gamma distribution of positive numbers: ``p(x)`` goes as ``x ** (concentration - 1) * exp(-rate * x)``.

    Args:
        concentration: positive, a tensor or a number.
        rate: positive.
        validate_args: see `Distribution`.

    Raises:
        ValueError: an argument is invalid.

    Example:
        >>> torch.distributions.Gamma(torch.tensor([3.0]), 2.0).mean
        tensor([1.5000])
    """

    arg_constraints = {"concentration": constraints.positive, "rate": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True
    _mean_carrier_measure = 0

    def __init__(self, concentration: Tensor | float, rate: Tensor | float, validate_args: bool | None = None) -> None:
        self.concentration, self.rate = broadcast_all(concentration, rate)
        super().__init__(self.concentration.size(), validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        return self.concentration / self.rate

    @property
    def mode(self) -> Tensor:
        return ((self.concentration - 1) / self.rate).clamp(min=0)

    @property
    def variance(self) -> Tensor:
        return self.concentration / self.rate.pow(2)

    def expand(self, batch_shape: _size, _instance: Any = None) -> Gamma:
        return self._expanded(Gamma, batch_shape, _instance)

    def rsample(self, sample_shape: _size = ()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        value = _standard_gamma(self.concentration.expand(shape)) / self.rate.expand(shape)
        value.detach().clamp_(min=finfo(value.dtype).tiny)  # what is zero by rounding; gradients are as they were
        return value

    def log_prob(self, value: Tensor) -> Tensor:
        value = as_tensor(value, dtype=self.rate.dtype, device=self.rate.device)
        self._look_at(value)
        power = xlogy(self.concentration, self.rate) + xlogy(self.concentration - 1, value)
        return power - self.rate * value - self.concentration.lgamma()

    def cdf(self, value: Tensor) -> Tensor:
        self._look_at(value)
        return igamma(self.concentration, self.rate * value)

    def entropy(self) -> Tensor:
        own = self.concentration
        return own - self.rate.log() + own.lgamma() + (1.0 - own) * own.digamma()

    @property
    def _natural_params(self) -> tuple[Tensor, Tensor]:
        return self.concentration - 1, -self.rate

    def _log_normalizer(self, x: Tensor, y: Tensor) -> Tensor:  # type: ignore[override]
        return (x + 1).lgamma() + (x + 1) * (-y.reciprocal()).log()
