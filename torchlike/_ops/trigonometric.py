"""Functions of angles, in radians, their inverses, and the hyperbolic ones."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
from jax import lax

from torchlike._dispatch import op
from torchlike._ops._derivatives import derived
from torchlike._ops._promote import Array, floating, matched_float, only, rank
from torchlike._out import UNARY


@op
def sin(input: Array) -> Array:
    """The sine of angles in radians, in floating point."""
    return jnp.sin(floating(input))


@op
def cos(input: Array) -> Array:
    """The cosine of angles in radians, in floating point."""
    return jnp.cos(floating(input))


@op
def tan(input: Array) -> Array:
    """The tangent of angles in radians, in floating point."""
    return jnp.tan(floating(input))


@op(aliases=("arcsin",))
def asin(input: Array) -> Array:
    """The angle in radians, from -pi/2 to pi/2, with this sine; NaN for real numbers outside of ``[-1, 1]``."""
    return jnp.arcsin(floating(input))


@op(aliases=("arccos",))
def acos(input: Array) -> Array:
    """The angle in radians, from 0 to pi, with this cosine; NaN for real numbers outside of ``[-1, 1]``."""
    return jnp.arccos(floating(input))


@op(aliases=("arctan",))
def atan(input: Array) -> Array:
    """The angle in radians, from -pi/2 to pi/2, with this tangent."""
    return jnp.arctan(floating(input))


@op(aliases=("arctan2",))
def atan2(input: Array, other: Array) -> Array:
    """The angle in radians, from -pi to pi, of the points ``(other, input)``, with broadcasting."""
    input, other = matched_float(input, other)
    only("atan2_cpu", input, 2)
    return _atan2(*jnp.broadcast_arrays(input, other))


def _over_square(part, input, other):
    """A part of the slope over the squared distance from the origin, 0 where that is 0."""
    square = input * input + other * other
    return jnp.where(square == 0, 0, part * (1 / square))


@derived(
    lambda along, angle, input, other: along * _over_square(other, input, other),
    lambda along, angle, input, other: along * _over_square(-input, input, other),
)
def _atan2(input, other):
    return jnp.arctan2(input, other)


@op
def sinh(input: Array) -> Array:
    """The hyperbolic sine, in floating point."""
    return jnp.sinh(floating(input))


@op
def cosh(input: Array) -> Array:
    """The hyperbolic cosine, in floating point."""
    return jnp.cosh(floating(input))


@op
def tanh(input: Array) -> Array:
    """The hyperbolic tangent, in floating point."""
    return tanh_of(floating(input))


@derived(lambda along, value, input: along * (1 - value * value))
def tanh_of(input: Array) -> Array:
    """The hyperbolic tangent of a floating point array."""
    return jnp.tanh(input)


@op(aliases=("arcsinh",))
def asinh(input: Array) -> Array:
    """The inverse of `sinh`, in floating point."""
    return jnp.arcsinh(floating(input))


@op(aliases=("arccosh",))
def acosh(input: Array) -> Array:
    """The inverse of `cosh`, not negative, in floating point; NaN for real numbers below 1."""
    return _acosh(floating(input))


def _acosh_slope(along, value, input):
    if jnp.iscomplexobj(input):
        return along * (lax.rsqrt(input + 1) * lax.rsqrt(input - 1))
    return along * lax.rsqrt(input * input - 1)


@derived(_acosh_slope)
def _acosh(input):
    return jnp.arccosh(input)


@op(aliases=("arctanh",))
def atanh(input: Array) -> Array:
    """The inverse of `tanh`, in floating point; NaN for real numbers outside of ``[-1, 1]``."""
    return _atanh(floating(input))


@derived(lambda along, value, input: along / (1 - input * input))
def _atanh(input):
    return jnp.arctanh(input)


@op(also="torchlike.special")
def sinc(input: Array) -> Array:
    """``sin(pi * input) / (pi * input)``, and 1 at 0, in floating point."""
    return _sinc(floating(input))


def _sinc_slope(along, value, input):
    angle, square = math.pi * input, math.pi * input * input
    return along * jnp.where(square == 0, 0, (angle * jnp.cos(angle) - jnp.sin(angle)) / square)


@derived(_sinc_slope)
def _sinc(input):
    return jnp.sinc(input)


def _refuse_complex(name: str, input) -> None:
    if rank(input.dtype) == 3:
        raise RuntimeError(f"{name} is not supported for complex tensors.")


@op
def deg2rad(input: Array) -> Array:
    """Angles in degrees as radians, in floating point.

    Raises:
        RuntimeError: they are complex.
    """
    _refuse_complex("deg2rad", input)
    return floating(input) * (math.pi / 180)


@op
def rad2deg(input: Array) -> Array:
    """Angles in radians as degrees, in floating point.

    Raises:
        RuntimeError: they are complex.
    """
    _refuse_complex("rad2deg", input)
    return floating(input) * (180 / math.pi)


@op(saves=True)
def angle(input: Array) -> Array:
    """The angle of complex numbers in radians, from -pi to pi; pi for negative real numbers, NaN for NaN."""
    if rank(input.dtype) == 3:
        return _complex_angle(input)
    input = jax.lax.stop_gradient(floating(input))
    return jnp.where(jnp.isnan(input), input, jnp.where(input < 0, jnp.array(math.pi, input.dtype), 0))


def _complex_angle(input) -> Array:
    # at 0 the gradient is 0, as PyTorch has it: away from it no other value is used
    origin = input == 0
    real = jnp.where(origin, 1, input.real)
    imag = jnp.where(origin, 0, input.imag)
    at_origin = jnp.arctan2(jax.lax.stop_gradient(input.imag), jax.lax.stop_gradient(input.real))
    return jnp.where(origin, at_origin, jnp.arctan2(imag, real))


@op(aliases=("conj_physical",), out=UNARY)
def conj(input: Array) -> Array:
    """The complex conjugates; real numbers as they are."""
    return jnp.conj(input) if rank(input.dtype) == 3 else input
