"""Capturing a call: it runs under the recorder as ever, and what it did becomes a `Replay`."""

from __future__ import annotations

import dataclasses
import dis
import weakref
from collections import OrderedDict
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Any

import numpy as np

from torchlike._autograd.levels import Crossing
from torchlike._autograd.tape import AccumulateGrad, GradNode, KeepingNode
from torchlike._autograd.variable import TensorBase
from torchlike._compile.guards import TENSOR_STATE, Guards, Unguarded, is_plain_object
from torchlike._compile.replay import _KEPT, LATER, Fresh, Holder, Number, Replay, Same, Several, numbers_of
from torchlike._compile.watch import ATOMS, LIBRARY, Watch, kind_of
from torchlike._programs import explain, program
from torchlike._programs.program import MULTIPLE
from torchlike._programs.settings import put
from torchlike._random import default
from torchlike._recorder.checks import Bound, Verdict
from torchlike._recorder.kinds import ORDINARY, Kind
from torchlike._recorder.recorder import Recording, Value, recorder, value_of
from torchlike._recorder.storage import Storage
from torchlike._types import Size, device, dtype

if TYPE_CHECKING:
    from torchlike.optim.optimizer import Optimizer

ITEM = "item() is called"  # what `Tensor.item` says of why it needs a value


def _is_plain_gradient(grad: TensorBase) -> bool:
    """Whether a tensor is all of its storage, in whatever order that lies, and nothing else."""
    is_whole = grad._view is None or not grad._view.steps
    return is_whole and grad.__dict__.keys() <= {"_storage", "_view", "_cached", "_seen", "_changed"}


class Before:
    """The tensors that a call can reach, as they are before it.

    Their values are held weakly, so that the call's program may take over their memory as it will at every call.

    Args:
        guards: the state of Python, visited.
        args: the tensors among the arguments that are not known by identity.

    Raises:
        Unguarded: one of them is of a kind that a replay cannot find again.
    """

    def __init__(self, capture: Capture, guards: Guards, args: list[TensorBase]) -> None:
        self.guards, self.args, self.state = guards, args, guards.tensors
        for each in self.state:
            if each._view is not None:
                if each._edge is not None:
                    raise Unguarded("a view with a history is kept from call to call")
                each._seen = -1  # its elements are read from the storage, in the call
            if each._storage.host is not None:
                raise Unguarded("a tensor that is kept from call to call shares NumPy's memory")
        self.leaves = [each._leaf for each in self.state if each._leaf is not None]
        self.kept = [*map(_KEPT, self.state)]
        self.grads = [leaf.grad for leaf in self.leaves]
        if any(each is not None and not _is_plain_gradient(each) for each in self.grads):
            raise Unguarded("a gradient is a view, or has a history")
        self.tensors = [*args, *self.state, *[each for each in self.grads if each is not None]]
        self.storages = [each._storage for each in self.tensors]
        self.versions = [each.version for each in self.storages]
        wholes = [capture.shared(each) if each.host is not None else each.value for each in self.storages]
        self.views = tuple([place for place, each in enumerate(args) if each._view is not None])
        values = list(wholes)
        for place in self.views:
            values[place] = args[place]._value()
            values.append(wholes[place])
        self.avals = [each.aval for each in values]
        self._wholes, self._values = [*map(weakref.ref, wholes)], [*map(weakref.ref, values)]
        self.edges = [each._edge for each in args]
        self.names = [each.__dict__.keys() - TENSOR_STATE for each in self.state]

    def held(self) -> tuple[list[Value | None], list[Value | None]]:
        """What is left of the values: of the whole storages', and of those that a replay looks at."""
        return [each() for each in self._wholes], [each() for each in self._values]


