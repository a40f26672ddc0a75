"""Compiled programs: found by structure, built from traced operations, run with donated inputs."""

from __future__ import annotations

import itertools
import marshal
import operator
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import jax
import numpy as np

from torchlike._programs import algebra, cold, explain, forks, layouts, memory
from torchlike._programs.cache import Cache
from torchlike._programs.settings import COMPILER_OPTIONS, cached, call_ours, put, settings
from torchlike._programs.spec import NUMBERS
from torchlike._programs.tiers import Tiered
from torchlike._types.places import Place

# in a key, an output is the number of its node plus this for each output of the node before it
MULTIPLE = 2**20


class Program:
    """One compiled program for a list of nodes.

    Attributes:
        kept: positions of the outputs that it returns, sorted.
        order: the same in the order in which it returns them.
        donated: positions of the inputs whose memory it takes over.
        memory: the bytes that a run needs beside its inputs; None before it is compiled.
        place: where it runs.
        largest: the bytes of the largest result of an operation in it.
        is_busy: JAX compiles it or looks it up just now; who asks for it is a signal's handler, or a finalizer.
    """

    __slots__ = ("kept", "order", "donated", "memory", "place", "largest", "is_busy", "_run", "_known")

    def __init__(self, nodes: Any, kept: tuple, pairs: dict[int, int]) -> None:
        self.kept, self.donated = kept, tuple(sorted(pairs))
        # JAX lets the outputs take the donated inputs of their kind in turn: so each comes first in its own's order
        heirs = [pairs[place] for place in self.donated]
        self.order = (*heirs, *sorted(set(kept).difference(heirs)))
        self.memory: int | None = None
        self.place = nodes[-1][0].place
        self.largest = max(each.nbytes for spec, _ in nodes for each in spec.outputs)
        self.is_busy = False
        self._known: list[list[type]] = []
        # the two packs of Python numbers come first among the arguments
        donated = tuple(2 + each for each in self.donated)
        self._run = jax.jit(_replay(nodes, self.order), donate_argnums=donated, compiler_options=COMPILER_OPTIONS)

    def compile(self, args: list) -> None:
        """Compile it for arguments like these, whose memory it leaves alone: an exception on the way does no harm."""
        with cached(self.place):
            needs = self._alone(lambda: self._run.lower(*args).compile().memory_analysis())
        # what is on another device is not asked for here
        self.memory = needs.temp_size_in_bytes + needs.output_size_in_bytes if self.place.is_host and needs else 0

    def run(self, args: list, results: list) -> None:
        """Run it, and append the list of the outputs to `results`.

        Where it takes over memory, both are one step of the interpreter: no exception and no signal's handler comes
        between, so there are always the inputs or the outputs. Of arguments of kinds that are new JAX finds the program
        in many steps: then it is given copies.
        """
        if self.memory:
            memory.reserve(self.memory, self.largest)
        kinds = [*map(type, args)]
        if kinds in self._known:
            results.extend(itertools.starmap(self._run, (args,)))
            return
        for place in self.donated:
            given = args[2 + place]
            if isinstance(given, jax.Array):  # of NumPy's it makes copies itself, and those are of another kind
                args[2 + place] = put(given, given.sharding if given.committed else None, copies=True)
        known, self._known = self._known, []  # should that fail, JAX knows none
        results.append(self._alone(lambda: first_call(self._run, args)))
        self._known = [*known, kinds]

    def _alone(self, do: Callable) -> Any:
        """Let JAX compile it or look it up, which must not be entered once more meanwhile."""
        self.is_busy = True
        try:
            return do()
        finally:
            self.is_busy = False


def first_call(jitted: Any, args: Sequence) -> Any:
    """The results of a function of JAX for arguments of kinds that it has not seen.

    For these JAX would go by its slow way for good, in many steps and with inputs taken before there are outputs, if an
    exception came into its first call: so it forgets that.
    """
    try:
        return jax.block_until_ready(jitted(*args))
    except BaseException:
        jitted.clear_cache()
        raise


