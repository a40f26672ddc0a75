"""Decompositions, inverses, solutions of linear systems."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import jax.scipy.linalg as jsl

from torchlike import return_types
from torchlike._dispatch import op
from torchlike._ops._matrices import is_definite, is_finite, is_regular
from torchlike._ops._nodes import of_matrix_norm, of_matrix_power
from torchlike._ops._promote import Array, ArrayLike, Number, axes_of, magnitude, rank
from torchlike._ops.reductions import vector_norm_of
from torchlike._out import KERNEL, SAME, safe
from torchlike._recorder.checks import Check
from torchlike._types.dtypes import scalar_name


def check_matrices(array: Array, name: str, square: bool = False, letter: str = "A") -> None:
    """Raise for what is no batch of (square) matrices of floating point or complex numbers."""
    if array.ndim < 2:
        raise RuntimeError(f"{name}: The input tensor {letter} must have at least 2 dimensions.")
    if square and array.shape[-1] != array.shape[-2]:
        raise RuntimeError(
            f"{name}: A must be batches of square matrices, but they are {array.shape[-2]} by {array.shape[-1]} matrices"
        )
    if rank(array.dtype) < 2:
        raise RuntimeError(
            f"{name}: Expected a floating point or complex tensor as input. Got {scalar_name(array.dtype)}"
        )


def from_triangle(A: Array, uplo: str = "L") -> Array:
    """The Hermitian matrices of which one triangle is given. As in PyTorch, their gradient is Hermitian, too."""
    half = (A + _adjoint(A)) / 2
    return half + jax.lax.stop_gradient(_triangle(A, uplo) - half)


def _triangle(A: Array, uplo: str = "L") -> Array:
    if uplo.upper() not in ("L", "U"):
        raise RuntimeError(f"Expected UPLO argument to be 'L' or 'U', but got {uplo}")
    if uplo.upper() == "L":
        return jnp.tril(A) + _adjoint(jnp.tril(A, -1))
    return jnp.triu(A) + _adjoint(jnp.triu(A, 1))


def _adjoint(A: Array) -> Array:
    return jnp.conj(jnp.swapaxes(A, -1, -2))


_SINGULAR = (
    "The diagonal element {} is zero, the inversion could not be completed because the input matrix is singular."
)
_is_invertible = is_regular("linalg.inv", _SINGULAR)


@op(grad_name="LinalgInvExBackward0", check=_is_invertible)
def inv(A: Array) -> Array:
    """The inverses of square matrices."""
    check_matrices(A, "linalg.inv", square=True)
    return jnp.linalg.inv(A)


@op(also="torchlike.linalg", grad_name="LinalgDetBackward0", out=SAME)
def det(A: Array) -> Array:
    """The determinants of square matrices.

    Example:
        >>> torch.linalg.det(torch.tensor([[2.0, 1.0], [0.0, 3.0]]))
        tensor(6.)
    """
    check_matrices(A, "linalg.det", square=True)
    return _det(A) if A.shape[-1] else jnp.ones(A.shape[:-2], A.dtype)


@jax.custom_jvp
def _det(A: Array) -> Array:
    """By LU decomposition at any size, as PyTorch has it: JAX's formulas for small ones meet infinities otherwise."""
    decomposed, pivots, _ = jax.lax.linalg.lu(A)
    swaps = jnp.sum(pivots != jnp.arange(A.shape[-1], dtype=pivots.dtype), -1)
    return jnp.prod(jnp.diagonal(decomposed, axis1=-2, axis2=-1), -1) * (1 - 2 * (swaps % 2)).astype(A.dtype)


@_det.defjvp
def _det_jvp(primals, tangents):
    return _det(*primals), jax.jvp(jnp.linalg.det, primals, tangents)[1]


@op(also="torchlike.linalg", grad_name="LinalgSlogdetBackward0", out=SAME)
def slogdet(A: Array) -> return_types.linalg_slogdet:
    """(sign, logarithm of the absolute value) of the determinants.

    Example:
        >>> torch.linalg.slogdet(torch.tensor([[0.0, 2.0], [2.0, 0.0]]))
        torch.return_types.linalg_slogdet(
        sign=tensor(-1.),
        logabsdet=tensor(1.3863))
    """
    check_matrices(A, "linalg.slogdet", square=True)
    return return_types.linalg_slogdet(*jnp.linalg.slogdet(A))


@jax.custom_jvp
def _factor(A: Array) -> Array:
    """The lower factor of Hermitian matrices, of which the lower triangle is read."""
    return jnp.linalg.cholesky(A, symmetrize_input=False)


