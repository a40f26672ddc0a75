"""The dropouts of ``torch.nn.functional``. One number of PyTorch's generator seeds each mask."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torchlike._function import function
from torchlike._functions.randoms import draw_seed
from torchlike._ops.nn import dropout as ops
from torchlike._programs import explain
from torchlike.tensor import Tensor


def _masked(op: Callable[..., Any], input: Tensor, p: float, training: bool, inplace: bool) -> Tensor:
    """The dropout `op`, drawing nothing where it does nothing.

    Raises:
        ValueError: `p` is no probability.
        RuntimeError: it is NaN.
    """
    if not 0 <= p <= 1:
        kind = RuntimeError if p != p else ValueError  # PyTorch's Python lets NaN pass
        raise kind(f"dropout probability has to be between 0 and 1, but got {p}")
    if not training or p == 0 or not input.numel():
        return input
    if p == 1:
        return input.mul_(0) if inplace else input * 0
    return (op.inplace if inplace else op)(input, float(p), draw_seed())


@function
def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Zero each element with probability `p` in training, scale the others by ``1 / (1 - p)``.

    Raises:
        ValueError: `p` is no probability.

    Example:
        >>> torch.nn.functional.dropout(torch.ones(1000), 0.5).unique()
        tensor([0., 2.])
        >>> torch.nn.functional.dropout(torch.ones(2), 0.5, training=False)
        tensor([1., 1.])
    """
    return _masked(ops.dropout, input, p, training, inplace)


@function
def alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """Dropout that keeps mean 0 and variance 1, for SELU.

    Raises:
        ValueError: `p` is no probability.

    Example:
        >>> torch.nn.functional.alpha_dropout(torch.zeros(1000), 0.5, training=True).unique()
        tensor([-0.7792,  0.7792])
    """
    return _masked(ops.alpha_dropout, input, p, training, inplace)


@function
def feature_alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """`alpha_dropout` of whole channels.

    Raises:
        ValueError: `p` is no probability.

    Example:
        >>> torch.nn.functional.feature_alpha_dropout(torch.zeros(100, 4, 2), 0.5, training=True).unique()
        tensor([-0.7792,  0.7792])
    """
    return _masked(ops.feature_alpha_dropout, input, p, training, inplace)


@function
def dropout1d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """`dropout` of whole channels of ``(N, C, L)`` or ``(C, L)``.

    Raises:
        ValueError: `p` is no probability.
        RuntimeError: the input has another number of dimensions.

    Example:
        >>> torch.nn.functional.dropout1d(torch.ones(100, 4, 5)).sum(2).unique()
        tensor([ 0., 10.])
    """
    if input.dim() not in (2, 3):
        raise RuntimeError(
            f"dropout1d: Expected 2D or 3D input, but received a {input.dim()}D input. Note that dropout1d exists to "
            "provide channel-wise dropout on inputs with 1 spatial dimension, a channel dimension, and an optional "
            "batch dimension (i.e. 2D or 3D inputs)."
        )
    return _by_channel(input, p, training, inplace, input.dim() == 2)


@function
def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """`dropout` of whole channels of ``(N, C, H, W)``.

    Raises:
        ValueError: `p` is no probability.

    Example:
        >>> torch.nn.functional.dropout2d(torch.ones(100, 4, 5, 5)).sum((2, 3)).unique()
        tensor([ 0., 50.])
    """
    if input.dim() not in (3, 4):
        explain.warn(
            f"dropout2d: Received a {input.dim()}-D input to dropout2d, which is deprecated and will result in an "
            "error "
            "in a future release. To retain the behavior and silence this warning, please use dropout instead. Note "
            "that "
            "dropout2d exists to provide channel-wise dropout on inputs with 2 spatial dimensions, a channel "
            "dimension, and an optional batch dimension (i.e. 3D or 4D inputs)."
        )
    if input.dim() == 3:
        explain.warn(
            "dropout2d: Received a 3D input to dropout2d and assuming that channel-wise 1D dropout behavior is "
            "desired - "
            "input is interpreted as shape (N, C, L), where C is the channel dim. This behavior will change in a "
            "future "
            "release to interpret the input as one without a batch dimension, i.e. shape (C, H, W). To maintain the 1D "
            "channel-wise dropout behavior, please switch to using dropout1d instead."
        )
    return _by_channel(input, p, training, inplace, False)


@function
def dropout3d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """`dropout` of whole channels of ``(N, C, D, H, W)`` or ``(C, D, H, W)``.

    Raises:
        ValueError: `p` is no probability.

    Example:
        >>> torch.nn.functional.dropout3d(torch.ones(100, 4, 2, 2, 2)).sum((2, 3, 4)).unique()
        tensor([ 0., 16.])
    """
    if input.dim() not in (4, 5):
        explain.warn(
            f"dropout3d: Received a {input.dim()}-D input to dropout3d, which is deprecated and will result in an "
            "error "
            "in a future release. To retain the behavior and silence this warning, please use dropout instead. Note "
            "that "
            "dropout3d exists to provide channel-wise dropout on inputs with 3 spatial dimensions, a channel "
            "dimension, and an optional batch dimension (i.e. 4D or 5D inputs)."
        )
    return _by_channel(input, p, training, inplace, input.dim() == 4)


def _by_channel(input: Tensor, p: float, training: bool, inplace: bool, single: bool) -> Tensor:
    """Whole channels, of a single sample if there is no batch dimension."""
    op = ops.feature_dropout_of_one if single else ops.feature_dropout
    return _masked(op, input, p, training, inplace)
