"""One trace for all sizes: an operation that comes again with other sizes is traced once more, with symbols for them.

Tracing takes a millisecond, a derivative several; filling in the sizes takes some microseconds a primitive. So a script
over sentences of varying length traces each operation three times, not once a length.

What holds for the symbols holds for all sizes from `LEAST` on that relate to each other, and to the sizes that did not
change, as they did in the trace: equal where they were equal, else different. Where more is asked of them
(``size > 32``) JAX refuses to answer (`is_refusal`); such an operation is traced for each size, as are the few sizes that
happen to equal another one.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

from jax import export
from jax.core import ShapedArray
from jax.errors import (
    ConcretizationTypeError,
    InconclusiveDimensionOperation,
    TracerArrayConversionError,
    TracerIntegerConversionError,
)
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal, Var

from torchlike._programs.aval import Aval, aval
from torchlike._programs.cache import remembered

SYMBOL = "size_"  # how symbols' names begin
LEAST = 5  # smaller sizes are too often special
FAILURES = 2  # after which the calls of a pattern are traced one by one
MEMORY = 16  # calls of a pattern that a new one may be related to, and traces that are kept of it
IMPURE = ("random_", "threefry")  # the numbers must not depend on how they were traced


def taken_out(thing: Any, sizes: list[int]) -> Any:
    """What describes a call without its sizes, which are appended to `sizes`; `put_in` is the way back."""
    kind = type(thing)
    if kind is Aval:
        sizes += thing.shape
        return Aval, thing.ndim, thing.dtype, thing.place
    if kind is int:
        sizes.append(thing)
        return (int,)
    if kind is tuple:
        return tuple, *[taken_out(each, sizes) for each in thing]
    if kind is float or kind is complex:
        return kind, repr(thing)  # tells zeros apart, and finds a NaN again
    return kind, thing


def put_in(pattern: tuple, sizes: Iterator) -> Any:
    """What describes a call with these sizes, which may be symbols."""
    kind, *rest = pattern
    if kind is Aval:
        count, dtype, device = rest
        return aval(tuple([next(sizes) for _ in range(count)]), dtype, device)
    if kind is int:
        return next(sizes)
    if kind is tuple:
        return tuple([put_in(each, sizes) for each in rest])
    if kind is float or kind is complex:
        return kind(rest[0])
    return rest[0]


class Relation:
    """How the sizes of two calls relate: which are the same in both, and which change together.

    Attributes:
        names: a symbol for each size that changes by itself.
        places: for each size (number of its symbol, factor), or (None, the constant size).
    """

    def __init__(self, first: list[int], second: list[int]) -> None:
        pairs = list(zip(first, second, strict=True))
        symbols: list[tuple] = []
        found: dict[tuple, tuple] = {}
        for a, b in sorted({pair for pair in pairs if pair[0] != pair[1]}):
            bases = [at for at, (x, y) in enumerate(symbols) if a % x == 0 == b % y and a // x == b // y]
            found[a, b] = (bases[0], a // symbols[bases[0]][0]) if bases else (len(symbols), 1)
            symbols += () if bases else ((a, b),)
        self.places = [found.get(pair, (None, pair[0])) for pair in pairs]
        self.names = [f"{SYMBOL}{at}" for at in range(len(symbols))]
        self._origins = [pairs.index(pair) for pair in symbols]
        self._varying = [*set(found.values())]
        self._constants = {size for symbol, size in self.places if symbol is None}

    def match(self, sizes: list[int]) -> dict[str, int] | None:
        """The symbols' values in a call, if its sizes relate in this way and in no other."""
        values = [sizes[at] for at in self._origins]
        for size, (symbol, factor) in zip(sizes, self.places, strict=True):
            if size != (factor if symbol is None else values[symbol] * factor):
                return None
        known = {values[symbol] * factor for symbol, factor in self._varying}
        if len(known) < len(self._varying) or min(known) < LEAST or not known.isdisjoint(self._constants):
            return None
        return dict(zip(self.names, values, strict=True))

    def symbolic(self) -> Iterator:
        """The sizes with symbols for those that change."""
        scope = export.SymbolicScope([f"{name} >= {LEAST}" for name in self.names])
        symbols = export.symbolic_shape(", ".join(self.names), scope=scope)
        return iter([size if symbol is None else symbols[symbol] * size for symbol, size in self.places])


