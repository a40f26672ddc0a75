"""Mixtures of distributions of one kind."""

from __future__ import annotations

from typing import Any

from torchlike._autograd.modes import no_grad
from torchlike._ops.nn.activations import log_softmax
from torchlike._types import Size
from torchlike.distributions import constraints
from torchlike.distributions.categorical import Categorical
from torchlike.distributions.constraints import MixtureSameFamilyConstraint
from torchlike.distributions.distribution import Distribution
from torchlike.tensor import Tensor
from torchlike.types import _size

__all__ = ["MixtureSameFamily"]


class MixtureSameFamily(Distribution):
    """A mixture: a class is drawn, and a sample from its distribution.

    Args:
        mixture_distribution: the classes' `Categorical`.
        component_distribution: their distributions, along the last batch dimension.
        validate_args: see `Distribution`.

    Raises:
        ValueError: the first is something else, or there are not as many distributions as classes.

    Example:
        >>> D = torch.distributions
        >>> D.MixtureSameFamily(D.Categorical(torch.ones(2)), D.Normal(torch.tensor([-1.0, 3.0]), torch.ones(2))).mean
        tensor(1.)
    """

    arg_constraints: dict[str, constraints.Constraint] = {}
    has_rsample = False

    def __init__(
        self,
        mixture_distribution: Categorical,
        component_distribution: Distribution,
        validate_args: bool | None = None,
    ) -> None:
        if not isinstance(mixture_distribution, Categorical):
            raise ValueError(" The Mixture distribution needs to be an  instance of torch.distributions.Categorical")
        if not isinstance(component_distribution, Distribution):
            raise ValueError("The Component distribution needs to be an instance of torch.distributions.Distribution")
        self._mixture_distribution, self._component_distribution = mixture_distribution, component_distribution
        own, batch_shape = mixture_distribution.batch_shape, component_distribution.batch_shape[:-1]
        for one, other in zip(reversed(own), reversed(batch_shape), strict=False):
            if one != other and 1 not in (one, other):
                raise ValueError(
                    f"`mixture_distribution.batch_shape` ({own}) is not compatible with "
                    f"`component_distribution.batch_shape`({batch_shape})"
                )
        count, given = mixture_distribution.logits.shape[-1], component_distribution.batch_shape[-1]
        if count != given:
            raise ValueError(
                f"`mixture_distribution component` ({count}) does not equal "
                f"`component_distribution.batch_shape[-1]` ({given})"
            )
        self._num_component, event_shape = count, component_distribution.event_shape
        self._event_ndims = len(event_shape)
        super().__init__(batch_shape, event_shape, validate_args=validate_args)

    def expand(self, batch_shape: _size, _instance: Any = None) -> MixtureSameFamily:
        new = self._get_checked_instance(MixtureSameFamily, _instance)
        new._component_distribution = self._component_distribution.expand((*batch_shape, self._num_component))
        new._mixture_distribution = self._mixture_distribution.expand(batch_shape)
        return self._filled(new, batch_shape, "_num_component", "_event_ndims")

    @constraints.dependent_property
    def support(self) -> Any:  # type: ignore[override]
        return MixtureSameFamilyConstraint(self._component_distribution.support)

    @property
    def mixture_distribution(self) -> Categorical:
        """The classes' distribution."""
        return self._mixture_distribution

    @property
    def component_distribution(self) -> Any:
        """The distributions of the samples of each class."""
        return self._component_distribution

    @property
    def _weights(self) -> Tensor:
        """The classes' probabilities, with dimensions of size 1 for the events, and for a batch that they lack."""
        probs = self.mixture_distribution.probs
        own = len(self.mixture_distribution.batch_shape)
        missing = 0 if own == 1 else len(self.batch_shape) - own
        return probs.reshape((*probs.shape[:-1], *[1] * missing, probs.shape[-1], *[1] * self._event_ndims))

    def _pad(self, x: Tensor) -> Tensor:
        """Values with a dimension for the classes."""
        return x.unsqueeze(-1 - self._event_ndims)

    @property
    def mean(self) -> Tensor:
        return (self._weights * self.component_distribution.mean).sum(-1 - self._event_ndims)

    @property
    def variance(self) -> Tensor:
        """The mean of the variances, and the variance of the means."""
        weights, inner = self._weights, self.component_distribution
        between = (weights * (inner.mean - self._pad(self.mean)).pow(2.0)).sum(-1 - self._event_ndims)
        return (weights * inner.variance).sum(-1 - self._event_ndims) + between

    def cdf(self, value: Tensor) -> Tensor:
        return (self.component_distribution.cdf(self._pad(value)) * self.mixture_distribution.probs).sum(-1)

    def log_prob(self, value: Tensor) -> Tensor:
        self._look_at(value)
        each = self.component_distribution.log_prob(self._pad(value))
        return (each + log_softmax(self.mixture_distribution.logits, -1)).logsumexp(-1)

    def sample(self, sample_shape: _size = ()) -> Tensor:
        with no_grad():
            classes = self.mixture_distribution.sample(sample_shape)
            samples = self.component_distribution.sample(sample_shape)
            dim = len(sample_shape) + len(self.batch_shape)
            places = classes.reshape(classes.shape + Size([1] * (self._event_ndims + 1)))
            places = places.repeat((*[1] * (classes.dim() + 1), *self.event_shape))
            return samples.gather(dim, places).squeeze(dim)

    def __repr__(self) -> str:
        return f"MixtureSameFamily(\n  {self.mixture_distribution},\n  {self.component_distribution})"
