"""The loop: a jaxpr made into a list of steps once, then run over NumPy arrays, a call of NumPy a step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from copy import copy
from functools import partial
from itertools import chain
from sys import getrefcount
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import jax
import numpy as np
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal

from torchlike._programs import forks
from torchlike._programs.cache import Cache
from torchlike._programs.cold.rules import LARGE, SHAPELESS, STAND_INS, TABLE, Addable
from torchlike._programs.generic import Filling, is_symbolic
from torchlike._programs.settings import COMPILER_OPTIONS, cached, ours

if TYPE_CHECKING:
    from torchlike._types import dtypes

missing: Counter = Counter()
"""How often XLA ran a primitive that has no rule, by the primitive's name."""

REDUCTIONS = {"reduce_max", "reduce_min", "reduce_sum"}  # they give no views
FOLDED = 1024  # elements: what depends on no input and is no larger is computed once
# the parameter of each call that holds what it calls; what is called becomes part of the caller
CALLS = {
    **dict.fromkeys(("jit", "pjit", "remat2", "checkpoint", "composite"), "jaxpr"),
    **dict.fromkeys(("closed_call", "core_call", "custom_jvp_call", "custom_vjp_call"), "call_jaxpr"),
}


class Prepared:
    """A jaxpr as steps over numbered slots.

    Attributes:
        steps: (function, count, in, second in, out): with `count` 1 or 2 the slots are numbers, and the function
            returns one array; with 0 `in` is a tuple, and with -1 `out` is one, too.
        ends: the places of those steps whose results are results of the whole and no step's input.
        deferring: the steps, with `Deferred` results where there is a use for it.
        template: the slots' first contents: None, or a constant.
        outs: the slots of the results.
        takes: how many constants and inputs there are.
        consts: the constants, if they are not given at each run.
        source: (what the steps were made of, the values of the symbols in it).
    """

    __slots__ = ("steps", "ends", "deferring", "template", "outs", "takes", "consts", "source", "__weakref__")

    def __init__(self, source: tuple[_Builder, dict[str, int]]) -> None:
        self.consts: list = []
        self.source = source

    def at(self, values: dict[str, int]) -> Prepared:
        """The same for the sizes that symbols in the jaxpr stand for."""
        made = self.bound(self.consts)
        made.source, filling = (self.source[0], values), Filling(values)
        made.set_steps([(_filled(each[0], filling), *each[1:]) for each in self.steps], self.ends)
        return made

    def set_steps(self, steps: list[tuple], ends: Collection[int]) -> None:
        """Enter its steps."""
        self.steps, self.ends, self.deferring = steps, ends, steps
        for at in ends:
            if type(steps[at][0]) is Addable:
                self.deferring = self.deferring.copy()
                self.deferring[at] = (partial(Deferred, steps[at][0]), *steps[at][1:])

    def bound(self, consts: Sequence) -> Prepared:
        """The same with its constants."""
        made = Prepared(self.source)
        made.set_steps(self.steps, self.ends)
        made.template, made.outs, made.takes = self.template, self.outs, self.takes
        made.consts = list(map(np.asarray, consts))
        return made

    @property
    def is_sum(self) -> bool:
        """Whether it is nothing but the sum of two arrays."""
        return self.takes == 2 and [each[:4] for each in self.steps] == [(np.add, 2, 0, 1)]

    def run(self, arrays: Sequence[np.ndarray], defers: bool = False) -> list:
        """The results for the inputs; they may share memory with them, with constants and with each other.

        Args:
            arrays: the inputs, after the constants if `consts` is empty.
            defers: whether results may be `Deferred`.
        """
        slots = self.template.copy()
        slots[: self.takes] = (*self.consts, *arrays) if self.consts else arrays
        for fn, count, a, b, out in self.deferring if defers else self.steps:
            if count == 1:
                slots[out] = fn(slots[a])
            elif count == 2:
                slots[out] = fn(slots[a], slots[b])
            elif count == 0:
                slots[out] = fn(*[slots[each] for each in a])
            else:
                for place, value in zip(out, fn(*[slots[each] for each in a]), strict=True):
                    slots[place] = value
        return [slots[each] for each in self.outs]


class Deferred:
    """A result, or a sum of some, that is made when it is asked for, as an array."""

    __slots__ = ("_fn", "_terms", "_held", "_made")

    def __init__(self, fn: Addable, *arrays: np.ndarray) -> None:
        self._fn, self._terms, self._made = fn, [fn.take(*arrays)], None
        self._held = sum(each.size for each in self._terms[0])

    def __array__(self, dtype: dtypes.dtype | None = None, copy: Any = None) -> np.ndarray:
        if self._made is None:
            self._made, self._terms = self._fn.total(self._terms), []
        return self._made

    def plus(self, other: Deferred) -> Deferred | None:
        """Their sum, if it can be made at once and holds less than it will be."""
        apart = self._fn.total is not other._fn.total or not self._terms or not other._terms
        if apart or self._held + other._held > self._fn.size:
            return None
        made = copy(self)
        made._terms, made._held = [*self._terms, *other._terms], self._held + other._held
        return made


