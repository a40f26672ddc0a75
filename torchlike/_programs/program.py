"""Compiled programs: found by structure, built from traced operations, run with donated inputs."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Callable, Sequence

import jax
import numpy as np

from torchlike._programs import explain
from torchlike._programs.settings import settings

# in a flat key, what stands for a Python number
NUMBER_MARKS = {float: "f", int: "i", complex: "c"}


class Program:
    """One compiled program for a list of nodes.

    Attributes:
        kept: positions of the outputs that it returns.
        donated: positions of the inputs whose memory it takes over.
    """

    __slots__ = ("kept", "donated", "run")

    def __init__(self, nodes, kept: tuple, donated: tuple) -> None:
        self.kept, self.donated = kept, donated
        # the two packs of Python numbers come first among the arguments
        self.run = jax.jit(_replay(nodes, kept), donate_argnums=tuple(2 + each for each in donated))


class Structure:
    """All that is known of one sequence of operations: how often it came, and its programs."""

    __slots__ = ("seen", "programs", "nodes", "inputs", "outputs")

    def __init__(self, nodes: list, inputs: list, outputs: list) -> None:
        self.seen = 0
        self.programs: list[Program] = []
        self.nodes, self.inputs, self.outputs = nodes, inputs, outputs

    def program(self, live: Sequence[int], is_free: Callable[[int], bool]) -> Program:
        """A program that returns at least `live` and donates only inputs that nobody else holds."""
        for program in self.programs:
            if (program.kept == live or set(live) <= set(program.kept)) and all(map(is_free, program.donated)):
                return program
        kept, donated = set(live), None
        if self.programs:
            # one more output, or one fewer donation, and the next pattern finds a program that serves both
            last = self.programs[-1]
            kept |= set(last.kept)
            donated = set(last.donated)
        kept = tuple(sorted(kept))
        made = Program(self.nodes, kept, self._donations(kept, is_free, donated))
        self.programs.insert(0, made)
        return made

    def _donations(self, kept: tuple, is_free: Callable[[int], bool], among: set | None) -> tuple:
        """The free inputs that an output can take the place of."""
        wanted = Counter(self.outputs[each] for each in kept)
        donated = []
        for place, known in enumerate(self.inputs):
            if (among is None or place in among) and wanted[known] and is_free(place):
                wanted[known] -= 1
                donated.append(place)
        return tuple(donated)


def _numbers(floats, ints) -> Callable:
    """A reader of the two packs: called with a number's mark, it gives the next of that kind."""
    next_float, next_int = itertools.count(), itertools.count()

    def read(mark: str):
        if mark == "i":
            return ints[next(next_int)]
        if mark == "f":
            return floats[next(next_float)]
        return floats[next(next_float)] + 1j * floats[next(next_float)]

    return read


def _replay(nodes, kept: tuple) -> Callable:
    """The function of a program: (floats, ints, *arrays) to the kept outputs."""

    def program(floats, ints, *arrays):
        number, values = _numbers(floats, ints), []
        for spec, places in nodes:
            values.extend(spec.replay([_given(place, values, arrays, number) for place in places]))
        return [values[each] for each in kept]

    return program


def _given(place, values, arrays, number):
    if isinstance(place, str):
        return number(place)
    return values[place] if place >= 0 else arrays[-1 - place]


_NO_FLOATS, _NO_INTS = None, None  # an argument that is no array costs nothing

_structures: dict[tuple, Structure] = {}
OP_COST, PROGRAM_COST, NODE_COST = 50, 40, 5  # of compiling, in ms: one op alone; a program; each node in it


def find(key: tuple, parts: Callable) -> Structure:
    """The structure with this key, made of `parts()` if it is new."""
    found = _structures.get(key)
    if found is None:
        found = _structures.setdefault(key, Structure(*parts()))
    found.seen += 1
    return found


def runs_whole(structure: Structure, ends_step: bool) -> bool:
    """Whether to compile it whole: what ends a step, what comes again, what is cheaper whole than op by op."""
    if settings.mode != "auto":
        return settings.mode == "whole"
    if len(structure.nodes) == 1:
        return False  # the op's own program is the whole
    if ends_step or structure.seen > 1 or structure.programs:
        return True
    fresh = {spec.number for spec, _ in structure.nodes if not spec.is_compiled}
    return len(fresh) * OP_COST > PROGRAM_COST + NODE_COST * len(structure.nodes)


def run_whole(structure: Structure, live: tuple, is_free, floats: list, ints: list, arrays: list):
    """Run the structure as one program; returns (positions, arrays) of what it computed."""
    known = len(structure.programs)
    program = structure.program(live, is_free)
    packs = np.array(floats, np.float64) if floats else _NO_FLOATS, np.array(ints, np.int64) if ints else _NO_INTS
    explain.record.runs["whole"] += 1
    if len(structure.programs) == known:
        return program.kept, program.run(*packs, *arrays)
    begun = time.perf_counter()
    got = program.run(*packs, *arrays)
    cause = "new structure" if not known else "other results are held, or fewer inputs are free"
    tell_compile(f"program of {len(structure.nodes)} operations", cause, begun)
    return program.kept, got


def run_by_op(structure: Structure, live: tuple, floats: list, ints: list, arrays: list) -> list:
    """Run the structure's operations one by one, but for those that no live output needs."""
    nodes, number, values = structure.nodes, _numbers(floats, ints), []
    needed, needs = set(live), []
    end = len(structure.outputs)
    for spec, places in reversed(nodes):
        begin = end - len(spec.outputs)
        runs = not needed.isdisjoint(range(begin, end))
        if runs:
            needed.update(place for place in places if not isinstance(place, str))
        needs.append(runs)
        end = begin
    for (spec, places), runs in zip(nodes, reversed(needs), strict=True):
        given = [_given(place, values, arrays, number) for place in places]
        values.extend(run_op(spec, given) if runs else [None] * len(spec.outputs))
    return [values[each] for each in live]


def run_op(spec, arrays: list) -> list:
    """Run one operation as a program of its own."""
    explain.record.runs["op"] += 1
    if spec.is_compiled:
        return spec.compiled(*arrays)
    begun = time.perf_counter()
    got = spec.compiled(*arrays)
    tell_compile(repr(spec), "first use of the operation", begun)
    return got


def tell_compile(what: str, cause: str, begun: float) -> None:
    """Note a compilation for `explain()`."""
    took = time.perf_counter() - begun
    explain.record.compiles.append(explain.Compile(what, cause, explain.told(explain.users_place()), took))
