"""PyTorch's CPU distributions over an engine: the same numbers from the same words.

Every function fills an array of the given shape in row-major order, as the reference fills memory: for a tensor laid
out otherwise the caller passes the shape of its memory. A dtype is a NumPy one (``ml_dtypes.bfloat16`` for bfloat16).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from torchlike._random.box_muller import block_normals32, block_normals64
from torchlike._random.checks import check, check_uniform, integer_dtypes, number, require, scalar_name, type_name
from torchlike._random.engine import Engine
from torchlike._random.rounding import FLOATS, cast, fma32, fma64, libm

__all__ = [
    "bernoulli",
    "bernoulli_of",
    "cauchy",
    "doubles",
    "dropout_noise",
    "exponential",
    "fill",
    "floats",
    "geometric",
    "log_normal",
    "normal",
    "uniform",
]

Array = np.ndarray[Any, Any]
Shape = Sequence[int]

_CHUNK = 624 * 32  # elements at a time: temporaries stay in the cache; whole blocks of words and of normals
_FLOAT32, _FLOAT64 = FLOATS[:2]
_PARTS = {np.dtype(np.complex64): _FLOAT32, np.dtype(np.complex128): _FLOAT64}
_LOW_24, _GRID_24 = np.array(2**24 - 1, np.uint32), np.array(2.0**-24, np.float32)
_LOW_53, _GRID_53 = np.array(2**53 - 1, np.uint64), np.array(2.0**-53)
_NUMBERS = (np.dtype(np.bool_), *integer_dtypes, *FLOATS)


def floats(engine: Engine, n: int) -> Array:
    """Uniforms in [0, 1) on the grid of 2^-24: float32 of shape ``(n,)``, a word each."""
    words = engine.u32(n)
    words &= _LOW_24
    uniforms = words.view(np.int32).astype(np.float32)
    uniforms *= _GRID_24
    return uniforms


def doubles(engine: Engine, n: int) -> Array:
    """Uniforms in [0, 1) on the grid of 2^-53: float64 of shape ``(n,)``, two words each."""
    pairs = engine.u64(n)
    pairs &= _LOW_53
    uniforms = pairs.view(np.int64).astype(np.float64)
    uniforms *= _GRID_53
    return uniforms


@np.errstate(over="ignore", invalid="ignore")
def fill(engine: Engine, shape: Shape, dtype: np.dtype[Any], draw: Callable[[int], Array]) -> Array:
    """An array of ``draw(k)``'s values, piece after piece; nobody else draws from the engine meanwhile."""
    n = math.prod(shape)
    with engine.lock:
        if n <= _CHUNK:
            return cast(draw(n), dtype).reshape(shape)
        out = np.empty(n, dtype)
        for start, stop in _pieces(n):
            out[start:stop] = cast(draw(stop - start), dtype)
        return out.reshape(shape)


def _pieces(n: int) -> Iterator[tuple[int, int]]:
    return ((start, min(start + _CHUNK, n)) for start in range(0, n, _CHUNK))


def uniform(engine: Engine, shape: Shape, dtype: DTypeLike = np.float32, low: float = 0.0, high: float = 1.0) -> Array:
    """Uniforms in [low, high): ``torch.rand``, ``Tensor.uniform_``.

    A complex dtype has both parts uniform. 16-bit floats are drawn in float32 and rounded.

    Raises:
        NotImplementedError: if ``dtype`` is neither floating-point nor complex.
        RuntimeError: if the range is not one of ``dtype``.

    Example:
        >>> uniform(Engine(0), (2,))
        array([0.4962566, 0.7682218], dtype=float32)
    """
    dtype = np.dtype(dtype)
    if dtype in _PARTS:
        return uniform(engine, (*shape, 2), _PARTS[dtype], low, high).view(dtype).reshape(shape)
    check_uniform(dtype, low, high)
    if low == 0 and high == 1 and dtype in (_FLOAT32, _FLOAT64):
        unit = floats if dtype == _FLOAT32 else doubles
        return fill(engine, shape, dtype, lambda n: unit(engine, n))
    draw = _between64 if dtype == _FLOAT64 else _between32
    lower, upper = (cast(np.array(x, np.float64), dtype) for x in (low, high))

    def rounded(n: int) -> Array:
        values = cast(draw(engine, n, low, high), dtype)
        np.copyto(values, lower, where=values == upper)  # rounding may have reached the bound that is excluded
        return values

    return fill(engine, shape, dtype, rounded)


