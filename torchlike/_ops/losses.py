"""Losses. Each reduces its elements with ``reduction``: ``"none"``, ``"mean"`` or ``"sum"``."""

from __future__ import annotations

import math
import warnings

import jax
import jax.numpy as jnp
import numpy as np

from torchlike._dispatch import op
from torchlike._ops._derivatives import derived
from torchlike._ops._nodes import by_reduction, of_kl
from torchlike._ops._promote import (
    Array,
    Number,
    Positive,
    as_dtype,
    floating,
    magnitude,
    matched,
    matched_float,
    only,
    promoted,
    promoted_float,
    rank,
)
from torchlike._ops._values import has_no_fraction, is_negative
from torchlike._ops.arithmetic import refuse_bools
from torchlike._ops.bounds import no_less
from torchlike._ops.reductions import mean, vector_norm_of
from torchlike._ops.reductions import sum as total
from torchlike._recorder.checks import Check
from torchlike._types.dtypes import c_name, scalar_name


def check_reduction(reduction: str) -> None:
    """Whether this names a reduction.

    Raises:
        ValueError: it does not.
    """
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")


def reduced(elements: Array, reduction: str) -> Array:
    """The elements themselves, their mean or their sum.

    Raises:
        ValueError: `reduction` is none of these.
    """
    check_reduction(reduction)
    if reduction == "none":
        return elements
    return (mean if reduction == "mean" else total).op.body(elements)


def _warn_of_sizes(input, target, *_, **__) -> None:
    """PyTorch's warning where prediction and target are broadcast, at each call."""
    if input._aval.shape != target._aval.shape:
        warnings.warn(
            f"Using a target size ({target.shape}) that is different to the input size ({input.shape}). This will "
            "likely lead to incorrect results due to broadcasting. Please ensure they have the same size.",
            UserWarning,
            stacklevel=4,
        )


@op(module="torchlike.nn.functional", grad_name=by_reduction("AbsBackward0"), guard=_warn_of_sizes)
def l1_loss(
    input: Array,
    target: Array,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Array | None = None,
) -> Array:
    """Absolute difference ``|input - target|``.

    Example:
        >>> torch.nn.functional.l1_loss(torch.tensor([1.0, 5.0]), torch.tensor([2.0, 2.0]))
        tensor(2.)
    """
    refuse_bools(input, target)
    input, target = matched(input, target)
    return _weighted(magnitude(input - target), weight, reduction)


@op(
    module="torchlike.nn.functional",
    grad_name=lambda call: "MseLossBackward0" if call["weight"] is None else by_reduction("MulBackward0")(call),
    guard=_warn_of_sizes,
)
def mse_loss(
    input: Array,
    target: Array,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Array | None = None,
) -> Array:
    """Squared difference ``(input - target)^2``.

    Example:
        >>> torch.nn.functional.mse_loss(torch.tensor([1.0, 5.0]), torch.tensor([2.0, 2.0]))
        tensor(5.)
    """
    input, target = matched(input, target)
    only("mse_cpu", input, 2)
    return _weighted(_squared(input - target), weight, reduction)


@derived(lambda along, square, x: 2 * along * x)
def _squared(x):
    return jnp.square(x)


def _weighted(elements: Array, weight: Array | None, reduction: str) -> Array:
    if weight is None:
        return reduced(elements, reduction)
    weight = as_dtype(weight, elements.dtype)
    if reduction == "mean":
        return jnp.sum(elements * weight) / jnp.sum(jnp.broadcast_to(weight, elements.shape))
    return reduced(elements * weight, reduction)


def _beta_is_positive(input, target, reduction="mean", beta=None) -> list[Check]:
    error = RuntimeError("smooth_l1_loss does not support negative values for beta.")
    return [] if beta is None else [Check(is_negative, (beta,), error)]


@op(module="torchlike.nn.functional", guard=_warn_of_sizes, check=_beta_is_positive)
def smooth_l1_loss(
    input: Array,
    target: Array,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: Number = 1.0,
) -> Array:
    """Squared difference below `beta`, absolute above: ``d^2 / (2 beta)`` or ``d - beta / 2``.

    Raises:
        RuntimeError: `beta` is negative.

    Source: Girshick, Fast R-CNN, 2015.

    Example:
        >>> torch.nn.functional.smooth_l1_loss(torch.tensor([1.5, 5.0]), torch.tensor([2.0, 2.0]), reduction="none")
        tensor([0.1250, 2.5000])
    """
    input, target = matched(input, target)
    only("smooth_l1_cpu", input, 2)
    beta = as_dtype(beta, input.dtype)
    return reduced(_smooth(input - target, beta), reduction)


