"""Maps of tensors of other shapes, of their parts, of vectors and matrices."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterator, Sequence
from functools import reduce
from typing import Any

from torchlike._functions.creation import eye
from torchlike._functions.linalg import cholesky
from torchlike._ops.joining import cat, stack
from torchlike._types import Size
from torchlike._types.limits import finfo
from torchlike.distributions import constraints
from torchlike.distributions._elementwise_maps import Plain, clipped_sigmoid
from torchlike.distributions._maps import FEW_DIMENSIONS, Transform
from torchlike.distributions.utils import _sum_rightmost, lazy_property, tril_matrix_to_vec, vec_to_tril_matrix
from torchlike.nn.functional import logsigmoid, pad, softplus
from torchlike.tensor import Tensor


class ReshapeTransform(Transform):
    """Another shape of the last dimensions.

    Args:
        in_shape: theirs.
        out_shape: the one they get.
        cache_size: see `Transform`.

    Raises:
        ValueError: it has not as many elements.
    """

    bijective = True

    def __init__(self, in_shape: Sequence[int], out_shape: Sequence[int], cache_size: int = 0) -> None:
        self.in_shape, self.out_shape = Size(in_shape), Size(out_shape)
        if self.in_shape.numel() != self.out_shape.numel():
            raise ValueError("in_shape, out_shape have different numbers of elements")
        super().__init__(cache_size=cache_size)

    @constraints.dependent_property
    def domain(self) -> Any:  # type: ignore[override]
        return constraints.independent(constraints.real, len(self.in_shape))

    @constraints.dependent_property
    def codomain(self) -> Any:  # type: ignore[override]
        return constraints.independent(constraints.real, len(self.out_shape))

    def with_cache(self, cache_size: int = 1) -> Any:
        return self._remade(cache_size, ReshapeTransform, self.in_shape, self.out_shape)

    def _call(self, x: Tensor) -> Tensor:
        return x.reshape(x.shape[: x.dim() - len(self.in_shape)] + self.out_shape)

    def _inverse(self, y: Tensor) -> Tensor:
        return y.reshape(y.shape[: y.dim() - len(self.out_shape)] + self.in_shape)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return x.new_zeros(x.shape[: x.dim() - len(self.in_shape)])

    def forward_shape(self, shape: Any) -> Any:
        return _with_end(shape, self.in_shape, self.out_shape)

    def inverse_shape(self, shape: Any) -> Any:
        return _with_end(shape, self.out_shape, self.in_shape)


def _with_end(shape: Any, old: Size, new: Size) -> Any:
    """A shape with another end.

    Raises:
        ValueError: it does not end so.
    """
    cut = len(shape) - len(old)
    if cut < 0:
        raise ValueError(FEW_DIMENSIONS)
    if shape[cut:] != old:
        raise ValueError(f"Shape mismatch: expected {shape[cut:]} but got {old}")
    return shape[:cut] + new


class _Parts(Transform):
    """Maps of parts of a tensor along a dimension."""

    _limit: str  # what the size along it has to be, as errors call it

    def __init__(self, tseq: Sequence[Transform], dim: int = 0, cache_size: int = 0) -> None:
        if not all(isinstance(each, Transform) for each in tseq):
            raise AssertionError("All elements of tseq must be Transform instances")
        super().__init__(cache_size=cache_size)
        self.transforms = [each.with_cache(cache_size) if cache_size else each for each in tseq]
        self.dim = dim

    @property
    def bijective(self) -> bool:  # type: ignore[override]
        return all(each.bijective for each in self.transforms)

    def _split(self, given: Tensor) -> Sequence[Tensor]:
        raise NotImplementedError

    def _pieces(self, given: Tensor, size: int, name: str = "tensor", sized: str = "x") -> Iterator[tuple]:
        """(map, part) in turn.

        Raises:
            AssertionError: `given` has not so many dimensions, or elements along this one.
        """
        if not -given.dim() <= self.dim < given.dim():
            raise AssertionError(f"dim {self.dim} out of range for {name} with {given.dim()} dimensions")
        found = given.size(self.dim)
        if found != size:
            raise AssertionError(f"{sized}.size({self.dim}) = {found} must equal {self._limit} {size}")
        return zip(self.transforms, self._split(given), strict=True)


class CatTransform(_Parts):
    """Maps of the parts of a tensor along a dimension, which stay where they are, as by `torch.cat`.

    Args:
        tseq: the maps.
        dim: the dimension.
        lengths: the parts' sizes, by default 1 each.
        cache_size: see `Transform`.

    Raises:
        AssertionError: there are not as many sizes as maps.
    """

    _limit = "length"

    def __init__(
        self, tseq: Sequence[Transform], dim: int = 0, lengths: Sequence[int] | None = None, cache_size: int = 0
    ) -> None:
        super().__init__(tseq, dim, cache_size)
        self.lengths = [1] * len(self.transforms) if lengths is None else list(lengths)
        if len(self.lengths) != len(self.transforms):
            raise AssertionError(f"lengths ({len(self.lengths)}) must match transforms ({len(self.transforms)})")

    @lazy_property
    def event_dim(self) -> int:  # type: ignore[override]
        return max(each.event_dim for each in self.transforms)

    @lazy_property
    def length(self) -> int:
        """The size of all parts together."""
        return sum(self.lengths)

    def with_cache(self, cache_size: int = 1) -> Any:
        return self._remade(cache_size, CatTransform, self.transforms, self.dim, self.lengths)

    def _split(self, given: Tensor) -> Sequence[Tensor]:
        return given.split(self.lengths, self.dim)

    def _call(self, x: Tensor) -> Tensor:
        return cat([each(part) for each, part in self._pieces(x, self.length)], self.dim)

    def _inverse(self, y: Tensor) -> Tensor:
        return cat([each.inv(part) for each, part in self._pieces(y, self.length, sized="y")], self.dim)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        pairs = [self._pieces(given, self.length, name, name) for given, name in ((x, "x"), (y, "y"))]
        found = []
        for (each, before), (_, after) in zip(*pairs, strict=True):
            own = each.log_abs_det_jacobian(before, after)
            found.append(_sum_rightmost(own, self.event_dim - each.event_dim))
        dim = (self.dim - x.dim() if self.dim >= 0 else self.dim) + self.event_dim
        return cat(found, dim) if dim < 0 else reduce(operator.add, found)

    @constraints.dependent_property
    def domain(self) -> Any:  # type: ignore[override]
        return constraints.cat([each.domain for each in self.transforms], self.dim, self.lengths)

    @constraints.dependent_property
    def codomain(self) -> Any:  # type: ignore[override]
        return constraints.cat([each.codomain for each in self.transforms], self.dim, self.lengths)


class StackTransform(_Parts):
    """A map for each slice of a tensor along a dimension, as by `torch.stack`.

    Args:
        tseq: the maps.
        dim: the dimension.
        cache_size: see `Transform`.

    Example:
        >>> D = torch.distributions
        >>> t = D.StackTransform([D.ExpTransform(), D.identity_transform], dim=1)
        >>> t(torch.zeros(1, 2))
        tensor([[1., 0.]])
    """

    _limit = "len(transforms)"

    def with_cache(self, cache_size: int = 1) -> Any:
        return self._remade(cache_size, StackTransform, self.transforms, self.dim)

    def _split(self, given: Tensor) -> Sequence[Tensor]:
        return given.unbind(self.dim)

    def _call(self, x: Tensor) -> Tensor:
        return stack([each(part) for each, part in self._pieces(x, len(self.transforms))], self.dim)

    def _inverse(self, y: Tensor) -> Tensor:
        return stack([each.inv(part) for each, part in self._pieces(y, len(self.transforms), sized="y")], self.dim)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        pairs = [self._pieces(given, len(self.transforms), name, name) for given, name in ((x, "x"), (y, "y"))]
        parts = zip(*pairs, strict=True)
        return stack([each.log_abs_det_jacobian(before, after) for (each, before), (_, after) in parts], self.dim)

    @constraints.dependent_property
    def domain(self) -> Any:  # type: ignore[override]
        return constraints.stack([each.domain for each in self.transforms], self.dim)

    @constraints.dependent_property
    def codomain(self) -> Any:  # type: ignore[override]
        return constraints.stack([each.codomain for each in self.transforms], self.dim)


# ---------------------------------------------------------------------- vectors and matrices


def _least(shape: Any, count: int) -> None:
    if len(shape) < count:
        raise ValueError(FEW_DIMENSIONS)


class CorrCholeskyTransform(Transform):
    """Vectors ``(*, n * (n - 1) / 2)`` to the Cholesky factors ``(*, n, n)`` of correlation matrices.

    The elements become canonical partial correlations by ``tanh``, and these rows of length 1 by breaking a stick.

    Args:
        cache_size: see `Transform`.

    Paper: Lewandowski, Kurowicka and Joe, "Generating random correlation matrices based on vines and extended onion
    method" (2009).
    """

    domain = constraints.real_vector
    codomain = constraints.corr_cholesky
    bijective = True

    def _call(self, x: Tensor) -> Tensor:
        eps = finfo(x.dtype).eps
        partial = vec_to_tril_matrix(x.tanh().clamp(min=-1 + eps, max=1 - eps), diag=-1)
        rest = (1 - partial**2).sqrt().cumprod(-1)
        whole = partial + eye(partial.shape[-1], dtype=partial.dtype, device=partial.device)
        return whole * pad(rest[..., :-1], [1, 0], value=1)

    def _inverse(self, y: Tensor) -> Tensor:
        rest = pad((1 - (y * y).cumsum(-1))[..., :-1], [1, 0], value=1)
        partial = tril_matrix_to_vec(y, diag=-1) / tril_matrix_to_vec(rest, diag=-1).sqrt()
        return (partial.log1p() - (-partial).log1p()) / 2

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        rest = tril_matrix_to_vec(1 - (y * y).cumsum(-1), diag=-2)
        of_tanh = -2 * (x + softplus(-2 * x) - math.log(2.0)).sum(-1)
        return 0.5 * rest.log().sum(-1) + of_tanh

    def forward_shape(self, shape: Any) -> Any:
        _least(shape, 1)
        count = shape[-1]
        n = round((0.25 + 2 * count) ** 0.5 + 0.5)
        if n * (n - 1) // 2 != count:
            raise ValueError("Input is not a flattened lower-diagonal number")
        return shape[:-1] + (n, n)

    def inverse_shape(self, shape: Any) -> Any:
        _least(shape, 2)
        n = shape[-1]
        if shape[-2] != n:
            raise ValueError("Input is not square")
        return shape[:-2] + (n * (n - 1) // 2,)


class SoftmaxTransform(Plain):
    """``exp(x)`` divided by its sum: vectors to probabilities. The inverse is ``log``; it is not bijective.

    Args:
        cache_size: see `Transform`.
    """

    domain = constraints.real_vector
    codomain = constraints.simplex

    def _call(self, x: Tensor) -> Tensor:
        shares = (x - x.max(-1, True)[0]).exp()
        return shares / shares.sum(-1, True)

    def _inverse(self, y: Tensor) -> Tensor:
        return y.log()

    def forward_shape(self, shape: Any) -> Any:
        _least(shape, 1)
        return shape

    def inverse_shape(self, shape: Any) -> Any:
        _least(shape, 1)
        return shape


class StickBreakingTransform(Plain):
    """Vectors ``(*, n)`` to probabilities ``(*, n + 1)``: each takes its share of what the ones before have left.

    Args:
        cache_size: see `Transform`.
    """

    domain = constraints.real_vector
    codomain = constraints.simplex
    bijective = True

    @staticmethod
    def _shifted(x: Tensor, size: int) -> Tensor:
        """The log of how many parts are left at each place, by which zeros become equal parts."""
        return (size - x.new_ones(x.shape[-1]).cumsum(-1)).log()

    def _call(self, x: Tensor) -> Tensor:
        share = clipped_sigmoid(x - self._shifted(x, x.shape[-1] + 1))
        return pad(share, [0, 1], value=1) * pad((1 - share).cumprod(-1), [1, 0], value=1)

    def _inverse(self, y: Tensor) -> Tensor:
        taken = y[..., :-1]
        left = (1 - taken.cumsum(-1)).clamp(min=finfo(y.dtype).tiny)
        return taken.log() - left.log() + self._shifted(taken, y.shape[-1])

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        x = x - self._shifted(x, x.shape[-1] + 1)
        return (-x + logsigmoid(x) + y[..., :-1].log()).sum(-1)

    def forward_shape(self, shape: Any) -> Any:
        _least(shape, 1)
        return shape[:-1] + (shape[-1] + 1,)

    def inverse_shape(self, shape: Any) -> Any:
        _least(shape, 1)
        return shape[:-1] + (shape[-1] - 1,)


class LowerCholeskyTransform(Plain):
    """Square matrices to lower triangular ones with a positive diagonal, which is the exponential of the old one.

    Args:
        cache_size: see `Transform`.
    """

    domain = constraints.independent(constraints.real, 2)
    codomain = constraints.lower_cholesky

    def _call(self, x: Tensor) -> Tensor:
        return x.tril(-1) + x.diagonal(dim1=-2, dim2=-1).exp().diag_embed()

    def _inverse(self, y: Tensor) -> Tensor:
        return y.tril(-1) + y.diagonal(dim1=-2, dim2=-1).log().diag_embed()


class PositiveDefiniteTransform(Plain):
    """Square matrices to positive definite ones, of which `LowerCholeskyTransform` gives the factors.

    Args:
        cache_size: see `Transform`.
    """

    domain = constraints.independent(constraints.real, 2)
    codomain = constraints.positive_definite

    def _call(self, x: Tensor) -> Tensor:
        factor = LowerCholeskyTransform()(x)
        return factor @ factor.mT

    def _inverse(self, y: Tensor) -> Tensor:
        return LowerCholeskyTransform().inv(cholesky(y))
