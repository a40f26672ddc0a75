"""The Box-Muller transform of PyTorch's CPU kernels, to the last bit.

A fill of at least 16 elements turns blocks of 16 uniforms into 16 normals: the first eight give the radii, the last
eight the angles. In float32 the reference evaluates Cephes polynomials with eight-lane instructions in which every
``y * x + c`` is one fused multiply-add. A product of two float32 is exact in float64, so each of them is evaluated
here in float64 and rounded once; that this equals the fused instruction was checked over all 2^24 radii and all 2^24
angles there are.

Papers: Box and Muller, "A note on the generation of random normal deviates" (1958). Polynomials: Moshier, Cephes
(``logf``, ``sinf``, ``cosf``).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from torchlike._random.rounding import libm

__all__ = ["block_normals32", "block_normals64"]

Array = np.ndarray[Any, Any]


# Constants are arrays of no dimension: NumPy spends half the time on them that it spends on a Python number.
def _f32(x: float) -> Array:
    return np.array(x, np.float32)


def _f64(x: float) -> Array:
    """The nearest float32, in float64."""
    return _f32(x).astype(np.float64)


def _i32(x: int) -> Array:
    return np.array(x, np.int32)


_LOG = [
    _f64(c)
    for c in (
        7.0376836292e-2,
        -1.1514610310e-1,
        1.1676998740e-1,
        -1.2420140846e-1,
        1.4249322787e-1,
        -1.6668057665e-1,
        2.0000714765e-1,
        -2.4999993993e-1,
        3.3333331174e-1,
    )
]
_SIN = [_f64(c) for c in (-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1)]
_COS = [_f64(c) for c in (2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2)]
_LN2_LOW, _LN2_HIGH = _f32(-2.12194440e-4), _f32(0.693359375)
_TWO_PI, _FOUR_OVER_PI = _f32(2 * math.pi), _f32(4 / math.pi)
_PI_4 = np.array(0.78515625 + 2.4187564849853515625e-4)  # the two leading parts of Cephes: exact together in float64
_PI_4_TAIL = _f64(3.77489497744594108e-8)
_ONE, _HALF, _MINUS_TWO, _GRID = _f32(1.0), _f32(0.5), _f32(-2.0), _f32(2.0**-24)
_1, _2, _4, _EVEN, _23, _24, _29 = (_i32(i) for i in (1, 2, 4, ~1, 23, 24, 29))
_TOP, _LOW_24 = _i32(1 << 24), np.array(0xFFFFFF, np.uint32)
_SQRT_HALF = _f32(math.sqrt(0.5)).view(np.int32) + _i32(24 << 23)


def _horner(x: Array, coefficients: list[Array]) -> Array:
    """The polynomial at ``x``, rounded to float32 after each multiply-add; ``x`` and the result in float64."""
    y = coefficients[0] * x
    rounded = np.empty(x.shape, np.float32)
    for c in coefficients[1:-1]:
        np.add(y, c, y)
        rounded[...] = y
        y[...] = rounded
        np.multiply(y, x, y)
    np.add(y, coefficients[-1], y)
    rounded[...] = y
    y[...] = rounded
    return y


def _times_rounded(y: Array, x: Array) -> None:
    """``y`` becomes ``y * x`` rounded to float32."""
    np.multiply(y, x, y)
    y[...] = y.astype(np.float32)


def _log(count: Array) -> Array:
    """The float32 logarithm of ``count * 2**-24``, ``count`` being int32 in [1, 2^24]."""
    bits = count.astype(np.float32).view(np.int32)
    exponent = bits - _SQRT_HALF
    np.right_shift(exponent, _23, exponent)  # count * 2^-24 = m * 2^exponent with m in [sqrt(1/2), sqrt(2))
    e = exponent.astype(np.float32)
    np.add(exponent, _24, exponent)
    np.left_shift(exponent, _23, exponent)
    np.subtract(bits, exponent, bits)
    x = bits.view(np.float32)
    np.subtract(x, _ONE, x)
    wide = x.astype(np.float64)
    z = x * x
    y = _horner(wide, _LOG)
    _times_rounded(y, wide)
    np.multiply(y, z.astype(np.float64), y)
    np.add(y, (e * _LN2_LOW).astype(np.float64), y)
    tail = y.astype(np.float32)
    np.multiply(z, _HALF, z)
    np.subtract(tail, z, tail)
    np.add(x, tail, x)
    np.multiply(e, _LN2_HIGH, e)
    np.add(x, e, x)
    return x


def _sincos(count: Array) -> tuple[Array, Array]:
    """Sine and cosine of ``2 * pi * count * 2**-24`` in float32, ``count`` being int32 in [0, 2^24)."""
    theta = count.astype(np.float32)
    np.multiply(theta, _GRID, theta)
    np.multiply(theta, _TWO_PI, theta)
    octant = (theta * _FOUR_OVER_PI).astype(np.int32)
    np.add(octant, _1, octant)
    np.bitwise_and(octant, _EVEN, octant)
    turns = octant.astype(np.float64)
    x = theta.astype(np.float64)
    np.subtract(x, turns * _PI_4, x)
    theta[...] = x
    x[...] = theta
    np.multiply(turns, _PI_4_TAIL, turns)
    np.subtract(x, turns, x)
    theta[...] = x
    x[...] = theta
    square = theta * theta
    z = square.astype(np.float64)
    cos = _horner(z, _COS)
    _times_rounded(cos, z)
    np.multiply(cos, z, cos)
    np.multiply(square, _HALF, square)
    np.subtract(cos, square.astype(np.float64), cos)
    even = cos.astype(np.float32)
    np.add(even, _ONE, even)
    sin = _horner(z, _SIN)
    _times_rounded(sin, z)
    np.multiply(sin, x, sin)
    np.add(sin, x, sin)
    return _by_octant(octant, sin.astype(np.float32), even)


def _by_octant(octant: Array, odd: Array, even: Array) -> tuple[Array, Array]:
    """Sine and cosine from the odd and the even polynomial, in place.

    In octants 2 and 6 of 8 the two change places; the sine is negative in 4 and 6, the cosine in 2 and 4.
    """
    sin, cos = odd.view(np.int32), even.view(np.int32)
    swap = np.right_shift(octant, _1)
    np.bitwise_and(swap, _1, swap)
    np.negative(swap, swap)
    np.bitwise_and(swap, sin ^ cos, swap)
    np.bitwise_xor(sin, swap, sin)
    np.bitwise_xor(cos, swap, cos)
    for values, turned in ((sin, octant), (cos, octant + _2)):
        np.bitwise_and(turned, _4, turned)
        np.left_shift(turned, _29, turned)
        np.bitwise_xor(values, turned, values)
    return odd, even


def block_normals32(words: Array) -> Array:
    """Standard normals in float32 from blocks of 16 words.

    Args:
        words: uint32 of shape ``(16 * k,)``; overwritten.

    Returns:
        float32 of shape ``(16 * k,)``; zeros may be negative.
    """
    np.bitwise_and(words, _LOW_24, words)
    halves = words.view(np.int32).view("V32")  # an item is half a block: strided copies of items are cheap
    radius = _log(_TOP - halves[0::2].copy().view(np.int32))
    np.multiply(radius, _MINUS_TWO, radius)
    np.sqrt(radius, radius)
    sin, cos = _sincos(halves[1::2].copy().view(np.int32))
    np.multiply(sin, radius, sin)
    np.multiply(cos, radius, cos)
    halves[0::2], halves[1::2] = cos.view("V32"), sin.view("V32")
    return words.view(np.float32)


def block_normals64(uniforms: Array) -> Array:
    """Standard normals in float64 from blocks of 16 uniforms in [0, 1).

    Args:
        uniforms: float64 of shape ``(16 * k,)``.

    Returns:
        float64 of the same shape.
    """
    blocks = uniforms.reshape(-1, 2, 8)
    radius = np.sqrt(-2 * libm(math.log, 1 - blocks[:, 0].ravel()))
    theta = 2 * math.pi * blocks[:, 1].ravel()
    normals = np.empty_like(blocks)
    normals[:, 0] = (radius * libm(math.cos, theta)).reshape(-1, 8)
    normals[:, 1] = (radius * libm(math.sin, theta)).reshape(-1, 8)
    return normals.ravel()
