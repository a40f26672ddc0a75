"""A spec: one operation on inputs of known shapes, traced once."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from jax.extend import core as jex_core

from torchlike._programs import cold
from torchlike._programs.aval import Aval, aval
from torchlike._types.devices import CPU
from torchlike._types.dtypes import BY_NUMPY

# Python numbers are arguments of a program, never constants in it: 64 bits wide and weakly typed, as JAX has them
NUMBERS = {
    float: jax.ShapeDtypeStruct((), np.float64, weak_type=True),
    int: jax.ShapeDtypeStruct((), np.int64, weak_type=True),
    complex: jax.ShapeDtypeStruct((), np.complex128, weak_type=True),
}
_count = itertools.count(1)
# milliseconds, measured on two cores: of compiling an operation, and of running it then
COMPILE_COST, COMPILED_COST = 50.0, 0.02
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
    """

    __slots__ = (
        *("name", "number", "fn", "inputs", "outputs", "count", "single", "jaxpr", "differentiable", "derivatives"),
        *("_compiled", "_cost", "_spent", "grad_name", "node_class", "container", "extra"),
    )

    def __init__(self, name: str, fn: Callable | jex_core.ClosedJaxpr, inputs: tuple, where=None) -> None:
        if isinstance(fn, jex_core.ClosedJaxpr):
            closed, shapes = fn, tuple(fn.out_avals)
        else:
            structs = [NUMBERS[each] if isinstance(each, type) else each.struct for each in inputs]
            closed, shapes = jax.make_jaxpr(fn, return_shape=True)(*structs)
        self.name, self.fn, self.inputs, self.jaxpr = name, fn, inputs, closed
        self.number = next(_count)
        self.single = not isinstance(shapes, (tuple, list))
        where = where or _device_of(inputs)
        self.outputs = tuple(
            aval(s.shape, BY_NUMPY[np.dtype(s.dtype)], where) for s in ([shapes] if self.single else shapes)
        )
        self.count = len(self.outputs)
        self.differentiable = any(o.dtype.rank >= 2 for o in self.outputs)
        self.derivatives: dict = {}
        self.grad_name: str | None = None
        self.node_class: Any = None
        self.container = shapes._make if hasattr(shapes, "_make") else type(shapes)
        self.extra: Any = None
        self._compiled = None
        self._cost: float | None = None
        self._spent = 0.0

    def __repr__(self) -> str:
        return f"{self.name}({', '.join(map(repr, self.inputs))})"

    def replay(self, arrays) -> list:
        """Apply the traced operation to arrays or tracers, inside a program."""
        return jax.core.eval_jaxpr(self.jaxpr.jaxpr, self.jaxpr.consts, *arrays)

    @property
    def is_compiled(self) -> bool:
        return self._compiled is not None

    @property
    def cost(self) -> float:
        """The milliseconds that it takes by itself, roughly; compiling it included, if it must be."""
        if self._compiled is not None:
            return COMPILED_COST
        if self._cost is None:
            self._cost = cold.cost(self.jaxpr.jaxpr) if self._is_on_cpu else COMPILE_COST
        return self._cost

    @property
    def _is_on_cpu(self) -> bool:
        return all(each.device is CPU for each in self.outputs)

    def runs_cold(self, arrays: list) -> bool:
        """Whether NumPy runs it on these: on the CPU, until it has taken as long as compiling would; noted as a run."""
        if self._compiled is not None or self._spent > COMPILE_COST or not self._is_on_cpu:
            return False
        waits = any(isinstance(each, jax.Array) for each in arrays)
        self._spent += max(self.cost, WAITING_COST if waits else 0)
        return self._spent <= COMPILE_COST

    @property
    def compiled(self) -> Callable:
        """The operation as a program of its own, for what runs op by op."""
        if self._compiled is None:
            self._compiled = jax.jit(jex_core.jaxpr_as_fun(self.jaxpr))
        return self._compiled


def _device_of(inputs: tuple):
    """Where the results are: with the inputs; a 0-d CPU tensor goes to where the others are."""
    for each in inputs:
        if isinstance(each, Aval) and each.device is not CPU:
            return each.device
    return CPU
