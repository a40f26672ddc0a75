"""Comparisons, tests of elements, logic: what gives bools."""

from __future__ import annotations

import jax.numpy as jnp

from torchlike._dispatch import op
from torchlike._ops._nodes import by_tensor
from torchlike._ops._promote import (
    Array,
    ArrayLike,
    Number,
    as_dtype,
    floating,
    matched,
    only,
    rank,
    result_dtype,
)
from torchlike._ops.arithmetic import NUMBER_SECOND
from torchlike._out import BOOLS, SAME
from torchlike._types.dtypes import scalar_name


@op(overloads=NUMBER_SECOND, grad_name=by_tensor("other", "Eq"))
def eq(input: Array, other: ArrayLike) -> Array:
    """Whether elements are equal, with broadcasting, compared in the promoted dtype.

    Example:
        >>> torch.eq(torch.tensor([1, 2]), torch.tensor([1.0, 3.0]))
        tensor([ True, False])
    """
    input, other = matched(input, other)
    return input == other


@op(aliases=("not_equal",), overloads=NUMBER_SECOND, grad_name=by_tensor("other", "Ne"))
def ne(input: Array, other: ArrayLike) -> Array:
    """Whether elements differ, with broadcasting, compared in the promoted dtype.

    Example:
        >>> torch.ne(torch.tensor([1, 2]), torch.tensor([1.0, 3.0]))
        tensor([False,  True])
    """
    input, other = matched(input, other)
    return input != other


@op(aliases=("less",), overloads=NUMBER_SECOND, grad_name=by_tensor("other", "Lt"))
def lt(input: Array, other: ArrayLike) -> Array:
    """Whether elements of `input` are less, with broadcasting, compared in the promoted dtype.

    Example:
        >>> torch.lt(torch.tensor([1, 2, 3]), 2)
        tensor([ True, False, False])
    """
    input, other = _ordered("lt", input, other)
    return input < other


@op(aliases=("less_equal",), overloads=NUMBER_SECOND, grad_name=by_tensor("other", "Le"))
def le(input: Array, other: ArrayLike) -> Array:
    """Whether elements of `input` are less or equal, with broadcasting, compared in the promoted dtype.

    Example:
        >>> torch.le(torch.tensor([1, 2, 3]), 2)
        tensor([ True,  True, False])
    """
    input, other = _ordered("le", input, other)
    return input <= other


@op(aliases=("greater",), overloads=NUMBER_SECOND, grad_name=by_tensor("other", "Gt"))
def gt(input: Array, other: ArrayLike) -> Array:
    """Whether elements of `input` are greater, with broadcasting, compared in the promoted dtype.

    Example:
        >>> torch.gt(torch.tensor([1, 2, 3]), 2)
        tensor([False, False,  True])
    """
    input, other = _ordered("gt", input, other)
    return input > other


@op(aliases=("greater_equal",), overloads=NUMBER_SECOND, grad_name=by_tensor("other", "Ge"))
def ge(input: Array, other: ArrayLike) -> Array:
    """Whether elements of `input` are greater or equal, with broadcasting, compared in the promoted dtype.

    Example:
        >>> torch.ge(torch.tensor([1, 2, 3]), 2)
        tensor([False,  True,  True])
    """
    input, other = _ordered("ge", input, other)
    return input >= other


def _ordered(name: str, input, other) -> list[Array]:
    input, other = matched(input, other)
    only(f"{name}_cpu", input, 0, 1, 2)
    return [input, other]


@op(name="isclose")
def close(input: Array, other: Array, rtol: Number = 1e-05, atol: Number = 1e-08, equal_nan: bool = False) -> Array:
    """Whether ``abs(input - other) <= atol + rtol * abs(other)``, or both are the same infinity.

    Raises:
        RuntimeError: the dtypes differ.
    """
    if input.dtype != other.dtype:
        raise RuntimeError(f"{scalar_name(input.dtype)} did not match {scalar_name(other.dtype)}")
    input, other = matched(input, other)
    same = input == other
    if rank(input.dtype) >= 2 and equal_nan:
        same = same | (jnp.isnan(input) & jnp.isnan(other))
    # integers are measured in floating point
    input, other = floating(input), floating(other)
    apart = jnp.abs(input - other)
    rtol, atol = (as_dtype(each, apart.dtype) for each in (rtol, atol))
    return same | (jnp.isfinite(apart) & (apart <= atol + jnp.abs(rtol * other)))


@op
def all_close(input: Array, other: Array, rtol: Number, atol: Number, equal_nan: bool) -> Array:
    """Whether all elements are close; see `close`."""
    return jnp.all(close.op.body(input, other, rtol, atol, equal_nan))


@op
def all_equal(input: Array, other: Array) -> Array:
    """Whether all elements of tensors of the same shape are equal, compared in the promoted dtype."""
    input, other = matched(input, other)
    return jnp.all(input == other)