def _bent(along, slope, x, bend):
    """The slope of a parabola that goes on as a straight line from `bend`: there `slope`, within ``x`` of it."""
    return along * jnp.where(x <= -bend, -slope, jnp.where(x >= bend, slope, x * (slope / bend)))


@derived(lambda along, value, x, beta: _bent(along, jnp.ones_like(beta), x, beta), None)
def _smooth(x, beta):
    distance = jnp.abs(x)
    return jnp.where(distance < beta, 0.5 * x * x / beta, distance - beta / 2)


def _is_not_positive(number):
    return number <= 0


def _delta_is_positive(input, target, reduction="mean", delta=None, weight=None) -> list[Check]:
    error = RuntimeError("huber_loss does not support non-positive values for delta.")
    return [] if delta is None else [Check(_is_not_positive, (delta,), error)]


@op(module="torchlike.nn.functional", guard=_warn_of_sizes, check=_delta_is_positive)
def huber_loss(
    input: Array, target: Array, reduction: str = "mean", delta: Number = 1.0, weight: Array | None = None
) -> Array:
    """Half the squared difference below `delta`, ``delta (d - delta / 2)`` above.

    Raises:
        RuntimeError: `delta` is not positive.

    Source: Huber, Robust Estimation of a Location Parameter, 1964.

    Example:
        >>> torch.nn.functional.huber_loss(torch.tensor([1.5, 5.0]), torch.tensor([2.0, 2.0]), delta=2, reduction="none")
        tensor([0.1250, 4.0000])
    """
    input, target = matched(input, target)
    delta = as_dtype(delta, input.dtype)
    return _weighted(_huber(input - target, delta), weight, reduction)


@derived(lambda along, value, x, delta: _bent(along, delta, x, delta), None)
def _huber(x, delta):
    distance = jnp.abs(x)
    return jnp.where(distance < delta, 0.5 * x * x, delta * (distance - delta / 2))


# ---------------------------------------------------------------------- probabilities


def _are_probabilities(input, target, *_, **__) -> list[Check]:
    said = "all elements of {} should be between 0 and 1"
    named = (("input", input), ("target", target))
    return [Check(has_no_fraction, (each,), RuntimeError(said.format(name))) for name, each in named]


