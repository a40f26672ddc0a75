"""Abstract values: what is known of an array before it is computed."""

from __future__ import annotations

import math

import jax

from torchlike._programs import memory
from torchlike._types import Size, device, dtype
from torchlike._types.devices import CPU


class Aval:
    """Shape, dtype and device of an array. Interned: equal ones are one object, so they hash by identity."""

    __slots__ = ("shape", "dtype", "device", "size", "ndim", "numel", "nbytes", "struct")

    def __repr__(self) -> str:
        return f"{self.dtype.name}{list(self.shape)}" + ("" if self.device is CPU else f"@{self.device}")


_interned: dict[tuple, Aval] = {}


def aval(shape: tuple[int, ...], dt: dtype, where: device = CPU) -> Aval:
    """The one abstract value of this shape, dtype and device."""
    key = (shape, dt, where)
    found = _interned.get(key)
    if found is None:
        if type(shape) is tuple and all(type(each) is int for each in shape):
            memory.check_size(shape, dt.itemsize)
        found = Aval()
        found.shape, found.dtype, found.device = tuple(shape), dt, where
        # sizes may be symbols here, which the constructor of `Size` refuses
        found.size, found.ndim, found.numel = tuple.__new__(Size, shape), len(shape), math.prod(shape)
        found.nbytes = found.numel * dt.itemsize
        found.struct = jax.ShapeDtypeStruct(found.shape, dt.np)
        found = _interned.setdefault(key, found)
    return found
