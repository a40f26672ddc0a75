"""Half precision: what is computed of float16 and bfloat16 is computed in float32, and rounded once, at the end.

PyTorch calls float32 the "opmath type" of the two. An operation is declared once for all dtypes, so this is said once,
too: its function is traced with the halves as they are, for what it refuses and for the results' dtypes; then, if it
computes anything, once more with float32 in their place. So a Python number is never rounded to a half.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import jax
import numpy as np
from jax.extend.core import ClosedJaxpr, Jaxpr

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


def _computing(jaxpr: Jaxpr) -> Iterator[str]:
    """The primitives by which halves are computed with, rather than moved and compared."""
    for eqn in jaxpr.eqns:
        inner = [each for each in map(_body, jax.tree.leaves([*eqn.params.values()])) if each is not None]
        for each in inner:
            yield from _computing(each)
        narrow = any(each.aval.dtype in _NUMPY for each in (*eqn.invars, *eqn.outvars))
        if not inner and narrow and eqn.primitive.name not in EXACT:
            yield eqn.primitive.name


def _body(parameter) -> Jaxpr | None:
    if isinstance(parameter, ClosedJaxpr):
        return parameter.jaxpr
    return parameter if isinstance(parameter, Jaxpr) else None
