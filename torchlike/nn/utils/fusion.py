"""``torch.nn.utils.fusion``: batch normalization folded into the layer before it, for evaluation."""

from __future__ import annotations

import copy
from typing import Any

from torchlike._functions.creation import ones_like, zeros_like
from torchlike._ops.exponential import rsqrt
from torchlike.nn.modules.batchnorm import _BatchNorm
from torchlike.nn.modules.conv import _ConvNd
from torchlike.nn.modules.linear import Linear
from torchlike.nn.parameter import Parameter
from torchlike.tensor import Tensor


def _check_fused(layer: Any, bn: _BatchNorm) -> None:
    if layer.training or bn.training:
        raise AssertionError("Fusion only for eval!")


def _statistics(bn: _BatchNorm) -> tuple:
    if bn.running_mean is None or bn.running_var is None:
        raise AssertionError("bn.running_mean and bn.running_var must not be None")
    return bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias


def fuse_conv_bn_eval(conv: _ConvNd, bn: _BatchNorm, transpose: bool = False) -> _ConvNd:
    """A convolution that does what a convolution and a batch normalization after it do.

    Args:
        conv, bn: both in evaluation.
        transpose: whether the convolution is transposed.

    Raises:
        AssertionError: one is in training, or there are no running statistics.
    """
    _check_fused(conv, bn)
    fused = copy.deepcopy(conv)
    fused.weight, fused.bias = fuse_conv_bn_weights(fused.weight, fused.bias, *_statistics(bn), transpose)
    return fused


def fuse_conv_bn_weights(
    conv_w: Tensor,
    conv_b: Tensor | None,
    bn_rm: Tensor,
    bn_rv: Tensor,
    bn_eps: float,
    bn_w: Tensor | None,
    bn_b: Tensor | None,
    transpose: bool = False,
) -> tuple[Parameter, Parameter]:
    """The weight and bias of `fuse_conv_bn_eval`.

    Args:
        conv_w, conv_b: those of the convolution.
        bn_rm, bn_rv: running mean and variance.
        bn_eps: added to the variance.
        bn_w, bn_b: those of the batch normalization.
        transpose: whether the convolution is transposed.
    """
    bias = zeros_like(bn_rm) if conv_b is None else conv_b
    bn_w = ones_like(bn_rm) if bn_w is None else bn_w
    bn_b = zeros_like(bn_rm) if bn_b is None else bn_b
    scale = rsqrt(bn_rv + bn_eps)
    shape = [*((1, -1) if transpose else (-1, 1)), *[1] * (conv_w.dim() - 2)]
    fused_w = (conv_w * (bn_w * scale).reshape(shape)).to(dtype=conv_w.dtype)
    fused_b = ((bias - bn_rm) * scale * bn_w + bn_b).to(dtype=conv_w.dtype if conv_b is None else conv_b.dtype)
    return Parameter(fused_w, conv_w.requires_grad), Parameter(fused_b, bias.requires_grad)


def fuse_linear_bn_eval(linear: Linear, bn: _BatchNorm) -> Linear:
    """A linear layer that does what a linear layer and a batch normalization after it do.

    Args:
        linear, bn: both in evaluation, with as many outputs as features, or one feature.

    Raises:
        AssertionError: one is in training, sizes differ, or there are no running statistics.
    """
    _check_fused(linear, bn)
    if bn.num_features not in (linear.out_features, 1):
        raise AssertionError(
            "To fuse, linear.out_features == bn.num_features or bn.num_features == 1, got linear.out_features="
            f"{linear.out_features} and bn.num_features={bn.num_features}"
        )
    fused = copy.deepcopy(linear)
    fused.weight, fused.bias = fuse_linear_bn_weights(fused.weight, fused.bias, *_statistics(bn))
    return fused


def fuse_linear_bn_weights(
    linear_w: Tensor,
    linear_b: Tensor | None,
    bn_rm: Tensor,
    bn_rv: Tensor,
    bn_eps: float,
    bn_w: Tensor,
    bn_b: Tensor,
) -> tuple[Parameter, Parameter]:
    """The weight and bias of `fuse_linear_bn_eval`.

    Args:
        linear_w, linear_b: those of the linear layer.
        bn_rm, bn_rv: running mean and variance.
        bn_eps: added to the variance.
        bn_w, bn_b: those of the batch normalization.
    """
    bias = zeros_like(bn_rm) if linear_b is None else linear_b
    scale = bn_w * rsqrt(bn_rv + bn_eps)
    fused_w = linear_w * scale.unsqueeze(-1).to(dtype=linear_w.dtype)
    fused_b = ((bias - bn_rm) * scale + bn_b).to(dtype=linear_w.dtype if linear_b is None else linear_b.dtype)
    return Parameter(fused_w, linear_w.requires_grad), Parameter(fused_b, bias.requires_grad)
