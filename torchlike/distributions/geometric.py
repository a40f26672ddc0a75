"""The geometric distribution."""

from __future__ import annotations

from typing import Any

from torchlike._autograd.modes import no_grad
from torchlike._functions.creation import zeros_like
from torchlike._types.limits import finfo
from torchlike.distributions import constraints
from torchlike.distributions._odds import Odds
from torchlike.distributions.utils import broadcast_all
from torchlike.nn.functional import binary_cross_entropy_with_logits
from torchlike.tensor import Tensor
from torchlike.types import Number, _size

__all__ = ["Geometric"]


class Geometric(Odds):
    """The geometric distribution: how many trials fail before one succeeds, each with probability ``probs``.

    Args:
        probs: the probabilities of success, positive, a tensor or a number; or
        logits: their log-odds.
        validate_args: see `Distribution`.

    Raises:
        ValueError: an argument is invalid, or both are given, or neither is.

    Example:
        >>> torch.distributions.Geometric(torch.tensor([0.25])).mean
        tensor([3.])
    """

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.nonnegative_integer

    def __init__(
        self,
        probs: Tensor | Number | None = None,
        logits: Tensor | Number | None = None,
        validate_args: bool | None = None,
    ) -> None:
        super().__init__(self._take(probs, logits), validate_args=validate_args)
        if self._validate_args and probs is not None:
            value = self.probs
            is_valid = value > 0
            if not is_valid.all():
                raise ValueError(
                    f"Expected parameter probs ({type(value).__name__} of shape {tuple(value.shape)}) of distribution "
                    f"{self!r} to be positive but found invalid values:\n{value.data[~is_valid]}"
                )

    def expand(self, batch_shape: _size, _instance: Any = None) -> Geometric:
        return self._expanded(Geometric, batch_shape, _instance)

    @property
    def mean(self) -> Tensor:
        return 1.0 / self.probs - 1.0

    @property
    def mode(self) -> Tensor:
        return zeros_like(self.probs)

    @property
    def variance(self) -> Tensor:
        return (1.0 / self.probs - 1.0) / self.probs

    def sample(self, sample_shape: _size = ()) -> Tensor:
        with no_grad():
            drawn = self.probs.new_empty(self._extended_shape(sample_shape))
            drawn.uniform_(finfo(drawn.dtype).tiny, 1)
            return (drawn.log() / (-self.probs).log1p()).floor()

    def log_prob(self, value: Tensor) -> Tensor:
        self._look_at(value)
        value, probs = broadcast_all(value, self.probs)
        probs = probs.masked_fill((probs == 1) & (value == 0), 0)  # where 0 * log(0) stands for 0
        return value * (-probs).log1p() + self.probs.log()

    def entropy(self) -> Tensor:
        return binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none") / self.probs
