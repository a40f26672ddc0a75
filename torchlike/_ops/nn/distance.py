"""Similarities and distances."""

from __future__ import annotations

import operator

import jax.numpy as jnp
import numpy as np

from torchlike._dispatch import op
from torchlike._half import stepped
from torchlike._ops._derivatives import derived
from torchlike._ops._promote import (
    Array,
    Number,
    Positive,
    broadcast_shapes,
    matched,
    matched_float,
    operand,
    promoted,
    rank,
    wrap_dim,
)
from torchlike._ops.arithmetic import quotient, refuse_bools
from torchlike._ops.nn._checks import scalar_type
from torchlike._ops.reductions import linalg_vector_norm, vector_norm_of
from torchlike._types.dtypes import scalar_name


@op(grad_name="SumBackward1")
def cosine_similarity(x1: Array, x2: Array, dim: int = 1, eps: Number = 1e-8) -> Array:
    """The cosine of the angle between vectors along `dim`; norms count as `eps` at least.

    Raises:
        RuntimeError: the inputs are not floating point.

    Example:
        >>> torch.cosine_similarity(torch.tensor([[1.0, 0.0], [1.0, 1.0]]), torch.tensor([[0.0, 2.0], [3.0, 3.0]]))
        tensor([0., 1.])
    """
    common = promoted(x1, x2)
    if not jnp.issubdtype(common[0].dtype, jnp.floating):
        raise RuntimeError(f"expected common dtype to be floating point, yet common dtype is {scalar_type(common[0])}")
    shape = broadcast_shapes(x1.shape, x2.shape)
    axis = wrap_dim(dim, len(shape))
    parts = []
    for each, instead in zip((x1, x2), common, strict=True):  # of two floating point dtypes each keeps its own
        each = jnp.broadcast_to(each if rank(each.dtype) == 2 else instead, shape or (1,))
        size = stepped(vector_norm_of(each, 2.0, (axis,), True))
        parts.append(stepped(quotient(each, _at_least(size, operand(eps, each)))))
    one, two = promoted(*parts)
    return jnp.sum(stepped(one * two), axis)


# the derivative is that of the norm, bounded or not
@derived(lambda along, bounded, size, eps: along)
def _at_least(size, eps):
    return jnp.maximum(size, eps)


@op(grad_name="NormBackward1")
def pairwise_distance(x1: Array, x2: Array, p: Positive = 2.0, eps: Number = 1e-6, keepdim: bool = False) -> Array:
    """The p-norm of ``x1 - x2 + eps`` along the last dimension.

    Raises:
        RuntimeError: shapes do not fit.

    Example:
        >>> torch.pairwise_distance(torch.tensor([[0.0, 0.0]]), torch.tensor([[3.0, 4.0]]))
        tensor([5.0000])
    """
    refuse_bools(x1, x2)
    x1, x2 = matched_float(x1, x2)
    difference = stepped(stepped(x1 - x2) + operand(eps, x1))
    return vector_norm_of(difference, p, (difference.ndim - 1,), keepdim)


@op(module="torchlike", shares="all")
def dist(input: Array, other: Array, p: Positive = 2) -> Array:
    """The p-norm of ``input - other``, over all dimensions.

    Raises:
        RuntimeError: it has none.

    Example:
        >>> torch.dist(torch.tensor([0.0, 0.0]), torch.tensor([3.0, 4.0]))
        tensor(5.)
    """
    refuse_bools(input, other)
    difference = stepped(operator.sub(*matched(input, other)))
    if rank(difference.dtype) < 2:
        kind = scalar_name(difference.dtype)
        raise RuntimeError(f"norm(): input dtype should be either floating point or complex. Got {kind} instead.")
    return linalg_vector_norm.op.body(difference, p)


@op
def pdist(input: Array, p: Positive = 2.0) -> Array:
    """The p-norms of the differences of all pairs of rows: ``(N, M)`` to ``(N (N - 1) / 2)``.

    Raises:
        RuntimeError: the input has not two dimensions.

    Example:
        >>> torch.pdist(torch.tensor([[0.0, 0.0], [3.0, 4.0], [0.0, 1.0]]))
        tensor([5.0000, 1.0000, 4.2426])
    """
    if input.ndim != 2:
        raise RuntimeError(f"pdist only supports 2D tensors, got: {input.ndim}D")
    first, second = np.triu_indices(input.shape[0], 1)
    return vector_norm_of(input[first] - input[second], p, (1,), False)
