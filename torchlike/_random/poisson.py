"""Poisson counts."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from torchlike._random.checks import check, require
from torchlike._random.engine import Engine
from torchlike._random.rounding import FLOATS, cast
from torchlike._random.stream import log, one_at_a_time

__all__ = ["poisson"]

Array = np.ndarray[Any, Any]


def poisson(engine: Engine, rate: Array) -> Array:
    """Poisson counts of the given rates, of their shape and dtype: ``torch.poisson``.

    Papers: Knuth's product of uniforms below a rate of 10; from there on Hörmann, "The transformed rejection method
    for generating Poisson random variables" (1993).

    Args:
        engine: where the words come from.
        rate: floating-point, of any shape.

    Raises:
        NotImplementedError: if ``rate`` is not floating-point.
        RuntimeError: if a rate is negative or not a number.
    """
    require(rate.dtype, FLOATS, "poisson_cpu")
    check(bool((rate >= 0).all()), "invalid Poisson rate, expected rate to be non-negative")
    with one_at_a_time(engine) as stream:
        counts = [
            _poisson_by_rejection(stream.uniform, x) if x >= 10 else _poisson_by_product(stream.uniform, x)
            for x in rate.ravel().tolist()
        ]
    return cast(np.array(counts, np.int64), rate.dtype).reshape(rate.shape)


def _poisson_by_product(uniform: Callable[[], float], rate: float) -> int:
    if rate == 0:
        return 0
    limit, product, count = math.exp(-rate), uniform(), 0
    while product > limit:
        product *= uniform()
        count += 1
    return count


def _poisson_by_rejection(uniform: Callable[[], float], rate: float) -> int:
    b = 0.931 + 2.53 * math.sqrt(rate)
    a = -0.059 + 0.02483 * b
    log_inverse_alpha = math.log(1.1239 + 1.1328 / (b - 3.4))
    log_rate, sure = math.log(rate), 0.9277 - 3.6224 / (b - 2)
    while True:
        u, v = uniform() - 0.5, uniform()
        us = 0.5 - abs(u)
        if us == 0:
            continue
        count = math.floor((2 * a / us + b) * u + rate + 0.43)
        if us >= 0.07 and v <= sure:
            return count
        if count < 0 or (us < 0.013 and v > us):
            continue
        accepted = log(v) + log_inverse_alpha - math.log(a / (us * us) + b)
        if accepted <= -rate + count * log_rate - math.lgamma(count + 1):
            return count
