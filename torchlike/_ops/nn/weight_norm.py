"""Weights as a size times a direction."""

from __future__ import annotations

from torchlike._dispatch import op
from torchlike._ops._nodes import of_weight_norm
from torchlike._ops._promote import Array, Positive, wrap_dim
from torchlike._ops.nn._checks import scalar_type
from torchlike._ops.reductions import vector_norm_of


@op(module="torchlike", grad_name="ViewBackward0")
def norm_except_dim(v: Array, pow: Positive = 2, dim: int = 0) -> Array:
    """The norm of what stands at each place of one dimension, the others with size 1.

    Args:
        pow: the order of the norm.
        dim: the dimension; -1 for none, which gives the norm of everything, ``()``.

    Raises:
        IndexError: there is no such dimension.

    Example:
        >>> torch.norm_except_dim(torch.tensor([[3.0, 4.0], [0.0, 2.0]]), 2, 0)
        tensor([[5.],
                [2.]])
    """
    kept = () if dim == -1 else (wrap_dim(dim, v.ndim),)
    axes = tuple(each for each in range(v.ndim) if each not in kept)
    return vector_norm_of(v, pow, axes, dim != -1)


@op(module="torchlike", grad_name=of_weight_norm)
def _weight_norm(v: Array, g: Array, dim: int = 0) -> Array:
    """``g * v / norm_except_dim(v, 2, dim)``.

    Raises:
        RuntimeError: the two are of different dtypes.

    Source: Salimans and Kingma, Weight Normalization, 2016.
    """
    if g.dtype != v.dtype:
        raise RuntimeError(f"expected scalar type {scalar_type(v)} but found {scalar_type(g)}")
    return v * (g / norm_except_dim.op.body(v, 2, dim))
