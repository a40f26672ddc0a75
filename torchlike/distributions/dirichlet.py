"""The Dirichlet distribution."""

from __future__ import annotations

from typing import Any

from torchlike._functions.randoms import _sample_dirichlet
from torchlike._ops.special import xlogy
from torchlike._ops.variates import dirichlet_drawn
from torchlike.distributions import constraints
from torchlike.distributions.exp_family import ExponentialFamily
from torchlike.nn.functional import one_hot
from torchlike.tensor import Tensor
from torchlike.types import _size

__all__ = ["Dirichlet"]


class Dirichlet(ExponentialFamily):
    """The Dirichlet distribution of probabilities ``(*, K)``: ``p(x)`` goes as the product of ``x ** (concentration - 1)``.

    Args:
        concentration: ``(*, K)``, positive.
        validate_args: see `Distribution`.

    Raises:
        ValueError: the argument is invalid, or has no dimension.

    Example:
        >>> torch.distributions.Dirichlet(torch.tensor([1.0, 3.0])).mean
        tensor([0.2500, 0.7500])
    """

    arg_constraints = {"concentration": constraints.independent(constraints.positive, 1)}
    support = constraints.simplex
    has_rsample = True

    def __init__(self, concentration: Tensor, validate_args: bool | None = None) -> None:
        if concentration.dim() < 1:
            raise ValueError("`concentration` parameter must be at least one-dimensional.")
        self.concentration = concentration
        super().__init__(concentration.shape[:-1], concentration.shape[-1:], validate_args=validate_args)

    def expand(self, batch_shape: _size, _instance: Any = None) -> Dirichlet:
        return self._expanded(Dirichlet, batch_shape, _instance)

    def rsample(self, sample_shape: _size = ()) -> Tensor:
        concentration = self.concentration.expand(self._extended_shape(sample_shape))
        return dirichlet_drawn(concentration, _sample_dirichlet(concentration.detach()))

    def log_prob(self, value: Tensor) -> Tensor:
        self._look_at(value)
        constant = self.concentration.sum(-1).lgamma() - self.concentration.lgamma().sum(-1)
        return xlogy(self.concentration - 1.0, value).sum(-1) + constant

    @property
    def mean(self) -> Tensor:
        return self.concentration / self.concentration.sum(-1, True)

    @property
    def mode(self) -> Tensor:
        """Where all concentrations are below 1, one of the corners, which are all the same."""
        excess = (self.concentration - 1).clamp(min=0.0)
        inside = excess / excess.sum(-1, True)
        corner = one_hot(inside.argmax(-1), excess.shape[-1]).to(inside)
        return corner.where((self.concentration < 1).all(-1, keepdim=True), inside)

    @property
    def variance(self) -> Tensor:
        total = self.concentration.sum(-1, True)
        return self.concentration * (total - self.concentration) / (total.pow(2) * (total + 1))

    def entropy(self) -> Tensor:
        total, own = self.concentration.sum(-1), self.concentration
        inner = own.lgamma().sum(-1) - total.lgamma() - (own.size(-1) - total) * total.digamma()
        return inner - ((own - 1.0) * own.digamma()).sum(-1)

    @property
    def _natural_params(self) -> tuple[Tensor]:
        return (self.concentration,)

    def _log_normalizer(self, x: Tensor) -> Tensor:  # type: ignore[override]
        return x.lgamma().sum(-1) - x.sum(-1).lgamma()