def _between32(engine: Engine, n: int, low: float, high: float) -> Array:
    start = np.float32(low)
    span = np.float32(high) - start
    if start == 0:
        values = floats(engine, n)
        values *= span
        return values
    words = engine.u32(n)
    words &= _LOW_24
    product = words.view(np.int32).astype(np.float64)
    product *= float(span) * 2.0**-24
    return fma32(product, float(start))


def _between64(engine: Engine, n: int, low: float, high: float) -> Array:
    return fma64(doubles(engine, n), high - low, low)


def normal(
    engine: Engine,
    shape: Shape,
    dtype: DTypeLike = np.float32,
    mean: float = 0.0,
    std: float = 1.0,
    *,
    serial: bool = False,
) -> Array:
    """Normals: ``torch.randn``, ``Tensor.normal_``.

    From 16 elements on, blocks of 16 are transformed at once; fewer are drawn in pairs in double precision, and the
    second of the last pair is kept by the engine. A complex dtype shares the variance between its parts.

    Args:
        engine: where the words come from.
        shape: of the result.
        dtype: floating-point or complex.
        mean: of both parts, if complex.
        std: standard deviation.
        serial: draw in pairs whatever the size, as the reference does for a tensor that is not contiguous.

    Raises:
        NotImplementedError: if ``dtype`` is neither floating-point nor complex.
        RuntimeError: if ``std`` is negative or not a number.

    Example:
        >>> normal(Engine(0), (2,))
        array([ 1.5409961, -0.2934289], dtype=float32)
    """
    dtype = np.dtype(dtype)
    check(std >= 0, f"normal expects std >= 0.0, but found std {number(std)}")
    if dtype in _PARTS:
        parts = normal(engine, (*shape, 2), _PARTS[dtype], mean, std / math.sqrt(2), serial=serial)
        return parts.view(dtype).reshape(shape)
    n = math.prod(shape)
    if n == 0:
        return np.empty(shape, dtype)
    require(dtype, FLOATS, "normal_kernel_cpu")
    if n < 16 or serial:
        return fill(engine, shape, dtype, lambda k: _scaled(_pair_normals(engine, k, dtype), dtype, mean, std))
    return _block_normals(engine, n, dtype, mean, std).reshape(shape)


@np.errstate(over="ignore", invalid="ignore")
def _block_normals(engine: Engine, n: int, dtype: np.dtype[Any], mean: float, std: float) -> Array:
    """Normals of shape ``(n,)``, ``n >= 16``, in blocks of 16; if ``n`` is no multiple the last 16 are drawn anew."""
    draw = doubles if dtype == _FLOAT64 else Engine.u32
    rest = n % 16
    skipped = rest if dtype in (_FLOAT32, _FLOAT64) else 0  # 16-bit floats draw nothing for a block they cannot fill
    out = np.empty(n, dtype)
    with engine.lock:
        for start, stop in _pieces(n - rest):
            size = stop - start
            if rest and stop == n - rest:
                drawn = draw(engine, size + skipped + 16)
                values = _transformed(np.concatenate((drawn[:size], drawn[-16:])), dtype, mean, std)
                out[n - 16 :] = values[size:]
                out[start : n - 16] = values[: n - 16 - start]
            else:
                out[start:stop] = _transformed(draw(engine, size), dtype, mean, std)
    return out


def _transformed(drawn: Array, dtype: np.dtype[Any], mean: float, std: float) -> Array:
    """Blocks of 16 words, or for float64 of 16 uniforms, as normals."""
    if dtype == _FLOAT64:
        return fma64(block_normals64(drawn), std, mean)
    values = block_normals32(drawn)
    factor, addend = np.float32(std), np.float32(mean)
    if addend != 0:
        return cast(fma32(values.astype(np.float64) * float(factor), float(addend)), dtype)
    if factor != 1:
        values *= factor
    values += addend  # -0 becomes 0
    return cast(values, dtype)


def _scaled(normals: Array, dtype: np.dtype[Any], mean: float, std: float) -> Array:
    return fma64(normals, std, mean) if dtype == _FLOAT64 else normals * std + mean


