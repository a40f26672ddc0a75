"""Filling and copying in place."""

from __future__ import annotations

import jax.numpy as jnp

from torchlike._dispatch import op
from torchlike._ops._promote import Array, Number, as_dtype
from torchlike._ops.basic_indexing import fitted


@op
def fill(input: Array, value: Number) -> Array:
    """A tensor like `input` with `value` everywhere."""
    value = jnp.asarray(value)
    if value.ndim:
        raise RuntimeError(f"fill_ only supports 0-dimension value tensor but got tensor with {value.ndim} dimensions.")
    return jnp.full(input.shape, as_dtype(value, input.dtype))


@op
def zero(input: Array) -> Array:
    """Zeros like `input`."""
    return jnp.zeros(input.shape, input.dtype)


@op
def copy(input: Array, src: Array, non_blocking: bool = False) -> Array:
    """The elements of `src`, broadcast to the shape and cast to the dtype of `input`."""
    return fitted(src, input.shape, input.dtype)
