"""What bounds elements or looks at their size and sign."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
from jax import lax

from torchlike._dispatch import op
from torchlike._ops._derivatives import derived, where
from torchlike._ops._nodes import by_tensor, of_clamp
from torchlike._ops._promote import (
    Array,
    ArrayLike,
    Number,
    as_dtype,
    direction,
    is_number,
    magnitude,
    matched,
    matched_float,
    only,
    rank,
)
from torchlike._ops.arithmetic import NUMBER_SECOND
from torchlike._out import BOOLS, UNARY, OutRule, can_cast

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
    """The larger of two elements, NaN where one of them is; at ties each gets half of the gradient.

    Example:
        >>> torch.maximum(torch.tensor([1.0, torch.nan]), torch.tensor([2.0, 0.0]))
        tensor([2., nan])
    """
    _refuse_complex("maximum", input, other)
    return _larger_or_smaller(jnp.maximum, input, other)


@op
def minimum(input: Array, other: Array) -> Array:
    """The smaller of two elements, NaN where one of them is; at ties each gets half of the gradient.

    Example:
        >>> torch.minimum(torch.tensor([1.0, torch.nan]), torch.tensor([2.0, 0.0]))
        tensor([1., nan])
    """
    _refuse_complex("minimum", input, other)
    return _larger_or_smaller(jnp.minimum, input, other)


@op
def fmax(input: Array, other: Array) -> Array:
    """The larger of two elements, the other one where one is NaN.

    Example:
        >>> torch.fmax(torch.tensor([1.0, torch.nan]), torch.tensor([2.0, 0.0]))
        tensor([2., 0.])
    """
    _refuse_complex("fmax", input, other)
    input, other = matched(input, other)
    return jnp.where((input >= other) | jnp.isnan(other), input, other)


@op
def fmin(input: Array, other: Array) -> Array:
    """The smaller of two elements, the other one where one is NaN.

    Example:
        >>> torch.fmin(torch.tensor([1.0, torch.nan]), torch.tensor([2.0, 0.0]))
        tensor([1., 0.])
    """
    _refuse_complex("fmin", input, other)
    input, other = matched(input, other)
    return jnp.where((input <= other) | jnp.isnan(other), input, other)


_CLAMPED = OutRule("result type {result} can't be cast to the desired output type {c_out}", can_cast)
_NO_COMPLEX = "clamp is not supported for complex types"


def _bounded(input, least, most) -> Array:
    """`input` between bounds that are arrays, numbers or None; NaN in any gives NaN; the upper one counts last."""
    bounds = [each for each in (least, most) if each is not None]
    numbers = is_number(bounds[0])
    if numbers and any(rank(jnp.result_type(each)) == 3 for each in (input, *bounds)):
        raise NotImplementedError(_NO_COMPLEX)
    arrays = jnp.broadcast_arrays(*matched(input, *bounds))
    if len(bounds) == 2 or numbers:
        side = "" if len(bounds) == 2 else "_max" if least is None else "_min"
        only(f"clamp{side}{'_scalar' if numbers else ''}_cpu", arrays[0], 1, 2)
    else:
        only("minimum_cpu" if least is None else "maximum_cpu", arrays[0], 0, 1, 2)
    if len(bounds) == 2:
        return _between(*arrays)
    return no_less(*arrays) if most is None else _no_more(*arrays)


@derived(
    lambda along, bounded, input, low: where(input >= low, along),
    lambda along, bounded, input, low: where(input < low, along),
)
def no_less(input: Array, low: Array) -> Array:
    """The elements, none less than `low`; the gradient passes where they are equal."""
    return jnp.maximum(input, low)


@derived(
    lambda along, bounded, input, high: where(input <= high, along),
    lambda along, bounded, input, high: where(input > high, along),
)
def _no_more(input, high):
    return jnp.minimum(input, high)


@derived(
    lambda along, bounded, input, low, high: where((input >= low) & (input <= high), along),
    lambda along, bounded, input, low, high: where((low < high) & (input < low), along),
    lambda along, bounded, input, low, high: where((input > high) | (high < low), along),
)
def _between(input, low, high):
    return jnp.minimum(jnp.maximum(input, low), high)


@op(
    aliases=("clip",),
    grad_name=of_clamp,
    overloads=(
        "Tensor input, Tensor min = None, Tensor max = None",
        "Tensor input, Number min = None, Number max = None",
    ),
    fits=("min", "max"),
    stored=_CLAMPED,
)
def clamp(input: Array, min: ArrayLike | None = None, max: ArrayLike | None = None) -> Array:
    """The elements, those outside of ``[min, max]`` set to the nearer bound.

    The gradient passes where an element is between the bounds or equal to one.

    Args:
        min, max: numbers, or tensors that broadcast; None for no bound.

    Raises:
        RuntimeError: there is no bound.
        NotImplementedError: complex numbers.

    Example:
        >>> torch.clamp(torch.tensor([-1.0, 0.5, 2.0]), 0, 1)
        tensor([0.0000, 0.5000, 1.0000])
    """
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    if rank(input.dtype) == 3:
        raise NotImplementedError(_NO_COMPLEX)
    return _bounded(input, min, max)


@op(
    grad_name=by_tensor("min", "ClampMin"),
    overloads=("Tensor input, Tensor min", "Tensor input, Number min"),
    fits=("min",),
    stored=_CLAMPED,
)
def clamp_min(input: Array, min: ArrayLike) -> Array:
    """The elements, those below `min` set to it.

    Example:
        >>> torch.clamp_min(torch.tensor([-1.0, 0.5, 2.0]), 0)
        tensor([0.0000, 0.5000, 2.0000])
    """
    return _bounded(input, min, None)


@op(
    grad_name=by_tensor("max", "ClampMax"),
    overloads=("Tensor input, Tensor max", "Tensor input, Number max"),
    fits=("max",),
    stored=_CLAMPED,
)
def clamp_max(input: Array, max: ArrayLike) -> Array:
    """The elements, those above `max` set to it.

    Example:
        >>> torch.clamp_max(torch.tensor([-1.0, 0.5, 2.0]), 1)
        tensor([-1.0000,  0.5000,  1.0000])
    """
    return _bounded(input, None, max)


@op(out=OutRule("nan_to_num: dtype of out: {out} should be same as input: {result}"))
def nan_to_num(
    input: Array, nan: Number | None = None, posinf: Number | None = None, neginf: Number | None = None
) -> Array:
    """The elements with NaN and the infinities replaced, in both parts of complex numbers.

    Args:
        nan: instead of NaN, 0 by default.
        posinf, neginf: instead of the infinities, the largest and the lowest finite number by default.

    Example:
        >>> torch.nan_to_num(torch.tensor([torch.nan, torch.inf, 1.0]), nan=0, posinf=9)
        tensor([0., 9., 1.])
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


