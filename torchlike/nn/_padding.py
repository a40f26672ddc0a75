"""Padding of ``torch.nn.functional``."""

from __future__ import annotations

from collections.abc import Sequence

from torchlike._function import function
from torchlike._ops.nn import padding as ops
from torchlike.tensor import Tensor


@function
def pad(input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Tensor:
    """Put elements before and after.

    Args:
        pad: (before, after) of the last dimension, then of the one before it, and so on; negative ones cut off.
        mode: ``"constant"``, ``"reflect"``, ``"replicate"`` (the nearest element) or ``"circular"``.
        value: of constant padding, 0 by default.

    Raises:
        ValueError: `value` is given for another mode.
        NotImplementedError: there is no such mode, or none for this number of dimensions.
        RuntimeError: sizes do not fit.

    Example:
        >>> torch.nn.functional.pad(torch.tensor([[1, 2]]), (1, 2))
        tensor([[0, 1, 2, 0, 0]])
        >>> torch.nn.functional.pad(torch.tensor([[1.0, 2.0, 3.0]]), (2, 0), mode="reflect")
        tensor([[3., 2., 1., 2., 3.]])
    """
    if mode == "constant":
        return ops.constant_pad(input, pad, 0 if value is None else value)
    if value is not None and value != 0:
        raise ValueError(f'Padding mode "{mode}" doesn\'t take in value argument')
    return ops.pad_with_own(input, pad, mode)
