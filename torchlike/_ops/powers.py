"""Powers, and numbers as mantissa and exponent."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import lax

from torchlike import return_types
from torchlike._dispatch import op
from torchlike._half import stepped
from torchlike._ops._derivatives import derived
from torchlike._ops._nodes import of_power
from torchlike._ops._promote import (
    Array,
    ArrayLike,
    as_dtype,
    broadcast_shapes,
    floating,
    matched,
    only,
    rank,
    result_dtype,
)
from torchlike._out import OutRule, can_cast


@op(grad_name="PowBackward0")
def square(input: Array) -> Array:
    """``input * input``; bools become int64.

    Example:
        >>> torch.square(torch.tensor([1.5, -2.0]))
        tensor([2.2500, 4.0000])
    """
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
    """`input` to the power `exponent` in double precision: float64, or complex128 for complex operands.

    Example:
        >>> torch.float_power(torch.tensor([2, 3]), -1)
        tensor([0.5000, 0.3333], dtype=torch.float64)
    """
    dtype = jnp.complex128 if rank(result_dtype(input, exponent)) == 3 else jnp.float64
    input, exponent = matched(as_dtype(input, dtype), as_dtype(exponent, dtype))
    return _float_power(*jnp.broadcast_arrays(input, exponent))


@op(out=OutRule("ldexp can't be cast to the desired output type {out}", can_cast), stepwise=True, shares="inputs")
def ldexp(input: Array, other: Array) -> Array:
    """``input * 2 ** other``, elementwise with broadcasting, in floating point.

    By integers, a floating point tensor keeps its dtype.

    Example:
        >>> torch.ldexp(torch.tensor([1.0, 3.0]), torch.tensor([3, -1]))
        tensor([8.0000, 1.5000])
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
def frexp(input: Array) -> return_types.frexp:
    """Each number as ``mantissa * 2 ** exponent``, the mantissa between 0.5 and 1 in size, the exponent an int32.

    Raises:
        RuntimeError: no floating point tensor.

    Example:
        >>> mantissa, exponent = torch.frexp(torch.tensor([8.0, 0.75]))
        >>> mantissa, exponent
        (tensor([0.5000, 0.7500]), tensor([4, 0], dtype=torch.int32))
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
