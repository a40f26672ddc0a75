"""``torch.nn.attention.flex_attention``: attention of which the user writes the scores and the mask."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, Literal, NamedTuple, TypedDict, get_args

from torchlike import _autocast as autocast
from torchlike._functions.joining import repeat_interleave
from torchlike._ops.comparison import isneginf
from torchlike._programs import explain
from torchlike._types.dtypes import float32, float64
from torchlike._types.public import publish as _publish
from torchlike.nn import functional as F
from torchlike.nn.attention._masks import _DEFAULT_SPARSE_BLOCK_SIZE as _DEFAULT_SPARSE_BLOCK_SIZE
from torchlike.nn.attention._masks import BlockMask as BlockMask
from torchlike.nn.attention._masks import _everywhere, _sliced_mask_mod_error
from torchlike.nn.attention._masks import and_masks as and_masks
from torchlike.nn.attention._masks import create_block_mask as create_block_mask
from torchlike.nn.attention._masks import create_mask as create_mask
from torchlike.nn.attention._masks import noop_mask as noop_mask
from torchlike.nn.attention._masks import or_masks as or_masks
from torchlike.nn.attention._utils import _validate_sdpa_input
from torchlike.tensor import Tensor

_Backend = Literal["AUTO", "TRITON", "FLASH", "TRITON_DECODE"]
_SMALLER = (
    "As the block mask was created for a smaller length than you're using it for, you likely need to create a new block "
    "mask."
)
_LARGER = (
    "As the block mask was created for a larger length than you're using it for, you can either 1. create a new block mask "
    "with the correct length, or 2. 'adjust' the existing block mask to the correct length by calling "
    "block_mask._adjust(q_len, kv_len). This essentially 'crops' the block mask to the upper left corner, which does not "
    "work for all mask_mods!"
)


class FlexKernelOptions(TypedDict, total=False):
    """Settings of PyTorch's kernels; XLA has its own, so these change nothing."""

    num_warps: int
    num_stages: int
    BLOCK_M: int
    BLOCK_N: int
    BLOCK_M1: int
    BLOCK_N1: int
    BLOCK_M2: int
    BLOCK_N2: int
    PRESCALE_QK: bool
    ROWS_GUARANTEED_SAFE: bool
    BLOCKS_ARE_CONTIGUOUS: bool
    WRITE_DQ: bool
    FORCE_USE_FLEX_ATTENTION: bool
    USE_TMA: bool
    kpack: int
    matrix_instr_nonkdim: int
    waves_per_eu: int
    BACKEND: _Backend


class AuxRequest(NamedTuple):
    """What `flex_attention` is to return besides: the scores' ``log(sum(exp))``, and their largest, of each row."""

    lse: bool = False
    max_scores: bool = False


class AuxOutput(NamedTuple):
    """What was asked for by an `AuxRequest`, ``(N, H, L)``; None for what was not."""

    lse: Tensor | None = None
    max_scores: Tensor | None = None


# ---------------------------------------------------------------------- attention


def _check_inputs(query: Tensor, key: Tensor, value: Tensor, block_mask: BlockMask | None, enable_gqa: bool) -> None:
    _validate_sdpa_input(query, key, value, allow_lowp_kv=True)
    if query.size(-1) != key.size(-1):
        raise ValueError(
            f"Expect query and key/value to have the same embedding dimension but got E={query.size(-1)} and "
            f"E={key.size(-1)}."
        )
    if not query.dim() == key.dim() == value.dim() == 4:
        raise NotImplementedError("NYI: query, key, and value must be 4D tensors")
    heads = query.size(1), key.size(1)
    if not enable_gqa and heads[0] != heads[1]:
        raise ValueError(
            f"Expect query and key/value to have the same number of heads but got Hq={heads[0]} and Hkv={heads[1]}. Try "
            "setting enable_gqa=True for GQA."
        )
    if enable_gqa and heads[0] % heads[1]:
        raise ValueError(
            f"Expect number of query heads to be a multiple of kv heads for GQA but got Hq={heads[0]} and "
            f"Hkv={heads[1]}."
        )
    batches = query.size(0), key.size(0)
    if batches[0] == batches[1]:
        return
    if block_mask is None:
        raise ValueError(
            "Expect query and key/value to have the same batch size, or non-none block_mask, but got block_mask=None, "
            f"Bq={batches[0]}, and Bkv={batches[1]}."
        )
    known = block_mask.kv_num_blocks.size(0)
    if known != batches[0]:
        raise ValueError(
            "Expect query and key/value to have the same batch size, or block_mask and query to have the same batch size, "
            f"but got Bq={batches[0]}, Bkv={batches[1]}, B_block_mask={known}."
        )
    if batches[1] != 1:
        raise RuntimeError(f"Bq and Bkv must broadcast. Got Bq={batches[0]} and Bkv={batches[1]}")


def _check_block_mask(query: Tensor, key: Tensor, block_mask: BlockMask) -> None:
    if block_mask.mask_mod is _sliced_mask_mod_error:
        raise RuntimeError("Cannot use mask_mod from a sliced BlockMask")
    lengths, known = (query.size(-2), key.size(-2)), block_mask.shape[-2:]
    if lengths != known:
        is_smaller = lengths[0] > known[0] or lengths[1] > known[1]
        raise ValueError(
            f"block_mask was created for block_mask.shape={block_mask.shape} but got q_len={lengths[0]} and "
            f"kv_len={lengths[1]}. {_SMALLER if is_smaller else _LARGER}"
        )
    if query.device != block_mask.kv_num_blocks.device:
        raise RuntimeError(
            f"Expect q/k/v and block_mask to be on the same device but got {query.device} and "
            f"{block_mask.kv_num_blocks.device}."
        )


