"""Extrema over one, some or all dimensions, and their places."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np

from torchlike import return_types
from torchlike._dispatch import op
from torchlike._ops._promote import Array, Ints, as_dtype, axes_of, only, wrap_dim
from torchlike._out import SAME, OutRule
from torchlike._types.dtypes import scalar_name


def check_not_empty(input: Array, dim: int | None, name: str) -> None:
    """Raise where an extremum of no elements is asked for."""
    if dim is None:
        if input.size == 0:
            raise RuntimeError(
                f"{name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim "
                "with the 'dim' argument."
            )
    elif input.ndim and input.shape[wrap_dim(dim, input.ndim)] == 0:
        raise IndexError(
            f"{name.removeprefix('nan')}(): Expected reduction dim {wrap_dim(dim, input.ndim)} to have non-zero size."
        )


def picked(input: Array, indices: Array, axis: int, keepdim: bool) -> tuple[Array, Array]:
    """(the elements at `indices` along an axis of size 1 there, the indices), with or without that axis."""
    values = jnp.take_along_axis(input, indices, axis)
    if keepdim:
        return values, as_dtype(indices, np.int64)
    return jnp.squeeze(values, axis), as_dtype(jnp.squeeze(indices, axis), np.int64)


def _extreme(input: Array, dim: int, keepdim: bool, arg, name: str) -> tuple[Array, Array]:
    axis = wrap_dim(dim, input.ndim)
    check_not_empty(input, dim, name)
    if jnp.iscomplexobj(input):
        raise RuntimeError(f"{name}(): does not support complex input")
    if not input.ndim:
        return input, jnp.zeros((), np.int64)
    return picked(input, arg(input, axis, keepdims=True), axis, keepdim)


@op(name="max", shares="all")
def max_along(input: Array, dim: int, keepdim: bool = False) -> return_types.max:
    """(largest element, its index) along `dim`; NaN is larger than all."""
    return return_types.max(*_extreme(input, dim, keepdim, jnp.argmax, "max"))


@op(name="min", shares="all")
def min_along(input: Array, dim: int, keepdim: bool = False) -> return_types.min:
    """(smallest element, its index) along `dim`; NaN is smaller than all."""
    return return_types.min(*_extreme(input, dim, keepdim, jnp.argmin, "min"))


@functools.partial(jax.custom_jvp, nondiff_argnums=(0, 1, 2))
def shared(select, axes: tuple[int, ...], nan_is_one: bool, input: Array) -> Array:
    """An element that `select` finds along axes, which it keeps; its derivative is shared among all that equal it.

    Args:
        nan_is_one: whether NaN equals NaN here; else its derivative is NaN everywhere, as of PyTorch's `amax`.
    """
    return select(input)


@shared.defjvp
def _shared_jvp(select, axes, nan_is_one, primals, tangents):
    (input,), (along,) = primals, tangents
    found = select(input)
    same = (input == found) | (nan_is_one & jnp.isnan(input) & jnp.isnan(found))
    same = same.astype(input.dtype)
    count = jnp.sum(same, axes, keepdims=True)
    # 0 / 0 spelled out: XLA makes 0 of a product with it
    share = along * jnp.where(count == 0, jnp.nan, same / jnp.maximum(count, 1))
    return found, jnp.sum(share, axes, keepdims=True)


def extremum(find, input: Array, axes: tuple[int, ...], keepdim: bool, nan_is_one: bool = False) -> Array:
    if not jnp.issubdtype(input.dtype, jnp.floating):
        return find(input, axes, keepdims=keepdim)
    found = shared(functools.partial(find, axis=axes, keepdims=True), axes, nan_is_one, input)
    return found if keepdim else jnp.squeeze(found, axes)


@op(name="max", grad_name="MaxBackward1", shares="all")
def max_of_all(input: Array) -> Array:
    """The largest element; the gradient is shared among equals."""
    check_not_empty(input, None, "max")
    return extremum(jnp.max, input, axes_of(None, input.ndim), False, nan_is_one=True)


@op(name="min", grad_name="MinBackward1", shares="all")
def min_of_all(input: Array) -> Array:
    """The smallest element; the gradient is shared among equals."""
    check_not_empty(input, None, "min")
    return extremum(jnp.min, input, axes_of(None, input.ndim), False, nan_is_one=True)


def _check_extrema(input: Array, dim, name: str) -> tuple[int, ...]:
    axes = axes_of(dim, input.ndim)
    if dim is None or dim == ():
        if input.size == 0:
            check_not_empty(input, None, name)
    for axis in axes:
        if input.shape[axis] == 0:
            raise IndexError(f"{name}(): Expected reduction dim {axis} to have non-zero size.")
    return axes


EXTREMA = OutRule(
    "Expected the dtype for input and out to match, but got {result} for input's dtype and {out} for out's dtype."
)


@op(out=EXTREMA, shares="all")
def amax(input: Array, dim: Ints = (), keepdim: bool = False) -> Array:
    """The largest elements over `dim`; the gradient is shared among equals.

    Example:
        >>> torch.amax(torch.tensor([[1, 5], [7, 3]]), 0)
        tensor([7, 5])
    """
    return extremum(jnp.max, input, _check_extrema(input, dim, "amax"), keepdim)


@op(out=EXTREMA, shares="all")
def amin(input: Array, dim: Ints = (), keepdim: bool = False) -> Array:
    """The smallest elements over `dim`; the gradient is shared among equals.

    Example:
        >>> torch.amin(torch.tensor([[1, 5], [7, 3]]), 0)
        tensor([1, 3])
    """
    return extremum(jnp.min, input, _check_extrema(input, dim, "amin"), keepdim)


@op(out=SAME, shares="all")
def aminmax(input: Array, *, dim: int | None = None, keepdim: bool = False) -> return_types.aminmax:
    """(smallest, largest) elements over `dim`.

    Example:
        >>> torch.aminmax(torch.tensor([3, 1, 2]))
        torch.return_types.aminmax(
        min=tensor(1),
        max=tensor(3))
    """
    if not input.ndim and dim is not None and jnp.iscomplexobj(input):
        raise RuntimeError(f"aminmax not implemented for {scalar_name(input.dtype)}")
    wrap_dim(dim or 0, input.ndim)
    only("aminmax_cpu", input, 0, 1, 2)
    if dim is None and not input.size:
        raise RuntimeError(
            "aminmax(): cannot compute aminmax over an empty dimension as the operation has no identity."
        )
    if dim is not None and input.ndim and input.shape[wrap_dim(dim, input.ndim)] == 0:
        raise IndexError(f"aminmax: Expected reduction dim {wrap_dim(dim, input.ndim)} to have non-zero size.")
    axes = axes_of(dim, input.ndim)
    return return_types.aminmax(*[extremum(find, input, axes, keepdim) for find in (jnp.min, jnp.max)])


def _arg(input: Array, dim: int | None, keepdim: bool, arg, name: str) -> Array:
    if dim is None and not input.size:
        raise IndexError(f"{name}(): Expected reduction dim to be specified for input.numel() == 0.")
    check_not_empty(input, dim, name)
    if dim is None:
        found = arg(input.ravel(), 0)
        return as_dtype(found.reshape((1,) * input.ndim) if keepdim else found, np.int64)
    axis = wrap_dim(dim, input.ndim)
    return as_dtype(arg(input, axis, keepdims=keepdim) if input.ndim else jnp.zeros(()), np.int64)


@op(out=SAME, shares="all")
def argmax(input: Array, dim: int | None = None, keepdim: bool = False) -> Array:
    """The index of the largest element along `dim`, of the flattened input by default; int64.

    Example:
        >>> torch.argmax(torch.tensor([[1, 5], [7, 3]]))
        tensor(2)
        >>> torch.argmax(torch.tensor([[1, 5], [7, 3]]), 1)
        tensor([1, 0])
    """
    return _arg(input, dim, keepdim, jnp.argmax, "argmax")


@op(out=SAME, shares="all")
def argmin(input: Array, dim: int | None = None, keepdim: bool = False) -> Array:
    """The index of the smallest element along `dim`, of the flattened input by default; int64.

    Example:
        >>> torch.argmin(torch.tensor([[1, 5], [7, 3]]), 1)
        tensor([0, 1])
    """
    return _arg(input, dim, keepdim, jnp.argmin, "argmin")
