"""Tensors whose elements are in the host's memory already: batches of them need no program."""

from __future__ import annotations

from typing import Any

import numpy as np

from torchlike._autograd.variable import TensorBase
from torchlike._recorder.recorder import value_of
from torchlike.tensor import Tensor


def known_array(tensor: Any) -> np.ndarray | None:
    """The elements of a tensor, not to be written to nor kept; None if they are elsewhere or still to be computed.

    A tensor that tracks gradients has none either: what is made of it must track them, too.
    """
    if not isinstance(tensor, Tensor) or tensor.requires_grad or not tensor.is_cpu:
        return None
    storage = tensor._storage
    host = storage.host
    if host is not None:
        return _viewed(host, tensor)
    value = tensor._value()
    return None if value.array is None else np.asarray(value.array)


def _viewed(host: np.ndarray, tensor) -> np.ndarray | None:
    """The part of a user's array that a tensor shows: reading it as a value would copy all of the array."""
    if tensor._view is None:
        return host
    if not host.flags.c_contiguous:
        return None
    layout = tensor._layout
    start = host.reshape(-1)[layout.offset :]
    strides = [each * host.itemsize for each in layout.strides]
    return np.lib.stride_tricks.as_strided(start, layout.shape, strides, writeable=False)


def tensor_of(array: np.ndarray):
    """A tensor of the CPU, whatever the default device, with an array that nobody else holds."""
    return TensorBase._wrap(value_of(array))


def rows(tensor, indices: list[int]):
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
