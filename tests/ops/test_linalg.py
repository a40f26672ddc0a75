"""Factorisations, solutions, ranks."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support import check_error, check_op

RANDOM = np.random.default_rng(0).standard_normal((4, 4))
POSITIVE = RANDOM @ RANDOM.T + np.eye(4)
RANK_TWO = np.outer([1.0, 2, 3], [1, 0, 2]) + np.outer([0.0, 1, 1], [2, 1, 0])


@pytest.mark.parametrize(
    "call",
    [
        lambda torch, x: torch.linalg.cholesky(x),
        lambda torch, x: torch.linalg.cholesky(x, upper=True),
        lambda torch, x: torch.linalg.eigh(x)[1].abs(),
        lambda torch, x: torch.linalg.eigh(x, UPLO="U")[0],
        lambda torch, x: torch.linalg.eigvalsh(x),
        lambda torch, x: torch.linalg.det(x),
        lambda torch, x: torch.linalg.slogdet(x)[1],
        lambda torch, x: torch.linalg.inv(x),
        lambda torch, x: torch.linalg.qr(x)[1],
        lambda torch, x: torch.linalg.svdvals(x),
        lambda torch, x: torch.linalg.solve(x, x[:, :2]),
    ],
)
def test_values_and_gradients(call):
    check_op([POSITIVE], call, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("uplo", ["L", "U"])
def test_one_triangle_is_read(uplo: str):
    check_op([RANDOM], lambda torch, x: torch.linalg.eigvalsh(x, UPLO=uplo))


def test_the_lower_triangle_is_factored():
    check_op([np.tril(POSITIVE) + np.triu(RANDOM, 1)], lambda torch, x: torch.linalg.cholesky(x), grad=False)


@pytest.mark.parametrize("options", [{}, {"atol": 1.0}, {"rtol": 0.5}, {"atol": 0.1, "rtol": 0.01}, {"tol": 3.0}])
def test_matrix_rank(options: dict):
    check_op([RANK_TWO], lambda torch, x: torch.linalg.matrix_rank(x, **options))


def test_matrix_rank_of_hermitian_and_empty_matrices():
    check_op([np.triu(POSITIVE)], lambda torch, x: torch.linalg.matrix_rank(x, hermitian=True))
    check_op([np.zeros((2, 0, 3))], lambda torch, x: torch.linalg.matrix_rank(x))


@pytest.mark.parametrize("driver", [None, "gels", "gelsy", "gelsd", "gelss"])
def test_lstsq(driver: str | None):
    check_op([(5, 3), (5, 2)], lambda torch, a, b: tuple(torch.linalg.lstsq(a, b, driver=driver)), dtype="float64")


@pytest.mark.parametrize(
    "call",
    [
        lambda torch, x: torch.linalg.pinv(x),
        lambda torch, x: torch.linalg.pinv(x, 0.1),
        lambda torch, x: torch.linalg.pinv(x, atol=0.5),
        lambda torch, x: torch.linalg.pinv(x, atol=0.5, rtol=0.3),
        lambda torch, x: torch.linalg.pinv(x, hermitian=True),
        lambda torch, x: torch.pinverse(x, 0.2),
        lambda torch, x: x.pinverse(),
    ],
)
@pytest.mark.parametrize("dtype", ["float64", "complex128"])
def test_pinv(call, dtype: str):
    check_op([(4, 4)], call, dtype=dtype)


@pytest.mark.parametrize("shape", [(4, 2), (2, 4), (3, 3), (2, 3, 2)])
@pytest.mark.parametrize("dtype", ["float64", "complex128"])
def test_full_svd(shape: tuple, dtype: str):
    def products(torch, x):
        left, values, right = torch.linalg.svd(x)
        count = values.shape[-1]
        return left[..., :count] * values[..., None, :] @ right[..., :count, :], values, left.shape, right.shape

    check_op([shape], products, dtype=dtype, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("upper", [False, True])
@pytest.mark.parametrize("dtype", ["float64", "complex128"])
def test_cholesky_and_cholesky_solve(dtype: str, upper: bool):
    matrix = POSITIVE.astype(dtype) + (1j * (np.tril(RANDOM, -1) - np.tril(RANDOM, -1).T) if dtype[0] == "c" else 0)
    check_op([matrix + 3 * np.eye(4)], lambda torch, x: torch.linalg.cholesky(x, upper=upper))
    factor = np.linalg.cholesky(matrix + 3 * np.eye(4))
    factor = factor.conj().T.copy() if upper else factor
    check_op([(4, 2), factor], lambda torch, b, x: b.cholesky_solve(x, upper), dtype=dtype)
    check_op([np.stack([factor] * 2)], lambda torch, x: torch.cholesky_inverse(x, upper))


@pytest.mark.parametrize("shape", [(0, 0), (2, 0, 0), (0, 2, 2)])
@pytest.mark.parametrize(
    "call",
    [
        lambda torch, x: torch.linalg.slogdet(x),
        lambda torch, x: torch.logdet(x),
        lambda torch, x: torch.linalg.det(x),
        lambda torch, x: torch.linalg.inv(x),
        lambda torch, x: torch.linalg.pinv(x),
        lambda torch, x: torch.linalg.eig(x),
        lambda torch, x: torch.linalg.eigvals(x),
        lambda torch, x: torch.linalg.solve(x, x[..., :0]),
    ],
)
def test_empty_matrices(call, shape: tuple):
    check_op([shape], call)


@pytest.mark.parametrize("order", [-1, -2.5, 0.5, 1, 3, float("inf"), -float("inf")])
def test_subgradients_of_norms_at_zero(order: float):
    check_op([np.zeros(4)], lambda torch, x: torch.linalg.norm(x, order))
    check_op([np.array([0.0, 2, -1])], lambda torch, x: torch.linalg.norm(x, order))
    check_op([np.zeros((3, 3))], lambda torch, x: torch.linalg.norm(x, order if abs(order) > 5 else 1))


@pytest.mark.parametrize("order", [2, 1, 3, 0.5, -1, float("inf"), -float("inf"), 2.5])
@pytest.mark.parametrize("dim", [None, 1, (0, -1), ()])
def test_norms_of_vectors(order: float, dim):
    check_op([(3, 4)], lambda torch, x: torch.linalg.vector_norm(x, order, dim))
    check_op(
        [(3, 4)], lambda torch, x: torch.linalg.vector_norm(x, ord=order, dim=dim, keepdim=True), dtype="complex64"
    )


def test_norms_of_vectors_in_other_dtypes():
    check_op([(3,)], lambda torch, x: torch.linalg.vector_norm(x, dtype=torch.float64))
    check_op([(3,)], lambda torch, x: torch.linalg.vector_norm(x.detach(), out=torch.zeros(())), grad=False)
    check_error([(3,)], lambda torch, x: torch.linalg.vector_norm(x, out=torch.zeros((), dtype=torch.float64)))
    check_error([(3,)], lambda torch, x: torch.linalg.vector_norm(x.long()))
    check_error([(3,)], lambda torch, x: torch.linalg.vector_norm(x.double(), dtype=torch.float32))
    check_error([(3,)], lambda torch, x: torch.linalg.vector_norm(3.0))
    for dim in (None, 0):
        check_error([(0, 3)], lambda torch, x, dim=dim: torch.linalg.vector_norm(x, float("inf"), dim))


def test_errors():
    check_error([(3, 4)], lambda torch, x: torch.linalg.cholesky(x))
    check_error([(5, 3), (5, 2)], lambda torch, a, b: torch.linalg.lstsq(a, b, driver="no"))


@pytest.mark.parametrize("shape", [(3,), (2, 3)])
@pytest.mark.parametrize("dtype", ["float64", "complex128", "int8"])
def test_vandermonde_matrices(shape: tuple, dtype: str):
    check_op([shape], lambda torch, x: torch.linalg.vander(x.sum(), N=3), dtype=dtype)
    for number in (3, 2, None):
        check_op([shape], lambda torch, x, number=number: torch.linalg.vander(x, N=number), dtype=dtype)


def test_what_has_no_vandermonde_matrix():
    for call in (
        lambda torch, x: torch.linalg.vander(x, N=1),
        lambda torch, x: torch.linalg.vander(x[:1]),
        lambda torch, x: torch.linalg.vander(x.half()),
        lambda torch, x: torch.linalg.vander(x > 0),
    ):
        check_error([(3,)], call)


def test_diagonals_of_matrices():
    check_op([(2, 3, 4)], lambda torch, x: torch.linalg.diagonal(x, offset=1))
    check_op([(2, 3, 4)], lambda torch, x: torch.linalg.diagonal(x, dim1=0, dim2=2))
    check_error([(3,)], lambda torch, x: torch.linalg.diagonal(x))
    check_error([(3, 3)], lambda torch, x: torch.linalg.diagonal(x, 1))
