"""The cross entropy of what a linear map gives."""

from __future__ import annotations

import math

from torchlike._function import function
from torchlike._ops.class_losses import cross_entropy
from torchlike._ops.nn.linear import linear
from torchlike._programs import explain
from torchlike._types.dtypes import int64
from torchlike.nn._chunking import LinearCrossEntropyOptions
from torchlike.tensor import Tensor

_REDUCTIONS = ("mean", "sum", "none")


def _check(input: Tensor, weight: Tensor, bias: Tensor | None) -> None:
    if input.dim() not in (1, 2):
        raise RuntimeError(f"expected input with dimensionality 1 or 2, got {input.dim()}")
    if weight.dim() < 2:
        raise RuntimeError(f"expected linear_weight with dimensionality at least 2, got {weight.dim()}")
    if input.shape[-1] != weight.shape[-1]:
        raise RuntimeError(
            "expected equal input and linear_weight last dimensions (in_features), got "
            f"{input.shape[-1]} and {weight.shape[-1]}, respectively"
        )
    outputs = tuple(weight.shape[:-1])
    if bias is not None and tuple(bias.shape) != outputs:
        raise RuntimeError(f"expected linear_bias shape {outputs}, got {tuple(bias.shape)}")
    if len(outputs) > 1 and input.dim() == 1:
        raise RuntimeError(
            f"K-dimensional loss defined by linear_weight shape {tuple(weight.shape)} requires batched input, "
            f"(N, {input.shape[-1]}), got unbatched input with shape {tuple(input.shape)}"
        )


@function
def linear_cross_entropy(
    input: Tensor,
    linear_weight: Tensor,
    target: Tensor,
    *,
    linear_bias: Tensor | None = None,
    weight: Tensor | None = None,
    reduction: str = "mean",
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
    options: LinearCrossEntropyOptions | None = None,
) -> Tensor:
    """The cross entropy of ``input @ linear_weight.T + linear_bias``.

    Args:
        input: ``(N, in_features)`` or ``(in_features)``.
        linear_weight: ``(C, *, in_features)``.
        target: classes ``(N, *)``, or probabilities ``(N, C, *)``.
        linear_bias: ``(C, *)``.
        weight: of each class, ``(C)``.
        reduction: ``"none"``, ``"mean"`` or ``"sum"``.
        ignore_index: a class that does not count; -100 by default.
        label_smoothing: how much of the probability is shared by all classes.
        options: settings of PyTorch's kernel that works in chunks.

    Raises:
        RuntimeError: shapes do not fit, or there are probabilities and an `ignore_index`.

    Example:
        >>> input, weight = torch.tensor([[1.0, 0.0]]), torch.tensor([[2.0, 1.0], [0.0, 1.0]])
        >>> torch.nn.functional.linear_cross_entropy(input, weight, torch.tensor([0]))
        tensor(0.1269)
    """
    _check(input, linear_weight, linear_bias)
    classes, *others = linear_weight.shape[:-1]
    shape = *input.shape[:-1], classes, *others
    if ignore_index is not None and tuple(target.shape) == shape:
        raise RuntimeError("ignore_index cannot be specified when target contains probabilities")
    dtype = input.dtype
    if options is not None:
        wide = _width(input, linear_weight, linear_bias, target, reduction, label_smoothing, options)
        if wide is not None and wide is not dtype:
            input, linear_weight = input.to(wide), linear_weight.to(wide)
            linear_bias, weight = (each if each is None else each.to(wide) for each in (linear_bias, weight))
    if others:
        linear_weight = linear_weight.reshape(math.prod(others, start=classes), linear_weight.shape[-1])
        linear_bias = None if linear_bias is None else linear_bias.reshape(-1)
    logits = linear(input, linear_weight, linear_bias).reshape(shape)
    ignored = -100 if ignore_index is None else ignore_index
    loss = cross_entropy(
        logits, target, weight, ignore_index=ignored, reduction=reduction, label_smoothing=label_smoothing
    )
    return loss if loss.dtype is dtype else loss.to(dtype)


def _width(
    input: Tensor,
    linear_weight: Tensor,
    linear_bias: Tensor | None,
    target: Tensor,
    reduction: str,
    label_smoothing: float,
    options: LinearCrossEntropyOptions,
):
    """The dtype in which the kernel with chunks computes; None where that kernel is none for such arguments."""
    others = tuple(linear_weight.shape[1:-1])
    if others or reduction not in _REDUCTIONS or label_smoothing != 0.0 or target.dtype is not int64:
        shape = None if linear_bias is None else tuple(linear_bias.shape)
        explain.warn(
            "linear_cross_entropy: ``options`` ignored; chunked path needs reduction in {'mean','sum','none'}, "
            "label_smoothing == 0, target.dtype == int64, out_features == (). Got "
            f"reduction={reduction!r}, label_smoothing={label_smoothing}, target.dtype={target.dtype}, "
            f"out_features={others}, tracing=False, linear_bias.shape={shape}."
        )
        return None
    batch = input.shape[0] if input.dim() == 2 else 1
    return options._adjust(batch, input.shape[-1], linear_weight.shape[0], input.dtype, input.device).acc_dtype
