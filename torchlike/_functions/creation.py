"""Tensors made from nothing: filled with a number, counting, spaced, the identity."""

from __future__ import annotations

import math

import numpy as np

from torchlike._autograd.variable import TensorBase
from torchlike._functions.making import wrapped
from torchlike._types import dtypes


def sizes(name: str, size: tuple) -> tuple[int, ...]:
    """The shape that positional arguments spell: ``2, 3`` or ``(2, 3)``.

    Raises:
        TypeError: they are no integers.
        RuntimeError: one is negative.
    """
    if len(size) == 1 and isinstance(size[0], (tuple, list)):
        size = size[0]
    found = []
    for place, each in enumerate(size):
        if type(each) is not int:
            if isinstance(each, float) or not hasattr(each, "__index__"):
                raise TypeError(
                    f"{name}(): argument 'size' failed to unpack the object at pos {place + 1} with error \"type must be "
                    f"tuple of ints,but got {type(each).__name__}\""
                    if len(size) > 1
                    else f"{name}(): argument 'size' (position 1) must be tuple of ints, not {type(each).__name__}"
                )
            each = each.__index__()
        if each < 0:
            raise RuntimeError(f"Trying to create tensor with negative dimension {each}: {list(size)}")
        found.append(each)
    return tuple(found)


def _made(array: np.ndarray, device=None, requires_grad: bool = False):
    made = wrapped(array, device)
    return made.requires_grad_() if requires_grad else made


def _filled(shape, value, dtype, device, requires_grad: bool, out=None):
    dtype = dtype or (dtypes.get_default_dtype() if out is None else out._aval.dtype)
    made = _made(np.full(shape, value, dtype.np), device, requires_grad)
    return made if out is None else _stored(made, out)


def _stored(made, out):
    from torchlike._dispatch import store_out

    store_out("empty", made, out)
    return out


def zeros(*size, out=None, dtype=None, layout=None, device=None, pin_memory=False, requires_grad=False):
    """Zeros of a shape."""
    return _filled(sizes("zeros", size), 0, dtype, device, requires_grad, out)


def ones(*size, out=None, dtype=None, layout=None, device=None, pin_memory=False, requires_grad=False):
    """Ones of a shape."""
    return _filled(sizes("ones", size), 1, dtype, device, requires_grad, out)


def empty(
    *size, out=None, dtype=None, layout=None, device=None, pin_memory=False, requires_grad=False, memory_format=None
):
    """A tensor of a shape whose elements have no meaning yet; here they are zeros."""
    return _filled(sizes("empty", size), 0, dtype, device, requires_grad, out)


def full(size, fill_value, *, out=None, dtype=None, layout=None, device=None, pin_memory=False, requires_grad=False):
    """A tensor of a shape with one number everywhere; its dtype is that of the number."""
    value = fill_value.item() if isinstance(fill_value, TensorBase) else fill_value
    if dtype is None and out is None:
        dtype = dtype_of_number(value)
    return _filled(sizes("full", (size,)), value, dtype, device, requires_grad, out)


def dtype_of_number(value) -> dtypes.dtype:
    """The dtype that a Python number gets."""
    if isinstance(value, bool):
        return dtypes.bool_
    if isinstance(value, (int, np.integer)):
        return dtypes.int64
    default = dtypes.get_default_dtype()
    return default.to_complex() if isinstance(value, complex) else default


def _like(name: str, value):
    def like(
        input, *, dtype=None, layout=None, device=None, pin_memory=False, requires_grad=False, memory_format=None
    ):
        known = input._aval
        return _filled(known.shape, value, dtype or known.dtype, device or known.device, requires_grad)

    like.__name__ = like.__qualname__ = name
    like.__module__ = "torchlike"
    like.__doc__ = f"{name.split('_')[0].capitalize()} of the shape, dtype and device of `input`."
    return like


zeros_like, ones_like, empty_like = _like("zeros_like", 0), _like("ones_like", 1), _like("empty_like", 0)


def full_like(
    input, fill_value, *, dtype=None, layout=None, device=None, pin_memory=False, requires_grad=False,
    memory_format=None
):
    """One number everywhere, in the shape, dtype and device of `input`."""
    known = input._aval
    value = fill_value.item() if isinstance(fill_value, TensorBase) else fill_value
    return _filled(known.shape, value, dtype or known.dtype, device or known.device, requires_grad)


def _new(name: str, value):
    def new(self, *size, dtype=None, device=None, requires_grad=False, layout=None, pin_memory=False):
        known = self._aval
        return _filled(sizes(name, size), value, dtype or known.dtype, device or known.device, requires_grad)

    new.__name__ = new.__qualname__ = name
    new.__module__ = "torchlike"
    new.__doc__ = f"{name.split('_')[1].capitalize()} of a shape, in the dtype and on the device of this tensor."
    return new


new_zeros, new_ones, new_empty = _new("new_zeros", 0), _new("new_ones", 1), _new("new_empty", 0)


def new_full(self, size, fill_value, *, dtype=None, device=None, requires_grad=False, layout=None, pin_memory=False):
    """One number everywhere, in the dtype and on the device of this tensor."""
    known = self._aval
    value = fill_value.item() if isinstance(fill_value, TensorBase) else fill_value
    return _filled(sizes("new_full", (size,)), value, dtype or known.dtype, device or known.device, requires_grad)


def arange(start, end=None, step=1, *, out=None, dtype=None, layout=None, device=None, pin_memory=False,
           requires_grad=False):
    """Numbers from `start` (default 0) up to and without `end`, `step` apart.

    Raises:
        RuntimeError: the step is 0 or leads away from `end`.
    """
    if end is None:
        start, end = 0, start
    start, end, step = (each.item() if isinstance(each, TensorBase) else each for each in (start, end, step))
    if dtype is None:
        dtype = out._aval.dtype if out is not None else dtypes.int64 if all(
            isinstance(each, (int, np.integer)) for each in (start, end, step)
        ) else dtypes.get_default_dtype()
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if (end - start) * step < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    count = math.ceil((end - start) / step)
    array = (start + step * np.arange(count)).astype(dtype.np)
    made = _made(array, device, requires_grad)
    return made if out is None else _stored(made, out)


for _public in (zeros, ones, empty, full, full_like, new_full, arange):
    _public.__module__ = "torchlike"
