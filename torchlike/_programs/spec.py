"""A spec: one operation on inputs of known shapes, traced once."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from jax.extend import core as jex_core

from torchlike._programs import cold, forks, layouts, memory
from torchlike._programs.aval import Aval, aval
from torchlike._programs.generic import aval_at, jaxpr_at
from torchlike._programs.marks import unwatched
from torchlike._programs.settings import COMPILER_OPTIONS, tracing
from torchlike._types.dtypes import BY_NUMPY
from torchlike._types.places import HOST, Place

# Python numbers are arguments of a program, never constants in it: 64 bits wide and weakly typed, as JAX has them
NUMBERS = {
    float: jax.ShapeDtypeStruct((), np.float64, weak_type=True),
    int: jax.ShapeDtypeStruct((), np.int64, weak_type=True),
    complex: jax.ShapeDtypeStruct((), np.complex128, weak_type=True),
}
_count = itertools.count(1)
# milliseconds, measured on two cores
COMPILED_COST = 0.05  # of calling a compiled operation
WAITING_COST = 5.0  # of waiting for the program that computes an input, which a compiled operation would not


class Spec:
    """A pure JAX function on arrays of known shapes.

    Attributes:
        name: the op's name, for errors and for `explain()`.
        number: tells specs apart in the key of a program.
        inputs: an `Aval` for each array and ``float``, ``int`` or ``complex`` for each Python number.
        outputs: the avals of the results.
        count: how many there are.
        container: what several results are returned in: tuple, list or a named tuple.
        single: whether the function returns one array rather than a tuple.
        jaxpr: what the function does; programs replay it.
        differentiable: whether any output can have a gradient.
        derivatives: by which inputs want a gradient: what the tape makes of it.
        keeps: the same, what picks the inputs that such a derivative uses.
        place: where it runs, and its results lie.
        numbers: the places of the Python numbers among the inputs.
        call: what it was made for, a `torchlike._declaration.Call`, if it is a declared operation.
        generic: (the operation traced with symbols, their values), if that is where it comes from.
        checks: what it asks of its inputs' values.
        layouts: where its results lie in memory, by its inputs' strides.
    """

    __slots__ = (
        "name",
        "number",
        "fn",
        "inputs",
        "outputs",
        "count",
        "single",
        "differentiable",
        "derivatives",
        "keeps",
        "place",
        "grad_name",
        "node_class",
        "container",
        "extra",
        "call",
        "checks",
        "layouts",
        "numbers",
        "generic",
        "_jaxpr",
        "_compiled",
        "_cold",
        "_cost",
        "_compile_cost",
        "_spent",
        "_is_sum",
    )

    def __init__(self, name: str, fn: Callable | jex_core.ClosedJaxpr, inputs: tuple, where: Any = None) -> None:
        closed, shapes = (fn, tuple(fn.out_avals)) if isinstance(fn, jex_core.ClosedJaxpr) else _traced(fn, inputs)
        where = where or _place_of(inputs)
        single = not isinstance(shapes, (tuple, list))
        outputs = [aval(s.shape, BY_NUMPY[np.dtype(s.dtype)], where) for s in ([shapes] if single else shapes)]
        self._set(name, fn, inputs, outputs)
        self._jaxpr, self.single = closed, single
        self.container = shapes._make if hasattr(shapes, "_make") else type(shapes)

    @classmethod
    def promised(cls, name: str, fn: Callable, inputs: tuple, output: Aval) -> Spec:
        """An operation with one result, which is known: it is traced when it runs."""
        made = Spec.__new__(cls)
        made._set(name, fn, inputs, [output])
        made.single, made.container = True, tuple
        return made

    def at(self, values: dict[str, int], fn: Callable | None = None) -> Spec:
        """An operation that was traced with symbols for sizes, for these sizes.

        Args:
            values: the symbols' values, by name.
            fn: the function with its static arguments bound.
        """
        made = Spec.__new__(Spec)
        inputs, outputs = ([aval_at(each, values) for each in those] for those in (self.inputs, self.outputs))
        made._set(self.name, fn, tuple(inputs), outputs)
        made.single, made.container, made.generic = self.single, self.container, (self, values)
        return made

    def _set(self, name: str, fn: Any, inputs: tuple, outputs: list) -> None:
        self.name, self.fn, self.inputs, self.outputs = name, fn, inputs, tuple(outputs)
        self.number = next(_count)
        self.count = len(outputs)
        self.differentiable = any(o.dtype.rank >= 2 for o in outputs)
        self.place = outputs[0].place
        self.derivatives: dict = {}
        self.keeps: dict[tuple, Callable] = {}
        self.grad_name: str | None = None
        self.node_class: Any = None
        self.extra: Any = None
        self.call: Any = None
        self.checks: tuple = ()
        self.layouts: dict = {}
        self.numbers = tuple([place for place, each in enumerate(inputs) if isinstance(each, type)])
        self.generic: tuple | None = None
        self._jaxpr = self._compiled = self._cold = None
        self._cost: float | None = None
        self._compile_cost: float | None = None
        self._spent = 0.0
        self._is_sum: bool | None = None

    def retrace(self) -> None:
        """Trace it by itself, where it was traced with symbols: its derivative cannot be."""
        if self.generic is not None:
            self._jaxpr, _ = _traced(self.fn, self.inputs)
            self.generic = None

    @property
    def jaxpr(self) -> jex_core.ClosedJaxpr:
        if self._jaxpr is None:
            if self.generic is None:
                self._jaxpr, _ = _traced(self.fn, self.inputs)
            else:
                generic, values = self.generic
                self._jaxpr = jaxpr_at(generic.jaxpr, values)
        return self._jaxpr

    def __repr__(self) -> str:
        return f"{self.name}({', '.join(map(repr, self.inputs))})"

    def replay(self, arrays: Any) -> list:
        """Apply the traced operation to arrays or tracers, inside a program."""
        return jax.core.eval_jaxpr(self.jaxpr.jaxpr, self.jaxpr.consts, *arrays)

    @property
    def is_compiled(self) -> bool:
        return self._compiled is not None

    @property
    def cost(self) -> float:
        """The milliseconds that it takes by itself, roughly; where it must be compiled for that, more than any."""
        if self._compiled is not None:
            return COMPILED_COST
        if self._cost is None:
            generic, values = self.generic or (self, {})
            self._cost = cold.cost(generic.jaxpr.jaxpr, values) if self.place.is_host else math.inf
        return self._cost

    @property
    def is_light(self) -> bool:
        """Whether NumPy runs it for good: calling it compiled would cost more."""
        return self._compiled is None and self.place.is_host and self.cost <= COMPILED_COST

    @property
    def is_sum(self) -> bool:
        """Whether it adds two arrays of one kind, by NumPy for good."""
        if self._is_sum is None:
            same = self.inputs == self.outputs * 2
            self._is_sum = same and self.is_light and self.cold.is_sum
        return self._is_sum

    @property
    def compile_cost(self) -> float:
        """The milliseconds that compiling it by itself takes, roughly."""
        if self._compile_cost is None:
            generic = self.generic
            self._compile_cost = generic[0].compile_cost if generic else cold.compile_cost(self.jaxpr.jaxpr)
        return self._compile_cost

    def runs_cold(self, waits: bool) -> bool:
        """Whether NumPy runs it: on the CPU, until compiling it would have paid; noted as a run.

        Args:
            waits: whether an input may still be being computed.
        """
        if forks.is_cut_off:
            return True
        if self._compiled is not None or not self.place.is_host:
            return False
        if self._spent <= self.compile_cost:
            self._spent += max(self.cost - COMPILED_COST, WAITING_COST if waits else 0)
        return self._spent <= self.compile_cost

    @property
    def cold(self) -> cold.Prepared:
        """The operation as steps of NumPy."""
        if self._cold is None:
            if self.generic is not None:
                generic, values = self.generic
                self._cold = generic.cold.at(values)
            else:
                self._cold = cold.prepare(self.jaxpr.jaxpr).bound(self.jaxpr.consts)
        return self._cold

    @property
    def compiled(self) -> Callable:
        """The operation as a program of its own, for what runs op by op."""
        forks.check(self.name)
        if self._compiled is None:
            self._compiled = jax.jit(functools.partial(layouts.alone, self.jaxpr), compiler_options=COMPILER_OPTIONS)
        return self._compiled


@unwatched
def _traced(fn: Callable, inputs: tuple) -> tuple:
    """(jaxpr, what the function returns) for inputs of these kinds.

    Raises:
        RuntimeError: an array in it is larger than any memory, at which XLA would end the process.
    """
    with tracing():
        closed, shapes = jax.make_jaxpr(fn, return_shape=True)(*map(struct_of, inputs))
    for var in itertools.chain.from_iterable([each.outvars for each in closed.jaxpr.eqns]):
        memory.check_size([each for each in var.aval.shape if type(each) is int], var.aval.dtype.itemsize)
    return closed, shapes


def struct_of(kind: Aval | type) -> jax.ShapeDtypeStruct:
    """An input's kind as JAX writes it."""
    return NUMBERS[kind] if isinstance(kind, type) else kind.struct


def _place_of(inputs: tuple) -> Place:
    """Where the results are: with the inputs."""
    return next((each.place for each in inputs if isinstance(each, Aval)), HOST)
