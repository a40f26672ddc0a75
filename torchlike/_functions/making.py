"""Tensors from Python and NumPy data: ``tensor``, ``as_tensor``, ``from_numpy`` and their kin."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import jax
import numpy as np
from numpy.lib.stride_tricks import as_strided

from torchlike import _strides as strides
from torchlike._autograd.variable import TensorBase
from torchlike._function import function
from torchlike._programs import explain
from torchlike._programs.settings import ours
from torchlike._recorder.recorder import value_of
from torchlike._recorder.storage import Storage
from torchlike._recorder.view import Layout, Place
from torchlike._signatures.parser import OVERFLOW, type_name
from torchlike._types import devices, dtypes
from torchlike._types.numbers import to_integers

if TYPE_CHECKING:
    from torchlike.tensor import Tensor
    from torchlike.types import Device

COPY_CONSTRUCT = (
    "To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or "
    "sourceTensor.detach().clone().requires_grad_(True), rather than {}(sourceTensor)."
)
LIST_OF_ARRAYS = (
    "Creating a tensor from a list of numpy.ndarrays is extremely slow. Please consider converting the list to a "
    "single numpy.ndarray with numpy.array() before converting to a tensor."
)
NOT_WRITABLE = (
    "The given buffer is not writable, and PyTorch does not support non-writable tensors. This means you can write to "
    "the underlying (supposedly non-writable) buffer using the tensor. You may want to copy the buffer to protect its "
    "data or make it writable before converting it to a tensor. This type of warning will be suppressed for the rest "
    "of this program."
)
NEGATIVE_STRIDE = (
    "At least one stride in the given numpy array is negative, and tensors with negative strides are not currently "
    "supported. (You can probably work around this by making a copy of your array  with array.copy().) "
)
_PLAIN = {float, int, bool}


# ---------------------------------------------------------------------- Python data as arrays


def array_of(data: Any, dtype: dtypes.dtype | None = None) -> np.ndarray:
    """Python data as a NumPy array with the dtype that PyTorch infers.

    Raises:
        ValueError: nested sequences of unequal lengths, or an integer too large.
        TypeError: something in it is no number.
        RuntimeError: a number does not fit the dtype.
    """
    if dtype is None and (type(data) is float or type(data) is bool):
        return np.array(data, None if data is True or data is False else dtypes.get_default_dtype().np)
    if isinstance(data, TensorBase):
        array = data.detach()._value().numpy()
    elif isinstance(data, (np.ndarray, np.generic)):
        array = _checked_array(np.asarray(data))
    else:
        return _array_of_python(data, dtype)
    return array if dtype is None else cast(array, dtype)


def cast(array: np.ndarray, dtype: dtypes.dtype) -> np.ndarray:
    """The array in another dtype, as PyTorch casts."""
    with np.errstate(invalid="ignore", over="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if array.dtype.kind == "c" and dtype.rank in (1, 2):
            array = array.real
        if array.dtype.kind == "f" and dtype.rank == 1:
            return to_integers(np.asarray(array, np.promote_types(array.dtype, np.float32)), dtype.np, np.where)
        return array.astype(dtype.np)


def _checked_array(array: np.ndarray) -> np.ndarray:
    dtypes.of_numpy(array.dtype)
    if not array.dtype.isnative:
        raise ValueError(
            "given numpy array has byte order different from the native byte order. Conversion between byte orders is "
            "currently not supported."
        )
    if any(each < 0 for each in array.strides):
        raise ValueError(NEGATIVE_STRIDE)
    return array


def _array_of_python(data: Any, dtype: dtypes.dtype | None) -> np.ndarray:
    if not isinstance(data, (list, tuple)):
        data = list(data) if _is_sequence(data) else data
    elif data and isinstance(data[0], np.ndarray):
        explain.warn(LIST_OF_ARRAYS)
    types: set = set()
    shape = _shape_of(data)
    try:
        _collect_types(data, len(shape), types)
        if not types <= _ALLOWED:
            raise TypeError
        array = np.asarray(data)
    except (TypeError, ValueError, OverflowError):
        array = None
    if array is None or array.dtype.kind not in "biufc" or array.shape != shape:
        return _array_by_element(data, shape, dtype)
    if dtype is None:
        if array.dtype.kind == "u" and types <= _PLAIN:
            raise ValueError(OVERFLOW)
        dtype = _inferred(array, types)
    return _fitted(array, dtype)


_ALLOWED = {
    float,
    int,
    bool,
    complex,
    np.float16,
    np.float32,
    np.float64,
    np.int8,
    np.int16,
    np.int32,
    np.int64,
    np.uint8,
    np.bool_,
    np.complex64,
    np.complex128,
}


def _collect_types(data: Any, depth: int, types: set) -> None:
    if depth > 1:
        for each in data:
            _collect_types(each, depth - 1, types)
    elif depth:
        types.update(map(type, data))
    else:
        types.add(type(data))


def _inferred(array: np.ndarray, types: set) -> dtypes.dtype:
    """The dtype of Python numbers (the default one for floats), promoted with those of NumPy's."""
    if array.dtype.kind in "bi" and array.size:
        return dtypes.BY_NUMPY[array.dtype]
    default = dtypes.get_default_dtype()
    found = default.np if not array.size or float in types or complex in types else None
    if complex in types:
        found = default.to_complex().np
    for each in types:
        if issubclass(each, np.generic):
            found = np.dtype(each) if found is None else np.promote_types(found, np.dtype(each))
    return dtypes.BY_NUMPY[np.dtype(found)]


