"""Distributions that are given by probabilities or, instead, by their logits."""

from __future__ import annotations

from typing import Any

from torchlike._types import Size
from torchlike.distributions.distribution import Distribution
from torchlike.distributions.utils import broadcast_all, lazy_property, logits_to_probs, probs_to_logits
from torchlike.tensor import Tensor


def look_at(probs: Any, logits: Any) -> None:
    """Refuse both, and neither.

    Raises:
        ValueError: so it is.
    """
    if (probs is None) == (logits is None):
        raise ValueError("Either `probs` or `logits` must be specified, but not both.")


class Odds(Distribution):
    """What is given by the probability of a success or by its log-odds; the other is computed when it is asked for."""

    total_count: Any

    def _take(self, probs: Any, logits: Any, total_count: Any = None) -> Size:
        """Keep what is given, tensors or numbers, broadcast; gives the batch shape.

        Args:
            total_count: a number of trials, or of failures, which gets the same dtype.
        """
        look_at(probs, logits)
        given, name = (logits, "logits") if probs is None else (probs, "probs")
        if total_count is None:
            (given,) = broadcast_all(given)
        else:
            total_count, given = broadcast_all(total_count, given)
            self.total_count = total_count.type_as(given)
        setattr(self, name, given)
        return given.size()

    @lazy_property
    def logits(self) -> Tensor:
        """The log-odds."""
        return probs_to_logits(self.probs, is_binary=True)

    @lazy_property
    def probs(self) -> Tensor:
        """The probabilities."""
        return logits_to_probs(self.logits, is_binary=True)


class WithParameter(Distribution):
    """What is known by one parameter, probabilities or logits."""

    @property
    def _param(self) -> Tensor:
        own = self.__dict__
        return own["logits"] if "logits" in own else own["probs"]

    def _new(self, *args: Any, **kwargs: Any) -> Tensor:
        return self._param.new(*args, **kwargs)

    @property
    def param_shape(self) -> Size:
        """The parameter's shape."""
        return self._param.size()


class OfCategories(Distribution):
    """What a categorical distribution underlies, which has the parameters."""

    _categorical: Any

    def _with_categories(self, cls: type, batch_shape: Any, instance: Any, *kept: str) -> Any:
        """What `expand` gives."""
        new = self._get_checked_instance(cls, instance)
        new._categorical = self._categorical.expand(batch_shape)
        return self._filled(new, batch_shape, *kept)

    def _new(self, *args: Any, **kwargs: Any) -> Tensor:
        return self._categorical._new(*args, **kwargs)

    @property
    def logits(self) -> Tensor:
        """The logarithms of the classes' probabilities."""
        return self._categorical.logits

    @property
    def probs(self) -> Tensor:
        """The classes' probabilities."""
        return self._categorical.probs

    @property
    def param_shape(self) -> Size:
        """The parameter's shape."""
        return self._categorical.param_shape
