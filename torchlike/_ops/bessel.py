"""Bessel functions of orders 0 and 1, and the Airy function, in double precision inside.

Near the origin they are integrals of smooth functions, for which the trapezoidal rule converges exponentially
(Trefethen and Weideman, "The exponentially convergent trapezoidal rule", 2014); far from it Hankel's asymptotic
series (DLMF 10.17, 9.7) are exact to rounding. No tables of coefficients are needed.
"""

from __future__ import annotations

import math

import jax.numpy as jnp
import jax.scipy.special as jsp
import numpy as np

from torchlike._dispatch import op
from torchlike._ops._promote import Array, real_floating

_FAR = 25.0  # from here on the asymptotic series of J and Y are exact
_NODES = (np.arange(32) + 0.5) * (math.pi / 64)  # of a quarter turn
_SINES = np.sin(_NODES)
# Neumann's series for Y0 has (-1)**k J_2k / k: its sum over k, for each node of the integral for J_2k
_NEUMANN = sum((-1) ** k * np.cos(2 * k * _NODES) / k for k in range(1, 33))


def _double(name: str, input) -> tuple[Array, np.dtype]:
    floating = real_floating(f"{name}_cpu", input)
    return floating.astype(jnp.float64), floating.dtype


def _waves(x, weights, function) -> Array:
    """The mean over the nodes of ``weights * function(x * sine)``."""
    return jnp.mean(weights * function(x[..., None] * _SINES), -1)


