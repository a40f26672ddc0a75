"""Sums, differences, products and quotients."""

from __future__ import annotations

import jax.numpy as jnp

from torchlike._dispatch import op
from torchlike._ops._promote import Array, ArrayLike, Number, as_dtype, matched, matched_float


@op
def add(input: ArrayLike, other: ArrayLike, *, alpha: Number = 1) -> Array:
    """Sum ``input + alpha * other``, elementwise with broadcasting, in the promoted dtype."""
    input, other = matched(input, other)
    return input + scaled(other, alpha)


@op
def sub(input: ArrayLike, other: ArrayLike, *, alpha: Number = 1) -> Array:
    """Difference ``input - alpha * other``, elementwise with broadcasting, in the promoted dtype."""
    input, other = matched(input, other)
    return input - scaled(other, alpha)


@op
def mul(input: ArrayLike, other: ArrayLike) -> Array:
    """Product, elementwise with broadcasting, in the promoted dtype."""
    input, other = matched(input, other)
    return input * other


@op
def div(input: ArrayLike, other: ArrayLike, *, rounding_mode: str | None = None) -> Array:
    """Quotient; true division unless `rounding_mode` is ``"trunc"`` or ``"floor"``."""
    input, other = matched_float(input, other)
    return input / other


def scaled(array: Array, factor: Number) -> Array:
    """``factor * array`` in the array's dtype; 1 is no multiplication at all."""
    return array if isinstance(factor, int) and factor == 1 else array * as_dtype(factor, array.dtype)


@op
def sum(input: Array, dim=None, keepdim: bool = False, *, dtype=None) -> Array:
    return jnp.sum(input, dim, keepdims=keepdim)

@op
def matmul(input: Array, other: Array) -> Array:
    return jnp.matmul(input, other)

def _t_layout(layout, *_):
    return layout._replace(shape=layout.shape[::-1], strides=layout.strides[::-1])

@op(view=_t_layout, write=lambda new, viewed: new.T)
def t(input: Array) -> Array:
    return input.T
@op
def tanh(input: Array) -> Array:
    return jnp.tanh(input)
