"""Sums, differences, products, quotients and powers."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import lax

from torchlike import return_types
from torchlike._dispatch import op
from torchlike._half import stepped
from torchlike._ops._derivatives import derived
from torchlike._ops._nodes import by_tensor, of_power, of_remainder
from torchlike._ops._promote import (
    Array,
    ArrayLike,
    Number,
    as_dtype,
    broadcast_shapes,
    checked_number,
    floating,
    is_number,
    matched,
    matched_float,
    only,
    operand,
    rank,
    result_dtype,
)
from torchlike._out import UNARY, OutRule, can_cast
from torchlike._recorder.checks import Check
from torchlike._types.dtypes import c_name

NUMBER_SECOND = ("Tensor input, Tensor other", "Tensor input, Number other")
NUMBER_EITHER = ("Tensor input, Tensor other", "Number self, Tensor other", "Tensor input, Number other")
NO_BOOLS_SUB = (
    "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or `logical_xor()` operator "
    "instead."
)
NO_BOOL_SUB = (
    "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to invert a mask, use the "
    "`~` or `logical_not()` operator instead."
)
NO_BOOL_NEG = (
    "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a mask, use the `~` "
    "or `logical_not()` operator instead."
)
NO_INTEGER_ADDCDIV = (
    "Integer division with addcdiv is no longer supported, and in a future  release addcdiv will perform a true "
    "division of tensor1 and tensor2. The historic addcdiv behavior can be implemented as (input + value * "
    "torch.trunc(tensor1 / tensor2)).to(input.dtype) for integer inputs and as (input + value * tensor1 / tensor2) "
    "for float inputs. The future addcdiv behavior is just the latter implementation: (input + value * tensor1 / "
    "tensor2), for all dtypes."
)

# ---------------------------------------------------------------------- sums and products


def scaled(array: Array, factor: Number, name: str = "alpha") -> Array:
    """``factor * array`` in the array's dtype; the default 1 is no multiplication at all, but of complex numbers.

    Raises:
        RuntimeError: the factor is of a kind above the array's.
    """
    if isinstance(factor, bool):
        if rank(array.dtype):
            raise RuntimeError(f"Boolean {name} only supported for Boolean results.")
    elif isinstance(factor, int) and factor == 1:
        return array if rank(array.dtype) < 3 else _times_one(array)
    kind = jnp.result_type(factor).kind
    if kind == "c" and rank(array.dtype) < 3:
        raise RuntimeError(f"For non-complex input tensors, argument {name} must not be a complex number.")
    if kind == "f" and rank(array.dtype) < 2:
        raise RuntimeError(f"For integral input tensors, argument {name} must not be a floating point number.")
    return array * operand(factor, array)


# PyTorch multiplies complex numbers by the default `alpha`, too: beside an infinity there is NaN
@derived(lambda along, made, x: along)
def _times_one(x):
    return lax.complex(x.real - x.imag * 0, x.real * 0 + x.imag)


@op(legacy={"value": "other"}, deprecated=("input alpha other",))
def add(input: ArrayLike, other: ArrayLike, *, alpha: Number = 1) -> Array:
    """Sum ``input + alpha * other``, elementwise with broadcasting, in the promoted dtype.

    Raises:
        RuntimeError: the shapes do not broadcast, or `alpha` is of a kind above the result's.

    Example:
        >>> torch.add(torch.tensor([1, 2]), torch.tensor([3.0, 4.0]), alpha=10)
        tensor([31., 42.])
    """
    input, other = matched(input, other)
    return input + scaled(other, alpha)


def refuse_bools(input, other) -> None:
    """Refuse to subtract where an operand is bool.

    Raises:
        RuntimeError: one is.
    """
    kinds = [jnp.result_type(each).kind for each in (input, other)]
    if "b" in kinds:
        raise RuntimeError(NO_BOOLS_SUB if kinds == ["b", "b"] else NO_BOOL_SUB)


@op(aliases=("subtract",), deprecated=("input alpha other",))
def sub(input: ArrayLike, other: ArrayLike, *, alpha: Number = 1) -> Array:
    """Difference ``input - alpha * other``, elementwise with broadcasting, in the promoted dtype.

    Raises:
        RuntimeError: one operand is a bool tensor.
    """
    refuse_bools(input, other)
    input, other = matched(input, other)
    return input - scaled(other, alpha)


@op(grad_name=by_tensor("other", "Rsub", 0), overloads=NUMBER_SECOND)
def rsub(input: Array, other: ArrayLike, *, alpha: Number = 1) -> Array:
    """Difference ``other - alpha * input``, elementwise with broadcasting, in the promoted dtype."""
    refuse_bools(input, other)
    input, other = matched(input, other)
    return other - scaled(input, alpha)


@op(aliases=("multiply",), legacy={"value": "other"})
def mul(input: ArrayLike, other: ArrayLike) -> Array:
    """Product, elementwise with broadcasting, in the promoted dtype."""
    input, other = matched(input, other, spared=1)
    return input * other


@op(deprecated=("input value tensor1 tensor2",), legacy={"tensor": "input"})
def addcmul(input: Array, tensor1: Array, tensor2: Array, *, value: Number = 1) -> Array:
    """``input + value * tensor1 * tensor2``, elementwise with broadcasting, in the promoted dtype."""
    input, tensor1, tensor2 = matched(input, tensor1, tensor2)
    only("addcmul_cpu_out", input, 1, 2, 3)
    return input + checked_number(value, input.dtype) * tensor1 * tensor2


@op(deprecated=("input value tensor1 tensor2",), legacy={"tensor": "input"})
def addcdiv(input: Array, tensor1: Array, tensor2: Array, *, value: Number = 1) -> Array:
    """``input + value * tensor1 / tensor2``, elementwise with broadcasting, in the promoted dtype.

    Raises:
        RuntimeError: the quotient is one of integers.
    """
    if rank(tensor1.dtype) < 2 and rank(tensor2.dtype) < 2:
        raise RuntimeError(NO_INTEGER_ADDCDIV)
    input, tensor1, tensor2 = matched(input, tensor1, tensor2)
    return input + _ratio(checked_number(value, input.dtype) * tensor1, tensor2)


# `quotient`, but for the square, which PyTorch has here
@derived(
    lambda along, ratio, input, other: along / other,
    lambda along, ratio, input, other: -along * (input / (other * other)),
)
def _ratio(input, other):
    return input / other


@op(aliases=("negative",), out=UNARY)
def neg(input: Array) -> Array:
    """The elements with the opposite sign.

    Raises:
        RuntimeError: it is a bool tensor.
    """
    if input.dtype == bool:
        raise RuntimeError(NO_BOOL_NEG)
    return -input


@op(
    grad_name=by_tensor("weight", "Lerp"),
    overloads=("Tensor input, Tensor end, Tensor weight", "Tensor input, Tensor end, Number weight"),
)
def lerp(input: Array, end: Array, weight: ArrayLike) -> Array:
    """The point between `input` and `end`: ``input + weight * (end - input)``, elementwise with broadcasting.

    Raises:
        RuntimeError: the dtypes of the tensors differ.
    """
    for name, other in (("end", end), ("weight", weight)):
        if (name == "end" or getattr(weight, "ndim", 0)) and other.dtype != input.dtype:
            want, got = c_name(input.dtype), c_name(other.dtype)
            raise RuntimeError(f"expected dtype {want} for `{name}` but got dtype {got}")
    if is_number(weight):
        weight = checked_number(weight, input.dtype)
        broadcast_shapes(input.shape, end.shape)
        only("lerp_kernel_scalar", input, 2, 3)
    else:
        input, end, weight = matched(input, end, weight)
        only("lerp_kernel_tensor", input, 2, 3)
    return lerped(input, end, weight)


@derived(
    lambda along, point, input, end, weight: along * (1 - weight),
    lambda along, point, input, end, weight: along * weight,
    lambda along, point, input, end, weight: along * (end - input),
)
def lerped(input: Array, end: Array, weight: Array) -> Array:
    """`lerp` of arrays of one dtype."""
    # from the nearer end, so that weight 1 gives `end` itself
    return jnp.where(jnp.abs(weight) < 0.5, input + weight * (end - input), end - (end - input) * (1 - weight))


# ---------------------------------------------------------------------- quotients


# JAX divides by the square of `other`, which may leave the range
@derived(
    lambda along, ratio, input, other: quotient(along, other),
    lambda along, ratio, input, other: -along * quotient(ratio, other),
)
def quotient(input: Array, other: Array) -> Array:
    """``input / other`` of arrays of one dtype."""
    return input / other


@op(
    aliases=("divide",),
    legacy={"value": "other"},
    check=lambda input, other, rounding_mode=None: [] if rounding_mode is None else _no_zeros(input, other),
    grad_name=lambda call: "DivBackward0" if call["rounding_mode"] is None else "DivBackward2",
    saves=lambda call: call["rounding_mode"] is not None or None,
)
def div(input: ArrayLike, other: ArrayLike, *, rounding_mode: str | None = None) -> Array:
    """Quotient, elementwise with broadcasting.

    Args:
        rounding_mode: None for true division, in floating point; ``"trunc"`` rounds towards zero, ``"floor"`` down,
            in the promoted dtype.

    Raises:
        RuntimeError: another rounding mode.

    Example:
        >>> torch.div(torch.tensor([-7, 7]), 2, rounding_mode="floor")
        tensor([-4,  3])
    """
    if rounding_mode is None:
        return quotient(*matched_float(input, other, spared=1))
    if rounding_mode == "floor":
        return _floor_quotient(input, other)
    if rounding_mode == "trunc":
        input, other = matched(input, other)
        only("div_trunc_cpu", input, 1, 2)
        if rank(input.dtype) == 1:
            return lax.div(*jnp.broadcast_arrays(input, other))
        return jnp.trunc(input / other)
    raise RuntimeError(f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '{rounding_mode}'")


def _no_zeros(input, other) -> list[Check]:
    """Integers are not divided by 0; a bool is a part of the operation."""
    error, arrays = RuntimeError("ZeroDivisionError"), [each for each in (input, other) if hasattr(each, "dtype")]
    if any(not each.size or rank(each.dtype) > 1 for each in arrays):
        return []
    if other is False:
        raise error
    return [Check(_is_zero, (other,), error)] if other is not True else []


def _is_zero(array):
    return array == 0


def _floor_quotient(input, other) -> Array:
    """The quotient rounded down, exact where the true quotient is near an integer, as Python has it."""
    input, other = matched(input, other)
    only("div_floor_cpu", input, 1, 2)
    if rank(input.dtype) == 1:
        return jnp.floor_divide(input, other)
    input, other = jnp.broadcast_arrays(lax.stop_gradient(input), lax.stop_gradient(other))
    true = input / other
    rest = lax.rem(input, other)
    quotient = (input - rest) / other
    quotient = jnp.where((rest != 0) & ((other < 0) != (rest < 0)), quotient - 1, quotient)
    down = jnp.floor(quotient)
    whole = jnp.where(quotient != 0, jnp.where(quotient - down > 0.5, down + 1, down), jnp.copysign(0, true))
    return jnp.where(other == 0, true, whole).astype(true.dtype)


@op(grad_name="DivBackward0")
def true_divide(input: ArrayLike, other: ArrayLike) -> Array:
    """Quotient in floating point, elementwise with broadcasting."""
    return quotient(*matched_float(input, other, spared=1))


@op(check=_no_zeros, stepwise=True, grad_name="NotImplemented", saves=True)
def floor_divide(input: ArrayLike, other: ArrayLike) -> Array:
    """Quotient rounded down, elementwise with broadcasting, in the promoted dtype."""
    return _floor_quotient(input, other)


@op(
    overloads=NUMBER_EITHER,
    legacy={"divisor": "other"},
    check=_no_zeros,
    stepwise=True,
    grad_name=of_remainder,
)
def remainder(input: ArrayLike, other: ArrayLike) -> Array:
    """The rest of the division rounded down: it has the sign of the divisor, as Python's ``%``."""
    input, other = matched(input, other)
    only("remainder_cpu", input, 1, 2)
    return _remainder(*jnp.broadcast_arrays(input, other))


