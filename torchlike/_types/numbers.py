"""Numbers in a dtype: whether a Python number fits, how floats become integers."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import jax.numpy as jnp
import numpy as np

from torchlike._types.dtypes import BY_NUMPY, c_name, dtype


def to_integers(array: Any, numpy_type: np.dtype, where: Callable):
    """Floats as integers, as PyTorch has them on x86: cut to 32 or 64 bits, of which the lowest are kept.

    What is beyond these, infinities and NaN are their least integer.

    Args:
        array: of NumPy's or JAX's, in 32 or 64 bits.
        where: the ``where`` of the same library.
    """
    new = np.dtype(numpy_type)
    via = np.dtype(np.int32 if new.name in ("int8", "int16", "int32", "uint16") else np.int64)
    beyond = array.dtype.type(2.0 ** (8 * via.itemsize - 1))
    if new == np.uint64:  # its upper half is cut by itself
        upper = array >= beyond
        low = to_integers(where(upper, array - beyond, array), via, where).astype(new)
        return where(upper, low ^ np.uint64(2**63), low)
    fits = (array >= -beyond) & (array < beyond)
    return where(fits, array, -beyond).astype(via).astype(new)


def _limits(which: dtype) -> tuple[float, float]:
    if which.rank == 1:
        known = np.iinfo(which.np)
        return known.min, known.max
    most = float(jnp.finfo(which.to_real().np).max) if which.rank else math.inf
    return -most, most


LIMITS = {each: _limits(each) for each in BY_NUMPY.values()}


def fitting(value: Any, which: dtype):
    """A Python number, checked to fit a dtype.

    Raises:
        RuntimeError: it does not, in PyTorch's words.
    """
    low, high = LIMITS[which]
    if which.rank == 0:
        return value
    kind = type(value)
    if kind is not complex and low <= value <= high:
        return value
    if kind is complex:
        fits = which.is_complex
    elif which.rank == 1:  # negative integers wrap
        fits = kind is int and low == 0 <= -value <= high
    else:
        fits = not math.isfinite(value)
    if not fits:
        raise unfit(which)
    return value


def unfit(which: dtype) -> RuntimeError:
    """The error for a number that does not fit a dtype, in PyTorch's words."""
    name = c_name(which) if which.rank != 1 else "int" if which.name == "int32" else which.name + "_t"
    return RuntimeError(f"value cannot be converted to type {name} without overflow")


@cache
def beyond(which: dtype, kind: type) -> Callable:
    """The function that tells whether a number of a kind does not fit a dtype; it may be traced."""
    low, high = LIMITS[which]
    low = -high if kind is int and low == 0 else low  # negative integers wrap

    def is_beyond(value: Any):
        if which.rank == 1:
            return (value >= low) & (value <= high) ^ True  # NaN, too
        return ((value > high) & (value < math.inf)) | ((value < low) & (value > -math.inf))

    return is_beyond
