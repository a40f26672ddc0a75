"""The normalizations of ``torch.nn.functional``: the operations, and running statistics written in place."""

from __future__ import annotations

import math
from collections.abc import Sequence

from torchlike._function import function
from torchlike._ops.nn import normalization as ops
from torchlike._recorder.writes import write_together
from torchlike.tensor import Tensor

MAPPED = (
    "Batch norm got a batched tensor as input while the running_mean or running_var, which will be updated in place, were "
    "not batched.\nIf you are using a module and do not need eval mode, please set `track_running_stats` to be False.If you "
    "are using a prebuilt module and do not need eval mode, please see the functorch website for resources on how to patch "
    "your module to work with vmap"
)


def _put(*pairs: tuple[Tensor, Tensor]) -> None:
    """Give running statistics their new values; nothing of it is differentiated.

    Raises:
        RuntimeError: these are different for each row of a `vmap`.
    """
    for target, new in pairs:
        if new._value().is_abstract and not target._value().is_abstract:
            raise RuntimeError(MAPPED)
        target._check_writable()
    write_together([(target, new._value()) for target, new in pairs])


def _check_several(size: Sequence[int], count: int, words: str) -> None:
    if count == 1:
        raise ValueError(f"Expected more than 1 {words} when training, got input size {size}")


@function
def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Normalize the channels of ``(N, C, *)``.

    Args:
        running_mean, running_var: ``(C)``; used as they are, or moved towards the batch's by `momentum` in training.
        weight, bias: ``(C)``; applied afterwards.

    Raises:
        ValueError: in training, a channel has a single element, or `eps` is not positive.

    Example:
        >>> torch.nn.functional.batch_norm(torch.tensor([[1.0], [3.0]]), None, None, training=True)
        tensor([[-1.0000],
                [ 1.0000]])
    """
    if not training:
        if running_mean is None or running_var is None:
            missing = "running_mean" if running_mean is None else "running_var"
            raise RuntimeError(f"{missing} must be defined in evaluation mode")
        return ops.batch_norm(input, running_mean, running_var, weight, bias, eps)
    if eps <= 0.0:
        raise ValueError(f"batch_norm eps must be positive during training, but got {eps}")
    size = input.shape
    _check_several(size, input.numel() // size[1] if len(size) > 1 and size[1] else 0, "value per channel")
    if running_mean is None or running_var is None or not input.numel():
        return ops.batch_norm(input, None, None, weight, bias, eps)
    normed, mean, var = ops.batch_norm_with_update(input, running_mean, running_var, weight, bias, momentum, eps)
    _put((running_mean, mean), (running_var, var))
    return normed


@function
def instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Normalize each channel of each sample of ``(N, C, *)``.

    Args:
        running_mean, running_var: ``(C)``; moved towards the input's by `momentum` if `use_input_stats`, else used.

    Raises:
        ValueError: a channel of a sample has a single element.

    Example:
        >>> torch.nn.functional.instance_norm(torch.tensor([[[1.0, 3.0], [10.0, 30.0]]]))
        tensor([[[-1.0000,  1.0000],
                 [-1.0000,  1.0000]]])
    """
    if not use_input_stats:
        if running_mean is None or running_var is None:
            raise RuntimeError("Expected running_mean and running_var to be defined when use_input_stats is false")
        return ops.batch_norm(input, running_mean, running_var, weight, bias, eps)
    size, count = input.shape, 1
    for each in size[2:]:
        count *= each
    _check_several(size, count, "spatial element")
    if running_mean is None or running_var is None:
        return ops.instance_norm(input, weight, bias, eps)
    normed, mean, var = ops.instance_norm_with_update(input, running_mean, running_var, weight, bias, momentum, eps)
    _put((running_mean, mean), (running_var, var))
    return normed


@function
def group_norm(
    input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """Normalize groups of channels of each sample of ``(N, C, *)``.

    Raises:
        RuntimeError: the channels cannot be divided by `num_groups`.
        ValueError: a group of a sample has a single element.

    Example:
        >>> torch.nn.functional.group_norm(torch.tensor([[1.0, 3.0, 10.0, 30.0]]), 2)
        tensor([[-1.0000,  1.0000, -1.0000,  1.0000]])
    """
    size = input.shape
    if len(size) > 1 and num_groups > 0:
        grouped = [size[0] * size[1] // num_groups, num_groups, *size[2:]]
        _check_several(grouped, grouped[0] * math.prod(size[2:]), "value per channel")
    return ops.group_norm(input, num_groups, weight, bias, eps)
