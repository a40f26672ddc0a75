"""A captured call: what must hold, where its inputs are found, the program, where its results go."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from sys import getrefcount
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from torchlike._autograd.variable import TensorBase
from torchlike._compile.guards import Guards, is_equal
from torchlike._compile.watch import ATOMS
from torchlike._programs import explain
from torchlike._random.default import draw_array, draw_seed
from torchlike._recorder.checks import Bound, Doubt, Verdict, hear, outstanding
from torchlike._recorder.recorder import Recording, Value, program_lock, recorder
from torchlike._recorder.running import at_once, execute, store
from torchlike._recorder.storage import Storage
from torchlike._types.places import HOST

if TYPE_CHECKING:
    from torchlike.optim.optimizer import Optimizer

LATER = np.empty(0)  # in the place of an array that is drawn at the call
MISS: Any = object()  # what a replay gives when something is not as it was


class Fresh:
    """A tensor that every call makes anew.

    Attributes:
        key: the same for tensors that share a storage.
        whole: which of the values its storage holds.
        version: the storage's.
        view, seen: its view, and which value has the elements of that; None for a plain tensor.
        base: the template of the tensor that it is a view of.
        edge: its place on a tape that was walked and freed.
    """

    __slots__ = ("key", "whole", "origin", "version", "view", "seen", "base", "edge")

    def made(self, values: list[Value], memo: dict) -> TensorBase:
        """The tensor.

        Args:
            values: those from before the call, and after these its results.
            memo: what was made already, so that what was one thing stays one.
        """
        found = memo.get(self)
        if found is not None:
            return found
        storage = memo.get(self.key)
        if storage is None:
            found = TensorBase._wrap(values[self.whole], self.edge)
            storage = memo[self.key] = found._storage
            storage.origin = self.origin
            if self.version:
                storage.version = self.version
        else:
            found = TensorBase._wrap(None, self.edge)
            found._storage = storage
        memo[self] = found
        if self.view is not None:
            found._view = self.view
            found._cached, found._seen = values[self.seen], storage.version
            if self.base is not None:
                found._base = self.base.made(values, memo)
        return found

    def described(self) -> tuple:
        base = None if self.base is None else self.base.described()
        view = None if self.view is None else self.view.layout
        return self.whole, self.origin, self.version, view, self.seen, base


class Holder(NamedTuple):
    """A tensor that was there before the call, as a result of it."""

    place: int

    def described(self) -> tuple:
        return ("holder", self.place)

    def made(self, values: Any, memo: dict) -> TensorBase:
        """The tensor."""
        return memo["tensors"][self.place]


class Number(NamedTuple):
    """The number in one of the values."""

    whole: Any

    def described(self) -> tuple:
        return ("number", self.whole)

    def made(self, values: Any, memo: dict):
        """It, computed."""
        return values[self.whole].array.item()


class Same(NamedTuple):
    """Something that a call returns as it is."""

    given: Any

    def described(self) -> tuple:
        return type(self.given), repr(self.given) if type(self.given) in ATOMS else id(self.given)

    def made(self, values: Any, memo: dict):
        """It."""
        return self.given


class Several:
    """A collection that every call makes anew: `kind` is its class and what names its parts."""

    __slots__ = ("kind", "build", "parts")

    def __init__(self, kind: tuple, build: Callable, parts: list) -> None:
        self.kind, self.build, self.parts = kind, build, parts

    def made(self, values: Any, memo: dict):
        """The collection."""
        found = memo.get(self)
        if found is None:
            found = memo[self] = self.build([each.made(values, memo) for each in self.parts])
        return found

    def described(self) -> tuple:
        return self.kind, [each.described() for each in self.parts]


class Replay:
    """One captured call; `Capture` fills it in.

    Attributes:
        guards: the state of Python.
        flags: the library's.
        state: tensors that are known by identity, and in `kept` what of them must stay.
        leaves: their autograd state; which of them have no gradient before the call (`without`), no hooks (`plain`).
        storages: how many storages the tensors have.
        shared: pairs of tensors that have one storage.
        avals: of the values: one for each tensor, then for each view the whole storage's.
        views: the places of tensors that are views.
        equal: pairs of values that are one.
        picks: for each input of the program the place of its value, or the value itself.
        structure, live: the program's, and the outputs that it must give; in `outputs` with their avals.
        made: values that were made on the host.
        numbers: its Python numbers.
        draws: (how an array is drawn, its places among the inputs), or (None, the places of a seed among the numbers),
            in the order of the draws.
        groups: (places of the first numbers, optimizer, group, its options, its flags): the numbers are read anew.
        numbered: for the place of a value that is an input, that input's number.
        free: (place of an input that is written over, the references that the call itself has to it).
        writes: (place of a tensor, which value its storage gets, by how much its version grows).
        written: the places of all tensors whose storage gets one: there NumPy must not share the memory.
        grads: (leaf, template of its new gradient or None).
        result: the template of what it returns.
        ends: the recorder's place in a step after the call, if that moves it.
        begins: whether the call begins a step.
        checks: the checks of known values, and where these come from.
        found: which output has what the program's checks find, or None.
        doubts: these checks.
    """

    guards: Guards
    flags: tuple
    state: list[TensorBase]
    kept: list[tuple]
    leaves: list
    without: list[bool]
    plain: list[bool]
    storages: int
    shared: list[tuple[int, int]]
    avals: list
    views: tuple[int, ...]
    equal: list[tuple[int, int]]
    picks: list
    structure: Any
    live: tuple[int, ...]
    numbers: list
    draws: list[tuple]
    groups: list[tuple]
    numbered: dict[int, int]
    free: list[tuple[int, int]]
    writes: list[tuple]
    written: set[int]
    grads: list[tuple]
    outputs: list[tuple]
    made: list[Value]
    result: Any
    ends: tuple[bool, bool] | None
    begins: bool
    checks: list[tuple[Bound, list[int]]]
    found: int | None
    doubts: list[Doubt]

    def difference(self, other: Replay) -> str | None:
        """In what another capture of the same call differs; None if it does not."""
        for name in ("structure", "live", "writes", "ends", "begins", "avals", "views", "equal", "shared"):
            if getattr(self, name) != getattr(other, name):
                return f"its {_WORDS.get(name, name)}"
        if not all(map(_is_same_input, self.picks, other.picks)):
            return "the tensors that it makes on the host"
        if [(draw is None, places) for draw, places in self.draws] != [
            (draw is None, places) for draw, places in other.draws
        ]:
            return "its random numbers"
        if self._results() != other._results():
            return "what it returns"
        drawn = {place for draw, places in self.draws if draw is None for place in places}
        for firsts, optimizer, group, *_ in self.groups:
            for first in firsts:
                drawn.update(range(first, first + len(numbers_of(optimizer, group))))
        for place, (one, another) in enumerate(zip(self.numbers, other.numbers, strict=True)):
            if place not in drawn and not is_equal(one, another):
                return f"the number {one} becomes {another}"
        return None

    def _results(self) -> list:
        made = [(leaf, None if each is None else each.described()) for leaf, each in self.grads]
        return [*made, self.result.described()]

    # ------------------------------------------------------------------ whether it holds

    def run(self, args: list[TensorBase], flags: tuple) -> Any:
        """What the call returns; `MISS` if something is not as it was, and nothing was done."""
        if flags != self.flags or self.guards.changed() is not None:
            return MISS
        tensors = self._tensors(args)
        if tensors is None:
            return MISS
        with program_lock:  # another thread may write to the same tensors
            return self._run(tensors)

    def _run(self, tensors: list[TensorBase]) -> Any:
        storages = [each._storage for each in tensors]
        values = self._values(tensors, storages)
        if values is None or not self._numbers_hold():
            return MISS
        if self.begins and recorder.at_boundary and recorder.pending():
            recorder.boundary()
        inputs = [values[each] if type(each) is int else each for each in self.picks]
        looked = [values[place] for _, places in self.checks for place in places]
        if not self._computed(inputs + looked) or not self._passes(values):
            return MISS
        explain.record.runs["replayed"] += 1
        flight = Flight(self, inputs, self._drawn(inputs))
        values += [*flight.values.values(), *self.made]
        memo: dict = {"tensors": tensors}
        self._put(flight, storages, values, memo)
        if self.ends is not None:
            recorder.at_boundary, recorder._after_backward = self.ends
        if self.structure is not None:
            flight.finish(flight.outputs())
        if outstanding:
            hear(but=None if type(self.result) is Number else flight.verdict())
        return self.result.made(values, memo)

    def _tensors(self, args: list[TensorBase]) -> list[TensorBase] | None:
        """All tensors: arguments, state, gradients; None if their kinds differ."""
        if [*map(_KEPT, self.state)] != self.kept and not self._moved():
            return None
        if [leaf._is_plain for leaf in self.leaves] != self.plain:
            return None
        grads = [leaf.grad for leaf in self.leaves]
        if [each is None for each in grads] != self.without:
            return None
        there = [each for each in grads if each is not None]
        if there and any([len(each.__dict__) != 1 for each in there]):
            return None
        return [*args, *self.state, *there]

    def _moved(self) -> bool:
        """Whether nothing but the memory of state is another, as after ``p.data = ...``."""
        now = [*map(_KEPT, self.state)]
        if any(new[:3] != old[:3] for new, old in zip(now, self.kept, strict=True)):
            return False
        self.kept = now
        return True

    def _values(self, tensors: list[TensorBase], storages: list[Storage]) -> list[Value] | None:
        """The tensors' values, and the whole storages' of those that are views; None if they are of another kind."""
        if len(set(storages)) != self.storages or any([storages[a] is not storages[b] for a, b in self.shared]):
            return None
        values = [each.value for each in storages]
        if self.views or None in values:
            for place in self.views:
                values[place] = tensors[place]._value()
                values.append(storages[place].read())
            for place, each in enumerate(values):
                if each is None:
                    if place in self.written and storages[place].host is not None:
                        return None
                    values[place] = storages[place].read()
        if [each.aval for each in values] != self.avals:
            return None
        for one, other in self.equal:
            if values[one] is not values[other]:
                return None
        return values

    def _numbers_hold(self) -> bool:
        """Whether the groups' options are as they were; notes their numbers."""
        for place, (firsts, optimizer, group, held, flags) in enumerate(self.groups):
            now = list(group.values())
            if all(map(_is, now, held)):
                continue
            if not all(map(_is_number_like, now, held)) or optimizer._static_options(group) != flags:
                return False
            numbers = numbers_of(optimizer, group)
            for first in firsts:
                self.numbers[first : first + len(numbers)] = numbers
            self.groups[place] = (firsts, optimizer, group, now, flags)
        return True

    def _passes(self, values: list[Value]) -> bool:
        """Whether the values that are checked at a call are good; what is wrong the call itself will say."""
        for check, places in self.checks:
            try:
                check.refuse([values[place] for place in places])
            except Exception:
                return False
        return True

    def _computed(self, inputs: list[Value]) -> bool:
        """See that the inputs are computed; False if a step is under way that would be cut for it."""
        for each in inputs:
            if not each.is_computed:
                if is_amid_step():
                    return False
                each.compute("a compiled call begins")
        return True

    def _drawn(self, inputs: list[Value]) -> list:
        """The program's numbers; numbers and inputs that are random are drawn."""
        numbers = list(self.numbers) if self.draws else self.numbers
        for draw, places in self.draws:
            if draw is None:
                seed = draw_seed()
                for place in places:
                    numbers[place] = seed
            else:
                array = draw_array(draw)
                for place in places:
                    inputs[place] = Value(inputs[place].aval, array)
        return numbers

    def _put(self, flight: Flight, storages: list[Storage], values: list[Value], memo: dict) -> None:
        """Put what the call changes where it belongs, all of it at once; the program is yet to run."""
        calls: list[tuple] = []
        for place, source, grown in self.writes:
            storage, number = storages[place], self.numbered.get(place)
            storage.version += grown
            flight.replaced.append((storage, "value", storage.value if number is None else -1 - number))
            calls.append((setattr, storage, "value", values[source]))
        for leaf, template in self.grads:
            flight.replaced.append((leaf, "grad", leaf.grad))
            calls.append((setattr, leaf, "grad", None if template is None else template.made(values, memo)))
        at_once(calls)


