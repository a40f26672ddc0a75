"""Products of reflections, and weights as sizes times directions."""

from __future__ import annotations

import pytest

from tests.support import check_error, check_op


@pytest.mark.parametrize("shape", [(4, 3), (3, 3), (2, 5, 2), (3, 4)])
@pytest.mark.parametrize("dtype", ["float64", "complex128"])
def test_factors_of_reflections(shape, dtype):
    check_op([shape], lambda torch, x: torch.geqrf(x.detach()), dtype=dtype)


@pytest.mark.parametrize("shape", [(4, 3), (3, 3), (2, 5, 2), (3, 0)])
@pytest.mark.parametrize("fewer", [0, 1])
@pytest.mark.parametrize("dtype", ["float64", "complex128"])
def test_product(shape, fewer, dtype):
    count = max(shape[-1] - fewer, 0)
    check_op(
        [shape, (*shape[:-2], count)],
        lambda torch, x, tau: (torch.linalg.householder_product(x, tau), torch.orgqr(x, tau), x.orgqr(tau)),
        dtype=dtype,
    )


MISTAKES = {
    "vector": ([(3,)], lambda torch, x: torch.geqrf(x)),
    "integers": ([(3, 3)], lambda torch, x: torch.geqrf(x.long())),
    "wide": ([(2, 3), (2,)], lambda torch, x, tau: torch.linalg.householder_product(x, tau)),
    "too many": ([(3, 2), (3,)], lambda torch, x, tau: torch.linalg.householder_product(x, tau)),
    "dtypes": ([(3, 2), (2,)], lambda torch, x, tau: torch.linalg.householder_product(x, tau.double())),
    "vector of reflections": ([(3,), (3,)], lambda torch, x, tau: torch.linalg.householder_product(x, tau)),
    "dims": ([(3, 2), (1, 2)], lambda torch, x, tau: torch.linalg.householder_product(x, tau)),
    "batches": ([(2, 3, 2), (1, 2)], lambda torch, x, tau: torch.linalg.householder_product(x, tau)),
    "integers of reflections": (
        [(3, 2), (2,)],
        lambda torch, x, tau: torch.linalg.householder_product(x.long(), tau.long()),
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistake(name):
    check_error(*MISTAKES[name])


@pytest.mark.parametrize("dim", [0, 1, 2, -1, -2])
@pytest.mark.parametrize("order", [1, 2, 3])
def test_norm_except_dim(dim, order):
    check_op([(2, 3, 4)], lambda torch, v: torch.norm_except_dim(v, order, dim), dtype="float64")


@pytest.mark.parametrize(("dim", "size"), [(0, (2, 1, 1)), (1, (1, 3, 1)), (2, (1, 1, 4)), (-1, ())])
def test_weight_norm(dim, size):
    check_op([(2, 3, 4), size], lambda torch, v, g: torch._weight_norm(v, g, dim), dtype="float64")


def test_mistakes_of_norms():
    check_error([(2, 3)], lambda torch, v: torch.norm_except_dim(v, 2, 5))
    check_error([(2, 3), (2, 1)], lambda torch, v, g: torch._weight_norm(v, g.double()))
