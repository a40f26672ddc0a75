"""Operations on the bits of integers and on bools."""

from __future__ import annotations

import jax.numpy as jnp
from jax import lax

from torchlike._dispatch import op
from torchlike._ops._promote import Array, ArrayLike, matched, only
from torchlike._ops.arithmetic import NUMBER_EITHER
from torchlike._out import UNARY


def _bits(kernel: str, input, other, *ranks: int) -> list[Array]:
    """The operands, broadcast in their common dtype, of a kernel for these ranks."""
    arrays = matched(input, other)
    only(kernel, arrays[0], *ranks)
    return jnp.broadcast_arrays(*arrays)


@op(overloads=NUMBER_EITHER)
def bitwise_and(input: ArrayLike, other: ArrayLike) -> Array:
    """The bits that both integers have; of bools whether both are true.

    Example:
        >>> torch.bitwise_and(torch.tensor([6, 5]), 3)
        tensor([2, 1])
    """
    return lax.bitwise_and(*_bits("bitwise_and_cpu", input, other, 0, 1))


@op(overloads=NUMBER_EITHER)
def bitwise_or(input: ArrayLike, other: ArrayLike) -> Array:
    """The bits that either integer has; of bools whether one is true.

    Example:
        >>> torch.bitwise_or(torch.tensor([6, 5]), 3)
        tensor([7, 7])
    """
    return lax.bitwise_or(*_bits("bitwise_or_cpu", input, other, 0, 1))


@op(overloads=NUMBER_EITHER)
def bitwise_xor(input: ArrayLike, other: ArrayLike) -> Array:
    """The bits that just one integer has; of bools whether just one is true.

    Example:
        >>> torch.bitwise_xor(torch.tensor([6, 5]), 3)
        tensor([5, 6])
    """
    return lax.bitwise_xor(*_bits("bitwise_xor_cpu", input, other, 0, 1))


@op(out=UNARY)
def bitwise_not(input: Array) -> Array:
    """The bits that an integer has not; of bools the opposite.

    Example:
        >>> torch.bitwise_not(torch.tensor([0, 5]))
        tensor([-1, -6])
        >>> torch.bitwise_not(torch.tensor([True, False]))
        tensor([False,  True])
    """
    only("bitwise_not_cpu", input, 0, 1)
    return lax.bitwise_not(input)


@op(overloads=NUMBER_EITHER)
def bitwise_left_shift(input: ArrayLike, other: ArrayLike) -> Array:
    """The bits of `input` moved up by `other` places.

    Example:
        >>> torch.bitwise_left_shift(torch.tensor([1, -3]), 2)
        tensor([  4, -12])
    """
    return lax.shift_left(*_bits("lshift_cpu", input, other, 1))


@op(overloads=NUMBER_EITHER)
def bitwise_right_shift(input: ArrayLike, other: ArrayLike) -> Array:
    """The bits of `input` moved down by `other` places; the sign stays.

    Example:
        >>> torch.bitwise_right_shift(torch.tensor([16, -16]), 2)
        tensor([ 4, -4])
    """
    input, other = _bits("rshift_cpu", input, other, 1)
    if input.dtype.kind == "u":
        return lax.shift_right_logical(input, other)
    return lax.shift_right_arithmetic(input, other)
