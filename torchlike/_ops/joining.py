"""Joining tensors and repeating their elements."""

from __future__ import annotations

import jax.numpy as jnp

from torchlike._dispatch import op
from torchlike._ops._promote import Array, Arrays, promoted, wrap_dim


@op
def cat(tensors: Arrays, dim: int = 0) -> Array:
    """Tensors one after the other along a dimension, in the promoted dtype.

    Raises:
        RuntimeError: there are none, or their other sizes differ.
    """
    if not tensors:
        raise RuntimeError("torch.cat(): expected a non-empty list of Tensors")
    for place, each in enumerate(tensors):
        if not each.ndim:
            raise RuntimeError(f"zero-dimensional tensor (at position {place}) cannot be concatenated")
    arrays = promoted(*tensors)
    # an empty 1-d tensor goes with anything
    kept = [(place, each) for place, each in enumerate(arrays) if each.shape != (0,)]
    if not kept:
        return arrays[0]
    first_place, first = kept[0]
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


@op
def stack(tensors: Arrays, dim: int = 0) -> Array:
    """Tensors of one shape along a new dimension, in the promoted dtype.

    Raises:
        RuntimeError: there are none, or their shapes differ.
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
