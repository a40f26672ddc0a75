"""Sums, differences, products, quotients, powers, and what chooses between or bounds elements."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
from jax import lax

from torchlike._autograd.variable import TensorBase
from torchlike._dispatch import op
from torchlike._ops import return_types
from torchlike._ops._promote import (
    Array,
    ArrayLike,
    Number,
    as_dtype,
    direction,
    floating,
    magnitude,
    matched,
    matched_float,
    only,
    rank,
    result_dtype,
)

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
    """``factor * array`` in the array's dtype; the default 1 is no multiplication at all.

    Raises:
        RuntimeError: the factor is of a kind above the array's.
    """
    if isinstance(factor, bool):
        if rank(array.dtype):
            raise RuntimeError(f"Boolean {name} only supported for Boolean results.")
    elif isinstance(factor, int) and factor == 1:
        return array
    kind = jnp.result_type(factor).kind
    if kind == "c" and rank(array.dtype) < 3:
        raise RuntimeError(f"For non-complex input tensors, argument {name} must not be a complex number.")
    if kind == "f" and rank(array.dtype) < 2:
        raise RuntimeError(f"For integral input tensors, argument {name} must not be a floating point number.")
    return array * as_dtype(factor, array.dtype)


@op(legacy={"value": "other"}, deprecated=("input alpha other",))
def add(input: ArrayLike, other: ArrayLike, *, alpha: Number = 1) -> Array:
    """Sum ``input + alpha * other``, elementwise with broadcasting, in the promoted dtype.

    Raises:
        RuntimeError: the shapes do not broadcast, or `alpha` is of a kind above the result's.

    Example:
        >>> import torchlike as torch
        >>> torch.add(torch.tensor([1, 2]), torch.tensor([3.0, 4.0]), alpha=10)
        tensor([31., 42.])
    """
    input, other = matched(input, other)
    return input + scaled(other, alpha)


def _refuse_bools(input, other) -> None:
    kinds = [jnp.result_type(each).kind for each in (input, other)]
    if "b" in kinds:
        raise RuntimeError(NO_BOOLS_SUB if kinds == ["b", "b"] else NO_BOOL_SUB)


@op(deprecated=("input alpha other",))
def sub(input: ArrayLike, other: ArrayLike, *, alpha: Number = 1) -> Array:
    """Difference ``input - alpha * other``, elementwise with broadcasting, in the promoted dtype.

    Raises:
        RuntimeError: one operand is a bool tensor.
    """
    _refuse_bools(input, other)
    input, other = matched(input, other)
    return input - scaled(other, alpha)


@op(overloads=NUMBER_SECOND, grad_name="RsubBackward1")
def rsub(input: Array, other: ArrayLike, *, alpha: Number = 1) -> Array:
    """Difference ``other - alpha * input``, elementwise with broadcasting, in the promoted dtype."""
    _refuse_bools(input, other)
    input, other = matched(input, other)
    return other - scaled(input, alpha)


@op(legacy={"value": "other"})
def mul(input: ArrayLike, other: ArrayLike) -> Array:
    """Product, elementwise with broadcasting, in the promoted dtype."""
    input, other = matched(input, other)
    return input * other


@op(deprecated=("input value tensor1 tensor2",), legacy={"tensor": "input"})
def addcmul(input: Array, tensor1: Array, tensor2: Array, *, value: Number = 1) -> Array:
    """``input + value * tensor1 * tensor2``, elementwise with broadcasting, in the promoted dtype."""
    input, tensor1, tensor2 = matched(input, tensor1, tensor2)
    return input + scaled(tensor1, value, "value") * tensor2


@op(deprecated=("input value tensor1 tensor2",), legacy={"tensor": "input"})
def addcdiv(input: Array, tensor1: Array, tensor2: Array, *, value: Number = 1) -> Array:
    """``input + value * tensor1 / tensor2``, elementwise with broadcasting, in the promoted dtype.

    Raises:
        RuntimeError: the quotient is one of integers.
    """
    if rank(tensor1.dtype) < 2 and rank(tensor2.dtype) < 2:
        raise RuntimeError(NO_INTEGER_ADDCDIV)
    input, tensor1, tensor2 = matched(input, tensor1, tensor2)
    return input + scaled(tensor1, value, "value") / tensor2


@op
def neg(input: Array) -> Array:
    """The elements with the opposite sign.

    Raises:
        RuntimeError: it is a bool tensor.
    """
    if input.dtype == bool:
        raise RuntimeError(NO_BOOL_NEG)
    return -input


@op
def positive(input: Array) -> Array:
    """The tensor's elements as they are.

    Raises:
        RuntimeError: it is a bool tensor.
    """
    if input.dtype == bool:
        raise RuntimeError("The `+` operator, on a bool tensor is not supported.")
    return +input


@op(overloads=("Tensor input, Tensor end, Tensor weight", "Tensor input, Tensor end, Number weight"))
def lerp(input: Array, end: Array, weight: ArrayLike) -> Array:
    """The point between `input` and `end`: ``input + weight * (end - input)``, elementwise with broadcasting.

    Raises:
        RuntimeError: the dtypes of the tensors differ.
    """
    only("lerp_kernel_scalar", input, 2, 3)
    for name, other in (("end", end), ("weight", weight)):
        if not (name == "weight" and getattr(other, "weak_type", True)) and other.dtype != input.dtype:
            said = {"float32": "float", "float64": "double"}
            want, got = (said.get(each.dtype.name, each.dtype.name) for each in (input, other))
            raise RuntimeError(f"expected dtype {want} for `{name}` but got dtype {got}")
    weight = as_dtype(weight, input.dtype)
    input, end, weight = matched(input, end, weight)
    # from the nearer end, so that weight 1 gives `end` itself
    return jnp.where(jnp.abs(weight) < 0.5, input + weight * (end - input), end - (end - input) * (1 - weight))


# ---------------------------------------------------------------------- quotients


@op(legacy={"value": "other"})
def div(input: ArrayLike, other: ArrayLike, *, rounding_mode: str | None = None) -> Array:
    """Quotient, elementwise with broadcasting.

    Args:
        rounding_mode: None for true division, in floating point; ``"trunc"`` rounds towards zero, ``"floor"`` down,
            in the promoted dtype.

    Raises:
        RuntimeError: another rounding mode.

    Example:
        >>> import torchlike as torch
        >>> torch.div(torch.tensor([-7, 7]), 2, rounding_mode="floor")
        tensor([-4,  3])
    """
    if rounding_mode is None:
        input, other = matched_float(input, other)
        return input / other
    if rounding_mode == "floor":
        return _floor_quotient(input, other)
    if rounding_mode == "trunc":
        input, other = matched(input, other)
        only("div_trunc_cpu", input, 1, 2)
        if rank(input.dtype) == 1:
            return lax.div(*jnp.broadcast_arrays(input, other))
        return jnp.trunc(input / other)
    raise RuntimeError(
        f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '{rounding_mode}'"
    )


def _refuse_zero(input=None, other=None, **_) -> None:
    """Refuse the integer quotient by the number 0. What a tensor holds is not known when it is recorded."""
    if type(other) is int and other == 0 and isinstance(input, TensorBase) and input.dtype.rank < 2:
        raise RuntimeError("ZeroDivisionError")


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


@op
def true_divide(input: ArrayLike, other: ArrayLike) -> Array:
    """Quotient in floating point, elementwise with broadcasting."""
    input, other = matched_float(input, other)
    return input / other


@op(guard=_refuse_zero)
def floor_divide(input: ArrayLike, other: ArrayLike) -> Array:
    """Quotient rounded down, elementwise with broadcasting, in the promoted dtype."""
    return _floor_quotient(input, other)


@op(overloads=NUMBER_EITHER, legacy={"divisor": "other"}, guard=_refuse_zero)
def remainder(input: ArrayLike, other: ArrayLike) -> Array:
    """The rest of the division rounded down: it has the sign of the divisor, as Python's ``%``."""
    input, other = matched(input, other)
    only("remainder_cpu", input, 1, 2)
    return jnp.remainder(input, other)