class Traces:
    """The symbolic traces of one operation for calls of one pattern."""

    __slots__ = ("_seen", "_known", "_failures")

    def __init__(self) -> None:
        self._seen: list[list[int]] = []
        self._known: list[tuple] = []
        self._failures = 0

    def find(self, sizes: list[int], trace: Callable[[Iterator], Any]) -> tuple | None:
        """(the traced operation, its symbols' values), if one trace does for these sizes and others.

        Args:
            trace: traces the operation for sizes that may be symbols.

        Raises:
            Exception: what `trace` raises, unless a symbol was asked what only a number can answer.
        """
        for relation, spec in self._known:
            values = relation.match(sizes)
            if values is not None:
                return spec, values
        if self._failures == FAILURES:
            return None
        relation = self._related(sizes)
        if len(self._seen) < MEMORY:
            self._seen.append(sizes)
        if relation is None:
            return None
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # the user's call told of what there is to warn of
                spec = trace(relation.symbolic())
        except Exception as error:
            if not is_refusal(error):
                raise
            spec = None
        if spec is None or _is_impure(spec.jaxpr.jaxpr):
            self._failures += 1
            return None
        self._known = [*self._known[1 - MEMORY :], (relation, spec)]
        return spec, relation.match(sizes)

    def _related(self, sizes: list[int]) -> Relation | None:
        """How these sizes relate to those of the earlier call that they have most in common with."""
        found = None
        for each in self._seen:
            changed = {pair for pair in zip(each, sizes, strict=True) if pair[0] != pair[1]}
            if changed and min(map(min, changed)) >= LEAST and (found is None or len(changed) < len(found.names)):
                relation = Relation(each, sizes)
                if relation.match(sizes) and relation.match(each):
                    found = relation
        return found


_REFUSALS = (
    InconclusiveDimensionOperation,  # a comparison, a division, a number wanted
    ConcretizationTypeError,  # the same of an array that was made of a symbol
    TracerArrayConversionError,
    TracerIntegerConversionError,
    NotImplementedError,  # a primitive that goes by a number, such as a scan by halves
)
_CHECKS = (RuntimeError, ValueError, TypeError, IndexError, AttributeError)


def is_refusal(error: Exception) -> bool:
    """Whether an error says that a symbol was asked what only a number can answer.

    Where C asks one for an integer, Python says that it wants one; and a symbol lacks an integer's methods. Sizes whose
    relation is none of equality and multiples (``a + b == c``) are unequal as symbols, and a check of shapes then speaks
    of symbols.
    """
    if isinstance(error, _REFUSALS):
        return True
    return isinstance(error, _CHECKS) and any(word in str(error) for word in ("integer", "_DimExpr", SYMBOL))


def _is_impure(jaxpr: Jaxpr) -> bool:
    return any(eqn.primitive.name.startswith(IMPURE) for eqn in jaxpr.eqns) or any(map(_is_impure, _inner(jaxpr)))


def _inner(jaxpr: Jaxpr) -> Iterator[Jaxpr]:
    for eqn in jaxpr.eqns:
        for each in eqn.params.values():
            for one in each if isinstance(each, (tuple, list)) else (each,):
                if isinstance(one, (Jaxpr, ClosedJaxpr)):
                    yield one.jaxpr if isinstance(one, ClosedJaxpr) else one


def is_symbolic(thing: Any) -> bool:
    """Whether there is a symbol in a size, an aval, a parameter of a primitive or a jaxpr."""
    if isinstance(thing, ShapedArray):
        return any(type(each) is not int for each in thing.shape)
    if isinstance(thing, (tuple, list)):
        return any(map(is_symbolic, thing))
    if isinstance(thing, ClosedJaxpr):
        thing = thing.jaxpr
    if isinstance(thing, Jaxpr):
        eqns = [(*eqn.params.values(), *[each.aval for each in eqn.outvars]) for eqn in thing.eqns]
        return is_symbolic([each.aval for each in thing.invars]) or any(map(is_symbolic, eqns))
    return export.is_symbolic_dim(thing)