# ---------------------------------------------------------------------- tests of elements


@op
def isnan(input: Array) -> Array:
    """Whether elements are NaN; for complex numbers whether a part is.

    Example:
        >>> torch.isnan(torch.tensor([1.0, torch.nan, torch.inf]))
        tensor([False,  True, False])
    """
    return jnp.isnan(input) if rank(input.dtype) >= 2 else jnp.zeros(input.shape, bool)


@op
def isinf(input: Array) -> Array:
    """Whether elements are infinite; for complex numbers whether a part is.

    Example:
        >>> torch.isinf(torch.tensor([1.0, torch.nan, -torch.inf]))
        tensor([False, False,  True])
    """
    return jnp.isinf(input) if rank(input.dtype) >= 2 else jnp.zeros(input.shape, bool)


@op
def isfinite(input: Array) -> Array:
    """Whether elements are neither infinite nor NaN; for complex numbers whether both parts are so.

    Example:
        >>> torch.isfinite(torch.tensor([1.0, torch.nan, torch.inf]))
        tensor([ True, False, False])
    """
    return jnp.isfinite(input) if rank(input.dtype) >= 2 else jnp.ones(input.shape, bool)


@op(out=BOOLS)
def isposinf(input: Array) -> Array:
    """Whether elements are positive infinity.

    Raises:
        RuntimeError: they are complex.

    Example:
        >>> torch.isposinf(torch.tensor([1.0, torch.inf, -torch.inf]))
        tensor([False,  True, False])
    """
    return _is_infinity("isposinf", input, jnp.inf)


@op(out=BOOLS)
def isneginf(input: Array) -> Array:
    """Whether elements are negative infinity.

    Raises:
        RuntimeError: they are complex.

    Example:
        >>> torch.isneginf(torch.tensor([1.0, torch.inf, -torch.inf]))
        tensor([False, False,  True])
    """
    return _is_infinity("isneginf", input, -jnp.inf)


def _is_infinity(name: str, input, which) -> Array:
    if rank(input.dtype) == 3:
        raise RuntimeError(f"{name} does not support complex inputs.")
    return input == which if rank(input.dtype) == 2 else jnp.zeros(input.shape, bool)


@op
def isreal(input: Array) -> Array:
    """Whether elements are real: whether their imaginary part is 0.

    Example:
        >>> torch.isreal(torch.tensor([1 + 0j, 1 + 2j]))
        tensor([ True, False])
    """
    return input.imag == 0 if rank(input.dtype) == 3 else jnp.ones(input.shape, bool)


@op(out=SAME)
def isin(elements: ArrayLike, test_elements: ArrayLike, *, assume_unique: bool = False, invert: bool = False) -> Array:
    """Whether each element of `elements` is among `test_elements`.

    Args:
        assume_unique: no promise is needed here; PyTorch's other algorithm gives the same.
        invert: whether to tell instead which are not.

    Raises:
        RuntimeError: bools or complex numbers.

    Example:
        >>> torch.isin(torch.tensor([1, 2, 3]), torch.tensor([2, 3, 5]))
        tensor([False,  True,  True])
    """
    for each in (elements, test_elements):
        known = jnp.result_type(each)
        if rank(known) in (0, 3):
            raise RuntimeError(f"Unsupported input type encountered for isin(): {scalar_name(known)}")
    dtype = result_dtype(elements, test_elements)
    return jnp.isin(as_dtype(elements, dtype), as_dtype(test_elements, dtype), invert=invert)


# ---------------------------------------------------------------------- logic


@op(untracked=True)
def logical_not(input: Array) -> Array:
    """Whether elements are 0.

    Example:
        >>> torch.logical_not(torch.tensor([0.0, 2.5]))
        tensor([ True, False])
    """
    return input == 0


@op(untracked=True)
def logical_and(input: Array, other: Array) -> Array:
    """Whether neither element is 0, with broadcasting.

    Example:
        >>> torch.logical_and(torch.tensor([0, 1, 2]), torch.tensor([True, False, True]))
        tensor([False, False,  True])
    """
    input, other = matched(input != 0, other != 0)
    return input & other


@op(untracked=True)
def logical_or(input: Array, other: Array) -> Array:
    """Whether an element is not 0, with broadcasting.

    Example:
        >>> torch.logical_or(torch.tensor([0, 1, 2]), torch.tensor([False, False, True]))
        tensor([False,  True,  True])
    """
    input, other = matched(input != 0, other != 0)
    return input | other


@op(untracked=True)
def logical_xor(input: Array, other: Array) -> Array:
    """Whether just one element is 0, with broadcasting.

    Example:
        >>> torch.logical_xor(torch.tensor([0, 1, 2]), torch.tensor([True, False, True]))
        tensor([ True,  True, False])
    """
    input, other = matched(input != 0, other != 0)
    return input ^ other
