"""Binomial counts."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from torchlike._random.checks import require
from torchlike._random.engine import Engine
from torchlike._random.rounding import FLOATS
from torchlike._random.stream import log, one_at_a_time

__all__ = ["binomial"]

Array = np.ndarray[Any, Any]


def binomial(engine: Engine, count: Array, prob: Array) -> Array:
    """Binomial counts, of the shape and dtype of ``count``: ``torch.binomial``.

    Papers: Kachitvichyanukul and Schmeiser, "Binomial random variate generation" (1988), for inversion; from an
    expectation of 10 on Hörmann, "The generation of binomial random variates" (1993).

    Args:
        engine: where the words come from.
        count: numbers of trials, float32 or float64.
        prob: probabilities, of the same shape and dtype.

    Raises:
        NotImplementedError: if the dtype is neither float32 nor float64.
    """
    require(count.dtype, FLOATS[:2], "binomial_cpu")
    scalar = count.dtype.type
    with one_at_a_time(engine) as stream:
        values = [_binomial(stream.uniform, n, p, scalar) for n, p in zip(count.ravel(), prob.ravel(), strict=True)]
    return np.array(values, count.dtype).reshape(count.shape)


def _binomial(uniform: Callable[[], float], n: Any, p: Any, scalar: type) -> float:
    if math.isnan(n) or math.isnan(p):
        return math.nan
    if n <= 0 or p <= 0:
        return 0.0
    if p >= 1:
        return float(n)
    rare = p if p <= 0.5 else scalar(1.0 - float(p))
    draw = _binomial_by_rejection if n * rare >= 10 else _binomial_by_inversion
    successes = draw(uniform, n, rare)
    return successes if p <= 0.5 else float(n) - successes


def _binomial_by_inversion(uniform: Callable[[], float], n: Any, p: Any) -> float:
    log_failure, trials, successes, limit = float(np.log1p(-p)), 0.0, 0, float(n)
    while True:
        u = uniform()
        trials += math.ceil(math.log(u) / log_failure) if u else math.inf
        if trials > limit:
            return float(successes)
        successes += 1


def _binomial_by_rejection(uniform: Callable[[], float], n: Any, p: Any) -> float:
    one = type(p)(1)
    spread = float(np.sqrt(n * p * (one - p)))
    b = 1.15 + 2.53 * spread
    a = -0.0873 + 0.0248 * b + 0.01 * float(p)
    c, sure = float(n * p) + 0.5, 0.92 - 4.2 / b
    odds, alpha = float(p / (one - p)), (2.83 + 5.1 / b) * spread
    mode, n = math.floor((n + one) * p), float(n)
    while True:
        u, v = uniform() - 0.5, uniform()
        us = 0.5 - abs(u)
        if us == 0:
            continue
        k = float(math.floor((2 * a / us + b) * u + c))
        if k < 0 or k > n:
            continue
        if us >= 0.07 and v <= sure:
            return k
        bound = (
            (mode + 0.5) * math.log((mode + 1) / (odds * (n - mode + 1)))
            + (n + 1) * math.log((n - mode + 1) / (n - k + 1))
            + (k + 0.5) * math.log(odds * (n - k + 1) / (k + 1))
            + _stirling_tail(mode)
            + _stirling_tail(n - mode)
            - _stirling_tail(k)
            - _stirling_tail(n - k)
        )
        if log(v * alpha / (a / (us * us) + b)) <= bound:
            return k


def _stirling_tail(k: float) -> float:
    """``log(k!)`` less Stirling's formula for it."""
    if k < 10:
        return math.lgamma(k + 1) - (math.log(2 * math.pi) / 2 + (k + 0.5) * math.log(k + 1) - (k + 1))
    square = (k + 1) * (k + 1)
    return (1 / 12 - (1 / 360 - 1 / 1260 / square) / square) / (k + 1)