def summed(given: list) -> np.ndarray | Deferred:
    """The sum of two arrays of one kind, one of which may be `Deferred`: in the first's memory if only `given` has it.

    Gradients of a weight that is used many times are added up so, in a fraction of the time.
    """
    total, other = given
    if type(total) is Deferred:
        both = total.plus(other) if type(other) is Deferred else None
        if both is not None:
            return both
        given[0] = total = np.asarray(total)
    # held by `given`, `total` and the call that counts
    if type(total) is not np.ndarray or getrefcount(total) > 3 or total.base is not None or not total.flags.carray:
        return np.add(total, other)
    return np.add(total, other, total)


def owned(results: list, given: Sequence) -> list[np.ndarray]:
    """Results as arrays that are contiguous and have memory of their own, not that of what was `given`."""
    # a view, a constant, or the same array twice would let a later write through one show in another
    others = {*map(id, given)}
    for at, each in enumerate(results):
        if type(each) is not np.ndarray:
            each = np.asarray(each)
        base = each.base
        # what reshapes an array that `each`, `base` and this call alone hold has its memory
        owns = base is None or type(base) is np.ndarray and getrefcount(base) <= 3 and base.size == each.size
        if not owns or not each.flags.carray or id(each) in others:
            each = each.copy("C") if each.ndim else np.array(each)
        others.add(id(each))
        results[at] = each
    return results


class _Builder:
    """Collects the steps of a jaxpr and of what it calls; a value is a number here, too, but each has its own.

    Attributes:
        count: how many values there are; the constants and inputs come first.
        steps: (function, values it takes, values it gives, whether these are several, whether it has effects).
        constants: the values that are known.
        large: those that are arrays of their own, and large, with their shapes and dtypes.
        viewed: those that a step took which may have given a view of them.
        results: the values that are wanted.
    """

    def __init__(self, takes: int) -> None:
        self.count = takes
        self.steps: list[tuple[Callable, tuple, tuple, bool, bool]] = []
        self.constants: dict[int, np.ndarray] = {}
        self.large: dict[int, tuple] = {}
        self.viewed: set[int] = set()
        self.results: list[int] = []

    def fresh(self) -> int:
        self.count += 1
        return self.count - 1

    def constant(self, value: Any) -> int:
        place = self.fresh()
        # a view that cannot be written to: as a result, it will be copied
        self.constants[place] = view = np.asarray(value).view()
        view.flags.writeable = False
        return place

    def add(self, jaxpr: Jaxpr, places: Sequence[int]) -> list[int]:
        """Append the steps of `jaxpr` on these values; returns its results' values."""
        known = dict(zip((*jaxpr.constvars, *jaxpr.invars), places, strict=True))
        literals: dict[int, int] = {}

        def read(atom: Any) -> int:
            if not isinstance(atom, Literal):
                return known[atom]
            if id(atom) not in literals:
                literals[id(atom)] = self.constant(np.asarray(atom.val, atom.aval.dtype))
            return literals[id(atom)]

        for eqn in jaxpr.eqns:
            ins = [read(atom) for atom in eqn.invars]
            inner = CALLS.get(eqn.primitive.name)
            if inner is not None and inner in eqn.params:
                outs = self.add_call(eqn.params[inner], ins)
            else:
                outs = self.add_step(eqn, ins)
            known.update(zip(eqn.outvars, outs, strict=True))
        return [read(atom) for atom in jaxpr.outvars]

    def add_call(self, called: Any, ins: list[int]) -> list[int]:
        if not isinstance(called, ClosedJaxpr):
            return self.add(called, ins)
        return self.add(called.jaxpr, [*(self.constant(np.asarray(each)) for each in called.consts), *ins])

    def add_step(self, eqn: Any, ins: list[int]) -> list[int]:
        is_open, several = _is_open(eqn), eqn.primitive.multiple_results
        fn = _Open(eqn) if is_open else _function(eqn.primitive, eqn.params, *_avals(eqn))
        constant = not is_open and all(each in self.constants for each in ins)
        if not constant or sum(each.aval.size for each in eqn.outvars) > FOLDED or not _is_pure(eqn):
            outs = [self.fresh() for _ in eqn.outvars]
            self.steps.append((fn, tuple(ins), tuple(outs), several, bool(eqn.effects)))
            if type(fn) is np.ufunc and not is_symbolic(out := eqn.outvars[0].aval) and out.size > LARGE:
                self.large[outs[0]] = out.shape, out.dtype
            elif type(fn) is not np.ufunc and eqn.primitive.name not in REDUCTIONS:
                self.viewed.update(ins)
            return outs
        with np.errstate(all="ignore"):
            got = fn(*[self.constants[each] for each in ins])
        return [self.constant(each) for each in (got if several else [got])]

    def add_prepared(self, prepared: Prepared, ins: Sequence[int]) -> list[int]:
        """Append the steps of what is prepared already; returns its results' values."""
        source, values = prepared.source
        filling = Filling(values)
        given = [*map(self.constant, prepared.consts), *ins]
        places = [*given, *range(self.count, self.count + source.count - len(given))]
        self.count += source.count - len(given)
        for fn, taken, outs, *rest in source.steps:
            moved = (tuple([places[each] for each in those]) for those in (taken, outs))
            self.steps.append((_filled(fn, filling), *moved, *rest))
        self.constants.update({places[each]: value for each, value in source.constants.items()})
        self.large.update({places[each]: kind for each, kind in source.large.items()})
        self.viewed.update([places[each] for each in source.viewed])
        return [places[each] for each in source.results]


