"""The Wishart distribution."""

from __future__ import annotations

import math
from typing import Any

from torchlike._functions.joining import tril_indices
from torchlike._functions.making import tensor
from torchlike._functions.randoms import randn
from torchlike._functions.ranges import arange
from torchlike._functions.views import broadcast_shapes
from torchlike._ops.linalg import cholesky_solve, slogdet
from torchlike._ops.special import mvlgamma
from torchlike._programs import explain
from torchlike._types import Size
from torchlike._types.limits import finfo
from torchlike.distributions import constraints
from torchlike.distributions.chi2 import Chi2
from torchlike.distributions.exp_family import ExponentialFamily
from torchlike.distributions.multivariate_normal import WithCovariance, _half_log_det, factor_of
from torchlike.tensor import Tensor
from torchlike.types import Number, _Number, _size

__all__ = ["Wishart"]

_LOG_2 = math.log(2)


class Wishart(WithCovariance, ExponentialFamily):
    """The Wishart distribution: of ``X^T X``, where ``X`` has ``df`` rows that are normal with mean zero.

    Args:
        df: the number of rows, greater than ``n - 1``, not necessarily whole, a tensor or a number.
        covariance_matrix: that of a row, positive definite, ``(*, n, n)``; or
        precision_matrix: its inverse; or
        scale_tril: its lower triangular factor with a positive diagonal.
        validate_args: see `Distribution`.

    Raises:
        AssertionError: not one of the three is given.
        ValueError: an argument is invalid.

    Papers: Sawyer, "Wishart distributions and inverse-Wishart sampling" (2007), for samples by Bartlett's
    decomposition.

    Example:
        >>> torch.distributions.Wishart(torch.tensor([2.0]), covariance_matrix=torch.eye(2)).mean
        tensor([[[2., 0.],
                 [0., 2.]]])
    """

    support = constraints.positive_definite
    has_rsample = True
    _mean_carrier_measure = 0

    def __init__(
        self,
        df: Tensor | Number,
        covariance_matrix: Tensor | None = None,
        precision_matrix: Tensor | None = None,
        scale_tril: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        forms = {
            "covariance_matrix": covariance_matrix,
            "precision_matrix": precision_matrix,
            "scale_tril": scale_tril,
        }
        given = [(name, matrix) for name, matrix in forms.items() if matrix is not None]
        if len(given) != 1:
            raise AssertionError("Exactly one of covariance_matrix or precision_matrix or scale_tril may be specified.")
        [(name, matrix)] = given
        if matrix.dim() < 2:
            raise ValueError("scale_tril must be at least two-dimensional, with optional leading batch dimensions")
        if isinstance(df, _Number):
            batch_shape = matrix.shape[:-2]
            self.df = tensor(df, dtype=matrix.dtype, device=matrix.device)
        else:
            batch_shape = broadcast_shapes(matrix.shape[:-2], df.shape)
            self.df = df.expand(batch_shape)
        n = matrix.shape[-1]
        if self.df.le(n - 1).any():
            raise ValueError(f"Value of df={df} expected to be greater than ndim - 1 = {n - 1}.")
        setattr(self, name, matrix.expand((*batch_shape, -1, -1)))
        if self.df.lt(n).any():
            explain.warn(
                "Low df values detected. Singular samples are highly likely to occur for ndim - 1 < df < ndim."
            )
        super().__init__(batch_shape, matrix.shape[-2:], validate_args=validate_args)
        self._unbroadcasted_scale_tril = factor_of(covariance_matrix, precision_matrix, scale_tril)
        self._dist_chi2 = Chi2(self._rows(self.df))

    def _rows(self, df: Tensor) -> Tensor:
        """The degrees of freedom of the squares of the diagonal in Bartlett's decomposition."""
        return df.unsqueeze(-1) - arange(self._event_shape[-1], dtype=df.dtype, device=df.device)

    @property
    def arg_constraints(self) -> dict[str, constraints.Constraint]:  # type: ignore[override]
        return {
            "covariance_matrix": constraints.positive_definite,
            "precision_matrix": constraints.positive_definite,
            "scale_tril": constraints.lower_cholesky,
            "df": constraints.greater_than(self.event_shape[-1] - 1),
        }

    def expand(self, batch_shape: _size, _instance: Any = None) -> Wishart:
        new, shape = self._get_checked_instance(Wishart, _instance), Size(batch_shape) + self.event_shape
        new._unbroadcasted_scale_tril = self._unbroadcasted_scale_tril.expand(shape)
        new.df = self.df.expand(batch_shape)
        for name in ("covariance_matrix", "precision_matrix", "scale_tril"):
            if name in self.__dict__:
                setattr(new, name, self.__dict__[name].expand(shape))
        new._dist_chi2 = Chi2(self._rows(new.df))
        return self._filled(new, batch_shape)

    def _scaled(self, factor: Tensor, matrix: Tensor) -> Tensor:
        return factor.view(self._batch_shape + (1, 1)) * matrix

    @property
    def mean(self) -> Tensor:
        return self._scaled(self.df, self.covariance_matrix)

    @property
    def mode(self) -> Tensor:
        """NaN up to ``df`` of ``n + 1``."""
        factor = self.df - self._event_shape[-1] - 1
        return self._scaled(factor.masked_fill(factor <= 0, math.nan), self.covariance_matrix)

    @property
    def variance(self) -> Tensor:
        covariance = self.covariance_matrix
        diagonal = covariance.diagonal(dim1=-2, dim2=-1)
        return self._scaled(self.df, covariance.pow(2) + diagonal.unsqueeze(-1) * diagonal.unsqueeze(-2))

    def _bartlett_sampling(self, sample_shape: _size = ()) -> Tensor:
        n = self._event_shape[-1]
        diagonal = self._dist_chi2.rsample(sample_shape).sqrt()
        noise = diagonal.clamp(min=finfo(diagonal.dtype).eps).diag_embed()
        i, j = tril_indices(n, n, offset=-1)
        shape = (*sample_shape, *self._batch_shape, n * (n - 1) // 2)
        noise[..., i, j] = randn(shape, dtype=noise.dtype, device=noise.device)
        factor = self._unbroadcasted_scale_tril @ noise
        return factor @ factor.mT

    def _any_of_batch(self, found: Tensor) -> Tensor:
        return found.amax([-1 - dim for dim in range(len(self._batch_shape))]) if self._batch_shape else found

    def rsample(self, sample_shape: _size = (), max_try_correction: int | None = None) -> Tensor:
        """Samples; singular ones are drawn anew.

        PyTorch takes those that are regular for singular at first, so that it draws each twice, and warns: so do we.

        Args:
            max_try_correction: how often at most, by default 10 times.
        """
        sample = self._bartlett_sampling(sample_shape)
        is_singular = self._any_of_batch(self.support.check(sample))
        if not is_singular.any():
            return sample
        explain.warn("Singular sample detected.")
        for _ in range(10 if max_try_correction is None else max_try_correction):
            drawn = self._bartlett_sampling(is_singular[is_singular].shape)
            sample[is_singular] = drawn
            is_singular[is_singular.clone()] = self._any_of_batch(~self.support.check(drawn))
            if not is_singular.any():
                break
        return sample

    def log_prob(self, value: Tensor) -> Tensor:
        self._look_at(value)
        df, n, factor = self.df, self._event_shape[-1], self._unbroadcasted_scale_tril
        constant = -df * (n * _LOG_2 / 2 + _half_log_det(factor)) - mvlgamma(df / 2, p=n)
        trace = cholesky_solve(value, factor).diagonal(dim1=-2, dim2=-1).sum(-1)
        return constant + (df - n - 1) / 2 * slogdet(value).logabsdet - trace / 2

    def entropy(self) -> Tensor:
        df, n = self.df, self._event_shape[-1]
        constant = (n + 1) * (n * _LOG_2 / 2 + _half_log_det(self._unbroadcasted_scale_tril))
        return constant + mvlgamma(df / 2, p=n) - (df - n - 1) / 2 * _mvdigamma(df / 2, n) + df * n / 2

    @property
    def _natural_params(self) -> tuple[Tensor, Tensor]:
        return -self.precision_matrix / 2, (self.df - self._event_shape[-1] - 1) / 2

    def _log_normalizer(self, x: Tensor, y: Tensor) -> Tensor:  # type: ignore[override]
        n = self._event_shape[-1]
        power = y + (n + 1) / 2
        return power * (-slogdet(-2 * x).logabsdet + _LOG_2 * n) + mvlgamma(power, p=n)


def _mvdigamma(x: Tensor, p: int) -> Tensor:
    """The derivative of the multivariate log-gamma function of order `p`."""
    if not x.gt((p - 1) / 2).all():
        raise AssertionError("Wrong domain for multivariate digamma function.")
    return (x.unsqueeze(-1) - arange(p, dtype=x.dtype, device=x.device) / 2).digamma().sum(-1)