class Structure(Tiered):
    """All that is known of one sequence of operations: how often it came, and its programs.

    Thousands of them may be kept, so they are made of few objects: the garbage collector goes through them all.

    Args:
        key: for each operation its spec and, for each input, which output of an earlier one it is, the negative place
            of an input from outside, or the type of a Python number.

    Attributes:
        inputs: the avals of the inputs from outside that it uses, None in the places of others before the last of them.
    """

    __slots__ = (
        "programs",
        "specs",
        "places",
        "inputs",
        "outputs",
        "joined",
        "_packs",
    )

    def __init__(self, key: tuple) -> None:
        self.programs: list[Program] = []
        self.outputs: list = []
        self.joined: tuple[tuple[int, ...], cold.Prepared] | None = None
        self._packs: tuple[bytes, tuple] = b"", ()
        first: list[int] = []

        def flat(each: Any):
            return each if type(each) is type or each < 0 else first[each % MULTIPLE] + each // MULTIPLE

        rest, specs, places = iter(key), [], []
        for spec in rest:
            specs.append(spec)
            places += map(flat, itertools.islice(rest, len(spec.inputs)))
            first.append(len(self.outputs))
            self.outputs += spec.outputs
        self.specs, self.places = tuple(specs), tuple(places)
        kinds = itertools.chain.from_iterable([spec.inputs for spec in specs])
        taken = {-1 - each: kind for each, kind in zip(places, kinds, strict=True) if type(each) is int and each < 0}
        self.inputs = [taken.get(each) for each in range(max(taken, default=-1) + 1)]
        super().__init__(specs)

    @property
    def nodes(self) -> list[tuple]:
        """Each operation with its inputs: the place of an output or, if negative, an input, or the type of a number."""
        rest = iter(self.places)
        return [(spec, [*itertools.islice(rest, len(spec.inputs))]) for spec in self.specs]

    def run_whole(self, arrays: list, numbers: list, live: tuple[int, ...], free: set[int], results: list) -> None:
        """Compute the outputs at the `live` places, and perhaps more, by a compiled program.

        Args:
            arrays: the inputs.
            numbers: the Python numbers, in order.
            free: the places of inputs that nobody else holds.
            results: gets the places and, in the step in which the inputs are taken, the list of the arrays.
        """
        program = self._program(live, free)
        if program.is_busy:
            results += self.run_by_op(arrays, numbers, live)
            return
        args = [*self._packed(numbers), *arrays]
        if program.memory is None:
            cause = "new structure" if len(self.programs) == 1 else "other results are held, or fewer inputs are free"
            several = len(self.specs) > 1
            with explain.compiling(
                f"program of {len(self.specs)} operations" if several else repr(self.specs[0]), cause
            ):
                program.compile(args)
        explain.record.runs["whole"] += 1
        results.append(program.order)
        call_ours(program.place, program.run, args, results)

    def run_by_op(self, arrays: list, numbers: list, live: tuple[int, ...]) -> tuple:
        """`run_whole`, without compiling it: by NumPy, or what is compiled of each operation."""
        if self.seen < JOINED or not self._is_light:
            return live, self._run_each(arrays, iter(numbers), live)
        return self._run_joined(arrays, numbers, live)

    def _packed(self, numbers: list) -> tuple:
        """Python numbers as two arrays, kept for as long as they stay the same."""
        bits = marshal.dumps(numbers, 2)  # tells NaNs and zeros apart, as `==` does not
        known, packs = self._packs
        if bits != known:
            packs = _packs(numbers, self.specs[0].place)
            self._packs = bits, packs
        return packs

    def _program(self, live: tuple[int, ...], free: set[int]) -> Program:
        """A program that returns at least `live` and donates only inputs that nobody else holds."""
        for program in self.programs:
            if free.issuperset(program.donated) and (program.kept == live or set(live) <= set(program.kept)):
                return program
        kept, donated = set(live), range(len(self.inputs))
        if self.programs:
            # one more output, or one fewer donation, and the next pattern finds a program that serves both
            last = self.programs[-1]
            kept |= set(last.kept)
            donated = last.donated
        made = Program(self.nodes, tuple(sorted(kept)), self._heirs(kept, free.intersection(donated)))
        self.programs.insert(0, made)
        return made

    def _heirs(self, kept: set[int], free: set[int]) -> dict[int, int]:
        """For each free input whose memory an output may take over, that output.

        An output must come after the last use of the input, or XLA would copy the input first. The operation that is
        the last to use it has the first claim, with the outputs in the order of the inputs: an optimizer's new
        parameters are written over the old ones.
        """
        last: dict[int, int] = {}  # in the order of the last uses
        for number, (_, places) in enumerate(self.nodes):
            for place in (-1 - each for each in places if type(each) is int and each < 0):
                if place in free and last.get(place) != number:
                    last.pop(place, None)
                    last[place] = number
        maker = [number for number, spec in enumerate(self.specs) for _ in spec.outputs]
        waiting = defaultdict(list)
        for output in sorted(kept):
            waiting[self.outputs[output]].append(output)
        heirs: dict[int, int] = {}
        for comes_after in (operator.eq, operator.gt):
            for place, number in last.items():
                outputs = waiting[self.inputs[place]] if place not in heirs else ()
                found = next((each for each in outputs if comes_after(maker[each], number)), None)
                if found is not None:
                    heirs[place] = found
                    waiting[self.inputs[place]].remove(found)
        return heirs

    def runs_whole(self, ends_step: bool) -> bool:
        """Whether to run it compiled; noted as a run.

        Args:
            ends_step: whether this comes again.
        """
        if settings.mode != "auto" or forks.is_cut_off:
            return settings.mode == "whole" and not forks.is_cut_off
        return bool(self.programs) or self.is_due(self.specs, ends_step)

    def _run_each(self, arrays: list, numbers: Iterator, live: tuple[int, ...]) -> list:
        """Run the operations one by one, but for those that no live output needs."""
        values: list = []
        needed, plan = set(live), []
        end = len(self.outputs)
        for spec, places in reversed(self.nodes):
            begin = end - spec.count
            runs = not needed.isdisjoint(range(begin, end))
            used = {place for place in places if type(place) is int} if runs else set()
            plan.append((spec, places, runs, used - needed))  # the last are used for the last time
            needed |= used
            end = begin
        # among several operations waiting is a small part, and the program counts for itself
        waits = len(plan) == 1 and any(isinstance(each, jax.Array) for each in arrays)
        with np.errstate(all="ignore"), cold.OneThread():
            for spec, places, runs, dying in reversed(plan):
                given = [
                    next(numbers) if type(each) is type else values[each] if each >= 0 else arrays[-1 - each]
                    for each in places
                ]
                for place in dying:
                    if place >= 0:
                        values[place] = None
                if runs and spec.is_sum and places[0] in dying and places[0] >= 0:
                    explain.record.runs["cold"] += 1
                    values.append(cold.summed(given))
                else:
                    values.extend(run_op(spec, given, waits) if runs else [None] * spec.count)
            given = None
            return _settled(values, live, arrays)

    @property
    def _is_light(self) -> bool:
        """Whether NumPy runs all of it for good."""
        return len(self.specs) > 1 and all(spec.is_light for spec in self.specs)

    def _run_joined(self, arrays: list, numbers: list, live: tuple[int, ...]) -> tuple:
        """Run the operations as one list of calls of NumPy: one by one costs some 5 us more for each of them."""
        if self.joined is None or not set(live) <= set(self.joined[0]):
            kept = tuple(sorted({*live, *(self.joined[0] if self.joined else ())}))
            self.joined = kept, self._join(kept)
        kept, prepared = self.joined
        explain.record.runs["cold"] += len(self.specs)
        given = [*map(np.asarray, arrays), *[np.asarray(each, NUMBERS[type(each)].dtype) for each in numbers]]
        with np.errstate(all="ignore"):
            return kept, cold.owned(prepared.run(given), given)

    def _join(self, kept: tuple[int, ...]) -> cold.Prepared:
        taken, parts = len(self.inputs), []
        count = itertools.count(taken)
        read = sum(type(place) is type for place in self.places)

        def place_of(each: Any) -> int:
            if type(each) is type:
                return next(count)
            return -1 - each if each < 0 else taken + read + each

        for spec, places in self.nodes:
            parts.append((spec.cold, [*map(place_of, places)]))
        return cold.joined(parts, taken + read, [taken + read + each for each in kept])


