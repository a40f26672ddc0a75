"""``torch.nn.grad``: gradients of convolutions, by themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torchlike._autograd.modes import enable_grad, is_grad_enabled
from torchlike._functions import creation
from torchlike.autograd import grad
from torchlike.nn import functional as F
from torchlike.tensor import Tensor


def _of_input(conv: Callable, input_size, weight: Tensor, grad_output: Tensor, settings: tuple) -> Tensor:
    input = creation.zeros(tuple(input_size), dtype=grad_output.dtype, device=grad_output.device)
    return _gradient(lambda: conv(input, weight, None, *settings), input, grad_output, weight)


def _of_weight(conv: Callable, input: Tensor, weight_size, grad_output: Tensor, settings: tuple) -> Tensor:
    weight = creation.zeros(tuple(weight_size), dtype=grad_output.dtype, device=grad_output.device)
    return _gradient(lambda: conv(input, weight, None, *settings), weight, grad_output, input)


def _gradient(convolved: Callable[[], Any], of: Tensor, grad_output: Tensor, other: Tensor) -> Tensor:
    """That of a convolution, which hangs on the other one of input and weight alone: a convolution is linear."""
    of.requires_grad_()
    goes_on = is_grad_enabled() and (other.requires_grad or grad_output.requires_grad)
    with enable_grad():
        return grad(convolved(), of, grad_output, create_graph=goes_on)[0]


def conv1d_input(input_size, weight, grad_output, stride=1, padding=0, dilation=1, groups=1) -> Tensor:
    """The gradient of `torch.nn.functional.conv1d` for its input.

    Args:
        input_size: the input's shape, ``(N, C, L)``.
        weight: the weight.
        grad_output: the gradient of the result.
        stride, padding, dilation, groups: those of the convolution.
    """
    return _of_input(F.conv1d, input_size, weight, grad_output, (stride, padding, dilation, groups))


def conv1d_weight(input, weight_size, grad_output, stride=1, padding=0, dilation=1, groups=1) -> Tensor:
    """The gradient of `torch.nn.functional.conv1d` for its weight, of shape `weight_size`."""
    return _of_weight(F.conv1d, input, weight_size, grad_output, (stride, padding, dilation, groups))


def conv2d_input(input_size, weight, grad_output, stride=1, padding=0, dilation=1, groups=1) -> Tensor:
    """The gradient of `torch.nn.functional.conv2d` for its input, of shape `input_size`."""
    return _of_input(F.conv2d, input_size, weight, grad_output, (stride, padding, dilation, groups))


def conv2d_weight(input, weight_size, grad_output, stride=1, padding=0, dilation=1, groups=1) -> Tensor:
    """The gradient of `torch.nn.functional.conv2d` for its weight, of shape `weight_size`."""
    return _of_weight(F.conv2d, input, weight_size, grad_output, (stride, padding, dilation, groups))


def conv3d_input(input_size, weight, grad_output, stride=1, padding=0, dilation=1, groups=1) -> Tensor:
    """The gradient of `torch.nn.functional.conv3d` for its input, of shape `input_size`."""
    return _of_input(F.conv3d, input_size, weight, grad_output, (stride, padding, dilation, groups))


def conv3d_weight(input, weight_size, grad_output, stride=1, padding=0, dilation=1, groups=1) -> Tensor:
    """The gradient of `torch.nn.functional.conv3d` for its weight, of shape `weight_size`."""
    return _of_weight(F.conv3d, input, weight_size, grad_output, (stride, padding, dilation, groups))