def _pair_normals(engine: Engine, n: int, dtype: np.dtype[Any]) -> Array:
    """Standard normals in float64 of shape ``(n,)``, the engine's cached one first.

    Up to rounding errors of float64 that no other ``dtype`` sees, the last pair apart: half of it may be cached.
    """
    head = [] if engine.next_normal is None or n == 0 else [engine.next_normal]
    n -= len(head)
    if n == 0:
        if head:
            engine.next_normal = None
        return np.array(head, np.float64)
    engine.next_normal = None
    pairs = (n + 1) // 2
    uniforms = doubles(engine, 2 * pairs)
    many = pairs - 1 if dtype != _FLOAT64 and pairs > 16 else 0
    tail: list[float] = []
    for u1, u2 in uniforms[2 * many :].reshape(-1, 2).tolist():
        radius, theta = math.sqrt(-2 * math.log1p(-u2)), 2 * math.pi * u1
        tail += [radius * math.cos(theta), radius * math.sin(theta)]
    if n % 2:
        engine.next_normal = tail.pop()
    if not many:
        return np.array(head + tail, np.float64)
    radius, theta = np.sqrt(-2 * np.log1p(-uniforms[1 : 2 * many : 2])), 2 * math.pi * uniforms[: 2 * many : 2]
    body = np.stack((radius * np.cos(theta), radius * np.sin(theta)), axis=1).ravel()
    return np.concatenate((head, body, tail))


def log_normal(
    engine: Engine, shape: Shape, dtype: DTypeLike = np.float32, mean: float = 1.0, std: float = 2.0
) -> Array:
    """Exponentials of normals drawn in pairs: ``Tensor.log_normal_``.

    Args:
        engine: where the words come from.
        shape: of the result.
        dtype: floating-point.
        mean: of the underlying normal.
        std: of the underlying normal.

    Raises:
        NotImplementedError: if ``dtype`` is not floating-point.
        RuntimeError: if ``std`` is not positive.
    """
    dtype = np.dtype(dtype)
    check(std > 0, f"log_normal_ expects std > 0.0, but found std={number(std)}")
    if math.prod(shape) == 0:
        return np.empty(shape, dtype)
    require(dtype, FLOATS, "log_normal_cpu")

    def draw(n: int) -> Array:
        exponents = _scaled(_pair_normals(engine, n, dtype), dtype, mean, std)
        return libm(_exp, exponents) if dtype == _FLOAT64 else np.exp(exponents)

    return fill(engine, shape, dtype, draw)


def _exp(x: float) -> float:
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


def exponential(engine: Engine, shape: Shape, dtype: DTypeLike = np.float32, lambd: float = 1.0) -> Array:
    """Exponentials of rate ``lambd``: ``Tensor.exponential_``.

    Raises:
        RuntimeError: if ``dtype`` is not floating-point, or ``lambd`` not positive.
    """
    dtype = np.dtype(dtype)
    check(lambd > 0, f"exponential_ expects lambda > 0.0, but found lambda={number(lambd)}")
    if math.prod(shape) == 0:
        return np.empty(shape, dtype)
    check(
        dtype in FLOATS,
        "Exponential distribution is a continuous probability distribution. "
        f"dtype must be a floating point but you specified {scalar_name(dtype)}",
    )
    factor = -1.0 / lambd

    def draw(n: int) -> Array:
        values = doubles(engine, n)
        np.negative(values, out=values)
        logs = libm(math.log1p, values) if dtype == _FLOAT64 else np.log1p(values, out=values)
        logs *= factor
        return logs

    return fill(engine, shape, dtype, draw)


def geometric(engine: Engine, shape: Shape, dtype: DTypeLike = np.float32, p: float = 0.5) -> Array:
    """The number of trials of probability ``p`` up to the first success: ``Tensor.geometric_``.

    Raises:
        NotImplementedError: if ``dtype`` is bool, an unsigned integer wider than 8 bits, or complex.
        RuntimeError: if ``p`` is not in (0, 1).
    """
    dtype = np.dtype(dtype)
    check(0 < p < 1, f"geometric_ expects p to be in (0, 1), but got p={number(p)}")
    if math.prod(shape) == 0:
        return np.empty(shape, dtype)
    require(dtype, _NUMBERS[1:], "geometric_cpu")
    denominator = math.log1p(-p)

    def draw(n: int) -> Array:
        with np.errstate(divide="ignore"):
            return np.ceil(np.log(doubles(engine, n)) / denominator)

    return fill(engine, shape, dtype, draw)


