"""Draws from finite distributions."""

from __future__ import annotations

from typing import Any

import numpy as np

from torchlike._random.checks import check, scalar_name
from torchlike._random.distributions import doubles, exponential
from torchlike._random.engine import Engine
from torchlike._random.rounding import FLOATS

__all__ = ["multinomial"]

Array = np.ndarray[Any, Any]

_FLOAT32, _FLOAT64 = FLOATS[:2]
_NO_WEIGHT = "invalid multinomial distribution (sum of probabilities <= 0)"


def multinomial(engine: Engine, weights: Array, n: int, replacement: bool = False) -> Array:
    """Indices drawn with probabilities proportional to ``weights``: ``torch.multinomial``.

    One draw, or any without replacement: the largest of ``weights / q`` with ``q`` exponential, in no order to rely on
    where they are equal, as for categories of weight zero. More with replacement: a uniform in the cumulative sum.

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
    check(replacement or n <= categories, "cannot sample n_sample > prob_dist.size(-1) samples without replacement")
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
