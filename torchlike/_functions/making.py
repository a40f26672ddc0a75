"""Tensors from Python and NumPy data: ``tensor``, ``as_tensor``, ``from_numpy``."""

from __future__ import annotations

import numpy as np

from torchlike._autograd.variable import TensorBase
from torchlike._recorder.recorder import value_of
from torchlike._recorder.storage import Storage
from torchlike._types import devices, dtypes


def array_of(data, dtype: dtypes.dtype | None = None) -> np.ndarray:
    """Python data as a NumPy array with the dtype that PyTorch infers.

    Raises:
        ValueError: nested sequences of unequal lengths.
        TypeError: something in it is no number.
    """
    if isinstance(data, TensorBase):
        array = data.detach()._value().numpy()
    elif isinstance(data, (np.ndarray, np.generic)):
        array = np.asarray(data)
        dtypes.of_numpy(array.dtype)
    else:
        array = _array_of_python(data)
        if dtype is None and array.dtype.kind in "fc" and not _has_own_dtype(data):
            default = dtypes.get_default_dtype()
            array = array.astype(default.to_complex().np if array.dtype.kind == "c" else default.np)
    return array if dtype is None else _cast(array, dtype)


def _cast(array: np.ndarray, dtype: dtypes.dtype) -> np.ndarray:
    with np.errstate(invalid="ignore", over="ignore"):
        return array.astype(dtype.np)


def _has_own_dtype(data) -> bool:
    """Whether nested data ends in tensors, arrays or NumPy numbers, whose dtype counts."""
    while isinstance(data, (list, tuple)) and data:
        data = data[0]
    return isinstance(data, (TensorBase, np.ndarray, np.generic))


def _array_of_python(data) -> np.ndarray:
    shape = _shape_of(data)
    flat: list = []
    _flatten(data, shape, 0, flat)
    if not flat:
        return np.zeros(shape, dtypes.get_default_dtype().np)
    try:
        array = np.asarray(flat)
    except (OverflowError, ValueError):
        raise RuntimeError("Overflow when unpacking long long") from None
    if array.dtype.kind not in "biufc" and array.dtype not in dtypes.BY_NUMPY:
        if array.dtype.kind == "O" and all(isinstance(each, int) for each in flat):
            raise RuntimeError("Overflow when unpacking long long")
        odd = next((each for each in flat if not isinstance(each, (bool, int, float, complex))), flat[0])
        if isinstance(odd, str) and not isinstance(data, str):
            raise ValueError(f"too many dimensions '{type(odd).__name__}'")
        raise TypeError(f"new(): invalid data type '{type(odd).__name__}'") if isinstance(data, str) else RuntimeError(
            f"Could not infer dtype of {type(odd).__name__}"
        )
    return array.reshape(shape)


def _is_sequence(data) -> bool:
    return isinstance(data, (list, tuple, range)) or (
        hasattr(data, "__len__") and hasattr(data, "__getitem__") and not isinstance(data, (str, bytes, dict))
        and getattr(data, "ndim", 1) != 0
    )


def _shape_of(data) -> tuple[int, ...]:
    shape = []
    while _is_sequence(data):
        if isinstance(data, (TensorBase, np.ndarray)):
            return (*shape, *data.shape)
        shape.append(len(data))
        if not len(data):
            break
        data = data[0]
    return tuple(shape)


def _flatten(data, shape: tuple[int, ...], dim: int, flat: list) -> None:
    if dim == len(shape):
        if _is_sequence(data):
            raise TypeError(
                f"expected number, got {type(data).__name__}"
            )
        flat.append(data.item() if isinstance(data, TensorBase) else data)
        return
    if not _is_sequence(data):
        raise ValueError(
            f"expected sequence of length {shape[dim]} at dim {dim} (got {type(data).__name__})"
        )
    if len(data) != shape[dim]:
        raise ValueError(f"expected sequence of length {shape[dim]} at dim {dim} (got {len(data)})")
    if isinstance(data, (TensorBase, np.ndarray)):
        flat.extend(np.asarray(data.detach()._value().numpy() if isinstance(data, TensorBase) else data).ravel())
        return
    for each in data:
        _flatten(each, shape, dim + 1, flat)


def tensor(data, *, dtype=None, device=None, requires_grad: bool = False, pin_memory: bool = False):
    """A tensor with a copy of the data.

    Args:
        data: numbers, nested lists of them, a NumPy array, a tensor.
        dtype: inferred from the data by default; Python floats get the default dtype.
        device: where it lives.
        requires_grad: whether it is a leaf to differentiate for.

    Raises:
        ValueError: nested sequences of unequal lengths.

    Example:
        >>> import torchlike as torch
        >>> torch.tensor([1, 2]).dtype
        torch.int64
    """
    made = wrapped(np.array(array_of(data, dtype)), device)
    return made.requires_grad_() if requires_grad else made


def wrapped(array: np.ndarray, device=None):
    """A tensor of a NumPy array that nobody else holds."""
    made = TensorBase._wrap(value_of(array))
    where = devices.resolve(device)
    return made if where is devices.CPU else made.to(where)


def from_numpy(ndarray: np.ndarray, /):
    """A tensor that shares its elements with a NumPy array: writing to one shows in the other.

    Raises:
        TypeError: it is no array, or of a dtype that tensors lack.
    """
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(ndarray).__name__})")
    dtypes.of_numpy(ndarray.dtype)
    if any(each < 0 for each in ndarray.strides):
        raise ValueError(
            "At least one stride in the given numpy array is negative, and tensors with negative strides are not "
            "currently supported. (You can probably work around this by making a copy of your array  with array.copy().) "
        )
    made = object.__new__(TensorBase._plain)
    made._storage = Storage.of_numpy(ndarray)
    return made


def as_tensor(data, dtype=None, device=None):
    """The data as a tensor, sharing its elements where dtype and device allow it."""
    if isinstance(data, TensorBase):
        return data.to(device=device, dtype=dtype)
    if isinstance(data, np.ndarray) and dtype in (None, dtypes.BY_NUMPY.get(data.dtype)):
        made = from_numpy(data)
        return made if device is None else made.to(device)
    return tensor(data, dtype=dtype, device=device)


for _public in (tensor, from_numpy, as_tensor):
    _public.__module__ = "torchlike"