class Capture(Kind):
    """One call that is being captured; while it is, the recorder's kind is this: nothing is cut off.

    Attributes:
        watch: what runs.
        broken: (what a replay could not do again, the user's line), once there is something.
        hosted: values that were made on the host; `drawn` are those that are drawn anew at each call.
        groups: (number of recorded nodes, optimizer, group) after each update of a group.
        checked: (check, values) of what was checked at the call.
        steps: whether a step begins in it.
        read: the value whose number the call returns.

    Args:
        code: the function's own, if it has one.
        strict: called with `broken`, to raise an error.
    """

    def __init__(self, code: CodeType | None = None, strict: Any = None) -> None:
        self.watch = Watch(self._break_at)
        self.broken: tuple[str, tuple[str, int]] | None = None
        self.hosted: list[Value] = []
        self.groups: list[tuple] = []
        self.checked: list[tuple[Bound, list]] = []
        self.steps = False
        self.read: Value | None = None
        self._code, self._strict = code, strict
        self._shared: dict[Storage, Value] = {}
        self._draws: list = []
        self.drawn: list[Value] = []

    # ------------------------------------------------------------------ what the recorder tells

    takes_parts = False  # the whole of what is known is an input

    def interrupt(self, what: str, value: Value | None = None) -> None:
        """End the capture; a number that the call returns ends it well."""
        if value is not None and what == ITEM and self._returns_at_once():
            self.read = value
            self.leave()
            recorder.flush("a compiled call ended", ends_step=True)
        else:
            self._break(what, explain.users_place())

    def _returns_at_once(self) -> bool:
        """Whether the function returns what the library gives it now: ``return loss.item()``."""
        frame = explain.users_frame()
        if frame is None or frame.f_code is not self._code or kind_of(frame.f_back.f_code, {}) is not LIBRARY:
            return False
        after = (each for each in dis.get_instructions(frame.f_code) if each.offset > frame.f_lasti)
        return next(after).opname == "RETURN_VALUE"

    def ends(self, flush: Any, reason: str, ends_step: bool) -> None:
        """Nothing ends before the call."""

    def begins(self) -> None:
        self.steps = True

    def apart(self, run: Any, do: Any, reason: str) -> Any:
        return do()

    def goes_on(self, recording: Recording) -> None:
        if self._nodes:
            self.interrupt("operations of several devices are pending")
        else:
            self._follow(recording)

    def _follow(self, recording: Recording) -> None:
        self.recording, self._nodes, self._inputs = recording, recording.nodes, recording.inputs

    def made(self, value: Value) -> None:
        self.hosted.append(value)

    def looked(self, check: Bound, given: list) -> None:
        self.checked.append((check, given))

    def updated(self, optimizer: Optimizer, group: dict) -> None:
        self.groups.append((len(recorder.recording.nodes), optimizer, group))

    def shared(self, storage: Storage) -> Value:
        found = self._shared.get(storage)
        if found is None:
            found = self._shared[storage] = value_of(np.array(storage.host, order="C"))
        return found

    def _break_at(self, what: str, frame: FrameType) -> None:
        self._break(what, explain.users_place(frame))

    def _break(self, what: str, place: tuple[str, int]) -> None:
        if self.broken is None:
            self.broken = what, place
        self.leave()
        if self._strict is not None:
            self._strict(*self.broken)

    # ------------------------------------------------------------------ running

    def enter(self) -> bool:
        """Begin; False if it cannot be."""
        if recorder.pending():
            recorder.flush("a compiled call begins", ends_step=recorder._after_backward)
        if not self.watch.start():
            return False
        recorder.kind = self
        self._follow(recorder.recording)
        self._starts = recorder.at_boundary, recorder._after_backward
        default.note_draws(self._draws)
        self._engine = default.engine.clone()
        return True

    def leave(self) -> None:
        """End, at the end of the call or before."""
        self.watch.stop()
        if recorder.kind is self:
            recorder.kind = ORDINARY
            self._ends = recorder.at_boundary, recorder._after_backward
            default.note_draws(None)

    def finish(self, before: Before, now: tuple, result: Any) -> Replay:
        """What the call did, as something that can be done again; what it recorded is computed.

        Raises:
            Unguarded: it did something that cannot be.
        """
        self.leave()
        verdict = self.recording.verdict()
        nodes = self._nodes
        structure = program.find([node[0] for node in nodes]) if nodes else None
        inputs = self._inputs[: len(structure.inputs)] if structure else []
        arrays = {id(each[1]) for each in self._draws if type(each) is tuple}
        self.drawn = [each for each in self.hosted if id(each.array) in arrays]
        made = _Maker(before, nodes, inputs, self).replay(result, verdict)
        made.flags = now
        moves = self.steps or self._ends != self._starts
        made.ends, made.begins = self._ends if moves else None, self.steps
        made.structure = structure
        made.numbers = [each for node in nodes for each in node[2]]
        made.draws = self._places_of_draws(made.numbers, inputs)
        made.groups = self._places_of_groups(before.guards, nodes)
        return made

    def _places_of_draws(self, numbers: list, inputs: list[Value]) -> list[tuple]:
        after, found = default.engine.get_state(), []
        for each in self._draws:
            if type(each) is int:
                self._engine.u64(1)
                found.append((None, tuple([place for place, number in enumerate(numbers) if number == each])))
            else:
                draw, array = each
                draw(self._engine)
                found.append((draw, tuple([place for place, value in enumerate(inputs) if value.array is array])))
        if (self._engine.get_state() != after).any():
            raise Unguarded("random numbers are drawn on the host")
        return found

    def _places_of_groups(self, guards: Guards, nodes: list) -> list[tuple]:
        free = {id(group): ([], optimizer, group, held) for optimizer, group, held in guards.groups}
        begin = 0
        ends = iter(self.groups)
        end, optimizer, group = next(ends, (len(nodes), None, None))
        count = 0
        for number, (part, _, numbers) in enumerate(nodes):
            while number >= end:
                begin = end
                end, optimizer, group = next(ends, (len(nodes), None, None))
            if number >= begin and group is not None and part[0].name == "optimizer_step":
                if list(numbers) != numbers_of(optimizer, group):
                    raise Unguarded("an optimizer's numbers change within the call")
                if id(group) in free:
                    free[id(group)][0].append(count)
            count += len(numbers)
        if any(
            each is not old
            for _, _, group, held in free.values()
            for each, old in zip(group.values(), held, strict=True)
        ):
            raise Unguarded("an optimizer's group is changed by the call")
        return [(firsts, own, each, held, own._static_options(each)) for firsts, own, each, held in free.values()]


