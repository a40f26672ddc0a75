"""Linear algebra made of several operations, or with other arguments than these have."""

from __future__ import annotations

import warnings

import numpy as np

from torchlike import return_types
from torchlike._functions import making
from torchlike._functions.products import crossed
from torchlike._kernels import LOW_PRECISION, NEED_FLOAT
from torchlike._ops import linalg as ops
from torchlike._ops import products, reductions
from torchlike._out import NORM, SAME, OutRule, safe, stored
from torchlike._types import dtypes


def inv(A, *, out=None):
    """The inverses of square matrices ``(*, n, n)``.

    Raises:
        RuntimeError: they are not square.
        LinAlgError: one is singular.
    """
    return stored("linalg_inv_ex", ops.inv(A), out, SAME)


def inverse(input, *, out=None):
    """See `torch.linalg.inv`."""
    return inv(input, out=out)


def solve(A, B, *, left: bool = True, out=None):
    """``X`` with ``A X = B``; see `LinAlgError`."""
    return stored("linalg_solve_ex", ops.solve(A, B, left=left), out, SAME)


def cholesky(A, *, upper: bool = False, out=None):
    """The triangular factors of Hermitian positive definite matrices.

    Raises:
        LinAlgError: one is not positive definite.
    """
    return stored("linalg_cholesky_ex", ops.cholesky(A, upper=upper), out, SAME)


def legacy_cholesky(input, upper: bool = False, *, out=None):
    """See `torch.linalg.cholesky`."""
    return stored("cholesky", ops.legacy_cholesky(input, upper), out, SAME)


legacy_cholesky.__name__ = legacy_cholesky.__qualname__ = "cholesky"


def cross(input, other, *, dim: int = -1, out=None):
    """Cross product of vectors with 3 elements along `dim`, by default the last one.

    Raises:
        RuntimeError: there are not 3 elements along `dim`, or numbers of dimensions differ.
    """
    return crossed(input, other, dim, out)


def logdet(input):
    """The logarithms of the determinants; NaN where one is negative."""
    if input.dtype.rank < 2 or input.dtype in dtypes.HALVES:
        said = NEED_FLOAT if input.dtype.rank < 2 else LOW_PRECISION
        raise RuntimeError(said.format(name="logdet", dtype=dtypes.scalar_name(input.dtype)))
    sign, log = ops.slogdet(input)
    return log + sign.log()


def slogdet(input, *, out=None):
    """(sign, logarithm of the absolute value) of the determinants."""
    return stored("slogdet", return_types.slogdet(*ops.slogdet(input)), out, SAME)


def qr(input, some: bool = True, *, out=None):
    """(orthogonal, upper triangular) factors; complete ones where not `some`."""
    return stored("linalg_qr", return_types.qr(*ops.qr(input, "reduced" if some else "complete")), out, SAME)


def svd(input, some: bool = True, compute_uv: bool = True, *, out=None):
    """(left vectors, singular values, right vectors)."""
    if not compute_uv:
        values = ops.svdvals(input)
        rows, columns = input.shape[-2:]
        zeros = [values.new_zeros((*input.shape[:-2], size, size)).to(input.dtype) for size in (rows, columns)]
        return return_types.svd(zeros[0], values, zeros[1])
    left, values, right = ops.svd(input, not some)
    return stored("svd", return_types.svd(left, values, right.mH), out, SAME)


def legacy_eig(a, eigenvectors: bool = False, *, out=None):
    """(eigenvalues ``(n, 2)`` as real and imaginary parts, real eigenvectors or none); use `torch.linalg.eig`."""
    warnings.warn("torch.eig is deprecated in favor of torch.linalg.eig", FutureWarning, stacklevel=2)
    values, vectors = np.linalg.eig(a.detach()._value().numpy())
    pairs = np.stack([values.real, values.imag], -1).astype(a.dtype.np)
    real = np.ascontiguousarray(vectors.real).astype(a.dtype.np) if eigenvectors else np.zeros(0, a.dtype.np)
    made = _EIG(making.wrapped(pairs), making.wrapped(real))
    return stored("eig", made, out)


_EIG = return_types._type("eig", "eigenvalues eigenvectors")


def norm(A, ord=None, dim=None, keepdim: bool = False, *, out=None, dtype=None):
    """The norm of vectors or matrices; without `ord` and `dim` that of all elements as one vector.

    Args:
        ord: the order; ``"fro"`` and ``"nuc"`` are matrices'.
        dim: one dimension for vectors, two for matrices.
    """
    dim = (dim,) if isinstance(dim, int) else dim
    if ord is not None and ((dim is not None and len(dim) == 2) or (dim is None and A.dim() == 2)):
        return matrix_norm(A, ord, (-2, -1) if dim is None else dim, keepdim, dtype=dtype, out=out)
    return stored(
        "norm", reductions.linalg_vector_norm(A, 2 if ord is None else ord, dim, keepdim, dtype=dtype), out, NORM
    )


def matrix_norm(A, ord="fro", dim=(-2, -1), keepdim: bool = False, *, dtype=None, out=None):
    """Norms of matrices over two dimensions.

    Args:
        ord: ``"fro"``, ``"nuc"``, 1, -1, 2, -2, inf or -inf.
    """
    A = A if dtype is None else A.to(dtype)
    return stored("matrix_norm", ops.matrix_norm_of(A, ord, tuple(dim), keepdim), out, NORM)


def matrix_rank(A, tol=None, hermitian: bool = False, *, atol=None, rtol=None, out=None):
    """How many singular values are not zero.

    Args:
        tol: another name of `atol`.
        hermitian: whether the matrices are Hermitian: one triangle is read.
        atol: what counts as zero.
        rtol: what counts as zero, as a part of the largest; without either, the rounding error of the largest.
    """
    found = ops.matrix_rank_of(A, atol if tol is None else tol, rtol, hermitian)
    return stored("linalg_matrix_rank", found, out, safe("torch.linalg.matrix_rank"))


def lstsq(A, B, rcond=None, *, driver=None, out=None):
    """The least squares solutions of ``A X = B``, with (residuals, rank, singular values).

    Args:
        driver: ``"gelsy"``, ``"gels"``, ``"gelsd"`` or ``"gelss"``; it decides what comes beside the solution.
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
    return stored("lstsq", return_types.linalg_lstsq(found, residuals, rank, values), out)


_DRIVERS = ("gels", "gelsy", "gelsd", "gelss")


def multi_dot(tensors, *, out=None):
    """The product of several matrices, in the cheapest order; the first and last may be vectors."""
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
    return stored("multi_dot", products.einsum_of(",".join(terms) + "->" + ends, tuple(tensors)), out, _PRODUCT)


_PRODUCT = OutRule("multi_dot(): expected out tensor to have dtype {c_result} but got {c_out}")
