"""Abstract values: what is known of an array before it is computed."""

from __future__ import annotations

import math
import threading
from weakref import WeakValueDictionary

import jax

from torchlike._programs import memory
from torchlike._programs.cache import Cache
from torchlike._types import Size, dtype
from torchlike._types.places import HOST, NOWHERE, Place


class Aval:
    """Shape, dtype and place of an array. Interned: equal ones are one object, so they hash by identity."""

    __slots__ = ("shape", "dtype", "place", "device", "size", "ndim", "numel", "nbytes", "struct", "__weakref__")

    def __repr__(self) -> str:
        return f"{self.dtype.name}{list(self.shape)}" + ("" if self.place is HOST else f"@{self.place}")


_recent: Cache[tuple, Aval] = Cache()
_living: WeakValueDictionary[tuple, Aval] = WeakValueDictionary()  # all that anybody still has: there is no other
_lock = threading.Lock()


def aval(shape: tuple[int, ...], dt: dtype, where: Place = HOST) -> Aval:
    """The one abstract value of this shape and dtype at a place."""
    key = (shape, dt, where)
    found = _recent[key]
    if found is None:
        with _lock:
            found = _living.get(key)
            if found is None:
                found = _living[key] = _made(shape, dt, where)
            _recent[key] = found
    return found


def _made(shape: tuple[int, ...], dt: dtype, where: Place) -> Aval:
    if where is not NOWHERE and type(shape) is tuple and all(type(each) is int for each in shape):
        memory.check_size(shape, dt.itemsize)
    made = Aval()
    made.shape, made.dtype, made.place, made.device = tuple(shape), dt, where, where.device
    # sizes may be symbols here, which the constructor of `Size` refuses
    made.size, made.ndim, made.numel = tuple.__new__(Size, shape), len(shape), math.prod(shape)
    made.nbytes = made.numel * dt.itemsize
    made.struct = jax.ShapeDtypeStruct(made.shape, dt.np)
    return made
