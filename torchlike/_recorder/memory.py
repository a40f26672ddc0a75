"""Flat memory in plain JAX: its elements read at strides, written at strides, taken for another dtype's."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp
from jax import lax

if TYPE_CHECKING:
    import numpy as np

    from torchlike._recorder.view import Layout


def places(size: Sequence[int], stride: Sequence[int], offset: int) -> jax.Array:
    """The place of each element of a strided tensor in its memory."""
    found = jnp.full(size, offset)
    for dim, step in enumerate(stride):
        found += lax.broadcasted_iota(found.dtype, tuple(size), dim) * step
    return found


def read(flat: jax.Array, layout: Layout) -> jax.Array:
    """The elements that a layout shows."""
    if not math.prod(layout.shape):
        return jnp.zeros(layout.shape, flat.dtype)
    order = layout.order
    if order is not None:  # a piece of memory, its dimensions in another order
        piece = lax.slice(flat, (layout.offset,), (layout.end,))
        return piece.reshape([layout.shape[dim] for dim in order]).transpose([*map(order.index, range(len(order)))])
    return jnp.take(flat, places(*layout), mode="clip")


def write(flat: jax.Array, layout: Layout, new: jax.Array) -> jax.Array:
    """The memory with new elements where a layout shows them.

    Of elements that share a place one that has changed counts: who writes to some of them alone leaves the others.
    """
    if not new.size:
        return flat
    order = layout.order
    if order is not None:
        return lax.dynamic_update_slice(flat, new.transpose(order).ravel(), (layout.offset,))
    at = places(*layout)
    if layout.overlaps:
        at = jnp.where(differs(new, read(flat, layout)), at, flat.size)
    return flat.at[at.ravel()].set(new.ravel(), mode="drop")


def differs(one: jax.Array, other: jax.Array) -> jax.Array:
    """Where two arrays differ; NaN is equal to itself."""
    return (one != other) & ((one == one) | (other == other))


def bits(array: jax.Array, dtype: np.dtype) -> jax.Array:
    """The same bytes as elements of another dtype; where sizes differ the last dimension changes.

    Between a complex dtype and its parts there is a gradient.
    """
    if array.dtype == dtype:
        return array
    if not array.ndim:
        return bits(array[None], dtype)[0]
    if jnp.dtype(dtype).kind == "b":
        return bits(array, jnp.uint8) != 0
    if array.dtype == bool:
        array = array.astype(jnp.uint8)
    if jnp.iscomplexobj(array):
        array = jnp.stack([array.real, array.imag], -1).reshape(*array.shape[:-1], 2 * array.shape[-1])
        return bits(array, dtype)
    if jnp.issubdtype(dtype, jnp.complexfloating):
        parts = bits(array, jnp.float32 if dtype == jnp.complex64 else jnp.float64)
        return lax.complex(parts[..., ::2], parts[..., 1::2])
    old, new = array.dtype.itemsize, jnp.dtype(dtype).itemsize
    if new > old:
        array = array.reshape(*array.shape[:-1], array.shape[-1] // (new // old), new // old)
    got = lax.bitcast_convert_type(array, dtype)
    return got.reshape(*got.shape[:-2], got.shape[-2] * got.shape[-1]) if new < old else got
