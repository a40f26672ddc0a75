"""Tensors made from nothing: filled with a number, counting, spaced, the identity."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from torchlike import _strides as strides
from torchlike._autograd.levels import beside
from torchlike._autograd.variable import TensorBase
from torchlike._function import function
from torchlike._functions.making import cast, dtype_of_number, unmade, wrapped
from torchlike._ops.views import check_strided
from torchlike._out import FILLED, store_out
from torchlike._programs import explain, memory
from torchlike._recorder.view import Layout, Place
from torchlike._signatures.parser import type_name
from torchlike._types import devices, dtypes, formats
from torchlike._types.numbers import fitting

if TYPE_CHECKING:
    from torchlike.tensor import Tensor

RANGE = (
    "torch.range is deprecated and will be removed in a future release because its behavior is inconsistent with "
    "Python's range builtin. Instead, use torch.arange, which produces values in [start, end)."
)


def sizes(name: str, size: tuple, given=None, last: str = "") -> tuple[int, ...]:
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
            said = "Overflow when unpacking long long"
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


def is_index(value) -> bool:
    """Whether an argument may stand where an int is wanted; a bool may not."""
    return hasattr(value, "__index__") and not isinstance(value, bool)


def finished(name: str, array: np.ndarray, device, requires_grad: bool, out=None, memory_format=None):
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


def dtype_for(name: str, dtype, out) -> dtypes.dtype | None:
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


def number_for(value, dtype: dtypes.dtype, numel: int):
    """A Python number that is to fill a tensor, checked to fit its dtype.

    Raises:
        RuntimeError: it does not.
    """
    if dtype in dtypes.HALVES and numel == 1:  # PyTorch writes a single one as a double
        return fitting(value, dtypes.float64)
    return fitting(value, dtype)


def _filled(name: str, shape, value, dtype, device, requires_grad: bool, out=None, memory_format=None):
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


def _shaped(name: str, value, doc: str) -> Callable[..., Tensor]:
    """A function of a shape that fills it with one value."""

    def make(
        *args,
        size=None,
        out=None,
        dtype=None,
        layout=None,
        device=None,
        pin_memory=False,
        requires_grad=False,
        memory_format=None,
    ):
        return _filled(name, sizes(name, args, size), value, dtype, device, requires_grad, out, memory_format)

    make.__doc__ = doc
    return function(make, name=name, of_modes=True)


_ARGS = """

    Args:
        args: the sizes, one by one or as one sequence.
        out: a tensor to put the result in.
        dtype: the default dtype unless given.
        device: where it lives.
        requires_grad: whether it is a leaf to differentiate for.
    """
zeros = _shaped("zeros", 0, "Zeros of a shape." + _ARGS)
ones = _shaped("ones", 1, "Ones of a shape." + _ARGS)
empty = _shaped("empty", 0, "A tensor of a shape whose elements have no meaning yet; here they are zeros." + _ARGS)


def number_of(name: str, value):
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
    size, fill_value, *, out=None, dtype=None, layout=None, device=None, pin_memory=False, requires_grad=False
) -> Tensor:
    """A tensor of a shape with one number everywhere; its dtype is that of the number unless given.

    Raises:
        RuntimeError: the number does not fit the dtype.
    """
    if not isinstance(size, (tuple, list)):
        raise TypeError(f"full(): argument 'size' (position 1) must be tuple of ints, not {type(size).__name__}")
    value = number_of("full", fill_value)
    dtype = dtype_for("full", dtype, out) or dtype_of_number(value)
    return _filled("full", sizes("full", (size,)), value, dtype, device, requires_grad, out)


# ---------------------------------------------------------------------- like another tensor


def _like(name: str, value, doc: str) -> Callable[..., Tensor]:
    def like(input, *, dtype=None, layout=None, device=None, pin_memory=False, requires_grad=False, memory_format=None):
        if not isinstance(input, TensorBase):
            raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
        return _filled_like(name, input, value, dtype, device, requires_grad, memory_format)

    like.__doc__ = doc
    return function(like, name=name)


def _filled_like(name, input, value, dtype, device, requires_grad, memory_format):
    """One number in the shape of a tensor, and in the order of its elements in memory."""
    known = input._aval
    dtype = dtypes.resolve(dtype, name) or known.dtype
    device = known.device if device is None else device
    made = _filled(name, known.shape, value, dtype, device, False, None, memory_format)
    if input._view is not None and memory_format in (None, formats.preserve_format):
        strides.put(made, strides.preserved(input._layout))
    made = beside(made, input)
    return made.requires_grad_() if requires_grad else made


_DOC = "{} in the shape, dtype and device of `input`, unless others are given."
zeros_like = _like("zeros_like", 0, _DOC.format("Zeros"))
ones_like = _like("ones_like", 1, _DOC.format("Ones"))
empty_like = _like("empty_like", 0, _DOC.format("Elements without meaning, here zeros,"))


@function
def full_like(
    input,
    fill_value,
    *,
    dtype=None,
    layout=None,
    device=None,
    pin_memory=False,
    requires_grad=False,
    memory_format=None,
) -> Tensor:
    """One number everywhere, in the shape, dtype and device of `input`, unless others are given.

    Raises:
        RuntimeError: the number does not fit the dtype.
    """
    value = number_of("full_like", fill_value)
    return _filled_like("full_like", input, value, dtype, device, requires_grad, memory_format)


def _new(name: str, value, doc: str) -> Callable[..., Tensor]:
    def new(self, *args, size=None, dtype=None, device=None, requires_grad=False, layout=None, pin_memory=False):
        known = self._aval
        shape = sizes(name, args, size)
        made = _filled(name, shape, value, dtype or known.dtype, device or known.device, requires_grad)
        return beside(made, self)

    new.__doc__ = doc
    return function(new, name=name)


_DOC = "{} of a shape, in the dtype and on the device of this tensor."
new_zeros = _new("new_zeros", 0, _DOC.format("Zeros"))
new_ones = _new("new_ones", 1, _DOC.format("Ones"))
new_empty = _new("new_empty", 0, _DOC.format("Elements without meaning, here zeros,"))


@function
def new_full(
    self, size, fill_value, *, dtype=None, device=None, requires_grad=False, layout=None, pin_memory=False
) -> Tensor:
    """One number everywhere, in the dtype and on the device of this tensor."""
    known = self._aval
    dtype = dtypes.resolve(dtype, "new_full") or known.dtype
    value = number_of("new_full", fill_value)
    made = _filled("new_full", sizes("new_full", (size,)), value, dtype, device or known.device, requires_grad)
    return beside(made, self)


# ---------------------------------------------------------------------- strides of one's own


@function(of_modes=True)
def empty_strided(
    size, stride, *, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False
) -> Tensor:
    """A tensor of a shape with strides of one's own, counted in elements.

    Raises:
        RuntimeError: there are not as many strides as sizes.
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
    self, size, stride, dtype=None, layout=None, device=None, pin_memory=False, requires_grad=False
) -> Tensor:
    """`empty_strided` in the dtype and on the device of this tensor."""
    known = self._aval
    return empty_strided(
        size, stride, dtype=dtype or known.dtype, device=device or known.device, requires_grad=requires_grad
    )


