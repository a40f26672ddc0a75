"""Elements chosen and filled by masks."""

from __future__ import annotations

import jax.numpy as jnp

from torchlike._dispatch import op
from torchlike._ops._nodes import by_tensor
from torchlike._ops._promote import (
    Array,
    ArrayLike,
    broadcast_shapes,
    checked_number,
    is_number,
    promoted,
)
from torchlike._ops._values import (
    has_enough,
)
from torchlike._out import OutRule
from torchlike._types import dtypes
from torchlike._types.dtypes import scalar_name


@op(fits=("value",), shares="inputs", on_expanded="tensor[mask] = scalar", grad_name=by_tensor("value", "MaskedFill"))
def masked_fill(input: Array, mask: Array, value: ArrayLike) -> Array:
    """`input` with one number wherever the mask, broadcast, is true.

    Raises:
        RuntimeError: the mask is not bool, or the value a tensor with dimensions.

    Example:
        >>> torch.masked_fill(torch.tensor([1, 2, 3]), torch.tensor([True, False, True]), 0)
        tensor([0, 2, 0])
    """
    if mask.dtype != bool:
        name = dtypes.c_name(mask.dtype)
        raise RuntimeError(f"masked_fill_ only supports boolean masks, but got mask with dtype {name}")
    if not is_number(value) and value.ndim:
        raise RuntimeError(
            f"masked_fill_ only supports a 0-dimensional value tensor, but got tensor with {value.ndim} dimension(s)."
        )
    broadcast_shapes(mask.shape, input.shape)
    return jnp.where(mask, checked_number(value, input.dtype), input)


@op(check=has_enough, shares="inputs")
def masked_scatter(input: Array, mask: Array, source: Array) -> Array:
    """`input` with the elements of `source`, in order, wherever the mask is true.

    Example:
        >>> torch.masked_scatter(torch.zeros(3), torch.tensor([True, False, True]), torch.tensor([5.0, 6.0]))
        tensor([5., 0., 6.])
    """
    if input.dtype != source.dtype:
        raise RuntimeError(
            f"masked_scatter: expected self and source to have same dtypes but got{scalar_name(input.dtype)} and "
            f"{scalar_name(source.dtype)}"
        )
    if mask.dtype != bool:
        raise RuntimeError(
            f"masked_scatter_ only supports boolean masks, but got mask with dtype {scalar_name(mask.dtype)}"
        )
    shape = broadcast_shapes(mask.shape, input.shape)
    input, mask = jnp.broadcast_to(input, shape), jnp.broadcast_to(mask, shape)
    if not source.size:
        return input
    places = (jnp.cumsum(mask.ravel()) - 1).reshape(shape)
    return jnp.where(mask, source.ravel().at[places].get(mode="clip"), input)


@op(name="where", out=OutRule("Expected out type to be {result} but got {out}"))
def where_between(condition: Array, input: ArrayLike, other: ArrayLike) -> Array:
    """`input` where the condition is true, else `other`, in the promoted dtype.

    Raises:
        RuntimeError: the condition is not bool.
    """
    if condition.dtype not in (jnp.bool_, jnp.uint8):
        raise RuntimeError(
            "where expected condition to be a boolean tensor, but got a tensor with dtype "
            f"{scalar_name(condition.dtype)}"
        )
    input, other = promoted(input, other)
    broadcast_shapes(condition.shape, broadcast_shapes(input.shape, other.shape))
    return jnp.where(condition.astype(bool), input, other)
