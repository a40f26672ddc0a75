"""From a list of samples to a batch: tensors with one more dimension, in the structure that the samples have."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, MutableMapping, MutableSequence, Sequence
from typing import Any

import numpy as np

from torchlike._autograd.variable import TensorBase
from torchlike._functions.making import as_tensor, tensor
from torchlike._ops.joining import stack
from torchlike._programs.tracebacks import gate
from torchlike._types.dtypes import BY_NUMPY, float64
from torchlike.tensor import Tensor
from torchlike.utils.data._host import are_alike, stacked, tensor_of

CollateMap = dict[type | tuple[type, ...], Callable]
default_collate_err_msg_format = (
    "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {}"
)


def default_convert(data: Any):
    """The sample with tensors in place of NumPy arrays and numbers: what loaders do where they make no batches.

    Args:
        data: a sample, or mappings and sequences of them. Anything that is not NumPy's stays as it is.

    Example:
        >>> import numpy as np
        >>> default_convert([np.array([0, 1]), "a"])
        [tensor([0, 1]), 'a']
    """
    if isinstance(data, TensorBase):
        return data
    if type(data).__module__ == "numpy" and not isinstance(data, np.str_):
        if type(data) is np.ndarray and data.dtype.kind in "SaUO":
            return data
        return as_tensor(data)
    if isinstance(data, Mapping):
        return _like_mapping(data, {key: default_convert(data[key]) for key in data})
    if isinstance(data, Sequence) and not isinstance(data, (str, bytes)):
        return _like_sequence(data, [default_convert(each) for each in data])
    return data


def collate(batch: Any, *, collate_fn_map: CollateMap | None = None):
    """A batch from samples of one type, which may be mappings and sequences of others.

    Args:
        batch: the samples.
        collate_fn_map: for each type (or tuple of types) a function ``(batch, *, collate_fn_map)``. Subclasses follow
            their parents, in the order of the map.

    Raises:
        TypeError: there is no function for the samples' type.
        RuntimeError: sequences differ in length.
    """
    first = batch[0]
    collate_one = _function_for(first, collate_fn_map) if collate_fn_map is not None else None
    if collate_one is not None:
        return collate_one(batch, collate_fn_map=collate_fn_map)

    def collated(samples: Any):
        return collate(samples, collate_fn_map=collate_fn_map)

    if isinstance(first, Mapping):
        return _like_mapping(first, {key: collated([each[key] for each in batch]) for key in first})
    if isinstance(first, Sequence):
        is_named = isinstance(first, tuple) and hasattr(first, "_fields")
        if not is_named and any(len(each) != len(first) for each in batch):
            raise RuntimeError("each element in list of batch should be of equal size")
        return _like_sequence(first, [collated(samples) for samples in zip(*batch, strict=False)])
    raise TypeError(default_collate_err_msg_format.format(type(first)))


def _function_for(sample: Any, collate_fn_map: CollateMap) -> Callable | None:
    found = collate_fn_map.get(type(sample))
    if found is not None:
        return found
    return next((fn for kind, fn in collate_fn_map.items() if isinstance(sample, kind)), None)


def _like_mapping(data: Mapping, items: dict) -> Any:
    """The items in a mapping of the same type, with its other attributes; a dictionary where that cannot be."""
    try:
        if isinstance(data, MutableMapping):
            made = copy.copy(data)
            made.update(items)
            return made
        return type(data)(items)  # type: ignore[call-arg]
    except TypeError:
        return items


def _like_sequence(data: Sequence, items: list) -> Any:
    """The items in a sequence of the same type; a plain tuple becomes a list, as it always did."""
    if isinstance(data, tuple):
        return type(data)(*items) if hasattr(data, "_fields") else items
    try:
        if isinstance(data, MutableSequence):
            made = copy.copy(data)
            for place, each in enumerate(items):
                made[place] = each
            return made
        return type(data)(items)  # type: ignore[call-arg]
    except TypeError:
        return items


def collate_tensor_fn(batch: Any, *, collate_fn_map: CollateMap | None = None):
    """Tensors stacked.

    Raises:
        RuntimeError: their shapes differ.
    """
    # a program for each length of batch is worth it only where something is still to be computed
    array = stacked(batch)
    return stack(tuple(batch), 0) if array is None else tensor_of(array)


def collate_numpy_array_fn(batch: Any, *, collate_fn_map: CollateMap | None = None):
    """NumPy arrays stacked, as a tensor.

    Raises:
        TypeError: they hold no numbers.
        RuntimeError: their shapes differ.
    """
    first = batch[0]
    if first.dtype.kind in "SaUO":
        raise TypeError(default_collate_err_msg_format.format(first.dtype))
    plain = collate_fn_map is None or collate_fn_map.get(Tensor) is collate_tensor_fn
    if plain and first.dtype in BY_NUMPY and first.dtype.isnative and are_alike(batch):
        return tensor_of(np.stack(batch))
    return collate([as_tensor(each) for each in batch], collate_fn_map=collate_fn_map)


def collate_numpy_scalar_fn(batch: Any, *, collate_fn_map: CollateMap | None = None):
    """NumPy numbers as a tensor."""
    return as_tensor(batch)


def collate_float_fn(batch: Any, *, collate_fn_map: CollateMap | None = None):
    """Python floats as a float64 tensor."""
    return tensor(batch, dtype=float64)


def collate_int_fn(batch: Any, *, collate_fn_map: CollateMap | None = None):
    """Python integers, or bools, as a tensor."""
    return tensor(batch)


def collate_str_fn(batch: Any, *, collate_fn_map: CollateMap | None = None):
    """Strings and bytes as they are."""
    return batch


default_collate_fn_map: CollateMap = {
    Tensor: collate_tensor_fn,
    np.ndarray: collate_numpy_array_fn,
    (np.bool_, np.number, np.object_): collate_numpy_scalar_fn,
    float: collate_float_fn,
    int: collate_int_fn,
    str: collate_str_fn,
    bytes: collate_str_fn,
}


@gate
def default_collate(batch: Any):
    """A batch from samples: what loaders do by default.

    Tensors, NumPy arrays and numbers become tensors with one more dimension in front; Python floats become float64.
    Strings stay a list. Mappings, named tuples and sequences keep their structure, a plain tuple becomes a list.
    `torchlike.utils.data._utils.collate.default_collate_fn_map` can be given functions for further types.

    Args:
        batch: the samples.

    Raises:
        TypeError: they are of another type.
        RuntimeError: tensors differ in shape, or sequences in length.

    Example:
        >>> default_collate([{"x": 1, "y": "a"}, {"x": 2, "y": "b"}])
        {'x': tensor([1, 2]), 'y': ['a', 'b']}
    """
    return collate(batch, collate_fn_map=default_collate_fn_map)


for _public in (default_collate, default_convert):
    _public.__module__ = "torchlike.utils.data"
