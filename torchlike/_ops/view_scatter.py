"""A tensor with one view of it replaced, as a new tensor."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from torchlike._dispatch import op
from torchlike._ops._promote import Array, Integer, as_dtype, wrap_dim
from torchlike._ops.views import check_strided
from torchlike._out import SAME
from torchlike._recorder import memory


def _check_src(src: Array, shape) -> None:
    if src.shape != tuple(shape):
        raise RuntimeError(
            f"expected src to have a size equal to the slice of self. src size = {list(src.shape)}, slice size = "
            f"{list(shape)}"
        )


def _refuse_index(input, src, dim, index) -> None:
    aval = input._aval
    dim = wrap_dim(dim, aval.ndim)
    if type(index) is int and not -aval.shape[dim] <= index < aval.shape[dim]:
        raise IndexError(
            f"select(): index {index} out of range for tensor of size {list(aval.shape)} at dimension {dim}"
        )


@op(guard=_refuse_index)
def select_scatter(input: Array, src: Array, dim: int, index: Integer) -> Array:
    """`input` with `src` as the slice at one place of a dimension.

    Example:
        >>> torch.select_scatter(torch.zeros(2, 2), torch.ones(2), 0, 1)
        tensor([[0., 0.],
                [1., 1.]])
    """
    dim = wrap_dim(dim, input.ndim)
    _check_src(src, input.shape[:dim] + input.shape[dim + 1 :])
    return input.at[(slice(None),) * dim + (index,)].set(as_dtype(src, input.dtype))


@op(out=SAME)
def slice_scatter(
    input: Array, src: Array, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Array:
    """`input` with `src` in a slice of a dimension.

    Example:
        >>> torch.slice_scatter(torch.zeros(4), torch.ones(2), start=1, end=3)
        tensor([0., 1., 1., 0.])
    """
    dim = wrap_dim(dim, input.ndim)
    if step <= 0:
        raise RuntimeError("slice step must be positive")
    part = slice(start, end, step)
    length = len(range(*part.indices(input.shape[dim])))
    _check_src(src, input.shape[:dim] + (length,) + input.shape[dim + 1 :])
    return input.at[(slice(None),) * dim + (part,)].set(as_dtype(src, input.dtype))


@op
def diagonal_scatter(input: Array, src: Array, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Array:
    """`input` with `src` on a diagonal.

    Example:
        >>> torch.diagonal_scatter(torch.zeros(2, 2), torch.tensor([1.0, 2.0]))
        tensor([[1., 0.],
                [0., 2.]])
    """
    one, two = wrap_dim(dim1, input.ndim), wrap_dim(dim2, input.ndim)
    if one == two:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    places = jnp.diagonal(jnp.arange(input.size).reshape(input.shape), offset, one, two)
    _check_src(src, places.shape)
    return input.ravel().at[places].set(as_dtype(src, input.dtype)).reshape(input.shape)


@op
def as_strided_scatter(
    input: Array, src: Array, size: tuple, stride: tuple, storage_offset: int | None = None
) -> Array:
    """`input` with `src` at sizes, strides and an offset of one's own.

    Example:
        >>> torch.as_strided_scatter(torch.zeros(4), torch.ones(2), (2,), (2,), 1)
        tensor([0., 1., 0., 1.])
    """
    offset = storage_offset or 0
    if len(size) != len(stride):
        raise RuntimeError("mismatch in length of strides and shape")
    _check_src(src, size)
    check_strided(input.size, size, stride, offset, input.dtype.itemsize)
    places = memory.places(size, stride, offset)
    return _put(input.ravel(), as_dtype(src, input.dtype), places).reshape(input.shape)


@jax.custom_jvp
def _put(flat: Array, new: Array, places: Array) -> Array:
    return flat.at[places].set(new)


@_put.defjvp
def _put_jvp(primals, tangents):
    """As in PyTorch, the gradient of `flat` is that of the elements that are written over, and zero elsewhere."""
    flat, new, places = primals
    made, along = jax.jvp(lambda new: flat.at[places].set(new), (new,), tangents[1:2])
    covered = jnp.zeros(flat.shape, bool).at[places].set(True)
    return made, along + jnp.where(covered, tangents[0], 0)
