"""The Transformer: layers, stacks of them, and the whole."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from torchlike import _autocast as autocast
from torchlike._autograd.modes import state
from torchlike._functions import creation
from torchlike._ops.rearranging import triu
from torchlike._programs import explain
from torchlike.backends import mha
from torchlike.nn import functional as F
from torchlike.nn import init
from torchlike.nn._attention import _canonical_mask, _none_or_dtype
from torchlike.nn.modules._attention import MultiheadAttention
from torchlike.nn.modules.activation import GELU, ReLU
from torchlike.nn.modules.container import ModuleList
from torchlike.nn.modules.dropout import Dropout
from torchlike.nn.modules.linear import Linear
from torchlike.nn.modules.module import Module
from torchlike.nn.modules.normalization import LayerNorm
from torchlike.tensor import Tensor

if TYPE_CHECKING:
    from torchlike._types import dtypes
    from torchlike.types import Device

Activation = str | Callable[[Tensor], Tensor]

_NESTED = (
    "The PyTorch API of nested tensors is in prototype stage and will change in the near future. We recommend "
    "specifying layout=torch.jagged when constructing a nested tensor, as this layout receives active development, has "
    "better operator coverage, and works with torch.compile."
)


def _generate_square_subsequent_mask(sz: int, device: Device = None, dtype: dtypes.dtype | None = None) -> Tensor:
    return triu(creation.full((sz, sz), float("-inf"), dtype=dtype, device=device), diagonal=1)


def _get_clones(module: Module, count: int) -> ModuleList:
    return ModuleList([copy.deepcopy(module) for _ in range(count)])


def _get_activation_fn(activation: str) -> Callable[[Tensor], Tensor]:
    if activation not in ("relu", "gelu"):
        raise RuntimeError(f"activation should be relu/gelu, not {activation}")
    return F.relu if activation == "relu" else F.gelu


def _get_seq_len(src: Tensor, batch_first: bool) -> int:
    return src.shape[1 if batch_first and src.dim() != 2 else 0]


def _detect_is_causal_mask(mask: Tensor | None, is_causal: bool | None = None, size: int | None = None) -> bool:
    """What is said of a mask, or, where nothing is, whether it is the causal one of its size."""
    if is_causal is not None or mask is None:
        return is_causal is True
    causal = _generate_square_subsequent_mask(mask.size(-2) if size is None else size, mask.device, mask.dtype)
    return mask.size() == causal.size() and bool((mask == causal).all())


class _Stack(Module):
    """Layers one after another, and a norm."""

    layers: ModuleList

    def __init__(self, layer: Module, num_layers: int, norm: Module | None) -> None:
        super().__init__()
        self.layers = _get_clones(layer, num_layers)
        self.num_layers, self.norm = num_layers, norm

    def _is_causal(self, x: Tensor, mask: Tensor | None, is_causal: bool | None) -> bool:
        """What the layers are told of a mask. Its values are looked at for layers of others alone: ours take it as it is."""
        if all([type(each) in _LAYERS and type(each.self_attn) is MultiheadAttention for each in self.layers]):
            return is_causal is True
        return _detect_is_causal_mask(mask, is_causal, _get_seq_len(x, self.layers[0].self_attn.batch_first))


class _Layer(Module):
    """What the layers of encoder and decoder share.

    Args:
        d_model: the size of a place's features.
        nhead: how many heads attend.
        dim_feedforward: the size between the two linear maps.
        dropout: probability to drop an element, in training.
        activation: a function, a module, ``"relu"`` or ``"gelu"``; between the two linear maps.
        layer_norm_eps: added to the variance in the norms.
        batch_first: whether tensors are ``(N, L, E)`` rather than ``(L, N, E)``.
        norm_first: whether each norm stands before its block rather than after the sum.
        bias: whether the maps and the norms have biases.

    Raises:
        RuntimeError: an activation is named that there is not.

    Source: Vaswani et al., Attention Is All You Need, 2017; Xiong et al., On Layer Normalization in the Transformer
    Architecture, 2020, for `norm_first`.
    """

    _attentions: tuple[str, ...]
    activation: Callable[[Tensor], Tensor]

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = F.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Device = None,
        dtype: dtypes.dtype | None = None,
    ) -> None:
        super().__init__()
        made: Any = {"bias": bias, "device": device, "dtype": dtype}
        for name in self._attentions:
            setattr(self, name, MultiheadAttention(d_model, nhead, dropout, batch_first=batch_first, **made))
        self.linear1 = Linear(d_model, dim_feedforward, **made)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, **made)
        self.norm_first = norm_first
        blocks = range(1, len(self._attentions) + 2)
        for place in blocks:
            setattr(self, f"norm{place}", LayerNorm(d_model, layer_norm_eps, **made))
        for place in blocks:
            setattr(self, f"dropout{place}", Dropout(dropout))
        self._set_activation(_get_activation_fn(activation) if isinstance(activation, str) else activation)

    def _set_activation(self, activation: Callable[[Tensor], Tensor]) -> None:
        self.activation = activation

    def __setstate__(self, state: dict) -> None:
        super().__setstate__(state)
        self.__dict__.setdefault("activation", F.relu)

    def _sa_block(
        self, x: Tensor, attn_mask: Tensor | None, key_padding_mask: Tensor | None, is_causal: bool = False
    ) -> Tensor:
        attended = self.self_attn(
            x,
            x,
            x,
            attn_mask=attn_mask,
            key_padding_mask=key_padding_mask,
            need_weights=False,
            is_causal=is_causal,
        )
        return self.dropout1(attended[0])

    def _fed_forward(self, x: Tensor) -> Tensor:
        return self.linear2(self.dropout(self.activation(self.linear1(x))))


class TransformerEncoderLayer(_Layer):
    __doc__ = _Layer.__doc__.replace(
        "What the layers of encoder and decoder share.", "Attention of a sequence to itself, then two linear maps."
    )
    _attentions = ("self_attn",)

    def _set_activation(self, activation: Callable[[Tensor], Tensor]) -> None:
        known = ((1, F.relu, ReLU), (2, F.gelu, GELU))
        fits = [number for number, fn, kind in known if activation is fn or isinstance(activation, kind)]
        self.activation_relu_or_gelu = fits[0] if fits else 0
        self.activation = activation

    def forward(
        self,
        src: Tensor,
        src_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool = False,
    ) -> Tensor:
        """``(S, N, E)``, or ``(N, S, E)`` for `batch_first`, or ``(S, E)``, to the same shape.

        Args:
            src_mask: ``(S, S)`` or ``(N * nhead, S, S)``: true where no attention is paid, or added to the scores.
            src_key_padding_mask: ``(N, S)`` or ``(S)``, likewise.
            is_causal: a promise that `src_mask` is causal.
        """
        padding = _canonical_mask(
            src_key_padding_mask, "src_key_padding_mask", _none_or_dtype(src_mask), "src_mask", src.dtype
        )
        mask = _canonical_mask(src_mask, "src_mask", None, "", src.dtype, check_other=False)
        if (is_causal or mask is not None or padding is not None) and self._is_fused(src):
            is_causal, mask, padding = False, *self._fused_masks(src, mask, padding)
        x = src
        if self.norm_first:
            x = x + self._sa_block(self.norm1(x), mask, padding, is_causal)
            return x + self._ff_block(self.norm2(x))
        x = self.norm1(x + self._sa_block(x, mask, padding, is_causal))
        return self.norm2(x + self._ff_block(x))

    def _ff_block(self, x: Tensor) -> Tensor:
        return self.dropout2(self._fed_forward(x))

    def _is_fused(self, src: Tensor) -> bool:
        """Whether PyTorch has one kernel for the whole layer, to which masks mean something else."""
        attention = self.self_attn
        if self.training or src.dim() != 3 or not mha.get_fastpath_enabled() or autocast.state.setting is not None:
            return False
        fits = attention.batch_first and attention.in_proj_bias is not None and attention._qkv_same_embed_dim
        fits = fits and self.activation_relu_or_gelu and self.norm1.eps == self.norm2.eps
        if not fits or attention.num_heads % 2 or _is_tracked(src, self):
            return False
        return not any(each._forward_hooks or each._forward_pre_hooks for each in self.modules())

    def _fused_masks(self, src: Tensor, mask: Tensor | None, padding: Tensor | None) -> tuple:
        """(mask, padding) as that kernel has them: what is not 0 is hidden, a row of which all is hidden is NaN.

        Raises:
            RuntimeError: their shapes do not fit.
        """
        batch, length = src.shape[:2]
        if mask is None:
            if padding is not None and padding.shape != (batch, length):
                raise RuntimeError("For mask_type == 1 mask shape should be (B, L)")
            return None, padding if padding is None else _hiding(padding)
        mask = mask.view(*((batch, -1) if mask.dim() == 3 else (1, 1)), length, length)
        mask = mask.expand(batch, self.self_attn.num_heads, -1, -1)
        if padding is not None:
            mask = mask + padding.view(batch, 1, 1, length)
        return _hiding(mask).flatten(0, 1), None


class TransformerDecoderLayer(_Layer):
    __doc__ = _Layer.__doc__.replace(
        "What the layers of encoder and decoder share.",
        "Attention of a sequence to itself, attention to the encoder's result, then two linear maps.",
    )
    _attentions = ("self_attn", "multihead_attn")

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """``(T, N, E)``, or ``(N, T, E)`` for `batch_first`, or ``(T, E)``, to the same shape.

        Args:
            memory: the encoder's result, ``(S, N, E)`` and so on.
            tgt_mask: ``(T, T)`` or ``(N * nhead, T, T)``: true where no attention is paid, or added to the scores.
            memory_mask: ``(T, S)`` or ``(N * nhead, T, S)``, likewise.
            tgt_key_padding_mask: ``(N, T)`` or ``(T)``, likewise.
            memory_key_padding_mask: ``(N, S)`` or ``(S)``, likewise.
            tgt_is_causal, memory_is_causal: promises that `tgt_mask` and `memory_mask` are causal.
        """
        own = tgt_mask, tgt_key_padding_mask, tgt_is_causal
        other = memory, memory_mask, memory_key_padding_mask, memory_is_causal
        x = tgt
        if self.norm_first:
            x = x + self._sa_block(self.norm1(x), *own)
            x = x + self._mha_block(self.norm2(x), *other)
            return x + self._ff_block(self.norm3(x))
        x = self.norm1(x + self._sa_block(x, *own))
        x = self.norm2(x + self._mha_block(x, *other))
        return self.norm3(x + self._ff_block(x))

    def _mha_block(
        self,
        x: Tensor,
        mem: Tensor,
        attn_mask: Tensor | None,
        key_padding_mask: Tensor | None,
        is_causal: bool = False,
    ) -> Tensor:
        attended = self.multihead_attn(
            x,
            mem,
            mem,
            attn_mask=attn_mask,
            key_padding_mask=key_padding_mask,
            need_weights=False,
            is_causal=is_causal,
        )
        return self.dropout2(attended[0])

    def _ff_block(self, x: Tensor) -> Tensor:
        return self.dropout3(self._fed_forward(x))


_LAYERS = (TransformerEncoderLayer, TransformerDecoderLayer)


def _hiding(mask: Tensor) -> Tensor:
    hidden = mask != 0
    infinite = hidden.to(mask.dtype).masked_fill(hidden, float("-inf"))
    return infinite.masked_fill(hidden.all(-1, keepdim=True), float("nan"))


def _is_tracked(x: Tensor, layer: Module) -> bool:
    return bool(state.enabled) and any(each.requires_grad for each in (x, *layer.parameters()))


def _why_not_nested(layer: Module) -> str:
    """Why an encoder of such layers does not pack sequences; empty if it does."""
    if not isinstance(layer, TransformerEncoderLayer):
        return "encoder_layer was not TransformerEncoderLayer"
    attention = layer.self_attn
    if layer.norm_first:
        why = "norm_first was True"
    elif not attention.batch_first:
        why = "self_attn.batch_first was not True(use batch_first for better inference performance)"
    elif not attention._qkv_same_embed_dim:
        why = "self_attn._qkv_same_embed_dim was not True"
    elif attention.in_proj_bias is None:
        why = "self_attn was passed bias=False"
    elif not layer.activation_relu_or_gelu:
        why = "activation_relu_or_gelu was not True"
    elif layer.norm1.eps != layer.norm2.eps:
        why = "norm1.eps was not equal to encoder_layer.norm2.eps"
    elif attention.num_heads % 2:
        why = "self_attn.num_heads is odd"
    else:
        return ""
    return f"encoder_layer.{why}"


class TransformerEncoder(_Stack):
    """Encoder layers one after another.

    Args:
        encoder_layer: copied for each of them.
        num_layers: how many.
        norm: applied to the result.
        enable_nested_tensor: whether in evaluation, where nothing is differentiated, padding is left out; the result is 0
            there, before `norm`.
        mask_check: whether padding is left out only where it stands behind the sequences.

    Example:
        >>> layer = torch.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        >>> torch.nn.TransformerEncoder(layer, 2)(torch.zeros(3, 5, 8)).shape
        torch.Size([3, 5, 8])
    """

    _nesting_was_told = False  # PyTorch tells of it once a process

    def __init__(
        self,
        encoder_layer: Module,
        num_layers: int,
        norm: Module | None = None,
        enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ) -> None:
        super().__init__(encoder_layer, num_layers, norm)
        why = _why_not_nested(encoder_layer)
        self.enable_nested_tensor, self.mask_check = enable_nested_tensor, mask_check
        self.use_nested_tensor = enable_nested_tensor and not why
        if enable_nested_tensor and why:
            warnings.warn(
                f"enable_nested_tensor is True, but self.use_nested_tensor is False because {why}", stacklevel=2
            )

    def forward(
        self,
        src: Tensor,
        mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool | None = None,
    ) -> Tensor:
        """``(S, N, E)``, or ``(N, S, E)`` for `batch_first`, or ``(S, E)``, to the same shape.

        Args:
            mask: ``(S, S)`` or ``(N * nhead, S, S)``: true where no attention is paid, or added to the scores.
            src_key_padding_mask: ``(N, S)`` or ``(S)``, likewise.
            is_causal: a promise that `mask` is causal.

        Raises:
            RuntimeError: padding is left out, and `src_key_padding_mask` does not fit.
        """
        padding = _canonical_mask(src_key_padding_mask, "src_key_padding_mask", _none_or_dtype(mask), "mask", src.dtype)
        mask = _canonical_mask(mask, "mask", None, "", src.dtype, check_other=False)
        left_out = None if padding is None else self._left_out(src, mask, padding)
        is_causal = self._is_causal(src, mask, is_causal)
        output = src
        for layer in self.layers:
            output = layer(output, src_mask=mask, is_causal=is_causal, src_key_padding_mask=padding)
        if left_out is not None:
            output = output.masked_fill(left_out.unsqueeze(-1), 0.0)
        return output if self.norm is None else self.norm(output)

    def _left_out(self, src: Tensor, mask: Tensor | None, padding: Tensor) -> Tensor | None:
        """The places of padding that is left out; None if none is."""
        first = self.layers[0]
        if not (mha.get_fastpath_enabled() and self.use_nested_tensor) or first.training or src.dim() != 3:
            return None
        if padding.dim() != 2:
            raise RuntimeError("Padding mask should be 2D")
        if padding.shape != src.shape[:2]:
            raise RuntimeError("Mask size should match input size")
        if mask is not None or autocast.state.setting is not None or _is_tracked(src, first):
            return None
        found = padding != 0
        is_behind = (found[:, 1:] >= found[:, :-1]).all() if self.mask_check else True
        if not self._nesting_was_told and is_behind:
            TransformerEncoder._nesting_was_told = True
            explain.warn(_NESTED)
        return found & is_behind


class TransformerDecoder(_Stack):
    """Decoder layers one after another.

    Args:
        decoder_layer: copied for each of them.
        num_layers: how many.
        norm: applied to the result.

    Example:
        >>> layer = torch.nn.TransformerDecoderLayer(8, 2, 16)
        >>> torch.nn.TransformerDecoder(layer, 2)(torch.zeros(5, 3, 8), torch.zeros(6, 3, 8)).shape
        torch.Size([5, 3, 8])
    """

    def __init__(self, decoder_layer: Module, num_layers: int, norm: Module | None = None) -> None:
        super().__init__(decoder_layer, num_layers, norm)

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """``(T, N, E)`` to the same shape; see `TransformerDecoderLayer.forward`."""
        is_causal = self._is_causal(tgt, tgt_mask, tgt_is_causal)
        output = tgt
        for layer in self.layers:
            output = layer(
                output,
                memory,
                tgt_mask=tgt_mask,
                memory_mask=memory_mask,
                tgt_key_padding_mask=tgt_key_padding_mask,
                memory_key_padding_mask=memory_key_padding_mask,
                tgt_is_causal=is_causal,
                memory_is_causal=memory_is_causal,
            )
        return output if self.norm is None else self.norm(output)


class Transformer(Module):
    """An encoder, and a decoder that attends to its result.

    Args:
        d_model: the size of a place's features.
        nhead: how many heads attend.
        num_encoder_layers, num_decoder_layers: how many layers there are.
        dim_feedforward: the size between the two linear maps of a layer.
        dropout: probability to drop an element, in training.
        activation: a function, a module, ``"relu"`` or ``"gelu"``; between the two linear maps.
        custom_encoder, custom_decoder: modules in the place of the two.
        layer_norm_eps: added to the variance in the norms.
        batch_first: whether tensors are ``(N, L, E)`` rather than ``(L, N, E)``.
        norm_first: whether each norm stands before its block rather than after the sum.
        bias: whether the maps and the norms have biases.

    Source: Vaswani et al., Attention Is All You Need, 2017.

    Example:
        >>> model = torch.nn.Transformer(8, 2, 1, 1, 16)
        >>> model(torch.zeros(6, 3, 8), torch.zeros(5, 3, 8)).shape
        torch.Size([5, 3, 8])
    """

    def __init__(
        self,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = F.relu,
        custom_encoder: Any | None = None,
        custom_decoder: Any | None = None,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Device = None,
        dtype: dtypes.dtype | None = None,
    ) -> None:
        super().__init__()
        made: Any = {"bias": bias, "device": device, "dtype": dtype}
        settings = d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first
        for name, custom, layer_class, stack, count in (
            ("encoder", custom_encoder, TransformerEncoderLayer, TransformerEncoder, num_encoder_layers),
            ("decoder", custom_decoder, TransformerDecoderLayer, TransformerDecoder, num_decoder_layers),
        ):
            if custom is None:
                layer = layer_class(*settings, **made)
                custom = stack(layer, count, LayerNorm(d_model, layer_norm_eps, **made))
            setattr(self, name, custom)
        self._reset_parameters()
        self.d_model, self.nhead, self.batch_first = d_model, nhead, batch_first

    def _reset_parameters(self) -> None:
        for each in self.parameters():
            if each.dim() > 1:
                init.xavier_uniform_(each)

    @staticmethod
    def generate_square_subsequent_mask(sz: int, device: Device = None, dtype: dtypes.dtype | None = None) -> Tensor:
        """``(sz, sz)`` with ``-inf`` above the diagonal and 0 elsewhere: no attention to what comes later."""
        return _generate_square_subsequent_mask(sz, device, dtype)

    def forward(
        self,
        src: Tensor,
        tgt: Tensor,
        src_mask: Tensor | None = None,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        src_is_causal: bool | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """``(S, N, E)`` and ``(T, N, E)`` to ``(T, N, E)``; see the layers for the masks.

        Raises:
            RuntimeError: the batches, or the features and `d_model`, differ in size.
        """
        batch = 0 if self.batch_first else 1
        if src.dim() == 3 and src.size(batch) != tgt.size(batch):
            raise RuntimeError("the batch number of src and tgt must be equal")
        if src.size(-1) != self.d_model or tgt.size(-1) != self.d_model:
            raise RuntimeError("the feature number of src and tgt must be equal to d_model")
        memory = self.encoder(src, mask=src_mask, src_key_padding_mask=src_key_padding_mask, is_causal=src_is_causal)
        return self.decoder(
            tgt,
            memory,
            tgt_mask=tgt_mask,
            memory_mask=memory_mask,
            tgt_key_padding_mask=tgt_key_padding_mask,
            memory_key_padding_mask=memory_key_padding_mask,
            tgt_is_causal=tgt_is_causal,
            memory_is_causal=memory_is_causal,
        )
