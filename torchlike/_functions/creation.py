"""Tensors made from nothing: filled with a number, the identity."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from torchlike import _strides as strides
from torchlike._autograd.levels import beside
from torchlike._autograd.variable import TensorBase
from torchlike._function import function
from torchlike._functions.making import dtype_of_number, unmade, wrapped
from torchlike._ops.views import check_strided
from torchlike._out import FILLED, store_out
from torchlike._programs import memory
from torchlike._recorder.view import Layout, Place
from torchlike._signatures.parser import OVERFLOW, type_name
from torchlike._types import devices, dtypes, formats
from torchlike._types.numbers import fitting

if TYPE_CHECKING:
    from torchlike.tensor import Tensor
    from torchlike.types import Device


def sizes(name: str, size: tuple, given: Any = None, last: str = "") -> tuple[int, ...]:
    """The shape that positional arguments spell, ``2, 3`` or ``(2, 3)``, or the keyword ``size``.

    Raises:
        TypeError: they are missing or no integers.
        RuntimeError: one is negative.
    """
    if given is not None:
        size = (given,)
    if not size:
        raise TypeError(f'{name}() missing 1 required positional arguments: "size"')
    spelled = size
    if isinstance(size[0], (tuple, list)):
        if len(size) > 1:
            raise TypeError(f"{name}() takes 1 positional argument but {len(size)} were given")
        size = size[0]
    if {*map(type, size)} == _INT and min(size) >= 0 and math.prod(size) < _FEW and len(size) <= MOST_DIMENSIONS:
        return tuple(size)
    if size and not is_index(size[0]):
        kind = type(size[0]).__name__
        fault = f"not {kind}" if size is spelled else f"but found element of type {kind} at pos 0"
        raise TypeError(f"{name}(): argument 'size' (position 1) must be tuple of ints, {fault}")
    for place, each in enumerate(size):
        if not is_index(each) and not isinstance(each, bool):
            said = f"type must be tuple of ints,but got {type(each).__name__}"
        elif not -(2**63) <= each < 2**63:
            said = OVERFLOW + "\n"
        else:
            continue
        raise TypeError(
            f"{name}(): argument 'size' failed to unpack the object at pos {place + 1} with error \"{said}\""
        )
    shape = tuple([each.__index__() for each in size])
    if shape and min(shape) < 0:
        if name == "zeros":
            raise RuntimeError("zeros: Dimension size must be non-negative.")
        raise RuntimeError(f"Trying to create tensor with negative dimension {_first_negative(shape)}: {list(shape)}")
    if len(shape) > MOST_DIMENSIONS:
        raise RuntimeError(f"tensors have at most {MOST_DIMENSIONS} dimensions, not {len(shape)}")
    memory.check_size(shape, 4)  # before NumPy is asked for them
    return shape


MOST_DIMENSIONS = 64  # NumPy's
_INT, _FEW = {int}, 2**40  # what needs no second look


def _first_negative(shape: tuple[int, ...]) -> int:
    return next(each for each in shape if each < 0)


def is_index(value: Any) -> bool:
    """Whether an argument may stand where an int is wanted; a bool may not."""
    return hasattr(value, "__index__") and not isinstance(value, bool)


def finished(
    name: str,
    array: np.ndarray,
    device: Device,
    requires_grad: bool | None,
    out: Tensor | None = None,
    memory_format: formats.memory_format | None = None,
):
    """The array as a tensor, in the memory format or in `out`."""
    if out is not None:
        store_out(name, wrapped(array), out, FILLED)
        return out
    if requires_grad and array.dtype.kind in "biu":
        raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")
    made = wrapped(array, device)
    if memory_format in (formats.channels_last, formats.channels_last_3d):
        strides.put(made, strides.in_format(array.shape, memory_format))
    return made.requires_grad_() if requires_grad else made


def dtype_for(name: str, dtype: dtypes.dtype | None, out: Tensor | None) -> dtypes.dtype | None:
    """The dtype asked for, or that of `out`.

    Raises:
        RuntimeError: the two differ.
    """
    dtype = dtypes.resolve(dtype, name)
    if out is None:
        return dtype
    own = out._aval.dtype
    if dtype not in (None, own):
        raise RuntimeError(
            f"dtype {dtypes.scalar_name(dtype)} does not match dtype of out parameter ({dtypes.scalar_name(own)})"
        )
    return own


def number_for(value: Any, dtype: dtypes.dtype, numel: int):
    """A Python number that is to fill a tensor, checked to fit its dtype.

    Raises:
        RuntimeError: it does not.
    """
    if dtype in dtypes.HALVES and numel == 1:  # PyTorch writes a single one as a double
        return fitting(value, dtypes.float64)
    return fitting(value, dtype)


def _filled(
    name: str,
    shape: Sequence[int],
    value: Any,
    dtype: dtypes.dtype | None,
    device: Device,
    requires_grad: bool | None,
    out: Tensor | None = None,
    memory_format: formats.memory_format | None = None,
):
    dtype = dtype_for(name, dtype, out) or dtypes.get_default_dtype()
    value = number_for(value, dtype, math.prod(shape))
    if dtype.rank == 1 and type(value) is not int:
        value = int(value)
    if dtype.rank == 1 and not dtype.is_signed and value < 0:
        value %= 256**dtype.itemsize
    if devices.is_meta(device):
        array = unmade(shape, dtype.np)
    elif type(value) is int and not value:  # there is -0.0, too
        array = np.zeros(shape, dtype.np)
    else:
        array = np.full(shape, value, dtype.np)
    return finished(name, array, device, requires_grad, out, memory_format)


def _shaped(name: str, value: Any, doc: str, shown: str) -> Callable[..., Tensor]:
    """A function of a shape that fills it with one value."""

    def make(
        *args: Any,
        size: Sequence[int] | None = None,
        out: Tensor | None = None,
        dtype: dtypes.dtype | None = None,
        layout: formats.layout | None = None,
        device: Device = None,
        pin_memory: bool = False,
        requires_grad: bool = False,
        memory_format: formats.memory_format | None = None,
    ):
        return _filled(name, sizes(name, args, size), value, dtype, device, requires_grad, out, memory_format)

    make.__doc__ = f"""{doc}

    Args:
        args: the sizes, one by one or as one sequence.
        out: a tensor to put the result in.
        dtype: the default dtype unless given.
        device: where it lives.
        requires_grad: whether it is a leaf to differentiate for.

    Example:
        >>> {shown}
    """
    return function(make, name=name, of_modes=True)


_EMPTY = "A tensor of a shape whose elements have no meaning yet; here they are zeros."
zeros = _shaped("zeros", 0, "Zeros of a shape.", "torch.zeros(1, 3)\n        tensor([[0., 0., 0.]])")
ones = _shaped("ones", 1, "Ones of a shape.", "torch.ones(3, dtype=torch.int64)\n        tensor([1, 1, 1])")
empty = _shaped("empty", 0, _EMPTY, "torch.empty(2, 3).shape\n        torch.Size([2, 3])")


def number_of(name: str, value: Any):
    """A Python number given as such or as a tensor of one.

    Raises:
        TypeError: it is neither.
    """
    if isinstance(value, TensorBase) and not value._aval.ndim:
        return value.item()
    if isinstance(value, np.generic):
        return value.item()
    if not isinstance(value, (bool, int, float, complex)):
        kind = "Tensor" if isinstance(value, TensorBase) else type_name(value)
        raise TypeError(f"{name}(): argument 'fill_value' (position 2) must be Number, not {kind}")
    return value


@function(of_modes=True)
def full(
    size: Sequence[int],
    fill_value: complex,
    *,
    out: Tensor | None = None,
    dtype: dtypes.dtype | None = None,
    layout: formats.layout | None = None,
    device: Device = None,
    pin_memory: bool | None = False,
    requires_grad: bool | None = False,
) -> Tensor:
    """A tensor of a shape with one number everywhere; its dtype is that of the number unless given.

    Raises:
        RuntimeError: the number does not fit the dtype.

    Example:
        >>> torch.full((2, 2), 7)
        tensor([[7, 7],
                [7, 7]])
        >>> torch.full((2,), 0.5)
        tensor([0.5000, 0.5000])
    """
    if not isinstance(size, (tuple, list)):
        raise TypeError(f"full(): argument 'size' (position 1) must be tuple of ints, not {type(size).__name__}")
    value = number_of("full", fill_value)
    dtype = dtype_for("full", dtype, out) or dtype_of_number(value)
    return _filled("full", sizes("full", (size,)), value, dtype, device, requires_grad, out)


# ---------------------------------------------------------------------- like another tensor


def _like(name: str, value: Any, what: str, shown: str) -> Callable[..., Tensor]:
    def like(
        input: Tensor,
        *,
        dtype: dtypes.dtype | None = None,
        layout: formats.layout | None = None,
        device: Device = None,
        pin_memory: bool = False,
        requires_grad: bool = False,
        memory_format: formats.memory_format | None = None,
    ):
        if not isinstance(input, TensorBase):
            raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
        return _filled_like(name, input, value, dtype, device, requires_grad, memory_format)

    like.__doc__ = f"""{what} in the shape, dtype and device of `input`, unless others are given.

    Example:
        >>> torch.{name}({shown}
    """
    return function(like, name=name)


def _filled_like(
    name: str,
    input: Tensor,
    value: Any,
    dtype: dtypes.dtype | None,
    device: Device,
    requires_grad: bool | None,
    memory_format: formats.memory_format | None,
):
    """One number in the shape of a tensor, and in the order of its elements in memory."""
    aval = input._aval
    dtype = dtypes.resolve(dtype, name) or aval.dtype
    device = aval.device if device is None else device
    made = _filled(name, aval.shape, value, dtype, device, False, None, memory_format)
    if input._view is not None and memory_format in (None, formats.preserve_format):
        strides.put(made, strides.preserved(input._layout))
    made = beside(made, input)
    return made.requires_grad_() if requires_grad else made


zeros_like = _like("zeros_like", 0, "Zeros", "torch.tensor([1, 2]))\n        tensor([0, 0])")
ones_like = _like("ones_like", 1, "Ones", "torch.tensor([1, 2]))\n        tensor([1, 1])")
empty_like = _like(
    "empty_like", 0, "Elements without meaning, here zeros,", "torch.tensor([1, 2])).dtype\n        torch.int64"
)


@function
def full_like(
    input: Tensor,
    fill_value: complex,
    *,
    dtype: dtypes.dtype | None = None,
    layout: formats.layout | None = None,
    device: Device = None,
    pin_memory: bool | None = False,
    requires_grad: bool | None = False,
    memory_format: formats.memory_format | None = None,
) -> Tensor:
    """One number everywhere, in the shape, dtype and device of `input`, unless others are given.

    Raises:
        RuntimeError: the number does not fit the dtype.

    Example:
        >>> torch.full_like(torch.zeros(2), 7)
        tensor([7., 7.])
    """
    value = number_of("full_like", fill_value)
    return _filled_like("full_like", input, value, dtype, device, requires_grad, memory_format)


def _new(name: str, value: Any, doc: str) -> Callable[..., Tensor]:
    def new(
        self: Tensor,
        *args: Any,
        size: Sequence[int] | None = None,
        dtype: dtypes.dtype | None = None,
        device: Device = None,
        requires_grad: bool = False,
        layout: formats.layout | None = None,
        pin_memory: bool = False,
    ):
        aval = self._aval
        shape = sizes(name, args, size)
        made = _filled(
            name, shape, value, dtype or aval.dtype, aval.device if device is None else device, requires_grad
        )
        return beside(made, self)

    new.__doc__ = doc
    return function(new, name=name)


_DOC = "{} of a shape, in the dtype and on the device of this tensor."
new_zeros = _new("new_zeros", 0, _DOC.format("Zeros"))
new_ones = _new("new_ones", 1, _DOC.format("Ones"))
new_empty = _new("new_empty", 0, _DOC.format("Elements without meaning, here zeros,"))


@function
def new_full(
    self: Tensor,
    size: Sequence[int],
    fill_value: complex,
    *,
    dtype: dtypes.dtype | None = None,
    device: Device = None,
    requires_grad: bool | None = False,
    layout: formats.layout | None = None,
    pin_memory: bool | None = False,
) -> Tensor:
    """One number everywhere, in the dtype and on the device of this tensor."""
    aval = self._aval
    dtype = dtypes.resolve(dtype, "new_full") or aval.dtype
    value = number_of("new_full", fill_value)
    made = _filled(
        "new_full", sizes("new_full", (size,)), value, dtype, aval.device if device is None else device, requires_grad
    )
    return beside(made, self)


# ---------------------------------------------------------------------- strides of one's own


@function(of_modes=True)
def empty_strided(
    size: Sequence[int],
    stride: Sequence[int],
    *,
    dtype: dtypes.dtype | None = None,
    layout: formats.layout | None = None,
    device: Device = None,
    requires_grad: bool | None = False,
    pin_memory: bool | None = False,
) -> Tensor:
    """A tensor of a shape with strides of one's own, counted in elements.

    Raises:
        RuntimeError: there are not as many strides as sizes.

    Example:
        >>> torch.empty_strided((2, 3), (1, 2)).stride()
        (1, 2)
    """
    size, stride = tuple(size), tuple(stride)
    if len(size) != len(stride):
        raise RuntimeError(
            f"dimensionality of sizes ({len(size)}) must match dimensionality of strides ({len(stride)})"
        )
    span = 1 + sum((count - 1) * step for count, step in zip(size, stride, strict=True)) if math.prod(size) else 0
    dtype = dtypes.resolve(dtype, "empty_strided") or dtypes.get_default_dtype()
    check_strided(span, size, stride, 0, dtype.itemsize)
    memory = wrapped(np.zeros(span, dtype.np), device)
    made = memory._at(memory._storage, Place(Layout(size, stride), dtype))
    return made.requires_grad_() if requires_grad else made


@function
def new_empty_strided(
    self: Tensor,
    size: Sequence[int],
    stride: Sequence[int],
    dtype: dtypes.dtype | None = None,
    layout: formats.layout | None = None,
    device: Device = None,
    pin_memory: bool | None = False,
    requires_grad: bool | None = False,
) -> Tensor:
    """`empty_strided` in the dtype and on the device of this tensor."""
    aval = self._aval
    return empty_strided(
        size, stride, dtype=dtype or aval.dtype, device=device or aval.device, requires_grad=requires_grad
    )


@function(of_modes=True)
def empty_permuted(
    size: Sequence[int],
    physical_layout: Sequence[int],
    *,
    dtype: dtypes.dtype | None = None,
    layout: formats.layout | None = None,
    device: Device = None,
    requires_grad: bool | None = False,
    pin_memory: bool | None = False,
) -> Tensor:
    """A tensor of a shape whose dimensions lie in memory in the given order, the outermost first.

    Example:
        >>> torch.empty_permuted((2, 3, 4), (0, 2, 1)).stride()
        (12, 1, 3)
    """
    if len(size) != len(physical_layout):
        raise RuntimeError(
            "Number of dimensions in size does not match the length of the physical_layout; i.e. "
            f"len(size) = {len(size)} is not equal to len(physical_layout) = {len(physical_layout)}"
        )
    for place, dim in enumerate(physical_layout):
        if not 0 <= dim < len(size):
            raise RuntimeError(
                f"Dimension out of range (expected to be between 0 and {len(size) - 1}, but got {dim} at index "
                f"{place}).  NB: negative dims not currently supported; file an issue if you want it."
            )
        if dim in physical_layout[:place]:
            raise RuntimeError("Duplicate dim not allowed")
    stride = strides.dense(size, physical_layout)
    return empty_strided(size, stride, dtype=dtype, device=device, requires_grad=requires_grad)


# ---------------------------------------------------------------------- of one size or none


@function(of_modes=True)
def eye(
    n: int,
    m: int | None = None,
    *,
    out: Tensor | None = None,
    dtype: dtypes.dtype | None = None,
    layout: formats.layout | None = None,
    device: Device = None,
    pin_memory: bool | None = False,
    requires_grad: bool | None = False,
) -> Tensor:
    """A matrix with ones on the diagonal and zeros elsewhere.

    Args:
        n: rows.
        m: columns, as many by default.

    Raises:
        RuntimeError: a size is negative.

    Example:
        >>> torch.eye(2, 3)
        tensor([[1., 0., 0.],
                [0., 1., 0.]])
    """
    for name, size in (("n", n), ("m", n if m is None else m)):
        if not is_index(size):
            raise TypeError(f"eye(): argument '{name}' (position 1) must be int, not {type(size).__name__}")
        if size < 0:
            raise RuntimeError(f"{name} must be greater or equal to 0, got {size}")
    dtype = dtype_for("eye", dtype, out) or dtypes.get_default_dtype()
    return finished("eye", np.eye(n, m, dtype=dtype.np), device, requires_grad, out)


@function(of_modes=True)
def scalar_tensor(
    s: complex,
    *,
    dtype: dtypes.dtype | None = None,
    layout: formats.layout | None = None,
    device: Device = None,
    pin_memory: bool | None = False,
    requires_grad: bool | None = False,
) -> Tensor:
    """A 0-d tensor of a number, in the default dtype unless another is given.

    Example:
        >>> torch.scalar_tensor(3)
        tensor(3.)
    """
    return _filled("scalar_tensor", (), s, dtype, device, requires_grad)
