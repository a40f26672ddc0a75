"""The multivariate normal distribution."""

from __future__ import annotations

import math
from typing import Any

from torchlike._functions.creation import eye
from torchlike._functions.linalg import cholesky
from torchlike._functions.views import broadcast_shapes
from torchlike._ops.linalg import cholesky_inverse, solve_triangular
from torchlike.distributions import constraints
from torchlike.distributions.distribution import Distribution
from torchlike.distributions.utils import _standard_normal, lazy_property
from torchlike.tensor import Tensor
from torchlike.types import _size

__all__ = ["MultivariateNormal"]


def _batch_mv(bmat: Tensor, bvec: Tensor) -> Tensor:
    """Products of matrices and vectors."""
    return (bmat @ bvec.unsqueeze(-1)).squeeze(-1)


def _batch_mahalanobis(bL: Tensor, bx: Tensor) -> Tensor:
    """``x^T (L L^T)^-1 x``: each matrix is solved once for all the vectors that it belongs to.

    Args:
        bL: lower triangular, ``(*b, n, n)``.
        bx: ``(*s, *b, n)``.
    """
    outer = bx.dim() + 1 - bL.dim()
    columns = bx.reshape(bx.shape[:outer].numel(), *bx.shape[outer:]).movedim(0, -1)
    distances = solve_triangular(bL, columns, upper=False).pow(2).sum(-2)
    return distances.movedim(-1, 0).reshape(bx.shape[:-1])


def _precision_to_scale_tril(P: Tensor) -> Tensor:
    """The lower factor of the inverse of matrices: by the factor of the matrix from its other corner."""
    upper = cholesky(P.flip(-2, -1)).flip(-2, -1)
    identity = eye(P.shape[-1], dtype=P.dtype, device=P.device)
    return solve_triangular(upper.mT, identity, upper=False)


def _half_log_det(factor: Tensor) -> Tensor:
    """Half of the logarithm of the determinant of what triangular matrices are factors of."""
    return factor.diagonal(dim1=-2, dim2=-1).log().sum(-1)


def factor_of(covariance: Tensor | None, precision: Tensor | None, scale_tril: Tensor | None) -> Tensor:
    """The lower factor of the covariance, of which one is given, or its inverse or the factor itself."""
    if scale_tril is not None:
        return scale_tril
    return _precision_to_scale_tril(precision) if covariance is None else cholesky(covariance)


class WithCovariance(Distribution):
    """What has a covariance matrix, its inverse and its lower factor, of which one is given; others are computed."""

    _unbroadcasted_scale_tril: Tensor

    def _expand_matrix(self, matrix: Tensor) -> Tensor:
        return matrix.expand(self._batch_shape + matrix.shape[-2:])

    @lazy_property
    def scale_tril(self) -> Tensor:
        """The lower triangular factor ``L`` of the covariance ``L L^T``."""
        return self._expand_matrix(self._unbroadcasted_scale_tril)

    @lazy_property
    def covariance_matrix(self) -> Tensor:
        """The covariance."""
        return self._expand_matrix(self._unbroadcasted_scale_tril @ self._unbroadcasted_scale_tril.mT)

    @lazy_property
    def precision_matrix(self) -> Tensor:
        """The inverse of the covariance."""
        return self._expand_matrix(cholesky_inverse(self._unbroadcasted_scale_tril))


class MultivariateNormal(WithCovariance):
    """The normal distribution of vectors ``(*, n)``, with a mean and a covariance.

    Args:
        loc: the mean, ``(*, n)``.
        covariance_matrix: positive definite, ``(*, n, n)``; or
        precision_matrix: its inverse; or
        scale_tril: its lower triangular factor with a positive diagonal, which is used for everything.
        validate_args: see `Distribution`.

    Raises:
        ValueError: an argument is invalid or has too few dimensions, or not one of the three is given.

    Example:
        >>> torch.distributions.MultivariateNormal(torch.zeros(2), torch.eye(2)).log_prob(torch.zeros(2))
        tensor(-1.8379)
    """

    arg_constraints = {
        "loc": constraints.real_vector,
        "covariance_matrix": constraints.positive_definite,
        "precision_matrix": constraints.positive_definite,
        "scale_tril": constraints.lower_cholesky,
    }
    support = constraints.real_vector
    has_rsample = True

    def __init__(
        self,
        loc: Tensor,
        covariance_matrix: Tensor | None = None,
        precision_matrix: Tensor | None = None,
        scale_tril: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        if loc.dim() < 1:
            raise ValueError("loc must be at least one-dimensional.")
        forms = {
            "scale_tril": scale_tril,
            "covariance_matrix": covariance_matrix,
            "precision_matrix": precision_matrix,
        }
        given = [(name, matrix) for name, matrix in forms.items() if matrix is not None]
        if len(given) != 1:
            raise ValueError("Exactly one of covariance_matrix or precision_matrix or scale_tril may be specified.")
        [(name, matrix)] = given
        if matrix.dim() < 2:
            told = "scale_tril matrix" if name == "scale_tril" else name
            raise ValueError(f"{told} must be at least two-dimensional, with optional leading batch dimensions")
        batch_shape = broadcast_shapes(matrix.shape[:-2], loc.shape[:-1])
        setattr(self, name, matrix.expand((*batch_shape, -1, -1)))
        self.loc = loc.expand((*batch_shape, -1))
        super().__init__(batch_shape, self.loc.shape[-1:], validate_args=validate_args)
        self._unbroadcasted_scale_tril = factor_of(covariance_matrix, precision_matrix, scale_tril)

    def expand(self, batch_shape: _size, _instance: Any = None) -> MultivariateNormal:
        return self._expanded(MultivariateNormal, batch_shape, _instance, "_unbroadcasted_scale_tril")

    @property
    def mean(self) -> Tensor:
        return self.loc

    @property
    def mode(self) -> Tensor:
        return self.loc

    @property
    def variance(self) -> Tensor:
        return self._unbroadcasted_scale_tril.pow(2).sum(-1).expand(self._batch_shape + self._event_shape)

    def rsample(self, sample_shape: _size = ()) -> Tensor:
        normal = _standard_normal(self._extended_shape(sample_shape), self.loc.dtype, self.loc.device)
        return self.loc + _batch_mv(self._unbroadcasted_scale_tril, normal)

    def log_prob(self, value: Tensor) -> Tensor:
        self._look_at(value)
        distance = _batch_mahalanobis(self._unbroadcasted_scale_tril, value - self.loc)
        constant = self._event_shape[0] * math.log(2 * math.pi)
        return -0.5 * (constant + distance) - _half_log_det(self._unbroadcasted_scale_tril)

    def entropy(self) -> Tensor:
        constant = 0.5 * self._event_shape[0] * (1.0 + math.log(2 * math.pi))
        return (constant + _half_log_det(self._unbroadcasted_scale_tril)).expand(self._batch_shape)
