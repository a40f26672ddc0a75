"""Sums, differences, products, and quotients."""

from __future__ import annotations

import jax.numpy as jnp
from jax import lax

from torchlike._dispatch import op
from torchlike._ops._derivatives import derived
from torchlike._ops._nodes import by_tensor, of_remainder
from torchlike._ops._promote import (
    Array,
    ArrayLike,
    Number,
    broadcast_shapes,
    checked_number,
    floating,
    is_number,
    matched,
    matched_float,
    only,
    operand,
    rank,
)
from torchlike._out import UNARY
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
    if isinstance(factor, int) and factor == 1 and not isinstance(factor, bool):
        return array if rank(array.dtype) < 3 else _times_one(array)
    error, kind = None, jnp.result_type(factor).kind
    if kind == "b" and rank(array.dtype):
        error = RuntimeError(f"Boolean {name} only supported for Boolean results.")
    elif kind == "c" and rank(array.dtype) < 3:
        error = RuntimeError(f"For non-complex input tensors, argument {name} must not be a complex number.")
    elif kind == "f" and rank(array.dtype) < 2:
        error = RuntimeError(f"For integral input tensors, argument {name} must not be a floating point number.")
    if error is not None:
        error.dtype = array.dtype  # as in `only`
        raise error
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

    Example:
        >>> torch.sub(torch.tensor([5, 3]), 2)
        tensor([3, 1])
    """
    refuse_bools(input, other)
    input, other = matched(input, other)
    return input - scaled(other, alpha)


@op(grad_name=by_tensor("other", "Rsub", 0), overloads=NUMBER_SECOND)
def rsub(input: Array, other: ArrayLike, *, alpha: Number = 1) -> Array:
    """Difference ``other - alpha * input``, elementwise with broadcasting, in the promoted dtype.

    Example:
        >>> torch.rsub(torch.tensor([5, 3]), 2)
        tensor([-3, -1])
    """
    refuse_bools(input, other)
    input, other = matched(input, other)
    return other - scaled(input, alpha)


@op(aliases=("multiply",), legacy={"value": "other"})
def mul(input: ArrayLike, other: ArrayLike) -> Array:
    """Product, elementwise with broadcasting, in the promoted dtype.

    Example:
        >>> torch.mul(torch.tensor([1, 2]), torch.tensor([[0.5], [3.0]]))
        tensor([[0.5000, 1.0000],
                [3.0000, 6.0000]])
    """
    input, other = matched(input, other, spared=1)
    return input * other


@op(deprecated=("input value tensor1 tensor2",), legacy={"tensor": "input"})
def addcmul(input: Array, tensor1: Array, tensor2: Array, *, value: Number = 1) -> Array:
    """``input + value * tensor1 * tensor2``, elementwise with broadcasting, in the promoted dtype.

    Example:
        >>> torch.addcmul(torch.ones(2), torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0]), value=10)
        tensor([31., 81.])
    """
    input, tensor1, tensor2 = matched(input, tensor1, tensor2)
    only("addcmul_cpu_out", input, 1, 2, 3)
    return input + checked_number(value, input.dtype) * tensor1 * tensor2


@op(deprecated=("input value tensor1 tensor2",), legacy={"tensor": "input"})
def addcdiv(input: Array, tensor1: Array, tensor2: Array, *, value: Number = 1) -> Array:
    """``input + value * tensor1 / tensor2``, elementwise with broadcasting, in the promoted dtype.

    Raises:
        RuntimeError: the quotient is one of integers.

    Example:
        >>> torch.addcdiv(torch.ones(2), torch.tensor([1.0, 2.0]), torch.tensor([4.0, 4.0]), value=2)
        tensor([1.5000, 2.0000])
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

    Example:
        >>> torch.neg(torch.tensor([1.5, -2.0]))
        tensor([-1.5000,  2.0000])
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

    Example:
        >>> torch.lerp(torch.tensor([0.0, 10.0]), torch.tensor([4.0, 20.0]), 0.25)
        tensor([ 1.0000, 12.5000])
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
    """Quotient in floating point, elementwise with broadcasting.

    Example:
        >>> torch.true_divide(torch.tensor([1, 3]), 2)
        tensor([0.5000, 1.5000])
    """
    return quotient(*matched_float(input, other, spared=1))


@op(check=_no_zeros, stepwise=True, grad_name="NotImplemented", saves=True)
def floor_divide(input: ArrayLike, other: ArrayLike) -> Array:
    """Quotient rounded down, elementwise with broadcasting, in the promoted dtype.

    Example:
        >>> torch.floor_divide(torch.tensor([7, -7]), 2)
        tensor([ 3, -4])
    """
    return _floor_quotient(input, other)


@op(
    overloads=NUMBER_EITHER,
    legacy={"divisor": "other"},
    check=_no_zeros,
    stepwise=True,
    grad_name=of_remainder,
)
def remainder(input: ArrayLike, other: ArrayLike) -> Array:
    """The rest of the division rounded down: it has the sign of the divisor, as Python's ``%``.

    Example:
        >>> torch.remainder(torch.tensor([7, -7]), 3)
        tensor([1, 2])
    """
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
    """The rest of the division rounded towards zero: it has the sign of `input`, as C's ``fmod``.

    Example:
        >>> torch.fmod(torch.tensor([7, -7]), 3)
        tensor([ 1, -1])
    """
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
    """``1 / input``, in floating point.

    Example:
        >>> torch.reciprocal(torch.tensor([2, 4]))
        tensor([0.5000, 0.2500])
    """
    return _reciprocal(floating(input))


@derived(lambda along, inverse, input: -along * (inverse * inverse))
def _reciprocal(input):
    return jnp.ones((), input.dtype) / input


@op
def gcd(input: Array, other: Array) -> Array:
    """The greatest common divisor of integers, not negative; of 0 and 0 it is 0.

    Example:
        >>> torch.gcd(torch.tensor([12, -8]), torch.tensor([18, 12]))
        tensor([6, 4])
    """
    input, other = matched(input, other)
    only("gcd_cpu", input, 1)
    return jnp.gcd(input, other)


@op
def lcm(input: Array, other: Array) -> Array:
    """The least common multiple of integers, not negative; of 0 and anything it is 0.

    Example:
        >>> torch.lcm(torch.tensor([4, -6]), torch.tensor([6, 8]))
        tensor([12, 24])
    """
    input, other = matched(input, other)
    only("lcm_cpu", input, 1)
    return jnp.lcm(input, other)
