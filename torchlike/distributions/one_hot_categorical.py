"""The categorical distribution over one-hot vectors."""

from __future__ import annotations

from typing import Any

from torchlike._functions.creation import eye
from torchlike._types import Size
from torchlike.distributions import constraints
from torchlike.distributions._odds import OfCategories
from torchlike.distributions.categorical import Categorical
from torchlike.nn.functional import one_hot
from torchlike.tensor import Tensor
from torchlike.types import _size

__all__ = ["OneHotCategorical", "OneHotCategoricalStraightThrough"]


class OneHotCategorical(OfCategories):
    """The categorical distribution, whose samples are vectors ``(*, K)`` with a one at the place of the class.

    Args:
        probs: the classes' probabilities ``(*, K)``, which are divided by their sum; or
        logits: their logarithms, up to a constant.
        validate_args: see `Distribution`.

    Raises:
        ValueError: an argument is invalid, or both are given, or neither is.

    Example:
        >>> torch.distributions.OneHotCategorical(torch.tensor([0.0, 1.0])).sample()
        tensor([0., 1.])
    """

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}
    support = constraints.one_hot
    has_enumerate_support = True

    def __init__(
        self, probs: Tensor | None = None, logits: Tensor | None = None, validate_args: bool | None = None
    ) -> None:
        self._categorical = Categorical(probs, logits)
        shapes = self._categorical.batch_shape, self._categorical.param_shape[-1:]
        super().__init__(*shapes, validate_args=validate_args)

    def expand(self, batch_shape: _size, _instance: Any = None) -> OneHotCategorical:
        return self._with_categories(OneHotCategorical, batch_shape, _instance)

    @property
    def _param(self) -> Tensor:
        return self._categorical._param

    @property
    def mean(self) -> Tensor:
        return self.probs

    @property
    def mode(self) -> Tensor:
        return one_hot(self.probs.argmax(-1), self.probs.shape[-1]).to(self.probs)

    @property
    def variance(self) -> Tensor:
        return self.probs * (1 - self.probs)

    def sample(self, sample_shape: _size = ()) -> Tensor:
        classes = self._categorical.sample(Size(sample_shape))
        return one_hot(classes, self._categorical._num_events).to(self.probs)

    def log_prob(self, value: Tensor) -> Tensor:
        self._look_at(value)
        return self._categorical.log_prob(value.max(-1)[1])

    def entropy(self) -> Tensor:
        return self._categorical.entropy()

    def enumerate_support(self, expand: bool = True) -> Tensor:
        count = self.event_shape[0]
        values = eye(count, dtype=self._param.dtype, device=self._param.device)
        values = values.view((count, *[1] * len(self.batch_shape), count))
        return values.expand((count, *self.batch_shape, count)) if expand else values


class OneHotCategoricalStraightThrough(OneHotCategorical):
    """`OneHotCategorical` whose samples have the gradients of the probabilities.

    Args:
        probs, logits, validate_args: see `OneHotCategorical`.

    Paper: Bengio, Leonard and Courville, "Estimating or propagating gradients through stochastic neurons for
    conditional computation" (2013).
    """

    has_rsample = True

    def rsample(self, sample_shape: _size = ()) -> Tensor:
        return self.sample(sample_shape) + (self.probs - self.probs.detach())