@op(overloads=NUMBER_SECOND, legacy={"divisor": "other"}, guard=_refuse_zero)
def fmod(input: Array, other: ArrayLike) -> Array:
    """The rest of the division rounded towards zero: it has the sign of `input`, as C's ``fmod``."""
    input, other = matched(input, other)
    only("fmod_cpu", input, 1, 2)
    return lax.rem(*jnp.broadcast_arrays(input, other))


@op
def reciprocal(input: Array) -> Array:
    """``1 / input``, in floating point."""
    input = floating(input)
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


@op
def square(input: Array) -> Array:
    """``input * input``; bools become int64."""
    input = as_dtype(input, result_dtype(input, 2))
    return input * input


POWERS = ("Tensor input, Tensor exponent", "Number self, Tensor exponent", "Tensor input, Number exponent")


@op(name="pow", overloads=POWERS, grad_name="PowBackward0")
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
    if exponent == 0.5:
        return jnp.sqrt(input)
    return lax.rsqrt(input) if exponent == -0.5 else lax.integer_pow(input, int(exponent))


@op(name="pow", overloads=POWERS)
def power(input: ArrayLike, exponent: ArrayLike) -> Array:
    """`input` to the power `exponent`, elementwise with broadcasting, in the promoted dtype.

    Integers to a negative power are 0, but for 1 and -1.
    """
    input, exponent = matched(input, exponent)
    only("pow", input, 1, 2, 3)
    if rank(input.dtype) != 1:
        return _float_power(*jnp.broadcast_arrays(input, exponent))
    raised = jnp.power(input, jnp.abs(exponent))
    return jnp.where((exponent >= 0) | (input == 1) | (input == -1), raised, 0)


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


