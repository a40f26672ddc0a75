"""Rules of conversion between dtypes."""

from __future__ import annotations

from typing import Any

import numpy as np

from torchlike._programs.cold.rules import is_float, is_narrow, rule


@rule("convert_element_type", shapeless=True)
def _convert_element_type(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    old, new = ins[0].dtype, outs[0].dtype
    if old == new:
        return lambda x: x
    if new.kind == "b":
        return lambda x: x != 0
    if new.kind in "iu" and is_float(old):
        return _to_integers(old, new)
    if old.kind == "c" and new.kind != "c":
        convert = _convert_element_type(params, [_of(ins[0], np.dtype(f"f{old.itemsize // 2}"))], outs)
        return lambda x: convert(x.real)
    return lambda x: x.astype(new)


def _of(aval: Any, dtype: np.dtype):
    return aval.update(dtype=dtype)


def _to_integers(old: np.dtype, new: np.dtype):
    """Towards zero; what is too large becomes the nearest integer there is, NaN becomes 0."""
    known = np.iinfo(new)
    wide = np.dtype(np.float32) if is_narrow(old) else old
    # the first whole number beyond, a power of 2: the last one within need not be a number of this dtype
    beyond, least = wide.type(2.0 ** (known.bits - (new.kind == "i"))), wide.type(float(known.min))

    def convert(x: np.ndarray):
        x = x.astype(wide, copy=False)
        fits = (x < beyond) & (x >= least)
        if fits.all():
            return x.astype(new)
        got = np.where(fits, x, wide.type(0)).astype(new)
        return np.where(fits | (x != x), got, np.where(x > 0, new.type(known.max), new.type(known.min)))

    return convert


@rule("bitcast_convert_type")
def _bitcast_convert_type(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    new, shape = outs[0].dtype, outs[0].shape
    if "b" in (new.kind, ins[0].dtype.kind):
        return None
    if new.itemsize == ins[0].dtype.itemsize:
        return lambda x: x.view(new)
    # the bytes of an element lie along a last axis of their own
    inner = (1,) if new.itemsize < ins[0].dtype.itemsize else ()
    return lambda x: np.ascontiguousarray(x).reshape((*x.shape, *inner)).view(new).reshape(shape)
