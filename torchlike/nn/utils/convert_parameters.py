"""Parameters as one vector, and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from torchlike._functions.naming import typename
from torchlike._ops.joining import cat
from torchlike.tensor import Tensor


def _on_one_device(parameters: Iterable[Tensor]) -> Iterator[Tensor]:
    first = None
    for each in parameters:
        first = each.device if first is None else first
        if each.device != first:
            raise TypeError("Found two parameters on different devices, this is currently not supported.")
        yield each


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """All parameters, flattened, one after another.

    Raises:
        TypeError: they are on different devices.
        RuntimeError: there are none, or one is not contiguous.
    """
    return cat([each.view(-1) for each in _on_one_device(parameters)])


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Give parameters the elements of a vector, shared, not copied.

    Raises:
        TypeError: `vec` is no tensor, or the parameters are on different devices.
        RuntimeError: it is too short.
    """
    if not isinstance(vec, Tensor):
        raise TypeError(f"expected torch.Tensor, but got: {typename(vec)}")
    begin = 0
    for each in _on_one_device(parameters):
        count = each.numel()
        each.data = vec[begin : begin + count].view_as(each).data
        begin += count


parameters_to_vector.__module__ = vector_to_parameters.__module__ = "torchlike.nn.utils"
