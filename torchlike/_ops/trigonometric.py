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
    """The sine of angles in radians, in floating point.

    Example:
        >>> torch.sin(torch.tensor([0.0, torch.pi / 2]))
        tensor([0., 1.])
    """
    return jnp.sin(floating(input))


@op
def cos(input: Array) -> Array:
    """The cosine of angles in radians, in floating point.

    Example:
        >>> torch.cos(torch.tensor([0.0, torch.pi]))
        tensor([ 1., -1.])
    """
    return jnp.cos(floating(input))


@op
def tan(input: Array) -> Array:
    """The tangent of angles in radians, in floating point.

    Example:
        >>> torch.tan(torch.tensor([0.0, torch.pi / 4]))
        tensor([0., 1.])
    """
    return jnp.tan(floating(input))


@op(aliases=("arcsin",))
def asin(input: Array) -> Array:
    """The angle in radians, from -pi/2 to pi/2, with this sine; NaN for real numbers outside of ``[-1, 1]``.

    Example:
        >>> torch.asin(torch.tensor([0.0, 1.0, 2.0]))
        tensor([0.0000, 1.5708,    nan])
    """
    return jnp.arcsin(floating(input))


@op(aliases=("arccos",))
def acos(input: Array) -> Array:
    """The angle in radians, from 0 to pi, with this cosine; NaN for real numbers outside of ``[-1, 1]``.

    Example:
        >>> torch.acos(torch.tensor([1.0, 0.0, 2.0]))
        tensor([0.0000, 1.5708,    nan])
    """
    return jnp.arccos(floating(input))


@op(aliases=("arctan",))
def atan(input: Array) -> Array:
    """The angle in radians, from -pi/2 to pi/2, with this tangent.

    Example:
        >>> torch.atan(torch.tensor([1.0, -torch.inf]))
        tensor([ 0.7854, -1.5708])
    """
    return jnp.arctan(floating(input))


@op(aliases=("arctan2",))
def atan2(input: Array, other: Array) -> Array:
    """The angle in radians, from -pi to pi, of the points ``(other, input)``, with broadcasting.

    Example:
        >>> torch.atan2(torch.tensor([1.0, -1.0]), torch.tensor([1.0, -1.0]))
        tensor([ 0.7854, -2.3562])
    """
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
    """The hyperbolic sine, in floating point.

    Example:
        >>> torch.sinh(torch.tensor([0.0, 1.0]))
        tensor([0.0000, 1.1752])
    """
    return jnp.sinh(floating(input))


@op
def cosh(input: Array) -> Array:
    """The hyperbolic cosine, in floating point.

    Example:
        >>> torch.cosh(torch.tensor([0.0, 1.0]))
        tensor([1.0000, 1.5431])
    """
    return jnp.cosh(floating(input))


@op
def tanh(input: Array) -> Array:
    """The hyperbolic tangent, in floating point.

    Example:
        >>> torch.tanh(torch.tensor([0.0, 1.0, 100.0]))
        tensor([0.0000, 0.7616, 1.0000])
    """
    return tanh_of(floating(input))


@derived(lambda along, value, input: along * (1 - value * value))
def tanh_of(input: Array) -> Array:
    """The hyperbolic tangent of a floating point array."""
    return jnp.tanh(input)


@op(aliases=("arcsinh",))
def asinh(input: Array) -> Array:
    """The inverse of `sinh`, in floating point.

    Example:
        >>> torch.asinh(torch.tensor([0.0, 1.0]))
        tensor([0.0000, 0.8814])
    """
    return jnp.arcsinh(floating(input))


@op(aliases=("arccosh",))
def acosh(input: Array) -> Array:
    """The inverse of `cosh`, not negative, in floating point; NaN for real numbers below 1.

    Example:
        >>> torch.acosh(torch.tensor([1.0, 2.0, 0.0]))
        tensor([0.0000, 1.3170,    nan])
    """
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
    """The inverse of `tanh`, in floating point; NaN for real numbers outside of ``[-1, 1]``.

    Example:
        >>> torch.atanh(torch.tensor([0.0, 0.5, 1.0]))
        tensor([0.0000, 0.5493,    inf])
    """
    return _atanh(floating(input))


@derived(lambda along, value, input: along / (1 - input * input))
def _atanh(input):
    return jnp.arctanh(input)


@op(also="torchlike.special")
def sinc(input: Array) -> Array:
    """``sin(pi * input) / (pi * input)``, and 1 at 0, in floating point.

    Example:
        >>> torch.sinc(torch.tensor([0.0, 0.5, 1.5]))
        tensor([ 1.0000,  0.6366, -0.2122])
    """
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

    Example:
        >>> torch.deg2rad(torch.tensor([90, 180]))
        tensor([1.5708, 3.1416])
    """
    _refuse_complex("deg2rad", input)
    return floating(input) * (math.pi / 180)


@op
def rad2deg(input: Array) -> Array:
    """Angles in radians as degrees, in floating point.

    Raises:
        RuntimeError: they are complex.

    Example:
        >>> torch.rad2deg(torch.tensor([torch.pi, torch.pi / 2]))
        tensor([180.,  90.])
    """
    _refuse_complex("rad2deg", input)
    return floating(input) * (180 / math.pi)


@op(saves=True)
def angle(input: Array) -> Array:
    """The angle of complex numbers in radians, from -pi to pi; pi for negative real numbers, NaN for NaN.

    Example:
        >>> torch.angle(torch.tensor([1 + 1j, -1 + 0j]))
        tensor([0.7854, 3.1416])
    """
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
    """The complex conjugates; real numbers as they are.

    Example:
        >>> torch.tensor([1 + 2j]).conj_physical_()
        tensor([1.-2.j])
    """
    return jnp.conj(input) if rank(input.dtype) == 3 else input