@op(overloads=POWERS)
def float_power(input: ArrayLike, exponent: ArrayLike) -> Array:
    """`input` to the power `exponent` in double precision: float64, or complex128 for complex operands."""
    dtype = jnp.complex128 if rank(result_dtype(input, exponent)) == 3 else jnp.float64
    input, exponent = matched(as_dtype(input, dtype), as_dtype(exponent, dtype))
    return _float_power(*jnp.broadcast_arrays(input, exponent))


@op
def ldexp(input: Array, other: Array) -> Array:
    """``input * 2 ** other``, elementwise with broadcasting, in floating point."""
    exponent = floating(other)
    input, other = matched(input, _float_power(jnp.full_like(exponent, 2), exponent))
    return input * other


@op
def frexp(input: Array) -> return_types.frexp:
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
    slope = jnp.exp2(-exponent.astype(mantissa.dtype))
    return (mantissa, exponent), (tangents[0] * slope, jnp.zeros(exponent.shape, jax.dtypes.float0))


# ---------------------------------------------------------------------- bounds


def _refuse_complex(name: str, *arrays) -> None:
    if any(rank(each.dtype) == 3 for each in arrays):
        raise RuntimeError(f"{name} not implemented for complex tensors.")


@functools.partial(jax.custom_jvp, nondiff_argnums=(0,))
def _extreme(choose, input, other):
    return choose(input, other)


@_extreme.defjvp
def _extreme_jvp(choose, primals, tangents):
    # half of the gradient each at ties, all of it to both where one is NaN
    input, other = primals
    chosen = _extreme(choose, input, other)
    shares = [jnp.where(input == other, 0.5, jnp.where(each != chosen, jnp.isnan(chosen), 1)) for each in primals]
    return chosen, sum(share.astype(along.dtype) * along for share, along in zip(shares, tangents, strict=True))


def _larger_or_smaller(choose, input, other) -> Array:
    input, other = jnp.broadcast_arrays(*matched(input, other))
    return _extreme(choose, input, other) if rank(input.dtype) == 2 else choose(input, other)


