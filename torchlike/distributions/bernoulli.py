"""The Bernoulli distribution."""

from __future__ import annotations

from math import nan
from typing import Any

from torchlike._autograd.modes import no_grad
from torchlike._functions.randoms import bernoulli
from torchlike._functions.ranges import arange
from torchlike.distributions import constraints
from torchlike.distributions._odds import Odds, WithParameter
from torchlike.distributions.exp_family import ExponentialFamily
from torchlike.distributions.utils import broadcast_all
from torchlike.nn.functional import binary_cross_entropy_with_logits
from torchlike.tensor import Tensor
from torchlike.types import Number, _size

__all__ = ["Bernoulli"]


class Bernoulli(Odds, WithParameter, ExponentialFamily):
    """The Bernoulli distribution: 1 with probability ``probs``, else 0.

    Args:
        probs: the probabilities of 1, a tensor or a number; or
        logits: their log-odds.
        validate_args: see `Distribution`.

    Raises:
        ValueError: an argument is invalid, or both are given, or neither is.

    Example:
        >>> torch.distributions.Bernoulli(torch.tensor([0.25, 0.5])).entropy()
        tensor([0.5623, 0.6931])
    """

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.boolean
    has_enumerate_support = True
    _mean_carrier_measure = 0

    def __init__(
        self,
        probs: Tensor | Number | None = None,
        logits: Tensor | Number | None = None,
        validate_args: bool | None = None,
    ) -> None:
        super().__init__(self._take(probs, logits), validate_args=validate_args)

    def expand(self, batch_shape: _size, _instance: Any = None) -> Bernoulli:
        return self._expanded(Bernoulli, batch_shape, _instance)

    @property
    def mean(self) -> Tensor:
        return self.probs

    @property
    def mode(self) -> Tensor:
        return (self.probs >= 0.5).to(self.probs).masked_fill(self.probs == 0.5, nan)

    @property
    def variance(self) -> Tensor:
        return self.probs * (1 - self.probs)

    def sample(self, sample_shape: _size = ()) -> Tensor:
        with no_grad():
            return bernoulli(self.probs.expand(self._extended_shape(sample_shape)))

    def log_prob(self, value: Tensor) -> Tensor:
        self._look_at(value)
        logits, value = broadcast_all(self.logits, value)
        return -binary_cross_entropy_with_logits(logits, value, reduction="none")

    def entropy(self) -> Tensor:
        return binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none")

    def enumerate_support(self, expand: bool = True) -> Tensor:
        values = arange(2, dtype=self._param.dtype, device=self._param.device)
        values = values.view((-1,) + (1,) * len(self._batch_shape))
        return values.expand((-1, *self._batch_shape)) if expand else values

    @property
    def _natural_params(self) -> tuple[Tensor]:
        return (self.probs.logit(),)

    def _log_normalizer(self, x: Tensor) -> Tensor:  # type: ignore[override]
        return x.exp().log1p()
