"""``torch.nn.utils.parametrizations``: orthogonal weights, spectral and weight normalization."""

from __future__ import annotations

from enum import Enum, auto
from typing import Any

from torchlike._autograd.modes import no_grad
from torchlike._functions import creation, randoms
from torchlike._functions.pointwise import allclose
from torchlike._ops.householder import geqrf, householder_product
from torchlike._ops.joining import cat
from torchlike._ops.linalg import matrix_exp, solve
from torchlike._ops.nn.weight_norm import _weight_norm, norm_except_dim
from torchlike._ops.products import mv, vdot
from torchlike._types.limits import finfo
from torchlike.nn import functional as F
from torchlike.nn.modules.conv import _ConvTransposeNd
from torchlike.nn.modules.module import Module
from torchlike.nn.utils import parametrize
from torchlike.tensor import Tensor


def _named(module: Module, name: str) -> Tensor:
    found = getattr(module, name, None)
    if not isinstance(found, Tensor):
        raise ValueError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    return found


# ---------------------------------------------------------------------- orthogonal


def _is_orthogonal(Q: Tensor) -> bool:
    rows, columns = Q.shape[-2:]
    identity = creation.eye(columns, dtype=Q.dtype, device=Q.device)
    return allclose(Q.mH @ Q, identity, atol=10.0 * rows * finfo(Q.dtype).eps)


def _make_orthogonal(A: Tensor) -> Tensor:
    """The orthogonal factor that leaves the triangular one a positive diagonal."""
    X, tau = geqrf(A)
    return householder_product(X, tau) * X.diagonal(dim1=-2, dim2=-1).sgn().unsqueeze(-2)


class _OrthMaps(Enum):
    matrix_exp = auto()
    cayley = auto()
    householder = auto()


class _Orthogonal(Module):
    """Matrices to orthogonal ones.

    Source: Lezcano Casado, Trivializations for Gradient-Based Optimization on Manifolds, 2019.
    """

    base: Tensor

    def __init__(self, weight: Tensor, orthogonal_map: _OrthMaps, *, use_trivialization: bool = True) -> None:
        super().__init__()
        if weight.is_complex() and orthogonal_map is _OrthMaps.householder:
            raise ValueError("The householder parametrization does not support complex tensors.")
        self.shape, self.orthogonal_map = weight.shape, orthogonal_map
        if use_trivialization:
            self.register_buffer("base", None)

    def forward(self, X: Tensor) -> Tensor:
        is_wide = X.size(-2) < X.size(-1)
        X = X.mT if is_wide else X
        Q = self._reflected(X) if self.orthogonal_map is _OrthMaps.householder else self._rotated(X)
        if hasattr(self, "base"):
            Q = self.base @ Q
        return Q.mT if is_wide else Q

    def _rotated(self, X: Tensor) -> Tensor:
        """The first columns of what a skew-Hermitian matrix stands for."""
        rows, columns = X.shape[-2:]
        X = X.tril()
        if rows != columns:
            more = X.new_zeros(rows, rows - columns).expand(*X.shape[:-2], -1, -1)
            X = cat([X, more], dim=-1)
        A = X - X.mH
        if self.orthogonal_map is _OrthMaps.matrix_exp:
            Q = matrix_exp(A)
        else:
            identity = creation.eye(rows, dtype=A.dtype, device=A.device)
            Q = solve(identity.add(A, alpha=-0.5), identity.add(A, alpha=0.5))
        return Q if rows == columns else Q[..., :columns]

    def _reflected(self, X: Tensor) -> Tensor:
        A = X.tril(diagonal=-1)
        tau = 2.0 / (1.0 + (A * A).sum(dim=-2))
        return householder_product(A, tau) * X.diagonal(dim1=-2, dim2=-1).int().unsqueeze(-2)

    @no_grad()
    def right_inverse(self, Q: Tensor) -> Tensor:
        """What leads to these matrices, made orthogonal where they are not; or, with a base, the base of them.

        Raises:
            ValueError: the shape is another.
            NotImplementedError: there is no base, and the map has no inverse.
        """
        if Q.shape != self.shape:
            raise ValueError(
                f"Expected a matrix or batch of matrices of shape {self.shape}. Got a tensor of shape {Q.shape}."
            )
        is_wide = Q.size(-2) < Q.size(-1)
        tall = Q.mT if is_wide else Q
        if not hasattr(self, "base"):
            if self.orthogonal_map is not _OrthMaps.householder:
                raise NotImplementedError(
                    "It is not possible to assign to the matrix exponential or the Cayley parametrizations when "
                    "use_trivialization=False."
                )
            A, tau = geqrf(tall)
            A.diagonal(dim1=-2, dim2=-1).sign_()
            A.diagonal(dim1=-2, dim2=-1)[tau == 0.0] *= -1
            return A.mT if is_wide else A
        rows, columns = tall.shape[-2:]
        if rows != columns:
            more = randoms.randn(*tall.shape[:-2], rows, rows - columns, dtype=Q.dtype, device=Q.device)
            self.base = _make_orthogonal(cat([tall, more], dim=-1))
        else:
            self.base = tall.clone() if _is_orthogonal(tall) else _make_orthogonal(tall)
        negative = creation.zeros_like(Q)
        negative.diagonal(dim1=-2, dim2=-1).fill_(-1.0)
        return negative


