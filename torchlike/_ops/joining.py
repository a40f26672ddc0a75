"""Joining tensors."""

from __future__ import annotations

import jax.numpy as jnp

from torchlike._dispatch import op
from torchlike._ops._promote import Array, Arrays, promoted, wrap_dim
from torchlike._out import CONCATENATED


def _joined(tensors: Arrays, dim: int) -> Array:
    """Tensors one after the other along a dimension, in the promoted dtype."""
    if not tensors:
        raise ValueError("torch.cat(): expected a non-empty list of Tensors")
    for place, each in enumerate(tensors):
        if each is None:
            raise TypeError(f"expected Tensor as element {place} in argument 0, but got NoneType")
        if not each.ndim:
            raise RuntimeError(f"zero-dimensional tensor (at position {place}) cannot be concatenated")
    arrays = promoted(*tensors)
    # an empty 1-d tensor goes with anything
    kept = [(place, each) for place, each in enumerate(arrays) if each.shape != (0,)]
    if not kept:
        wrap_dim(dim, 1)
        return arrays[0]
    first = kept[0][1]
    dim = wrap_dim(dim, first.ndim)
    for place, each in kept[1:]:
        if each.ndim != first.ndim:
            raise RuntimeError(f"Tensors must have same number of dimensions: got {first.ndim} and {each.ndim}")
        for at, (known, size) in enumerate(zip(first.shape, each.shape, strict=True)):
            if at != dim and known != size:
                raise RuntimeError(
                    f"Sizes of tensors must match except in dimension {dim}. Expected size {known} but got size {size} "
                    f"for tensor number {place} in the list."
                )
    return jnp.concatenate([each for _, each in kept], dim)


@op(
    aliases=("concat", "concatenate"),
    legacy={"inputs": "tensors", "dimension": "dim"},
    apart_out=True,
    out=CONCATENATED,
)
def cat(tensors: Arrays, dim: int = 0) -> Array:
    """Tensors one after the other along a dimension, in the promoted dtype.

    Raises:
        RuntimeError: their other sizes differ.
        ValueError: there are none.

    Example:
        >>> torch.cat([torch.tensor([[1, 2]]), torch.tensor([[3, 4.5]])])
        tensor([[1.0000, 2.0000],
                [3.0000, 4.5000]])
    """
    return _joined(tensors, dim)


@op(legacy={"seq": "tensors", "sequence": "tensors"}, out=CONCATENATED)
def stack(tensors: Arrays, dim: int = 0) -> Array:
    """Tensors of one shape along a new dimension, in the promoted dtype.

    Raises:
        RuntimeError: there are none, or their shapes differ.

    Example:
        >>> torch.stack([torch.tensor([1, 2]), torch.tensor([3, 4])], 1)
        tensor([[1, 3],
                [2, 4]])
    """
    if not tensors:
        raise RuntimeError("stack expects a non-empty TensorList")
    for place, each in enumerate(tensors):
        if each.shape != tensors[0].shape:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {list(tensors[0].shape)} at entry 0 and "
                f"{list(each.shape)} at entry {place}"
            )
    return jnp.stack(promoted(*tensors), wrap_dim(dim, tensors[0].ndim + 1))


def _some(name: str, tensors: Arrays) -> None:
    if not tensors:
        raise RuntimeError(f"{name} expects a non-empty TensorList")


@op(grad_name="CatBackward0", out=CONCATENATED)
def hstack(tensors: Arrays) -> Array:
    """Tensors side by side: along dimension 1, vectors along dimension 0.

    Example:
        >>> torch.hstack([torch.tensor([[1], [2]]), torch.tensor([[3], [4]])])
        tensor([[1, 3],
                [2, 4]])
    """
    _some("hstack", tensors)
    tensors = [jnp.atleast_1d(each) for each in tensors]
    return _joined(tensors, 0 if tensors[0].ndim == 1 else 1)


@op(aliases=("row_stack",), grad_name="CatBackward0", out=CONCATENATED)
def vstack(tensors: Arrays) -> Array:
    """Tensors below each other: along dimension 0, vectors as rows.

    Example:
        >>> torch.vstack([torch.tensor([1, 2]), torch.tensor([3, 4])])
        tensor([[1, 2],
                [3, 4]])
    """
    _some("vstack", tensors)
    return _joined([jnp.atleast_2d(each) for each in tensors], 0)


@op(grad_name="CatBackward0", out=CONCATENATED)
def dstack(tensors: Arrays) -> Array:
    """Tensors behind each other: along dimension 2.

    Example:
        >>> torch.dstack([torch.tensor([1, 2]), torch.tensor([3, 4])])
        tensor([[[1, 3],
                 [2, 4]]])
    """
    _some("dstack", tensors)
    return _joined([jnp.atleast_3d(each) for each in tensors], 2)


@op(grad_name="CatBackward0", out=CONCATENATED)
def column_stack(tensors: Arrays) -> Array:
    """Tensors side by side, vectors and numbers as columns.

    Example:
        >>> torch.column_stack([torch.tensor([1, 2]), torch.tensor([3, 4])])
        tensor([[1, 3],
                [2, 4]])
    """
    _some("column_stack", tensors)
    return _joined([each.reshape(each.size, 1) if each.ndim < 2 else each for each in tensors], 1)


@op(name="block_diag")
def blocks(tensors: Arrays) -> Array:
    """Matrices along the diagonal of one matrix, zeros elsewhere; vectors are rows.

    Raises:
        RuntimeError: one has more than two dimensions.
    """
    if not tensors:
        return jnp.zeros((1, 0), jnp.float32)
    for place, each in enumerate(tensors):
        if each.ndim > 2:
            raise RuntimeError(
                f"torch.block_diag: Input tensors must have 2 or fewer dimensions. Input {place} has {each.ndim} "
                "dimensions"
            )
    arrays = [jnp.atleast_2d(each) for each in promoted(*tensors)]
    width, before, rows = sum(each.shape[1] for each in arrays), 0, []
    for each in arrays:
        rows.append(jnp.pad(each, ((0, 0), (before, width - before - each.shape[1]))))
        before += each.shape[1]
    return jnp.concatenate(rows)


@op(grad_name="StackBackward0", name="cartesian_prod")
def products(tensors: Arrays) -> Array:
    """All tuples of one element of each vector, as rows."""
    for each in tensors:
        if each.ndim != 1:
            raise RuntimeError(f"Expect a 1D vector, but got shape {list(each.shape)}")
    if len(tensors) == 1:
        return tensors[0]
    grids = jnp.meshgrid(*promoted(*tensors), indexing="ij")
    return jnp.stack([each.ravel() for each in grids], 1)
