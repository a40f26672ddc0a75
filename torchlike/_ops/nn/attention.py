"""Attention."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from torchlike._dispatch import op
from torchlike._ops._promote import Array, Number
from torchlike._ops.nn._checks import c_type, widened
from torchlike._ops.nn.dropout import dropped, kept


def _check(query: Array, key: Array, value: Array, attn_mask: Array | None) -> None:
    if not query.dtype == key.dtype == value.dtype:
        raise RuntimeError(
            f"Expected query, key, and value to have the same dtype, but got query.dtype: {c_type(query)} key.dtype: "
            f"{c_type(key)} and value.dtype: {c_type(value)} instead."
        )
    if min(query.ndim, key.ndim, value.ndim) < 2:
        raise RuntimeError(
            "Expected query, key, and value to all be  at least 2 dimensional, but got query.dim: "
            f"{query.ndim}, key.dim: {key.ndim} and value.dim: {value.ndim} instead."
        )
    if query.shape[-1] != key.shape[-1]:
        rows = query.size // max(query.shape[-1], 1)
        raise RuntimeError(
            f"mat1 and mat2 shapes cannot be multiplied ({rows}x{query.shape[-1]} and {key.shape[-1]}x{key.shape[-2]})"
        )
    if attn_mask is not None and attn_mask.dtype not in (bool, query.dtype):
        raise RuntimeError(
            "Expected attn_mask dtype to be bool or float or to match query dtype, but got attn_mask.dtype: "
            f"{c_type(attn_mask)} and  query.dtype: {c_type(query)} instead."
        )


def attention_weights(query: Array, key: Array, mask: Array | None, is_causal: bool, scale: Number) -> Array:
    """``softmax(scale * query @ key.T + mask)``, ``(..., L, S)``; rows that are masked throughout are 0."""
    scores = jnp.einsum("...le,...se->...ls", query, key) * jnp.asarray(scale, query.dtype)
    scores = widened(scores)
    if is_causal:
        length, source = scores.shape[-2:]
        scores = jnp.where(jnp.tri(length, source, dtype=bool), scores, -jnp.inf)
    if mask is None:
        return jax.nn.softmax(scores, -1).astype(query.dtype)
    scores = jnp.where(mask, scores, -jnp.inf) if mask.dtype == bool else scores + mask
    lost = jnp.all(scores == -jnp.inf, -1, keepdims=True)
    return jnp.where(lost, 0, jax.nn.softmax(jnp.where(lost, 0, scores), -1)).astype(query.dtype)


# flax's attention wants the heads between length and features and cannot mask a whole row
@op
def scaled_dot_product_attention(
    query: Array,
    key: Array,
    value: Array,
    attn_mask: Array | None = None,
    dropout_p: Number = None,
    is_causal: bool = False,
    *,
    scale: Number = None,
    enable_gqa: bool = False,
    seed: Number = None,
) -> Array:
    """Attention ``softmax(scale * query @ key.T + mask) @ value``, computed anew in the backward.

    Args:
        query: ``(N, ..., L, E)``.
        key: ``(N, ..., S, E)``.
        value: ``(N, ..., S, Ev)``.
        attn_mask: broadcasting to ``(N, ..., L, S)``: true where attention is paid, or added to the scores.
        dropout_p: probability to drop a weight.
        is_causal: whether a place attends to none after it.
        scale: by default ``1 / sqrt(E)``.
        enable_gqa: whether several heads of `query` share one of `key` and `value`.
        seed: of the dropout.

    Returns:
        ``(N, ..., L, Ev)``.

    Raises:
        RuntimeError: dtypes or sizes do not fit, or both `attn_mask` and `is_causal` are given.

    Source: Vaswani et al., Attention Is All You Need, 2017.
    """
    if attn_mask is not None and is_causal:
        raise RuntimeError(
            "scaled_dot_product_attention: Explicit attn_mask should not be set when is_causal=True"
        )
    _check(query, key, value, attn_mask)
    if enable_gqa:
        key, value = (jnp.repeat(each, query.shape[-3] // each.shape[-3], -3) for each in (key, value))
    if scale is None:
        scale = query.shape[-1] ** -0.5 if query.shape[-1] else 1.0
    weights = attention_weights(query, key, attn_mask, is_causal, scale)
    if seed is not None:
        weights = dropped(weights, kept(seed, dropout_p, weights.shape), dropout_p)
    return jnp.einsum("...ls,...se->...le", weights, value)
