"""Attention of ``torch.nn.functional``."""

from __future__ import annotations

from typing import Any

from torchlike._function import function
from torchlike._functions.creation import zeros_like
from torchlike._functions.randoms import draw_seed
from torchlike._ops.nn import attention as ops
from torchlike._ops.nn.linear import linear
from torchlike._programs import explain
from torchlike._switches import attention as switches
from torchlike._types import dtypes
from torchlike.tensor import Tensor


@function
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

    Example:
        >>> query, keys, values = torch.zeros(1, 1, 2), torch.randn(1, 3, 2), torch.tensor([[[1.0], [2.0], [6.0]]])
        >>> torch.nn.functional.scaled_dot_product_attention(query, keys, values)
        tensor([[[3.]]])
    """
    if not switches.allowed["math"]:
        switches.check_viable(query.device.type)
    op = ops.scaled_dot_product_attention
    if dropout_p > 0.0:
        seed = draw_seed()
        return op(query, key, value, attn_mask, dropout_p, is_causal, scale=scale, enable_gqa=enable_gqa, seed=seed)
    return op(query, key, value, attn_mask, None, is_causal, scale=scale, enable_gqa=enable_gqa)


def _check_mask_dtype(mask: Tensor | None, mask_name: str, other_type: Any, other_name: str) -> None:
    """Whether a mask can be one, beside another one.

    Raises:
        AssertionError: it is neither of booleans nor of floating point numbers.
    """
    if mask is None:
        return
    if mask.dtype is not dtypes.bool_ and not mask.is_floating_point():
        raise AssertionError(f"only bool and floating types of {mask_name} are supported")
    if other_type is not None and mask.dtype is not other_type:
        explain.warn(
            f"Support for mismatched {mask_name} and {other_name} is deprecated. Use same type for both instead."
        )


def _none_or_dtype(input: Tensor | None) -> dtypes.dtype | None:
    return None if input is None else input.dtype


def _canonical_mask(
    mask: Tensor | None,
    mask_name: str,
    other_type: dtypes.dtype | None,
    other_name: str,
    target_type: dtypes.dtype,
    check_other: bool = True,
) -> Tensor | None:
    """A mask as numbers to add: ``-inf`` where one of booleans is true.

    Args:
        mask_name, other_name: what messages call this mask and the one beside it.
        other_type: the dtype of the one beside it.
        target_type: the dtype of the numbers.
        check_other: whether to warn if the two are of different dtypes.

    Raises:
        AssertionError: it is neither of booleans nor of floating point numbers.
    """
    _check_mask_dtype(mask, mask_name, other_type if check_other else None, other_name)
    if mask is None or mask.is_floating_point():
        return mask
    return zeros_like(mask, dtype=target_type).masked_fill_(mask, float("-inf"))


def _mha_shape_check(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    key_padding_mask: Tensor | None,
    attn_mask: Tensor | None,
    num_heads: int,
) -> bool:
    """Whether there is a batch dimension.

    Raises:
        AssertionError: the numbers of dimensions do not fit.
    """
    if query.dim() not in (2, 3):
        raise AssertionError(
            f"query should be unbatched 2D or batched 3D tensor but received {query.dim()}-D query tensor"
        )
    batched = query.dim() == 3
    expected = f"For {'batched (3-D)' if batched else 'unbatched (2-D)'} `query`, expected"
    if key.dim() != query.dim() or value.dim() != query.dim():
        raise AssertionError(
            f"{expected} `key` and `value` to be {query.dim()}-D but found {key.dim()}-D and {value.dim()}-D tensors "
            "respectively"
        )
    if key_padding_mask is not None and key_padding_mask.dim() != query.dim() - 1:
        raise AssertionError(
            f"{expected} `key_padding_mask` to be `None` or {query.dim() - 1}-D but found {key_padding_mask.dim()}-D "
            "tensor instead"
        )
    if attn_mask is not None and attn_mask.dim() not in (2, 3):
        raise AssertionError(
            f"{expected} `attn_mask` to be `None`, 2-D or 3-D but found {attn_mask.dim()}-D tensor instead"
        )
    if not batched and attn_mask is not None and attn_mask.dim() == 3:
        wanted = (num_heads, query.shape[0], key.shape[0])
        if tuple(attn_mask.shape) != wanted:
            raise AssertionError(f"Expected `attn_mask` shape to be {wanted} but got {attn_mask.shape}")
    return batched


def _check_sizes(query: Tensor, key: Tensor, value: Tensor, embed_dim: int, heads: int, separate: bool) -> None:
    if query.shape[-1] != embed_dim:
        raise AssertionError(f"was expecting embedding dimension of {embed_dim}, but got {query.shape[-1]}")
    if embed_dim % heads:
        raise AssertionError(f"embed_dim {embed_dim} not divisible by num_heads {heads}")
    if separate and tuple(key.shape[:-1]) != tuple(value.shape[:-1]):
        raise AssertionError(f"key's sequence and batch dims {key.shape[:2]} do not match value's {value.shape[:2]}")
    if not separate and key.shape != value.shape:
        raise AssertionError(f"key shape {key.shape} does not match value shape {value.shape}")


def _check_mask_sizes(query: Tensor, key: Tensor, key_padding_mask: Any, attn_mask: Any, heads: int) -> None:
    """That masks fit a query ``(L, N, E)`` and a key ``(S, N, E)``."""
    (length, batch, _), source = query.shape, key.shape[0]
    if attn_mask is not None:
        wanted = (length, source) if attn_mask.dim() == 2 else (batch * heads, length, source)
        if tuple(attn_mask.shape) != wanted:
            raise RuntimeError(
                f"The shape of the {attn_mask.dim()}D attn_mask is {attn_mask.shape}, but should be {wanted}."
            )
    for place, size in enumerate(() if key_padding_mask is None else (batch, source)):
        found = key_padding_mask.shape[place]
        if found != size:
            raise AssertionError(f"Expected key_padded_mask.shape[{place}] to be {size}, but got {found}")


def _in_projection_packed(
    q: Tensor, k: Tensor, v: Tensor, w: Tensor, b: Tensor | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """Query, key and value, each through its third of one matrix ``(3 E, E)``."""
    biases = (None,) * 3 if b is None else b.chunk(3)
    made = [linear(each, *pair) for each, *pair in zip((q, k, v), w.chunk(3), biases, strict=True)]
    return made[0], made[1], made[2]


@function
def multi_head_attention_forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Tensor | None,
    in_proj_bias: Tensor | None,
    bias_k: Tensor | None,
    bias_v: Tensor | None,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Tensor,
    out_proj_bias: Tensor | None,
    training: bool = True,
    key_padding_mask: Tensor | None = None,
    need_weights: bool = True,
    attn_mask: Tensor | None = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Tensor | None = None,
    k_proj_weight: Tensor | None = None,
    v_proj_weight: Tensor | None = None,
    static_k: Tensor | None = None,
    static_v: Tensor | None = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """The arithmetic of `torch.nn.MultiheadAttention`.

    Args:
        query: ``(L, N, E)`` or ``(L, E)``.
        key, value: ``(S, N, E)`` or ``(S, E)``.
        key_padding_mask: ``(N, S)``, true where a key does not count, or added to the scores.
        attn_mask: ``(L, S)`` or ``(N * num_heads, L, S)``, likewise.
        need_weights: whether the attention weights are returned, averaged over the heads if `average_attn_weights`.
        is_causal: a promise that `attn_mask` is causal.

    Returns:
        ``(L, N, E)`` and the weights, ``(N, L, S)``, ``(N, num_heads, L, S)`` or None.

    Raises:
        AssertionError, RuntimeError: shapes do not fit.

    Example:
        >>> x, weight, bias = torch.ones(3, 1, 4), torch.eye(4).repeat(3, 1), torch.zeros(12)
        >>> attend = torch.nn.functional.multi_head_attention_forward
        >>> parts = attend(x, x, x, 4, 2, weight, bias, None, None, False, 0.0, torch.eye(4), None)
        >>> [part.shape for part in parts]
        [torch.Size([3, 1, 4]), torch.Size([1, 3, 3])]
    """
    _check_mask_dtype(key_padding_mask, "key_padding_mask", _none_or_dtype(attn_mask), "attn_mask")
    _check_mask_dtype(attn_mask, "attn_mask", None, "")
    batched = _mha_shape_check(query, key, value, key_padding_mask, attn_mask, num_heads)
    if is_causal and attn_mask is None:
        raise RuntimeError(
            "Need attn_mask if specifying the is_causal hint. You may use the Transformer module method "
            "`generate_square_subsequent_mask` to create this mask."
        )
    is_causal = is_causal and key_padding_mask is None and not need_weights
    if is_causal:
        attn_mask = None  # the promise is relied on
    _check_sizes(query, key, value, embed_dim_to_check, num_heads, use_separate_proj_weight)
    alone = key is query and value is query and not use_separate_proj_weight
    if not batched:
        query, key, value = query.unsqueeze(1), key.unsqueeze(1), value.unsqueeze(1)
        key_padding_mask = None if key_padding_mask is None else key_padding_mask.unsqueeze(0)
    _check_mask_sizes(
        query, key if static_k is None else static_k.transpose(0, 1), key_padding_mask, attn_mask, num_heads
    )
    matrices = [q_proj_weight, k_proj_weight, v_proj_weight] if use_separate_proj_weight else [in_proj_weight]
    drops = training and dropout_p > 0.0
    found = ops.multi_head_attention(
        query,
        *((None, None) if alone else (key, value)),
        num_heads,
        matrices,
        in_proj_bias,
        out_proj_weight,
        out_proj_bias,
        bias_k,
        bias_v,
        static_k,
        static_v,
        attn_mask,
        key_padding_mask,
        add_zero_attn,
        "none" if not need_weights else "mean" if average_attn_weights else "all",
        float(dropout_p) if drops else None,
        draw_seed() if drops else None,
        is_causal,
    )
    if not batched:
        found = (found[0].squeeze(1), *[each.squeeze(0) for each in found[1:]])
    return found[0], found[1] if need_weights else None
