"""Filling and copying in place, complex numbers from their parts."""

from __future__ import annotations

import jax.numpy as jnp
from jax import lax

from torchlike._dispatch import op
from torchlike._ops._derivatives import derived
from torchlike._ops._nodes import of_fill
from torchlike._ops._promote import Array, ArrayLike, as_dtype, broadcast_shapes, direction
from torchlike._ops.basic_indexing import fitted
from torchlike._out import OutRule
from torchlike._types import dtypes


@op(shares="all", grad_name=of_fill)
def fill(input: Array, value: ArrayLike) -> Array:
    """A tensor like `input` with `value` everywhere.

    Raises:
        RuntimeError: the value is a tensor with dimensions.
    """
    value = jnp.asarray(value)
    if value.ndim:
        raise RuntimeError(f"fill_ only supports 0-dimension value tensor but got tensor with {value.ndim} dimensions.")
    return jnp.full(input.shape, as_dtype(value, input.dtype))


@op(shares="all", grad_name="ZeroBackward0")
def zero(input: Array) -> Array:
    """Zeros like `input`."""
    return jnp.zeros(input.shape, input.dtype)


@op(grad_name="CopyBackwards")
def copy(input: Array, src: ArrayLike, non_blocking: bool = False) -> Array:
    """The elements of `src`, broadcast to the shape and cast to the dtype of `input`.

    Raises:
        RuntimeError: the shapes do not broadcast to that of `input`.
    """
    src = jnp.asarray(src)
    shape = broadcast_shapes(input.shape, src.shape)
    if shape != input.shape:
        raise RuntimeError(f"output with shape {list(input.shape)} doesn't match the broadcast shape {list(shape)}")
    return fitted(src, input.shape, input.dtype)


def _check_parts(first: Array, second: Array) -> None:
    names = dtypes.scalar_name(first.dtype), dtypes.scalar_name(second.dtype)
    if not {first.dtype.name, second.dtype.name} <= {"float16", "float32", "float64"}:
        raise RuntimeError("Expected both inputs to be Half, Float or Double tensors but got {} and {}".format(*names))
    if first.dtype != second.dtype:
        raise RuntimeError(
            "Expected object of scalar type {} but got scalar type {} for second argument".format(*names)
        )
    broadcast_shapes(first.shape, second.shape)


PARTS = OutRule("Expected object of scalar type {result} but got scalar type {out} for argument 'out'")


@op(out=PARTS, saves=True)
def complex(real: Array, imag: Array) -> Array:
    """Complex numbers of real and imaginary parts.

    Raises:
        RuntimeError: the parts' dtypes differ or are no floating point ones.

    Example:
        >>> torch.complex(torch.tensor([1.0, 2.0]), torch.tensor([0.0, -1.0]))
        tensor([1.+0.j, 2.-1.j])
    """
    _check_parts(real, imag)
    return lax.complex(*jnp.broadcast_arrays(real, imag))


@op(out=PARTS)
def polar(abs: Array, angle: Array) -> Array:
    """Complex numbers of absolute values and angles in radians.

    Raises:
        RuntimeError: the dtypes differ or are no floating point ones.

    Example:
        >>> torch.polar(torch.tensor([1.0, 2.0]), torch.tensor([0.0, torch.pi])).real
        tensor([ 1., -2.])
    """
    _check_parts(abs, angle)
    abs, angle = jnp.broadcast_arrays(abs, angle)
    return _polar(abs, angle)


@derived(
    lambda along, made, abs, angle: along * direction(made),
    lambda along, made, abs, angle: along * (1j * made),
)
def _polar(abs, angle):
    return lax.complex(abs * jnp.cos(angle), abs * jnp.sin(angle))
