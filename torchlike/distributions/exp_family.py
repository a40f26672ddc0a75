"""Exponential families."""

from __future__ import annotations

from torchlike._autograd import calls
from torchlike.distributions.distribution import Distribution
from torchlike.tensor import Tensor

__all__ = ["ExponentialFamily"]


class ExponentialFamily(Distribution):
    """Distributions with the density ``exp(<t(x), n> - F(n) + k(x))``.

    ``n`` are the natural parameters, ``t`` the sufficient statistics, ``F`` the log normalizer and ``k`` the carrier
    measure. Entropy and divergence within a family follow from ``F`` and its gradient, which the tape gives.

    Paper: Nielsen and Nock, "Entropies and cross-entropies of exponential families" (2010).
    """

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        """``n``."""
        raise NotImplementedError

    def _log_normalizer(self, *natural_params: Tensor) -> Tensor:
        """``F(n)``."""
        raise NotImplementedError

    @property
    def _mean_carrier_measure(self) -> float:
        """The mean of ``k(x)``."""
        raise NotImplementedError

    def entropy(self) -> Tensor:
        """``F(n) - <n, F'(n)>`` less the mean of ``k``."""
        result = -self._mean_carrier_measure
        natural = [each.detach().requires_grad_() for each in self._natural_params]
        normalizer = self._log_normalizer(*natural)
        slopes = calls.grad(normalizer.sum(), natural, create_graph=True)
        result = result + normalizer
        for each, slope in zip(natural, slopes, strict=True):
            result = result - (each * slope).reshape((*self._batch_shape, -1)).sum(-1)
        return result
