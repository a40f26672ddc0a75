"""Rules of what goes element by element: arithmetic, comparison, bits, and the functions NumPy has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

from torchlike._programs.cold.rules import is_float, rule, widened

MANY = 2048  # elements: above, several passes without branches cost less than one with


def _same(fn: Callable) -> Callable:
    """A rule for a function that gives the right dtype by itself, on all dtypes but the narrow ones."""
    return lambda params, ins, outs: widened(fn, ins, outs)


_UFUNCS = {
    **{"neg": np.negative, "floor": np.floor, "ceil": np.ceil, "is_finite": np.isfinite, "exp": np.exp},
    **{"exp2": np.exp2, "log": np.log, "expm1": np.expm1, "log1p": np.log1p, "sin": np.sin, "cos": np.cos},
    **{"tan": np.tan, "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan, "atan2": np.arctan2},
    **{"sinh": np.sinh, "cosh": np.cosh, "asinh": np.arcsinh, "acosh": np.arccosh, "atanh": np.arctanh},
    **{"tanh": np.tanh, "sqrt": np.sqrt, "cbrt": np.cbrt, "square": np.square, "abs": np.abs, "max": np.maximum},
    **{"min": np.minimum, "add": np.add, "sub": np.subtract, "add_any": np.add, "nextafter": np.nextafter},
    **{"eq": np.equal, "ne": np.not_equal, "lt": np.less, "le": np.less_equal, "gt": np.greater},
    **{"ge": np.greater_equal, "and": np.bitwise_and, "or": np.bitwise_or, "xor": np.bitwise_xor},
    **{"not": np.invert},
}
# the spacing of narrow floats is not that of wide ones
_EXACT = ("nextafter",)

for _name, _ufunc in _UFUNCS.items():
    if _name in _EXACT:
        rule(_name, shapeless=True)(lambda params, ins, outs, fn=_ufunc: fn)
    else:
        rule(_name, shapeless=True)(_same(_ufunc))


@rule("mul", shapeless=True)
def _mul(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    out = outs[0].dtype
    if params.get("out_dtype") is None or all(each.dtype == out for each in ins):
        return widened(np.multiply, ins, outs)
    return lambda x, y: np.multiply(x.astype(out), y.astype(out))


@rule("mulhi")
def _mulhi(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    dtype = outs[0].dtype
    bits = dtype.itemsize * 8
    if bits == 64:
        return lambda x, y: ((x.astype(object) * y.astype(object)) >> bits).astype(dtype)
    wide = np.dtype(f"{dtype.kind}8")
    return lambda x, y: ((x.astype(wide) * y.astype(wide)) >> bits).astype(dtype)


@rule("div", shapeless=True)
def _div(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    dtype = outs[0].dtype
    if dtype.kind not in "iu":
        return widened(np.divide, ins, outs)
    return _unsigned_div if dtype.kind == "u" else _signed_div


def _unsigned_div(x: np.ndarray, y: np.ndarray):
    """`x / y`; all bits set where `y` is 0."""
    return np.where(y == 0, np.invert(x.dtype.type(0)), x // y)


def _signed_div(x: np.ndarray, y: np.ndarray):
    """`x / y` towards zero; -1 where `y` is 0."""
    got = x // y  # towards minus infinity
    got = got + ((got * y != x) & ((x < 0) != (y < 0)))
    return np.where(y == 0, x.dtype.type(-1), got).astype(x.dtype, copy=False)


@rule("rem", shapeless=True)
def _rem(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    if outs[0].dtype.kind not in "iu":
        return widened(np.fmod, ins, outs)
    return lambda x, y: np.where(y == 0, x, np.fmod(x, y))


@rule("sign", shapeless=True)
def _sign(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    if is_float(ins[0].dtype):
        return widened(lambda x: np.copysign(np.sign(x), x), ins, outs)
    return np.sign


@rule("round", shapeless=True)
def _round(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    if int(params["rounding_method"]) == 1:
        return widened(np.rint, ins, outs)
    return widened(_round_away, ins, outs)


def _round_away(x: np.ndarray):
    whole = np.trunc(x)
    return whole + np.copysign(np.abs(x - whole) >= 0.5, x)


@rule("logistic", shapeless=True)
def _logistic(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    return widened(lambda x: np.reciprocal(np.exp(-x) + x.dtype.type(1)), ins, outs)


@rule("rsqrt", shapeless=True)
def _rsqrt(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    return widened(lambda x: np.reciprocal(np.sqrt(x)), ins, outs)


@rule("integer_pow", shapeless=True)
def _integer_pow(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    y = params["y"]
    if y == 2:
        return widened(np.square, ins, outs)

    def power(x: np.ndarray):
        got, square, rest = None, x, abs(y)
        while rest:
            if rest & 1:
                got = square if got is None else got * square
            rest >>= 1
            square = square * square if rest else square
        got = np.ones_like(x) if got is None else got
        return np.divide(x.dtype.type(1), got) if y < 0 else got

    return widened(power, ins, outs)


@rule("pow", shapeless=True)
def _pow(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    dtype = ins[0].dtype
    if ins[1].dtype == dtype:
        return widened(np.power if dtype.kind != "c" else _complex_power, ins, outs)
    # an integer exponent of 64 bits would widen what it is applied to
    return widened(lambda x, y: np.power(x, y.astype(x.dtype)), ins, outs)


def _complex_power(x: np.ndarray, y: np.ndarray):
    """`x ** y`; 1 where `y` is 0, and 0 where `x` alone is."""
    got = np.exp(y * np.log(x))
    return np.where(y == 0, x.dtype.type(1), np.where((x == 0) & (y.real > 0), x.dtype.type(0), got))


@rule("real")
def _real(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    return lambda x: x.real


@rule("imag")
def _imag(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    return lambda x: x.imag


@rule("complex")
def _complex(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    shape, dtype = outs[0].shape, outs[0].dtype

    def join(real: np.ndarray, imag: np.ndarray):
        made = np.empty(shape, dtype)
        made.real, made.imag = real, imag
        return made

    return join


@rule("conj")
def _conj(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    dtype = outs[0].dtype
    return np.conjugate if ins[0].dtype == dtype else lambda x: x.astype(dtype)


@rule("shift_left")
def _shift_left(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    bits, zero = _bits(outs)
    return _shift(np.left_shift, ins[1], bits, lambda x, y: np.where(_is_short(y, bits), np.left_shift(x, y), zero))


@rule("shift_right_logical")
def _shift_right_logical(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    (bits, zero), dtype = _bits(outs), outs[0].dtype
    raw = np.dtype(f"u{dtype.itemsize}")

    def move(x: np.ndarray, y: np.ndarray):
        return np.right_shift(x.view(raw), y.view(raw)).view(dtype)

    return _shift(move, ins[1], bits, lambda x, y: np.where(_is_short(y, bits), move(x, y), zero))


@rule("shift_right_arithmetic")
def _shift_right_arithmetic(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    bits, dtype = _bits(outs)[0], outs[0].dtype
    signed = np.dtype(f"i{dtype.itemsize}")

    def shift(x: np.ndarray, y: np.ndarray):
        # a count of all bits leaves the sign, as one of all but one does
        count = np.where(_is_short(y, bits), y, dtype.type(bits - 1))
        return np.right_shift(x.view(signed), count.view(signed)).view(dtype)

    return shift


def _shift(move: Callable, count: Any, bits: int, shift: Callable) -> Callable:
    """`shift`; by one short count for all elements it is `move`."""
    if count.shape:
        return shift
    return lambda x, y: move(x, y) if 0 <= int(y) < bits else shift(x, y)


def _bits(outs: list) -> tuple:
    dtype = outs[0].dtype
    return dtype.itemsize * 8, dtype.type(0)


def _is_short(count: Any, bits: int):
    """Where a shift's count leaves bits over; a negative one is large."""
    return (count < bits) & (count >= 0)