@_factor.defjvp
def _factor_jvp(primals, tangents):
    factor = _factor(*primals)
    inner = _divided(factor, _adjoint(_divided(factor, tangents[0])))  # the adjoint of L^-1 dA L^-H
    lower = jnp.tril(inner + _adjoint(inner), -1) + _adjoint(inner) * jnp.eye(inner.shape[-1], dtype=inner.dtype)
    return factor, factor @ (lower / 2)


def _divided(lower: Array, B: Array) -> Array:
    return jax.lax.linalg.triangular_solve(lower, B, left_side=True, lower=True)


@op(grad_name="LinalgCholeskyExBackward0", check=is_definite("linalg.cholesky"))
def cholesky(A: Array, *, upper: bool = False) -> Array:
    """The triangular factors ``L`` of Hermitian positive definite matrices ``L L^H``.

    Args:
        upper: give ``L^H``, from the upper triangle; else the lower one is read.
    """
    check_matrices(A, "linalg.cholesky", square=True)
    if upper:  # the gradient is that of the lower factor, as PyTorch has it
        return _adjoint(_factor(A + jax.lax.stop_gradient(_adjoint(A) - A)))
    return _factor(A)


@op
def cholesky_inverse(input: Array, upper: bool = False) -> Array:
    """The inverses of matrices of which these are the triangular factors: lower ones, unless `upper`.

    Example:
        >>> torch.cholesky_inverse(torch.tensor([[2.0, 0.0], [1.0, 1.0]]))
        tensor([[ 0.5000, -0.5000],
                [-0.5000,  1.0000]])
    """
    check_matrices(input, "cholesky_inverse", square=True)
    identity = jnp.broadcast_to(jnp.eye(input.shape[-1], dtype=input.dtype), input.shape)
    return _cholesky_solve(identity, _adjoint(input) if upper else input)


@op
def is_positive_definite(A: Array) -> Array:
    """Whether Hermitian matrices have a triangular factor, of which every element is finite: bools of the batch's shape."""
    return jnp.isfinite(_factor(A)).all((-2, -1))


@op(name="cholesky", check=is_definite("cholesky"))
def legacy_cholesky(input: Array, upper: bool = False) -> Array:
    """See `torch.linalg.cholesky`."""
    return cholesky.op.body(input, upper=upper)


@op(also="torchlike.linalg", grad_name="LinalgQrBackward0", out=SAME)
def qr(A: Array, mode: str = "reduced") -> return_types.linalg_qr:
    """(orthogonal, upper triangular) factors; `mode` is ``"reduced"``, ``"complete"`` or ``"r"``.

    Example:
        >>> q, r = torch.linalg.qr(torch.tensor([[3.0, 1.0], [4.0, 2.0]]))
        >>> torch.allclose(q @ r, torch.tensor([[3.0, 1.0], [4.0, 2.0]]))
        True
    """
    check_matrices(A, "linalg.qr")
    if mode not in ("reduced", "complete", "r"):
        raise RuntimeError(
            f"qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), 'r', or 'complete'"
        )
    if mode == "r":
        return return_types.linalg_qr(jnp.zeros(0, A.dtype), jnp.linalg.qr(A, "r"))
    return return_types.linalg_qr(*jnp.linalg.qr(A, mode))


@op(also="torchlike.linalg", grad_name="LinalgSvdBackward0", out=SAME, check=lambda A, full_matrices=True: is_finite(A))
def svd(A: Array, full_matrices: bool = True) -> return_types.linalg_svd:
    """(left vectors, singular values, right vectors' adjoints).

    Example:
        >>> torch.linalg.svd(torch.tensor([[3.0, 0.0], [0.0, -2.0]])).S
        tensor([3., 2.])
    """
    check_matrices(A, "linalg.svd")
    return return_types.linalg_svd(*(_full_svd(A) if full_matrices else _svd(A, full_matrices=False)))


def _svd(A: Array, **options):
    """`jnp.linalg.svd`; NaN for a matrix with an infinity, with which LAPACK may never come to an end."""
    is_good = jnp.isfinite(A).all((-2, -1), keepdims=True)
    found = jnp.linalg.svd(jnp.where(is_good, A, 0), **options)
    if not isinstance(found, tuple):
        return jnp.where(is_good[..., 0], found, jnp.nan)
    left, values, right = found
    nan = jnp.array(jnp.nan, A.dtype)
    return (
        jnp.where(is_good, left, nan),
        jnp.where(is_good[..., 0], values, jnp.nan),
        jnp.where(is_good, right, nan),
    )


