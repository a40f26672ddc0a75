"""Attention."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from torchlike._dispatch import op
from torchlike._ops._nodes import of_attention
from torchlike._ops._promote import Array, Arrays, Number
from torchlike._ops.nn._checks import c_type, widened
from torchlike._ops.nn.dropout import dropped, kept
from torchlike._ops.nn.linear import check_linear


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


def attention_weights(
    query: Array, key: Array, mask: Array | None, is_causal: bool, scale: Number, zero_lost: bool = True
) -> Array:
    """``softmax(scale * query @ key.T + mask)``, ``(..., L, S)``.

    Args:
        zero_lost: whether rows that are masked throughout are 0, rather than NaN.
    """
    scores = jnp.einsum("...le,...se->...ls", query, key) * jnp.asarray(scale, query.dtype)
    scores = widened(scores)
    if is_causal:
        length, source = scores.shape[-2:]
        scores = jnp.where(jnp.tri(length, source, dtype=bool), scores, -jnp.inf)
    if mask is None:
        return jax.nn.softmax(scores, -1).astype(query.dtype)
    scores = jnp.where(mask, scores, -jnp.inf) if mask.dtype == bool else scores + mask
    if not zero_lost:
        return jax.nn.softmax(scores, -1).astype(query.dtype)
    # the softmax, but for rows throughout -inf, which are 0: decided row by row, not element by element
    peak = jax.lax.stop_gradient(jnp.max(scores, -1, keepdims=True, initial=-jnp.inf))
    powers = jnp.exp(scores - jnp.where(peak == -jnp.inf, 0, peak))
    total = jnp.sum(powers, -1, keepdims=True)
    return (powers / jnp.where(total == 0, 1, total)).astype(query.dtype)


# flax's attention wants the heads between length and features and cannot mask a whole row
@op(grad_name=of_attention, order=("query", "key", "value"))
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
        raise RuntimeError("scaled_dot_product_attention: Explicit attn_mask should not be set when is_causal=True")
    _check(query, key, value, attn_mask)
    if enable_gqa:
        key, value = (jnp.repeat(each, query.shape[-3] // each.shape[-3], -3) for each in (key, value))
    if scale is None:
        scale = query.shape[-1] ** -0.5 if query.shape[-1] else 1.0
    weights = attention_weights(query, key, attn_mask, is_causal, scale)
    if seed is not None:
        weights = dropped(weights, kept(seed, dropout_p, weights.shape), dropout_p)
    return jnp.einsum("...ls,...se->...le", weights, value)


# ---------------------------------------------------------------------- several heads


def _projected(query, key, value, weights, bias) -> list[Array]:
    """Query, key and value, each through its own matrix; `weights` is one for all three, or one for each."""
    if key is None:  # the three are the same: one product for all
        return jnp.split(_linear(query, weights[0], bias), 3, -1)
    if len(weights) == 1:
        weights = jnp.split(weights[0], 3)
    biases = [None] * 3 if bias is None else jnp.split(bias, 3)
    return [_linear(*each) for each in zip((query, key, value), weights, biases, strict=True)]


def _linear(x: Array, weight: Array, bias: Array | None) -> Array:
    check_linear(x, weight, bias is not None)
    return jnp.einsum("...i,oi->...o", x, weight) + (0 if bias is None else bias)


def _heads(x: Array, count: int) -> Array:
    """``(L, N, E)`` to ``(N, heads, L, E / heads)``."""
    length, batch, width = x.shape
    return x.reshape(length, batch, count, width // count).transpose(1, 2, 0, 3)


def _with_one_more(x: Array, more: Array) -> Array:
    """A further key or value at the end: ``(N, heads, S, E)`` to ``(N, heads, S + 1, E)``."""
    return jnp.concatenate([x, jnp.broadcast_to(more, (*x.shape[:2], 1, x.shape[3])).astype(x.dtype)], 2)


def _added(mask: Array, dtype) -> Array:
    """A mask as numbers to add; in a bool one true means that no attention is paid."""
    return jnp.where(mask, jnp.asarray(-jnp.inf, dtype), jnp.asarray(0, dtype)) if mask.dtype == bool else mask


def _joint_mask(attn_mask, padding_mask, shape: tuple[int, ...], extra: int, dtype) -> Array | None:
    """Both masks, broadcasting to ``(N, heads, L, S)``; what was appended to the keys is never masked."""
    batch, heads, length, source = shape
    total = None
    if attn_mask is not None:
        total = _added(attn_mask, dtype)
        total = total[None, None] if total.ndim == 2 else total.reshape(batch, heads, length, source - extra)
    if padding_mask is not None:
        padding = _added(padding_mask, dtype).reshape(batch, 1, 1, source - extra)
        total = padding if total is None else total + padding
    if total is None or not extra:
        return total
    return jnp.pad(total, [(0, 0)] * 3 + [(0, extra)])


@op(grad_name="ViewBackward0")
def multi_head_attention(
    query: Array,
    key: Array | None,
    value: Array | None,
    num_heads: int,
    in_proj: Arrays,
    in_proj_bias: Array | None,
    out_proj_weight: Array,
    out_proj_bias: Array | None,
    bias_k: Array | None = None,
    bias_v: Array | None = None,
    static_k: Array | None = None,
    static_v: Array | None = None,
    attn_mask: Array | None = None,
    key_padding_mask: Array | None = None,
    add_zero_attn: bool = False,
    weights: str = "none",
    dropout_p: Number = None,
    seed: Number = None,
    is_causal: bool = False,
) -> tuple[Array, ...]:
    """(the result, and the attention weights if wanted) of several heads between projections.

    Args:
        query: ``(L, N, E)``.
        key, value: ``(S, N, E)``; both None if they are the query, and `in_proj` one matrix.
        in_proj: one matrix ``(3 E, E)``, or one for each of query, key and value.
        bias_k, bias_v: ``(1, 1, E)``; a further key and value.
        static_k, static_v: ``(N * heads, S, E / heads)``; in place of the projected ones.
        attn_mask: ``(L, S)`` or ``(N * heads, L, S)``, added, or true where no attention is paid.
        key_padding_mask: ``(N, S)``, likewise.
        weights: ``"none"``, ``"mean"`` over the heads or ``"all"``.
        is_causal: whether a place attends to none after it.

    Source: Vaswani et al., Attention Is All You Need, 2017.
    """
    length, batch, width = query.shape
    query, key, value = _projected(query, key, value, in_proj, in_proj_bias)
    query, key, value = (_heads(each, num_heads) for each in (query, key, value))
    key = key if static_k is None else static_k.reshape(batch, num_heads, *static_k.shape[1:])
    value = value if static_v is None else static_v.reshape(batch, num_heads, *static_v.shape[1:])
    extra = 0
    if bias_k is not None:
        extra += 1
        key, value = (
            _with_one_more(each, more.reshape(1, num_heads, 1, -1)) for each, more in ((key, bias_k), (value, bias_v))
        )
    if add_zero_attn:
        extra += 1
        key, value = (_with_one_more(each, jnp.zeros((1, 1, 1, 1))) for each in (key, value))
    shape = (batch, num_heads, length, key.shape[2])
    mask = _joint_mask(attn_mask, key_padding_mask, shape, extra, query.dtype)
    found = attention_weights(query, key, mask, is_causal, query.shape[-1] ** -0.5, weights == "none")
    if seed is not None:
        found = dropped(found, kept(seed, dropout_p, found.shape), dropout_p)
    result = jnp.einsum("nhls,nhse->lnhe", found, value).reshape(length, batch, width)
    result = _linear(result, out_proj_weight, out_proj_bias)
    if weights == "none":
        return (result,)
    return result, jnp.mean(found, 1) if weights == "mean" else found