@function(of_modes=True)
def empty_permuted(
    size, physical_layout, *, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False
) -> Tensor:
    """A tensor of a shape whose dimensions lie in memory in the given order, the outermost first."""
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


# ---------------------------------------------------------------------- counting and spaced


def _is_whole(value) -> bool:
    return isinstance(value, (int, np.integer))


def _number(name: str, argument: str, place: int, value):
    if isinstance(value, TensorBase):
        return value.item()
    if not isinstance(value, (bool, int, float, complex, np.number)):
        kind = type(value).__name__
        raise TypeError(f"{name}(): argument '{argument}' (position {place}) must be Number, not {kind}")
    return value


@function(of_modes=True)
def arange(
    *args,
    start=None,
    end=None,
    step=None,
    out=None,
    dtype=None,
    layout=None,
    device=None,
    pin_memory=False,
    requires_grad=False,
) -> Tensor:
    """Numbers from `start` (default 0) up to and without `end`, `step` (default 1) apart.

    Called as ``arange(end)``, ``arange(start, end)`` or ``arange(start, end, step)``. The dtype is int64 if all three
    are integers, else the default one.

    Raises:
        RuntimeError: the step is 0 or leads away from `end`, or a bound is not finite.
    """
    given = dict(zip(("start", "end", "step"), args if len(args) > 1 else (None, *args), strict=False))
    start, end, step = (
        given.get(name) if given.get(name) is not None else other
        for name, other in (("start", start), ("end", end), ("step", step))
    )
    if end is None:
        raise TypeError("arange() received an invalid combination of arguments - got ()")
    end = _number("arange", "end", 1 if len(args) < 2 else 2, end)
    start = 0 if start is None else _number("arange", "start", 1, start)
    step = 1 if step is None else _number("arange", "step", 3, step)
    dtype = dtype_for("arange", dtype, out)
    if dtype is None:
        dtype = dtypes.int64 if all(map(_is_whole, (start, end, step))) else dtypes.get_default_dtype()
    if dtype.is_complex or dtype.rank == 0:
        raise NotImplementedError(f"\"arange_cpu\" not implemented for '{dtypes.scalar_name(dtype)}'")
    _check_range(start, end, step)
    if dtype.rank == 1:
        if int(step) == 0:
            raise ValueError("step must be nonzero")
        start, end, step = int(start), int(end), int(step)
        count = max(-((start - end) // step), 0)
    else:
        count = math.ceil((end - start) / step)
    return finished("arange", _counted(start, step, count, dtype), device, requires_grad, out)


def _check_range(start, end, step) -> None:
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if not (math.isfinite(start) and math.isfinite(end)):
        raise RuntimeError(f"unsupported range: {_plain(start)} -> {_plain(end)}")
    if (end - start) * step < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")


def _plain(number) -> str:
    return f"{number:g}"


def _counted(start, step, count: int, dtype: dtypes.dtype) -> np.ndarray:
    if dtype.rank == 1:
        return cast(start + step * np.arange(count, dtype=np.int64), dtype)
    return cast(start + step * np.arange(count, dtype=np.float64), dtype)


@function(name="range", of_modes=True)
def inclusive_range(
    start=0, end=None, step=1, *, out=None, dtype=None, layout=None, device=None, pin_memory=False, requires_grad=False
):
    """Numbers from `start` up to and with `end`, `step` apart; deprecated, as it is unlike Python's range."""
    explain.warn(RANGE)
    if end is None:
        start, end = 0, start
    _check_range(start, end, step)
    dtype = dtype_for("range", dtype, out) or dtypes.get_default_dtype()
    count = int((end - start) / step + 1)
    return finished("range", _counted(start, step, count, dtype), device, requires_grad, out)


def _ends(name: str, start, end) -> tuple:
    if any(isinstance(each, TensorBase) and each._aval.ndim for each in (start, end)):
        dims = [each._aval.ndim if isinstance(each, TensorBase) else 0 for each in (start, end)]
        raise RuntimeError(
            f"{name} only supports 0-dimensional start and end tensors, but got start with {dims[0]} dimension(s) and "
            f"end with {dims[1]} dimension(s)."
        )
    return tuple([each.item() if isinstance(each, TensorBase) else each for each in (start, end)])


def _spaced(start, end, steps: int, wide: np.dtype) -> np.ndarray:
    """Evenly spaced numbers, counted from both ends as PyTorch does."""
    if steps < 2:
        return np.full(steps, start, wide)
    kind = wide.type
    first, last = kind(start), kind(end)
    step = kind((last - first) / kind(steps - 1))
    places = np.arange(steps).astype(wide)
    return np.where(np.arange(steps) < steps // 2, first + step * places, last - step * places[::-1]).astype(wide)


def _check_steps(name: str, steps, legacy_steps: int) -> int:
    if steps is None:
        explain.warn(
            f"Not providing a value for {name}'s steps is deprecated and will throw a runtime error in a future "
            f"release. This warning will appear only once per process.",
            FutureWarning,
        )
        return legacy_steps
    if isinstance(steps, float) or not hasattr(steps, "__index__"):
        raise TypeError(f"{name}() received an invalid combination of arguments - got (steps={type(steps).__name__})")
    if steps < 0:
        raise RuntimeError("number of steps must be non-negative")
    return steps.__index__()


def _spaced_dtype(name: str, start, end, dtype, out) -> dtypes.dtype:
    dtype = dtype_for(name, dtype, out)
    if dtype is None:
        default = dtypes.get_default_dtype()
        dtype = default.to_complex() if isinstance(start, complex) or isinstance(end, complex) else default
    if dtype.rank == 0:
        raise NotImplementedError(f"\"{name}_cpu\" not implemented for 'Bool'")
    return dtype


@function(of_modes=True)
def linspace(
    start, end, steps=None, *, out=None, dtype=None, layout=None, device=None, pin_memory=False, requires_grad=False
) -> Tensor:
    """`steps` evenly spaced numbers from `start` to `end`, both included.

    Raises:
        RuntimeError: `steps` is negative.
    """
    start, end = _ends("linspace", start, end)
    steps = _check_steps("linspace", steps, 100)
    dtype = _spaced_dtype("linspace", start, end, dtype, out)
    wide = np.dtype(np.float64) if dtype.rank == 1 or dtype.itemsize == 2 else dtype.np
    if dtype.rank == 1:
        start, end = int(start), int(end)
    return finished("linspace", cast(_spaced(start, end, steps, wide), dtype), device, requires_grad, out)


@function(of_modes=True)
def logspace(
    start,
    end,
    steps=None,
    base=10.0,
    *,
    out=None,
    dtype=None,
    layout=None,
    device=None,
    pin_memory=False,
    requires_grad=False,
) -> Tensor:
    """Powers of `base` whose exponents are `steps` evenly spaced numbers from `start` to `end`.

    Raises:
        RuntimeError: `steps` is negative.
    """
    start, end = _ends("logspace", start, end)
    base = base.item() if isinstance(base, TensorBase) else base
    steps = _check_steps("logspace", steps, 100)
    dtype = _spaced_dtype("logspace", start, end, dtype, out)
    if dtype.rank < 2:
        start, end = int(start), int(end)
    wide = np.dtype(np.complex128 if dtype.is_complex else np.float64)
    with np.errstate(all="ignore"):
        powers = np.power(wide.type(base), _spaced(start, end, steps, wide))
    return finished("logspace", cast(powers, dtype), device, requires_grad, out)


@function(of_modes=True)
def eye(n, m=None, *, out=None, dtype=None, layout=None, device=None, pin_memory=False, requires_grad=False) -> Tensor:
    """A matrix with ones on the diagonal and zeros elsewhere.

    Args:
        n: rows.
        m: columns, as many by default.

    Raises:
        RuntimeError: a size is negative.
    """
    for name, size in (("n", n), ("m", n if m is None else m)):
        if not is_index(size):
            raise TypeError(f"eye(): argument '{name}' (position 1) must be int, not {type(size).__name__}")
        if size < 0:
            raise RuntimeError(f"{name} must be greater or equal to 0, got {size}")
    dtype = dtype_for("eye", dtype, out) or dtypes.get_default_dtype()
    return finished("eye", np.eye(n, m, dtype=dtype.np), device, requires_grad, out)


@function(of_modes=True)
def scalar_tensor(s, *, dtype=None, layout=None, device=None, pin_memory=False, requires_grad=False) -> Tensor:
    """A 0-d tensor of a number, in the default dtype unless another is given."""
    return _filled("scalar_tensor", (), s, dtype, device, requires_grad)
