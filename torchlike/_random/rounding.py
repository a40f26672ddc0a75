"""Arithmetic to the last bit: fused multiply-adds, the C library's functions, PyTorch's narrowing casts."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np

__all__ = ["BFLOAT16", "FLOATS", "cast", "fma32", "fma64", "libm"]

Array = np.ndarray[Any, Any]

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)
FLOATS = (np.dtype(np.float32), np.dtype(np.float64), np.dtype(np.float16), BFLOAT16)
_HALVES = FLOATS[2:]


def libm(function: Callable[[float], float], x: Array) -> Array:
    """``function`` of ``math`` over a float64 vector: NumPy's own loops may differ from it in the last bit."""
    return np.fromiter(map(function, x.tolist()), np.float64, x.size)


def cast(x: Array, dtype: np.dtype[Any]) -> Array:
    """``static_cast<dtype>(x)``: 16-bit floats are reached by way of float32, integers by way of int64."""
    if x.dtype == dtype:
        return x
    if dtype in _HALVES and x.dtype != np.float32:
        x = x.astype(np.float32)
    elif dtype.kind in "iu" and x.dtype.kind == "f":
        x = x.astype(np.int64)
    return x.astype(dtype)


def fma32(product: Array, addend: float) -> Array:
    """``product + addend`` rounded once, to float32; ``product`` is exact in float64, ``addend`` a float32."""
    total = product + addend
    # Rounding to float64 first goes wrong only where it lands in the middle between two float32.
    middle = (total.view(np.int64) & 0x1FFFFFFF) == 0x10000000
    if middle.any():
        exact, rounded = product[middle], total[middle]
        back = rounded - exact
        error = (exact - (rounded - back)) + (addend - back)
        total[middle] = np.where(error == 0, rounded, np.nextafter(rounded, np.copysign(np.inf, error)))
    return total.astype(np.float32)


def fma64(x: Array, factor: float, addend: float) -> Array:
    """``x * factor + addend`` in float64, rounded once.

    Paper: Boldo and Melquiond, "Emulation of FMA and correctly rounded sums: proved algorithms using rounding to odd"
    (2008).
    """
    if factor == 1.0 or addend == 0.0 or not (math.isfinite(factor) and math.isfinite(addend)):
        return x * factor + addend
    exponent = math.frexp(max(abs(factor), abs(addend)))[1]
    if abs(exponent) > 900:  # out of the reach of the splitting below
        return np.ldexp(fma64(x, math.ldexp(factor, -exponent), math.ldexp(addend, -exponent)), exponent)
    high, low = _two_product(x, factor)
    middle, rest = _two_sum(low, addend)
    high, middle = _two_sum(high, middle)
    tail, error = _two_sum(rest, middle)
    even = (tail.view(np.int64) & 1) == 0
    odd = np.nextafter(tail, np.copysign(np.inf, error))
    return high + np.where(even & (error != 0), odd, tail)


def _two_sum(a: Array, b: Array | float) -> tuple[Array, Array]:
    """``a + b`` and its rounding error (Knuth)."""
    total = a + b
    back = total - a
    return total, (a - (total - back)) + (b - back)


def _two_product(a: Array, b: float) -> tuple[Array, Array]:
    """``a * b`` and its rounding error (Dekker)."""
    product = a * b
    a_high, a_low = _split(a)
    b_high, b_low = _split(b)
    error = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low
    return product, error


def _split(a: Any) -> tuple[Any, Any]:
    """``a`` as a sum of two numbers of 26 bits (Veltkamp)."""
    scaled = a * 134217729.0  # 2^27 + 1
    high = scaled - (scaled - a)
    return high, a - high
