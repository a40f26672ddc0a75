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

_LOG = [
    float(np.float32(c))
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
_SIN = [float(np.float32(c)) for c in (-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1)]
_COS = [float(np.float32(c)) for c in (2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2)]
_LN2_LOW, _LN2_HIGH = np.float32(-2.12194440e-4), np.float32(0.693359375)
_TWO_PI, _FOUR_OVER_PI = np.float32(2 * math.pi), np.float32(4 / math.pi)
_QUARTER_PI = 0.78515625 + 2.4187564849853515625e-4  # the two leading parts of Cephes: exact together in float64
_QUARTER_PI_TAIL = float(np.float32(3.77489497744594108e-8))
_SQRT_HALF = int(np.float32(math.sqrt(0.5)).view(np.int32)) + (24 << 23)


def _horner(x: Array, coefficients: list[float]) -> Array:
    """The polynomial at ``x``, rounded to float32 after each multiply-add; ``x`` and the result in float64."""
    y = coefficients[0] * x
    rounded = np.empty(x.shape, np.float32)
    for c in coefficients[1:-1]:
        y += c
        rounded[...] = y
        np.multiply(rounded, x, out=y)
    y += coefficients[-1]
    rounded[...] = y
    y[...] = rounded
    return y


def _log(count: Array) -> Array:
    """The float32 logarithm of ``count * 2**-24``, ``count`` being int32 in [1, 2^24]."""
    bits = count.astype(np.float32).view(np.int32)
    exponent = bits - _SQRT_HALF
    exponent >>= 23  # count * 2^-24 = m * 2^exponent with m in [sqrt(1/2), sqrt(2))
    bits -= (exponent + 24) << 23
    x = bits.view(np.float32) - np.float32(1)
    e = exponent.astype(np.float32)
    wide = x.astype(np.float64)
    z = x * x
    y = _horner(wide, _LOG)
    y *= wide
    y = y.astype(np.float32).astype(np.float64)
    y *= z
    y += e * _LN2_LOW
    tail = y.astype(np.float32)
    tail -= np.float32(0.5) * z
    x += tail
    e *= _LN2_HIGH
    x += e
    return x


def _sincos(count: Array) -> tuple[Array, Array]:
    """Sine and cosine of ``2 * pi * count * 2**-24`` in float32, ``count`` being int32 in [0, 2^24)."""
    theta = count.astype(np.float32)
    theta *= np.float32(2.0**-24)
    theta *= _TWO_PI
    octant = (theta * _FOUR_OVER_PI).astype(np.int32)
    octant += 1
    octant &= ~1
    wide = octant.astype(np.float64)
    x = theta - wide * _QUARTER_PI
    x = x.astype(np.float32) - wide * _QUARTER_PI_TAIL
    narrow = x.astype(np.float32)
    x[...] = narrow
    z = narrow * narrow
    wide[...] = z
    cos = _horner(wide, _COS)
    cos *= wide
    cos[...] = cos.astype(np.float32)
    cos *= wide
    cos -= 0.5 * wide
    even = cos.astype(np.float32)
    even += np.float32(1)
    sin = _horner(wide, _SIN)
    sin *= wide
    sin[...] = sin.astype(np.float32)
    sin *= x
    sin += x
    odd = sin.astype(np.float32)
    # In octants 2 and 6 the two polynomials change places; the signs follow from the octant as well.
    even, odd = even.view(np.int32), odd.view(np.int32)
    swap = (even ^ odd) & -(octant >> 1 & 1)
    odd ^= swap
    even ^= swap
    odd ^= (octant & 4) << 29
    even ^= (octant + 2 & 4) << 29
    return odd.view(np.float32), even.view(np.float32)
