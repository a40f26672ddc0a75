"""Special functions over their whole range."""

from __future__ import annotations

from decimal import Decimal, localcontext

import numpy as np
import pytest

import torchlike
from tests.support import check_error, check_op

torch = pytest.importorskip("torch")

POSITIVE = np.concatenate([[0.0, 1e-12, 1e-3], np.linspace(0.05, 30, 200), [100.0, 1e4, np.inf, np.nan]])
BOTH = np.concatenate([-POSITIVE[::-1], POSITIVE])
POLYNOMIALS = [
    *(f"{prefix}chebyshev_polynomial_{kind}" for prefix in ("", "shifted_") for kind in "tuvw"),
    "hermite_polynomial_h",
    "hermite_polynomial_he",
    "laguerre_polynomial_l",
    "legendre_polynomial_p",
]


@pytest.mark.parametrize("name", ["spherical_bessel_j0", "modified_bessel_i0", "i1e"])
def test_bessel_functions(name):
    check_op([BOTH], lambda library, x: getattr(library.special, name)(x), grad=False, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", ["bessel_j0", "bessel_j1", "bessel_y0", "bessel_y1"])
def test_oscillating_bessel_functions(name):
    # PyTorch's own lose half of the digits around 5
    check_op([BOTH], lambda library, x: getattr(library.special, name)(x), grad=False, rtol=1e-5, atol=2e-6)


def series(order: int, x: Decimal) -> Decimal:
    """The Bessel function of the first kind, by its power series in 60 digits."""
    term = total = (x / 2) ** order if order else Decimal(1)
    for k in range(1, 120):
        term *= -(x * x / 4) / (k * (k + order))
        total += term
    return total


def test_bessel_functions_are_exact():
    places = [0.5, 3.0, 5.0, 10.0, 24.9, 25.1, 40.0]
    with localcontext(prec=60):
        want = [[float(series(order, Decimal(x))) for x in places] for order in (0, 1)]
    x = torchlike.tensor(places, dtype=torchlike.float64)
    J0, J1 = torchlike.special.bessel_j0(x).numpy(), torchlike.special.bessel_j1(x).numpy()
    Y0, Y1 = torchlike.special.bessel_y0(x).numpy(), torchlike.special.bessel_y1(x).numpy()
    np.testing.assert_allclose([J0, J1], want, rtol=0, atol=1e-15)
    # the Wronskian
    np.testing.assert_allclose(J1 * Y0 - J0 * Y1, 2 / (np.pi * np.array(places)), rtol=1e-13)


@pytest.mark.parametrize("name", ["modified_bessel_k0", "modified_bessel_k1"])
@pytest.mark.parametrize("prefix", ["", "scaled_"])
def test_modified_bessel_functions(prefix, name):
    check_op([BOTH], lambda library, x: getattr(library.special, prefix + name)(x), grad=False, rtol=1e-12, atol=0)


def test_airy_function():
    # PyTorch's own loses half of the digits around -3
    check_op([np.linspace(-40, 20, 301)], lambda library, x: library.special.airy_ai(x), grad=False, atol=5e-6)
    known = {-4.0: -0.070265532949289515, 0.0: 0.35502805388781723926, 1.0: 0.13529241631288141552}
    got = torchlike.special.airy_ai(torchlike.tensor(list(known), dtype=torchlike.float64))
    np.testing.assert_allclose(got.numpy(), list(known.values()), rtol=1e-12)


@pytest.mark.parametrize("name", POLYNOMIALS)
def test_polynomials(name):
    x, n = np.linspace(-1.5, 1.5, 31), np.array([[-1.0], [0], [1], [2], [5], [12]])
    check_op([x, n], lambda library, x, n: getattr(library.special, name)(x, n), grad=False, rtol=1e-9, atol=1e-9)
    check_op([x], lambda library, x: getattr(library.special, name)(x, 3), grad=False, rtol=1e-9)
    check_error([], lambda library: getattr(library.special, name)(1, 2), text=False)


@pytest.mark.parametrize("n", range(5))
def test_polygamma(n):
    x = np.array([0.1, 0.7, 1.0, 4.5, 30.0, -0.3, -1.6, -8.4])
    check_op([x], lambda library, x: library.polygamma(n, x), rtol=1e-9)
    check_op([x.astype(np.float32)], lambda library, x: x.polygamma(n), rtol=1e-4)


def test_zeta():
    order, start = np.array([2.0, 1.0, 0.5, 3.0, 2.5, 30.0]), np.array([[1.0], [0.5], [-0.5], [-3.0], [12.0]])
    check_op([start, order], lambda library, q, x: library.special.zeta(x, q), grad=False, rtol=1e-12)
    check_op([start[:2, 0]], lambda library, q: library.special.zeta(3.0, q))


def test_products_with_logarithms():
    first, second = np.array([0.0, 0.0, 0.0, 1.0, 0.0]), np.array([0.0, 2.0, np.nan, 0.0, -1.0])
    check_op([first, second], lambda library, x, y: library.xlogy(x, y))
    check_op([first, second - 1], lambda library, x, y: library.special.xlog1py(x, y))
    check_op([np.array([0.5, 2.0])], lambda library, x: (library.xlogy(2, x), library.xlogy(x, 3)))


def test_incomplete_gamma_functions():
    order, at = np.array([0.5, 1.0, 5.0, 40.0]), np.array([[0.1], [1.0], [6.0], [50.0]])
    check_op([order, at], lambda library, a, x: (library.igamma(a, x), library.igammac(a, x)), grad=False)
    by_number = lambda library, a, x: (library.igamma(a.detach(), x), library.igammac(a.detach(), x))
    check_op([order, at], by_number, orders=2)
    for name in ("igamma", "igammac"):
        check_error(
            [],
            lambda library, name=name: (
                getattr(library, name)(library.ones(1, requires_grad=True), library.ones(1)).sum().backward()
            ),
        )
    check_op([np.array([3.0, 4.5])], lambda library, x: library.mvlgamma(x, 3))


def test_logit_with_bounds():
    x = np.array([0.0, 0.2, 0.5, 0.95, 1.0, 2.0])
    check_op([x], lambda library, x: library.logit(x, 0.1))
    check_op([x], lambda library, x: x.logit(eps=0.1))


def test_names_are_those_of_torch():
    assert set(torchlike.special.__all__) == set(torch.special.__all__)
