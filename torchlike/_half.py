"""Half precision: what is computed of float16 and bfloat16 is computed in float32, and rounded once, at the end.

PyTorch calls float32 the "opmath type" of the two. An operation is declared once for all dtypes, so this is said once,
too: its function is traced with the halves as they are, for what it refuses and for the results' dtypes; then, if it
computes anything, once more with float32 in their place. The first trace notes which operands it `converted` to halves,
Python numbers among them: in the second they are rounded to these. Other numbers, as a slope or an epsilon, are not.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal

from torchlike._types import dtypes
from torchlike._types.dtypes import dtype

_NUMPY = tuple([each.np for each in dtypes.HALVES])
# what gives the same in either precision, or belongs to the halves' own bits
EXACT = set(
    """abs argmax argmin bitcast_convert_type broadcast_in_dim clamp concatenate copy copy_p convert_element_type
    dynamic_slice dynamic_update_slice eq expand_dims gather ge gt is_finite le lt max min ne neg nextafter
    optimization_barrier pad reduce_max reduce_min reshape rev scatter select_n slice sort split squeeze stop_gradient
    top_k transpose unstack""".split()
)
PRODUCTS = {"dot_general", "conv_general_dilated"}
SUMS = {"add_any", "cumsum", "reduce_sum", "reduce_window_sum", "scatter-add"}


def in_single(fn: Callable, asked: dtype | None, on_cpu: bool) -> Callable:
    """A function of arrays that computes in float32 where it would in halves.

    Args:
        fn: takes the arrays and the dtype of the results.
        asked: this dtype, if the user named one; the arrays are rounded to it first.
        on_cpu: a GPU adds up products of matrices of halves in float32 by itself, and much faster than those of float32.
    """

    def computed(*arrays: Any):
        before = _notes.made, _notes.due
        try:
            return traced(*arrays)
        finally:
            _notes.made, _notes.due = before

    def traced(*arrays: Any):
        _notes.made, _notes.due = [], None
        closed, known = jax.make_jaxpr(lambda *those: fn(those, asked), return_shape=True)(*arrays)
        _notes.made, _notes.due = None, iter(_notes.made)
        names = set(_computing(closed.jaxpr))
        if not names or not (on_cpu or names.isdisjoint(PRODUCTS)):
            _notes.due = None
            return fn(arrays, asked)
        got = fn([_widened(each, asked) for each in arrays], dtypes.float32 if asked in dtypes.HALVES else asked)
        return jax.tree.map(lambda each, struct: each.astype(struct.dtype), got, known)

    return computed


class _Notes(threading.local):
    """For each conversion of operands in a trace, the half that each operand was rounded to, or None.

    Attributes:
        made: those of the first trace, while it runs.
        due: those that the second trace repeats.
    """

    made: list | None = None
    due: Iterator | None = None


_notes = _Notes()


def converted(operands: Sequence, common: np.dtype, convert: Callable, spared: int | None = None) -> list:
    """Operands in their common dtype.

    Args:
        convert: gives an operand in a dtype.
        spared: the place of the operand that PyTorch takes as it is, if it is a single number.
    """
    if _notes.made is not None:
        rounds = common in _NUMPY
        _notes.made.append([common if rounds and not _is_of(each, common) else None for each in operands])
        if rounds and spared is not None and np.size(operands[spared]) == 1:
            _notes.made[-1][spared] = None
    elif _notes.due is not None:
        halves = next(_notes.due, [None] * len(operands))
        pairs = zip(operands, halves, strict=True)
        operands = [each if half is None else _rounded(convert(each, np.float32), half) for each, half in pairs]
    return [convert(each, common) for each in operands]


def stepped(array: jax.Array, halves: tuple = _NUMPY):
    """What PyTorch rounds on the way: to what a half holds, if the operation is one of these halves."""
    if _notes.made is not None:
        _notes.made.append([array.dtype if array.dtype in halves else None])
    elif _notes.due is not None:
        (half,) = next(_notes.due, [None])
        return array if half is None else _step(array, half)
    return array


@functools.partial(jax.custom_jvp, nondiff_argnums=(1,))
def _step(array: jax.Array, half: np.dtype):
    return _rounded(array, half)


@_step.defjvp
def _(half: Any, primals: Any, tangents: Any):
    return _step(*primals, half), tangents[0]


def _is_of(operand: Any, dtype: np.dtype) -> bool:
    return hasattr(operand, "dtype") and operand.dtype == dtype


def _rounded(array: jax.Array, half: np.dtype):
    """float32 rounded to what a half holds, which XLA does not undo."""
    limits = jnp.finfo(half)
    made = lax.reduce_precision(array, limits.nexp, limits.nmant)
    if half != np.float16:
        return made
    step = 2.0**-24  # subnormal numbers, which that has not
    return jnp.where(jnp.abs(array) < 2.0**-14, jnp.round(array / step) * step, made)


def _widened(array: jax.Array, asked: dtype | None):
    if asked in dtypes.HALVES and not array.weak_type:
        array = array.astype(asked.np)
    return array.astype(np.float32) if array.dtype in _NUMPY else array


def summed_in_single(closed: ClosedJaxpr) -> ClosedJaxpr:
    """The derivative of what moves halves, its sums made in float32: those of rows that were taken several times."""
    if SUMS.isdisjoint(_computing(closed.jaxpr)):
        return closed
    return jax.make_jaxpr(lambda *arrays: _run(closed, arrays))(*closed.in_avals)


def _run(closed: ClosedJaxpr, arrays: Any) -> list:
    known: dict = dict(zip(closed.jaxpr.constvars, closed.consts, strict=True))
    known.update(zip(closed.jaxpr.invars, arrays, strict=True))

    def read(atom: Any):
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


def _summed(eqn: Any, given: list):
    wide = [_widened(each, None) for each in given]
    if eqn.primitive.name == "scatter-add":
        names = ("dimension_numbers", "indices_are_sorted", "unique_indices", "mode")
        made = cast(Any, lax.scatter_add)(*wide, **{name: eqn.params[name] for name in names})
    else:
        made = eqn.primitive.bind(*wide, **eqn.params)
    return made.astype(eqn.outvars[0].aval.dtype)


def _computing(jaxpr: Jaxpr) -> Iterator[str]:
    """The primitives by which halves are computed with, rather than moved and compared."""
    for eqn in jaxpr.eqns:
        inner = [each for each in map(_body, jax.tree.leaves([*eqn.params.values()])) if each is not None]
        for each in inner:
            yield from _computing(each)
        narrow = any(cast(Any, each.aval).dtype in _NUMPY for each in (*eqn.invars, *eqn.outvars))
        name = eqn.primitive.name
        if narrow and (name in SUMS or not inner and name not in EXACT):
            yield name


def _body(parameter: Any) -> Jaxpr | None:
    if isinstance(parameter, ClosedJaxpr):
        return parameter.jaxpr
    return parameter if isinstance(parameter, Jaxpr) else None
