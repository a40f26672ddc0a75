"""The multinomial distribution."""

from __future__ import annotations

from math import inf
from typing import Any

from torchlike._functions.creation import ones_like
from torchlike._functions.making import tensor
from torchlike._types import Size
from torchlike.distributions import constraints
from torchlike.distributions._odds import OfCategories
from torchlike.distributions.binomial import Binomial
from torchlike.distributions.categorical import Categorical
from torchlike.distributions.utils import broadcast_all
from torchlike.tensor import Tensor
from torchlike.types import _size

__all__ = ["Multinomial"]


class Multinomial(OfCategories):
    """The multinomial distribution: how often each of ``K`` classes comes in ``total_count`` trials, counts ``(*, K)``.

    Args:
        total_count: the number of trials.
        probs: the classes' probabilities ``(*, K)``, which are divided by their sum; or
        logits: their logarithms, up to a constant.
        validate_args: see `Distribution`.

    Raises:
        NotImplementedError: `total_count` is no int.
        ValueError: an argument is invalid, or both are given, or neither is.

    Example:
        >>> torch.distributions.Multinomial(4, torch.tensor([1.0, 3.0])).mean
        tensor([1., 3.])
    """

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}
    total_count: int

    def __init__(
        self,
        total_count: int = 1,
        probs: Tensor | None = None,
        logits: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        if not isinstance(total_count, int):
            raise NotImplementedError("inhomogeneous total_count is not supported")
        self.total_count = total_count
        self._categorical = Categorical(probs=probs, logits=logits)
        self._binomial = Binomial(total_count=total_count, probs=self.probs)
        shapes = self._categorical.batch_shape, self._categorical.param_shape[-1:]
        super().__init__(*shapes, validate_args=validate_args)

    def expand(self, batch_shape: _size, _instance: Any = None) -> Multinomial:
        new = self._with_categories(Multinomial, batch_shape, _instance, "total_count")
        new._binomial = self._binomial.expand((*batch_shape, *self.event_shape))
        return new

    @constraints.dependent_property(is_discrete=True, event_dim=1)
    def support(self) -> constraints.Constraint:  # type: ignore[override]
        return constraints.multinomial(self.total_count)

    @property
    def mean(self) -> Tensor:
        return self.probs * self.total_count

    @property
    def variance(self) -> Tensor:
        return self.total_count * self.probs * (1 - self.probs)

    def sample(self, sample_shape: _size = ()) -> Tensor:
        classes = self._categorical.sample(Size((self.total_count, *sample_shape))).movedim(0, -1)
        counts = classes.new_zeros(self._extended_shape(sample_shape))
        counts.scatter_add_(-1, classes, ones_like(classes))
        return counts.type_as(self.probs)

    def entropy(self) -> Tensor:
        """By the mean logarithms of the factorials of the counts, each of which is binomial."""
        count = tensor(self.total_count)
        each = self._binomial.enumerate_support(expand=False)[1:]
        factorials = (self._binomial.log_prob(each).exp() * (each + 1).lgamma()).sum([0, -1])
        return count * self._categorical.entropy() - (count + 1).lgamma() + factorials

    def log_prob(self, value: Tensor) -> Tensor:
        self._look_at(value)
        logits, value = broadcast_all(self.logits, value)
        orders = (value.sum(-1) + 1).lgamma() - (value + 1).lgamma().sum(-1)
        # what is impossible and does not come says nothing
        return orders + (logits.masked_fill((value == 0) & (logits == -inf), 0) * value).sum(-1)