def _is_pure(eqn: Any) -> bool:
    return not eqn.effects and eqn.primitive.name in TABLE


class _Open:
    """The function of a step that depends on sizes which are still symbols."""

    __slots__ = ("eqn", "names")

    def __init__(self, eqn: Any) -> None:
        self.eqn = eqn
        self.names = [name for name, each in eqn.params.items() if is_symbolic([each])]

    def at(self, filling: Filling) -> Callable:
        eqn = self.eqn
        if eqn.primitive.name == "dim_as_value":
            size = eqn.outvars[0].aval.dtype.type(filling.param(eqn.params["dim"]))
            return lambda: size
        params = eqn.params | {name: filling.param(eqn.params[name]) for name in self.names}
        return _function(eqn.primitive, params, *[[*map(filling.param, those)] for those in _avals(eqn)])


def _filled(fn: Callable, filling: Filling) -> Callable:
    return fn.at(filling) if type(fn) is _Open else fn


def _is_open(eqn: Any) -> bool:
    """Whether the rule needs sizes that are symbols."""
    if is_symbolic(list(eqn.params.values())):
        return True
    return eqn.primitive.name not in SHAPELESS and is_symbolic([*chain(*_avals(eqn))])


def _avals(eqn: Any) -> tuple[list, list]:
    return [each.aval for each in eqn.invars], [each.aval for each in eqn.outvars]


def _function(primitive: Any, params: dict, ins: list, outs: list) -> Callable:
    """What computes a primitive: by its rule, or by XLA if there is none."""
    name = primitive.name
    made = TABLE.get(name)
    # a key of random numbers has a last axis of words, of which the rules of shapes know nothing
    if made is not None and (name.startswith("random_") or not any(map(_is_extended, (*ins, *outs)))):
        fn = made(params, ins, outs)
        if fn is not None:
            return fn
    apart = STAND_INS[name](params, ins, outs) if name in STAND_INS else None
    return partial(_run_by_xla, _compiled(primitive, params, ins), name, apart)


def _is_extended(aval: Any) -> bool:
    return not isinstance(aval.dtype, np.dtype)


_xla: Cache[tuple, Callable] = Cache()


def _compiled(primitive: Any, params: dict, ins: list) -> Callable:
    params = primitive.get_bind_params(params)
    keys = [each.dtype._impl if _is_extended(each) else None for each in ins]

    def bind(*arrays: np.ndarray):
        arrays = [
            each if impl is None else jax.random.wrap_key_data(each, impl=impl)
            for each, impl in zip(arrays, keys, strict=True)
        ]
        got = primitive.bind(*arrays, **params)
        return jax.tree.map(lambda each: jax.random.key_data(each) if _is_extended(each) else each, got)

    try:
        key = primitive, *sorted(params.items()), *ins
        return _xla[key] or _xla.setdefault(key, jax.jit(bind, compiler_options=COMPILER_OPTIONS))
    except TypeError:  # parameters that cannot be hashed
        return jax.jit(bind, compiler_options=COMPILER_OPTIONS)


def _run_by_xla(compiled: Callable, name: str, apart: Callable | None, *arrays: np.ndarray) -> Any:
    if forks.is_cut_off and apart is not None:
        return apart(*arrays)
    forks.check(f"`{name}`")
    missing[name] += 1
    with cached() if missing[name] == 1 else ours():
        got = compiled(*arrays)
    return [np.asarray(each) for each in got] if isinstance(got, (list, tuple)) else np.asarray(got)


