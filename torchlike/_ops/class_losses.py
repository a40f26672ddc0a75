"""Losses of scores or log probabilities of classes, and target classes."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from torchlike._dispatch import op
from torchlike._ops._nodes import of_cross_entropy, of_nll
from torchlike._ops._promote import Array, Positive, as_dtype, known, only, rank
from torchlike._ops._values import is_outside, wide
from torchlike._ops.losses import reduced
from torchlike._recorder.checks import Check
from torchlike._types.dtypes import scalar_name


def _are_classes(input, target, weight=None, ignore_index=-100, *_, **__) -> list[Check]:
    """Targets must be classes."""
    if rank(target.dtype) != 1:
        return []  # probabilities
    classes = input.shape[1 if input.ndim > 1 else 0]
    said = lambda found: IndexError(f"Target {found.element} is out of bounds.")
    if isinstance(ignore_index, int):
        return [Check(_is_no_class, (target,), said, (ignore_index, classes))]
    return [Check(_is_no_class, (target, ignore_index), said, (classes,))]


def _is_no_class(target, ignored, classes):
    outside = is_outside(target, classes)
    if type(outside) is np.ndarray and not np.count_nonzero(outside):  # the usual case, in half the time
        return outside
    return outside & (wide(target) != ignored)


def _check_classes(input: Array, target: Array, weight: Array | None) -> None:
    if not input.ndim:
        raise RuntimeError("Expected 1 or more dimensions (got 0)")
    found = target.shape[0] if target.ndim else 0
    if input.ndim > 1 and input.shape[0] != found:
        raise ValueError(f"Expected input batch_size ({input.shape[0]}) to match target batch_size ({found}).")
    if input.ndim == 1 and target.ndim == 1 and found != 1:
        raise ValueError(f"For 1D input, 1D target must have size 1, but got target size: {found}")
    _check_places(input, target)
    if target.dtype not in (np.int64, np.uint8):
        raise RuntimeError(f"expected target dtype to be Long or Byte, but got {scalar_name(target.dtype)}")
    _check_class_weight(input, weight)


def _check_places(input: Array, target: Array) -> None:
    """Whether there is one target for each sample and place."""
    if input.ndim < 3:
        if target.ndim > 1:
            raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
        return
    wanted = [input.shape[0], *input.shape[2:]]
    if list(target.shape) == wanted:
        return
    if input.ndim != 4:
        raise RuntimeError(f"Expected target size {wanted}, got {list(target.shape)}")
    if target.ndim != 3:
        raise RuntimeError(
            f"only batches of spatial targets supported (3D tensors) but got targets of dimension: {target.ndim}"
        )
    raise RuntimeError(f"size mismatch (got input: {list(input.shape)} , target: {list(target.shape)}")


def _check_class_weight(input: Array, weight: Array | None, name: str = "") -> None:
    if weight is None:
        return
    classes = input.shape[1 if input.ndim > 1 else 0]
    if weight.shape != (classes,):
        text = name + f"weight tensor should be defined either for all {classes} classes or no classes"
        if input.ndim == 4 and not name:
            raise RuntimeError("weight tensor should be defined either for all or no classes")
        raise RuntimeError(f"{text} but got weight tensor of shape: {list(weight.shape)}")
    if weight.dtype != input.dtype:
        raise RuntimeError(f"expected scalar type {scalar_name(input.dtype)} but found {scalar_name(weight.dtype)}")


def _nll(logs: Array, target: Array, weight: Array | None, reduction: str, ignore_index: Positive) -> Array:
    """Negative log likelihood with classes in dimension 1 (0 for a single sample)."""
    target = target.reshape(()) if logs.ndim == 1 else target
    axis = 1 if logs.ndim > 1 else 0
    kept = target != ignore_index
    # a comparison fuses with its neighbours and has a derivative that does; a gather's is a scatter, a loop on the CPU
    places = jax.lax.broadcasted_iota(target.dtype, logs.shape, axis)
    chosen = -jnp.sum(jnp.where(places == jnp.expand_dims(target, axis), logs, 0), axis)
    factor = jnp.ones((), logs.dtype)
    if weight is not None:
        factor = as_dtype(weight, logs.dtype)[jnp.where(kept, target, 0)]
    elements = jnp.where(kept, chosen * factor, 0)
    if reduction != "mean":
        return reduced(elements, reduction)
    return jnp.sum(elements) / jnp.sum(jnp.where(kept, factor, 0).astype(logs.dtype))


@op(module="torchlike.nn.functional", check=_are_classes, grad_name=of_nll)
def nll_loss(
    input: Array,
    target: Array,
    weight: Array | None = None,
    size_average: bool | None = None,
    ignore_index: Positive = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Array:
    """Negative log likelihood of the target classes.

    Args:
        input: log probabilities, ``(N, C)``, ``(C)`` or ``(N, C, d1, ...)``.
        target: classes, ``(N)``, ``()`` or ``(N, d1, ...)``.
        weight: of each class, ``(C)``; the mean is weighted by it.
        ignore_index: a target that counts for nothing.

    Raises:
        ValueError: the batches differ in size.

    Example:
        >>> torch.nn.functional.nll_loss(torch.tensor([[-1.0, -0.5], [-0.1, -2.0]]), torch.tensor([1, 0]))
        tensor(0.3000)
    """
    _check_classes(input, target, weight)
    only("nll_loss_out_frame", input, 2)
    return _nll(input, target, weight, reduction, ignore_index)


def _refuse_much_smoothing(*args, **named) -> None:
    smooths = named.get("label_smoothing", args[5] if len(args) > 5 else 0)
    if isinstance(smooths, (int, float)) and not 0 <= smooths <= 1:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {smooths}")


@op(module="torchlike.nn.functional", check=_are_classes, guard=_refuse_much_smoothing, grad_name=of_cross_entropy)
def cross_entropy(
    input: Array,
    target: Array,
    weight: Array | None = None,
    size_average: bool | None = None,
    ignore_index: Positive = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: Positive = 0.0,
) -> Array:
    """Cross entropy of unnormalised scores and target classes, or target probabilities.

    Args:
        input: scores, ``(N, C)``, ``(C)`` or ``(N, C, d1, ...)``.
        target: classes as integers, or probabilities with the shape of `input`.
        weight: of each class, ``(C)``.
        ignore_index: a target class that counts for nothing.
        label_smoothing: how much of the target is spread over all classes, 0 to 1.

    Raises:
        RuntimeError: `label_smoothing` is out of its range.
        ValueError: the batches differ in size.

    Source: Szegedy et al., Rethinking the Inception Architecture for Computer Vision, 2015, for the smoothing.

    Example:
        >>> torch.nn.functional.cross_entropy(torch.tensor([[2.0, 0.0], [0.0, 5.0]]), torch.tensor([0, 1]))
        tensor(0.0668)
    """
    smooths = known(label_smoothing)
    axis = 1 if input.ndim > 1 else 0
    only("log_softmax_lastdim_kernel_impl", input, 2)
    logs = jax.nn.log_softmax(input, axis)
    classes = input.shape[axis]
    shape = [-1 if place == axis else 1 for place in range(input.ndim)]
    if target.shape == input.shape:
        if rank(target.dtype) != 2:
            raise RuntimeError(
                f"Expected floating point type for target with class probabilities, got {scalar_name(target.dtype)}"
            )
        if known(ignore_index) >= 0:
            raise RuntimeError("ignore_index is not supported for floating point target")
        _check_class_weight(input, weight, "cross_entropy: ")
        target = target * (1 - label_smoothing) + label_smoothing / classes if smooths else target
        terms = target * logs if weight is None else target * logs * as_dtype(weight, logs.dtype).reshape(shape)
        elements = -jnp.sum(terms, axis)
        return reduced(elements, reduction)
    _check_classes(input, target, weight)
    plain = _nll(logs, target, weight, reduction, ignore_index)
    if not smooths:
        return plain
    weights = jnp.ones(classes, logs.dtype) if weight is None else as_dtype(weight, logs.dtype)
    kept = target != ignore_index
    spread = jnp.where(kept, -jnp.sum(logs * weights.reshape(shape), axis), 0)
    if reduction == "mean":
        counted = (
            jnp.sum(jnp.where(kept, weights[jnp.where(kept, target, 0)], 0)) if weight is not None else jnp.sum(kept)
        )
        spread = jnp.sum(spread) / counted.astype(logs.dtype)
    else:
        spread = reduced(spread, reduction)
    return (1 - label_smoothing) * plain + label_smoothing / classes * spread
