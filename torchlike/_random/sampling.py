"""Samplers that take as many words as chance asks for, and draws from finite distributions."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from operator import length_hint
from typing import Any

import numpy as np

from torchlike._random.checks import check, require, scalar_name
from torchlike._random.distributions import doubles, exponential
from torchlike._random.engine import Engine
from torchlike._random.rounding import FLOATS, cast

__all__ = ["binomial", "dirichlet", "multinomial", "poisson", "standard_gamma"]

Array = np.ndarray[Any, Any]

_FLOAT32, _FLOAT64 = FLOATS[:2]
_NO_WEIGHT = "invalid multinomial distribution (sum of probabilities <= 0)"


class _Stream:
    """Uniforms and normals in double precision, one at a time."""

    __slots__ = ("_engine", "_ready")

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._ready: Iterator[float] = iter(())

    def uniform(self) -> float:
        """The next uniform in [0, 1)."""
        for value in self._ready:
            return value
        self._ready = iter(doubles(self._engine, max(1, self._engine.left_in_block // 2)).tolist())
        return next(self._ready)

    def normal(self) -> float:
        """The next standard normal: the engine's cached one, or the first of a new pair."""
        cached = self._engine.next_normal
        if cached is not None:
            self._engine.next_normal = None
            return cached
        theta = 2 * math.pi * self.uniform()
        radius = math.sqrt(-2 * math.log1p(-self.uniform()))
        self._engine.next_normal = radius * math.sin(theta)
        return radius * math.cos(theta)

    def close(self) -> None:
        """Give back what was taken from the block and not used."""
        self._engine.give_back(2 * length_hint(self._ready))


@contextmanager
def _stream(engine: Engine) -> Iterator[_Stream]:
    with engine.lock:
        stream = _Stream(engine)
        try:
            yield stream
        finally:
            stream.close()


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
    with _stream(engine) as stream:
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
        accepted = _log(v) + log_inverse_alpha - math.log(a / (us * us) + b)
        if accepted <= -rate + count * log_rate - math.lgamma(count + 1):
            return count


def _log(x: float) -> float:
    return math.log(x) if x else -math.inf


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
    require(count.dtype, (_FLOAT32, _FLOAT64), "binomial_cpu")
    scalar = count.dtype.type
    with _stream(engine) as stream:
        values = [
            _binomial(stream.uniform, n, p, scalar) for n, p in zip(count.ravel(), prob.ravel(), strict=True)
        ]
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
        if _log(v * alpha / (a / (us * us) + b)) <= bound:
            return k


def _stirling_tail(k: float) -> float:
    """``log(k!)`` less Stirling's formula for it."""
    if k < 10:
        return math.lgamma(k + 1) - (math.log(2 * math.pi) / 2 + (k + 0.5) * math.log(k + 1) - (k + 1))
    square = (k + 1) * (k + 1)
    return (1 / 12 - (1 / 360 - 1 / 1260 / square) / square) / (k + 1)


def standard_gamma(engine: Engine, concentration: Array) -> Array:
    """Gamma variates of unit scale, of the shape and dtype of ``concentration``: ``torch._standard_gamma``.

    Paper: Marsaglia and Tsang, "A simple method for generating gamma variables" (2000).

    Raises:
        NotImplementedError: if the dtype is neither float32 nor float64.
    """
    dtype = concentration.dtype
    require(dtype, (_FLOAT32, _FLOAT64), "gamma_cpu")
    with _stream(engine) as stream:
        values = [_gamma(stream, alpha) for alpha in concentration.ravel()]
    return np.maximum(np.array(values, np.float64).astype(dtype), np.finfo(dtype).tiny).reshape(concentration.shape)


_THIRD, _SQUEEZE = np.float32(1) / np.float32(3), float(np.float32(0.0331))


def _gamma(stream: _Stream, alpha: Any) -> float:
    scale = 1.0
    if alpha < 1:
        if alpha == 0:
            return 0.0
        one = type(alpha)(1)
        scale = (1 - stream.uniform()) ** float(one / alpha)
        alpha = alpha + one
    d = float(alpha - type(alpha)(_THIRD))
    c = 1.0 / math.sqrt(9.0 * d) if d > 0 else math.nan
    while True:
        x = stream.normal()
        y = 1.0 + c * x
        while y <= 0:
            x = stream.normal()
            y = 1.0 + c * x
        v = y * y * y
        u = 1 - stream.uniform()
        square = x * x
        if u < 1.0 - _SQUEEZE * square * square or math.isnan(v):
            return scale * d * v
        if math.log(u) < 0.5 * square + d * (1.0 - v + math.log(v)):
            return scale * d * v