def cauchy(
    engine: Engine, shape: Shape, dtype: DTypeLike = np.float32, median: float = 0.0, sigma: float = 1.0
) -> Array:
    """Cauchy variates: ``Tensor.cauchy_``.

    Args:
        engine: where the words come from.
        shape: of the result.
        dtype: floating-point.
        median: location.
        sigma: half the distance between the quartiles.

    Raises:
        RuntimeError: if ``dtype`` is not floating-point, or ``sigma`` not positive.
    """
    dtype = np.dtype(dtype)
    check(sigma > 0, f"cauchy_ expects sigma > 0.0, but found sigma={number(sigma)}")
    check(
        dtype in FLOATS,
        "Cauchy distribution is a continuous probability distribution. "
        f"dtype must be a floating point but you specified {type_name(dtype)}",
    )

    def draw(n: int) -> Array:
        angles = math.pi * (doubles(engine, n) - 0.5)
        if dtype == _FLOAT64:
            return fma64(libm(math.tan, angles), sigma, median)
        return median + sigma * np.tan(angles)

    return fill(engine, shape, dtype, draw)


def bernoulli(engine: Engine, shape: Shape, p: float = 0.5, dtype: DTypeLike = np.float32) -> Array:
    """Ones with probability ``p``, else zeros: ``Tensor.bernoulli_(p)``, ``torch.bernoulli(x, p)``.

    Raises:
        NotImplementedError: if ``dtype`` is complex, or an unsigned integer wider than 8 bits.
        RuntimeError: if ``p`` is not in [0, 1].
    """
    dtype = np.dtype(dtype)
    check(0 <= p <= 1, f"bernoulli_ expects p to be in [0, 1], but got p={number(p)}")
    if math.prod(shape) == 0:
        return np.empty(shape, dtype)
    require(dtype, _NUMBERS, "bernoulli_scalar_cpu_")
    threshold = np.uint64(math.ceil(p * 2.0**53))

    def draw(n: int) -> Array:
        pairs = engine.u64(n)
        pairs &= _LOW_53
        return pairs < threshold

    return fill(engine, shape, dtype, draw)


def bernoulli_of(engine: Engine, p: Array, dtype: DTypeLike | None = None) -> Array:
    """Ones with the probabilities ``p``, else zeros: ``torch.bernoulli(p)``, ``Tensor.bernoulli_(p)``.

    Args:
        engine: where the words come from; two an element if ``p`` is float64, else one.
        p: probabilities, already of the result's shape.
        dtype: of the result; that of ``p`` if not given.

    Raises:
        NotImplementedError: if ``p`` is not floating-point, or the reference fills no ``dtype`` so.
        RuntimeError: if an element of ``p`` is not in [0, 1].
    """
    kind = p.dtype if dtype is None else np.dtype(dtype)
    if p.size == 0:
        return np.empty(p.shape, kind)
    require(kind, _NUMBERS, "bernoulli_tensor_cpu_self_")
    require(p.dtype, FLOATS, "bernoulli_tensor_cpu_p_")
    check(
        bool(((p >= 0) & (p <= 1)).all()),
        "Expected p_in >= 0 && p_in <= 1 to be true, but got false.  "
        "(Could this error message be improved?  If so, please report an enhancement request to PyTorch.)",
    )
    wide = p.dtype == _FLOAT64
    values = iter(np.split(p.ravel(), range(_CHUNK, p.size, _CHUNK)))

    def draw(n: int) -> Array:
        return doubles(engine, n) < next(values) if wide else floats(engine, n) < next(values).astype(np.float32)

    return fill(engine, p.shape, kind, draw)


def dropout_noise(engine: Engine, shape: Shape, dtype: DTypeLike = np.float32, p: float = 0.5) -> Array:
    """What dropout multiplies by: zeros with probability ``p``, else ``1 / (1 - p)`` in ``dtype``.

    Nothing is drawn for ``p`` of exactly 0 or 1.

    Args:
        engine: where the words come from, two an element.
        shape: that of the input's memory, or ``(N, C, 1, ...)`` for whole channels.
        dtype: floating-point.
        p: probability in [0, 1] of a zero.
    """
    dtype = np.dtype(dtype)
    if p in (0, 1):
        return np.full(shape, 1 - p, dtype)
    keep = 1.0 - p
    computing = _FLOAT64 if dtype == _FLOAT64 else _FLOAT32
    scale = cast(np.ones((), computing) / computing.type(keep), dtype)
    noise = bernoulli(engine, shape, keep, dtype)
    noise *= scale
    return noise
