"""Connectionist temporal classification."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from torchlike._dispatch import op
from torchlike._ops._nodes import by_reduction
from torchlike._ops._promote import Array
from torchlike._ops._values import is_outside
from torchlike._ops.losses import reduced
from torchlike._recorder.checks import Check, Found


def _lengths_fit(log_probs, targets, input_lengths, target_lengths, *_, **__) -> list[Check]:
    """Lengths must not be negative, nor greater than what there is."""
    steps, longest = log_probs.shape[0], targets.shape[-1] if targets.ndim else 1
    said = lambda text: RuntimeError(f"Expected {text} (while checking arguments for ctc_loss_allocate_outputs)")
    size = "tensor to have size {} at dimension {}, but got size " + str(longest) + " for argument #2 'targets'"
    negative = lambda found: said(f"target_lengths to have value at least 0, but got value {found.element}")
    if targets.ndim == 1 and log_probs.ndim == 3:
        there = Check(_sum_is_not, (target_lengths,), lambda found: said(size.format(found.code - 1, 0)), (longest,))
    else:
        there = Check(
            _most_above, (target_lengths,), lambda found: said(size.format(f"at least {found.code}", 1)), (longest,)
        )

    def unfit(found: Found) -> Exception:
        bound = "least 0" if found.element < 0 else f"most {steps}"
        return said(f"input_lengths to have value at {bound}, but got value {found.element}")

    below = Check(is_outside, (target_lengths,), negative, (2**62,))
    return [below, there, Check(is_outside, (input_lengths,), unfit, (steps + 1,))]


def _most_above(lengths, size):
    return lengths.max() * (lengths.max() > size)


def _sum_is_not(lengths, size):
    return (lengths.sum() + 1) * (lengths.sum() != size)


@op(
    module="torchlike.nn.functional",
    check=_lengths_fit,
    grad_name=by_reduction(lambda call: "WhereBackward0" if call["zero_infinity"] else "CtcLossBackward0"),
)
def ctc_loss(
    log_probs: Array,
    targets: Array,
    input_lengths: Array,
    target_lengths: Array,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Array:
    """Connectionist temporal classification: minus the log probability of all alignments of the targets.

    Args:
        log_probs: log probabilities ``(T, N, C)`` or ``(T, C)``.
        targets: labels ``(N, S)``, padded, or all of them in one row.
        input_lengths: time steps of each sequence, ``(N)``.
        target_lengths: labels of each sequence, ``(N)``.
        blank: the label that stands for none.
        reduction: ``"mean"`` divides each loss by its number of labels first.
        zero_infinity: count impossible alignments as 0.

    The derivative is that for the scores which `log_softmax` made the log probabilities of, as in PyTorch: its
    own derivative leaves such a one as it is.

    Source: Graves et al., Connectionist Temporal Classification, 2006.
    """
    single = log_probs.ndim == 2
    logs = log_probs[:, None] if single else log_probs
    input_lengths, target_lengths = jnp.atleast_1d(input_lengths), jnp.atleast_1d(target_lengths)
    steps, batch, _ = logs.shape
    if targets.ndim == 1 and not single:
        starts = jnp.cumsum(target_lengths) - target_lengths
        longest = targets.shape[0]
        places = jnp.clip(starts[:, None] + jnp.arange(longest)[None], 0, max(longest - 1, 0))
        labels = targets[places]
    else:
        labels = jnp.atleast_2d(targets)
    losses = _ctc(logs, labels, input_lengths, target_lengths, blank)
    counted = jnp.arange(steps)[:, None] < input_lengths
    losses = losses + jnp.sum(jnp.where(counted, _slope_of_normalizing(logs), 0), 0)
    losses = jnp.where(jnp.isinf(losses), 0, losses) if zero_infinity else losses
    if reduction == "mean":
        return jnp.mean(losses / jnp.maximum(target_lengths, 1).astype(losses.dtype))
    return reduced(losses[0] if single and reduction == "none" else losses, reduction)


@jax.custom_jvp
def _slope_of_normalizing(logs: Array) -> Array:
    """Zeros, with the derivative of the sum of the probabilities over the last dimension."""
    return jnp.zeros(logs.shape[:-1], logs.dtype)


@_slope_of_normalizing.defjvp
def _slope_of_normalizing_jvp(primals, tangents):
    return _slope_of_normalizing(*primals), jnp.sum(jnp.exp(primals[0]) * tangents[0], -1)


def _ctc(logs: Array, labels: Array, input_lengths: Array, target_lengths: Array, blank: int) -> Array:
    """The loss of each sequence, by the forward recursion over labels with blanks between them."""
    batch, longest = labels.shape
    states = 2 * longest + 1
    low = jnp.asarray(-1e30, logs.dtype)  # a finite stand-in for log 0 keeps the derivative finite
    extended = jnp.full((batch, states), blank).at[:, 1::2].set(labels)
    before = jnp.pad(extended, ((0, 0), (2, 0)), constant_values=-1)[:, :states]
    skips = (extended != blank) & (extended != before)

    def scores(step):
        return jnp.take_along_axis(step, extended, 1)

    first = jnp.where(jnp.arange(states)[None] < 2, scores(logs[0]), low)

    def advance(alpha, given):
        place, step = given
        one = jnp.pad(alpha, ((0, 0), (1, 0)), constant_values=low)[:, :states]
        two = jnp.where(skips, jnp.pad(alpha, ((0, 0), (2, 0)), constant_values=low)[:, :states], low)
        new = jnp.maximum(jax.nn.logsumexp(jnp.stack([alpha, one, two]), 0) + scores(step), low)
        return jnp.where((place < input_lengths)[:, None], new, alpha), None

    alpha, _ = jax.lax.scan(advance, first, (jnp.arange(1, logs.shape[0]), logs[1:]))
    last = 2 * target_lengths[:, None]
    ends = jnp.take_along_axis(alpha, jnp.concatenate([last, jnp.maximum(last - 1, 0)], 1), 1)
    ends = ends.at[:, 1].set(jnp.where(target_lengths > 0, ends[:, 1], low))
    total = jax.nn.logsumexp(ends, 1)
    return jnp.where(total < low / 2, jnp.inf, -total)
