"""Tensors whose elements are in the host's memory already: batches of them need no program."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from torchlike._autograd.variable import TensorBase
from torchlike._recorder.recorder import value_of
from torchlike.tensor import Tensor


def known_array(tensor: Any) -> np.ndarray | None:
    """The elements of a tensor, not to be written to nor kept; None if they are elsewhere or still to be computed.

    A tensor that tracks gradients has none either: what is made of it must track them, too.
    """
    if not isinstance(tensor, Tensor) or tensor._tracked_edge is not None:
        return None
    storage, view = tensor._storage, tensor._view
    host = storage.host
    if view is not None and host is None and tensor._seen == storage.version:
        return cast(Any, tensor._cached).known
    if host is None:
        host = storage.value and storage.value.known
        if host is None:
            return None
    if view is None:
        return host
    if host.dtype != tensor._aval.dtype.np or not host.flags.c_contiguous:
        return None
    # read where they lie: nothing need be recorded, nor all of a large array be copied
    shape, strides, offset = view.layout
    size = host.itemsize
    return np.ndarray(shape, host.dtype, host.reshape(-1).view(np.uint8), offset * size, [s * size for s in strides])


def stacked(tensors: Sequence[Tensor]) -> np.ndarray | None:
    """The elements of tensors of one shape and one dtype, one after the other; None as of `known_array`."""
    arrays = []
    for tensor in tensors:
        array = known_array(tensor)
        if array is None:
            return None
        arrays.append(array)
    return np.stack(arrays) if are_alike(arrays) else None


def are_alike(arrays: Any) -> bool:
    """Whether all are arrays of one shape and one dtype."""
    shape, dtype = arrays[0].shape, arrays[0].dtype
    return all([isinstance(each, np.ndarray) and each.shape == shape and each.dtype == dtype for each in arrays])


def tensor_of(array: np.ndarray):
    """A tensor of the CPU, whatever the default device, with an array that nobody else holds."""
    return TensorBase._wrap(value_of(array))


def rows(tensor: Tensor, indices: list[int]):
    """A new tensor with the slices at some positions of the first dimension: of samples, the stack.

    Raises:
        IndexError: there is no such position.
    """
    array = known_array(tensor)
    if array is None and not tensor.requires_grad:
        tensor._value().compute("a loader reads a dataset")
        array = known_array(tensor)
    if array is None:
        return tensor[indices]
    try:
        return tensor_of(np.take(array, indices, axis=0))
    except IndexError:
        size = tensor.size(0)
        wrong = next(each for each in indices if not -size <= each < size)
        return tensor[wrong]  # says it as reading that sample does


def numbers(tensor: Any) -> list:
    """A tensor's elements as Python numbers."""
    return tensor.tolist()
