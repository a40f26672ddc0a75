"""Images made larger and smaller.

Each dimension is resized by itself: an element of the result is a weighted sum of a few elements along it. Which, and
with what weights, is known when the operation is traced. (`jax.image.resize` places the corners otherwise.)
"""

from __future__ import annotations

import numpy as np
from jax import numpy as jnp

from torchlike._dispatch import op
from torchlike._ops._nodes import of_interpolate
from torchlike._ops._promote import Array, only


def _ratio(size: int, out: int, scale: float | None, align_corners: bool, dtype) -> float:
    """The step in the input for a step in the result."""
    if align_corners:
        return dtype(size - 1) / dtype(out - 1) if out > 1 else dtype(0)
    return dtype(1.0 / scale) if scale else dtype(size) / dtype(out)


def _nearest(size: int, out: int, scale: float | None, exact: bool) -> np.ndarray:
    """The element that each element of the result takes."""
    ratio = _ratio(size, out, scale, False, np.float32)
    places = np.floor((np.arange(out, dtype=np.float32) + np.float32(0.5 if exact else 0)) * ratio)
    return np.minimum(places.astype(np.int64), size - 1)


def _linear(size: int, out: int, scale: float | None, align_corners: bool, dtype) -> tuple[np.ndarray, np.ndarray]:
    """(places, weights) of two elements for each of the result: ``(2, out)``."""
    ratio = _ratio(size, out, scale, align_corners, dtype)
    steps = np.arange(out, dtype=dtype)
    source = steps * ratio if align_corners else np.maximum((steps + dtype(0.5)) * ratio - dtype(0.5), dtype(0))
    first = np.minimum(source.astype(np.int64), size - 1)
    part = np.clip(source - first, 0, 1).astype(dtype)
    return np.stack([first, np.minimum(first + 1, size - 1)]), np.stack([1 - part, part])


def _cubic_weight(distance: np.ndarray, a: float) -> np.ndarray:
    """The cubic convolution kernel of Keys, 1981."""
    x = np.abs(distance)
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
    return np.where(x <= 1, near, np.where(x < 2, far, 0))


def _cubic(size: int, out: int, scale: float | None, align_corners: bool, dtype) -> tuple[np.ndarray, np.ndarray]:
    """(places, weights) of four elements for each of the result: ``(4, out)``."""
    ratio = _ratio(size, out, scale, align_corners, dtype)
    steps = np.arange(out, dtype=dtype)
    source = steps * ratio if align_corners else (steps + dtype(0.5)) * ratio - dtype(0.5)
    first = np.floor(source)
    near = np.arange(-1, 3)[:, None]
    weights = _cubic_weight(source - first - near, -0.75)
    return np.clip(first.astype(np.int64) + near, 0, size - 1), weights.astype(dtype)


def _smooth(size: int, out: int, scale: float | None, align_corners: bool, cubic: bool) -> np.ndarray:
    """A matrix of weights, ``(out, size)``, whose kernel is as wide as the step where the image becomes smaller."""
    ratio = float(_ratio(size, out, scale, align_corners, np.float64))
    wide = max(ratio, 1.0)
    reach = (2.0 if cubic else 1.0) * wide
    matrix = np.zeros((out, size))
    for place in range(out):
        center = ratio * (place + 0.5)
        low, high = max(int(center - reach + 0.5), 0), min(int(center + reach + 0.5), size)
        distance = (np.arange(low, high) - center + 0.5) / wide
        weights = _cubic_weight(distance, -0.5) if cubic else np.maximum(1 - np.abs(distance), 0)
        matrix[place, low:high] = weights / (weights.sum() or 1)
    return matrix


def _resized(
    x: Array, axis: int, out: int, scale: float | None, mode: str, align_corners: bool, antialias: bool
) -> Array:
    size = x.shape[axis]
    if mode in ("nearest", "nearest-exact"):
        return x if size == out and not scale else jnp.take(x, _nearest(size, out, scale, mode != "nearest"), axis)
    if antialias:
        matrix = jnp.asarray(_smooth(size, out, scale, align_corners, mode == "cubic"), x.dtype)
        return jnp.moveaxis(jnp.tensordot(x, matrix, ((axis,), (1,))), -1, axis)
    dtype = np.float64 if x.dtype == jnp.float64 else np.float32
    places, weights = (_cubic if mode == "cubic" else _linear)(size, out, scale, align_corners, dtype)
    shape = [-1] + [1] * (x.ndim - axis - 1)
    parts = (jnp.take(x, at, axis) * weight.reshape(shape) for at, weight in zip(places, weights, strict=True))
    return sum(parts)


def _check_dtype(input: Array, dims: int, mode: str, antialias: bool) -> None:
    """Raise for a dtype that PyTorch's kernel has not: all have floating point, some uint8."""
    kind = "nearest" if mode.startswith("nearest") else mode
    if antialias:
        kernel = "compute_index_ranges_weights"
    elif dims == 2 and kind != "cubic":
        kernel = f"upsample_{'bi' if kind == 'linear' else ''}{kind}2d_channels_last"
    else:
        kernel = f"compute_indices_weights_{kind}"
    if input.dtype != np.uint8 or (kind == "linear" and dims != 2):
        only(kernel, input, 2)


@op(grad_name=of_interpolate)
def interpolate(
    input: Array,
    size: tuple[int, ...],
    scales: tuple[float | None, ...],
    mode: str,
    align_corners: bool = False,
    antialias: bool = False,
) -> Array:
    """Resize the last dimensions.

    Args:
        input: ``(N, C, *)``.
        size: of the result.
        scales: how much larger each dimension becomes, where that is not `size` over the input's.
        mode: ``"nearest"``, ``"nearest-exact"``, ``"linear"`` or ``"cubic"``.
        align_corners: whether the corners' centers stay in place, rather than the image's edges.
        antialias: whether the kernel widens where the image becomes smaller.

    Raises:
        RuntimeError: a size is not positive.
    """
    if min((*size, *input.shape[2:])) <= 0:
        letters = ("D", "H", "W")[3 - len(size) :]
        got, wanted = (
            ", ".join(f"{letter}: {each}" for letter, each in zip(letters, sizes, strict=True))
            for sizes in (input.shape[2:], size)
        )
        joint = " and" if len(size) == 1 else ""
        raise RuntimeError(
            f"Input and output sizes should be greater than 0, but got input ({got}){joint} output ({wanted})"
        )
    _check_dtype(input, len(size), mode, antialias)
    x = input
    if jnp.issubdtype(x.dtype, jnp.integer) and not mode.startswith("nearest"):
        x = x.astype(jnp.float32)
    for axis, (out, scale) in enumerate(zip(size, scales, strict=True), input.ndim - len(size)):
        x = _resized(x, axis, out, scale, mode, align_corners, antialias)
    if x.dtype != input.dtype and jnp.issubdtype(input.dtype, jnp.integer):
        x = jnp.clip(jnp.round(x), jnp.iinfo(input.dtype).min, jnp.iinfo(input.dtype).max)
    return x.astype(input.dtype)
