"""Gamma and Dirichlet variates."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from torchlike._random.checks import require
from torchlike._random.engine import Engine
from torchlike._random.rounding import FLOATS
from torchlike._random.stream import Stream, one_at_a_time

__all__ = ["dirichlet", "standard_gamma"]

Array = np.ndarray[Any, Any]

_THIRD, _SQUEEZE = np.float32(1) / np.float32(3), float(np.float32(0.0331))


def standard_gamma(engine: Engine, concentration: Array) -> Array:
    """Gamma variates of unit scale, of the shape and dtype of ``concentration``: ``torch._standard_gamma``.

    They are at least the smallest normal number; so is what comes of a concentration that is not positive.

    Paper: Marsaglia and Tsang, "A simple method for generating gamma variables" (2000).

    Raises:
        NotImplementedError: if the dtype is neither float32 nor float64.
    """
    dtype = concentration.dtype
    require(dtype, FLOATS[:2], "gamma_cpu")
    with one_at_a_time(engine) as stream:
        values = [_gamma(stream, alpha) for alpha in concentration.ravel()]
    return np.fmax(np.array(values, np.float64).astype(dtype), np.finfo(dtype).tiny).reshape(concentration.shape)


def _gamma(stream: Stream, alpha: Any) -> float:
    scale = 1.0
    if not alpha > 0:
        return math.nan
    if alpha < 1:
        one = type(alpha)(1)
        scale = (1 - stream.uniform()) ** float(one / alpha)
        alpha = alpha + one
    d = float(alpha - type(alpha)(_THIRD))
    c = 1.0 / math.sqrt(9.0 * d)
    while True:
        x = stream.normal()
        y = 1.0 + c * x
        while y <= 0:
            x = stream.normal()
            y = 1.0 + c * x
        v = y * y * y
        u = 1 - stream.uniform()
        square = x * x
        if u < 1.0 - _SQUEEZE * square * square:
            return scale * d * v
        if math.log(u) < 0.5 * square + d * (1.0 - v + math.log(v)):
            return scale * d * v


def dirichlet(engine: Engine, concentration: Array) -> Array:
    """Dirichlet variates along the last dimension: ``torch._sample_dirichlet``.

    In float64 up to the last bit: the reference adds the shares up in another order.

    Raises:
        NotImplementedError: if the dtype is neither float32 nor float64.
    """
    dtype = concentration.dtype
    require(dtype, FLOATS[:2], "dirichlet")
    gammas = standard_gamma(engine, concentration.astype(np.float64))
    shares = (gammas / gammas.sum(axis=-1, keepdims=True) if gammas.ndim else gammas / gammas).astype(dtype)
    return np.clip(shares, np.finfo(dtype).tiny, np.nextafter(dtype.type(1), dtype.type(0)))