def _check_options(options: dict) -> None:
    if "BACKEND" in options and options.get("FORCE_USE_FLEX_ATTENTION", False):
        raise RuntimeError(
            "BACKEND cannot be combined with legacy FORCE_USE_FLEX_ATTENTION. BACKEND supersedes the legacy knob; please "
            "drop FORCE_USE_FLEX_ATTENTION and only specify the desired BACKEND."
        )
    known = get_args(_Backend)
    if options.get("BACKEND", "AUTO") not in known:
        raise ValueError(f"Invalid BACKEND value '{options['BACKEND']}'. Must be one of {known}")


def _attended(
    query: Tensor, key: Tensor, value: Tensor, score_mod: Any, mask_mod: Any, scale: float
) -> tuple[Tensor, ...]:
    """(the result, the logarithm of each row's sum of exponentials, its largest score)."""
    wide = float64 if query.dtype == float64 else float32
    heads = query.size(1) // key.size(1)
    if heads > 1:
        key, value = (repeat_interleave(each, heads, dim=1) for each in (key, value))
    scores = query.to(wide) @ key.to(wide).mT * scale
    sizes = scores.shape
    if score_mod is not None:
        scores = _everywhere(score_mod, sizes, scores.device, scores)
    if mask_mod is not None and mask_mod is not noop_mask:
        scores = scores.masked_fill(_everywhere(mask_mod, sizes, scores.device).logical_not(), -math.inf)
    lost = isneginf(scores).all(dim=-1, keepdim=True)
    weights = F.softmax(scores.masked_fill(lost, 0.0), dim=-1).masked_fill(lost, 0.0)
    result = _lying_as(query, weights.to(query.dtype) @ value.to(query.dtype))
    return (
        result,
        scores.masked_fill(lost, 0.0).logsumexp(dim=-1).masked_fill(lost.squeeze(-1), -math.inf),
        scores.amax(-1),
    )


def _lying_as(query: Tensor, result: Tensor) -> Tensor:
    """A result, its dimensions in memory in the order of the query's."""
    if query.is_contiguous():
        return result
    order = sorted(range(4), key=lambda dim: -query.stride(dim))
    return result.permute(order).contiguous().permute([order.index(dim) for dim in range(4)])


def flex_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    score_mod: Callable | None = None,
    block_mask: BlockMask | None = None,
    scale: float | None = None,
    enable_gqa: bool = False,
    return_lse: bool = False,
    kernel_options: FlexKernelOptions | None = None,
    *,
    return_aux: AuxRequest | None = None,
):
    """Attention ``softmax(score_mod(scale * query @ key.T) where mask_mod) @ value``.

    Args:
        query: ``(N, H, L, E)``.
        key: ``(N, H, S, E)``.
        value: ``(N, H, S, Ev)``.
        score_mod: a function ``(score, batch, head, query, key)`` of a score and its place; see `torch.vmap` for what it
            may do.
        block_mask: where attention is paid; see `create_block_mask`.
        scale: by default ``1 / sqrt(E)``.
        enable_gqa: whether several heads of `query` share one of `key` and `value`.
        return_lse: old for ``return_aux=AuxRequest(lse=True)``.
        kernel_options: settings of PyTorch's kernels, without effect.
        return_aux: what else is returned.

    Returns:
        ``(N, H, L, Ev)``; a row of which all is hidden is 0. With `return_aux` a pair of this and an `AuxOutput`.

    Raises:
        ValueError, NotImplementedError: shapes or settings do not fit.
        RuntimeError: the mask is part of another one, or on another device.

    Source: Dong et al., Flex Attention: A Programming Model for Generating Optimized Attention Kernels, 2024.
    """
    _check_inputs(query, key, value, block_mask, enable_gqa)
    if block_mask is not None:
        _check_block_mask(query, key, block_mask)
    if return_lse and return_aux is not None:
        raise ValueError(
            "Cannot specify both return_lse and return_aux. return_lse is deprecated, please use "
            "return_aux=AuxRequest(lse=True) instead."
        )
    if return_lse:
        explain.warn(
            "return_lse is deprecated and will be removed in v2.10. Please use return_aux=AuxRequest(lse=True) instead.",
            FutureWarning,
        )
    _check_options({} if kernel_options is None else dict(kernel_options))
    scale = 1.0 / math.sqrt(query.size(-1)) if scale is None else scale
    kind = query.device.type
    is_cast = autocast.state.setting is not None and kind in autocast.state.enabled
    if is_cast:
        query, key, value = (each.to(autocast.dtype_of(kind)) for each in (query, key, value))
    with autocast.off() if is_cast else nullcontext():
        mask_mod = None if block_mask is None else block_mask.mask_mod
        result, lse, largest = _attended(query, key, value, score_mod, mask_mod, scale)
    if return_aux is not None:
        return result, AuxOutput(lse if return_aux.lse else None, largest if return_aux.max_scores else None)
    return (result, lse) if return_lse else result


_publish(globals())
