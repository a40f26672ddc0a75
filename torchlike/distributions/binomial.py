"""The binomial distribution."""

from __future__ import annotations

from typing import Any

from torchlike._autograd.modes import no_grad
from torchlike._functions.randoms import binomial
from torchlike._functions.ranges import arange
from torchlike.distributions import constraints
from torchlike.distributions._odds import Odds, WithParameter
from torchlike.tensor import Tensor
from torchlike.types import _size

__all__ = ["Binomial"]


def _positive_part(x: Tensor) -> Tensor:
    """``max(x, 0)``, with the slope 1/2 at zero."""
    return (x.clamp(min=0) + x - x.clamp(max=0)) / 2


class Binomial(Odds, WithParameter):
    """The binomial distribution: how many of ``total_count`` trials succeed, each with probability ``probs``.

    Args:
        total_count: the numbers of trials, a tensor or a number.
        probs: the probabilities of success; or
        logits: their log-odds.
        validate_args: see `Distribution`.

    Raises:
        ValueError: an argument is invalid, or both are given, or neither is.

    Example:
        >>> torch.distributions.Binomial(4, torch.tensor([0.5])).log_prob(torch.tensor([2.0])).exp()
        tensor([0.3750])
    """

    arg_constraints = {
        "total_count": constraints.nonnegative_integer,
        "probs": constraints.unit_interval,
        "logits": constraints.real,
    }
    has_enumerate_support = True

    def __init__(
        self,
        total_count: Tensor | int = 1,
        probs: Tensor | None = None,
        logits: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        super().__init__(self._take(probs, logits, total_count), validate_args=validate_args)

    def expand(self, batch_shape: _size, _instance: Any = None) -> Binomial:
        return self._expanded(Binomial, batch_shape, _instance)

    @constraints.dependent_property(is_discrete=True, event_dim=0)
    def support(self) -> constraints.Constraint:  # type: ignore[override]
        return constraints.integer_interval(0, self.total_count)

    @property
    def mean(self) -> Tensor:
        return self.total_count * self.probs

    @property
    def mode(self) -> Tensor:
        return ((self.total_count + 1) * self.probs).floor().clamp(max=self.total_count)

    @property
    def variance(self) -> Tensor:
        return self.total_count * self.probs * (1 - self.probs)

    def sample(self, sample_shape: _size = ()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        with no_grad():
            return binomial(self.total_count.expand(shape), self.probs.expand(shape))

    def log_prob(self, value: Tensor) -> Tensor:
        self._look_at(value)
        count, logits = self.total_count, self.logits
        normalizer = count * _positive_part(logits) + count * (-logits.abs()).exp().log1p() - (count + 1).lgamma()
        return value * logits - (value + 1).lgamma() - (count - value + 1).lgamma() - normalizer

    def _common_count(self, asked: str) -> int:
        """The number of trials.

        Raises:
            NotImplementedError: there are several.
        """
        count = int(self.total_count.max())
        if self.total_count.min() != count:
            raise NotImplementedError(f"Inhomogeneous total count not supported by `{asked}`.")
        return count

    def entropy(self) -> Tensor:
        self._common_count("entropy")
        log_prob = self.log_prob(self.enumerate_support(False))
        return -(log_prob.exp() * log_prob).sum(0)

    def enumerate_support(self, expand: bool = True) -> Tensor:
        count = self._common_count("enumerate_support")
        values = arange(1 + count, dtype=self._param.dtype, device=self._param.device)
        values = values.view((-1,) + (1,) * len(self._batch_shape))
        return values.expand((-1, *self._batch_shape)) if expand else values