_NOTHING = None  # an argument that is no array costs nothing


def _packs(numbers: list, place: Place) -> tuple:
    """Python numbers as an array of floats and one of integers; complex ones are two floats."""
    ints = [each for each in numbers if type(each) is int]
    floats: list[float] = []
    for each in numbers:
        if type(each) is float:
            floats.append(each)
        elif type(each) is complex:
            floats += (each.real, each.imag)
    made = np.array(floats, np.float64) if floats else _NOTHING, np.array(ints, np.int64) if ints else _NOTHING
    return put(made, place=place)


def _unpacked(floats: Any, ints: Any) -> Callable:
    """A reader of the two packs: called with a number's type, it gives the next of that kind."""
    next_float, next_int = itertools.count(), itertools.count()

    def read(kind: type):
        if kind is int:
            return ints[next(next_int)]
        if kind is float:
            return floats[next(next_float)]
        return floats[next(next_float)] + 1j * floats[next(next_float)]

    return read


def _replay(nodes: Any, kept: tuple) -> Callable:
    """The function of a program: (floats, ints, *arrays) to the kept outputs."""

    def program(floats: Any, ints: Any, *arrays: Any):
        number, values, makers = _unpacked(floats, ints), [], algebra.Makers()
        for spec, places in nodes:
            given = [_given(place, values, arrays, number) for place in places]
            values.extend(layouts.replay(spec.jaxpr, given, makers))
        return [layouts.settled(values[each]) for each in kept]

    return program


