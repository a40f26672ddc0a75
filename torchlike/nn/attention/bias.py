"""``torch.nn.attention.bias``: causal masks, told by a rule rather than by their elements."""

from __future__ import annotations

import warnings
from enum import IntEnum, auto
from typing import TYPE_CHECKING, Any

from torchlike._functions import creation
from torchlike._ops.rearranging import tril
from torchlike._types.dtypes import bool_
from torchlike.nn import functional as F
from torchlike.nn.attention._utils import _validate_sdpa_input
from torchlike.tensor import Tensor

if TYPE_CHECKING:
    from torchlike.types import Device


class CausalVariant(IntEnum):
    """From which corner of the scores the diagonal goes out below which attention is paid."""

    UPPER_LEFT = auto()
    LOWER_RIGHT = auto()


class CausalBias(Tensor):
    """A causal mask for `torch.nn.functional.scaled_dot_product_attention`.

    Args:
        variant: from which corner its diagonal goes out.
        seq_len_q, seq_len_kv: its rows and columns.

    Raises:
        AssertionError: `variant` is no `CausalVariant`.
    """

    variant: CausalVariant
    seq_len_q: int
    seq_len_kv: int

    def __init__(self, variant: CausalVariant, seq_len_q: int, seq_len_kv: int) -> None:
        if not isinstance(variant, CausalVariant):
            raise AssertionError(f"variant must be a CausalVariant, got {type(variant).__name__}")
        super().__init__()
        self.variant, self.seq_len_q, self.seq_len_kv = variant, seq_len_q, seq_len_kv
        if seq_len_q > seq_len_kv and variant == CausalVariant.LOWER_RIGHT:
            warnings.warn(
                "Lower right causal bias will produce NaNs in the output when seq_len_q > seq_len_kv!", stacklevel=2
            )

    def _materialize(self, device: Device = None) -> Tensor:
        """The mask, true where attention is paid."""
        diagonal = 0 if self.variant == CausalVariant.UPPER_LEFT else self.seq_len_kv - self.seq_len_q
        everywhere = creation.ones(self.seq_len_q, self.seq_len_kv, device=device, dtype=bool_)
        return tril(everywhere, diagonal=diagonal)

    @staticmethod
    def _dispatch(
        query: Tensor,
        key: Tensor,
        value: Tensor,
        attn_mask: CausalBias,
        dropout_p: float = 0.0,
        is_causal: bool = False,
        scale: float | None = None,
        enable_gqa: bool = False,
    ) -> Tensor:
        if is_causal:
            raise ValueError("CausalBias should not be used with causal=True")
        options: Any = {"dropout_p": dropout_p, "scale": scale, "enable_gqa": enable_gqa}
        if attn_mask.variant == CausalVariant.UPPER_LEFT or attn_mask.seq_len_q == attn_mask.seq_len_kv:
            return F.scaled_dot_product_attention(query, key, value, is_causal=True, **options)
        _validate_sdpa_input(query, key, value)
        mask = attn_mask._materialize(query.device)
        return F.scaled_dot_product_attention(query, key, value, attn_mask=mask, **options)

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None):
        if func is F.scaled_dot_product_attention:
            return cls._dispatch(*args, **(kwargs or {}))
        return super().__torch_function__(func, types, args, kwargs)

    def __repr__(self, *, tensor_contents: Any = None) -> str:
        return repr(self._materialize())


def _causal(name: str, variant: CausalVariant, size: tuple[int, ...]) -> CausalBias:
    if len(size) != 2:
        raise AssertionError(f"{name} only supports 2D tensors")
    return CausalBias(variant, *size)


def causal_upper_left(*size: int) -> CausalBias:
    """A causal mask from the upper left corner, as ``is_causal=True`` means it.

    Args:
        size: rows and columns.

    Raises:
        AssertionError: it is not two numbers.

    Example:
        >>> torch.nn.attention.bias.causal_upper_left(2, 3)
        tensor([[ True, False, False],
                [ True,  True, False]])
    """
    return _causal("causal_upper_left", CausalVariant.UPPER_LEFT, size)


def causal_lower_right(*size: int) -> CausalBias:
    """A causal mask from the lower right corner: the last query attends to all keys.

    Args:
        size: rows and columns.

    Raises:
        AssertionError: it is not two numbers.

    Example:
        >>> torch.nn.attention.bias.causal_lower_right(2, 3)
        tensor([[ True,  True, False],
                [ True,  True,  True]])
    """
    return _causal("causal_lower_right", CausalVariant.LOWER_RIGHT, size)
