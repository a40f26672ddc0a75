"""Pooling over windows whose places are drawn.

Source: Graham, Fractional Max-Pooling, 2014.
"""

from __future__ import annotations

import math

import jax.numpy as jnp

from torchlike._dispatch import op
from torchlike._ops._nodes import by_dims
from torchlike._ops._promote import Array, only


def _starts(samples: Array, size: int, kernel: int, out: int) -> Array:
    """Where the windows along a dimension begin, for each plane: ``(planes)`` to ``(planes, out)``."""
    last = jnp.full((samples.shape[0], 1), size - kernel)
    if out == 1:
        return last
    step = jnp.asarray(size - kernel, samples.dtype) / (out - 1)
    samples = samples[:, None]
    moved = ((jnp.arange(out - 1) + samples) * step).astype(int) - (samples * step).astype(int)
    return jnp.concatenate([moved, last], 1)


@op(grad_name=by_dims("FractionalMaxPool"), order=("input",))
def fractional_max_pool(
    input: Array, kernel_size: tuple[int, ...], output_size: tuple[int, ...], _random_samples: Array
) -> tuple[Array, Array]:
    """(the largest element of each window, its place).

    Args:
        input: ``(N, C, *)`` or ``(C, *)``, larger than the windows.
        _random_samples: numbers in ``[0, 1)``, ``(N, C, dimensions)``.
    """
    dims = len(kernel_size)
    sizes = input.shape[-dims:]
    only(f"fractional_max_pool{dims}d_out_frame", input, 2)
    planes = math.prod(input.shape[:-dims])
    flat, samples = input.reshape(planes, *sizes), _random_samples.reshape(-1, dims)[:planes]
    # PyTorch draws the last dimension first in two dimensions, the first one first in three
    order = (1, 0) if dims == 2 else range(dims)
    index: list[Array] = [jnp.arange(planes).reshape((-1,) + (1,) * (2 * dims))]
    places = jnp.zeros((), int)
    for dim, column in enumerate(order):
        starts = _starts(samples[:, column], sizes[dim], kernel_size[dim], output_size[dim])
        shape = [planes] + [1] * (2 * dims)
        shape[1 + dim], shape[1 + dims + dim] = output_size[dim], kernel_size[dim]
        index.append((starts[:, :, None] + jnp.arange(kernel_size[dim])).reshape(shape))
        places = places * sizes[dim] + index[-1]
    windows = flat[tuple(index)].reshape(planes, *output_size, math.prod(kernel_size))
    places = jnp.broadcast_to(places, (planes, *output_size, *kernel_size)).reshape(windows.shape)
    first = jnp.argmax(windows, -1, keepdims=True)
    shape = (*input.shape[:-dims], *output_size)
    return tuple(jnp.take_along_axis(each, first, -1).reshape(shape) for each in (windows, places))