@rule("population_count")
def _population_count(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    dtype = outs[0].dtype
    raw = np.dtype(f"u{dtype.itemsize}")
    return lambda x: np.bitwise_count(x.view(raw)).astype(dtype)


@rule("clz")
def _clz(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    dtype = outs[0].dtype
    raw, bits = np.dtype(f"u{dtype.itemsize}"), dtype.itemsize * 8

    def leading_zeros(x: np.ndarray):
        x, shift = x.view(raw), 1
        while shift < bits:
            x, shift = x | (x >> raw.type(shift)), 2 * shift
        return (bits - np.bitwise_count(x).astype(np.int64)).astype(dtype)

    return leading_zeros


@rule("clamp", shapeless=True)
def _clamp(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    return widened(lambda low, x, high: np.minimum(np.maximum(x, low), high), ins, outs)


def _select_bits(dtype: np.dtype) -> Callable:
    """Without a branch for each element, which NumPy's `where` has: an eighth of its time where they are at random."""
    bits = np.dtype(f"i{dtype.itemsize}")

    def select(which: np.ndarray, no: np.ndarray, yes: np.ndarray):
        if 0 in which.strides:
            few = which[tuple([slice(None if step else 1) for step in which.strides])]
            if not few.any():
                return no
            if few.all():
                return yes
            which = np.ascontiguousarray(which)
        no, yes = no.view(bits), yes.view(bits)
        if not any(yes.strides) and not yes.item(0):
            return (no * np.invert(which).view(np.int8)).view(dtype)
        got = yes ^ no
        got *= which.view(np.int8)
        got ^= no
        return got.view(dtype)

    return select


@rule("select_n")
def _select_n(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    if not ins[0].shape:
        last = len(ins) - 2
        return lambda which, *cases: cases[min(max(int(which), 0), last)]
    if len(ins) == 3:
        truth = ins[0].dtype.kind == "b"
        if outs[0].size > MANY and outs[0].dtype.itemsize <= 8 and truth:
            return _select_bits(outs[0].dtype)
        if truth:
            return lambda which, no, yes: np.where(which, yes, no)
        return lambda which, no, yes: np.where(which != 0, yes, no)

    def choose(which: np.ndarray, *cases: np.ndarray):
        got = np.empty(cases[0].shape, cases[0].dtype)
        for at, case in enumerate(cases):
            np.copyto(got, case, where=which == at)
        return got

    return choose


def _total_order(fn: Callable) -> Callable:
    """A rule that compares floats in the order -NaN, -inf, ..., -0, 0, ..., inf, NaN."""

    def make(params: dict[str, Any], ins: list[Any], outs: list[Any]):
        dtype = ins[0].dtype
        if not is_float(dtype):
            return None if dtype.kind == "c" else fn
        bits = np.dtype(f"i{dtype.itemsize}")
        largest = np.array(np.iinfo(bits).max, bits)

        def key(x: np.ndarray):
            raw = x.view(bits)
            return np.where(raw < 0, raw ^ largest, raw)

        return lambda x, y: fn(key(x), key(y))

    return make


for _name, _ufunc in {"eq_to": np.equal, "lt_to": np.less, "le_to": np.less_equal}.items():
    rule(_name)(_total_order(_ufunc))


@rule("stop_gradient", "copy", "name", shapeless=True)
def _identity(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    return lambda x: x


@rule("optimization_barrier")
def _optimization_barrier(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    return lambda *arrays: list(arrays)


@rule("reduce_precision")
def _reduce_precision(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    known = jnp.finfo(ins[0].dtype)
    if params["exponent_bits"] >= known.nexp and params["mantissa_bits"] >= known.nmant:
        return lambda x: x
    if ins[0].dtype == np.float32 and (params["exponent_bits"], params["mantissa_bits"]) == (8, 7):
        return lambda x: x.astype(jnp.bfloat16).astype(np.float32)
    return None
