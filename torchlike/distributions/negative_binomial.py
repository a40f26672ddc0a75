"""The negative binomial distribution."""

from __future__ import annotations

from typing import Any

from torchlike._autograd.modes import no_grad
from torchlike._functions.randoms import poisson
from torchlike.distributions import constraints
from torchlike.distributions._odds import Odds, WithParameter
from torchlike.distributions.gamma import Gamma
from torchlike.distributions.utils import lazy_property
from torchlike.nn.functional import logsigmoid
from torchlike.tensor import Tensor
from torchlike.types import _size

__all__ = ["NegativeBinomial"]


class NegativeBinomial(Odds, WithParameter):
    """The negative binomial distribution: how many trials succeed before ``total_count`` of them fail.

    Args:
        total_count: the number of failures, nonnegative, not necessarily whole, a tensor or a number.
        probs: the probabilities of success, below 1; or
        logits: their log-odds.
        validate_args: see `Distribution`.

    Raises:
        ValueError: an argument is invalid, or both are given, or neither is.

    Example:
        >>> torch.distributions.NegativeBinomial(3, torch.tensor([0.5])).mean
        tensor([3.])
    """

    arg_constraints = {
        "total_count": constraints.greater_than_eq(0),
        "probs": constraints.half_open_interval(0.0, 1.0),
        "logits": constraints.real,
    }
    support = constraints.nonnegative_integer

    def __init__(
        self,
        total_count: Tensor | float,
        probs: Tensor | None = None,
        logits: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        super().__init__(self._take(probs, logits, total_count), validate_args=validate_args)

    def expand(self, batch_shape: _size, _instance: Any = None) -> NegativeBinomial:
        return self._expanded(NegativeBinomial, batch_shape, _instance)

    @property
    def mean(self) -> Tensor:
        return self.total_count * self.logits.exp()

    @property
    def mode(self) -> Tensor:
        return ((self.total_count - 1) * self.logits.exp()).floor().clamp(min=0.0)

    @property
    def variance(self) -> Tensor:
        return self.mean / (-self.logits).sigmoid()

    @lazy_property
    def _gamma(self) -> Gamma:
        """The distribution of the rates of counts that are then Poisson's."""
        return Gamma(concentration=self.total_count, rate=(-self.logits).exp(), validate_args=False)

    def sample(self, sample_shape: _size = ()) -> Tensor:
        with no_grad():
            return poisson(self._gamma.sample(sample_shape))

    def log_prob(self, value: Tensor) -> Tensor:
        self._look_at(value)
        count, logits = self.total_count, self.logits
        power = count * logsigmoid(-logits) + value * logsigmoid(logits)
        ways = -(count + value).lgamma() + (1.0 + value).lgamma() + count.lgamma()
        return power - ways.masked_fill(count + value == 0.0, 0.0)
