"""The losses of ``torch.nn.functional`` that look at values or warn before they are operations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from torchlike._autograd.variable import TensorBase
from torchlike._function import function
from torchlike._functions import making
from torchlike._ops import ctc, losses
from torchlike._ops.nn.distance import pairwise_distance
from torchlike._programs import explain
from torchlike.nn._calls import of_layers

if TYPE_CHECKING:
    from torchlike.tensor import Tensor

_kl_div = of_layers(losses.kl_div)


@function
def kl_div(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Tensor:
    """Kullback-Leibler divergence ``target * (log(target) - input)`` from log probabilities `input`.

    Args:
        reduction: ``"batchmean"``, the divergence proper, divides the sum by the batch's size.
        log_target: whether `target` is a logarithm, too.

    Example:
        >>> log_q = torch.log(torch.tensor([[0.5, 0.5]]))
        >>> torch.nn.functional.kl_div(log_q, torch.tensor([[0.9, 0.1]]), reduction="sum")
        tensor(0.3681)
    """
    if reduction == "mean" and size_average is None and reduce is None:
        explain.warn(
            "reduction: 'mean' divides the total loss by both the batch size and the support size."
            "'batchmean' divides only by the batch size, and aligns with the KL div math definition."
            "'mean' will be changed to behave the same as 'batchmean' in the next major release."
        )
    return _kl_div(input, target, size_average, reduce, reduction, log_target)


@function
def gaussian_nll_loss(
    input: Tensor, target: Tensor, var: Tensor | float, full: bool = False, eps: float = 1e-6, reduction: str = "mean"
) -> Tensor:
    """Negative log likelihood of a normal distribution with mean `input` and variance `var`.

    Args:
        var: variances of the shape of `input`, or with one dimension of size 1, or without the last; or one number.

    Raises:
        ValueError: `var` has a negative entry or a wrong size, or `reduction` is unknown.

    Example:
        >>> torch.nn.functional.gaussian_nll_loss(torch.tensor([0.0]), torch.tensor([2.0]), torch.tensor([4.0]))
        tensor(1.1931)
    """
    if not isinstance(var, TensorBase):
        if var < 0:
            raise ValueError("var has negative entry/entries")
        var = making.tensor(float(var), dtype=input.dtype).expand(input.shape)
    elif (var < 0).any():
        raise ValueError("var has negative entry/entries")
    if var.shape != input.shape:
        if input.shape[:-1] == var.shape:
            var = var.unsqueeze(-1)
        elif input.dim() != var.dim() or sum(b for a, b in zip(input.shape, var.shape, strict=True) if a != b) != 1:
            raise ValueError("var is of incorrect size")
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(reduction + " is not valid")
    return losses.gaussian_nll_loss(input, target, var, full=full, eps=eps, reduction=reduction)


@function
def triplet_margin_with_distance_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """A triplet loss with a distance function of the user's own; the Euclidean distance by default.

    Raises:
        ValueError: `reduction` is unknown, or `margin` is not positive.
        RuntimeError: the numbers of dimensions differ.

    Example:
        >>> anchor, near, far = torch.zeros(1, 2), torch.ones(1, 2), torch.full((1, 2), 2.0)
        >>> torch.nn.functional.triplet_margin_with_distance_loss(anchor, near, far, margin=2.0)
        tensor(0.5858)
    """
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    losses.check_triplet(anchor, positive, negative, margin)
    distance = pairwise_distance if distance_function is None else distance_function
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = far.minimum(distance(positive, negative))
    elements = (margin + near - far).clamp(min=0)
    return elements if reduction == "none" else elements.mean() if reduction == "mean" else elements.sum()


@function
def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Tensor | Sequence[int],
    target_lengths: Tensor | Sequence[int],
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Tensor:
    """Connectionist temporal classification; see `CTCLoss`.

    Args:
        input_lengths: time steps of each sequence, a tensor or a tuple of ints.
        target_lengths: labels of each sequence, likewise.

    Source: Graves et al., Connectionist Temporal Classification, 2006.

    Example:
        >>> log_probs = torch.log_softmax(torch.zeros(4, 1, 3), 2)
        >>> torch.nn.functional.ctc_loss(log_probs, torch.tensor([[1, 2]]), torch.tensor([4]), torch.tensor([2]))
        tensor(0.8432)
    """
    lengths = [making.as_tensor(each) for each in (input_lengths, target_lengths)]
    batch = log_probs.shape[1] if log_probs.dim() == 3 else 1
    for name, each in zip(("input_lengths", "target_lengths"), lengths, strict=True):
        if each.numel() != batch:
            raise RuntimeError(f"{name} must be of size batch_size")
    return ctc.ctc_loss(log_probs, targets, *lengths, blank, reduction, zero_infinity)
