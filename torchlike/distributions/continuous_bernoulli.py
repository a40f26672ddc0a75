"""The continuous Bernoulli distribution."""

from __future__ import annotations

import math
from typing import Any

from torchlike._autograd.modes import no_grad
from torchlike._functions.creation import ones_like, zeros_like
from torchlike._functions.randoms import rand
from torchlike._functions.selecting import where
from torchlike.distributions import constraints
from torchlike.distributions._odds import Odds, WithParameter
from torchlike.distributions.exp_family import ExponentialFamily
from torchlike.distributions.utils import broadcast_all, clamp_probs, lazy_property, logits_to_probs
from torchlike.nn.functional import binary_cross_entropy_with_logits
from torchlike.tensor import Tensor
from torchlike.types import Number, _size

__all__ = ["ContinuousBernoulli"]


class ContinuousBernoulli(Odds, WithParameter, ExponentialFamily):
    """The distribution on ``[0, 1]`` of which ``p(x)`` goes as ``probs ** x * (1 - probs) ** (1 - x)``.

    Args:
        probs: between 0 and 1, not the mean, a tensor or a number; or
        logits: their log-odds.
        lims: between these, around 1/2, where formulas divide by zero, series take their place.
        validate_args: see `Distribution`.

    Raises:
        ValueError: an argument is invalid, or both are given, or neither is.

    Paper: Loaiza-Ganem and Cunningham, "The continuous Bernoulli: fixing a pervasive error in variational
    autoencoders" (2019).

    Example:
        >>> torch.distributions.ContinuousBernoulli(torch.tensor([0.5])).mean
        tensor([0.5000])
    """

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.unit_interval
    has_rsample = True
    _mean_carrier_measure = 0

    def __init__(
        self,
        probs: Tensor | Number | None = None,
        logits: Tensor | Number | None = None,
        lims: tuple[float, float] = (0.499, 0.501),
        validate_args: bool | None = None,
    ) -> None:
        shape = self._take(probs, logits)
        if probs is not None:
            if validate_args is not None and not self.arg_constraints["probs"].check(self.probs).all():
                raise ValueError("The parameter probs has invalid values")
            self.probs = clamp_probs(self.probs)
        self._lims = lims
        super().__init__(shape, validate_args=validate_args)

    def expand(self, batch_shape: _size, _instance: Any = None) -> ContinuousBernoulli:
        return self._expanded(ContinuousBernoulli, batch_shape, _instance, "_lims")

    @lazy_property
    def probs(self) -> Tensor:
        """The parameter."""
        return clamp_probs(logits_to_probs(self.logits, is_binary=True))

    def _outside_unstable_region(self) -> Tensor:
        return (self.probs <= self._lims[0]) | (self.probs > self._lims[1])

    def _cut_probs(self) -> Tensor:
        """The parameter, moved out of the region where formulas divide by zero."""
        return where(self._outside_unstable_region(), self.probs, self._lims[0] * ones_like(self.probs))

    def _cont_bern_log_norm(self) -> Tensor:
        """The logarithm of the constant of the density."""
        cut = self._cut_probs()
        below, above = where(cut <= 0.5, cut, zeros_like(cut)), where(cut >= 0.5, cut, ones_like(cut))
        width = where(cut <= 0.5, (-2.0 * below).log1p(), (2.0 * above - 1.0).log())
        exact = ((-cut).log1p() - cut.log()).abs().log() - width
        square = (self.probs - 0.5).pow(2)
        series = math.log(2.0) + (4.0 / 3.0 + 104.0 / 45.0 * square) * square
        return where(self._outside_unstable_region(), exact, series)

    @property
    def mean(self) -> Tensor:
        cut, off = self._cut_probs(), self.probs - 0.5
        exact = cut / (2.0 * cut - 1.0) + 1.0 / ((-cut).log1p() - cut.log())
        series = 0.5 + (1.0 / 3.0 + 16.0 / 45.0 * off.pow(2)) * off
        return where(self._outside_unstable_region(), exact, series)

    @property
    def variance(self) -> Tensor:
        cut, square = self._cut_probs(), (self.probs - 0.5).pow(2)
        exact = cut * (cut - 1.0) / (1.0 - 2.0 * cut).pow(2) + 1.0 / ((-cut).log1p() - cut.log()).pow(2)
        series = 1.0 / 12.0 - (1.0 / 15.0 - 128.0 / 945.0 * square) * square
        return where(self._outside_unstable_region(), exact, series)

    def sample(self, sample_shape: _size = ()) -> Tensor:
        with no_grad():
            return self.rsample(sample_shape)

    def rsample(self, sample_shape: _size = ()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        return self.icdf(rand(shape, dtype=self.probs.dtype, device=self.probs.device))

    def log_prob(self, value: Tensor) -> Tensor:
        self._look_at(value)
        logits, value = broadcast_all(self.logits, value)
        return -binary_cross_entropy_with_logits(logits, value, reduction="none") + self._cont_bern_log_norm()

    def cdf(self, value: Tensor) -> Tensor:
        self._look_at(value)
        cut = self._cut_probs()
        exact = (cut.pow(value) * (1.0 - cut).pow(1.0 - value) + cut - 1.0) / (2.0 * cut - 1.0)
        inside = where(self._outside_unstable_region(), exact, value)
        return where(value <= 0.0, zeros_like(value), where(value >= 1.0, ones_like(value), inside))

    def icdf(self, value: Tensor) -> Tensor:
        cut = self._cut_probs()
        log_rest = (-cut).log1p()
        exact = ((-cut + value * (2.0 * cut - 1.0)).log1p() - log_rest) / (cut.log() - log_rest)
        return where(self._outside_unstable_region(), exact, value)

    def entropy(self) -> Tensor:
        log_rest = (-self.probs).log1p()
        return self.mean * (log_rest - self.probs.log()) - self._cont_bern_log_norm() - log_rest

    @property
    def _natural_params(self) -> tuple[Tensor]:
        return (self.logits,)

    def _log_normalizer(self, x: Tensor) -> Tensor:  # type: ignore[override]
        low, high = (each - 0.5 for each in self._lims)
        is_outside = (x <= low) | (x > high)
        cut = where(is_outside, x, low * ones_like(x))
        series = 0.5 * x + x.pow(2) / 24.0 - x.pow(4) / 2880.0
        return where(is_outside, cut.expm1().abs().log() - cut.abs().log(), series)