@derived(
    lambda along, rest, input, other: along,
    lambda along, rest, input, other: -along * _floor_quotient(input, other),
)
def _remainder(input, other):
    return jnp.remainder(input, other)


@op(
    overloads=NUMBER_SECOND,
    legacy={"divisor": "other"},
    check=_no_zeros,
    stepwise=True,
    grad_name=by_tensor("other", "Fmod"),
)
def fmod(input: Array, other: ArrayLike) -> Array:
    """The rest of the division rounded towards zero: it has the sign of `input`, as C's ``fmod``."""
    input, other = matched(input, other)
    only("fmod_cpu", input, 1, 2)
    return _fmod(*jnp.broadcast_arrays(input, other))


@derived(
    lambda along, rest, input, other: along,
    lambda along, rest, input, other: -along * jnp.trunc(input / other),
)
def _fmod(input, other):
    return lax.rem(input, other)


@op
def reciprocal(input: Array) -> Array:
    """``1 / input``, in floating point."""
    return _reciprocal(floating(input))


@derived(lambda along, inverse, input: -along * (inverse * inverse))
def _reciprocal(input):
    return jnp.ones((), input.dtype) / input


@op
def gcd(input: Array, other: Array) -> Array:
    """The greatest common divisor of integers, not negative; of 0 and 0 it is 0."""
    input, other = matched(input, other)
    only("gcd_cpu", input, 1)
    return jnp.gcd(input, other)


