"""The table of rules: how NumPy computes each of JAX's primitives, and what the rules share."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import jax.numpy as jnp
import numpy as np

# a rule is called once for an equation, with its params and the avals of its inputs and outputs; it returns the function
# that computes it, or None if it does not cover these params
Rule = Callable[[dict, list, list], Callable | None]
TABLE: dict[str, Rule] = {}
# rules for where XLA is not: what they give is as right as what XLA gives, but something else
STAND_INS: dict[str, Rule] = {}
LARGE = 4096  # elements: below, a copy costs less than sparing it
SHAPELESS: set[str] = set()  # rules that look at dtypes and params alone: what they return serves all sizes
# steps of Python after which compiling costs less: what would take more is left to XLA
LONG = 100_000


def rule(*names: str, shapeless: bool = False) -> Callable[[Rule], Rule]:
    """Enter the decorated rule in the table under the primitives' names.

    Args:
        shapeless: whether it looks at no sizes.

    Raises:
        KeyError: one of them has a rule.
    """

    def enter(made: Rule) -> Rule:
        for name in names:
            if name in TABLE:
                raise KeyError(f"the primitive {name!r} has a rule already")
            TABLE[name] = made
        if shapeless:
            SHAPELESS.update(names)
        return made

    return enter


def stand_in(name: str) -> Callable[[Rule], Rule]:
    """Enter the decorated rule among those that serve only where there is no XLA."""

    def enter(made: Rule) -> Rule:
        STAND_INS[name] = made
        return made

    return enter


class Addable:
    """What a rule may return: a function of arrays, of which several results are added up for less than one by one.

    Args:
        take: makes what is needed of the arrays: arrays, too.
        total: the sum of the results for a list of what `take` makes; results of the same `total` may be added up.
        size: how many elements a result has.
    """

    __slots__ = ("take", "total", "size")

    def __init__(self, take: Callable, total: Callable, size: int) -> None:
        self.take, self.total, self.size = take, total, size

    def __call__(self, *arrays: np.ndarray):
        return self.total([self.take(*arrays)])


@cache
def is_float(dtype: np.dtype) -> bool:
    """Whether it is a real floating dtype, NumPy's own or one of `ml_dtypes`."""
    return bool(jnp.issubdtype(dtype, jnp.floating))


@cache
def is_narrow(dtype: np.dtype) -> bool:
    """Whether it is a floating dtype of 16 bits or fewer: computed in 32 bits, then rounded."""
    return dtype.itemsize <= 2 and is_float(dtype)


def widened(fn: Callable, ins: list, outs: list) -> Callable:
    """`fn` itself; if any dtype is narrow, `fn` on inputs of 32 bits, its results rounded to the dtypes of `outs`."""
    wide = [is_narrow(each.dtype) for each in ins]
    if True not in wide and not any(is_narrow(each.dtype) for each in outs):
        return fn
    dtypes = [each.dtype for each in outs]

    def in_float32(*arrays: np.ndarray):
        arrays = [a.astype(np.float32) if w else a for a, w in zip(arrays, wide, strict=True)]
        got: Any = fn(*arrays)
        if isinstance(got, list):
            return [each.astype(dtype) for each, dtype in zip(got, dtypes, strict=True)]
        return got.astype(dtypes[0])

    return in_float32


def lowest(dtype: np.dtype):
    """The identity of `max`: -inf, the least integer, or False."""
    if is_float(dtype):
        return np.array(-np.inf, dtype)
    return np.array(False) if dtype.kind == "b" else np.array(np.iinfo(dtype).min, dtype)


def highest(dtype: np.dtype):
    """The identity of `min`: inf, the greatest integer, or True."""
    if is_float(dtype):
        return np.array(np.inf, dtype)
    return np.array(True) if dtype.kind == "b" else np.array(np.iinfo(dtype).max, dtype)
