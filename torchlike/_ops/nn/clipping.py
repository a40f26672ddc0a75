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


@op(name="amp_unscale")
def unscaled(grads: Arrays, factor: Array) -> tuple[Array, ...]:
    """1 if an element of a gradient is not finite, else 0; and the gradients times a factor, computed in float32."""
    wide = [each.astype(jnp.promote_types(each.dtype, jnp.float32)) for each in grads]
    found = jnp.stack([jnp.isfinite(each).all() for each in wide]).all()
    news = [(each * factor.astype(each.dtype)).astype(grad.dtype) for each, grad in zip(wide, grads, strict=True)]
    return (1 - found.astype(jnp.float32), *news)