@op
def lcm(input: Array, other: Array) -> Array:
    """The least common multiple of integers, not negative; of 0 and anything it is 0."""
    input, other = matched(input, other)
    only("lcm_cpu", input, 1)
    return jnp.lcm(input, other)


# ---------------------------------------------------------------------- powers


@op(grad_name="PowBackward0")
def square(input: Array) -> Array:
    """``input * input``; bools become int64."""
    return _square(as_dtype(input, result_dtype(input, 2)))


@derived(lambda along, value, input: along * (2 * input))
def _square(input):
    return input * input


POWERS = ("Tensor input, Tensor exponent", "Number self, Tensor exponent", "Tensor input, Number exponent")


@op(name="pow", overloads=POWERS, grad_name="PowBackward0", saves=True)
def fixed_power(input: Array, exponent: float, is_float: bool) -> Array:
    """`input` to a power that is part of the operation: products, roots and quotients instead of a logarithm.

    Args:
        is_float: whether the exponent is a float, which makes floats of integers.

    Raises:
        RuntimeError: integers to a negative integer power.
    """
    dtype = result_dtype(input, float(exponent) if is_float else exponent)
    if rank(dtype) < 2 and exponent < 0:
        raise RuntimeError("Integers to negative integer powers are not allowed.")
    input = as_dtype(input, dtype)
    if not rank(dtype):
        return input if exponent else jnp.ones_like(input)
    if exponent == 0.5:
        return jnp.sqrt(input)
    if exponent == -0.5:
        return lax.rsqrt(input)
    stepwise = {3: _cube, -2: _inverse_square}.get(exponent)
    return lax.integer_pow(input, int(exponent)) if stepwise is None else stepwise(input)


