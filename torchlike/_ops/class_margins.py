"""Losses of scores of classes that keep a margin, or take each class by itself."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from torchlike._dispatch import op
from torchlike._ops._nodes import by_reduction
from torchlike._ops._promote import Array, Number, as_dtype, matched_float, only
from torchlike._ops._values import is_outside, within
from torchlike._ops.losses import check_reduction, reduced
from torchlike._recorder.checks import Check
from torchlike._types.dtypes import scalar_name


def _check_rows(input: Array) -> None:
    if input.ndim > 2 or (input.ndim and not input.shape[-1]):
        raise RuntimeError(
            f"Expected non-empty vector or matrix with optional 0-dim batch size, but got: {list(input.shape)}"
        )


def _check_long(target: Array) -> None:
    if target.dtype != np.int64:
        raise RuntimeError(f"expected scalar type Long but found {scalar_name(target.dtype)}")


def _are_classes(input, target, *_, **__) -> list[Check]:
    return [within(target, input.shape[-1] if input.ndim else 1, RuntimeError("target out of range"))]


def _positive(terms: Array) -> Array:
    # NaN counts as nothing
    return jnp.where(terms > 0, terms, 0)


@op(module="torchlike.nn.functional", check=_are_classes)
def multi_margin_loss(
    input: Array,
    target: Array,
    p: int = 1,
    margin: Number = 1.0,
    weight: Array | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Array:
    """Mean over the other classes of ``max(0, margin - x[target] + x[class])^p``, ``(N, C)`` or ``(C)``.

    Raises:
        ValueError: `p` is neither 1 nor 2, or `weight` is not 1-d.
        RuntimeError: the input is no matrix or vector of classes, or the target's or weight's size does not fit.

    Example:
        >>> torch.nn.functional.multi_margin_loss(torch.tensor([[0.1, 0.8, 0.3]]), torch.tensor([1]))
        tensor(0.2667)
    """
    check_reduction(reduction)
    if p not in (1, 2):
        raise ValueError("only p == 1 and p == 2 supported")
    if weight is not None and weight.ndim != 1:
        raise ValueError("weight must be one-dimensional")
    _check_rows(input)
    single = input.ndim < 2
    rows = jnp.atleast_2d(input)
    if target.ndim > 1 or target.size != rows.shape[0]:
        raise RuntimeError(
            "multi_margin_loss: target tensor should be 1-D with size equal to the number of input samples (batch "
            f"size). Expected target size [{rows.shape[0]}], but got {list(target.shape)}. Input has shape "
            f"{list(input.shape)}."
        )
    if weight is not None and weight.size != rows.shape[1]:
        raise RuntimeError(f"inconsistent weight size, expected {rows.shape[1]} but got {list(weight.shape)}")
    _check_long(target)
    only("multi_margin_loss_cpu_kernel", input, 2)
    target = target.reshape(-1)
    chosen = jnp.take_along_axis(rows, target[:, None], 1)
    terms = _positive(as_dtype(margin, rows.dtype) - chosen + rows) ** p
    if weight is not None:
        terms = terms * weight[target][:, None]
    others = jnp.arange(rows.shape[1])[None] != target[:, None]
    elements = jnp.sum(jnp.where(others, terms, 0), 1) / rows.shape[1]
    return reduced(elements[0] if single and reduction == "none" else elements, reduction)


def _are_labels(input, target, *_) -> list[Check]:
    error = RuntimeError("argument #2 'target' is out of range")
    return [Check(_is_no_label, (target,), error, (input.shape[-1] if input.ndim else 1,))]


def _is_no_label(target, classes):
    return is_outside(target + 1, classes + 1)


@op(module="torchlike.nn.functional", check=_are_labels)
def multilabel_margin_loss(
    input: Array, target: Array, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
) -> Array:
    """Mean over labels and other classes of ``max(0, 1 - (x[label] - x[class]))``; labels end at the first -1.

    Raises:
        RuntimeError: the input is no matrix or vector of classes, or the target has another shape.

    Example:
        >>> torch.nn.functional.multilabel_margin_loss(torch.tensor([0.1, 0.8, 0.3]), torch.tensor([1, -1, 0]))
        tensor(0.2667)
    """
    check_reduction(reduction)
    _check_rows(input)
    if input.shape != target.shape:
        raise RuntimeError(f"inconsistent target size: {list(target.shape)} for input of size: {list(input.shape)}")
    _check_long(target)
    only("multilabel_margin_loss_forward_out_frame", input, 2)
    single = input.ndim < 2
    rows, labels = jnp.atleast_2d(input), jnp.atleast_2d(target)
    valid = jnp.cumprod(labels >= 0, 1).astype(bool)
    safe = jnp.where(valid, labels, 0)
    is_label = jnp.zeros(rows.shape, bool).at[jnp.arange(rows.shape[0])[:, None], safe].max(valid)
    scores = jnp.take_along_axis(rows, safe, 1)
    terms = _positive(1 - (scores[:, :, None] - rows[:, None, :]))
    counted = valid[:, :, None] & ~is_label[:, None, :]
    elements = jnp.sum(jnp.where(counted, terms, 0), (1, 2)) / rows.shape[1]
    return reduced(elements[0] if single and reduction == "none" else elements, reduction)


@op(module="torchlike.nn.functional", grad_name=by_reduction("DivBackward0"), stepwise=True)
def multilabel_soft_margin_loss(
    input: Array,
    target: Array,
    weight: Array | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Array:
    """Mean over classes of the cross entropy of ``sigmoid(input)`` and targets 0 and 1.

    Example:
        >>> torch.nn.functional.multilabel_soft_margin_loss(torch.tensor([[2.0, -1.0]]), torch.tensor([[1.0, 0.0]]))
        tensor(0.2201)
    """
    target, input = matched_float(target, input)
    terms = -(target * jax.nn.log_sigmoid(input) + (1 - target) * jax.nn.log_sigmoid(-input))
    if weight is not None:
        terms = terms * weight
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(reduction + " is not valid")
    return reduced(jnp.sum(terms, -1) / input.shape[-1], reduction)
