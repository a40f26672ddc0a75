"""Parameters as one vector, and back."""

from __future__ import annotations

from collections.abc import Iterable

from torchlike._ops.joining import cat
from torchlike.tensor import Tensor


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """All parameters, flattened, one after another."""
    return cat([each.reshape(-1) for each in parameters])


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Give parameters the elements of a vector.

    Raises:
        TypeError: `vec` is no tensor.
    """
    if not isinstance(vec, Tensor):
        raise TypeError(f"expected torch.Tensor, but got: {type(vec).__name__}")
    begin = 0
    for each in parameters:
        count = each.numel()
        each.data = vec[begin : begin + count].view_as(each).data
        begin += count


parameters_to_vector.__module__ = vector_to_parameters.__module__ = "torchlike.nn.utils"