def dirichlet(engine: Engine, concentration: Array) -> Array:
    """Dirichlet variates along the last dimension: ``torch._sample_dirichlet``.

    Raises:
        NotImplementedError: if the dtype is neither float32 nor float64.
    """
    dtype = concentration.dtype
    require(dtype, (_FLOAT32, _FLOAT64), "dirichlet")
    gammas = standard_gamma(engine, concentration.astype(np.float64))
    shares = (gammas / gammas.sum(axis=-1, keepdims=True) if gammas.ndim else gammas / gammas).astype(dtype)
    return np.clip(shares, np.finfo(dtype).tiny, np.nextafter(dtype.type(1), dtype.type(0)))


def multinomial(engine: Engine, weights: Array, n: int, replacement: bool = False) -> Array:
    """Indices drawn with probabilities proportional to ``weights``: ``torch.multinomial``.

    One draw, or any without replacement: the largest of ``weights / q`` with ``q`` exponential. More with replacement:
    a uniform in the cumulative sum. Equal quotients, as those of categories of weight zero, come in no order to rely on.

    Args:
        engine: where the words come from: two a category, or two a draw with replacement.
        weights: floating-point of shape ``(C,)`` or ``(N, C)``.
        n: draws from each row.
        replacement: whether a category may come again.

    Returns:
        int64 of shape ``(n,)`` or ``(N, n)``.

    Raises:
        RuntimeError: if a weight is negative or not finite, a row sums to zero, ``n`` is not positive or, without
            replacement, more than ``C``, or ``weights`` has another number of dimensions or dtype.
    """
    _check_multinomial(weights, n, replacement)
    if weights.size == 0 and weights.ndim == 2 and weights.shape[0] == 0:
        return np.empty((0, n), np.int64)
    if replacement and n > 1:
        return _with_replacement(engine, weights, n)
    check(
        bool(((weights >= 0) & (weights < np.inf)).all()),
        "probability tensor contains either `inf`, `nan` or element < 0",
    )
    total = weights.astype(np.float32) if weights.dtype not in (_FLOAT32, _FLOAT64) else weights
    check(bool((total.sum(axis=-1) > 0).all()), _NO_WEIGHT)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        race = weights / exponential(engine, weights.shape, weights.dtype)
    if n == 1:
        return np.argmax(race, axis=-1, keepdims=True)
    return _largest(race.astype(np.float64), n)


def _largest(values: Array, n: int) -> Array:
    """Indices of the ``n`` largest of each row, in descending order of value."""
    keys = -values
    if 4 * n > keys.shape[-1]:
        return np.argsort(keys, axis=-1, kind="stable")[..., :n]
    chosen = np.argpartition(keys, n - 1, axis=-1)[..., :n]
    order = np.argsort(np.take_along_axis(keys, chosen, -1), axis=-1)
    return np.take_along_axis(chosen, order, -1)


def _check_multinomial(weights: Array, n: int, replacement: bool) -> None:
    check(weights.ndim in (1, 2), "prob_dist must be 1 or 2 dim")
    check(
        weights.dtype in FLOATS,
        f"multinomial only supports floating-point dtypes for input, got: {scalar_name(weights.dtype)}",
    )
    check(n > 0, "cannot sample n_sample <= 0 samples")
    categories = weights.shape[-1]
    check(
        replacement or n <= categories, "cannot sample n_sample > prob_dist.size(-1) samples without replacement"
    )
    check(categories <= 2**24, "number of categories cannot exceed 2^24")


def _with_replacement(engine: Engine, weights: Array, n: int) -> Array:
    computing = _FLOAT64 if weights.dtype == _FLOAT64 else _FLOAT32
    rows = weights.astype(computing).reshape(-1, weights.shape[-1])
    check(bool((rows >= 0).all()), "invalid multinomial distribution (encountering probability entry < 0)")
    check(
        bool(np.isfinite(rows).all()),
        "invalid multinomial distribution (encountering probability entry = infinity or NaN)",
    )
    sums = np.cumsum(rows, axis=-1)
    check(bool((sums[:, -1:] > 0).all()), _NO_WEIGHT)
    sums /= sums[:, -1:].copy()
    sums[:, -1] = 1
    uniforms = doubles(engine, n * len(rows)).reshape(-1, n)
    drawn = [np.searchsorted(row.astype(np.float64), u) for row, u in zip(sums, uniforms, strict=True)]
    return np.array(drawn, np.int64).reshape(*weights.shape[:-1], n)
