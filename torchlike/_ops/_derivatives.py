"""One way to say what PyTorch's derivative of a function is, where JAX's is another.

They differ where a formula meets 0, an infinity, NaN or a bound; elsewhere JAX finds the derivative by itself.
"""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax.custom_derivatives import SymbolicZero


def derived(*slopes: Callable | None) -> Callable:
    """A decorator: the derivative of a function of arrays of one shape, or broadcast to it, by each of them.

    Args:
        slopes: for each array what a change of it adds to a change of the result, a function of (the change, the
            result, all the arrays) that is linear in the change; None where nothing passes, none for the last arrays.
            Written with functions that are derived themselves, they have PyTorch's second derivatives, too.

    Example:
        >>> @derived(lambda along, root, x: along / (2 * root))
        ... def square_root(x):
        ...     return jnp.sqrt(x)
    """

    def wrap(fn: Callable) -> jax.custom_jvp:
        made = jax.custom_jvp(fn)

        def jvp(primals, tangents):
            result = made(*primals)
            parts = [
                slope(along, result, *primals)
                for slope, along in zip(slopes, tangents, strict=False)
                if slope is not None and not isinstance(along, SymbolicZero)
            ]
            change = sum(parts[1:], parts[0]) if parts else jnp.zeros_like(result)
            return result, jnp.broadcast_to(change, result.shape)

        made.defjvp(jvp, symbolic_zeros=True)
        return made

    return wrap


def where(mask, along):
    """The change where the mask is, else none: NaN that comes from beyond does not pass."""
    return jnp.where(mask, along, jnp.zeros_like(along))


def written(place, values) -> jax.Array:
    """``place.set(values)``, ``place = array.at[...]``: where places are the same the last value counts.

    Each value gets the gradient of its place; of JAX's only that last one does.
    """
    index = place.index if isinstance(place.index, tuple) else (place.index,)
    are_arrays = [isinstance(each, jax.Array) for each in index]

    def at(array, places):
        rest = iter(places)
        return array.at[tuple(next(rest) if known else each for known, each in zip(are_arrays, index, strict=True))]

    # places written with the same 0 may be said to be unique, without which JAX does not transpose
    @derived(
        lambda along, made, array, values, *places: at(along, places).set(0, mode="drop", unique_indices=True),
        lambda along, made, array, values, *places: at(jnp.zeros_like(array), places).add(along, mode="drop"),
    )
    def put(array, values, *places):
        return at(array, places).set(values, mode="drop")

    values = jnp.asarray(values, place.array.dtype)
    return put(place.array, values, *[each for known, each in zip(are_arrays, index, strict=True) if known])