_prepared: WeakKeyDictionary[Jaxpr, Prepared] = WeakKeyDictionary()


def prepare(jaxpr: Jaxpr) -> Prepared:
    """The steps of `jaxpr`, kept for as long as it lives."""
    found = _prepared.get(jaxpr)
    if found is None:
        takes = range(len(jaxpr.constvars) + len(jaxpr.invars))
        builder = _Builder(len(takes))
        builder.results = builder.add(jaxpr, takes)
        found = _prepared[jaxpr] = _assigned(builder, len(takes))
    return found


def joined(parts: Sequence[tuple[Prepared, Sequence[int]]], takes: int, results: Sequence[int]) -> Prepared:
    """Several jaxprs as one.

    Args:
        parts: what is prepared of each, and the numbers of its inputs: those of the whole come first, then the results
            of the parts in turn.
        takes: how many inputs the whole has.
        results: the numbers of its results.
    """
    builder, values = _Builder(takes), [*range(takes)]
    for prepared, ins in parts:
        values += builder.add_prepared(prepared, [values[each] for each in ins])
    builder.results = [values[each] for each in results]
    return _assigned(builder, takes)


def _assigned(builder: _Builder, takes: int) -> Prepared:
    """Give the values their slots: that of a value nobody needs any more goes to the next, which frees its memory."""
    last = dict.fromkeys(builder.results, len(builder.steps))
    needed, steps = set(builder.results), []
    for step in reversed(builder.steps):
        if step[4] or not needed.isdisjoint(step[2]):
            needed.update(step[1])
            steps.append(step)
    steps.reverse()
    for at, (_, ins, outs, _, _) in enumerate(steps):
        for each in (*ins, *outs):
            last[each] = max(at, last.get(each, 0))
    made = Prepared((builder, {}))
    made.template, made.takes = [None] * takes, takes
    slot = {each: each for each in range(takes)}
    for place, value in builder.constants.items():
        if place in needed:
            slot[place] = len(made.template)
            made.template.append(value)
    kept, free, prepared = set(slot), [], []
    for at, (fn, ins, outs, several, _) in enumerate(steps):
        over = [each for each in ins if last[each] == at and each not in builder.viewed]
        kind = builder.large.get(outs[0]) if outs else None
        place = next((ins.index(each) for each in over if kind and builder.large.get(each) == kind), None)
        fn = fn if place is None else _writing_over(fn, place)
        begin = tuple(slot[each] for each in ins)
        ends = {each for each in ins if last[each] == at and each not in kept}
        free += [slot[each] for each in ends]
        for each in outs:
            slot[each] = free.pop() if free else len(made.template)
            if slot[each] == len(made.template):
                made.template.append(None)
        free += [slot[each] for each in outs if last[each] == at]
        prepared.append(_step(fn, begin, tuple(slot[each] for each in outs), several))
    made.outs = [slot[each] for each in builder.results]
    inner = {each for step in steps for each in step[1]}
    made.set_steps(prepared, [at for at, step in enumerate(steps) if inner.isdisjoint(step[2])])
    return made


def _writing_over(fn: np.ufunc, place: int) -> Callable:
    """`fn`, its result in the memory of one of its arguments."""
    return lambda *arrays: fn(*arrays, out=arrays[place])


def _step(fn: Callable, ins: tuple, outs: tuple, several: bool) -> tuple:
    if several:
        return fn, -1, ins, 0, outs
    if len(ins) == 1:
        return fn, 1, ins[0], 0, outs[0]
    if len(ins) == 2:
        return fn, 2, *ins, outs[0]
    return fn, 0, ins, 0, outs[0]


def evaluate(jaxpr: Jaxpr, consts: Sequence, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Compute a jaxpr on the host, primitive by primitive, with NumPy.

    Nothing is compiled, but for primitives that have no rule: XLA runs those, and `missing` counts them.

    Args:
        consts: the values of its constants, `ClosedJaxpr.consts`.
        arrays: its inputs, with the dtypes of its avals; they are not written to.

    Returns:
        The results, each contiguous and with memory of its own.

    Example:
        >>> closed = jax.make_jaxpr(lambda x: x + 1)(np.zeros(2, np.float32))
        >>> evaluate(closed.jaxpr, closed.consts, [np.ones(2, np.float32)])
        [array([2., 2.], dtype=float32)]
    """
    arrays = [*map(np.asarray, consts), *arrays]
    with np.errstate(all="ignore"):
        return owned(prepare(jaxpr).run(arrays), arrays)
