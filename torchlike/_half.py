"""Half precision: what is computed of float16 and bfloat16 is computed in float32, and rounded once, at the end.

PyTorch calls float32 the "opmath type" of the two. An operation is declared once for all dtypes, so this is said once,
too: its function is traced with the halves as they are, for what it refuses and for the results' dtypes; then, if it
computes anything, once more with float32 in their place. So a Python number is never rounded to a half.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import jax
import numpy as np
from jax import lax
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal

from torchlike._types import dtypes
from torchlike._types.dtypes import dtype

_NUMPY = tuple([each.np for each in dtypes.HALVES])
# what gives the same in either precision, or belongs to the halves' own bits
EXACT = {
    *("abs", "argmax", "argmin", "bitcast_convert_type", "broadcast_in_dim", "clamp", "concatenate", "copy", "copy_p"),
    *("convert_element_type", "dynamic_slice", "dynamic_update_slice", "eq", "expand_dims", "gather", "ge", "gt"),
    *("is_finite", "le", "lt", "max", "min", "ne", "neg", "nextafter", "optimization_barrier", "pad", "reduce_max"),
    *("reduce_min", "reshape", "rev", "scatter", "select_n", "slice", "sort", "split", "squeeze", "stop_gradient"),
    *("top_k", "transpose", "unstack"),
}
PRODUCTS = {"dot_general", "conv_general_dilated"}
SUMS = {"add_any", "cumsum", "reduce_sum", "reduce_window_sum", "scatter-add"}


def in_single(fn: Callable, asked: dtype | None, on_cpu: bool) -> Callable:
    """A function of arrays that computes in float32 where it would in halves.

    Args:
        fn: takes the arrays and the dtype of the results.
        asked: this dtype, if the user named one; the arrays are rounded to it first.
        on_cpu: a GPU adds up products of matrices of halves in float32 by itself, and much faster than those of float32.
    """

    def computed(*arrays):
        closed, known = jax.make_jaxpr(lambda *those: fn(those, asked), return_shape=True)(*arrays)
        names = set(_computing(closed.jaxpr))
        if not names or not (on_cpu or names.isdisjoint(PRODUCTS)):
            return fn(arrays, asked)
        got = fn([_widened(each, asked) for each in arrays], dtypes.float32 if asked in dtypes.HALVES else asked)
        return jax.tree.map(lambda each, struct: each.astype(struct.dtype), got, known)

    return computed


def _widened(array, asked: dtype | None):
    if asked in dtypes.HALVES and not array.weak_type:
        array = array.astype(asked.np)
    return array.astype(np.float32) if array.dtype in _NUMPY else array


def summed_in_single(closed: ClosedJaxpr) -> ClosedJaxpr:
    """The derivative of what moves halves, its sums made in float32: those of rows that were taken several times."""
    if SUMS.isdisjoint(_computing(closed.jaxpr)):
        return closed
    return jax.make_jaxpr(lambda *arrays: _run(closed, arrays))(*closed.in_avals)


def _run(closed: ClosedJaxpr, arrays) -> list:
    known: dict = dict(zip(closed.jaxpr.constvars, closed.consts, strict=True))
    known.update(zip(closed.jaxpr.invars, arrays, strict=True))

    def read(atom):
        return atom.val if isinstance(atom, Literal) else known[atom]

    for eqn in closed.jaxpr.eqns:
        given = [read(each) for each in eqn.invars]
        if eqn.primitive.name in ("jit", "pjit"):
            made = _run(eqn.params["jaxpr"], given)
        elif eqn.primitive.name in SUMS:
            made = [_summed(eqn, given)]
        else:
            made = eqn.primitive.bind(*given, **eqn.primitive.get_bind_params(eqn.params))
        known.update(zip(eqn.outvars, made if isinstance(made, (list, tuple)) else [made], strict=True))
    return [read(each) for each in closed.jaxpr.outvars]


def _summed(eqn, given: list):
    wide = [_widened(each, None) for each in given]
    if eqn.primitive.name == "scatter-add":
        names = ("dimension_numbers", "indices_are_sorted", "unique_indices", "mode")
        made = lax.scatter_add(*wide, **{name: eqn.params[name] for name in names})
    else:
        made = eqn.primitive.bind(*wide, **eqn.params)
    return made.astype(eqn.outvars[0].aval.dtype)


def _computing(jaxpr: Jaxpr) -> Iterator[str]:
    """The primitives by which halves are computed with, rather than moved and compared."""
    for eqn in jaxpr.eqns:
        inner = [each for each in map(_body, jax.tree.leaves([*eqn.params.values()])) if each is not None]
        for each in inner:
            yield from _computing(each)
        narrow = any(each.aval.dtype in _NUMPY for each in (*eqn.invars, *eqn.outvars))
        name = eqn.primitive.name
        if narrow and (name in SUMS or not inner and name not in EXACT):
            yield name


def _body(parameter) -> Jaxpr | None:
    if isinstance(parameter, ClosedJaxpr):
        return parameter.jaxpr
    return parameter if isinstance(parameter, Jaxpr) else None
