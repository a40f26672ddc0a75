"""Changing a tensor's elements or its memory as a whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from torchlike._autograd.variable import TensorBase
from torchlike._function import function
from torchlike._functions.creation import number_for
from torchlike._functions.indexing import stretch
from torchlike._functions.making import wrapped
from torchlike._functions.views import as_strided
from torchlike._ops import creation, views
from torchlike._ops.joining import cat
from torchlike._programs import memory
from torchlike._recorder.recorder import Value
from torchlike._recorder.view import Layout, Place, View
from torchlike._signatures.parser import type_name
from torchlike._types import dtypes

if TYPE_CHECKING:
    from torchlike._types import formats
    from torchlike.tensor import Tensor


def fill_(self: Tensor, value: Tensor | complex) -> Tensor:
    """Put one number everywhere.

    Raises:
        RuntimeError: the number does not fit the dtype.
        TypeError: it is no number.

    Example:
        >>> torch.fill_(torch.zeros(2), 7)
        tensor([7., 7.])
    """
    if type(value) is float:
        number_for(value, self._aval.dtype, self._aval.numel)
    else:
        if isinstance(value, np.generic):
            value = value.item()
        if not isinstance(value, TensorBase):
            if not isinstance(value, (bool, int, float, complex)):
                raise TypeError(
                    f"fill_() received an invalid combination of arguments - got ({type_name(value)}), but "
                    "expected one of:\n * (Tensor value)\n * (Number value)"
                )
            number_for(value, self._aval.dtype, self._aval.numel)
    creation.fill.inplace(_each_once(self), value)
    return self


def zero_(self: Tensor) -> Tensor:
    """Put zeros everywhere.

    Example:
        >>> torch.zero_(torch.ones(2))
        tensor([0., 0.])
    """
    creation.zero.inplace(_each_once(self))
    return self


def _each_once(part: Any):
    """The elements of a tensor without those that `expand` repeats."""
    if part._repeats:
        for dim in [dim for dim, step in enumerate(part._layout.strides) if not step]:
            part = stretch(part, dim, 0, 1)
    return part


def fill_diagonal_(self: Tensor, fill_value: complex, wrap: bool = False) -> Tensor:
    """Put one number everywhere on the main diagonal.

    Args:
        wrap: whether a matrix that is higher than wide has further diagonals below, each a row after the one before.

    Raises:
        RuntimeError: there are fewer than two dimensions, or more of different sizes.
        TypeError: it is no number.
    """
    is_scalar = isinstance(fill_value, TensorBase) and not fill_value._aval.ndim
    if not is_scalar and not isinstance(fill_value, (bool, int, float, complex, np.generic)):
        kind = type_name(fill_value)
        raise TypeError(f"fill_diagonal_(): argument 'fill_value' (position 1) must be Number, not {kind}")
    (shape, steps, offset), step = self._layout, sum(self._layout.strides)
    if len(shape) < 2:
        raise RuntimeError("dimensions must larger than 1")
    if len(shape) > 2 and len(set(shape)) > 1:
        raise RuntimeError("all dimensions of input must be of equal length")
    height, width = shape[:2]
    size = min(height, width)
    fill_(as_strided(self, (size,), (step,), offset), fill_value)
    if wrap and len(shape) == 2 and height > width + 1:
        more = -(-height * width // (width + 1)) - size
        fill_(as_strided(self, (more,), (step,), offset + steps[0] * (width + 1)), fill_value)
    return self


@function
def fill(input: Tensor, value: Tensor | complex) -> Tensor:
    """A tensor like `input` with one number everywhere.

    Example:
        >>> torch.fill(torch.zeros(2), 7)
        tensor([7., 7.])
    """
    return creation.fill(input, value)


def flat(tensor: Tensor):
    """All elements of a tensor's storage in one dimension, without history."""
    known = tensor._storage.aval
    return TensorBase._at(tensor._storage, Place(Layout.contiguous((known.numel,)), known.dtype))


def resize_(self: Tensor, *sizes: Any, memory_format: formats.memory_format | None = None) -> Tensor:
    """Give the tensor another shape on the same memory, more of it where that is needed.

    New elements are zeros. Tensors that share the memory go on sharing it, on the CPU even if it had to grow.

    Raises:
        RuntimeError: the tensor requires grad, or the memory, which is too small, is not the library's own.
    """
    if self.requires_grad:
        raise RuntimeError("cannot resize variables that require grad")
    shape = tuple(sizes[0]) if len(sizes) == 1 and isinstance(sizes[0], (tuple, list)) else sizes
    if any(each < 0 for each in shape):
        raise RuntimeError("numel: integer multiplication overflow")
    if resized(self, shape):
        self._count_writing()
    return self