@op(aliases=("absolute",), out=UNARY)
def abs(input: Array) -> Array:
    """The absolute value; of complex numbers the real one. The gradient at 0 is 0.

    Example:
        >>> torch.abs(torch.tensor([-2.5, 3.0]))
        tensor([2.5000, 3.0000])
        >>> torch.abs(torch.tensor([3 + 4j]))
        tensor([5.])
    """
    only("abs_cpu", input, 1, 2, 3)
    return magnitude(input) if rank(input.dtype) > 1 else jnp.abs(input)


@op(out=UNARY)
def sign(input: Array) -> Array:
    """-1, 0 or 1; 0 for NaN.

    Raises:
        NotImplementedError: complex numbers, for which there is `sgn`.

    Example:
        >>> torch.sign(torch.tensor([-2.5, 0.0, 3.0]))
        tensor([-1.,  0.,  1.])
    """
    if rank(input.dtype) == 3:
        raise NotImplementedError(
            "Unlike NumPy, torch.sign is not intended to support complex numbers. Please use torch.sgn instead."
        )
    return direction(input) if rank(input.dtype) else input


@op(out=UNARY, saves=True)
def sgn(input: Array) -> Array:
    """The sign; of a complex number the number of size 1 with its angle, of 0 it is 0.

    Example:
        >>> torch.sgn(torch.tensor([3 + 4j, 0j]))
        tensor([0.6000+0.8000j, 0.0000+0.0000j])
    """
    return _complex_sign(input) if rank(input.dtype) == 3 else direction(input) if rank(input.dtype) else input


def _sign_slope(along, sign, input):
    size = magnitude(input)
    across = along - sign * jnp.real(jnp.conj(sign) * along)
    return jnp.where(size == 0, 0, across / jnp.where(size == 0, 1, size))


@derived(_sign_slope)
def _complex_sign(input):
    return direction(input)


@op(out=BOOLS)
def signbit(input: Array) -> Array:
    """Whether the sign is negative: so for -0.0, too.

    Example:
        >>> torch.signbit(torch.tensor([-1.0, -0.0, 0.0]))
        tensor([ True,  True, False])
    """
    if rank(input.dtype) == 3:
        raise NotImplementedError("signbit is not implemented for complex tensors.")
    return jnp.signbit(input) if rank(input.dtype) == 2 else input < 0


@op(grad_name=by_tensor("other", "Copysign", 0), overloads=NUMBER_SECOND)
def copysign(input: Array, other: ArrayLike) -> Array:
    """The size of `input` with the sign of `other`, in floating point; no gradient passes where `input` is 0.

    Example:
        >>> torch.copysign(torch.tensor([1.0, -2.0]), torch.tensor([-0.0, 3.0]))
        tensor([-1.,  2.])
    """
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
    """``sqrt(input ** 2 + other ** 2)`` without overflow.

    Example:
        >>> torch.hypot(torch.tensor([3.0, 5.0]), torch.tensor([4.0, 12.0]))
        tensor([ 5., 13.])
    """
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


@op(out=OutRule("heaviside is not yet implemented for tensors with different dtypes."), grad_name="NotImplemented")
def heaviside(input: Array, values: Array) -> Array:
    """0 for negative elements, 1 for positive ones, `values` where an element is 0.

    Raises:
        RuntimeError: complex numbers, or tensors of different dtypes.

    Example:
        >>> torch.heaviside(torch.tensor([-1.5, 0.0, 2.0]), torch.tensor([0.5]))
        tensor([0.0000, 0.5000, 1.0000])
    """
    if 3 in (rank(input.dtype), rank(values.dtype)):
        raise RuntimeError("heaviside is not yet implemented for complex tensors.")
    if input.dtype != values.dtype:
        raise RuntimeError("heaviside is not yet implemented for tensors with different dtypes.")
    input, values = matched(input, values)
    return jnp.where(input == 0, values, (input > 0).astype(input.dtype))


@op
def nextafter(input: Array, other: Array) -> Array:
    """The next number that the dtype has after `input` in the direction of `other`.

    Example:
        >>> torch.nextafter(torch.tensor([1.0]), torch.tensor([2.0])) == 1 + torch.finfo().eps
        tensor([True])
    """
    input, other = matched(input, other)
    only("nextafter_cpu", input, 2)
    return _nextafter(*jnp.broadcast_arrays(input, other))


@jax.custom_jvp
def _nextafter(input, other):
    return jnp.nextafter(input, other)


@_nextafter.defjvp
def _nextafter_jvp(primals, tangents):
    return _nextafter(*primals), jnp.where(primals[0] != primals[1], tangents[0], 0)
