"""Methods that copy and convert."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torchlike import _strides as strides
from torchlike._autograd.moving import moved
from torchlike._autograd.variable import TensorBase, Variable
from torchlike._ops import conversion
from torchlike._programs.tracebacks import gate
from torchlike._types import device as device_class
from torchlike._types import devices, dtypes
from torchlike._types.places import place_of

if TYPE_CHECKING:
    from torchlike._types import formats
    from torchlike.tensor import Tensor
    from torchlike.types import Device


def _cast(tensor: TensorBase, dtype: dtypes.dtype, memory_format: formats.memory_format | None) -> TensorBase:
    if memory_format is not None:
        return tensor.to(dtype, memory_format=memory_format)
    return tensor if tensor._aval.dtype is dtype else conversion.to_dtype(tensor, dtype)


class ConversionMethods(Variable):
    """Copies, dtypes, devices."""

    clone = conversion.clone

    @gate
    def to(
        self,
        *args: Any,
        dtype: dtypes.dtype | None = None,
        device: Device = None,
        other: Tensor | None = None,
        non_blocking: bool = False,
        copy: bool = False,
        memory_format: formats.memory_format | None = None,
    ) -> Tensor:
        """The tensor in another dtype or on another device; itself if it is so already.

        Args:
            args: a dtype, a device, a device and a dtype, or a tensor to be like.
            copy: make a copy in any case.
            memory_format: the order in which the elements are to lie.
        """
        for each in args:
            if isinstance(each, (dtypes.dtype, type)):
                dtype = dtypes.resolve(each, "to")
            elif isinstance(each, bool):
                copy = each
            elif hasattr(each, "_aval"):
                other = each
            elif each is not None:
                device = each
        if other is not None:
            dtype, device = dtype or other.dtype, other.device if device is None else device
        result = self
        if device is not None:
            where = devices.resolve(device_class(device))
            result = moved(result, place_of(where)) if where != self.device else result
        dtype = dtypes.resolve(dtype, "to")
        form = {} if memory_format is None else {"memory_format": memory_format}
        if dtype is not None and dtype is not self._aval.dtype:
            return conversion.to_dtype(result, dtype, **form)
        if (copy and result is self) or (form and not strides.is_in(result._layout, memory_format)):
            return conversion.clone(result, **form)
        return result

    def cpu(self, memory_format: formats.memory_format | None = None) -> Tensor:
        """The tensor in the host's memory."""
        return self.to("cpu", memory_format=memory_format)

    def cuda(
        self, device: Device = None, non_blocking: bool = False, memory_format: formats.memory_format | None = None
    ) -> Tensor:
        """The tensor on a GPU."""
        return self.to(device_class("cuda") if device is None else device)

    def pin_memory(self, device: Device = None) -> Tensor:
        """A copy in memory that a GPU can read, itself if it is one. JAX moves any memory: it is no quicker.

        Raises:
            RuntimeError: there is no GPU, or the tensor is on it.
        """
        if not devices.jax_devices("cuda"):
            raise RuntimeError("Cannot access accelerator device when none is available.")
        if not self.is_cpu:
            raise RuntimeError(f"cannot pin '{self.type()}' only dense CPU tensors can be pinned")
        if self.is_pinned():
            return self
        made = conversion.clone(self)
        made._storage.is_pinned = True
        return made

    def double(self, *, memory_format: formats.memory_format | None = None) -> Tensor:
        """The tensor as float64."""
        return _cast(self, dtypes.float64, memory_format)

    def float(self, *, memory_format: formats.memory_format | None = None) -> Tensor:
        """The tensor as float32."""
        return _cast(self, dtypes.float32, memory_format)

    def half(self, *, memory_format: formats.memory_format | None = None) -> Tensor:
        """The tensor as float16."""
        return _cast(self, dtypes.float16, memory_format)

    def bfloat16(self, *, memory_format: formats.memory_format | None = None) -> Tensor:
        """The tensor as bfloat16."""
        return _cast(self, dtypes.bfloat16, memory_format)

    def long(self, *, memory_format: formats.memory_format | None = None) -> Tensor:
        """The tensor as int64."""
        return _cast(self, dtypes.int64, memory_format)

    def int(self, *, memory_format: formats.memory_format | None = None) -> Tensor:
        """The tensor as int32."""
        return _cast(self, dtypes.int32, memory_format)

    def short(self, *, memory_format: formats.memory_format | None = None) -> Tensor:
        """The tensor as int16."""
        return _cast(self, dtypes.int16, memory_format)

    def char(self, *, memory_format: formats.memory_format | None = None) -> Tensor:
        """The tensor as int8."""
        return _cast(self, dtypes.int8, memory_format)

    def byte(self, *, memory_format: formats.memory_format | None = None) -> Tensor:
        """The tensor as uint8."""
        return _cast(self, dtypes.uint8, memory_format)

    def bool(self, *, memory_format: formats.memory_format | None = None) -> Tensor:
        """The tensor as bool."""
        return _cast(self, dtypes.bool_, memory_format)

    def cfloat(self, *, memory_format: formats.memory_format | None = None):
        """The tensor as complex64."""
        return _cast(self, dtypes.complex64, memory_format)

    def cdouble(self, *, memory_format: formats.memory_format | None = None):
        """The tensor as complex128."""
        return _cast(self, dtypes.complex128, memory_format)
