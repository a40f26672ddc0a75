"""Choosing and changing elements by their places in the flattened tensor."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np

from torchlike._dispatch import op
from torchlike._ops._derivatives import written
from torchlike._ops._promote import Array, broadcast_shapes, wrap_dim
from torchlike._ops._values import along_or_flat, flat_within
from torchlike._ops.indexing import added
from torchlike._out import SAME, OutRule
from torchlike._types.dtypes import scalar_name

_TAKEN = OutRule(
    "take(): self and out expected to have the same dtype, but got self.dtype = {result} and out.dtype = {out}"
)


@op(check=flat_within, apart_out=True, out=_TAKEN)
def take(input: Array, index: Array) -> Array:
    """The elements at places in the flattened tensor; negative ones count from the end.

    Example:
        >>> torch.take(torch.tensor([[1, 2], [3, 4]]), torch.tensor([0, -1]))
        tensor([1, 4])
    """
    if index.dtype != jnp.int64:
        raise RuntimeError(f"take(): Expected a long tensor for index, but got {scalar_name(index.dtype)}")
    if not input.size and index.size:
        raise IndexError("take(): tried to take from an empty tensor")
    if not index.size:
        return jnp.zeros(index.shape, input.dtype)
    return input.ravel().at[index].get(mode="clip")


@op(check=flat_within)
def put(input: Array, index: Array, source: Array, accumulate: bool = False) -> Array:
    """`input` with the elements of `source` at places in the flattened tensor, or added there.

    Example:
        >>> torch.put(torch.zeros(2, 2), torch.tensor([0, -1]), torch.tensor([5.0, 6.0]))
        tensor([[5., 0.],
                [0., 6.]])
    """
    if index.dtype != jnp.int64:
        raise RuntimeError(f"put_(): Expected a long tensor for index, but got {scalar_name(index.dtype)}")
    if input.dtype != source.dtype:
        raise RuntimeError(
            "put_(): self and source expected to have the same dtype, but got self.dtype = "
            f"{scalar_name(input.dtype)} and source.dtype = {scalar_name(source.dtype)}"
        )
    if source.size != index.size:
        raise IndexError(
            f"put_(): Expected source and index to have the same number of elements, but got source.numel() = "
            f"{source.size}, index.numel() = {index.size}"
        )
    place = input.ravel().at[index.ravel()]
    source = source.ravel()
    return (added(place, source) if accumulate else written(place, source)).reshape(input.shape)


@op(check=along_or_flat, out=SAME, grad_name="GatherBackward0")
def take_along_dim(input: Array, indices: Array, dim: int | None = None) -> Array:
    """`gather` with broadcasting; without `dim`, from the flattened tensor.

    Raises:
        RuntimeError: the numbers of dimensions differ, or the indices are no int64.

    Example:
        >>> x = torch.tensor([[3, 1], [2, 4]])
        >>> torch.take_along_dim(x, torch.argsort(x, 1), 1)
        tensor([[1, 3],
                [2, 4]])
    """
    name = "torch.take_along_dim()"
    if indices.dtype != jnp.int64:
        raise RuntimeError(f"{name}: dtype of indices should be Long but got {scalar_name(indices.dtype)}")
    if dim is None:
        return jnp.take_along_axis(input.ravel(), indices.ravel(), 0, mode="clip")
    if input.ndim != indices.ndim:
        raise RuntimeError(
            f"{name}: input and indices should have the same number of dimensions, but got {input.ndim} dimensions for "
            f"input, and {indices.ndim} dimensions for indices"
        )
    dim = wrap_dim(dim, input.ndim)
    ones = lambda array: array.shape[:dim] + (1,) + array.shape[dim + 1 :]
    common = broadcast_shapes(ones(input), ones(indices))
    shaped = lambda array: jnp.broadcast_to(array, common[:dim] + (array.shape[dim],) + common[dim + 1 :])
    return jnp.take_along_axis(shaped(input), shaped(indices), dim, mode="clip")


@op
def unravel_places(indices: Array, shape: tuple) -> Array:
    """Places in a flattened tensor of a shape as places along each dimension, in a last dimension more."""
    if 0 in shape and indices.size:
        raise RuntimeError("ZeroDivisionError")
    steps = np.cumprod([1, *[max(each, 1) for each in shape[:0:-1]]])[::-1]
    return (indices[..., None] // steps % np.array(shape)).astype(np.int64)