def _fitted(array: np.ndarray, dtype: dtypes.dtype) -> np.ndarray:
    """Numbers in a dtype.

    Raises:
        RuntimeError: one does not fit an integer dtype.
        TypeError: one is complex and the dtype is not.
    """
    if array.dtype == dtype.np or not array.size:
        return array.astype(dtype.np)
    if array.dtype.kind == "c" and not dtype.is_complex:
        raise TypeError("must be real number, not complex")
    if dtype.rank == 1 and array.dtype.kind in "iuf":
        limits = np.iinfo(dtype.np)
        # negative integers wrap
        least = limits.min if dtype.is_signed or array.dtype.kind == "f" else -int(limits.max)
        # a comparison is false for NaN
        if not (float(array.min()) >= least and float(array.max()) <= limits.max):
            raise RuntimeError(f"value cannot be converted to type {dtype.name} without overflow")
    return cast(array, dtype)


def _is_sequence(data: Any) -> bool:
    if isinstance(data, (list, tuple, range)):
        return True
    return (
        hasattr(data, "__len__")
        and hasattr(data, "__getitem__")
        and not isinstance(data, (str, bytes, dict, TensorBase))
        and getattr(data, "ndim", 1) != 0
    )


def _shape_of(data: Any) -> tuple[int, ...]:
    shape = []
    while _is_sequence(data):
        shape.append(len(data))
        if not len(data):
            break
        data = data[0]
    return tuple(shape)


def _array_by_element(data: Any, shape: tuple[int, ...], dtype: dtypes.dtype | None) -> np.ndarray:
    """Data with tensors or arrays in it, or with a mistake."""
    if isinstance(data, (str, bytes)):
        raise TypeError(f"new(): invalid data type '{type(data).__name__}'")
    flat: list = []
    _flatten(data, shape, 0, flat)
    if dtype is None:
        dtype = _common_dtype(flat)
    numbers = [each.item() if isinstance(each, (TensorBase, np.ndarray, np.generic)) else each for each in flat]
    if any(isinstance(each, complex) for each in numbers) and not dtype.is_complex:
        raise TypeError("must be real number, not complex")
    try:
        array = np.asarray(numbers)
    except OverflowError:
        array = np.asarray(numbers, object)
    if array.dtype.kind not in "biufc" and numbers:
        if dtype.rank < 2:
            raise ValueError(OVERFLOW)
        array = np.asarray([float(each) for each in numbers])
    return _fitted(array, dtype).reshape(shape)


def _promoted(one: np.dtype, other: np.dtype) -> np.dtype:
    with ours():
        return np.dtype(jax.numpy.promote_types(one, other))


def _common_dtype(flat: list) -> dtypes.dtype:
    if not flat:
        return dtypes.get_default_dtype()
    found = None
    for each in flat:
        if isinstance(each, (str, bytes)) and found is not None:
            raise TypeError(f"new(): invalid data type '{type(each).__name__}'")
        own = _dtype_of(each).np
        found = own if found is None or found == own else _promoted(found, own)
    return dtypes.BY_NUMPY[np.dtype(found)]


