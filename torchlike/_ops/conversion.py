"""Copies and changes of dtype."""

from __future__ import annotations

import jax.numpy as jnp

from torchlike._dispatch import op
from torchlike._ops._promote import Array, DType, as_dtype


@op
def clone(input: Array, *, memory_format=None) -> Array:
    """A copy of the elements; gradients flow through.

    Example:
        >>> x = torch.zeros(2)
        >>> y = torch.clone(x).add_(1)
        >>> x, y
        (tensor([0., 0.]), tensor([1., 1.]))
    """
    return jnp.positive(input) if input.dtype != bool else input | False


@op(grad_name="ToCopyBackward0")
def to_dtype(input: Array, dtype: DType, *, memory_format=None) -> Array:
    """The elements in another dtype; complex numbers lose their imaginary part."""
    return as_dtype(input, dtype.np)
