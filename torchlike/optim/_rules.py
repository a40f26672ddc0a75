"""Rules that optax has not, or not with PyTorch's arithmetic, as optax transformations."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import jax.numpy as jnp

if TYPE_CHECKING:
    import jax


def by_parameter(
    step: Callable,
    arrays: dict[str, Callable],
    shared: dict | None = None,
    advance: Callable = lambda _: (),
    counts: bool = True,
):
    """An optax transformation of a rule for one parameter.

    Args:
        step: called with (gradient, parameter, count of this step, shared numbers, the parameter's arrays): gives the
            change of the parameter, and the new arrays. Of the shared numbers it gets those before and after the step,
            in 64 bits.
        arrays: for each name in the state what makes a parameter's first array, or None where it has none.
        shared: the first of each number in the state that all parameters share.
        advance: called with (count, *shared numbers), gives them as they are after this step.
        counts: whether steps are counted.

    Returns:
        An `optax.GradientTransformation` whose state has the count, the shared numbers and lists of arrays.
    """
    import optax

    shared = shared or {}
    names = (*(("count",) if counts else ()), *shared, *arrays)
    state_type = namedtuple("State", names)  # pyright: ignore[reportUntypedNamedTuple] - its fields are known at run time only
    first = len(names) - len(arrays)

    def init(params: Any):
        begun = [jnp.zeros((), jnp.int32)] if counts else []
        begun += [jnp.asarray(each, jnp.float32) for each in shared.values()]
        return state_type(*begun, *[[make(each) for each in params] for make in arrays.values()])

    def update(grads: Any, state: Any, params: Any = None):
        count = optax.safe_increment(state.count) if counts else None
        old = state[first - len(shared) : first]
        new = [jnp.asarray(each, jnp.float32) for each in advance(count, *old)]
        numbers = [each.astype(jnp.float64) for each in (*old, *new)]
        rows = zip(grads, params, *state[first:], strict=True)
        found = [step(grad, param, count, numbers, *own) for grad, param, *own in rows]
        changes, *lists = zip(*found, strict=True)
        return list(changes), state_type(*((count,) if counts else ()), *new, *map(list, lists))

    return optax.GradientTransformation(init, cast(Any, update))


def times(number: Any, array: jax.Array):
    """A number in 64 bits, rounded to an array's dtype, times the array."""
    return jnp.asarray(number).astype(array.dtype) * array


def decayed(grad: jax.Array, param: jax.Array, hyper: dict, flags: dict):
    """The gradient, with the weight decay that is added to it."""
    return grad + hyper["weight_decay"] * param if flags["decay"] else grad


def shrinking(change: jax.Array, param: jax.Array, hyper: dict, flags: dict):
    """The change of a parameter, with the weight decay that goes by the learning rate alone."""
    return change - hyper["lr"] * hyper["weight_decay"] * param if flags["shrink"] else change
