"""What stands in a checkpoint's pickle for a tensor, and how it becomes one again, by PyTorch's names."""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from torchlike._autograd.variable import TensorBase
from torchlike._functions.making import wrapped
from torchlike._ops.views import neg_view
from torchlike._recorder.view import Layout
from torchlike._tensor.storages import TypedStorage, UntypedStorage, storage_class
from torchlike._types import formats
from torchlike._types.dtypes import dtype
from torchlike.nn.parameter import Parameter
from torchlike.tensor import Tensor

if TYPE_CHECKING:
    from torchlike._types import dtypes


class Memory:
    """A storage in the pickle: `persistent_id` writes it down.

    Attributes:
        tensor: one that lies in it.
        dtype: of its elements; None for bytes.
    """

    __slots__ = ("tensor", "dtype")

    def __init__(self, tensor: TensorBase, kind: dtype | None) -> None:
        self.tensor, self.dtype = tensor, kind

    @property
    def array(self) -> np.ndarray:
        """Its bytes."""
        return self.tensor._storage.flat.view(np.uint8)

    @property
    def storage_type(self) -> type:
        """The class that PyTorch names."""
        return UntypedStorage if self.dtype is None else storage_class(self.dtype)


def reduced(tensor: Tensor) -> tuple:
    """(function, arguments) that make the tensor again."""
    state = tensor._own_attributes()
    if type(tensor) is Parameter:
        args: tuple = (Tensor._make_subclass(Tensor, tensor), tensor.requires_grad, OrderedDict())
        return (_rebuild_parameter_with_state, (*args, state)) if state else (_rebuild_parameter, args)
    is_typed = storage_class(tensor.dtype) is not UntypedStorage
    memory = Memory(tensor, tensor.dtype if is_typed else None)
    place = tensor.storage_offset(), tuple(tensor.shape), tensor.stride()
    args = (memory, *place, tensor.requires_grad, OrderedDict())
    if not is_typed:
        args = (*args, tensor.dtype)
    signs = {name: True for name, on in (("conj", tensor.is_conj()), ("neg", tensor.is_neg())) if on}
    if signs:
        args = (*args, signs)
    function = _rebuild_tensor_v2 if is_typed else _rebuild_tensor_v3
    if type(tensor) is Tensor and not state:
        return function, args
    return _rebuild_from_type_v2, (function, type(tensor), args, state)


def _placed(storage: Any, kind: dtype, offset: int, size: tuple, stride: tuple, signs: dict | None = None) -> Tensor:
    """A tensor in a storage.

    Raises:
        RuntimeError: it reaches beyond the storage.
    """
    size, stride = tuple(size), tuple(stride)
    layout = Layout(size, stride, offset)
    if layout == Layout.contiguous(size) and isinstance(storage, TypedStorage) and math.prod(size) == storage._unshaped:
        return _signed(storage._whole(size), signs)
    return _signed(wrapped(np.zeros(0, kind.np)).set_(storage, offset, size, stride), signs)


def _signed(tensor: Tensor, signs: dict | None) -> Tensor:
    tensor = tensor.conj() if signs and signs.get("conj") else tensor
    return neg_view(tensor) if signs and signs.get("neg") else tensor


def _rebuild_tensor(storage: Any, storage_offset: Any, size: tuple[int, ...], stride: tuple[int, ...]) -> Tensor:
    """A tensor in a storage of its dtype."""
    return _placed(storage, storage.dtype, storage_offset, size, stride)


def _rebuild_tensor_v2(
    storage: Any,
    storage_offset: Any,
    size: tuple[int, ...],
    stride: tuple[int, ...],
    requires_grad: bool,
    backward_hooks: Any,
    metadata: Any = None,
) -> Tensor:
    """`_rebuild_tensor`, with what else is known of it."""
    return _rebuild_tensor_v3(
        storage, storage_offset, size, stride, requires_grad, backward_hooks, storage.dtype, metadata
    )


def _rebuild_tensor_v3(
    storage: Any,
    storage_offset: Any,
    size: tuple[int, ...],
    stride: tuple[int, ...],
    requires_grad: bool,
    backward_hooks: Any,
    dtype: dtypes.dtype,
    metadata: Any = None,
) -> Tensor:
    """`_rebuild_tensor_v2` of a dtype that no storage has."""
    made = _placed(storage, dtype, storage_offset, size, stride, metadata)
    return made.requires_grad_(requires_grad) if requires_grad else made


def _rebuild_parameter(data: Any, requires_grad: bool, backward_hooks: Any) -> Parameter:
    """A parameter."""
    return cast(Parameter, Parameter(data, requires_grad))


def _rebuild_parameter_with_state(data: Any, requires_grad: bool, backward_hooks: Any, state: Any) -> Parameter:
    """A parameter that somebody has set attributes on."""
    made = Parameter(data, requires_grad)
    _set_state(made, state)
    return cast(Parameter, made)


def _rebuild_from_type_v2(func: Any, new_type: Any, args: Any, state: Any):
    """A tensor of a subclass, or one that somebody has set attributes on."""
    made = func(*args)
    if type(made) is not new_type:
        made = made.as_subclass(new_type)
    if getattr(new_type, "__setstate__", None) not in (None, getattr(Tensor, "__setstate__", None)):
        made.__setstate__(state)
    else:
        _set_state(made, state)
    return cast(Parameter, made)


def _set_state(made: Any, state: Any) -> None:
    attributes, slots = state if isinstance(state, tuple) else (state, None)
    for name, value in (*attributes.items(), *(slots or {}).items()):
        setattr(made, name, value)


def _get_layout(name: str) -> formats.layout:
    """A layout by what it prints."""
    return next(each for each in vars(formats).values() if isinstance(each, formats.layout) and str(each) == name)


_get_layout.__module__ = "torchlike.serialization"
for _public in (
    _rebuild_tensor,
    _rebuild_tensor_v2,
    _rebuild_tensor_v3,
    _rebuild_parameter,
    _rebuild_parameter_with_state,
):
    _public.__module__ = "torchlike._utils"
_rebuild_from_type_v2.__module__ = "torchlike._tensor"