class _Maker:
    """Says of each thing that a call has made or changed where it comes from and where it goes."""

    def __init__(self, before: Before, nodes: list, inputs: list[Value], capture: Capture) -> None:
        self.before, self.nodes, self.inputs, self.capture = before, nodes, inputs, capture
        self.wholes, self.values = before.held()
        self.first, count = [], 0
        for part, _, _ in nodes:
            self.first.append(count)
            count += part[0].count
        self.places = {}
        for place, value in enumerate(self.values):
            if value is not None:
                self.places.setdefault(value, place)
        self.holders = {id(each): place for place, each in enumerate(before.tensors)}
        self.live: dict[int, int] = {}
        self.made: list[Value] = []
        self.memo: dict[int, Any] = {}
        self.storages: dict[Storage, object] = {}
        self.firsts: dict[Storage, int] = {}

    def replay(self, result: Any, verdict: Verdict | None) -> Replay:
        """All of it, but for the program and its numbers.

        Raises:
            Unguarded: something cannot be found, or made, again.
        """
        made = Replay()
        self._check_kept()
        self._tell_state(made)
        self._tell_results(made, result, verdict)
        self._tell_inputs(made)
        return made

    def _tell_state(self, made: Replay) -> None:
        before = self.before
        made.guards, made.state, made.kept = before.guards, before.state, before.kept
        made.leaves, made.without = before.leaves, [each is None for each in before.grads]
        made.plain = [each._is_plain for each in before.leaves]
        made.avals, made.views = before.avals, before.views
        aliases = [(self.firsts.setdefault(each, place), place) for place, each in enumerate(before.storages)]
        made.storages, made.shared = len(self.firsts), [(one, other) for one, other in aliases if one != other]

    def _tell_results(self, made: Replay, result: Any, verdict: Verdict | None) -> None:
        writes, read = self._writes(), self.capture.read
        found = None if verdict is None else self.source(verdict.found)
        made.grads = self._grads()
        # where all of it lies among the values is known once all of it was met
        source = None if read is None else self.source(read)
        template = None if read is not None else self.template(result, "the result")
        for _, each in self.memo.values():
            if type(each) is Fresh:
                each.whole, each.seen = self.place(each.whole), None if each.view is None else self.place(each.seen)
        made.result = template if source is None else Number(self.place(source))
        made.found, made.doubts = (None, []) if found is None else (found[1], verdict.doubts)
        made.writes = [(place, self.place(source), grown) for place, source, grown in writes]
        written = {self.before.storages[place] for place, _, _ in writes}
        made.written = {place for place, each in enumerate(self.before.storages) if each in written}
        avals = [known for part, _, _ in self.nodes for known in part[0].outputs]
        made.live, made.outputs = tuple(sorted(self.live)), [(each, avals[each]) for each in self.live]
        made.made = self.made

    def _tell_inputs(self, made: Replay) -> None:
        made.picks = [self._pick(each) for each in self.inputs]
        made.numbered = {place: number for number, place in enumerate(made.picks) if type(place) is int}
        made.equal = self._equal()
        made.free = self._free(made.written)
        made.checks = [each for each in map(self._check, self.capture.checked) if each is not None]

    # ------------------------------------------------------------------ inputs

    def _pick(self, value: Value):
        place = self.places.get(value)
        if place is not None:
            return place
        if any(value is each for each in self.capture.drawn):
            return Value(value.aval, LATER)
        if any(value is each for each in self.capture.hosted):
            if type(value.array) is np.ndarray:
                value.array = put(value.array)  # once, not at every call
            return value
        raise Unguarded("a tensor is read from where it could not be found")

    def _equal(self) -> list[tuple[int, int]]:
        used = set(self.inputs)
        return [
            (self.places[value], place)
            for place, value in enumerate(self.values)
            if value in used and self.places[value] != place
        ]

    def _free(self, written: set[int]) -> list[tuple[int, int]]:
        """The inputs that nobody holds after the call's writes, and how often it holds them itself."""
        holders: dict[Value, set[int]] = {}
        for place, whole in enumerate(self.wholes):
            holders.setdefault(whole, set()).add(place)
        free = []
        for number, value in enumerate(self.inputs):
            places = holders.get(value)
            if places and places <= written:
                # the list of values, the list of inputs, the call that counts
                free.append((number, self.values.count(value) + 2))
            elif any(value is each for each in self.capture.drawn):
                free.append((number, 2))
        return free

    def _check(self, looked: tuple[Bound, list]) -> tuple | None:
        """A check of what was there before the call, and where that is found; None if it was made on the host."""
        check, given = looked
        places = [self.places.get(each) for each in given if type(each) is Value]
        return None if None in places or len(places) < len(given) else (check, places)

    # ------------------------------------------------------------------ outputs

    def source(self, value: Value) -> tuple[str, int]:
        """Where a value comes from: ``"in"``, ``"out"`` or ``"made"``, and its place there."""
        if value.recording is self.capture.recording:
            number, place = value.slot % MULTIPLE, value.slot // MULTIPLE
            if number >= len(self.first):
                raise Unguarded("a view of what was changed after it was made is kept")
            return "out", self.live.setdefault(self.first[number] + place, len(self.live))
        place = self.places.get(value)
        if place is not None:
            return "in", place
        if any(value is each for each in self.capture.drawn):
            raise Unguarded("random numbers are kept that are drawn on the host")
        if any(value is each for each in self.capture.hosted):
            self.made.append(value)
            return "made", len(self.made) - 1
        raise Unguarded("a tensor is kept whose origin could not be found")

    def place(self, source: tuple[str, int]) -> int:
        """A source's place among all values: those before the call, the outputs, those made on the host."""
        kind, place = source
        before, outputs = len(self.values), len(self.live)
        return place if kind == "in" else before + place if kind == "out" else before + outputs + place

    def _writes(self) -> list[tuple]:
        found = []
        before = self.before
        for storage, place in self.firsts.items():
            grown = storage.version - before.versions[place]
            if storage._host is not None:
                if grown:
                    raise Unguarded("memory that NumPy shares is written to")
            elif storage.value is not self.wholes[place] or grown:
                found.append((place, self.source(storage.value), grown))
        return found

    def _grads(self) -> list[tuple]:
        pairs = zip(self.before.leaves, self.before.grads, strict=True)
        return [
            (leaf, None if leaf.grad is None else self._tensor(leaf.grad))
            for leaf, old in pairs
            if leaf.grad is not old
        ]

    def _check_kept(self) -> None:
        before = self.before
        if [*map(_KEPT, before.state)] != before.kept:
            raise Unguarded("a tensor is given other memory or another history")
        if [each.__dict__.keys() - TENSOR_STATE for each in before.state] != before.names:
            raise Unguarded("a tensor is given an attribute")
        if any(each._edge is not edge for each, edge in zip(before.args, before.edges, strict=True)):
            raise Unguarded("an argument is given a history")
        if [each._storage for each in before.tensors] != before.storages:
            raise Unguarded("a tensor is given other memory")

    def template(self, given: Any, what: str):
        """How to make what a call returned anew.

        Raises:
            Unguarded: it is of a kind that cannot be.
        """
        if isinstance(given, TensorBase):
            return self._tensor(given)
        kind = type(given)
        if kind in ATOMS or kind in (dtype, device, Size) or id(given) in self.before.guards.known:
            return Same(given)
        found = self.memo.get(id(given))
        if found is not None:
            return found[1]
        names: tuple = ()
        if isinstance(given, tuple):
            build = kind._make if hasattr(kind, "_make") else kind
            parts: list = list(given)
        elif kind is list:
            build, parts = list, given
        elif kind in (dict, OrderedDict):
            names, parts = tuple(given), list(given.values())
            build = lambda values: kind(zip(names, values, strict=True))
        elif dataclasses.is_dataclass(given) and is_plain_object(kind):
            names, parts = tuple(given.__dict__), list(given.__dict__.values())
            build = lambda values: _rebuilt(kind, names, values)
        else:
            raise Unguarded(f"{what} has a `{kind.__qualname__}`")
        made = Several((kind, names), build, [self.template(each, what) for each in parts])
        self.memo[id(given)] = given, made
        return made

    def _tensor(self, given: TensorBase):
        place = self.holders.get(id(given))
        if place is not None:
            return Holder(place)
        known = self.memo.get(id(given))
        if known is not None:
            return known[1]
        if type(given) is not TensorBase._plain or given._leaf is not None or given.__dict__.keys() - _MADE:
            raise Unguarded("a tensor is kept that is a leaf, of a class of its own, or has attributes")
        storage = given._storage
        if storage in self.before.storages:
            raise Unguarded("a view of a tensor from before is kept")
        if storage.value is None:
            raise Unguarded("a tensor is kept that shares NumPy's memory")
        made = Fresh()
        self.memo[id(given)] = given, made
        made.key = self.storages.setdefault(storage, object())
        made.whole, made.origin, made.version = self.source(storage.value), storage.origin, storage.version
        made.view = made.seen = made.base = None
        made.edge = given._edge
        if made.edge is not None:
            _check_walked(made.edge)
        if given._view is not None:
            made.seen, made.view = self.source(given._value()), given._view
            if given._base is not None:
                made.base = self._tensor(given._base)
        return made


_MADE = TENSOR_STATE - {"_leaf", "_retains"}


def _rebuilt(kind: type, names: tuple, values: list):
    made = object.__new__(kind)
    made.__dict__.update(zip(names, values, strict=True))
    return made


class StillTracked(Unguarded):
    """A result has a history that was not walked yet."""


def _check_walked(edge: tuple) -> None:
    """See that a history was walked and freed, so that every call may share it.

    Raises:
        Unguarded: it was not, or has nodes that keep more than that.
    """
    pending, seen = [edge[0]], set()
    while pending:
        node = pending.pop()
        if node in seen:
            continue
        seen.add(node)
        if isinstance(node, AccumulateGrad):
            continue
        if not isinstance(node, (GradNode, Crossing)) or not node._is_plain:
            raise Unguarded("a result has a history with hooks, or with a derivative of the user's own")
        if (
            isinstance(node, GradNode)
            and node.inputs is not None
            or isinstance(node, KeepingNode)
            and node.residuals is not None
        ):
            raise StillTracked("a result has a history: its `backward` is yet to come")
        pending += [each[0] for each in node._edges if each is not None]