@jax.custom_jvp
def _full_svd(A: Array) -> tuple[Array, Array, Array]:
    return tuple(_svd(A, full_matrices=True))


@_full_svd.defjvp
def _full_svd_jvp(primals, tangents):
    """The vectors beyond the singular values' do not count; the others are those of the reduced form, but for a phase."""
    left, values, right = _full_svd(*primals)
    (reduced, _, _), (along_left, along, along_right) = jax.jvp(
        lambda A: tuple(_svd(A, full_matrices=False)), primals, tangents
    )
    count = values.shape[-1]
    phases = jnp.sum(jnp.conj(reduced) * left[..., :count], -2)
    along_left, along_right = along_left * phases[..., None, :], along_right * jnp.conj(phases)[..., :, None]
    return (left, values, right), (
        jnp.zeros_like(left).at[..., :count].set(along_left),
        along,
        jnp.zeros_like(right).at[..., :count, :].set(along_right),
    )


@op(also="torchlike.linalg", grad_name="LinalgSvdBackward0", out=SAME, check=is_finite)
def svdvals(A: Array) -> Array:
    """The singular values, largest first.

    Example:
        >>> torch.linalg.svdvals(torch.tensor([[3.0, 0.0], [0.0, -2.0]]))
        tensor([3., 2.])
    """
    check_matrices(A, "linalg.svd")
    return _svd(A, compute_uv=False)


@op(also="torchlike.linalg", grad_name="LinalgEighBackward0", out=SAME)
def eigh(A: Array, UPLO: str = "L") -> return_types.linalg_eigh:
    """(eigenvalues in order, eigenvectors) of Hermitian matrices; only one triangle is read.

    Example:
        >>> torch.linalg.eigh(torch.tensor([[2.0, 1.0], [1.0, 2.0]])).eigenvalues
        tensor([1., 3.])
    """
    check_matrices(A, "linalg.eigh", square=True)
    return return_types.linalg_eigh(*jnp.linalg.eigh(from_triangle(A, UPLO), symmetrize_input=False))


@op(also="torchlike.linalg", grad_name="LinalgEighBackward0", out=SAME)
def eigvalsh(A: Array, UPLO: str = "L") -> Array:
    """The eigenvalues of Hermitian matrices, in order.

    Example:
        >>> torch.linalg.eigvalsh(torch.tensor([[2.0, 1.0], [1.0, 2.0]]))
        tensor([1., 3.])
    """
    check_matrices(A, "linalg.eigh", square=True)
    return jnp.linalg.eigh(from_triangle(A, UPLO), symmetrize_input=False)[0]


def _is_plain(A) -> list[Check]:
    return [
        Check(_is_not_finite, (A,), RuntimeError("torch.linalg.eig: input tensor should not contain infs or NaNs."))
    ]


def _is_not_finite(A):
    return ~(abs(A) < float("inf"))


@op(
    module="torchlike.linalg",
    grad_name="LinalgEigBackward0",
    out=safe("torch.linalg.eig", "eigenvalues"),
    check=_is_plain,
)
def eig(A: Array) -> return_types.linalg_eig:
    """(eigenvalues, eigenvectors of length 1) of square matrices, complex.

    Example:
        >>> torch.linalg.eig(torch.tensor([[2.0, 0.0], [0.0, 3.0]])).eigenvalues
        tensor([2.+0.j, 3.+0.j])
    """
    check_matrices(A, "linalg.eig", square=True)
    if not A.size:
        made = jnp.asarray(A, jnp.result_type(A, jnp.complex64))
        return return_types.linalg_eig(made.reshape(A.shape[:-1]), made)
    values, vectors = jax.lax.linalg.eig(A, compute_left_eigenvectors=False, enable_eigvec_derivs=True)
    return return_types.linalg_eig(values, vectors)


@op(also="torchlike.linalg", grad_name="LinalgEigBackward0", out=safe("torch.linalg.eigvals", "eigenvalues"))
def eigvals(A: Array) -> Array:
    """The eigenvalues of square matrices, complex.

    Example:
        >>> torch.linalg.eigvals(torch.tensor([[0.0, 1.0], [-1.0, 0.0]])).abs()
        tensor([1., 1.])
    """
    check_matrices(A, "linalg.eigvals", square=True)
    if not A.size:
        return jnp.zeros(A.shape[:-1], jnp.result_type(A, jnp.complex64))
    return jax.lax.linalg.eig(A, compute_left_eigenvectors=False, compute_right_eigenvectors=False)[0]