def _dtype_of(each: Any) -> dtypes.dtype:
    """The dtype of one element.

    Raises:
        RuntimeError: it is no number.
        ValueError: it is a string, or an integer too large.
    """
    if isinstance(each, TensorBase):
        return each._aval.dtype
    if isinstance(each, (np.generic, np.ndarray)):
        return dtypes.of_numpy(each.dtype)
    if isinstance(each, (str, bytes)):
        raise ValueError(f"too many dimensions '{type(each).__name__}'")
    if not isinstance(each, (bool, int, float, complex)):
        raise RuntimeError(f"Could not infer dtype of {type_name(each)}")
    if isinstance(each, int) and not -(2**63) <= each < 2**63:
        raise ValueError(OVERFLOW)
    return dtype_of_number(each)


def dtype_of_number(value: Any) -> dtypes.dtype:
    """The dtype that a Python number gets."""
    if isinstance(value, (bool, np.bool_)):
        return dtypes.bool_
    if isinstance(value, (int, np.integer)):
        return dtypes.int64
    default = dtypes.get_default_dtype()
    return default.to_complex() if isinstance(value, (complex, np.complexfloating)) else default


def _flatten(data: Any, shape: tuple[int, ...], dim: int, flat: list) -> None:
    if dim == len(shape):
        if _is_sequence(data):
            kind = next((type(each) for each in flat), int)
            if issubclass(kind, float):
                raise TypeError(f"must be real number, not {type(data).__name__}")
            raise TypeError(f"'{type(data).__name__}' object cannot be interpreted as an integer")
        if isinstance(data, TensorBase) and data._aval.numel != 1:
            raise ValueError("only one element tensors can be converted to Python scalars")
        flat.append(data)
        return
    if not _is_sequence(data):
        raise TypeError("not a sequence")
    if len(data) != shape[dim] and 0 not in shape:
        raise ValueError(f"expected sequence of length {shape[dim]} at dim {dim} (got {len(data)})")
    if 0 not in shape:
        for each in data:
            _flatten(each, shape, dim + 1, flat)


# ---------------------------------------------------------------------- tensors


