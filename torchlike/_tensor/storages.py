"""Storages as objects: ``x.untyped_storage()``, ``x.storage()``, ``torch.FloatStorage``."""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from torchlike._autograd.variable import TensorBase, Variable
from torchlike._functions.filling import flat
from torchlike._functions.making import array_of, cast, from_numpy, wrapped
from torchlike._programs.marks import breaks_capture
from torchlike._types import dtypes

if TYPE_CHECKING:
    from torchlike.tensor import Tensor
    from torchlike.types import Device

TYPED = (
    "TypedStorage is deprecated. It will be removed in the future and UntypedStorage will be the only storage class. "
    "This should only matter to you if you are using storages directly.  To access UntypedStorage directly, use "
    "tensor.untyped_storage() instead of tensor.storage()"
)


class _Storage:
    """The memory of tensors: all its elements in one dimension."""

    _flat: TensorBase

    @classmethod
    def _of(cls, tensor: TensorBase):
        made = object.__new__(cls)
        made._flat = flat(tensor)
        return made

    @classmethod
    def _of_array(cls, array: np.ndarray):
        """Of an array that may still be written to, until there is a tensor and the array is given up."""
        made = object.__new__(cls)
        made._array = array
        return made

    def __getattr__(self, name: str):
        if name != "_flat" or "_array" not in self.__dict__:
            raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")
        self._whole(self._array.shape)
        return self._flat

    @property
    def _unshaped(self) -> int | None:
        """How many elements it has, while there is no tensor of them."""
        return len(self._array) if "_array" in self.__dict__ else None

    def _whole(self, shape: tuple) -> TensorBase:
        """The first tensor of all of it, which says what shape the memory has."""
        made = from_numpy(self.__dict__.pop("_array").reshape(shape))
        made._storage.resizable = True
        self._flat = flat(made)
        return made

    def cpu(self) -> Tensor:
        """The same elements on the CPU."""
        return self if self._flat.device.type == "cpu" else type(self)._of(self._flat.cpu())

    def cuda(self, device: Device = None) -> Tensor:
        """The same elements on a GPU."""
        return type(self)._of(self._flat.cuda(device))

    def _tensor(self, dtype: dtypes.dtype) -> TensorBase:
        """Its elements as a tensor of this dtype."""
        return self._flat if self._flat.dtype is dtype else self._flat.view(dtype)

    @property
    def device(self):
        """Where it lives."""
        return self._flat.device

    is_cuda = property(lambda self: self._flat.is_cuda)
    is_sparse = False

    @breaks_capture
    def data_ptr(self) -> int:
        """An address that tells it from others."""
        return self._flat.data_ptr()

    def nbytes(self) -> int:
        """Its size in bytes."""
        return self._flat.nbytes

    def is_shared(self) -> bool:
        """Whether other processes see it."""
        return False

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, _Storage) and self._flat._storage is other._flat._storage

    def __hash__(self) -> int:
        return id(self._flat._storage)


class UntypedStorage(_Storage):
    """The memory of tensors as bytes."""

    def __len__(self) -> int:
        return self._flat.nbytes

    size = __len__

    def untyped(self) -> UntypedStorage:
        """The storage itself."""
        return self

    @classmethod
    def from_file(cls, filename: str | os.PathLike, shared: bool = False, nbytes: int = 0) -> UntypedStorage:
        """The first bytes of a file, which are read when they are used.

        Args:
            filename: the file.
            shared: whether writing would change it; it does not.
            nbytes: how many.

        Raises:
            RuntimeError: there is no such file, it is shorter, or is to be written to.
        """
        if shared:
            raise RuntimeError("torchlike writes to no file that it has mapped: shared=True")
        path = os.fspath(filename)
        try:
            size = os.stat(path).st_size
        except OSError as error:
            told = f"{error.strerror} ({error.errno})"
            raise RuntimeError(f"unable to open file <{path}> in read-only mode: {told}") from None
        if size < nbytes:
            raise RuntimeError(f"file <{path}> size <{size}> is smaller than the required mapping size <{nbytes}>")
        return cls._of_array(np.memmap(path, np.uint8, "c", shape=(nbytes,)) if nbytes else np.empty(0, np.uint8))

    def tolist(self) -> list[int]:
        """Its bytes."""
        return self._tensor(dtypes.uint8).tolist()

    def __getitem__(self, place: Any):
        got = self._tensor(dtypes.uint8)[place]
        return got.item() if isinstance(place, int) else UntypedStorage._of(got.clone())

    def __setitem__(self, place: Any, value: Any) -> None:
        self._tensor(dtypes.uint8)[place] = value