@op(
    module="torchlike.linalg",
    grad_name="LinalgSolveExBackward0",
    check=is_regular("torch.linalg.solve", "The solver failed because the input matrix is singular."),
)
def solve(A: Array, B: Array, *, left: bool = True) -> Array:
    """``X`` with ``A X = B``, or ``X A = B`` where not `left`; `B` may be vectors.

    Raises:
        RuntimeError: the matrices are not square, or the sizes differ.
    """
    check_matrices(A, "linalg.solve", square=True)
    vectors = B.ndim == 1 or (B.ndim == A.ndim - 1 and B.shape == A.shape[:-1])
    right = B[..., None] if vectors else B
    if not left:
        return jnp.swapaxes(jnp.linalg.solve(jnp.swapaxes(A, -1, -2), jnp.swapaxes(right, -1, -2)), -1, -2)
    if A.shape[-1] != right.shape[-2]:
        raise RuntimeError(
            f"linalg.solve: Incompatible shapes of A and B for the equation AX = B ({A.shape[-2]}x{A.shape[-1]} and "
            f"{right.shape[-2]}x{right.shape[-1]})"
        )
    found = jnp.linalg.solve(A, right)
    return found[..., 0] if vectors else found


@op(also="torchlike.linalg", grad_name="LinalgSolveTriangularBackward0", out=KERNEL)
def solve_triangular(A: Array, B: Array, *, upper: bool, left: bool = True, unitriangular: bool = False) -> Array:
    """``X`` with ``A X = B``, or ``X A = B`` where not `left`, for triangular `A`.

    Example:
        >>> torch.linalg.solve_triangular(torch.tensor([[2.0, 0.0], [1.0, 4.0]]), torch.tensor([[2.0], [5.0]]), upper=False)
        tensor([[1.],
                [1.]])
    """
    check_matrices(A, "linalg.solve_triangular", square=True)
    check_matrices(B, "linalg.solve_triangular", letter="B")
    if A.shape[-1] != B.shape[-2 if left else -1]:
        raise RuntimeError(
            f"linalg.solve_triangular: Incompatible shapes of A and B for the equation {'AX' if left else 'XA'} = B "
            f"({A.shape[-2]}x{A.shape[-1]} and {B.shape[-2]}x{B.shape[-1]})"
        )
    batch = jnp.broadcast_shapes(A.shape[:-2], B.shape[:-2])
    A, B = jnp.broadcast_to(A, batch + A.shape[-2:]), jnp.broadcast_to(B, batch + B.shape[-2:])
    return jax.lax.linalg.triangular_solve(A, B, left_side=left, lower=not upper, unit_diagonal=unitriangular)


@op
def cholesky_solve(B: Array, L: Array, upper: bool = False) -> Array:
    """``X`` with ``L L^H X = B``, or ``L^H L X = B`` for `upper`.

    Example:
        >>> torch.cholesky_solve(torch.tensor([[4.0], [9.0]]), torch.diag(torch.tensor([2.0, 3.0])))
        tensor([[1.],
                [1.]])
    """
    for name, each in (("b", B), ("u", L)):
        if each.ndim < 2:
            raise RuntimeError(f"{name} should have at least 2 dimensions, but has {each.ndim} dimensions instead")
    rows, columns = L.shape[-2:]
    if rows != columns:
        raise RuntimeError(f"A must be batches of square matrices, but they are {rows} by {columns} matrices")
    if rows != B.shape[-2]:
        raise RuntimeError(
            f"Incompatible matrix sizes for cholesky_solve: each A matrix is {rows} by {columns} but each b matrix is "
            f"{B.shape[-2]} by {B.shape[-1]}"
        )
    if B.dtype != L.dtype:
        raise RuntimeError(
            "Expected b and A to have the same dtype, but found b of type "
            f"{scalar_name(B.dtype)} and A of type {scalar_name(L.dtype)} instead."
        )
    return _cholesky_solve(B, _adjoint(L) if upper else L)


@jax.custom_jvp
def _cholesky_solve(B: Array, L: Array) -> Array:
    return jsl.cho_solve((L, True), B)


@_cholesky_solve.defjvp
def _cholesky_solve_jvp(primals, tangents):
    """As in PyTorch, all of `L` takes a gradient, not its triangle alone."""
    found, L, along = _cholesky_solve(*primals), primals[1], tangents[1]
    moved = (along @ _adjoint(L) + L @ _adjoint(along)) @ found
    return found, _cholesky_solve(tangents[0] - moved, L)


