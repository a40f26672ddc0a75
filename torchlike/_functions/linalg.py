"""Linear algebra made of several operations, or with other arguments than these have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from torchlike import return_types
from torchlike._function import function
from torchlike._functions import making
from torchlike._functions.products import crossed
from torchlike._kernels import LOW_PRECISION, NEED_FLOAT
from torchlike._ops import joining, products, reductions, views
from torchlike._ops import linalg as ops
from torchlike._out import CAST, NORM, SAME, OutRule, safe, stored
from torchlike._programs import explain
from torchlike._types import dtypes

if TYPE_CHECKING:
    from torchlike.tensor import Tensor


@function(module="torchlike.linalg", out=SAME, out_name="linalg_inv_ex")
def inv(A: Tensor):
    """The inverses of square matrices ``(*, n, n)``.

    Raises:
        RuntimeError: they are not square.
        LinAlgError: one is singular.

    Example:
        >>> torch.linalg.inv(torch.tensor([[2.0, 0.0], [0.0, 4.0]]))
        tensor([[0.5000, 0.0000],
                [0.0000, 0.2500]])
    """
    return ops.inv(A)


@function
def inverse(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """See `torch.linalg.inv`.

    Example:
        >>> torch.inverse(torch.tensor([[2.0, 0.0], [0.0, 4.0]]))
        tensor([[0.5000, 0.0000],
                [0.0000, 0.2500]])
    """
    return inv(input, out=out)


@function(module="torchlike.linalg", out=SAME, out_name="linalg_solve_ex")
def solve(A: Tensor, B: Tensor, *, left: bool = True):
    """``X`` with ``A X = B``; see `LinAlgError`.

    Example:
        >>> torch.linalg.solve(torch.tensor([[2.0, 0.0], [0.0, 4.0]]), torch.tensor([1.0, 1.0]))
        tensor([0.5000, 0.2500])
    """
    return ops.solve(A, B, left=left)


@function(module="torchlike.linalg", out=SAME, out_name="linalg_cholesky_ex")
def cholesky(A: Tensor, *, upper: bool = False) -> Tensor:
    """The triangular factors of Hermitian positive definite matrices.

    Raises:
        LinAlgError: one is not positive definite.

    Example:
        >>> torch.linalg.cholesky(torch.tensor([[4.0, 2.0], [2.0, 10.0]]))
        tensor([[2., 0.],
                [1., 3.]])
    """
    return ops.cholesky(A, upper=upper)


@function(name="cholesky", out=SAME)
def legacy_cholesky(input: Tensor, upper: bool = False):
    """See `torch.linalg.cholesky`.

    Example:
        >>> torch.cholesky(torch.tensor([[4.0, 2.0], [2.0, 10.0]]))
        tensor([[2., 0.],
                [1., 3.]])
    """
    return ops.legacy_cholesky(input, upper)


@function(module="torchlike.linalg")
def cross(input: Tensor, other: Tensor, *, dim: int = -1, out: Tensor | None = None) -> Tensor:
    """Cross product of vectors with 3 elements along `dim`, by default the last one.

    Raises:
        RuntimeError: there are not 3 elements along `dim`, or numbers of dimensions differ.

    Example:
        >>> torch.linalg.cross(torch.tensor([1, 0, 0]), torch.tensor([0, 1, 0]))
        tensor([0, 0, 1])
    """
    return crossed(input, other, dim, out)


@function(module="torchlike.linalg")
def diagonal(A: Tensor, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """The diagonals of matrices, as `torch.diagonal` has them over the last two dimensions.

    Raises:
        IndexError: there are not two dimensions.

    Example:
        >>> torch.linalg.diagonal(torch.tensor([[1, 2], [3, 4]]))
        tensor([1, 4])
    """
    return views.diagonal(A, offset, dim1, dim2)


@function(module="torchlike.linalg")
def vander(x: Tensor, *, N: int | None = None) -> Tensor:
    """The Vandermonde matrices, ``(*, n, N)``, of vectors, ``(*, n)``: their powers from 0 to ``N - 1``.

    Raises:
        RuntimeError: `N` is below 2, or the elements are neither integers nor of 32 or more bits.

    Example:
        >>> torch.linalg.vander(torch.tensor([2, 3]))
        tensor([[1, 2],
                [1, 3]])
    """
    if x.dtype.rank == 0 or x.dtype in dtypes.HALVES:
        raise RuntimeError(
            "linalg.vander supports floating point, complex, and integer tensors, but got "
            + dtypes.scalar_name(x.dtype)
        )
    if not x.dim():
        x = x.unsqueeze(-1)
    count = x.shape[-1] if N is None else N
    if count <= 1:
        raise RuntimeError("N must be greater than 1.")
    powers = x.unsqueeze(-1).expand(*x.shape, count - 1).cumprod(-1)
    return joining.cat((powers.new_ones((*x.shape, 1)), powers), -1)


@function
def logdet(input: Tensor) -> Tensor:
    """The logarithms of the determinants; NaN where one is negative.

    Example:
        >>> torch.logdet(torch.tensor([[2.0, 0.0], [0.0, 3.0]]))
        tensor(1.7918)
    """
    if input.dtype.rank < 2 or input.dtype in dtypes.HALVES:
        said = NEED_FLOAT if input.dtype.rank < 2 else LOW_PRECISION
        raise RuntimeError(said.format(name="logdet", dtype=dtypes.scalar_name(input.dtype)))
    shape = input._aval.shape
    if len(shape) < 2:
        raise RuntimeError("logdet: The input tensor A must have at least 2 dimensions.")
    if shape[-1] != shape[-2]:
        raise RuntimeError(
            f"logdet: A must be batches of square matrices, but they are {shape[-2]} by {shape[-1]} matrices"
        )
    sign, log = ops.slogdet(input)
    return log + sign.log()


@function(out=SAME)
def slogdet(input: Tensor) -> return_types.slogdet:
    """(sign, logarithm of the absolute value) of the determinants.

    Example:
        >>> torch.slogdet(torch.tensor([[0.0, 2.0], [2.0, 0.0]])).sign
        tensor(-1.)
    """
    return return_types.slogdet(*ops.slogdet(input))


@function(out=SAME, out_name="linalg_qr")
def qr(input: Tensor, some: bool = True) -> return_types.qr:
    """(orthogonal, upper triangular) factors; complete ones where not `some`.

    Example:
        >>> q, r = torch.qr(torch.tensor([[3.0, 1.0], [4.0, 2.0]]))
        >>> r.abs()
        tensor([[5.0000, 2.2000],
                [0.0000, 0.4000]])
    """
    return return_types.qr(*ops.qr(input, "reduced" if some else "complete"))


@function(out=SAME)
def svd(input: Tensor, some: bool = True, compute_uv: bool = True) -> return_types.svd:
    """(left vectors, singular values, right vectors).

    Example:
        >>> torch.svd(torch.tensor([[3.0, 0.0], [0.0, -2.0]])).S
        tensor([3., 2.])
    """
    if not compute_uv:
        values = ops.svdvals(input)
        rows, columns = input.shape[-2:]
        zeros = [values.new_zeros((*input.shape[:-2], size, size)).to(input.dtype) for size in (rows, columns)]
        return return_types.svd(zeros[0], values, zeros[1])
    left, values, right = ops.svd(input, not some)
    return return_types.svd(left, values, right.mH)


@return_types._named
class eig(NamedTuple):
    eigenvalues: Tensor
    eigenvectors: Tensor


@function(name="eig")
def legacy_eig(a: Tensor, eigenvectors: bool = False, *, out: Tensor | None = None):
    """(eigenvalues ``(n, 2)`` as real and imaginary parts, real eigenvectors or none); use `torch.linalg.eig`."""
    explain.warn("torch.eig is deprecated in favor of torch.linalg.eig", FutureWarning)
    values, vectors = np.linalg.eig(a.detach()._value().numpy())
    pairs = np.stack([values.real, values.imag], -1).astype(a.dtype.np)
    real = np.ascontiguousarray(vectors.real).astype(a.dtype.np) if eigenvectors else np.zeros(0, a.dtype.np)
    made = eig(making.wrapped(pairs), making.wrapped(real))
    return stored("eig", made, out)


@function(module="torchlike.linalg")
def norm(
    A: Tensor,
    ord: float | str | None = None,
    dim: int | Sequence[int] | None = None,
    keepdim: bool = False,
    *,
    out: Tensor | None = None,
    dtype: dtypes.dtype | None = None,
) -> Tensor:
    """The norm of vectors or matrices; without `ord` and `dim` that of all elements as one vector.

    Args:
        ord: the order; ``"fro"`` and ``"nuc"`` are matrices'.
        dim: one dimension for vectors, two for matrices.

    Example:
        >>> torch.linalg.norm(torch.tensor([[3.0, 0.0], [0.0, 4.0]]))
        tensor(5.)
        >>> torch.linalg.norm(torch.tensor([[3.0, 0.0], [0.0, 4.0]]), 2)
        tensor(4.)
    """
    dim = (dim,) if isinstance(dim, int) else dim
    if ord is not None and ((dim is not None and len(dim) == 2) or (dim is None and A.dim() == 2)):
        return matrix_norm(A, ord, (-2, -1) if dim is None else dim, keepdim, dtype=dtype, out=out)
    return stored(
        "norm", reductions.linalg_vector_norm(A, 2 if ord is None else ord, dim, keepdim, dtype=dtype), out, NORM
    )


@function(module="torchlike.linalg", out=NORM)
def matrix_norm(
    A: Tensor,
    ord: float | str = "fro",
    dim: Sequence[int] = (-2, -1),
    keepdim: bool = False,
    *,
    dtype: dtypes.dtype | None = None,
) -> Tensor:
    """Norms of matrices over two dimensions.

    Args:
        ord: ``"fro"``, ``"nuc"``, 1, -1, 2, -2, inf or -inf.

    Example:
        >>> torch.linalg.matrix_norm(torch.tensor([[3.0, 0.0], [0.0, 4.0]]), "nuc")
        tensor(7.)
    """
    A = A if dtype is None else A.to(dtype)
    return ops.matrix_norm_of(A, ord, tuple(dim), keepdim)


@function(module="torchlike.linalg")
def matrix_rank(
    A: Tensor,
    tol: Tensor | float | None = None,
    hermitian: bool = False,
    *,
    atol: Tensor | float | None = None,
    rtol: Tensor | float | None = None,
    out: Tensor | None = None,
):
    """How many singular values are not zero.

    Args:
        tol: another name of `atol`.
        hermitian: whether the matrices are Hermitian: one triangle is read.
        atol: what counts as zero.
        rtol: what counts as zero, as a part of the largest; without either, the rounding error of the largest.

    Example:
        >>> torch.linalg.matrix_rank(torch.tensor([[1.0, 2.0], [2.0, 4.0]]))
        tensor(1)
    """
    found = ops.matrix_rank_of(A, atol if tol is None else tol, rtol, hermitian)
    return stored("linalg_matrix_rank", found, out, safe("torch.linalg.matrix_rank"))


@function(module="torchlike.linalg", out=CAST)
def lstsq(A: Tensor, B: Tensor, rcond: float | None = None, *, driver: str | None = None) -> return_types.linalg_lstsq:
    """The least squares solutions of ``A X = B``, with (residuals, rank, singular values).

    Args:
        driver: ``"gelsy"``, ``"gels"``, ``"gelsd"`` or ``"gelss"``; it decides what comes beside the solution.

    Example:
        >>> x, y = torch.tensor([[1.0], [2.0], [3.0]]), torch.tensor([[2.0], [4.0], [6.0]])
        >>> torch.linalg.lstsq(x, y).solution
        tensor([[2.0000]])
    """
    if driver not in (None, *_DRIVERS):
        raise RuntimeError("torch.linalg.lstsq: parameter `driver` should be one of (gels, gelsy, gelsd, gelss)")
    found = ops.lstsq_of(A, B)
    rows, columns = A.shape[-2:]
    squares = (A @ found - B).abs() ** 2
    residuals = squares.sum(-2) if rows > columns and driver not in (None, "gelsy") else squares.reshape(-1)[:0]
    rank = A.new_zeros((0,), dtype=dtypes.int64) if driver == "gels" else ops.matrix_rank_of(A, None, rcond)
    values = ops.svdvals(A.detach())
    values = values if driver in ("gelsd", "gelss") else values.new_zeros((0,))
    return return_types.linalg_lstsq(found, residuals, rank, values)


_DRIVERS = ("gels", "gelsy", "gelsd", "gelss")


_PRODUCT = OutRule("multi_dot(): expected out tensor to have dtype {c_result} but got {c_out}")


@function(module="torchlike.linalg", out=_PRODUCT)
def multi_dot(tensors: Sequence[Tensor]):
    """The product of several matrices, in the cheapest order; the first and last may be vectors.

    Example:
        >>> torch.linalg.multi_dot([torch.ones(2, 3), torch.ones(3, 4), torch.ones(4)])
        tensor([12., 12.])
    """
    if len(tensors) < 2:
        raise RuntimeError(f"multi_dot(): expected at least 2 tensors but got {len(tensors)}")
    letters = "abcdefghijklmnopqrstuvwxyz"
    terms, at = [], 0
    for place, each in enumerate(tensors):
        start = at if not (place == 0 and each.dim() == 1) else at
        size = each.dim()
        terms.append(letters[start : start + size])
        at = start + size - 1
    ends = (terms[0][0] if tensors[0].dim() == 2 else "") + (terms[-1][-1] if tensors[-1].dim() == 2 else "")
    return products.einsum_of(",".join(terms) + "->" + ends, tuple(tensors))