class Flight(Recording):
    """One run of a captured call's program. Its values are where they belong before it runs, as recorded ones are."""

    __slots__ = ("replay", "numbers", "values")

    def __init__(self, replay: Replay, inputs: list[Value], numbers: list) -> None:
        super().__init__(replay.structure.specs[0].place if replay.structure else HOST)
        self.is_open = False
        self.replay, self.inputs, self.numbers = replay, inputs, numbers
        self.values = {place: Value(known, None, self) for place, known in replay.outputs}
        if replay.found is not None:
            self._verdict = Verdict([*self.values.values()][replay.found], replay.doubts)

    def outputs(self, begin: int = 0, end: int | None = None) -> list[Value | None]:
        made: list[Value | None] = [None] * len(self.replay.structure.outputs)
        for place, value in self.values.items():
            made[place] = value
        return made

    def _run(self, outputs: list[Value | None], ends_step: bool) -> None:
        self._fly(
            {place for place, count in self.replay.free if getrefcount(self.inputs[place]) <= count}, self._results
        )

    def _fly(self, free: set[int], results: list) -> None:
        replay = self.replay
        execute(replay.structure, self.inputs, self.numbers, replay.live, free, True, results)

    def _compute_beside(self, value: Value) -> None:
        results: list = []
        self._fly(set(), results)
        store(self.outputs(), results)

    def close(self) -> None:
        super().close()
        self.values = {}


def is_amid_step() -> bool:
    """Whether the operations of a step are pending, which must not be cut in two."""
    return recorder.begun and bool(recorder.pending())


_KEPT = attrgetter("_edge", "_leaf", "_view", "_storage")


def _is(left: Any, right: Any) -> bool:
    return left is right


def _is_number_like(now: Any, held: Any) -> bool:
    """Whether a number, or a tuple of them, may stand for another without another rule."""
    if now is held:
        return True
    if type(now) is float and type(held) is float:
        return True
    if type(now) is tuple and type(held) is tuple and len(now) == len(held):
        return all(map(_is_number_like, now, held))
    return is_equal(now, held)


_WORDS = {"structure": "operations", "live": "results", "writes": "changes of tensors"}


def _is_same_input(one: Any, another: Any) -> bool:
    if type(one) is not Value or type(another) is not Value:
        return one == another
    return one.aval is another.aval and np.array_equal(one.array, another.array, equal_nan=one.aval.dtype.rank >= 2)


def numbers_of(optimizer: Optimizer, group: dict) -> list[float]:
    """The numbers that an optimizer takes from a group, in order."""
    return [float(each) for each in optimizer._hyper_numbers(group).values() if not isinstance(each, TensorBase)]
