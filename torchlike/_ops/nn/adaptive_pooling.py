"""Pooling to a given size: windows of unequal lengths that cover a dimension evenly."""

from __future__ import annotations

import math

import jax.numpy as jnp
import numpy as np

from torchlike._dispatch import op
from torchlike._ops._nodes import of_adaptive
from torchlike._ops._promote import Array
from torchlike._ops.nn._checks import lowest, need_float
from torchlike._ops.reductions import mean


def _sizes(name: str, input: Array, output_size, dims: int) -> tuple[int, ...]:
    """The size of the result in each of the last dimensions; None keeps one as it is.

    Raises:
        RuntimeError: the input has another number of dimensions, or `output_size` of sizes.
    """
    if dims > 1 and isinstance(output_size, tuple) and input.ndim <= len(output_size):
        raise ValueError(f"Input dimension should be at least {len(output_size) + 1}")
    largest, shape = "max" in name, list(input.shape)
    given = (output_size,) * dims if not isinstance(output_size, tuple) else output_size
    if not largest and len(given) != dims > 1:
        raise RuntimeError(f"{name}: output_size must be {dims}")
    if input.ndim not in (dims + 1, dims + 2):
        if dims == 1:
            raise RuntimeError(
                f"Expected 2 to 3 dimensions, but got {input.ndim}-dimensional tensor for argument #1 'self' (while "
                f"checking arguments for {name})"
            )
        but = "but got:" if largest else "but got"
        raise RuntimeError(f"{name}(): Expected {dims + 1}D or {dims + 2}D tensor, {but} {shape}")
    if dims == 1 and len(given) != 1:
        raise RuntimeError(f"{name}() argument 'output_size' should contain one int (got {len(given)})")
    _check_not_empty(name, shape)
    if len(given) != dims:
        raise RuntimeError(f"{name}(): internal error: output_size.size() must be {dims}")
    sizes = tuple(known if each is None else each for each, known in zip(given, input.shape[-dims:], strict=True))
    if min(sizes) < 0:
        of_two = (*[1] * (dims == 1), *sizes)  # PyTorch has one dimension as two
        if largest:
            made = [*shape[:-dims], *(sizes if dims > 1 else (1, *sizes))]
            raise RuntimeError(f"Trying to create tensor with negative dimension {min(sizes)}: {made}")
        received = ", ".join(map(str, of_two)) if dims < 3 else "{}, {},{}".format(*sizes)
        raise RuntimeError(
            f"{name.replace('1d', '2d')}: elements of output_size must be greater than or equal to 0 but received "
            f"{{{received}}}"
        )
    return sizes


def _check_not_empty(name: str, shape: list[int]) -> None:
    if name == "adaptive_avg_pool1d":  # PyTorch has one dimension as two
        name, shape = "adaptive_avg_pool2d", [*shape[:-1], 1, shape[-1]]
    first = 1 if name != "adaptive_avg_pool2d" else len(shape) - 2
    if 0 in shape[first:]:
        raise RuntimeError(
            f"{name}(): Expected input to have non-zero size for non-batch dimensions, but input has sizes "
            f"{shape} with dimension {shape.index(0, first)} being empty"
        )


