"""Dropout layers: they drop in training and do nothing in evaluation."""

from __future__ import annotations

from torchlike.nn import functional as F
from torchlike.nn.modules.module import Module
from torchlike.tensor import Tensor


class _DropoutNd(Module):
    """Drops elements in training.

    Args:
        p: the probability to drop one.
        inplace: whether the input itself is changed.

    Raises:
        ValueError: `p` is no probability.
    """

    p: float
    inplace: bool

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if p < 0 or p > 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p, self.inplace = p, inplace

    def forward(self, input: Tensor) -> Tensor:
        """The input with elements dropped, in training; the input itself otherwise."""
        return self._function(input, self.p, self.training, self.inplace)

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_DropoutNd):
    """Zeros elements in training and scales the others by ``1 / (1 - p)``; see `torch.nn.functional.dropout`."""

    _function = staticmethod(F.dropout)


class Dropout1d(_DropoutNd):
    """Zeros whole channels of ``(N, C, L)`` in training; see `torch.nn.functional.dropout1d`."""

    _function = staticmethod(F.dropout1d)


class Dropout2d(_DropoutNd):
    """Zeros whole channels of ``(N, C, H, W)`` in training; see `torch.nn.functional.dropout2d`."""

    _function = staticmethod(F.dropout2d)


class Dropout3d(_DropoutNd):
    """Zeros whole channels of ``(N, C, D, H, W)`` in training; see `torch.nn.functional.dropout3d`."""

    _function = staticmethod(F.dropout3d)


class AlphaDropout(_DropoutNd):
    """Dropout that keeps mean 0 and variance 1, for SELU; see `torch.nn.functional.alpha_dropout`."""

    _function = staticmethod(F.alpha_dropout)


class FeatureAlphaDropout(_DropoutNd):
    """`AlphaDropout` of whole channels; see `torch.nn.functional.feature_alpha_dropout`."""

    _function = staticmethod(F.feature_alpha_dropout)
