"""Softmax over many classes, the rarer ones in clusters."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from torchlike._functions.selecting import where
from torchlike._ops.joining import cat
from torchlike.nn import functional as F
from torchlike.nn.modules.container import ModuleList, Sequential
from torchlike.nn.modules.linear import Linear
from torchlike.nn.modules.module import Module
from torchlike.tensor import Tensor


class _ASMoutput(NamedTuple):
    """The targets' log probabilities, and the loss: their mean with the other sign."""

    output: Tensor
    loss: Tensor


class AdaptiveLogSoftmaxWithLoss(Module):
    """The log softmax over many classes of which some are frequent: these have a weight each, the others share clusters.

    Args:
        in_features: the size of an input.
        n_classes: how many classes there are, the frequent ones first.
        cutoffs: where the clusters begin, in increasing order.
        div_value: how much smaller each cluster's inner size is than that of the one before.
        head_bias: whether what is before the clusters has a bias.

    Raises:
        ValueError: the cutoffs are none, or not in order between 1 and ``n_classes - 1``.

    Source: Grave et al., Efficient softmax approximation for GPUs, 2016.

    Example:
        >>> softmax = torch.nn.AdaptiveLogSoftmaxWithLoss(8, 10, [3, 6], div_value=2.0)
        >>> softmax.log_prob(torch.zeros(2, 8)).shape
        torch.Size([2, 10])
    """

    cutoffs: list[int]
    head: Linear
    tail: ModuleList

    def __init__(
        self,
        in_features: int,
        n_classes: int,
        cutoffs: Sequence[int],
        div_value: float = 4.0,
        head_bias: bool = False,
        device=None,
        dtype=None,
    ) -> None:
        super().__init__()
        cutoffs = list(cutoffs)
        if not cutoffs:
            raise ValueError("cutoffs should be a sequence of length larger than 0")
        in_order = cutoffs == sorted(set(cutoffs)) and all(int(each) == each for each in cutoffs)
        if not in_order or cutoffs[0] <= 0 or cutoffs[-1] > n_classes - 1:
            raise ValueError(
                "cutoffs should be a sequence of unique, positive integers sorted in an increasing order, where each value "
                "is between 1 and n_classes-1"
            )
        self.in_features, self.n_classes, self.cutoffs = in_features, n_classes, [*cutoffs, n_classes]
        self.div_value, self.head_bias = div_value, head_bias
        self.shortlist_size, self.n_clusters = cutoffs[0], len(cutoffs)
        self.head_size = self.shortlist_size + self.n_clusters
        self.head = Linear(in_features, self.head_size, bias=head_bias, device=device, dtype=dtype)
        self.tail = ModuleList()
        for place, (low, high) in enumerate(pairwise(self.cutoffs), 1):
            inner = int(in_features // div_value**place)
            first = Linear(in_features, inner, bias=False, device=device, dtype=dtype)
            self.tail.append(Sequential(first, Linear(inner, high - low, bias=False, device=device, dtype=dtype)))

    def reset_parameters(self) -> None:
        """Draw all weights anew."""
        self.head.reset_parameters()
        for first, second in self.tail:
            first.reset_parameters()
            second.reset_parameters()

    def forward(self, input_: Tensor, target_: Tensor) -> _ASMoutput:
        """``(N, in_features)`` and classes ``(N)``, or ``(in_features)`` and ``()``, to (``output``, ``loss``).

        The classes are looked at: clusters without any are left out, and their weights get no gradient.

        Raises:
            RuntimeError: shapes do not fit, or a class is not in ``[0, n_classes - 1]``.
        """
        _check_shapes(input_, target_)
        single = target_.dim() == 0
        input, target = (input_.unsqueeze(0), target_.unsqueeze(0)) if single else (input_, target_)
        values = target._value().numpy("classes are looked for in clusters")
        if ((values < 0) | (values >= self.n_classes)).any():
            raise RuntimeError(
                f"Target values should be in [0, {self.n_classes - 1}], but values in range [{values.min()}, "
                f"{values.max()}] were found. "
            )
        output, place = input.new_zeros(target.size(0)), target
        for number, (low, high) in enumerate(pairwise(self.cutoffs)):
            if not ((values >= low) & (values < high)).any():
                continue
            # all rows, whether they belong here or not: so that batches of all kinds are one program
            inside = (target >= low) & (target < high)
            place = where(inside, self.shortlist_size + number, place)
            log_prob = F.log_softmax(self.tail[number](input), dim=1)
            found = log_prob.gather(1, where(inside, target - low, 0).unsqueeze(1)).squeeze(1)
            output = output + where(inside, found, 0.0)
        log_prob = F.log_softmax(self.head(input), dim=1)
        output = output + log_prob.gather(1, place.unsqueeze(1)).squeeze(1)
        loss = (-output).mean()
        return _ASMoutput(output.squeeze(0) if single else output, loss)

    def _get_full_log_prob(self, input: Tensor, head_output: Tensor) -> Tensor:
        head = F.log_softmax(head_output, dim=1)
        parts = [head[:, : self.shortlist_size]]
        for number, cluster in enumerate(self.tail):
            own = F.log_softmax(cluster(input), dim=1)
            parts.append(own + head[:, self.shortlist_size + number].unsqueeze(1))
        return cat(parts, dim=1)

    def log_prob(self, input: Tensor) -> Tensor:
        """``(N, in_features)`` to the log probabilities of all classes, ``(N, n_classes)``."""
        return self._get_full_log_prob(input, self.head(input))

    def predict(self, input: Tensor) -> Tensor:
        """``(N, in_features)`` to the likeliest classes, ``(N)``: among all where a cluster is likelier than they are."""
        head = self.head(input)
        first = head.argmax(dim=1)
        return where(first < self.shortlist_size, first, self._get_full_log_prob(input, head).argmax(dim=1))


def _check_shapes(input: Tensor, target: Tensor) -> None:
    if target.dim() > 1:
        raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    if target.dim() == 1 and input.size(0) != target.size(0):
        raise RuntimeError("Input and target should have the same size in the batch dimension.")
    if input.dim() != target.dim() + 1:
        raise RuntimeError(
            f"{target.dim()}D target tensor expects {target.dim() + 1}D input tensors, but found inputs with size "
            f"{input.size()}"
        )
