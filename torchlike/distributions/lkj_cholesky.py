"""Cholesky factors of random correlation matrices."""

from __future__ import annotations

import math
from typing import Any

from torchlike._functions.randoms import randn
from torchlike._functions.ranges import arange
from torchlike._ops.joining import cat
from torchlike._ops.special import mvlgamma
from torchlike._types import Size
from torchlike._types.limits import finfo
from torchlike.distributions import constraints
from torchlike.distributions.beta import Beta
from torchlike.distributions.distribution import Distribution
from torchlike.distributions.utils import broadcast_all
from torchlike.tensor import Tensor
from torchlike.types import _size

__all__ = ["LKJCholesky"]


class LKJCholesky(Distribution):
    """The lower Cholesky factors of correlation matrices ``(*, dim, dim)``, of which ``p`` goes as ``det ** (c - 1)``.

    Args:
        dim: the size of a matrix, at least 2.
        concentration: ``c``, positive, a tensor or a number; with 1 all correlation matrices are as probable.
        validate_args: see `Distribution`.

    Raises:
        ValueError: an argument is invalid.

    Paper: Lewandowski, Kurowicka and Joe, "Generating random correlation matrices based on vines and extended onion
    method" (2009), of which the onion method is used.

    Example:
        >>> torch.distributions.LKJCholesky(3, 0.5).event_shape
        torch.Size([3, 3])
    """

    arg_constraints = {"concentration": constraints.positive}
    support = constraints.corr_cholesky

    def __init__(self, dim: int, concentration: Tensor | float = 1.0, validate_args: bool | None = None) -> None:
        if dim < 2:
            raise ValueError(f"Expected dim to be an integer greater than or equal to 2. Found dim={dim}.")
        self.dim = dim
        (self.concentration,) = broadcast_all(concentration)
        row = arange(dim - 1, dtype=self.concentration.dtype, device=self.concentration.device)
        row = cat([row.new_zeros((1,)), row])
        marginal = self.concentration + 0.5 * (dim - 2)
        self._beta = Beta(row + 0.5, marginal.unsqueeze(-1) - 0.5 * row)  # of the squared lengths left of the diagonal
        super().__init__(self.concentration.size(), Size((dim, dim)), validate_args)

    def expand(self, batch_shape: _size, _instance: Any = None) -> LKJCholesky:
        new = self._expanded(LKJCholesky, batch_shape, _instance, "dim")
        new._beta = self._beta.expand((*batch_shape, self.dim))
        return new

    def sample(self, sample_shape: _size = ()) -> Tensor:
        length = self._beta.sample(sample_shape).unsqueeze(-1)
        drawn = randn(self._extended_shape(sample_shape), dtype=length.dtype, device=length.device).tril(-1)
        direction = drawn / drawn.norm(dim=-1, keepdim=True)
        direction[..., 0, :].fill_(0.0)
        rows = length.sqrt() * direction
        rest = (1 - (rows**2).sum(-1)).clamp(min=finfo(rows.dtype).tiny)
        return rows + rest.sqrt().diag_embed()

    def log_prob(self, value: Tensor) -> Tensor:
        self._look_at(value)
        diagonal = value.diagonal(dim1=-1, dim2=-2)[..., 1:]
        row = arange(2, self.dim + 1, device=self.concentration.device)
        power = 2 * (self.concentration - 1).unsqueeze(-1) + self.dim - row
        count = self.dim - 1
        alpha = self.concentration + 0.5 * count
        constant = 0.5 * count * math.log(math.pi) + mvlgamma(alpha - 0.5, count) - alpha.lgamma() * count
        return (power * diagonal.log()).sum(-1) - constant