def _given(place: Any, values: Any, arrays: Any, number: Any):
    if type(place) is type:
        return number(place)
    return values[place] if place >= 0 else arrays[-1 - place]


_structures: Cache[tuple, Structure] = Cache()
JOINED = 3  # comings after which a structure of small operations is run as one


def find(parts: Iterable[tuple]) -> Structure:
    """The structure of these operations, made if it is new; see `Structure`.

    Args:
        parts: the key, a tuple for each operation. It tells the kinds of the inputs, too, for the specs know them.
    """
    key = tuple(itertools.chain.from_iterable(parts))
    found = _structures[key]
    if found is None:
        found = _structures.setdefault(key, Structure(key))
    found.seen += 1
    return found


def run_op(spec: Any, arrays: list, waits: bool = False) -> list:
    """Run one operation by itself: by NumPy, or as a program of its own.

    Args:
        waits: whether an input may still be being computed.
    """
    if spec.runs_cold(waits):
        explain.record.runs["cold"] += 1
        return spec.cold.run(list(map(_known, arrays, spec.inputs)), defers=True)
    explain.record.runs["op"] += 1
    arrays = [np.asarray(each) if type(each) is cold.Deferred else each for each in arrays]
    if spec.is_compiled:
        return call_ours(spec.place, spec.compiled, *arrays)
    with explain.compiling(repr(spec), "first use of the operation"), cached(spec.place):
        return first_call(spec.compiled, arrays)


def _settled(values: list, live: tuple[int, ...], arrays: list) -> list:
    """The live ones among the values; NumPy's get memory of their own."""
    got = [values[each] for each in live]
    places = [at for at, each in enumerate(got) if isinstance(each, (np.ndarray, np.generic, cold.Deferred))]
    for at, each in zip(places, cold.owned([got[at] for at in places], arrays), strict=True):
        got[at] = each
    return got


def _known(given: Any, kind: Any):
    """An input as a NumPy array: of a Python number, one in 64 bits."""
    if type(given) is np.ndarray:
        return given
    return np.asarray(given, NUMBERS[kind].dtype) if isinstance(kind, type) else np.asarray(given)
