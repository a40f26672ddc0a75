"""The categorical distribution."""

from __future__ import annotations

from math import nan
from typing import Any

from torchlike._functions.creation import full
from torchlike._functions.randoms import multinomial
from torchlike._functions.ranges import arange
from torchlike._functions.views import broadcast_tensors
from torchlike._types import Size
from torchlike._types.limits import finfo
from torchlike.distributions import constraints
from torchlike.distributions._odds import WithParameter, look_at
from torchlike.distributions.utils import lazy_property, logits_to_probs, probs_to_logits
from torchlike.tensor import Tensor
from torchlike.types import _size

__all__ = ["Categorical"]


class Categorical(WithParameter):
    """The categorical distribution over the integers from 0 to ``K - 1``, drawn as by `torch.multinomial`.

    Args:
        probs: the classes' probabilities ``(*, K)``, nonnegative; they are divided by their sum; or
        logits: the logarithms of probabilities ``(*, K)``, up to a constant, which is removed.
        validate_args: see `Distribution`.

    Raises:
        ValueError: an argument is invalid or has no dimension, or both are given, or neither is.

    Example:
        >>> torch.distributions.Categorical(torch.tensor([1.0, 1.0, 2.0])).probs
        tensor([0.2500, 0.2500, 0.5000])
    """

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}
    has_enumerate_support = True

    def __init__(
        self, probs: Tensor | None = None, logits: Tensor | None = None, validate_args: bool | None = None
    ) -> None:
        look_at(probs, logits)
        given, name = (logits, "logits") if probs is None else (probs, "probs")
        if given.dim() < 1:
            raise ValueError(f"`{name}` parameter must be at least one-dimensional.")
        if probs is not None:
            self.probs = probs / probs.sum(-1, keepdim=True)
        else:
            self.logits = logits - logits.logsumexp(-1, keepdim=True)
        self._num_events = given.size()[-1]
        super().__init__(given.size()[:-1], validate_args=validate_args)

    def expand(self, batch_shape: _size, _instance: Any = None) -> Categorical:
        return self._expanded(Categorical, batch_shape, _instance, "_num_events")

    @constraints.dependent_property(is_discrete=True, event_dim=0)
    def support(self) -> constraints.Constraint:  # type: ignore[override]
        return constraints.integer_interval(0, self._num_events - 1)

    @lazy_property
    def logits(self) -> Tensor:
        """The logarithms of the probabilities."""
        return probs_to_logits(self.probs)

    @lazy_property
    def probs(self) -> Tensor:
        """The probabilities; their sum is 1."""
        return logits_to_probs(self.logits)

    @property
    def mean(self) -> Tensor:
        """NaN: classes have no mean."""
        return full(self._extended_shape(), nan, dtype=self.probs.dtype, device=self.probs.device)

    @property
    def mode(self) -> Tensor:
        return self.probs.argmax(-1)

    @property
    def variance(self) -> Tensor:
        """NaN: classes have no variance."""
        return self.mean

    def sample(self, sample_shape: _size = ()) -> Tensor:
        sample_shape = Size(sample_shape)
        drawn = multinomial(self.probs.reshape(-1, self._num_events), sample_shape.numel(), True)
        return drawn.T.reshape(self._extended_shape(sample_shape))

    def log_prob(self, value: Tensor) -> Tensor:
        self._look_at(value)
        value, logits = broadcast_tensors(value.long().unsqueeze(-1), self.logits)
        return logits.gather(-1, value[..., :1]).squeeze(-1)

    def entropy(self) -> Tensor:
        logits = self.logits.clamp(min=finfo(self.logits.dtype).min)
        return -(logits * self.probs).sum(-1)

    def enumerate_support(self, expand: bool = True) -> Tensor:
        values = arange(self._num_events, device=self._param.device).view((-1,) + (1,) * len(self._batch_shape))
        return values.expand((-1, *self._batch_shape)) if expand else values