@op
def maximum(input: Array, other: Array) -> Array:
    """The larger of two elements, NaN where one of them is; at ties each gets half of the gradient."""
    _refuse_complex("maximum", input, other)
    return _larger_or_smaller(jnp.maximum, input, other)


@op
def minimum(input: Array, other: Array) -> Array:
    """The smaller of two elements, NaN where one of them is; at ties each gets half of the gradient."""
    _refuse_complex("minimum", input, other)
    return _larger_or_smaller(jnp.minimum, input, other)


@op
def fmax(input: Array, other: Array) -> Array:
    """The larger of two elements, the other one where one is NaN."""
    _refuse_complex("fmax", input, other)
    input, other = matched(input, other)
    return jnp.where((input >= other) | jnp.isnan(other), input, other)


@op
def fmin(input: Array, other: Array) -> Array:
    """The smaller of two elements, the other one where one is NaN."""
    _refuse_complex("fmin", input, other)
    input, other = matched(input, other)
    return jnp.where((input <= other) | jnp.isnan(other), input, other)


def _bounded(name: str, input, least, most) -> Array:
    """`input` between bounds that are arrays, numbers or None; NaN in any gives NaN; the upper one counts last."""
    bounds = [each for each in (least, most) if each is not None]
    if any(rank(jnp.result_type(each)) == 3 for each in (input, *bounds)):
        raise NotImplementedError(f"{name} is not supported for complex types")
    input, *bounds = matched(input, *bounds)
    if least is not None:
        low = bounds.pop(0)
        input = jnp.where(input >= low, input, _unless_nan(input, low))
    if most is not None:
        high = bounds.pop(0)
        input = jnp.where(input <= high, input, _unless_nan(input, high))
    return input


def _unless_nan(input, bound) -> Array:
    """The bound, or NaN where the element is NaN; that one passes no gradient."""
    return bound if rank(input.dtype) < 2 else jnp.where(jnp.isnan(input), jnp.nan, bound)


@op(
    overloads=(
        "Tensor input, Tensor min = None, Tensor max = None",
        "Tensor input, Number min = None, Number max = None",
    )
)
def clamp(input: Array, min: ArrayLike | None = None, max: ArrayLike | None = None) -> Array:
    """The elements, those outside of ``[min, max]`` set to the nearer bound.

    The gradient passes where an element is between the bounds or equal to one.

    Args:
        min, max: numbers, or tensors that broadcast; None for no bound.

    Raises:
        RuntimeError: there is no bound.

    Example:
        >>> import torchlike as torch
        >>> torch.clamp(torch.tensor([-1.0, 0.5, 2.0]), 0, 1)
        tensor([0.0000, 0.5000, 1.0000])
    """
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    return _bounded("clamp", input, min, max)


@op(overloads=("Tensor input, Tensor min", "Tensor input, Number min"))
def clamp_min(input: Array, min: ArrayLike) -> Array:
    """The elements, those below `min` set to it."""
    return _bounded("clamp", input, min, None)


@op(overloads=("Tensor input, Tensor max", "Tensor input, Number max"))
def clamp_max(input: Array, max: ArrayLike) -> Array:
    """The elements, those above `max` set to it."""
    return _bounded("clamp", input, None, max)


@op
def nan_to_num(input: Array, nan: Number | None = None, posinf: Number | None = None, neginf: Number | None = None):
    """The elements with NaN and the infinities replaced, in both parts of complex numbers.

    Args:
        nan: instead of NaN, 0 by default.
        posinf, neginf: instead of the infinities, the largest and the lowest finite number by default.
    """
    if rank(input.dtype) < 2:
        return input
    if rank(input.dtype) == 3:
        parts = [_finite(part, nan, posinf, neginf) for part in (input.real, input.imag)]
        return lax.complex(*parts)
    return _finite(input, nan, posinf, neginf)


