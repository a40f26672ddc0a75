"""The generalized Pareto distribution."""

from __future__ import annotations

from math import inf, nan
from typing import Any

from torchlike._functions.creation import ones_like, zeros_like
from torchlike._functions.pointwise import isclose
from torchlike._functions.randoms import rand
from torchlike._functions.selecting import where
from torchlike.distributions import constraints
from torchlike.distributions.distribution import Distribution
from torchlike.distributions.utils import broadcast_all
from torchlike.tensor import Tensor
from torchlike.types import _size

__all__ = ["GeneralizedPareto"]


class GeneralizedPareto(Distribution):
    """The generalized Pareto distribution, of what exceeds a bound: ``cdf(x) = 1 - (1 + c * z) ** (-1 / c)``.

    There ``z`` is ``(x - loc) / scale`` and ``c`` the concentration; with ``c = 0``, ``1 - exp(-z)``.

    Args:
        loc: the bound, a tensor or a number.
        scale: positive.
        concentration: ``c``; where it is negative, values end at ``loc - scale / c``.
        validate_args: see `Distribution`.

    Raises:
        ValueError: an argument is invalid.

    Example:
        >>> torch.distributions.GeneralizedPareto(torch.tensor([1.0]), 2.0, 0.5).mean
        tensor([5.])
    """

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive, "concentration": constraints.real}
    has_rsample = True

    def __init__(
        self,
        loc: Tensor | float,
        scale: Tensor | float,
        concentration: Tensor | float,
        validate_args: bool | None = None,
    ) -> None:
        self.loc, self.scale, self.concentration = broadcast_all(loc, scale, concentration)
        super().__init__(self.loc.size(), validate_args=validate_args)

    def expand(self, batch_shape: _size, _instance: Any = None) -> GeneralizedPareto:
        return self._expanded(GeneralizedPareto, batch_shape, _instance)

    @constraints.dependent_property(is_discrete=False, event_dim=0)
    def support(self) -> constraints.Constraint:  # type: ignore[override]
        end = where(self.concentration < 0, self.loc - self.scale / self.concentration, inf)
        return constraints.interval(self.loc, end)

    def _safe(self) -> tuple[Tensor, Tensor]:
        """(where the concentration is zero, the concentration with ones there)."""
        is_zero = isclose(self.concentration, zeros_like(self.concentration))
        return is_zero, where(is_zero, ones_like(self.concentration), self.concentration)

    def _z(self, x: Tensor) -> Tensor:
        return (x - self.loc) / self.scale

    def rsample(self, sample_shape: _size = ()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        return self.icdf(rand(shape, dtype=self.loc.dtype, device=self.loc.device))

    def log_prob(self, value: Tensor) -> Tensor:
        self._look_at(value)
        z, (is_zero, safe) = self._z(value), self._safe()
        power = 1 / safe + ones_like(z)
        other = where(power == 0, power, power * (safe * z).log1p())
        return -self.scale.log() - where(is_zero, z, other)

    def log_survival_function(self, value: Tensor) -> Tensor:
        """The logarithm of the probability of more than `value`."""
        self._look_at(value)
        z, (is_zero, safe) = self._z(value), self._safe()
        return where(is_zero, -z, -(safe * z).log1p() / safe)

    def log_cdf(self, value: Tensor) -> Tensor:
        """The logarithm of `cdf`."""
        return (-self.log_survival_function(value).exp()).log1p()

    def cdf(self, value: Tensor) -> Tensor:
        return self.log_cdf(value).exp()

    def icdf(self, value: Tensor) -> Tensor:
        is_zero, safe = self._safe()
        log_rest = (-value).log1p()
        other = self.loc + self.scale / safe * (-safe * log_rest).expm1()
        return where(is_zero, self.loc - self.scale * log_rest, other)

    @property
    def mean(self) -> Tensor:
        """NaN from a concentration of 1 on."""
        is_finite = self.concentration < 1
        return where(is_finite, self.loc + self.scale / (1 - where(is_finite, self.concentration, 0.5)), nan)

    @property
    def variance(self) -> Tensor:
        """NaN from a concentration of 0.5 on."""
        is_finite = self.concentration < 0.5
        safe = where(is_finite, self.concentration, 0.25)
        return where(is_finite, self.scale**2 / ((1 - safe) ** 2 * (1 - 2 * safe)), nan)

    def entropy(self) -> Tensor:
        return (self.scale.log() + self.concentration + 1).broadcast_to(self._batch_shape)

    @property
    def mode(self) -> Tensor:
        return self.loc