@op(
    also="torchlike.linalg",
    grad_name="LinalgPinvBackward0",
    out=safe("linalg.pinv"),
    check=lambda A, rcond=None, hermitian=False, **_: [] if hermitian else is_finite(A),
)
def pinv(
    A: Array,
    rcond: ArrayLike | None = None,
    hermitian: bool = False,
    *,
    atol: ArrayLike | None = None,
    rtol: ArrayLike | None = None,
) -> Array:
    """The pseudo-inverses ``(*, n, m)`` of matrices ``(*, m, n)``.

    Args:
        rcond: another name of `rtol`.
        hermitian: whether the matrices are Hermitian: one triangle is read.
        atol: singular values up to this count as zero.
        rtol: singular values up to this times the largest count as zero; without either, ``max(m, n) * eps``.

    Example:
        >>> torch.linalg.pinv(torch.tensor([[2.0, 0.0, 0.0], [0.0, 4.0, 0.0]]))
        tensor([[0.5000, 0.0000],
                [0.0000, 0.2500],
                [0.0000, 0.0000]])
    """
    if rank(A.dtype) < 2 or A.dtype.itemsize == 2:
        raise RuntimeError(
            f"linalg.pinv({scalar_name(A.dtype)}{{{list(A.shape)}}}): expected a tensor with 2 or more dimensions of "
            "float, double, cfloat or cdouble types"
        )
    check_matrices(A, "linalg.pinv", square=hermitian)
    if not A.size:
        return jnp.zeros((*A.shape[:-2], A.shape[-1], A.shape[-2]), A.dtype)
    rtol = _relative(rtol if rcond is None else rcond, atol, A)
    if atol is not None:
        largest = _svd(_triangle(A) if hermitian else A, compute_uv=False)[..., 0]
        rtol = jnp.maximum(rtol, atol / largest)
    return _pinv(A, jax.lax.stop_gradient(rtol), hermitian)


@functools.partial(jax.custom_jvp, nondiff_argnums=(2,))
def _pinv(A: Array, rtol: ArrayLike, hermitian: bool) -> Array:
    return jnp.linalg.pinv(_triangle(A) if hermitian else A, rtol=rtol, hermitian=hermitian)


@_pinv.defjvp
def _pinv_jvp(hermitian, primals, tangents):
    """Golub and Pereyra, The differentiation of pseudo-inverses, 1973; JAX's own takes constant tolerances alone."""
    A, along, found = primals[0], tangents[0], _pinv(*primals, hermitian)
    adjoint, turned = _adjoint(found), _adjoint(along)
    left = found @ adjoint @ (turned - turned @ A @ found)
    right = (turned - found @ A @ turned) @ adjoint @ found
    return found, left + right - found @ along @ found


def _relative(rtol: ArrayLike | None, atol: ArrayLike | None, A: Array) -> ArrayLike:
    """What part of the largest singular value counts as zero."""
    if rtol is not None:
        return rtol
    return float(jnp.finfo(A.dtype).eps) * max(A.shape[-2:]) if atol is None else 0.0


@op(grad_name="LinalgPinvBackward0", check=lambda input, rcond=None: is_finite(input))
def pinverse(input: Array, rcond: Number = 1e-15) -> Array:
    """The pseudo-inverses; singular values up to `rcond` times the largest count as zero. See `torch.linalg.pinv`.

    Example:
        >>> torch.pinverse(torch.tensor([[2.0, 0.0], [0.0, 4.0]]))
        tensor([[0.5000, 0.0000],
                [0.0000, 0.2500]])
    """
    return pinv.op.body(input, rcond)


@op(also="torchlike.linalg", grad_name=of_matrix_power, out=SAME, check=lambda A, n: _is_invertible(A) if n < 0 else [])
def matrix_power(A: Array, n: int) -> Array:
    """Square matrices to an integer power.

    Example:
        >>> torch.linalg.matrix_power(torch.tensor([[1.0, 1.0], [0.0, 1.0]]), 3)
        tensor([[1., 3.],
                [0., 1.]])
    """
    if A.ndim < 2:
        check_matrices(A, "linalg.matrix_power")
    if n < 0:
        check_matrices(A, "linalg.inv", square=True)
    return jnp.linalg.matrix_power(A, n)


