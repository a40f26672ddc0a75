"""Attention of ``torch.nn.functional``."""

from __future__ import annotations

from torchlike._ops.nn import attention as ops
from torchlike._random.default import draw_seed
from torchlike.tensor import Tensor


def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """Attention ``softmax(scale * query @ key.T + mask) @ value``.

    Args:
        query: ``(N, ..., L, E)``.
        key: ``(N, ..., S, E)``.
        value: ``(N, ..., S, Ev)``.
        attn_mask: broadcasting to ``(N, ..., L, S)``: true where attention is paid, or added to the scores.
        dropout_p: probability to drop a weight.
        is_causal: whether a place attends to none after it.
        scale: by default ``1 / sqrt(E)``.
        enable_gqa: whether several heads of `query` share one of `key` and `value`.

    Returns:
        ``(N, ..., L, Ev)``.

    Raises:
        RuntimeError: dtypes or sizes do not fit, or both `attn_mask` and `is_causal` are given.
    """
    op = ops.scaled_dot_product_attention
    if dropout_p > 0.0:
        seed = draw_seed()
        return op(query, key, value, attn_mask, dropout_p, is_causal, scale=scale, enable_gqa=enable_gqa, seed=seed)
    return op(query, key, value, attn_mask, None, is_causal, scale=scale, enable_gqa=enable_gqa)
