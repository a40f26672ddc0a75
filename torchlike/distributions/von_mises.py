"""The von Mises distribution."""

from __future__ import annotations

import math
from typing import Any

from torchlike._autograd.modes import no_grad
from torchlike._functions.creation import empty, zeros
from torchlike._functions.randoms import rand
from torchlike._functions.selecting import where
from torchlike._types import Size
from torchlike._types.dtypes import bool_, float64
from torchlike.distributions import constraints
from torchlike.distributions.distribution import Distribution
from torchlike.distributions.utils import broadcast_all, lazy_property
from torchlike.tensor import Tensor
from torchlike.types import _size

__all__ = ["VonMises"]

# Abramowitz and Stegun, 9.8.1 to 9.8.4: by the order, the coefficients below 3.75 and from there on
_SMALL = (
    (1.0, 3.5156229, 3.0899424, 1.2067492, 0.2659732, 0.360768e-1, 0.45813e-2),
    (0.5, 0.87890594, 0.51498869, 0.15084934, 0.2658733e-1, 0.301532e-2, 0.32411e-3),
)
_LARGE = (
    (
        0.39894228,
        0.1328592e-1,
        0.225319e-2,
        -0.157565e-2,
        0.916281e-2,
        -0.2057706e-1,
        0.2635537e-1,
        -0.1647633e-1,
        0.392377e-2,
    ),
    (
        0.39894228,
        -0.3988024e-1,
        -0.362018e-2,
        0.163801e-2,
        -0.1031555e-1,
        0.2282967e-1,
        -0.2895312e-1,
        0.1787654e-1,
        -0.420059e-2,
    ),
)


def _polynomial(coefficients: tuple, x: Tensor) -> Tensor:
    result = coefficients[-1]
    for each in reversed(coefficients[:-1]):
        result = each + x * result
    return result


def _log_modified_bessel_fn(x: Tensor, order: int = 0) -> Tensor:
    """The logarithm of the modified Bessel function of the first kind, of positive numbers.

    Args:
        order: 0 or 1.
    """
    small = _polynomial(_SMALL[order], (x / 3.75) ** 2)
    small = (x.abs() * small if order else small).log()
    large = x - 0.5 * x.log() + _polynomial(_LARGE[order], 3.75 / x).log()
    return where(x < 3.75, small, large)


class VonMises(Distribution):
    """The von Mises distribution of angles, in radians: ``p(x)`` goes as ``exp(concentration * cos(x - loc))``.

    Args:
        loc: the angle around which they lie, a tensor or a number.
        concentration: positive.
        validate_args: see `Distribution`.

    Raises:
        ValueError: an argument is invalid.

    Paper, for samples: Best and Fisher, "Efficient simulation of the von Mises distribution" (1979).

    Example:
        >>> torch.distributions.VonMises(torch.tensor([1.0]), 1.0).variance
        tensor([0.5536])
    """

    arg_constraints = {"loc": constraints.real, "concentration": constraints.positive}
    support = constraints.real
    has_rsample = False

    def __init__(self, loc: Tensor | float, concentration: Tensor | float, validate_args: bool | None = None) -> None:
        self.loc, self.concentration = broadcast_all(loc, concentration)
        super().__init__(self.loc.shape, Size(), validate_args)

    def log_prob(self, value: Tensor) -> Tensor:
        self._look_at(value)
        power = self.concentration * (value - self.loc).cos()
        return power - math.log(2 * math.pi) - _log_modified_bessel_fn(self.concentration)

    @lazy_property
    def _proposal_r(self) -> Tensor:
        """The parameter of the wrapped Cauchy distribution that encloses this one, in double precision."""
        own = self.concentration.to(float64)
        tau = 1 + (1 + 4 * own**2).sqrt()
        rho = (tau - (2 * tau).sqrt()) / (2 * own)
        return where(own < 1e-5, 1 / own + own, (1 + rho**2) / (2 * rho))

    @no_grad()
    def sample(self, sample_shape: _size = ()) -> Tensor:
        """By rejection, in double precision."""
        shape, device = self._extended_shape(sample_shape), self.loc.device
        loc, concentration, r = self.loc.to(float64), self.concentration.to(float64), self._proposal_r
        x, is_done = empty(shape, dtype=float64, device=device), zeros(shape, dtype=bool_, device=device)
        while not is_done.all():
            drawn, kept, side = rand((3, *shape), dtype=float64, device=device).unbind()
            z = (math.pi * drawn).cos()
            f = (1 + r * z) / (r + z)
            c = concentration * (r - f)
            is_kept = ((c * (2 - c) - kept) > 0) | ((c / kept).log() + 1 - c >= 0)
            x = where(is_kept, (side - 0.5).sign() * f.acos(), x)
            is_done = is_done | is_kept
        return ((x + math.pi + loc) % (2 * math.pi) - math.pi).to(self.loc.dtype)

    def expand(self, batch_shape: _size, _instance: Any = None) -> VonMises:
        expanded = self.loc.expand(batch_shape), self.concentration.expand(batch_shape)
        return type(self)(*expanded, validate_args=self.__dict__.get("_validate_args"))

    @property
    def mean(self) -> Tensor:
        """The mean direction."""
        return self.loc

    @property
    def mode(self) -> Tensor:
        return self.loc

    @lazy_property
    def variance(self) -> Tensor:  # type: ignore[override]
        """The circular variance."""
        own = self.concentration
        return 1 - (_log_modified_bessel_fn(own, order=1) - _log_modified_bessel_fn(own)).exp()
