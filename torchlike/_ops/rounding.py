"""Rounding to whole numbers."""

from __future__ import annotations

import jax.numpy as jnp

from torchlike._dispatch import op
from torchlike._ops._promote import Array, only, rank
from torchlike._out import UNARY


def _rounded(name: str, rounding, input) -> Array:
    """The result of a rounding function; integers are whole already."""
    if rank(input.dtype) == 3:
        raise NotImplementedError(f"{name} is not supported for complex inputs")
    only(f"{name}_vml_cpu", input, 1, 2)
    return input if rank(input.dtype) == 1 else rounding(input)


@op(out=UNARY)
def floor(input: Array) -> Array:
    """The largest whole number not above each element, in the same dtype.

    Example:
        >>> torch.floor(torch.tensor([-1.5, 1.5]))
        tensor([-2.,  1.])
    """
    return _rounded("floor", jnp.floor, input)


@op(out=UNARY)
def ceil(input: Array) -> Array:
    """The smallest whole number not below each element, in the same dtype.

    Example:
        >>> torch.ceil(torch.tensor([-1.5, 1.5]))
        tensor([-1.,  2.])
    """
    return _rounded("ceil", jnp.ceil, input)


@op(aliases=("fix",), out=UNARY)
def trunc(input: Array) -> Array:
    """Each element without its fraction, rounded towards 0, in the same dtype.

    Example:
        >>> torch.trunc(torch.tensor([-1.5, 1.5]))
        tensor([-1.,  1.])
    """
    return _rounded("trunc", jnp.trunc, input)


@op(legacy={"tensor": "input"}, out=UNARY)
def frac(input: Array) -> Array:
    """The fraction of each element, with its sign: ``input - trunc(input)``.

    Raises:
        NotImplementedError: no floating point tensor.

    Example:
        >>> torch.frac(torch.tensor([-1.5, 1.25]))
        tensor([-0.5000,  0.2500])
    """
    only("frac_cpu", input, 2)
    return input - jnp.trunc(input)


@op(
    also="torchlike.special",
    grad_name=lambda call: "RoundBackward1" if "decimals" in call.arguments else "RoundBackward0",
    out=UNARY,
)
def round(input: Array, *, decimals: int | None = None) -> Array:
    """Each element rounded to the nearest number with `decimals` decimals, halves to the even neighbour.

    Args:
        decimals: places behind the point, none by default; negative ones are places before it.

    Raises:
        NotImplementedError: bools, complex numbers, or integers with decimals.

    Example:
        >>> torch.round(torch.tensor([0.5, 1.5, -2.6]))
        tensor([ 0.,  2., -3.])
        >>> torch.round(torch.tensor([3.14159]), decimals=2)
        tensor([3.1400])
    """
    if rank(input.dtype) == 1 and decimals is None:
        return input
    only("round_cpu" if decimals else "round_vml_cpu", input, 2)
    if not decimals:
        return jnp.round(input)
    factor = jnp.array(10.0 ** abs(decimals), input.dtype)
    return jnp.round(input * factor) / factor if decimals > 0 else jnp.round(input / factor) * factor
