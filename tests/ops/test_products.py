"""Products and norms by slices beside PyTorch's."""

import math

import pytest

from tests.support import check_error, check_op


@pytest.mark.parametrize("shapes", [[(2, 3), (2, 3)], [(3,), (3,)], [(2, 1, 3), (4, 3)], [(2, 3), ()]])
def test_inner(shapes):
    check_op(shapes, lambda torch, x, y: torch.inner(x, y), orders=2)


def test_inner_of_complex_numbers_and_of_sizes_that_differ():
    check_op([(2, 3), (2, 3)], lambda torch, x, y: x.inner(y), dtype="complex64")
    check_error([(2, 3), (2, 4)], lambda torch, x, y: torch.inner(x, y))


@pytest.mark.parametrize("p", [1, 2, 3.0, math.inf])
def test_renorm(p):
    for dim in (0, 1, -1):
        check_op([(3, 4, 2)], lambda torch, x, dim=dim: x.renorm(p, dim, 1.3))
    check_op([(3, 4)], lambda torch, x: x.clone().renorm_(p, 0, 0.5))


@pytest.mark.parametrize("given", [(0, 0, 1.0), (2, 5, 1.0), (2, 0, -1.0)])
def test_renorm_refuses(given):
    check_error([(2, 3)], lambda torch, x: torch.renorm(x, *given))


def test_renorm_refuses_vectors():
    check_error([(3,)], lambda torch, x: torch.renorm(x, 2, 0, 1.0))