@derived(lambda along, cube, x: along * (3 * (x * x)))
def _cube(x):
    return stepped(x * x, (jnp.bfloat16,)) * x  # of float16 PyTorch makes a logarithm


@derived(lambda along, made, x: along * (-2 * lax.integer_pow(x, -3)))
def _inverse_square(x):
    return 1 / stepped(x * x, (jnp.bfloat16,))


@op(grad_name=of_power, name="pow", overloads=POWERS, fits=("exponent",))
def power(input: ArrayLike, exponent: ArrayLike) -> Array:
    """`input` to the power `exponent`, elementwise with broadcasting, in the promoted dtype.

    Integers to a negative power are 0, but for 1 and -1.
    """
    input, exponent = matched(input, exponent)
    only("pow", input, 1, 2, 3)
    if rank(input.dtype) != 1:
        return _float_power(*jnp.broadcast_arrays(input, exponent))
    raised = _integer_power(*jnp.broadcast_arrays(input, jnp.abs(exponent)))
    return jnp.where((exponent >= 0) | (input == 1) | (input == -1), raised, 0)


def _integer_power(base: Array, exponent: Array) -> Array:
    """By squaring, modulo the dtype's range; `jax.numpy` looks at the lowest bits of the exponent alone."""

    def step(state):
        square, rest, got = state
        return square * square, rest >> 1, jnp.where(rest & 1 == 1, got * square, got)

    return lax.while_loop(lambda state: jnp.any(state[1] > 0), step, (base, exponent, jnp.ones_like(base)))[2]