@op(also="torchlike.linalg", grad_name="LinalgMatrixExpBackward0")
def matrix_exp(A: Array) -> Array:
    """The exponentials of square matrices.

    Example:
        >>> torch.linalg.matrix_exp(torch.zeros(2, 2))
        tensor([[1., 0.],
                [0., 1.]])
    """
    check_matrices(A, "linalg.matrix_exp", square=True)
    # JAX's has no halves
    return jsl.expm(A.astype(jnp.promote_types(A.dtype, jnp.float32))).astype(A.dtype)


@op(
    grad_name=of_matrix_norm,
    check=lambda A, ord, dim, keepdim: is_finite(A, axes_of(dim, A.ndim)) if ord in ("nuc", 2, -2) else [],
)
def matrix_norm_of(A: Array, ord, dim: tuple, keepdim: bool) -> Array:
    """Norms of matrices over two dimensions: ``"fro"``, ``"nuc"``, 1, -1, 2, -2, inf or -inf."""
    if rank(A.dtype) < 2:
        raise RuntimeError(
            f"linalg.matrix_norm: Expected a floating point or complex tensor as input. Got {scalar_name(A.dtype)}"
        )
    axes = axes_of(dim, A.ndim)
    if ord == "fro":
        return vector_norm_of(A, 2, axes, keepdim)
    if ord in ("nuc", 2, -2):
        if A.dtype.itemsize == 2:
            raise RuntimeError(f"linalg.matrix_norm: Low precision dtypes not supported. Got {scalar_name(A.dtype)}")
        values = _svd(jnp.moveaxis(A, axes, (-2, -1)), compute_uv=False)
        if ord == -2 and not values.shape[-1]:
            raise IndexError("amin(): Expected reduction dim -1 to have non-zero size.")
        found = {"nuc": jnp.sum, 2: functools.partial(jnp.max, initial=0), -2: jnp.min}[ord](values, -1)
        return jnp.expand_dims(found, sorted(axes)) if keepdim else found
    if ord not in (1, -1, float("inf"), -float("inf")):
        raise RuntimeError(f"linalg.matrix_norm: Order {ord} not supported.")
    inner, outer = axes if abs(ord) == 1 else axes[::-1]
    sums = jnp.sum(magnitude(A), inner, keepdims=True)
    if ord < 0 and not sums.shape[outer]:
        raise IndexError(f"amin(): Expected reduction dim {outer - (outer > inner)} to have non-zero size.")
    # the sums of no elements are 0
    found = jnp.max(sums, outer, keepdims=True, initial=0) if ord > 0 else jnp.min(sums, outer, keepdims=True)
    return found if keepdim else jnp.squeeze(found, axes)


@op(check=lambda A, atol=None, rtol=None, hermitian=False: [] if hermitian else is_finite(A))
def matrix_rank_of(
    A: Array, atol: ArrayLike | None = None, rtol: ArrayLike | None = None, hermitian: bool = False
) -> Array:
    """How many singular values are above `atol` and above `rtol` times the largest; of Hermitian ones, one triangle."""
    if A.ndim < 2:
        check_matrices(A, "torch.linalg.matrix_rank", letter="input")
    check_matrices(A, "linalg.matrix_rank", square=hermitian)
    if not A.size:
        return jnp.zeros(A.shape[:-2], jnp.int64)
    values = _svd(from_triangle(A) if hermitian else A, compute_uv=False)
    least = jnp.maximum(0.0 if atol is None else atol, _relative(rtol, atol, A) * values.max(-1))
    return (values > least[..., None]).sum(-1)


@op(grad_name="LinalgLstsqBackward0")
def lstsq_of(A: Array, B: Array) -> Array:
    """The least squares solutions of ``A X = B``.

    Raises:
        RuntimeError: the shapes or dtypes do not fit.
    """
    name = "torch.linalg.lstsq: "
    if A.ndim < 2:
        raise RuntimeError(name + "input must have at least 2 dimensions.")
    if not B.ndim:
        raise RuntimeError(name + "other must have at least 1 dimension.")
    if not 0 <= A.ndim - B.ndim <= 1:
        raise RuntimeError(
            name + "input.dim() must be greater or equal to other.dim() and (input.dim() - other.dim()) <= 1"
        )
    last = -1 if B.ndim < A.ndim and B.shape == A.shape[:-1] or B.ndim == 1 else -2
    if A.shape[-2] != B.shape[last]:
        raise RuntimeError(name + f"input.size(-2) should match other.size({last})")
    if A.ndim < 2:
        raise RuntimeError("torch.linalg.lstsq: input must have at least 2 dimensions.")
    return jnp.linalg.pinv(A) @ B