def _hankel(order: int, x) -> tuple[Array, Array]:
    """The sums P and Q of the asymptotic series."""
    sums, term = [0.0, 0.0], jnp.ones_like(x)
    for k in range(24):
        sums[k % 2] = sums[k % 2] + (-1) ** (k // 2) * term
        term = term * (4 * order * order - (2 * k + 1) ** 2) / (8 * (k + 1) * x)
    return sums[0], sums[1]


def _far(order: int, x) -> tuple[Array, Array]:
    """J and Y of a large argument."""
    P, Q = _hankel(order, x)
    sine, cosine = jnp.sin(x) / math.sqrt(2), jnp.cos(x) / math.sqrt(2)
    # the angle is x less a quarter of pi, or three quarters
    along, across = (cosine + sine, sine - cosine) if order == 0 else (sine - cosine, -sine - cosine)
    scale = jnp.sqrt(2 / (math.pi * x))
    return scale * (P * along - Q * across), scale * (P * across + Q * along)


def _first_kind(order: int, x) -> Array:
    size = jnp.abs(x)
    near = jnp.minimum(size, _FAR)
    close = _waves(near, 1.0, jnp.cos) if order == 0 else _waves(near, _SINES, jnp.sin)
    found = jnp.where(size > _FAR, _far(order, jnp.maximum(size, _FAR))[0], close)
    found = jnp.where(jnp.isnan(x), x, found)
    return found if order == 0 else jnp.sign(x) * found


def _second_kind(order: int, x) -> Array:
    near = jnp.where((x > 0) & (x < _FAR), x, 1)
    log = jnp.log(near / 2) + np.euler_gamma
    J0, J1 = _waves(near, 1.0, jnp.cos), _waves(near, _SINES, jnp.sin)
    if order == 0:
        close = 2 / math.pi * log * J0 - 4 / math.pi * _waves(near, _NEUMANN, jnp.cos)
    else:  # minus the derivative
        close = 2 / math.pi * (log * J1 - J0 / near) - 4 / math.pi * _waves(near, _NEUMANN * _SINES, jnp.sin)
    found = jnp.where(x > _FAR, _far(order, jnp.maximum(x, _FAR))[1], close)
    return jnp.where(x > 0, found, jnp.where(x == 0, -jnp.inf, jnp.nan))


@op(module="torchlike.special")
def bessel_j0(input: Array) -> Array:
    """The Bessel function of the first kind and order 0, in floating point.

    Example:
        >>> torch.special.bessel_j0(torch.tensor([0.0, 1.0]))
        tensor([1.0000, 0.7652])
    """
    x, dtype = _double("bessel_j0", input)
    return _first_kind(0, x).astype(dtype)


@op(module="torchlike.special")
def bessel_j1(input: Array) -> Array:
    """The Bessel function of the first kind and order 1, in floating point.

    Example:
        >>> torch.special.bessel_j1(torch.tensor([0.0, 1.0]))
        tensor([0.0000, 0.4401])
    """
    x, dtype = _double("bessel_j1", input)
    return _first_kind(1, x).astype(dtype)


@op(module="torchlike.special")
def bessel_y0(input: Array) -> Array:
    """The Bessel function of the second kind and order 0, in floating point; NaN for negative elements.

    Example:
        >>> torch.special.bessel_y0(torch.tensor([0.0, 1.0]))
        tensor([  -inf, 0.0883])
    """
    x, dtype = _double("bessel_y0", input)
    return _second_kind(0, x).astype(dtype)


@op(module="torchlike.special")
def bessel_y1(input: Array) -> Array:
    """The Bessel function of the second kind and order 1, in floating point; NaN for negative elements.

    Example:
        >>> torch.special.bessel_y1(torch.tensor([0.0, 1.0]))
        tensor([   -inf, -0.7812])
    """
    x, dtype = _double("bessel_y1", input)
    return _second_kind(1, x).astype(dtype)


@op(module="torchlike.special")
def spherical_bessel_j0(input: Array) -> Array:
    """``sin(input) / input``, and 1 at 0, in floating point.

    Example:
        >>> torch.special.spherical_bessel_j0(torch.tensor([0.0, 1.0]))
        tensor([1.0000, 0.8415])
    """
    x, dtype = _double("spherical_bessel_j0", input)
    return jnp.where(jnp.isinf(x), 0, jnp.sinc(x / math.pi)).astype(dtype)


# ---------------------------------------------------------------------- modified ones


@op(module="torchlike.special")
def modified_bessel_i0(input: Array) -> Array:
    """The modified Bessel function of the first kind and order 0, in floating point.

    Example:
        >>> torch.special.modified_bessel_i0(torch.tensor([0.0, 1.0]))
        tensor([1.0000, 1.2661])
    """
    x, dtype = _double("modified_bessel_i0", input)
    return jsp.i0(x).astype(dtype)


@op(module="torchlike.special")
def modified_bessel_i1(input: Array) -> Array:
    """The modified Bessel function of the first kind and order 1, in floating point.

    Example:
        >>> torch.special.modified_bessel_i1(torch.tensor([0.0, 1.0]))
        tensor([0.0000, 0.5652])
    """
    x, dtype = _double("modified_bessel_i1", input)
    return jsp.i1(x).astype(dtype)


_STEP = 0.25
_GAUSS = np.arange(27) * _STEP
_GAUSS_WEIGHTS = np.where(_GAUSS == 0, 1.0, 2.0) * _STEP * np.exp(-(_GAUSS**2))


def _series_k(order: int, x) -> Array:
    """K near 0, from its power series (DLMF 10.31)."""
    quarter, log = x * x / 4, jnp.log(x / 2) + np.euler_gamma
    term, harmonic, total, slope = jnp.ones_like(x), 0.0, jnp.zeros_like(x), jnp.zeros_like(x)
    for k in range(1, 18):
        term, harmonic = term * quarter / (k * k), harmonic + 1 / k
        total, slope = total + harmonic * term, slope + 2 * k * harmonic * term / x
    return total - log * jsp.i0(x) if order == 0 else jsp.i0(x) / x + log * jsp.i1(x) - slope


def _scaled_k(order: int, x) -> Array:
    """``exp(x) * K(x)``, for x > 0."""
    small, large = jnp.where(x < 2, x, 1.0), jnp.where(x < 2, 2.0, x)[..., None]
    rising = 1.0 if order == 0 else 1 + _GAUSS**2 / large
    integral = jnp.sum(_GAUSS_WEIGHTS * rising / jnp.sqrt(2 * large + _GAUSS**2), -1)
    return jnp.where(x < 2, jnp.exp(small) * _series_k(order, small), integral)


def _second_modified(name: str, order: int, scaled: bool, input) -> Array:
    x, dtype = _double(name, input)
    found = _scaled_k(order, jnp.where(x > 0, x, 1.0))
    found = found if scaled else found * jnp.exp(-x)
    return jnp.where(x > 0, found, jnp.where(x == 0, jnp.inf, jnp.nan)).astype(dtype)


@op(module="torchlike.special")
def modified_bessel_k0(input: Array) -> Array:
    """The modified Bessel function of the second kind and order 0, in floating point; NaN below 0.

    Example:
        >>> torch.special.modified_bessel_k0(torch.tensor([0.0, 1.0]))
        tensor([   inf, 0.4210])
    """
    return _second_modified("modified_bessel_k0", 0, False, input)


@op(module="torchlike.special")
def modified_bessel_k1(input: Array) -> Array:
    """The modified Bessel function of the second kind and order 1, in floating point; NaN below 0.

    Example:
        >>> torch.special.modified_bessel_k1(torch.tensor([0.0, 1.0]))
        tensor([   inf, 0.6019])
    """
    return _second_modified("modified_bessel_k1", 1, False, input)


@op(module="torchlike.special")
def scaled_modified_bessel_k0(input: Array) -> Array:
    """``exp(input)`` times `modified_bessel_k0`, in floating point.

    Example:
        >>> torch.special.scaled_modified_bessel_k0(torch.tensor([1.0, 100.0]))
        tensor([1.1445, 0.1252])
    """
    return _second_modified("scaled_modified_bessel_k0", 0, True, input)


@op(module="torchlike.special")
def scaled_modified_bessel_k1(input: Array) -> Array:
    """``exp(input)`` times `modified_bessel_k1`, in floating point.

    Example:
        >>> torch.special.scaled_modified_bessel_k1(torch.tensor([1.0, 100.0]))
        tensor([1.6362, 0.1258])
    """
    return _second_modified("scaled_modified_bessel_k1", 1, True, input)


# ---------------------------------------------------------------------- Airy's function


def _airy_near(x) -> Array:
    """Ai from -9 upwards: its contour integral, through the saddle point where there is one."""
    saddle = jnp.sqrt(jnp.maximum(x, 0.49))[..., None]
    x = x[..., None]
    width = 9.0 / jnp.maximum(1, jnp.sqrt(saddle))
    at = np.arange(100) / 100 * width
    level = saddle**3 / 3 - saddle * at * at - x * saddle
    phase = (saddle * saddle - x) * at - at**3 / 3
    weights = np.where(np.arange(100) == 0, 0.5, 1.0)
    return jnp.sum(weights * jnp.exp(level) * jnp.cos(phase), -1) * width[..., 0] / (100 * math.pi)


def _airy_far(z) -> Array:
    """Ai of -z for a large z, from its asymptotic series (DLMF 9.7.9)."""
    reach = 2 / 3 * z * jnp.sqrt(z)
    sums, term = [0.0, 0.0], jnp.ones_like(z)
    for k in range(26):
        sums[k % 2] = sums[k % 2] + (-1) ** (k // 2) * term
        term = term * ((6 * k + 1) * (6 * k + 3) * (6 * k + 5)) / (216 * (k + 1) * (2 * k + 1) * reach)
    angle = reach - math.pi / 4
    return (jnp.cos(angle) * sums[0] + jnp.sin(angle) * sums[1]) / (math.sqrt(math.pi) * jnp.sqrt(jnp.sqrt(z)))


@op(module="torchlike.special")
def airy_ai(input: Array) -> Array:
    """The Airy function Ai, in floating point.

    Example:
        >>> torch.special.airy_ai(torch.tensor([0.0, 1.0]))
        tensor([0.3550, 0.1353])
    """
    x, dtype = _double("airy_ai", input)
    near = _airy_near(jnp.clip(x, -9.0, 1e3))
    found = jnp.where(x < -9, _airy_far(jnp.maximum(-x, 9.0)), near)
    return jnp.where(jnp.isnan(x), x, found).astype(dtype)