def orthogonal(
    module: Module, name: str = "weight", orthogonal_map: str | None = None, *, use_trivialization: bool = True
) -> Module:
    """Keep a weight orthogonal: its columns, or its rows where there are fewer of these.

    Args:
        name: which tensor, ``(*, m, n)``.
        orthogonal_map: ``"matrix_exp"``, ``"cayley"`` or ``"householder"``; by default the first for square or complex
            matrices, the last for others.
        use_trivialization: whether the map starts from the weight, kept in a buffer ``base``.

    Returns:
        The module.

    Raises:
        ValueError: there is no such tensor, it has fewer than two dimensions, or there is no such map.
    """
    weight = _named(module, name)
    if weight.ndim < 2:
        raise ValueError(f"Expected a matrix or batch of matrices. Got a tensor of {weight.ndim} dimensions.")
    if orthogonal_map is None:
        is_square = weight.size(-2) == weight.size(-1)
        orthogonal_map = "matrix_exp" if is_square or weight.is_complex() else "householder"
    chosen = getattr(_OrthMaps, orthogonal_map, None)
    if chosen is None:
        raise ValueError(
            f'orthogonal_map has to be one of "matrix_exp", "cayley", "householder". Got: {orthogonal_map}'
        )
    made = _Orthogonal(weight, chosen, use_trivialization=use_trivialization)
    return parametrize.register_parametrization(module, name, made, unsafe=True)


# ---------------------------------------------------------------------- weight normalization


class _WeightNorm(Module):
    def __init__(self, dim: int | None = 0) -> None:
        super().__init__()
        self.dim = -1 if dim is None else dim

    def forward(self, weight_g: Tensor, weight_v: Tensor) -> Tensor:
        return _weight_norm(weight_v, weight_g, self.dim)

    def right_inverse(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        return norm_except_dim(weight, 2, self.dim), weight


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    """Make a weight a size times a direction: ``original0``, and ``original1`` over its norm.

    Args:
        name: which tensor.
        dim: the dimension along which there are several sizes; None for one.

    Returns:
        The module. It loads what was saved of `torch.nn.utils.weight_norm`, too.

    Source: Salimans and Kingma, Weight Normalization, 2016.
    """
    parametrize.register_parametrization(module, name, _WeightNorm(dim), unsafe=True)

    def take_old_names(state_dict: dict[str, Any], prefix: str, *_: Any) -> None:
        old = [f"{prefix}{name}_{letter}" for letter in "gv"]
        if all(each in state_dict for each in old):
            for place, each in enumerate(old):
                state_dict[f"{prefix}parametrizations.{name}.original{place}"] = state_dict.pop(each)

    module._register_load_state_dict_pre_hook(take_old_names)
    return module


# ---------------------------------------------------------------------- spectral normalization


class _SpectralNorm(Module):
    _u: Tensor
    _v: Tensor

    def __init__(self, weight: Tensor, n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12) -> None:
        super().__init__()
        dims = weight.ndim
        if not -dims <= dim < dims:
            raise IndexError(f"Dimension out of range (expected to be in range of [-{dims}, {dims - 1}] but got {dim})")
        if n_power_iterations <= 0:
            raise ValueError(
                f"Expected n_power_iterations to be positive, but got n_power_iterations={n_power_iterations}"
            )
        self.dim, self.eps = dim % dims, eps
        if dims > 1:
            self.n_power_iterations = n_power_iterations
            matrix = self._reshape_weight_to_matrix(weight.detach())
            for name, size in zip(("_u", "_v"), matrix.shape, strict=True):
                drawn = matrix.new_empty(size).normal_(0, 1)
                self.register_buffer(name, F.normalize(drawn, dim=0, eps=eps))
            self._power_method(matrix, 15)

    def _reshape_weight_to_matrix(self, weight: Tensor) -> Tensor:
        return weight.movedim(self.dim, 0).flatten(1)

    @no_grad()
    def _power_method(self, weight_mat: Tensor, n_power_iterations: int) -> None:
        for _ in range(n_power_iterations):
            self._u.copy_(F.normalize(mv(weight_mat, self._v), dim=0, eps=self.eps))
            self._v.copy_(F.normalize(mv(weight_mat.mH, self._u), dim=0, eps=self.eps))

    def forward(self, weight: Tensor) -> Tensor:
        if weight.ndim == 1:
            return F.normalize(weight, dim=0, eps=self.eps)
        matrix = self._reshape_weight_to_matrix(weight)
        if self.training:
            self._power_method(matrix, self.n_power_iterations)
        # copies: the next call writes to the buffers
        return weight / vdot(self._u.clone(), mv(matrix, self._v.clone()))

    def right_inverse(self, value: Tensor) -> Tensor:
        return value


def spectral_norm(
    module: Module, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> Module:
    """Divide a weight by its largest singular value, which each call in training follows by the power method.

    Args:
        name: which tensor; one of several dimensions is taken as a matrix.
        n_power_iterations: how many steps a call makes.
        eps: the least norm of a vector that is normalized.
        dim: the dimension of the matrix's rows; 0 by default, 1 for transposed convolutions.

    Returns:
        The module.

    Raises:
        ValueError: there is no such tensor, or `n_power_iterations` is not positive.
        IndexError: there is no such dimension.

    Source: Miyato et al., Spectral Normalization for Generative Adversarial Networks, 2018.
    """
    weight = _named(module, name)
    if dim is None:
        dim = 1 if isinstance(module, _ConvTransposeNd) else 0
    made = _SpectralNorm(weight, n_power_iterations, dim, eps)
    return parametrize.register_parametrization(module, name, made)
