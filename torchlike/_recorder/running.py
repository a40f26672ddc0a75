"""Running what was recorded: a structure's program, its inputs taken and its results stored."""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Iterable
from itertools import islice, starmap
from operator import call
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from torchlike._programs import memory, program
from torchlike._programs.settings import put
from torchlike._programs.tracebacks import calls_back

if TYPE_CHECKING:
    from torchlike._recorder.recorder import Value

_OFTEN = 3  # times a NumPy array is taken before XLA gets it for good


def array_of(value: Value):
    """The array of an input of a compiled program, computed if another thread has recorded it."""
    array = value.array
    if array is None:
        array = value.compute()
    if type(array) is np.ndarray:
        value.taken += 1
        if value.taken > _OFTEN:
            array = value.array = put(array)  # once, or every program would copy it again
    return array


def is_programs(error: Exception) -> bool:
    """Whether a program has failed, and not what a signal's handler did meanwhile: then it may well run another time."""
    if isinstance(error, (MemoryError, jax.errors.JaxRuntimeError)):
        return True
    return not isinstance(error, RecursionError) and not calls_back(error.__traceback__)


def at_once(calls: Iterable[tuple]) -> None:
    """Call functions in C, each with its arguments, in one step of the interpreter: no exception comes between."""
    deque(starmap(call, calls), 0)


def run(nodes: list, inputs: list[Value], outputs: list, free: set[int], ends_step: bool, results: list) -> None:
    """Run nodes with a recording's inputs; `results` gets the places of outputs and the list of their arrays.

    Inputs that another recording computes are computed first.
    """
    live = tuple([place for place, each in enumerate(outputs) if each is not None])
    structure = program.find([node[0] for node in nodes])
    for each in islice(inputs, len(structure.inputs)):
        if each.array is None:
            each.bring(ends_step)
    numbers = [each for node in nodes if node[2] for each in node[2]]
    execute(structure, inputs, numbers, live, free, structure.runs_whole(ends_step), results)


def execute(
    structure: Any, inputs: list[Value], numbers: list, live: tuple, free: set, whole: bool, results: list
) -> None:
    """Run a structure; `results` gets the places of outputs and the list of their arrays.

    Raises:
        RuntimeError: there is not enough memory, or the program fails.
    """
    taken = islice(inputs, len(structure.inputs))
    collects = gc.isenabled()
    try:
        # finalizers must not come into the middle. CPython 3.11 collects in C code, too, that of `contextvars` (which
        # `numpy.errstate` sets) among it, and that code does not bear to be entered once more
        gc.disable()
        if whole:
            structure.run_whole(list(map(array_of, taken)), numbers, live, free, results)
        else:
            results += structure.run_by_op([each.array for each in taken], numbers, live)
    except (MemoryError, jax.errors.JaxRuntimeError) as error:
        raise memory.told(error) from error
    finally:
        if collects:
            gc.enable()


def store(outputs: list[Value | None], results: list) -> None:
    """Give outputs the arrays that a program has returned."""
    for place, array in zip(*results, strict=True):
        value = outputs[place]
        if value is not None:
            value.array = array
