"""Random integers and permutations, PyTorch's own over an engine."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from torchlike._random.checks import check, check_bounds, highest, integer_dtypes, require, scalar_name
from torchlike._random.distributions import fill
from torchlike._random.engine import Engine
from torchlike._random.rounding import BFLOAT16, FLOATS, cast

__all__ = ["integers", "permutation", "random_full"]

Array = np.ndarray[Any, Any]

_INT64, _BOOL = np.dtype(np.int64), np.dtype(np.bool_)
_FLOAT32, _FLOAT64, _FLOAT16 = FLOATS[:3]
_NO_INTEGERS = "{} handles only integral, floating-point and boolean types"
_LEAST = -(2**63)
_WIDE = 2**28  # from this many values on the reference takes 64 bits for each
_LARGE = (2**32 - 1) // 20  # permutations from this length on are drawn with 64 bits


def integers(
    engine: Engine, shape: Sequence[int], dtype: DTypeLike = np.int64, low: int = 0, high: int | None = None
) -> Array:
    """Integers in [low, high): ``torch.randint``, ``Tensor.random_(low, high)``.

    Args:
        engine: where the words come from: one an element for fewer than 2^28 values, else two.
        shape: of the result.
        dtype: bool, integer or floating-point.
        low: the least value.
        high: one more than the largest; None for the largest ``dtype`` holds, for a float the end of the range in
            which it holds every integer.

    Raises:
        NotImplementedError: if ``low`` is -2^63, ``high`` is None and ``dtype`` does not go there.
        RuntimeError: if ``low >= high``, a bound is outside ``dtype``'s range, or ``dtype`` is complex.

    Example:
        >>> integers(Engine(0), (4,), high=10)
        array([4, 9, 3, 0])
    """
    dtype = np.dtype(dtype)
    if high is None and low == _LEAST:
        return _all_of_int64(engine, shape, dtype)
    low, last = _bounds(dtype, low, high)
    check_bounds(dtype, low, last)
    span = last - low + 1

    def draw(n: int) -> Array:
        words: Array = engine.u32(n) if span < _WIDE else engine.u64(n)
        values = _remainder(words, span).astype(np.int64)
        if low:
            values += low
        return values

    return fill(engine, shape, dtype, draw)


def _bounds(dtype: np.dtype[Any], low: int, high: int | None) -> tuple[int, int]:
    """The least and the largest value to draw, moved inwards where ``dtype`` rounds a bound outwards."""
    if high is None:
        if dtype not in FLOATS:
            check(dtype.kind in "iub", _NO_INTEGERS.format("random_from_to_impl"))
            return low, highest(dtype) if dtype != np.uint64 else -1
        last = 2 ** _digits(dtype)
        low = _rounded_inwards(dtype, low, 1)
        check(
            low < last,
            "random_ expects 'from' casted to dtype to be less than or equal to 'to_inc' casted to dtype, "
            f"but got from={low} > to_inc={last}",
        )
        return low, last
    if low >= high:
        raise RuntimeError(f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")
    if dtype in FLOATS:
        low, high = _rounded_inwards(dtype, low, 1), _rounded_inwards(dtype, high, -1)
        check(
            low < high,
            "random_ expects 'from' casted to dtype to be less than 'to' casted to dtype, "
            f"but got from={low} >= to={high}",
        )
    else:
        check(dtype.kind in "iub", _NO_INTEGERS.format("check_random_bounds"))
    return low, high - 1


def _digits(dtype: np.dtype[Any]) -> int:
    return {_FLOAT16: 11, BFLOAT16: 8, _FLOAT32: 24, _FLOAT64: 53}[dtype]


def _rounded_inwards(dtype: np.dtype[Any], bound: int, step: int) -> int:
    """``bound``, or the next number of ``dtype`` inside where ``bound + step`` is rounded past it."""
    with np.errstate(over="ignore"):
        rounded = float(cast(np.array(bound + step, np.int64), dtype))
    neighbour = int(rounded) if abs(rounded) < 2.0**63 else _LEAST
    if (neighbour < bound) if step > 0 else (neighbour >= bound):
        return neighbour + step * 2 ** (abs(bound + step).bit_length() - _digits(dtype))
    return bound


def _remainder(words: Array, span: int) -> Array:
    """``words % span`` in place; NumPy divides by one number in SIMD, and finds remainders far slower."""
    if span & (span - 1) == 0:
        words &= words.dtype.type(span - 1)
        return words
    divisor = words.dtype.type(span)
    multiple = words // divisor
    multiple *= divisor
    words -= multiple
    return words


def _all_of_int64(engine: Engine, shape: Sequence[int], dtype: np.dtype[Any]) -> Array:
    if math.prod(shape) == 0:
        return np.empty(shape, dtype)
    kernel = "random_full_64_bits_range_kernel_cpu"
    allowed = (_INT64, _FLOAT64, _FLOAT32, BFLOAT16)
    require(dtype, (*allowed, *integer_dtypes), kernel)
    check(dtype in allowed, f"{kernel} handles only int64, double, float and bfloat16")
    return fill(engine, shape, dtype, lambda n: engine.u64(n).view(np.int64))


def random_full(engine: Engine, shape: Sequence[int], dtype: DTypeLike = np.int64) -> Array:
    """Integers over all that ``dtype`` holds from 0 on, for floats up to 2^digits: ``Tensor.random_()``.

    Raises:
        NotImplementedError: if ``dtype`` is complex, or an unsigned integer wider than 8 bits.
    """
    dtype = np.dtype(dtype)
    if math.prod(shape) == 0:
        return np.empty(shape, dtype)
    require(dtype, (_BOOL, *integer_dtypes, *FLOATS), "random_kernel_cpu")
    if dtype == _BOOL:
        span = 2
    elif dtype in FLOATS:
        span = 2 ** _digits(dtype) + 1
    else:
        span = highest(dtype) + 1
    wide = dtype in (_INT64, _FLOAT64)

    def draw(n: int) -> Array:
        words: Array = engine.u64(n) if wide else engine.u32(n)
        values = _remainder(words, span)
        return values.view(np.int64) if wide else values

    return fill(engine, shape, dtype, draw)


def permutation(engine: Engine, n: int, dtype: DTypeLike = np.int64) -> Array:
    """A permutation of ``0, ..., n - 1``: ``torch.randperm``; of shape ``(n,)``.

    The reference swaps place ``i`` with a place from ``i`` on, one after another. Here all the swaps are followed at
    once, by sorting them: 60,000 numbers in milliseconds.

    Raises:
        NotImplementedError: if ``dtype`` is bool, complex, or an unsigned integer wider than 8 bits.
        RuntimeError: if ``n`` is negative, or ``dtype`` cannot hold ``n - 1``.

    Example:
        >>> permutation(Engine(0), 4)
        array([0, 1, 3, 2])
    """
    dtype = np.dtype(dtype)
    check(n >= 0, f"Trying to create tensor with negative dimension {n}: [{n}]")
    require(dtype, (*integer_dtypes, *FLOATS), "randperm")
    if dtype in integer_dtypes:
        check(n <= highest(dtype) + 1, f"value cannot be converted to type {dtype.name}_t without overflow")
    elif dtype != BFLOAT16:
        most = 2 ** _digits(dtype) + 1
        text = str(most) if dtype == _FLOAT16 else f"2^{_digits(dtype)}+1"
        check(n <= most, f"n cannot be greater than {text} for {scalar_name(dtype)} type.")
    with engine.lock:
        if n >= _LARGE:
            return cast(_inserted(_below(engine.u64(n), np.arange(1, n + 1, dtype=np.uint64))), dtype)
        if n < 2:
            return np.zeros(n, dtype)
        steps = np.arange(n - 1)
        targets = _below(engine.u32(n - 1), (n - steps).astype(np.uint32))
    targets += steps
    return cast(_swapped_one_by_one(targets) if n < 512 else _swapped(targets), dtype)


def _below(words: Array, bounds: Array) -> Array:
    return np.remainder(words, bounds, out=words).astype(np.int64)


def _swapped_one_by_one(targets: Array) -> Array:
    places = list(range(targets.size + 1))
    for i, j in enumerate(targets.tolist()):
        places[i], places[j] = places[j], places[i]
    return np.array(places)


def _swapped(targets: Array) -> Array:
    """What ``0, 1, ...`` becomes when place ``i`` is swapped with place ``targets[i] >= i``, for each ``i`` in turn.

    Before step ``i``, place ``p >= i`` holds what the last earlier step with that target brought there: that step's
    own place's content, found by following such steps back to one whose place nobody had touched.
    """
    n = targets.size + 1
    steps = np.arange(n - 1)
    moving = np.flatnonzero(targets != steps)
    brought = np.arange(n)
    brought[targets[moving]] = moving  # the last assignment to an index stands
    content = _roots(brought)
    target, step = _grouped(targets)
    again = np.flatnonzero(target[1:] == target[:-1])
    result = np.append(targets, content[n - 1])
    result[step[again + 1]] = content[step[again]]
    return result


def _inserted(targets: Array) -> Array:
    """The inside-out shuffle: for each ``i`` place ``targets[i] <= i`` hands its content to ``i`` and takes ``i``."""
    n = targets.size
    target, step = _grouped(targets)
    again = np.flatnonzero((target[1:] == target[:-1]) & (step[:-1] != target[:-1]))
    given = np.arange(n)  # what place i holds after step i, if a step brought it to the place it came from
    given[step[again + 1]] = step[again]
    source = targets.copy()
    source[step[again + 1]] = step[again + 1]
    result = given[_roots(source)]
    later = np.flatnonzero(step != target)
    result[target[later]] = step[later]  # in the order of steps: the last stands
    return result


def _roots(parents: Array) -> Array:
    """The end of each chain ``i, parents[i], parents[parents[i]], ...``: an index that is its own parent."""
    while True:
        further = parents[parents]
        if np.array_equal(further, parents):
            return parents
        parents = further


def _grouped(targets: Array) -> tuple[Array, Array]:
    """Targets in ascending order and the steps they belong to, steps of one target in order."""
    keys = targets << 32
    keys |= np.arange(targets.size)
    keys.sort()
    return keys >> 32, keys & 0xFFFFFFFF
