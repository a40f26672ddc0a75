"""Losses as ``torch`` itself has them: with a number for the reduction, 0 for none, 1 for the mean, 2 for the sum.

PyTorch declares the mean as their default, which its bindings read as 0; so there is none.
"""

from __future__ import annotations

from collections.abc import Sequence

from torchlike._function import function
from torchlike._ops import losses as ops
from torchlike.nn import _losses
from torchlike.tensor import Tensor

_kernel = function(module="torchlike")


def _named(reduction: int) -> str:
    return {1: "mean", 2: "sum"}.get(reduction, "none")


@_kernel
def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    pos_weight: Tensor | None = None,
    reduction: int = 0,
) -> Tensor:
    """See `torch.nn.functional.binary_cross_entropy_with_logits`.

    Example:
        >>> torch.binary_cross_entropy_with_logits(torch.tensor([3.0]), torch.tensor([1.0]))
        tensor([0.0486])
    """
    return ops.binary_cross_entropy_with_logits(input, target, weight, _named(reduction), pos_weight)


@_kernel
def cosine_embedding_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, reduction: int = 0
) -> Tensor:
    """See `torch.nn.functional.cosine_embedding_loss`.

    Example:
        >>> torch.cosine_embedding_loss(torch.eye(2), torch.ones(2, 2), torch.tensor([1, 1]), reduction=2)
        tensor(0.5858)
    """
    return ops.cosine_embedding_loss(input1, input2, target, margin, _named(reduction))


@_kernel
def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Tensor | Sequence[int],
    target_lengths: Tensor | Sequence[int],
    blank: int = 0,
    reduction: int = 0,
    zero_infinity: bool = False,
) -> Tensor:
    """See `torch.nn.functional.ctc_loss`.

    Example:
        >>> torch.ctc_loss(torch.log_softmax(torch.zeros(4, 1, 3), 2), torch.tensor([[1, 2]]), (4,), (2,))
        tensor([1.6864])
    """
    lengths = input_lengths, target_lengths
    return _losses.ctc_loss(log_probs, targets, *lengths, blank, _named(reduction), zero_infinity)


@_kernel
def hinge_embedding_loss(input: Tensor, target: Tensor, margin: float = 1.0, reduction: int = 0) -> Tensor:
    """See `torch.nn.functional.hinge_embedding_loss`.

    Example:
        >>> torch.hinge_embedding_loss(torch.tensor([0.2, 0.2]), torch.tensor([1, -1]), reduction=0)
        tensor([0.2000, 0.8000])
    """
    return ops.hinge_embedding_loss(input, target, margin, _named(reduction))


@_kernel
def kl_div(input: Tensor, target: Tensor, reduction: int = 0, *, log_target: bool = False) -> Tensor:
    """See `torch.nn.functional.kl_div`.

    Example:
        >>> torch.kl_div(torch.log(torch.tensor([[0.5, 0.5]])), torch.tensor([[0.9, 0.1]]), 2)
        tensor(0.3681)
    """
    return ops.kl_div(input, target, _named(reduction), log_target)


@_kernel
def margin_ranking_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, reduction: int = 0
) -> Tensor:
    """See `torch.nn.functional.margin_ranking_loss`.

    Example:
        >>> torch.margin_ranking_loss(torch.tensor([2.0]), torch.tensor([3.0]), torch.tensor([1]))
        tensor([1.])
    """
    return ops.margin_ranking_loss(input1, input2, target, margin, _named(reduction))


@_kernel
def poisson_nll_loss(input: Tensor, target: Tensor, log_input: bool, full: bool, eps: float, reduction: int) -> Tensor:
    """See `torch.nn.functional.poisson_nll_loss`.

    Example:
        >>> torch.poisson_nll_loss(torch.tensor([0.0, 1.0]), torch.tensor([1.0, 3.0]), True, False, 1e-8, 1)
        tensor(0.3591)
    """
    return ops.poisson_nll_loss(input, target, log_input, full, eps, _named(reduction))


@_kernel
def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-06,
    swap: bool = False,
    reduction: int = 0,
) -> Tensor:
    """See `torch.nn.functional.triplet_margin_loss`.

    Example:
        >>> torch.triplet_margin_loss(torch.zeros(1, 2), torch.ones(1, 2), 2 * torch.ones(1, 2))
        tensor([0.])
    """
    return ops.triplet_margin_loss(anchor, positive, negative, margin, p, eps, swap, _named(reduction))
