"""Categorical distributions that are made continuous."""

from __future__ import annotations

from typing import Any

from torchlike._functions.creation import full_like
from torchlike._functions.randoms import rand
from torchlike.distributions import constraints
from torchlike.distributions._odds import OfCategories
from torchlike.distributions.categorical import Categorical
from torchlike.distributions.transformed_distribution import TransformedDistribution
from torchlike.distributions.transforms import ExpTransform
from torchlike.distributions.utils import broadcast_all, clamp_probs
from torchlike.tensor import Tensor
from torchlike.types import _size

__all__ = ["ExpRelaxedCategorical", "RelaxedOneHotCategorical"]


class ExpRelaxedCategorical(OfCategories):
    """The distribution of the logarithms of `RelaxedOneHotCategorical`.

    Args:
        temperature: how far from the corners values lie, a tensor.
        probs: the classes' probabilities ``(*, K)``, which are divided by their sum; or
        logits: their logarithms, up to a constant.
        validate_args: see `Distribution`.

    Raises:
        ValueError: an argument is invalid, or both are given, or neither is.

    Paper: Maddison, Mnih and Teh, "The concrete distribution" (2017).
    """

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}
    support = constraints.real_vector  # the true one is a surface in it
    has_rsample = True

    def __init__(
        self,
        temperature: Tensor,
        probs: Tensor | None = None,
        logits: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        self._categorical = Categorical(probs, logits)
        self.temperature = temperature
        shapes = self._categorical.batch_shape, self._categorical.param_shape[-1:]
        super().__init__(*shapes, validate_args=validate_args)

    def expand(self, batch_shape: _size, _instance: Any = None) -> ExpRelaxedCategorical:
        return self._with_categories(ExpRelaxedCategorical, batch_shape, _instance, "temperature")

    def rsample(self, sample_shape: _size = ()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        drawn = clamp_probs(rand(shape, dtype=self.logits.dtype, device=self.logits.device))
        scores = (self.logits - (-drawn.log()).log()) / self.temperature
        return scores - scores.logsumexp(-1, keepdim=True)

    def log_prob(self, value: Tensor) -> Tensor:
        self._look_at(value)
        count = self._categorical._num_events
        logits, value = broadcast_all(self.logits, value)
        constant = full_like(self.temperature, float(count)).lgamma() - self.temperature.log() * -(count - 1)
        score = logits - value * self.temperature
        return (score - score.logsumexp(-1, keepdim=True)).sum(-1) + constant


class RelaxedOneHotCategorical(TransformedDistribution):
    """A distribution of probabilities ``(*, K)`` that tends to one-hot vectors as the temperature goes to 0.

    Args:
        temperature: a tensor.
        probs: the classes' probabilities ``(*, K)``, which are divided by their sum; or
        logits: their logarithms, up to a constant.
        validate_args: see `Distribution`.

    Raises:
        ValueError: an argument is invalid, or both are given, or neither is.

    Paper: Maddison, Mnih and Teh, "The concrete distribution" (2017); Jang, Gu and Poole, "Categorical
    reparameterization with Gumbel-softmax" (2017).

    Example:
        >>> torch.distributions.RelaxedOneHotCategorical(torch.tensor(2.0), torch.ones(4)).probs
        tensor([0.2500, 0.2500, 0.2500, 0.2500])
    """

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}
    support = constraints.simplex
    has_rsample = True
    base_dist: ExpRelaxedCategorical

    def __init__(
        self,
        temperature: Tensor,
        probs: Tensor | None = None,
        logits: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        base = ExpRelaxedCategorical(temperature, probs, logits, validate_args=validate_args)
        super().__init__(base, ExpTransform(), validate_args=validate_args)

    def expand(self, batch_shape: _size, _instance: Any = None) -> RelaxedOneHotCategorical:
        return super().expand(batch_shape, _instance=self._get_checked_instance(RelaxedOneHotCategorical, _instance))

    @property
    def temperature(self) -> Tensor:
        """How far from the corners values lie."""
        return self.base_dist.temperature

    @property
    def logits(self) -> Tensor:
        """The logarithms of the probabilities."""
        return self.base_dist.logits

    @property
    def probs(self) -> Tensor:
        """The probabilities."""
        return self.base_dist.probs
