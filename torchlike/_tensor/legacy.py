"""The constructors of old: ``torch.Tensor(2, 3)``, ``torch.FloatTensor([1, 2])``, ``x.new(...)``, ``x.type()``."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from torchlike._arguments import legacy_keywords
from torchlike._autograd.variable import TensorBase, Variable
from torchlike._functions.creation import sizes
from torchlike._functions.making import COPY_CONSTRUCT, array_of, cast, lying_as, wrapped
from torchlike._programs.tracebacks import gate
from torchlike._types import Size, devices, dtypes, formats

if TYPE_CHECKING:
    from torchlike.tensor import Tensor
    from torchlike.types import Device

DEFAULT_TYPE = (
    "torch.set_default_tensor_type() is deprecated as of PyTorch 2.1, please use torch.set_default_dtype() and "
    "torch.set_default_device() as alternatives."
)


@gate
def constructed(args: tuple, dtype: dtypes.dtype | None, device: Device = None):
    """A tensor as the old constructors make it: of sizes, of data, of another tensor, or empty.

    Args:
        dtype: that of the class; None for ``torch.Tensor``, which takes the default one, or another tensor's own.

    Raises:
        TypeError: it is none of these.
    """
    own = dtype or dtypes.get_default_dtype()
    if not args:
        return wrapped(np.zeros(0, own.np), device)
    first = args[0]
    if len(args) == 1:
        if isinstance(first, TensorBase):
            return _same(first, dtype)
        if isinstance(first, np.ndarray):
            return wrapped(np.array(array_of(first, own)), device)
        if isinstance(first, (list, tuple)) and not isinstance(first, Size):
            return wrapped(np.array(_data(first, own)), device)
        if isinstance(first, str):
            raise TypeError("new(): invalid data type 'str'")
        if not isinstance(first, Size) and (isinstance(first, (bool, float)) or not hasattr(first, "__index__")):
            if hasattr(first, "__getitem__") and hasattr(first, "__len__") and not isinstance(first, dict):
                return wrapped(np.array(array_of(first, own)), device)
            raise TypeError(f"new(): data must be a sequence (got {type(first).__name__})")
    return wrapped(np.zeros(sizes("new", args), own.np), device)


def _data(data: Any, own: dtypes.dtype) -> np.ndarray:
    return array_of(data, own)


def _same(tensor: Tensor, dtype: dtypes.dtype | None):
    if dtype is not None and tensor._aval.dtype is not dtype:
        raise TypeError(
            f"expected TensorOptions(dtype={dtype.name}, device=cpu, layout=Strided, requires_grad=false (default), "
            "pinned_memory=false (default), memory_format=(nullopt)) (got "
            f"TensorOptions(dtype={tensor._aval.dtype.name}, device=cpu, layout=Strided, requires_grad=false "
            "(default), pinned_memory=false (default), memory_format=(nullopt)))"
        )
    return tensor.detach()


class tensortype(type):
    """The class of ``torch.FloatTensor`` and its kin: their instances are all tensors of one dtype.

    Attributes:
        dtype: the dtype.
        is_cuda: whether they live on a GPU.
    """

    dtype: dtypes.dtype
    is_cuda: bool

    def check(cls) -> None:
        """Refuse a GPU's class where there is no GPU.

        Raises:
            TypeError: there is none.
        """
        if cls.is_cuda and not devices.jax_devices("cuda"):
            raise TypeError(f"type torch.cuda.{cls.__name__} not available. Torch not compiled with CUDA enabled.")

    def __call__(cls, *args: Any, device: Device = None):
        cls.check()
        return constructed(args, cls.dtype, device or ("cuda" if cls.is_cuda else None))

    def __instancecheck__(cls, instance: Any) -> bool:
        return (
            isinstance(instance, TensorBase)
            and instance._aval.dtype is cls.dtype
            and (instance._aval.device.type == "cuda") == cls.is_cuda
        )

    def __repr__(cls) -> str:
        return f"<class '{cls.full_name}'>"

    @property
    def full_name(cls) -> str:
        """The name in a type string: ``"torch.FloatTensor"``."""
        return ("torch.cuda." if cls.is_cuda else "torch.") + cls.__name__


tensortype.__module__ = "torchlike"

_OLD = (
    dtypes.float32,
    dtypes.float64,
    dtypes.float16,
    dtypes.bfloat16,
    dtypes.uint8,
    dtypes.int8,
    dtypes.int16,
    dtypes.int32,
    dtypes.int64,
    dtypes.bool_,
)


def _types(module: str, is_cuda: bool) -> dict[str, tensortype]:
    made = {}
    for dtype in _OLD:
        name = dtypes.scalar_name(dtype) + "Tensor"
        body = {"dtype": dtype, "is_cuda": is_cuda, "is_sparse": False, "layout": formats.strided, "__module__": module}
        made[name] = tensortype(name, (), {**body, "__doc__": f"Tensors of {dtype.name}, constructed as of old."})
    return made


CPU_TYPES, CUDA_TYPES = _types("torchlike", False), _types("torchlike.cuda", True)
FloatTensor, DoubleTensor = CPU_TYPES["FloatTensor"], CPU_TYPES["DoubleTensor"]
HalfTensor, BFloat16Tensor = CPU_TYPES["HalfTensor"], CPU_TYPES["BFloat16Tensor"]
ByteTensor, CharTensor, ShortTensor = CPU_TYPES["ByteTensor"], CPU_TYPES["CharTensor"], CPU_TYPES["ShortTensor"]
IntTensor, LongTensor, BoolTensor = CPU_TYPES["IntTensor"], CPU_TYPES["LongTensor"], CPU_TYPES["BoolTensor"]
_BY_NAME = {each.full_name: each for each in (*CPU_TYPES.values(), *CUDA_TYPES.values())}


@legacy_keywords(type="t")
def set_default_tensor_type(t: Any) -> None:
    """Set the default dtype by an old class: ``torch.DoubleTensor`` or its name.

    Example:
        >>> torch.set_default_tensor_type(torch.DoubleTensor)
        >>> torch.tensor(1.0).dtype
        torch.float64
        >>> torch.set_default_tensor_type(torch.FloatTensor)
    """
    warnings.warn(DEFAULT_TYPE, UserWarning, stacklevel=3)
    if isinstance(t, str):
        if t not in _BY_NAME:
            raise TypeError(f"invalid type object: {t!r}")
        t = _BY_NAME[t]
    if not isinstance(t, tensortype):
        raise TypeError("invalid type object")
    if not t.dtype.is_floating_point:
        raise TypeError("only floating-point types are supported as the default type")
    t.check()
    dtypes.set_default_dtype(t.dtype)


set_default_tensor_type.__module__ = "torchlike"


class LegacyMethods(Variable):
    """``torch.Tensor(...)`` itself, and methods that name types as classes."""

    def __new__(cls, *args: Any, device: Device = None):
        made = constructed(args, None, device)
        return made if type(made) is cls else made._make_subclass(cls, made)

    @overload
    def type(self, dtype: None = None) -> str: ...
    @overload
    def type(self, dtype: dtypes.dtype | str | type, non_blocking: bool = False, **kwargs: Any) -> Tensor: ...
    def type(self, dtype: Any = None, non_blocking: bool = False, **kwargs: Any) -> Any:
        """The type's old name, ``"torch.FloatTensor"``, or the tensor in another dtype.

        Args:
            dtype: a dtype, an old class or its name.

        Raises:
            ValueError: there is no class of this name.
        """
        if dtype is None:
            where = "torch." if self.is_cpu else f"torch.{self.device.type}."
            return where + dtypes.scalar_name(self._aval.dtype) + "Tensor"
        if isinstance(dtype, str):
            if dtype not in _BY_NAME:
                raise ValueError(f"invalid type: '{dtype}'")
            dtype = _BY_NAME[dtype]
        if isinstance(dtype, tensortype):
            return self.to(dtype=dtype.dtype, device="cuda" if dtype.is_cuda else "cpu")
        if dtype is self.__class__ or dtype is TensorBase._plain:
            return self.to(dtypes.get_default_dtype())
        return self.to(dtypes.resolve(dtype, "type"))

    def type_as(self, other: Tensor) -> Tensor:
        """The tensor in the dtype and on the device of another."""
        return self.to(dtype=other._aval.dtype, device=other._aval.device)

    def new(self, *args: Any, device: Device = None):
        """A tensor of this dtype and device, made as the old constructors do."""
        return constructed(args, self._aval.dtype, device or self._aval.device)

    @gate
    def new_tensor(
        self,
        data: Any,
        *,
        dtype: dtypes.dtype | None = None,
        device: Device = None,
        requires_grad: bool = False,
        layout: formats.layout | None = None,
        pin_memory: bool = False,
    ) -> Tensor:
        """A tensor with a copy of the data, in this dtype and on this device unless others are given."""
        if isinstance(data, TensorBase):
            warnings.warn(COPY_CONSTRUCT.format("tensor.new_tensor"), UserWarning, stacklevel=3)
        dtype = dtypes.resolve(dtype, "new_tensor") or self._aval.dtype
        made = lying_as(wrapped(np.array(cast(array_of(data), dtype)), device or self._aval.device), data)
        return made.requires_grad_() if requires_grad else made
