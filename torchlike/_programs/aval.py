"""Abstract values: what is known of an array before it is computed."""

from __future__ import annotations

import math

import jax

from torchlike._programs import memory
from torchlike._types import Size, dtype
from torchlike._types.places import HOST, NOWHERE, Place


class Aval:
    """Shape, dtype and place of an array. Interned: equal ones are one object, so they hash by identity."""

    __slots__ = ("shape", "dtype", "place", "device", "size", "ndim", "numel", "nbytes", "struct")

    def __repr__(self) -> str:
        return f"{self.dtype.name}{list(self.shape)}" + ("" if self.place is HOST else f"@{self.place}")


_interned: dict[tuple, Aval] = {}


def aval(shape: tuple[int, ...], dt: dtype, where: Place = HOST) -> Aval:
    """The one abstract value of this shape and dtype at a place."""
    key = (shape, dt, where)
    found = _interned.get(key)
    if found is None:
        if where is not NOWHERE and type(shape) is tuple and all(type(each) is int for each in shape):
            memory.check_size(shape, dt.itemsize)
        found = Aval()
        found.shape, found.dtype, found.place, found.device = tuple(shape), dt, where, where.device
        # sizes may be symbols here, which the constructor of `Size` refuses
        found.size, found.ndim, found.numel = tuple.__new__(Size, shape), len(shape), math.prod(shape)
        found.nbytes = found.numel * dt.itemsize
        found.struct = jax.ShapeDtypeStruct(found.shape, dt.np)
        found = _interned.setdefault(key, found)
    return found