def resized(self: Tensor, shape: tuple) -> bool:
    """`resize_` without checks, as ``out=`` has it; whether that is another shape."""
    aval, storage = self._aval, self._storage
    if shape == aval.shape:
        return False
    memory.check_size(shape, aval.dtype.itemsize)
    place = Place(Layout.contiguous(shape)._replace(offset=self._layout.offset), aval.dtype)
    missing = place.layout.end * aval.dtype.itemsize - storage.aval.nbytes
    if missing > 0 and (not storage.aval.numel or not self.is_cpu):
        more = wrapped(np.zeros(missing // aval.dtype.itemsize, aval.dtype.np), aval.device)
        self._replace(views.view_shape(cat((flat(self)[place.layout.offset :], more)), shape).clone())
    elif missing > 0:
        self._replace(self._at(storage.grown(missing), place))
    else:  # it stays a view if it is one
        made = self._at(storage, place)
        self._view, self._cached, self._seen = made._view, made._cached, made._seen
        if self._base is not None and self._view is None:
            self._view, self._cached = View.whole(place), Value(storage.aval)
    return True


@function(several=True)
def resize_as_(self: Tensor, the_template: Tensor, *, memory_format: formats.memory_format | None = None) -> Tensor:
    """`resize_` to the shape of another tensor.

    Example:
        >>> torch.resize_as_(torch.tensor([1, 2, 3, 4]), torch.zeros(2, 2))
        tensor([[1, 2],
                [3, 4]])
    """
    return resize_(self, tuple(the_template._aval.shape))


def set_(
    self: Tensor,
    source: Any = None,
    storage_offset: int = 0,
    size: Sequence[int] | None = None,
    stride: Sequence[int] | None = None,
) -> Tensor:
    """Take over the memory, shape and strides of another tensor, or become empty.

    Raises:
        RuntimeError: the dtypes differ, or it is a leaf that requires grad.
    """
    self._check_writable()
    if source is None:
        self._count_writing()
        self._replace(wrapped(np.zeros(0, self._aval.dtype.np)))
        return self
    if not isinstance(source, TensorBase):
        source = source._tensor(self._aval.dtype)
        size = (source._aval.numel - storage_offset,) if size is None else size
    if source._aval.dtype is not self._aval.dtype:
        names = [dtypes.c_name(each._aval.dtype) for each in (source, self)]
        raise RuntimeError(f"Could not set tensor of type {names[0]} to a tensor of type {names[1]}")
    if size is not None:
        stride = Layout.contiguous(tuple(size)).strides if stride is None else tuple(stride)
        layout, known = Layout(tuple(size), stride, storage_offset), source._storage.aval
        views.check_strided(known.nbytes // source._aval.dtype.itemsize, *layout, source._aval.dtype.itemsize)
        source = source._at(source._storage, Place(layout, source._aval.dtype))
    elif source._view is not None and any(source._view.sign):
        source = source._at(source._storage, Place(source._layout, source._aval.dtype))
    self._count_writing()
    self._replace(source)
    return self


def is_set_to(self: Tensor, tensor: Tensor) -> bool:
    """Whether both are the same elements of the same memory in the same order."""
    return self._storage is tensor._storage and self._layout == tensor._layout


def _own_array(self: Tensor) -> np.ndarray:
    if not self.is_cpu:
        raise TypeError("can't call a Python function on elements that are not in the host's memory")
    return np.array(self.detach()._value().numpy())


def _applied(self: Tensor, function: Callable[..., Any], *others: Any) -> np.ndarray:
    array = _own_array(self)
    columns = [each.ravel().tolist() for each in (array, *others)]
    array.ravel()[:] = [function(*each) for each in zip(*columns, strict=True)]
    return array


def apply_(self: Tensor, callable: Callable) -> Tensor:
    """Replace each element by what a Python function makes of it; slow."""
    return creation.copy.inplace(self, wrapped(_applied(self, callable)))


def map_(self: Tensor, tensor: Tensor, callable: Callable) -> Tensor:
    """Replace each element by what a Python function makes of it and of another tensor's; slow.

    Raises:
        TypeError: the other tensor has another dtype.
    """
    if tensor._aval.dtype is not self._aval.dtype:
        names = [dtypes.scalar_name(each._aval.dtype) for each in (self, tensor)]
        raise TypeError(f"map_: expected torch.{names[0]}Tensor for 'other' (got torch.{names[1]}Tensor)")
    other = np.broadcast_to(tensor.detach()._value().numpy(), self._aval.shape)
    return creation.copy.inplace(self, wrapped(_applied(self, callable, other)))


def set_real(self: Tensor, value: Any) -> None:
    """``x.real = value``."""
    _part(self, "real").copy_(value)


def set_imag(self: Tensor, value: Any) -> None:
    """``x.imag = value``."""
    _part(self, "imag").copy_(value)


def _part(self: Tensor, name: str):
    return getattr(self, name)