@op(module="torchlike.nn.functional", check=_are_probabilities)
def binary_cross_entropy(
    input: Array,
    target: Array,
    weight: Array | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Array:
    """Cross entropy of probabilities and targets in ``[0, 1]``; logarithms stop at -100.

    Raises:
        ValueError: the shapes differ.

    Example:
        >>> torch.nn.functional.binary_cross_entropy(torch.tensor([0.9, 0.2]), torch.tensor([1.0, 0.0]))
        tensor(0.1643)
    """
    if input.shape != target.shape:
        raise ValueError(
            f"Using a target size (torch.Size({list(target.shape)})) that is different to the input size "
            f"(torch.Size({list(input.shape)})) is deprecated. Please ensure they have the same size."
        )
    if input.dtype != target.dtype:
        raise RuntimeError(f"Found dtype {scalar_name(target.dtype)} but expected {scalar_name(input.dtype)}")
    return _weighted_sum(_binary_entropy(input, target), weight, reduction)


@derived(
    lambda along, entropy, input, target: along * ((input - target) / jnp.maximum((1 - input) * input, 1e-12)),
    lambda along, entropy, input, target: along * (jnp.log1p(-input) - jnp.log(input)),
)
def _binary_entropy(input: Array, target: Array) -> Array:
    log = jnp.maximum(jnp.log(input), -100.0)
    log_rest = jnp.maximum(jnp.log1p(-input), -100.0)
    return (target - 1) * log_rest - target * log


def _weighted_sum(elements: Array, weight: Array | None, reduction: str) -> Array:
    """Reduce weighted elements; the mean divides by their number, not by the weights."""
    return reduced(elements if weight is None else elements * as_dtype(weight, elements.dtype), reduction)


@op(module="torchlike.nn.functional", stepwise=True)
def binary_cross_entropy_with_logits(
    input: Array,
    target: Array,
    weight: Array | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Array | None = None,
) -> Array:
    """Cross entropy of ``sigmoid(input)`` and targets in ``[0, 1]``, without overflow.

    Args:
        pos_weight: of the positive targets, broadcast over the last dimensions.

    Raises:
        ValueError: the shapes differ.

    Example:
        >>> torch.nn.functional.binary_cross_entropy_with_logits(torch.tensor([3.0]), torch.tensor([1.0]))
        tensor(0.0486)
    """
    if input.shape != target.shape:
        raise ValueError(
            f"Target size (torch.Size({list(target.shape)})) must be the same as input size "
            f"(torch.Size({list(input.shape)}))"
        )
    input, target = promoted_float(input, target)
    slope = 1 if pos_weight is None else 1 + (as_dtype(pos_weight, input.dtype) - 1) * target
    elements = (1 - target) * input - slope * jax.nn.log_sigmoid(input)
    return _weighted_sum(elements, weight, reduction)


@op(module="torchlike.nn.functional", grad_name=of_kl)
def kl_div(
    input: Array,
    target: Array,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Array:
    """Kullback-Leibler divergence ``target * (log(target) - input)`` from log probabilities `input`.

    Args:
        reduction: ``"batchmean"`` divides the sum by the size of dimension 0; ``"mean"`` by the number of elements.
        log_target: whether `target` is a logarithm, too.
    """
    input, target = promoted(input, target)
    if log_target:
        elements = jnp.exp(target) * (target - input)
    else:
        elements = jax.scipy.special.xlogy(target, target) - target * input
    if reduction == "batchmean":
        return jnp.sum(elements) / (input.shape[0] if input.ndim else 1)
    return reduced(elements, reduction)


@op(
    module="torchlike.nn.functional",
    grad_name=by_reduction(lambda call: "AddBackward0" if call["full"] else "MulBackward0"),
    stepwise=True,
)
def gaussian_nll_loss(
    input: Array, target: Array, var: Array, full: bool = False, eps: Number = 1e-6, reduction: str = "mean"
) -> Array:
    """Negative log likelihood of a normal distribution with mean `input` and variance `var` (at least `eps`)."""
    if rank(var.dtype) < 2:
        raise RuntimeError(f"result type Float can't be cast to the desired output type {c_name(var.dtype)}")
    input, target = matched(input, target)
    var = var + jax.lax.stop_gradient(jnp.maximum(var, eps) - var)
    elements = 0.5 * (jnp.log(var) + jnp.square(input - target) / var)
    return reduced(elements + 0.5 * math.log(2 * math.pi) if full else elements, reduction)


@op(
    module="torchlike.nn.functional",
    grad_name=by_reduction(lambda call: "AddBackward0" if call["full"] else "SubBackward0"),
    stepwise=True,
)
def poisson_nll_loss(
    input: Array,
    target: Array,
    log_input: bool = True,
    full: bool = False,
    size_average: bool | None = None,
    eps: Number = 1e-8,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Array:
    """Negative log likelihood of a Poisson distribution with rate `input`, or ``exp(input)`` for `log_input`.

    Args:
        full: add Stirling's approximation of ``log(target!)``.

    Raises:
        ValueError: `reduction` is unknown.

    Example:
        >>> torch.nn.functional.poisson_nll_loss(torch.tensor([0.0, 1.0]), torch.tensor([1.0, 3.0]))
        tensor(0.3591)
    """
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    if not log_input:
        refuse_bools(input, floating(target))
    target, input = matched_float(target, input)
    elements = jnp.exp(input) - target * input if log_input else input - target * jnp.log(input + eps)
    if full:
        stirling = target * jnp.log(target) - target + 0.5 * jnp.log(2 * np.pi * target)
        elements = elements + jnp.where(target <= 1, 0, stirling)
    return reduced(elements, reduction)


# ---------------------------------------------------------------------- margins


def _above_zero(elements: Array) -> Array:
    return no_less(elements, jnp.zeros_like(elements))


@op(module="torchlike.nn.functional", grad_name=by_reduction("AddBackward0"))
def hinge_embedding_loss(
    input: Array,
    target: Array,
    margin: Number = 1.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Array:
    """``input`` where the target is 1, ``max(0, margin - input)`` where it is -1.

    Example:
        >>> torch.nn.functional.hinge_embedding_loss(torch.tensor([0.2, 0.2]), torch.tensor([1, -1]), reduction="none")
        tensor([0.2000, 0.8000])
    """
    target, input = matched(target, floating(input))
    margin = as_dtype(margin, input.dtype)
    elements = jnp.where(target != 1, _above_zero(margin - input), 0) + jnp.where(target != -1, input, 0)
    return reduced(elements, reduction)


@op(module="torchlike.nn.functional", grad_name=by_reduction("ClampMinBackward0"))
def margin_ranking_loss(
    input1: Array,
    input2: Array,
    target: Array,
    margin: Number = 0.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Array:
    """``max(0, -target * (input1 - input2) + margin)``: `input1` ranks higher where the target is 1.

    Raises:
        RuntimeError: the numbers of dimensions differ.

    Example:
        >>> torch.nn.functional.margin_ranking_loss(torch.tensor([2.0]), torch.tensor([3.0]), torch.tensor([1]))
        tensor(1.)
    """
    if not input1.ndim == input2.ndim == target.ndim:
        raise RuntimeError(
            "margin_ranking_loss : All input tensors should have same dimension but got sizes: "
            f"input1: torch.Size({list(input1.shape)}), input2: torch.Size({list(input2.shape)}), "
            f"target: torch.Size({list(target.shape)}) "
        )
    refuse_bools(input1, input2)
    ranked, target = matched_float(jnp.subtract(*matched(input1, input2)), target)
    return reduced(_above_zero(-target * ranked + as_dtype(margin, ranked.dtype)), reduction)


@op(module="torchlike.nn.functional", stepwise=True, order=("input",))
def soft_margin_loss(
    input: Array, target: Array, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
) -> Array:
    """``log(1 + exp(-target * input))`` for targets 1 and -1.

    Example:
        >>> torch.nn.functional.soft_margin_loss(torch.tensor([2.0, 2.0]), torch.tensor([1, -1]), reduction="none")
        tensor([0.1269, 2.1269])
    """
    input, target = matched(input, target)
    return reduced(jnp.log1p(jnp.exp(-target * input)), reduction)


@op(module="torchlike.nn.functional", grad_name=by_reduction("AddBackward0"), stepwise=True)
def cosine_embedding_loss(
    input1: Array,
    input2: Array,
    target: Array,
    margin: Number = 0.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Array:
    """``1 - cos`` of the angle where the target is 1, ``max(0, cos - margin)`` where it is -1.

    Example:
        >>> torch.nn.functional.cosine_embedding_loss(torch.eye(2), torch.ones(2, 2), torch.tensor([1, 1]))
        tensor(0.2929)
    """
    if target.ndim not in (0, 1):
        raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    if input1.ndim != target.ndim + 1 or input2.ndim != target.ndim + 1:
        kind = f"{target.ndim}D target tensor expects {target.ndim + 1}D input tensors, but found inputs with sizes"
        raise RuntimeError(f"{kind} {list(input1.shape)} and {list(input2.shape)}.")
    input1, input2 = matched_float(input1, input2)
    margin, tiny = as_dtype(margin, input1.dtype), 1e-12
    product = jnp.sum(input1 * input2, -1)
    norms = (jnp.sum(input1 * input1, -1) + tiny) * (jnp.sum(input2 * input2, -1) + tiny)
    cosine = product / jnp.sqrt(norms)
    elements = jnp.where(target == 1, 1 - cosine, 0) + jnp.where(target == -1, _above_zero(cosine - margin), 0)
    return reduced(elements, reduction)


def check_triplet(anchor, positive, negative, margin) -> None:
    """Whether these can be compared.

    Raises:
        ValueError: `margin` is not positive.
        RuntimeError: the numbers of dimensions differ.
    """
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    if not anchor.ndim == positive.ndim == negative.ndim:
        raise RuntimeError(
            "The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: "
            f"anchor {anchor.ndim}D, positive {positive.ndim}D, and negative {negative.ndim}D inputs"
        )


def _guard_triplet(anchor, positive, negative, margin=1.0, *rest, **named) -> None:
    check_triplet(anchor, positive, negative, margin)


@op(module="torchlike.nn.functional", grad_name=by_reduction("ClampMinBackward0"), guard=_guard_triplet)
def triplet_margin_loss(
    anchor: Array,
    positive: Array,
    negative: Array,
    margin: Number = 1.0,
    p: Positive = 2.0,
    eps: Number = 1e-6,
    swap: bool = False,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Array:
    """``max(0, d(anchor, positive) - d(anchor, negative) + margin)`` with the `p`-norm distance.

    Args:
        swap: use the negative's distance from the positive where that is less.

    Raises:
        ValueError: `margin` is not positive.
        RuntimeError: the numbers of dimensions differ.

    Source: Balntas et al., Learning local feature descriptors with triplets, 2016.

    Example:
        >>> torch.nn.functional.triplet_margin_loss(torch.zeros(1, 2), torch.ones(1, 2), 2 * torch.ones(1, 2))
        tensor(0.)
    """
    far = _distance(anchor, negative, p, eps)
    if swap:
        far = jnp.minimum(far, _distance(positive, negative, p, eps))
    return reduced(_above_zero(as_dtype(margin, far.dtype) + _distance(anchor, positive, p, eps) - far), reduction)


def _distance(left: Array, right: Array, p: Positive, eps: Number) -> Array:
    """The p-norm of ``left - right + eps`` over the last dimension."""
    refuse_bools(left, right)
    left, right = matched_float(left, right)
    return vector_norm_of(left - right + eps, p, (left.ndim - 1,), False)