@function(of_modes=True)
def tensor(
    data: Any,
    *,
    dtype: dtypes.dtype | None = None,
    device: Device = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """A tensor with a copy of the data.

    Args:
        data: numbers, nested lists of them, a NumPy array, a tensor.
        dtype: inferred from the data by default; Python floats get the default dtype.
        device: where it lives.
        requires_grad: whether it is a leaf to differentiate for.

    Raises:
        ValueError: nested sequences of unequal lengths.

    Example:
        >>> torch.tensor([1, 2]).dtype
        torch.int64
    """
    if isinstance(data, TensorBase):
        explain.warn(COPY_CONSTRUCT.format("torch.tensor"))
        device = data.device if device is None else device
    array = np.array(array_of(data, dtypes.resolve(dtype, "tensor")))
    if requires_grad and array.dtype.kind in "biu":
        raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")
    made = lying_as(wrapped(array, device), data)
    return made.requires_grad_() if requires_grad else made


def lying_as(made: Tensor, data: Any):
    """A tensor that was just made of a tensor or an array, its elements in that order in memory."""
    layout = _layout_of(data)
    if layout is not None:
        strides.put(made, strides.preserved(layout))
    return made


def _layout_of(data: Any) -> Layout | None:
    """Where the elements of a tensor or an array lie, unless in order."""
    if isinstance(data, TensorBase):
        return None if data._view is None else data._layout
    if not isinstance(data, np.ndarray) or data.flags.c_contiguous:
        return None
    return Layout(data.shape, tuple([each // data.itemsize for each in data.strides]))


def wrapped(array: np.ndarray, device: Device = None):
    """A tensor of a NumPy array that nobody else holds."""
    made = TensorBase._wrap(value_of(array))
    if device is None and not devices._context:
        return made
    where = devices.resolve(device)
    return made if where is devices.CPU else made.to(where)


def unmade(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """An array that takes no memory: for its kind alone, where there are no elements."""
    return np.broadcast_to(np.zeros((), dtype), shape)


@function(of_modes=True)
def from_numpy(ndarray: np.ndarray) -> Tensor:
    """A tensor that shares its elements with a NumPy array: writing to one shows in the other.

    Raises:
        TypeError: it is no array, or of a dtype that tensors lack.
        ValueError: it has negative strides or foreign byte order.

    Example:
        >>> import numpy as np
        >>> array = np.zeros(2)
        >>> x = torch.from_numpy(array)
        >>> array[0] = 5
        >>> x
        tensor([5., 0.], dtype=torch.float64)
    """
    if not isinstance(ndarray, np.ndarray):
        name = type(ndarray).__name__
        module = type(ndarray).__module__
        raise TypeError(f"expected np.ndarray (got {name if module == 'builtins' else f'{module}.{name}'})")
    _checked_array(ndarray)
    if not ndarray.flags.writeable:
        explain.warn(NOT_WRITABLE.replace("buffer", "NumPy array"))
        return wrapped(np.array(ndarray))
    if ndarray.flags.c_contiguous:
        made = object.__new__(TensorBase._plain)
        made._storage = Storage.of_numpy(ndarray)
        return made
    if any(each % ndarray.itemsize for each in ndarray.strides):
        raise ValueError(
            "given numpy array strides not a multiple of the element byte size. Copy the numpy array to reallocate the "
            "memory."
        )
    layout = _layout_of(ndarray)
    # its memory as it lies, with what is in the gaps
    flat = (
        ndarray.transpose(layout.order).reshape(-1)
        if layout.is_dense
        else as_strided(ndarray, (layout.end,), (ndarray.itemsize,))
    )
    return TensorBase._at(Storage.of_numpy(flat), Place(layout, dtypes.of_numpy(ndarray.dtype)))


@function(of_modes=True)
def as_tensor(data: Any, dtype: dtypes.dtype | None = None, device: Device = None) -> Tensor:
    """The data as a tensor, sharing its elements where dtype and device allow it.

    Example:
        >>> torch.as_tensor([1, 2.5])
        tensor([1.0000, 2.5000])
    """
    dtype = dtypes.resolve(dtype, "as_tensor")
    if isinstance(data, TensorBase):
        return data.to(device=device, dtype=dtype)
    if isinstance(data, np.ndarray) and dtype in (None, dtypes.BY_NUMPY.get(data.dtype)) and data.flags.writeable:
        made = from_numpy(data)
        return made if device is None else made.to(device)
    return tensor(data, dtype=dtype, device=device)


@function(of_modes=True)
def asarray(
    obj: Any,
    *,
    dtype: dtypes.dtype | None = None,
    device: Device = None,
    copy: bool | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """Anything that holds numbers as a tensor: sharing its elements where that can be, a copy where it must.

    Args:
        copy: True always copies, False never does.

    Raises:
        ValueError: `copy` is False and a copy is needed.

    Example:
        >>> torch.asarray([1, 2])
        tensor([1, 2])
        >>> torch.asarray(3.0)
        tensor(3.)
    """
    if isinstance(obj, (TensorBase, np.ndarray)):
        made = as_tensor(obj, dtype, device)
    elif hasattr(obj, "__dlpack__"):
        made = from_dlpack(obj).to(dtype=dtype, device=device)
    elif isinstance(obj, (bytes, bytearray, memoryview)):
        made = frombuffer(obj, dtype=dtype or dtypes.get_default_dtype())
    else:
        if copy is False:
            raise ValueError("can't alias arbitrary sequence into a tensor.")
        return tensor(obj, dtype=dtype, device=device, requires_grad=requires_grad)
    shares = made is obj or made._storage.host is not None
    if copy and shares:
        made = made.clone()
    if copy is False and not shares and isinstance(obj, TensorBase):
        raise ValueError("can't alias tensor with different dtype or device.")
    if requires_grad:
        return made.detach().requires_grad_()
    return made.detach() if made.requires_grad and made is not obj else made


@function(of_modes=True)
def frombuffer(
    buffer: Any, *, dtype: dtypes.dtype | None = None, count: int = -1, offset: int = 0, requires_grad: bool = False
) -> Tensor:
    """A 1-d tensor on the memory of an object with the buffer protocol.

    Args:
        count: how many elements; all by default.
        offset: how many bytes to skip.

    Raises:
        ValueError: the elements do not fit the buffer.

    Example:
        >>> torch.frombuffer(bytearray(b"ab"), dtype=torch.uint8)
        tensor([97, 98], dtype=torch.uint8)
    """
    if dtype is None:
        raise TypeError('frombuffer() missing 1 required positional arguments: "dtype"')
    if not isinstance(dtype, dtypes.dtype):
        raise TypeError(f"frombuffer(): argument 'dtype' must be torch.dtype, not {type(dtype).__name__}")
    try:
        view = memoryview(buffer).cast("B")
    except TypeError:
        raise ValueError("object does not implement Python buffer protocol.") from None
    size, element = len(view), dtype.itemsize
    if not size or not count:
        raise ValueError(f"both buffer length ({size}) and count ({count}) must not be 0")
    if not 0 <= offset < size:
        raise ValueError(
            f"offset ({offset} bytes) must be non-negative and no greater than buffer length ({size} bytes) minus 1"
        )
    if count < 0 and (size - offset) % element:
        raise ValueError(
            f"buffer length ({size - offset} bytes) after offset ({offset} bytes) must be a multiple of element size "
            f"({element})"
        )
    if count > 0 and offset + count * element > size:
        raise ValueError(
            f"requested buffer length ({count} * {element} bytes) after offset ({offset} bytes) must not be greater "
            f"than actual buffer length ({size} bytes)"
        )
    array = np.frombuffer(view, np.uint8, count * element if count > 0 else -1, offset).view(dtype.np)
    if view.readonly:
        explain.warn(NOT_WRITABLE)
        made = wrapped(np.array(array))
    else:
        made = from_numpy(array)
    return made.requires_grad_() if requires_grad else made


# ---------------------------------------------------------------------- DLPack


class _Capsule:
    """A bare DLPack capsule as an object with the protocol."""

    def __init__(self, capsule: Any) -> None:
        self.capsule = capsule

    def __dlpack__(self, **kwargs: Any):
        return self.capsule

    def __dlpack_device__(self) -> tuple[int, int]:
        return 1, 0


@function(of_modes=True)
def from_dlpack(ext_tensor: Any, *, device: Device = None, copy: bool | None = None):
    """A tensor on the memory of another library's array.

    Args:
        ext_tensor: an object with ``__dlpack__``, or a DLPack capsule.
        copy: True takes a copy.

    Example:
        >>> x = torch.zeros(2)
        >>> torch.from_dlpack(x).fill_(5)
        tensor([5., 5.])
        >>> x
        tensor([5., 5.])
    """
    if isinstance(ext_tensor, TensorBase):
        made = ext_tensor.detach()
    elif isinstance(ext_tensor, jax.Array):
        made = TensorBase._wrap(value_of(ext_tensor))
    else:
        source = ext_tensor if hasattr(ext_tensor, "__dlpack__") else _Capsule(ext_tensor)
        array = np.from_dlpack(source)
        made = from_numpy(array) if array.flags.writeable else wrapped(np.array(array))
    made = made.to(device) if device is not None else made
    return made.clone() if copy else made


@function
def to_dlpack(tensor: Tensor):
    """A DLPack capsule of the tensor's memory.

    Raises:
        BufferError: it requires grad.

    Example:
        >>> torch.from_dlpack(torch.to_dlpack(torch.ones(2)))
        tensor([1., 1.])
    """
    return tensor.__dlpack__()


def dlpack(self: Tensor, *, stream: Any = None, max_version: Any = None, dl_device: Any = None, copy: Any = None):
    """A DLPack capsule of the memory, for other libraries.

    Raises:
        BufferError: the tensor requires grad.
    """
    if self.requires_grad:
        raise BufferError("Can't export tensors that require gradient, use tensor.detach()")
    if self.is_conj():
        raise BufferError("Can't export tensors with the conjugate bit set")
    return self.numpy().__dlpack__(max_version=max_version, dl_device=dl_device, copy=copy)


def dlpack_device(self: Tensor) -> tuple[int, int]:
    """DLPack's numbers for the device."""
    return (2, self.device.index or 0) if self.is_cuda else (1, 0)
