"""What clipping does to all gradients at once: one operation each, so that recording it costs little."""

from __future__ import annotations

import jax.numpy as jnp

from torchlike._dispatch import op
from torchlike._ops._promote import Array, Arrays, Number, Positive, promoted
from torchlike._ops.reductions import linalg_vector_norm


@op
def total_norm(tensors: Arrays, norm_type: Positive) -> Array:
    """The norm of all tensors' elements as one vector, a scalar of their common dtype.

    Raises:
        RuntimeError: a tensor is neither floating point nor complex.
    """
    norms = [linalg_vector_norm.op.body(each, norm_type) for each in tensors]
    return linalg_vector_norm.op.body(jnp.stack(promoted(*norms)), norm_type)


@op
def scaled_to_norm(tensors: Arrays, total: Array, max_norm: Number) -> tuple[Array, ...]:
    """Tensors times ``max_norm / total`` where that is less than 1, each in its own dtype."""
    factor = jnp.minimum(max_norm / (total + 1e-6), 1.0)
    return tuple((each * factor).astype(each.dtype) for each in tensors)


@op
def clamped_values(tensors: Arrays, bound: Number) -> tuple[Array, ...]:
    """Tensors with their elements clamped to ``[-bound, bound]``."""
    return tuple(jnp.clip(each, -bound, bound).astype(each.dtype) for each in tensors)
