"""The Poisson distribution."""

from __future__ import annotations

from typing import Any

from torchlike._autograd.modes import no_grad
from torchlike._functions.randoms import poisson
from torchlike._ops.special import xlogy
from torchlike.distributions import constraints
from torchlike.distributions.exp_family import ExponentialFamily
from torchlike.distributions.utils import broadcast_all
from torchlike.tensor import Tensor
from torchlike.types import Number, _size

__all__ = ["Poisson"]


class Poisson(ExponentialFamily):
    """The Poisson distribution of counts: ``p(k) = rate ** k * exp(-rate) / k!``.

    Args:
        rate: nonnegative, a tensor or a number.
        validate_args: see `Distribution`.

    Raises:
        ValueError: the argument is invalid.

    Example:
        >>> torch.distributions.Poisson(torch.tensor([4.0])).log_prob(torch.tensor([2.0]))
        tensor([-1.9206])
    """

    arg_constraints = {"rate": constraints.nonnegative}
    support = constraints.nonnegative_integer

    def __init__(self, rate: Tensor | Number, validate_args: bool | None = None) -> None:
        (self.rate,) = broadcast_all(rate)
        super().__init__(self.rate.size(), validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        return self.rate

    @property
    def mode(self) -> Tensor:
        return self.rate.floor()

    @property
    def variance(self) -> Tensor:
        return self.rate

    def expand(self, batch_shape: _size, _instance: Any = None) -> Poisson:
        return self._expanded(Poisson, batch_shape, _instance)

    def sample(self, sample_shape: _size = ()) -> Tensor:
        with no_grad():
            return poisson(self.rate.expand(self._extended_shape(sample_shape)))

    def log_prob(self, value: Tensor) -> Tensor:
        self._look_at(value)
        rate, value = broadcast_all(self.rate, value)
        return xlogy(value, rate) - rate - (value + 1).lgamma()

    @property
    def _natural_params(self) -> tuple[Tensor]:
        return (self.rate.log(),)

    def _log_normalizer(self, x: Tensor) -> Tensor:  # type: ignore[override]
        return x.exp()
