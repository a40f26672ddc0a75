"""Multi-head attention."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchlike._functions import creation
from torchlike.nn import functional as F
from torchlike.nn import init
from torchlike.nn.modules.linear import NonDynamicallyQuantizableLinear
from torchlike.nn.modules.module import Module
from torchlike.nn.parameter import Parameter
from torchlike.tensor import Tensor

if TYPE_CHECKING:
    from torchlike._types import dtypes
    from torchlike.types import Device


class MultiheadAttention(Module):
    """Attention of several heads between projections.

    Args:
        embed_dim: the size of a query and of a result.
        num_heads: how many heads share it.
        dropout: probability to drop an attention weight in training.
        bias: whether the projections have biases.
        add_bias_kv: whether a learned key and value are appended.
        add_zero_attn: whether a key and value of zeros are appended.
        kdim, vdim: the sizes of a key and a value, `embed_dim` by default.
        batch_first: whether tensors are ``(N, L, E)`` rather than ``(L, N, E)``.

    Raises:
        ValueError: a size is not positive.
        AssertionError: `embed_dim` cannot be divided by `num_heads`.

    Source: Vaswani et al., Attention Is All You Need, 2017.
    """

    batch_first: bool
    bias_k: Tensor | None
    bias_v: Tensor | None

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        device: Device = None,
        dtype: dtypes.dtype | None = None,
    ) -> None:
        super().__init__()
        if embed_dim <= 0 or num_heads <= 0:
            raise ValueError(
                f"embed_dim and num_heads must be greater than 0, got embed_dim={embed_dim} and num_heads={num_heads} "
                "instead"
            )
        self.embed_dim, self.num_heads, self.dropout, self.batch_first = embed_dim, num_heads, dropout, batch_first
        self.kdim = embed_dim if kdim is None else kdim
        self.vdim = embed_dim if vdim is None else vdim
        self._qkv_same_embed_dim = self.kdim == embed_dim and self.vdim == embed_dim
        self.head_dim = embed_dim // num_heads
        if self.head_dim * num_heads != embed_dim:
            raise AssertionError("embed_dim must be divisible by num_heads")
        made = {"device": device, "dtype": dtype}
        self._make_projections(made)
        self._make("in_proj_bias", (3 * embed_dim,) if bias else None, made)
        self.out_proj = NonDynamicallyQuantizableLinear(embed_dim, embed_dim, bias=bias, **made)
        self._make("bias_k", (1, 1, embed_dim) if add_bias_kv else None, made)
        self._make("bias_v", (1, 1, embed_dim) if add_bias_kv else None, made)
        self.add_zero_attn = add_zero_attn
        self._reset_parameters()

    def _make(self, name: str, shape: tuple[int, ...] | None, made: dict) -> None:
        self.register_parameter(name, None if shape is None else Parameter(creation.empty(shape, **made)))

    def _make_projections(self, made: dict) -> None:
        """One matrix for query, key and value, or three where their sizes differ."""
        width, same = self.embed_dim, self._qkv_same_embed_dim
        shapes = {
            "q_proj_weight": None if same else (width, width),
            "k_proj_weight": None if same else (width, self.kdim),
            "v_proj_weight": None if same else (width, self.vdim),
            "in_proj_weight": (3 * width, width) if same else None,
        }
        for name, shape in shapes.items():
            self._make(name, shape, made)

    def _reset_parameters(self) -> None:
        if self._qkv_same_embed_dim:
            init.xavier_uniform_(self.in_proj_weight)
        else:
            for each in (self.q_proj_weight, self.k_proj_weight, self.v_proj_weight):
                init.xavier_uniform_(each)
        if self.in_proj_bias is not None:
            init.constant_(self.in_proj_bias, 0.0)
            init.constant_(self.out_proj.bias, 0.0)
        for each in (self.bias_k, self.bias_v):
            if each is not None:
                init.xavier_normal_(each)

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        need_weights: bool = True,
        attn_mask: Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """(the result, the weights if `need_weights`); see `torch.nn.functional.multi_head_attention_forward`."""
        turned = self.batch_first and query.dim() == 3
        if turned:
            views = {
                each: each.transpose(0, 1) for each in dict.fromkeys((query, key, value))
            }  # the same stays the same
            query, key, value = views[query], views[key], views[value]
        result, weights = F.multi_head_attention_forward(
            query,
            key,
            value,
            self.embed_dim,
            self.num_heads,
            self.in_proj_weight,
            self.in_proj_bias,
            self.bias_k,
            self.bias_v,
            self.add_zero_attn,
            self.dropout,
            self.out_proj.weight,
            self.out_proj.bias,
            training=self.training,
            key_padding_mask=key_padding_mask,
            need_weights=need_weights,
            attn_mask=attn_mask,
            use_separate_proj_weight=not self._qkv_same_embed_dim,
            q_proj_weight=self.q_proj_weight,
            k_proj_weight=self.k_proj_weight,
            v_proj_weight=self.v_proj_weight,
            average_attn_weights=average_attn_weights,
            is_causal=is_causal,
        )
        return result.transpose(0, 1) if turned else result, weights


MultiheadAttention.__module__ = "torchlike.nn.modules.activation"
