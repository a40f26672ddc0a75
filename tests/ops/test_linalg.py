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


def test_errors():
    check_error([(3, 4)], lambda torch, x: torch.linalg.cholesky(x))
    check_error([(5, 3), (5, 2)], lambda torch, a, b: torch.linalg.lstsq(a, b, driver="no"))