# ---------------------------------------------------------------------- filling in the sizes


@remembered
def _formula(size: Any) -> Any:
    """A symbolic size as code: JAX prints it in a syntax that differs from Python's in the sign of powers alone."""
    return compile(str(size).replace("^", "**"), __file__, "eval")


_FUNCTIONS = {"floordiv": lambda a, b: a // b, "mod": lambda a, b: a % b, "max": max, "min": min, "__builtins__": {}}


def size_at(size: Any, values: dict[str, int]) -> int:
    """A size, symbolic or not, as a number."""
    return size if type(size) is int else eval(_formula(size), _FUNCTIONS, values)


def aval_at(known: Any, values: dict[str, int]) -> Any:
    """An `Aval` with its symbols replaced; the type of a number is itself."""
    if isinstance(known, type) or all(type(each) is int for each in known.shape):
        return known
    return aval(tuple([size_at(each, values) for each in known.shape]), known.dtype, known.place)


def jaxpr_at(closed: ClosedJaxpr, values: dict[str, int]) -> ClosedJaxpr:
    """A jaxpr with its symbols replaced by their values."""
    return ClosedJaxpr(Filling(values).jaxpr(closed.jaxpr), closed.consts)


class Filling:
    """Replaces symbols in a jaxpr and in those inside it."""

    def __init__(self, values: dict[str, int]) -> None:
        self.values = values
        self._avals: dict[int, ShapedArray] = {}  # by identity: most are those of several equations

    def jaxpr(self, jaxpr: Jaxpr) -> Jaxpr:
        known: dict = {}

        def read(atom: Any):
            return atom if isinstance(atom, Literal) else known[atom]

        def write(var: Any):
            made = known[var] = Var(self.param(var.aval))
            return made

        constvars, invars = [*map(write, jaxpr.constvars)], [*map(write, jaxpr.invars)]
        eqns = []
        for eqn in jaxpr.eqns:
            if eqn.primitive.name == "dim_as_value":
                (out,) = eqn.outvars
                known[out] = Literal(out.aval.dtype.type(size_at(eqn.params["dim"], self.values)), out.aval)
                continue
            params = {
                name: FilledRule(each, self) if name in ("jvp_jaxpr_fun", "fwd_jaxpr_thunk") else self.param(each)
                for name, each in eqn.params.items()
            }
            eqns.append(eqn.replace(invars=[*map(read, eqn.invars)], outvars=[*map(write, eqn.outvars)], params=params))
        return jaxpr.replace(constvars=constvars, invars=invars, outvars=[*map(read, jaxpr.outvars)], eqns=eqns)

    def param(self, thing: Any) -> Any:
        """A parameter, an aval or a size in its final form; the thing itself where nothing changes."""
        kind = type(thing)
        if kind is int or kind is str or kind is bool or thing is None:
            return thing
        if kind is ShapedArray:
            if id(thing) not in self._avals:
                shape = self.param(thing.shape)
                self._avals[id(thing)] = thing if shape is thing.shape else thing.update(shape=shape)
            return self._avals[id(thing)]
        if kind is ClosedJaxpr:
            return ClosedJaxpr(self.jaxpr(thing.jaxpr), thing.consts)
        if isinstance(thing, Jaxpr):
            return self.jaxpr(thing)
        if isinstance(thing, (tuple, list)):
            parts = [self.param(each) for each in thing]
            if all(a is b for a, b in zip(parts, thing, strict=True)):
                return thing
            return thing._make(parts) if hasattr(thing, "_make") else kind(parts)
        return size_at(thing, self.values) if export.is_symbolic_dim(thing) else thing


class FilledRule:
    """A derivative of a custom rule that was traced with symbols, with these replaced when it is asked for."""

    def __init__(self, rule: Any, filling: Filling) -> None:
        self._rule, self._filling = rule, filling

    def __getattr__(self, name: str) -> Any:
        return getattr(self._rule, name)

    def call_wrapped(self, *zeros: Any):
        """The jaxpr of the derivative, its constants and which of the results are zero."""
        jaxpr, *rest = self._rule.call_wrapped(*zeros)
        return self._filling.jaxpr(jaxpr), *rest