def _finite(input, nan, posinf, neginf) -> Array:
    limits = jnp.finfo(input.dtype)
    given = [(nan, 0), (posinf, limits.max), (neginf, limits.min)]
    nan, posinf, neginf = (as_dtype(default if each is None else each, input.dtype) for each, default in given)
    input = jnp.where(jnp.isnan(input), nan, input)
    return jnp.where(input == jnp.inf, posinf, jnp.where(input == -jnp.inf, neginf, input))


# ---------------------------------------------------------------------- size and sign


@op
def abs(input: Array) -> Array:
    """The absolute value; of complex numbers the real one. The gradient at 0 is 0."""
    only("abs_cpu", input, 1, 2, 3)
    return magnitude(input) if rank(input.dtype) > 1 else jnp.abs(input)


@op
def sign(input: Array) -> Array:
    """-1, 0 or 1; 0 for NaN.

    Raises:
        NotImplementedError: complex numbers, for which there is `sgn`.
    """
    if rank(input.dtype) == 3:
        raise NotImplementedError(
            "Unlike NumPy, torch.sign is not intended to support complex numbers. Please use torch.sgn instead."
        )
    return direction(input) if rank(input.dtype) else input


@op
def sgn(input: Array) -> Array:
    """The sign; of a complex number the number of size 1 with its angle, of 0 it is 0."""
    return direction(input) if rank(input.dtype) else input


@op
def signbit(input: Array) -> Array:
    """Whether the sign is negative: so for -0.0, too."""
    if rank(input.dtype) == 3:
        raise NotImplementedError("signbit is not implemented for complex tensors.")
    return jnp.signbit(input) if rank(input.dtype) == 2 else input < 0


@op(overloads=NUMBER_SECOND)
def copysign(input: Array, other: ArrayLike) -> Array:
    """The size of `input` with the sign of `other`, in floating point; no gradient passes where `input` is 0."""
    input, other = matched_float(input, other)
    only("copysign_cpu", input, 2)
    return _copysign(*jnp.broadcast_arrays(input, other))


@jax.custom_jvp
def _copysign(input, other):
    return jnp.copysign(input, other)


@_copysign.defjvp
def _copysign_jvp(primals, tangents):
    (input, _), signed = primals, _copysign(*primals)
    return signed, tangents[0] * jnp.where(input == 0, 0, signed / jnp.where(input == 0, 1, input))


@op
def hypot(input: Array, other: Array) -> Array:
    """``sqrt(input ** 2 + other ** 2)`` without overflow."""
    input, other = matched(input, other)
    only("hypot_cpu", input, 2)
    return _hypot(*jnp.broadcast_arrays(input, other))


@jax.custom_jvp
def _hypot(input, other):
    return jnp.hypot(input, other)


@_hypot.defjvp
def _hypot_jvp(primals, tangents):
    length = _hypot(*primals)
    return length, tangents[0] * (primals[0] / length) + tangents[1] * (primals[1] / length)


@op
def heaviside(input: Array, values: Array) -> Array:
    """0 for negative elements, 1 for positive ones, `values` where an element is 0.

    Raises:
        RuntimeError: complex numbers, or tensors of different dtypes.
    """
    if 3 in (rank(input.dtype), rank(values.dtype)):
        raise RuntimeError("heaviside is not yet implemented for complex tensors.")
    if input.dtype != values.dtype:
        raise RuntimeError("heaviside is not yet implemented for tensors with different dtypes.")
    input, values = matched(input, values)
    return jnp.where(input == 0, values, (input > 0).astype(input.dtype))


@op
def nextafter(input: Array, other: Array) -> Array:
    """The next number that the dtype has after `input` in the direction of `other`."""
    input, other = matched(input, other)
    only("nextafter_cpu", input, 2)
    return _nextafter(*jnp.broadcast_arrays(input, other))


@jax.custom_jvp
def _nextafter(input, other):
    return jnp.nextafter(input, other)


@_nextafter.defjvp
def _nextafter_jvp(primals, tangents):
    return _nextafter(*primals), jnp.where(primals[0] != primals[1], tangents[0], 0)
