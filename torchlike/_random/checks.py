"""PyTorch's refusals of a dtype or a parameter, in its words."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any

import ml_dtypes
import numpy as np

from torchlike._random.rounding import BFLOAT16, FLOATS

__all__ = [
    "check",
    "check_bounds",
    "check_uniform",
    "highest",
    "integer_dtypes",
    "number",
    "require",
    "scalar_name",
    "type_name",
]

_NAMES = {  # of the scalar type, of the C++ type
    "bool": ("Bool", "bool"),
    "uint8": ("Byte", "unsigned char"),
    "int8": ("Char", "signed char"),
    "int16": ("Short", "short int"),
    "int32": ("Int", "int"),
    "int64": ("Long", "long int"),
    "uint16": ("UInt16", "short unsigned int"),
    "uint32": ("UInt32", "unsigned int"),
    "uint64": ("UInt64", "long unsigned int"),
    "float16": ("Half", "c10::Half"),
    "bfloat16": ("BFloat16", "c10::BFloat16"),
    "float32": ("Float", "float"),
    "float64": ("Double", "double"),
    "complex64": ("ComplexFloat", "c10::complex<float>"),
    "complex128": ("ComplexDouble", "c10::complex<double>"),
}
_DIGITS = {np.dtype(np.float16): 11, BFLOAT16: 8, np.dtype(np.float32): 24, np.dtype(np.float64): 53}
_LARGEST = {dtype: float(ml_dtypes.finfo(dtype).max) for dtype in FLOATS}
_HIGHEST = {np.dtype(t): int(np.iinfo(t).max) for t in "bBhHiIlLqQ"} | {np.dtype(np.bool_): 1}

integer_dtypes = tuple(np.dtype(t) for t in (np.uint8, np.int8, np.int16, np.int32, np.int64))


@cache
def scalar_name(dtype: np.dtype[Any]) -> str:
    """PyTorch's name of the scalar type: ``Float`` for float32."""
    return _NAMES.get(dtype.name, (dtype.name.capitalize(),))[0]


@cache
def type_name(dtype: np.dtype[Any]) -> str:
    """The C++ name PyTorch prints: ``c10::Half`` for float16."""
    return _NAMES.get(dtype.name, ("", dtype.name))[1]


def number(x: float) -> str:
    """A number as a C++ stream prints it, with six digits."""
    return f"{x:g}"


def check(condition: bool, message: str) -> None:
    """Raise ``RuntimeError(message)`` unless ``condition`` holds."""
    if not condition:
        raise RuntimeError(message)


def require(dtype: np.dtype[Any], allowed: tuple[np.dtype[Any], ...], kernel: str) -> None:
    """Refuse a dtype that the reference has no ``kernel`` for.

    Raises:
        NotImplementedError: if ``dtype`` is not among ``allowed``.
    """
    if dtype not in allowed:
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{scalar_name(dtype)}'")


def highest(dtype: np.dtype[Any]) -> int:
    """The largest integer of bool or an integer dtype."""
    return _HIGHEST[dtype]


def check_uniform(dtype: np.dtype[Any], low: float, high: float) -> None:
    """Refuse a range that ``uniform_`` refuses.

    Raises:
        NotImplementedError: if ``dtype`` is not floating-point.
        RuntimeError: if a bound or their difference is out of ``dtype``'s range, or ``low > high``.
    """
    require(dtype, FLOATS, "check_uniform_bounds")
    top = _LARGEST[dtype]
    if -top <= low <= high <= top and high - low <= top:
        return
    for name, value in (("from", low), ("to", high)):
        check(-top <= value <= top, f"{name} is out of bounds for {type_name(dtype)}")
    a, b = number(low), number(high)
    check(low <= high, f"uniform_ expects to return a [from, to) range, but found from={a} > to={b}")
    raise RuntimeError(
        f"uniform_ expects to-from <= std::numeric_limits<{scalar_name(dtype)}>::max(), "
        f"but found to={b} and from={a} which result in to-from to exceed the limit"
    )


def check_bounds(dtype: np.dtype[Any], low: int, last: int) -> None:
    """Refuse bounds, both inclusive, that integers of ``dtype`` cannot reach; warn where a float has gaps.

    Raises:
        RuntimeError: if ``low`` or ``last`` is outside the range of ``dtype``.
    """
    if dtype.kind in "iub":
        least, most = 0 if dtype.kind != "i" else -highest(dtype) - 1, min(highest(dtype), 2**63 - 1)
    else:
        most = _LARGEST[dtype]
        least = -most
    if not least <= low <= most or not least <= last <= most:
        name = "to - 1" if least <= low <= most else "from"
        raise RuntimeError(f"{name} is out of bounds for {type_name(dtype)}")
    if dtype.kind in "iub":
        return
    bits = _DIGITS[dtype]
    for name, value in (("from", low), ("to - 1", last)):
        if not -(2**bits) <= value <= 2**bits:
            warnings.warn(
                f"{name} is out of bounds [-(2^{bits}), 2^{bits}]. Due to precision limitations {type_name(dtype)} can "
                "support discrete uniform distribution only within this range. This warning will become an error in "
                "version 1.7 release, please fix the code in advance",
                UserWarning,
                stacklevel=3,
            )