def _members(size: int, out: int) -> tuple[np.ndarray, np.ndarray]:
    """(the elements of each window, whether they count): ``(out, longest)``, the rest repeating the last."""
    starts = np.arange(out) * size // max(out, 1)
    ends = -(-(np.arange(1, out + 1) * size) // max(out, 1))
    longest = int((ends - starts).max(initial=1))
    index = starts[:, None] + np.arange(longest)
    return np.minimum(index, ends[:, None] - 1), index < ends[:, None]


def _windows(array: Array, axis: int, out: int) -> tuple[Array, np.ndarray]:
    """(the windows along an axis, which becomes two, and whether their elements count)."""
    size = array.shape[axis]
    if out and size % out == 0:
        shape = (*array.shape[:axis], out, size // out, *array.shape[axis + 1 :])
        return array.reshape(shape), np.ones((out, size // out), bool)
    index, counts = _members(size, out)
    return jnp.take(array, index, axis), counts


def _beside(mask: np.ndarray, array: Array, axis: int) -> np.ndarray:
    return mask.reshape(mask.shape + (1,) * (array.ndim - axis - 2))


def _averaged(name: str, input: Array, output_size, dims: int) -> Array:
    sizes = _sizes(name, input, output_size, dims)
    if math.prod(sizes) == 1 and input.dtype.kind in "biu":
        mean.op.body(input)  # as which PyTorch computes it: it says what is wrong
    if (input.size or dims == 3) and math.prod(sizes) != 1:
        need_float({1: "adaptive_avg_pool2d", 2: "adaptive_avg_pool2d"}.get(dims, "adaptive_avg_pool3d_cpu"), input)
    for axis, out in zip(range(input.ndim - dims, input.ndim), sizes, strict=True):
        parts, counts = _windows(input, axis, out)
        if not counts.all():
            parts = jnp.where(_beside(counts, parts, axis), parts, 0)
        lengths = counts.sum(1).reshape((-1,) + (1,) * (input.ndim - axis - 1))
        input = jnp.sum(parts, axis + 1) / jnp.asarray(lengths, input.dtype)
    return input


def _largest(name: str, input: Array, output_size, dims: int) -> tuple[Array, Array]:
    sizes = _sizes(name, input, output_size, dims)
    values = input
    places = jnp.broadcast_to(jnp.arange(math.prod(input.shape[-dims:])).reshape(input.shape[-dims:]), input.shape)
    # the last dimension first: the first maximum lies in the first row that has it
    for axis, out in reversed(list(zip(range(input.ndim - dims, input.ndim), sizes, strict=True))):
        parts, counts = _windows(values, axis, out)
        spots, _ = _windows(places, axis, out)
        masked = jnp.where(_beside(counts, parts, axis), parts, lowest(input.dtype))
        first = jnp.expand_dims(jnp.argmax(masked, axis + 1), axis + 1)
        values = jnp.take_along_axis(parts, first, axis + 1).squeeze(axis + 1)
        places = jnp.take_along_axis(spots, first, axis + 1).squeeze(axis + 1)
    return values, places


@op(grad_name="SqueezeBackward1", saves=True)
def adaptive_avg_pool1d(input: Array, output_size) -> Array:
    """Means of windows that cover one dimension evenly: ``(N, C, L)`` to `output_size` windows.

    Raises:
        RuntimeError: sizes do not fit.

    Example:
        >>> torch.adaptive_avg_pool1d(torch.tensor([[1.0, 2.0, 3.0, 4.0]]), 2)
        tensor([[1.5000, 3.5000]])
    """
    return _averaged("adaptive_avg_pool1d", input, output_size, 1)


@op(grad_name="SqueezeBackward1")
def adaptive_max_pool1d(input: Array, output_size) -> tuple[Array, Array]:
    """(the largest elements of windows that cover one dimension evenly, their places): ``(N, C, L)``.

    Raises:
        RuntimeError: sizes do not fit.

    Example:
        >>> torch.adaptive_max_pool1d(torch.tensor([[1.0, 4.0, 3.0, 2.0]]), 2)
        (tensor([[4., 3.]]), tensor([[1, 2]]))
    """
    return _largest("adaptive_max_pool1d", input, output_size, 1)


@op(grad_name=of_adaptive, saves=lambda call: of_adaptive(call) != "MeanBackward1")
def adaptive_avg_pool2d(input: Array, output_size) -> Array:
    """Means of windows that cover two dimensions evenly: ``(N, C, H, W)`` to `output_size` windows.

    Raises:
        RuntimeError: sizes do not fit.

    Example:
        >>> torch.nn.functional.adaptive_avg_pool2d(torch.arange(8.0).view(1, 2, 4), 1)
        tensor([[[3.5000]]])
    """
    return _averaged("adaptive_avg_pool2d", input, output_size, 2)


@op
def adaptive_max_pool2d(input: Array, output_size) -> tuple[Array, Array]:
    """(the largest elements of windows that cover two dimensions evenly, their places): ``(N, C, H, W)``.

    Raises:
        RuntimeError: sizes do not fit.
    """
    return _largest("adaptive_max_pool2d", input, output_size, 2)


@op(grad_name=of_adaptive, saves=lambda call: of_adaptive(call) != "MeanBackward1")
def adaptive_avg_pool3d(input: Array, output_size) -> Array:
    """Means of windows that cover three dimensions evenly: ``(N, C, D, H, W)`` to `output_size` windows.

    Raises:
        RuntimeError: sizes do not fit.

    Example:
        >>> torch.nn.functional.adaptive_avg_pool3d(torch.arange(8.0).view(1, 2, 2, 2), (2, 1, 1)).flatten()
        tensor([1.5000, 5.5000])
    """
    return _averaged("adaptive_avg_pool3d", input, output_size, 3)


@op
def adaptive_max_pool3d(input: Array, output_size) -> tuple[Array, Array]:
    """(the largest elements of windows that cover three dimensions evenly, their places): ``(N, C, D, H, W)``.

    Raises:
        RuntimeError: sizes do not fit.
    """
    return _largest("adaptive_max_pool3d", input, output_size, 3)
