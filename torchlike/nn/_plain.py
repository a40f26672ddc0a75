"""Layers' arithmetic as ``torch`` itself has it: the arguments in the order of PyTorch's own kernels."""

from __future__ import annotations

from collections.abc import Sequence

from torchlike._function import function
from torchlike._ops.nn import normalization as ops
from torchlike.nn import _dropouts, _norms, _tables
from torchlike.tensor import Tensor

_kernel = function(module="torchlike")


@_kernel
def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-05,
    cudnn_enable: bool = True,
) -> Tensor:
    """See `torch.nn.functional.layer_norm`.

    Example:
        >>> torch.layer_norm(torch.tensor([[1.0, 3.0], [10.0, 30.0]]), (2,))
        tensor([[-1.0000,  1.0000],
                [-1.0000,  1.0000]])
    """
    return ops.layer_norm(input, normalized_shape, weight, bias, eps)


@_kernel
def group_norm(
    input: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-05,
    cudnn_enabled: bool = True,
) -> Tensor:
    """See `torch.nn.functional.group_norm`.

    Example:
        >>> torch.group_norm(torch.tensor([[1.0, 3.0, 10.0, 30.0]]), 2)
        tensor([[-1.0000,  1.0000, -1.0000,  1.0000]])
    """
    return ops.group_norm(input, num_groups, weight, bias, eps)


@_kernel
def batch_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool,
) -> Tensor:
    """See `torch.nn.functional.batch_norm`.

    Example:
        >>> torch.batch_norm(torch.tensor([[1.0], [3.0]]), None, None, None, None, True, 0.1, 1e-5, False)
        tensor([[-1.0000],
                [ 1.0000]])
    """
    return _norms.batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps)


@_kernel
def instance_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    use_input_stats: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool,
) -> Tensor:
    """See `torch.nn.functional.instance_norm`.

    Example:
        >>> torch.instance_norm(torch.tensor([[[1.0, 3.0]]]), None, None, None, None, True, 0.1, 1e-5, False)
        tensor([[[-1.0000,  1.0000]]])
    """
    return _norms.instance_norm(input, running_mean, running_var, weight, bias, use_input_stats, momentum, eps)


@_kernel
def embedding(
    weight: Tensor, indices: Tensor, padding_idx: int = -1, scale_grad_by_freq: bool = False, sparse: bool = False
) -> Tensor:
    """See `torch.nn.functional.embedding`; a `padding_idx` of -1 is none.

    Example:
        >>> torch.embedding(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([1, 0, 1]))
        tensor([[3., 4.],
                [1., 2.],
                [3., 4.]])
    """
    padding = None if padding_idx == -1 else padding_idx
    return _tables.embedding(indices, weight, padding, scale_grad_by_freq=scale_grad_by_freq, sparse=sparse)


@_kernel
def dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """See `torch.nn.functional.dropout`.

    Example:
        >>> torch.dropout(torch.ones(1000), 0.5, train=True).unique()
        tensor([0., 2.])
    """
    return _dropouts.dropout(input, p, train)


@_kernel
def dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """`dropout` in place.

    Example:
        >>> torch.dropout_(torch.ones(1000), 0.5, train=True).unique()
        tensor([0., 2.])
    """
    return _dropouts.dropout(input, p, train, True)


@_kernel
def alpha_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """See `torch.nn.functional.alpha_dropout`.

    Example:
        >>> torch.alpha_dropout(torch.zeros(1000), 0.5, train=True).unique()
        tensor([-0.7792,  0.7792])
    """
    return _dropouts.alpha_dropout(input, p, train)


@_kernel
def alpha_dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """`alpha_dropout` in place.

    Example:
        >>> torch.alpha_dropout_(torch.zeros(1000), 0.5, train=True).unique()
        tensor([-0.7792,  0.7792])
    """
    return _dropouts.alpha_dropout(input, p, train, True)


@_kernel
def feature_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """Zero whole channels of ``(N, C, *)``.

    Example:
        >>> torch.feature_dropout(torch.ones(100, 4, 5), 0.5, train=True).sum(2).unique()
        tensor([ 0., 10.])
    """
    return _dropouts._by_channel(input, p, train, False, False)


@_kernel
def feature_dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """`feature_dropout` in place.

    Example:
        >>> torch.feature_dropout_(torch.ones(100, 4, 5), 0.5, train=True).sum(2).unique()
        tensor([ 0., 10.])
    """
    return _dropouts._by_channel(input, p, train, True, False)


@_kernel
def feature_alpha_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """See `torch.nn.functional.feature_alpha_dropout`.

    Example:
        >>> torch.feature_alpha_dropout(torch.zeros(100, 4, 2), 0.5, train=True).unique()
        tensor([-0.7792,  0.7792])
    """
    return _dropouts.feature_alpha_dropout(input, p, train)


@_kernel
def feature_alpha_dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """`feature_alpha_dropout` in place.

    Example:
        >>> torch.feature_alpha_dropout_(torch.zeros(100, 4, 2), 0.5, train=True).unique()
        tensor([-0.7792,  0.7792])
    """
    return _dropouts.feature_alpha_dropout(input, p, train, True)