class TypedStorage(_Storage):
    """The memory of tensors as elements of one dtype; made of a size or of data."""

    def __init__(self, *args: Any, dtype: dtypes.dtype | None = None) -> None:
        dtype = dtype or dtypes.get_default_dtype()
        data = np.zeros(args[0] if args else 0) if not args or isinstance(args[0], int) else array_of(args[0])
        self._flat = wrapped(np.array(cast(data, dtype)).reshape(-1))

    @property
    def dtype(self) -> dtypes.dtype:
        """The dtype of its elements."""
        return self._flat.dtype

    def __len__(self) -> int:
        return self._flat.numel()

    size = __len__

    def __iter__(self):
        return iter(self.tolist())

    def __getitem__(self, place: Any):
        got = self._flat[place]
        return got.item() if isinstance(place, int) else TypedStorage._of(got.clone())

    def __setitem__(self, place: Any, value: Any) -> None:
        self._flat[place] = value

    def element_size(self) -> int:
        """The size of an element in bytes."""
        return self._flat.element_size()

    def tolist(self) -> list:
        """Its elements."""
        return self._flat.tolist()

    def untyped(self) -> UntypedStorage:
        """The same memory as bytes."""
        return UntypedStorage._of(self._flat)

    def fill_(self, value: Any) -> Tensor:
        """Put one number everywhere."""
        self._flat.fill_(value)
        return self

    def copy_(self, source: Any) -> Tensor:
        """Take over the elements of another storage."""
        self._flat.copy_(source._flat)
        return self

    def clone(self) -> Tensor:
        """A copy."""
        return TypedStorage._of(self._flat.clone())

    def __repr__(self) -> str:
        rows = "".join(f" {each}\n" for each in self.tolist())
        return f"{rows}[torch.storage.TypedStorage(dtype={self.dtype}, device={self.device}) of size {len(self)}]"


def _typed(dtype: dtypes.dtype) -> type:
    name = dtypes.scalar_name(dtype) + "Storage"

    def __new__(cls: Any, *args: Any):
        return TypedStorage(*args, dtype=dtype)

    doc = f"Memory of {dtype.name} elements."
    body = {"__new__": __new__, "dtype": dtype, "__module__": "torchlike", "__doc__": doc}
    return type(name, (TypedStorage,), body)


FloatStorage, DoubleStorage, HalfStorage = _typed(dtypes.float32), _typed(dtypes.float64), _typed(dtypes.float16)
BFloat16Storage, BoolStorage, ByteStorage = _typed(dtypes.bfloat16), _typed(dtypes.bool_), _typed(dtypes.uint8)
CharStorage, ShortStorage, IntStorage = _typed(dtypes.int8), _typed(dtypes.int16), _typed(dtypes.int32)
LongStorage = _typed(dtypes.int64)
ComplexFloatStorage, ComplexDoubleStorage = _typed(dtypes.complex64), _typed(dtypes.complex128)


_BY_DTYPE = {
    each.dtype: each
    for each in (
        FloatStorage,
        DoubleStorage,
        HalfStorage,
        BFloat16Storage,
        BoolStorage,
        ByteStorage,
        CharStorage,
        ShortStorage,
        IntStorage,
        LongStorage,
        ComplexFloatStorage,
        ComplexDoubleStorage,
    )
}


def storage_class(dtype: dtypes.dtype) -> type:
    """The class whose name stands for memory of this dtype; newer dtypes lie in memory of bytes."""
    return _BY_DTYPE.get(dtype, UntypedStorage)


def is_storage(obj: Any) -> bool:
    """Whether it is a storage.

    Example:
        >>> torch.is_storage(torch.ones(1).untyped_storage())
        True
    """
    return isinstance(obj, _Storage)


class StorageMethods(Variable):
    """A tensor's memory as an object."""

    @breaks_capture
    def untyped_storage(self) -> UntypedStorage:
        """The memory as bytes."""
        return UntypedStorage._of(self)

    @breaks_capture
    def storage(self) -> TypedStorage:
        """The memory as elements; deprecated, see `untyped_storage`."""
        warnings.warn(TYPED, UserWarning, stacklevel=2)
        return TypedStorage._of(self)

    def storage_type(self) -> type:
        """The class of its memory."""
        return TypedStorage


is_storage.__module__ = "torchlike"
UntypedStorage.__module__ = TypedStorage.__module__ = "torchlike.storage"