@jax.custom_jvp
def _float_power(base, exponent):
    return lax.pow(base, exponent)


@_float_power.defjvp
def _float_power_jvp(primals, tangents):
    (base, exponent), (along_base, along_exponent) = primals, tangents
    raised = _float_power(base, exponent)
    slope = jnp.where(exponent == 0, 0, exponent * _float_power(base, jnp.where(exponent == 0, 1, exponent) - 1))
    vanishes = (base == 0) & ((exponent if exponent.dtype.kind != "c" else exponent.real) >= 0)
    growth = jnp.where(vanishes, 0, raised * jnp.log(jnp.where(vanishes, 1, base)))
    return raised, slope * along_base + growth * along_exponent


_POWER = OutRule("the output given to float_power has dtype {out} but the operation's result requires dtype {result}")


@op(grad_name=of_power, overloads=POWERS, out=_POWER)
def float_power(input: ArrayLike, exponent: ArrayLike) -> Array:
    """`input` to the power `exponent` in double precision: float64, or complex128 for complex operands."""
    dtype = jnp.complex128 if rank(result_dtype(input, exponent)) == 3 else jnp.float64
    input, exponent = matched(as_dtype(input, dtype), as_dtype(exponent, dtype))
    return _float_power(*jnp.broadcast_arrays(input, exponent))


@op(out=OutRule("ldexp can't be cast to the desired output type {out}", can_cast), stepwise=True, shares="inputs")
def ldexp(input: Array, other: Array) -> Array:
    """``input * 2 ** other``, elementwise with broadcasting, in floating point.

    By integers, a floating point tensor keeps its dtype.
    """
    if rank(input.dtype) == 2 and rank(other.dtype) < 2:
        only("ldexp_cpu_exp", other, 1)
        broadcast_shapes(input.shape, other.shape)
        wide = as_dtype(input, jnp.promote_types(input.dtype, jnp.float32))
        return as_dtype(_at_exponent(*jnp.broadcast_arrays(wide, other)), input.dtype)
    exponent = floating(other)
    input, other = matched(input, _float_power(jnp.full_like(exponent, 2), exponent))
    return input * other


# PyTorch's derivative is a power of integers, 0 for negative exponents
@derived(lambda along, made, x, exponent: along * power.op.body(jnp.full_like(exponent, 2), exponent).astype(x.dtype))
def _at_exponent(x, exponent):
    limits = jnp.finfo(x.dtype)
    bits = jnp.int32 if x.dtype == jnp.float32 else jnp.int64
    rest = jnp.clip(exponent.astype(jnp.int64), 3 * limits.minexp, 3 * limits.maxexp)
    for _ in range(3):  # each factor in range: from the smallest number there is to the largest
        part = jnp.clip(rest, limits.minexp, limits.maxexp - 1)
        factor = (part - limits.minexp + 1).astype(bits) << limits.nmant
        x, rest = x * lax.bitcast_convert_type(factor, x.dtype), rest - part
    return x


_FREXP = (
    OutRule("torch.frexp() expects mantissa to have dtype {c_result} but got {c_out}"),
    OutRule("torch.frexp() expects exponent to have {c_result} dtype but got {c_out}"),
)


@op(out=_FREXP)
def frexp(input: Array) -> tuple[Array, Array]:
    """Each number as ``mantissa * 2 ** exponent``, the mantissa between 0.5 and 1 in size, the exponent an int32.

    Raises:
        RuntimeError: no floating point tensor.
    """
    if rank(input.dtype) != 2:
        raise RuntimeError("torch.frexp() only supports floating-point dtypes")
    mantissa, exponent = _frexp(input)
    return return_types.frexp(mantissa, exponent)


@jax.custom_jvp
def _frexp(input):
    mantissa, exponent = jnp.frexp(input)
    return mantissa, exponent.astype(jnp.int32)


@_frexp.defjvp
def _frexp_jvp(primals, tangents):
    mantissa, exponent = _frexp(*primals)
    scale = jnp.exp2(exponent.astype(jnp.float32)).astype(mantissa.dtype)  # PyTorch's is in single precision
    return (mantissa, exponent), (tangents[0] / scale, jnp.zeros(exponent.shape, jax.dtypes.float0))
