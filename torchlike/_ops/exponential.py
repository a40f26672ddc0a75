"""Exponentials, logarithms, roots and what is made of them."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
from jax import lax

from torchlike._dispatch import op
from torchlike._ops._derivatives import derived
from torchlike._ops._promote import Array, Number, as_dtype, floating, matched, only, rank, real_floating


@op(legacy={"tensor": "input"})
def exp(input: Array) -> Array:
    """``e`` to the power of each element, in floating point.

    Example:
        >>> torch.exp(torch.tensor([0.0, 1.0]))
        tensor([1.0000, 2.7183])
    """
    return jnp.exp(floating(input))


@op(also="torchlike.special")
def exp2(input: Array) -> Array:
    """2 to the power of each element, in floating point.

    Example:
        >>> torch.exp2(torch.tensor([0, 3]))
        tensor([1., 8.])
    """
    return _exp2(floating(input))


@derived(lambda along, value, input: along * (value * math.log(2)))
def _exp2(input):
    return jnp.exp2(input)


@op(also="torchlike.special")
def expm1(input: Array) -> Array:
    """``exp(input) - 1``, exact near 0 as well, in floating point.

    Example:
        >>> torch.expm1(torch.tensor([0.0, 1e-10]))
        tensor([0.0000e+00, 1.0000e-10])
    """
    return jnp.expm1(floating(input))


@op
def log(input: Array) -> Array:
    """The natural logarithm, in floating point; NaN for negative real numbers.

    Example:
        >>> torch.log(torch.tensor([1.0, torch.e, 0.0, -1.0]))
        tensor([0., 1., -inf, nan])
    """
    return jnp.log(floating(input))


@op
def log2(input: Array) -> Array:
    """The logarithm to base 2, in floating point.

    Example:
        >>> torch.log2(torch.tensor([1, 8]))
        tensor([0., 3.])
    """
    return _log2(floating(input))


@derived(lambda along, value, input: along / (input * math.log(2)))
def _log2(input):
    return jnp.log2(input)


@op
def log10(input: Array) -> Array:
    """The logarithm to base 10, in floating point.

    Example:
        >>> torch.log10(torch.tensor([1, 1000]))
        tensor([0., 3.])
    """
    return _log10(floating(input))


@derived(lambda along, value, input: along / (input * math.log(10)))
def _log10(input):
    return jnp.log10(input)


@op(also="torchlike.special")
def log1p(input: Array) -> Array:
    """``log(1 + input)``, exact near 0 as well, in floating point.

    Example:
        >>> torch.log1p(torch.tensor([0.0, 1e-10]))
        tensor([0.0000e+00, 1.0000e-10])
    """
    input = floating(input)
    return _complex_log1p(input) if jnp.iscomplexobj(input) else jnp.log1p(input)


@jax.custom_jvp
def _complex_log1p(z):
    """By the real `log1p` of ``|1 + z| ** 2 - 1`` where that is small; XLA's own loses small real parts."""
    x, y = z.real, z.imag
    near = jnp.hypot(x, y) < 0.5
    excess = jnp.where(near, x * (2 + x) + y * y, 0)
    small = jnp.where(excess == 0, x, 0.5 * jnp.log1p(excess))
    return lax.complex(jnp.where(near, small, jnp.log(jnp.hypot(x + 1, y))), jnp.atan2(y, x + 1))


@_complex_log1p.defjvp
def _complex_log1p_jvp(primals, tangents):
    return _complex_log1p(*primals), tangents[0] / (1 + primals[0])


@op
def logaddexp(input: Array, other: Array) -> Array:
    """``log(exp(input) + exp(other))`` without overflow, elementwise with broadcasting.

    Example:
        >>> torch.logaddexp(torch.tensor([0.0, 1000.0]), torch.tensor([0.0, 1000.0]))
        tensor([6.9315e-01, 1.0007e+03])
    """
    input, other = matched(input, other)
    only("logaddexp_cpu", input, 2, 3)
    return logaddexp_of(*jnp.broadcast_arrays(input, other))


@derived(
    lambda along, total, input, other: along / (1 + jnp.exp(other - input)),
    lambda along, total, input, other: along / (1 + jnp.exp(input - other)),
)
def logaddexp_of(input: Array, other: Array) -> Array:
    """`logaddexp` of arrays of one shape."""
    if rank(input.dtype) == 2:
        return jnp.logaddexp(input, other)
    # the imaginary part stays that of the larger one, beyond pi, too, as PyTorch has it
    first = input.real >= other.real
    larger, smaller = jnp.where(first, input, other), jnp.where(first, other, input)
    return larger + jnp.log1p(jnp.exp(smaller - larger))


@op
def logaddexp2(input: Array, other: Array) -> Array:
    """``log2(2 ** input + 2 ** other)`` without overflow, elementwise with broadcasting.

    Example:
        >>> torch.logaddexp2(torch.tensor([0.0, 1000.0]), torch.tensor([0.0, 1000.0]))
        tensor([1.0000e+00, 1.0010e+03])
    """
    input, other = matched(input, other)
    only("logaddexp2_cpu", input, 2)
    return _logaddexp2(*jnp.broadcast_arrays(input, other))


@derived(
    lambda along, total, input, other: along / (1 + jnp.exp2(other - input)),
    lambda along, total, input, other: along / (1 + jnp.exp2(input - other)),
)
def _logaddexp2(input, other):
    return jnp.logaddexp2(input, other)


@op
def sqrt(input: Array) -> Array:
    """The square root, in floating point; NaN for negative real numbers.

    Example:
        >>> torch.sqrt(torch.tensor([4.0, 2.0, -1.0]))
        tensor([2.0000, 1.4142,    nan])
    """
    return _sqrt(floating(input))


@derived(lambda along, root, input: along / (2 * root))
def _sqrt(input):
    return jnp.sqrt(input)


@op
def rsqrt(input: Array) -> Array:
    """``1 / sqrt(input)``, in floating point.

    Example:
        >>> torch.rsqrt(torch.tensor([4.0, 0.0]))
        tensor([0.5000,    inf])
    """
    return _rsqrt(floating(input))


@derived(lambda along, root, input: -0.5 * along * root * root * root)
def _rsqrt(input):
    return lax.rsqrt(input)


@op(aliases=("expit",), also="torchlike.special")
def sigmoid(input: Array) -> Array:
    """``1 / (1 + exp(-input))``, in floating point.

    Example:
        >>> torch.sigmoid(torch.tensor([-1.0, 0.0, 1.0]))
        tensor([0.2689, 0.5000, 0.7311])
    """
    return jax.nn.sigmoid(floating(input))


@op(also="torchlike.special")
def logit(input: Array, eps: Number | None = None) -> Array:
    """``log(input / (1 - input))``, the inverse of `sigmoid`, in floating point.

    Args:
        eps: the elements are first bounded to ``[eps, 1 - eps]``; without it those outside of ``[0, 1]`` give NaN.

    Example:
        >>> torch.logit(torch.tensor([0.5, 0.9]))
        tensor([0.0000, 2.1972])
    """
    input = real_floating("logit_cpu", input)
    if eps is not None:
        low = as_dtype(eps, input.dtype)
        input = jnp.where(input < low, low, jnp.where(input > 1 - low, 1 - low, input))
    return _logit(input)


def _logit_slope(along, value, input):
    inside = (input >= 0) & (input <= 1)
    return along * jnp.where(inside, 1 / (input * (1 - input)), jnp.nan)


@derived(_logit_slope)
def _logit(input):
    return jnp.log(input / (1 - input))
