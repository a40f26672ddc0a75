"""Rows of tables: embeddings, one-hot vectors."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from torchlike._dispatch import op
from torchlike._ops._promote import Array, Number, as_dtype
from torchlike._ops.nn._checks import scalar_type
from torchlike._ops.nn.normalization import p_norm


def check_indices(name: str, indices: Array) -> None:
    """Refuse indices that are not int32 or int64.

    Raises:
        RuntimeError: they are of another dtype.
    """
    if indices.dtype not in (np.dtype(np.int64), np.dtype(np.int32)):
        raise RuntimeError(
            "Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; but got "
            f"torch.{scalar_type(indices)}Tensor instead (while checking arguments for {name})"
        )


def rows(weight: Array, indices: Array) -> Array:
    """``weight[indices]``. What lies outside is clamped on reading and skipped on adding gradients."""
    return weight.at[indices].get(mode="promise_in_bounds", wrap_negative_indices=False)


def _with_gradient_factor(array: Array, factor: Array) -> Array:
    """The array, its gradient multiplied by a factor."""
    fixed = jax.lax.stop_gradient(array)
    return fixed + (array - fixed) * factor


@op
def embedding(input: Array, weight: Array, padding_idx: int | None = None, scale_grad_by_freq: bool = False) -> Array:
    """Rows of a table.

    Args:
        input: int64 or int32, ``(*)``.
        weight: ``(num_embeddings, embedding_dim)``.
        padding_idx: a row that gets no gradient.
        scale_grad_by_freq: whether gradients are divided by how often their row occurs in `input`.

    Returns:
        ``(*, embedding_dim)``.

    Raises:
        RuntimeError: the table is not two-dimensional, or the indices are not integers.
    """
    check_indices("embedding", input)
    if weight.ndim != 2:
        raise RuntimeError("'weight' must be 2-D")
    found = rows(weight, input)
    if padding_idx is not None:
        found = jnp.where((input == padding_idx)[..., None], jax.lax.stop_gradient(found), found)
    if scale_grad_by_freq:
        counts = jnp.zeros(weight.shape[0], weight.dtype).at[input].add(1)
        found = _with_gradient_factor(found, 1 / counts[input][..., None])
    return found


@op
def embedding_renorm(weight: Array, input: Array, max_norm: Number, norm_type: float = 2.0) -> Array:
    """The table with those rows that `input` names scaled down to a norm of at most `max_norm`."""
    norms = p_norm(jnp.abs(weight), norm_type, 1)
    max_norm = as_dtype(max_norm, weight.dtype)
    named = jnp.zeros(weight.shape[0], bool).at[input.reshape(-1)].set(True)[:, None]
    return jnp.where(named & (norms > max_norm), weight * (max_norm / (norms + 1e-7)), weight).astype(weight.dtype)


@op
def one_hot(tensor: Array, num_classes: int) -> Array:
    """A vector for each index, 1 there and 0 elsewhere: ``(*)`` to ``(*, num_classes)``, int64."""
    return jax.nn.one_hot(tensor, num_classes, dtype=jnp.int64)
