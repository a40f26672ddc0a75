"""Values and the recorder: operations are appended here and run together at a flush."""

from __future__ import annotations

import atexit
import os
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from sys import getrefcount
from typing import Any
from weakref import ref

import jax
import numpy as np

from torchlike._programs import explain, memory
from torchlike._programs.aval import Aval, aval
from torchlike._programs.program import MULTIPLE
from torchlike._programs.settings import put, settings
from torchlike._programs.spec import Spec
from torchlike._recorder import checks
from torchlike._recorder.checks import Bound, Doubt, Verdict, outstanding
from torchlike._recorder.cutting import Cuttable, repeating_cut
from torchlike._recorder.kinds import deepest
from torchlike._recorder.lines import Lines
from torchlike._recorder.nodes import CLOSED, Sealed
from torchlike._recorder.running import at_once, is_programs, run, store
from torchlike._types.dtypes import of_numpy
from torchlike._types.places import HOST, Place, received

LOST = (
    "this tensor's value was lost: the program that was to compute it failed{}. What it was to be made of, and what was "
    "written to in that program, is as it was before: compute it anew"
)


class Value:
    """An immutable array: computed when `array` is set, else the output of a recorded node.

    Attributes:
        aval: its shape, dtype and place.
        array: the `jax.Array` (or NumPy array), or None while it is only recorded.
        recording: where it is, or was, recorded; of an abstract value, its level.
        slot: which output of that recording it is; of an abstract value, what it is made of.
        taken: how many programs took it as a NumPy array.
    """

    __slots__ = ("aval", "array", "recording", "slot", "taken", "__weakref__")

    def __init__(self, known: Aval, array: Any = None, recording: Any = None, slot: Any = 0) -> None:
        self.aval = known
        self.array = array
        self.recording = recording
        self.slot = slot
        self.taken = 0

    def compute(self, reason: str = "a value is read"):
        """The array, computed now if need be.

        Raises:
            RuntimeError: the program that computes it fails, or has failed before.
            Exception: values that were checked are wrong, see `checks`.
        """
        recorder.kind.interrupt(reason, self)
        if self.array is None:
            told = self.recording.read(self, reason)  # of an abstract value, what can be told of it
            if outstanding:
                checks.hear()
            return self.array if told is None else told
        if outstanding:
            checks.hear_of(self.recording)
        return self.array

    def bring(self, ends_step: bool) -> None:
        """Compute it for a program that takes it."""
        if self.array is None:
            recorder.take_off([self.recording])
            self.recording.compute(self, ends_step)

    @property
    def is_computed(self) -> bool:
        """Whether nothing need be run to have it."""
        return self.array is not None

    @property
    def is_abstract(self) -> bool:
        """Whether it is a value of a level: what it is made of lies below."""
        return self.array is None and self.recording is not None and self.recording.depth > 0

    @property
    def known(self) -> np.ndarray | None:
        """The elements, where they are known on the host; None where they are still to be computed, or elsewhere."""
        array = self.array
        if array is None or not self.aval.place.is_host:
            return None
        return array if type(array) is np.ndarray else np.asarray(array)

    def numpy(self, reason: str = "a value is read") -> np.ndarray:
        """The value as a NumPy array, not to be written to: computed if need be.

        Raises:
            RuntimeError: there was not enough memory for it.
        """
        try:
            return np.asarray(self.compute(reason))
        except (MemoryError, jax.errors.JaxRuntimeError) as error:
            raise memory.told(error) from None


def value_of(array: Any) -> Value:
    """A computed value from a JAX or NumPy array, where that lies."""
    array, where = received(array)
    made = Value(aval(array.shape, of_numpy(array.dtype), where), array)
    recorder.kind.made(made)
    return made


def value_at(value: Value, place: Place) -> Value:
    """A value copied to another place, computed now if need be."""
    known, array = value.aval, value.compute("a tensor moves to another device")
    return Value(aval(known.shape, known.dtype, place), put(array, place.target, copies=True))


program_lock = threading.RLock()  # programs run one after the other: what one donates no other may take
if hasattr(os, "register_at_fork"):  # a process is not forked while another thread is running one
    os.register_at_fork(
        before=program_lock.acquire, after_in_parent=program_lock.release, after_in_child=program_lock.release
    )


class Elsewhere(Exception):
    """An operation belongs into another recording."""


class Recording(Cuttable):
    """Operations that were recorded and have not run.

    A node is a tuple: its part of the program's key, weak references to its outputs, its Python numbers. The part is
    the spec and, for each input, the slot of an output of this recording, a negative place among `inputs`, or the
    type of a number. So nothing here holds an output: what nobody else holds is neither computed nor returned.

    A recording stands by itself: nodes and inputs stay until the arrays are in their values. Whatever comes in between,
    a signal's handler that computes or an exception, whoever needs one of the values goes on from there.

    All is recorded at one place. An input from another place may be pending there, and is computed first: so of two
    recordings only one may need the other. Where that would change, it is *sealed*, and its place goes on with another.

    Attributes:
        place: where its program will run.
        line: the recordings of its thread, by place, of which it is or was one.
        nodes: the nodes; `CLOSED` after their program has run, or failed.
        inputs: the computed values that they use, in the order of their first use: those of the first nodes come first.
        places: the places of these.
        limit: how many nodes to add before looking whether that is too much.
        is_open: its thread is still adding to it.
        doubts: the checks among the nodes, each with the value that has what it finds.
        depth: 0, as it is no level.
        tracked: the tape's nodes for its operations, until it is seen which of them are still held.
        live_bytes: what is held of its values, at the last look.
        replaced: (object, attribute, what it was) where one of the values came into its place; of a value that is one
            of the inputs, its place, for a reference to it would keep it from being written over.
    """

    __slots__ = (
        "place",
        "line",
        "nodes",
        "inputs",
        "places",
        "limit",
        "is_open",
        "doubts",
        "tracked",
        "live_bytes",
        "replaced",
        "_verdict",
        "_is_running",
        "_results",
        "_error",
    )

    depth = 0

    def __init__(self, place: Place = HOST, line: dict | None = None) -> None:
        self.place = place
        self.line = line
        self.nodes: list[tuple] = []
        self.inputs: list[Value] = []
        self.places: dict[Value, int] = {}
        self.limit = 0 if settings.mode == "eager" else _CHECK_EVERY
        self.is_open = True
        self.doubts: list[tuple[Value, Doubt]] = []
        self.tracked: list = []
        self.live_bytes = 0
        self.replaced: list[tuple] = []
        self._verdict: Verdict | None = None
        self._is_running = False
        self._results: list = []  # the places of outputs, and their arrays: both, once the program has run
        self._error: BaseException | None = None

    def add(self, spec: Spec, inputs: Sequence) -> list[Value]:
        """Append a node; returns its outputs, to be computed later."""
        part: list = [spec]
        numbers: tuple = ()
        known = self.places
        try:
            for each in inputs:
                if type(each) is not Value:
                    part.append(type(each))
                    numbers = (*numbers, each)
                elif each.recording is self:
                    part.append(each.slot)
                else:
                    place = known.get(each)
                    part.append(self._admit(each, spec.place) if place is None else place)
        except Elsewhere:
            pass
        else:
            nodes = self.nodes
            slot = len(nodes)
            if spec.count == 1:
                outputs = [Value(spec.outputs[0], None, self, slot)]
                node = (tuple(part), (ref(outputs[0]),), numbers)
            else:
                outputs = [Value(each, None, self, slot + place * MULTIPLE) for place, each in enumerate(spec.outputs)]
                node = (tuple(part), tuple(map(ref, outputs)), numbers)
            nodes.append(node)
            if self.nodes[slot] is not node:  # a signal's handler, or a finalizer, has recorded or computed meanwhile
                return recorder.current().add(spec, inputs)
            if slot >= self.limit:
                recorder.bound()
            return outputs
        return (deepest(inputs) or recorder.at(spec.place)).add(spec, inputs)

    def _admit(self, value: Value, place: Place) -> int:
        """The place among the inputs of a value that is not of this recording.

        Args:
            place: where the operation runs that uses it.

        Raises:
            Elsewhere: this is not the recording for it.
        """
        if place is not self.place:
            raise Elsewhere
        if value.array is None:
            self._await(value)
        if value.aval.place is not place:
            return self._admit(value_at(value, place), place)
        inputs = self.inputs
        number = len(inputs)
        inputs.append(value)
        while inputs[number] is not value:  # another came first
            number += 1
        self.places[value] = place = ~number
        return place

    def _await(self, value: Value) -> None:
        """Make sure that another recording may compute an input.

        Raises:
            Elsewhere: that one needs this one, or is a level.
        """
        if value.recording.depth:
            raise Elsewhere
        if value.aval.place is self.place:
            if value.recording.line is not self.line:
                value.compute()  # another thread's
            elif value.recording.needs(self):
                self.seal()
                raise Elsewhere

    def needs(self, other: Recording) -> bool:
        """Whether another recording is to compute any of its inputs, or of what these come from."""
        met = [self]
        for recording in met:
            met += {each.recording for each in recording.inputs if each.array is None}.difference(met)
        return other in met

    def seal(self) -> None:
        """Take no more; what is recorded at its place goes to another from now on."""
        self.verdict()
        self.nodes, self.is_open = Sealed(self.nodes), False
        recorder.renew(self)

    def note(self, holder: Any, name: str, old: Any) -> None:
        """One of the values is about to become an attribute of something."""
        self.replaced.append((holder, name, self.places.get(old, old)))

    def settle(self) -> None:
        """Let go of the tape's nodes that nobody else holds; the others keep no more than their derivatives use."""
        tracked = self.tracked
        while tracked:
            node = tracked.pop()  # the last first: it holds those that it goes back to
            if node.inputs is not None and getrefcount(node) > _ALONE:
                node.settle()

    def _output(self, known: Aval, slot: int) -> Value:
        return Value(known, None, self, slot)

    def outputs(self, begin: int = 0, end: int | None = None) -> list[Value | None]:
        """The outputs of the nodes from `begin` to `end`, None for what nobody holds."""
        return [each() for _, outs, _ in self.nodes[begin:end] for each in outs]

    def verdict(self) -> Verdict | None:
        """All that the checks find, in one last output."""
        if self.doubts:
            found = [each for each, _ in self.doubts]
            one = found[0] if len(found) == 1 else self.add(*checks.joined(found))[0]
            self._verdict = Verdict(one, [each for _, each in self.doubts])
            self.doubts = []
        return self._verdict

    def finish(self, outputs: list[Value | None], ends_step: bool = False) -> None:
        """Compute the outputs that somebody holds, or go on with that where it was left.

        Raises:
            RuntimeError: the program failed: they are lost.
        """
        with program_lock:
            if self.nodes is CLOSED:
                return
            if len(self._results) < 2:
                self._results = []
                self._is_running = True
                try:
                    self._run(outputs, ends_step)
                except Exception as error:
                    if not is_programs(error):
                        raise
                    raise self._given_up(memory.told(error)) from None
                finally:
                    self._is_running = False
            store(outputs, self._results)
            if self._verdict is not None:
                checks.tell(self._verdict)
            self.close()

    def _run(self, outputs: list[Value | None], ends_step: bool) -> None:
        free = {place for place, count in enumerate(map(getrefcount, self.inputs)) if count <= _NOBODY}
        run(self.nodes, self.inputs, outputs, free, ends_step, self._results)

    def _given_up(self, error: BaseException) -> BaseException:
        """Its program has failed: put back what its values took the place of."""
        back = []
        for holder, name, old in reversed(self.replaced):
            old = self.inputs[-1 - old] if type(old) is int else old
            if name == "value":
                if holder.value is None or holder.value.recording is not self:
                    continue
                holder.version += 1
            back.append((setattr, holder, name, old))
        at_once(back)
        self._error = error.with_traceback(None)
        self.close()
        return error

    def close(self) -> None:
        """Give up what it holds: all is computed that anybody wants."""
        self.nodes = CLOSED
        self.inputs, self._results = [], []
        self.places.clear()
        self.replaced.clear()
        self.tracked.clear()

    def read(self, value: Value, reason: str) -> None:
        """Compute a value that somebody reads.

        Raises:
            RuntimeError: it is lost.
        """
        if self.line is recorder.line:
            recorder.flush(reason, only=self)
        self.compute(value)

    def compute(self, value: Value, ends_step: bool = False) -> None:
        """Compute a value for somebody who is not adding to this recording.

        While anybody is, or while it is running, it is left as it is, and will compute the value once more.

        Raises:
            RuntimeError: it is lost.
        """
        with program_lock:
            if value.array is not None:
                return
            if self.nodes is CLOSED:
                why = "" if self._error is None else f" ({type(self._error).__name__}: {self._error})"
                raise RuntimeError(LOST.format(why))
            if len(self._results) == 2 or not (self.is_open or self._is_running):
                self.settle()
                self.verdict()
                self.finish(self.outputs(), ends_step)
            else:
                self._compute_beside(value)

    def _compute_beside(self, value: Value) -> None:
        end = value.slot % MULTIPLE + 1
        doubts = [each for each in self.doubts if each[0].slot % MULTIPLE < end]
        wanted = {value, *[found for found, _ in doubts]}
        outputs = [each if each in wanted else None for each in self.outputs(0, end)]
        results: list = []
        run(self.nodes[:end], self.inputs, outputs, set(), False, results)
        store(outputs, results)
        self._tell(doubts)

    def _tell(self, doubts: list[tuple[Value, Doubt]]) -> None:
        """Note checks that have run by themselves."""
        for each in doubts:
            with suppress(ValueError):
                self.doubts.remove(each)
            checks.tell(Verdict(each[0], [each[1]]))

    def cut(self, place: int) -> Recording:
        """Compute the nodes before `place`; returns a recording of the others."""
        with program_lock:
            self._is_running = True
            try:
                if self.nodes is CLOSED:
                    return Recording(self.place, self.line)
                return self._cut(place)
            finally:
                self._is_running = False


# references to an input that nobody else holds: the dictionary of inputs, the list of them, the call that counts
_NOBODY = 3
_ALONE = 2  # the variable, the call that counts


class Recorder(Lines):
    """The pending operations, for each thread its own: what one records never comes between another's.

    Attributes:
        at_boundary: a step has ended; the next operation that is tracked for gradients cuts first, so that the
            preparation of data stays out of the step's program.
        reads_host: a loader reads a dataset: its samples are taken from where they lie, one by one.
        steps: how many steps have ended.
    """

    def __init__(self) -> None:
        super().__init__(Recording)
        self.at_boundary = True
        self.reads_host = False
        self.steps = 0
        self._after_backward = False

    def boundary(self) -> None:
        """Cut before the first tracked operation of a step."""
        self.at_boundary = False
        ends_step, self._after_backward = self._after_backward, False
        self.kind.begins()
        self.kind.ends(self.flush, "a step begins", ends_step)
        self.begun = True

    def cut(self, reason: str) -> None:
        """Compute what is pending unless a step is under way: where a loop comes round, and so does the cut."""
        if self.at_boundary and self.pending():
            ends_step, self._after_backward = self._after_backward, False
            self.kind.ends(self.flush, reason, ends_step)

    def apart(self, reason: str, do: Callable[[], Any]) -> Any:
        """Run what `do` records by itself: what comes only once would make another program of a step.

        Returns:
            What `do` returns.
        """
        return self.kind.apart(self._apart, do, reason)

    def _apart(self, do: Callable[[], Any], reason: str) -> Any:
        before = self.line, self.sealed, self.recording, self.begun
        self.line, self.sealed = {}, []
        self.recording = self._begin(self.recording.place)
        try:
            made = do()
            self.flush(reason)
        finally:
            self.line, self.sealed, self.recording, self.begun = before
        return made

    def end_backward(self, accumulated: bool) -> None:
        """A walk of the tape is recorded: if no optimizer follows, the next step's first operation cuts.

        Args:
            accumulated: gradients were there already; without a cut here, k such walks would be one program.
        """
        self.at_boundary = self._after_backward = True
        if accumulated:
            self.kind.ends(self.flush, "gradients are accumulated", True)

    def end_step(self) -> None:
        """Compute all that is recorded: an optimizer has stepped."""
        self.at_boundary, self._after_backward = True, False
        self.steps += 1
        self.kind.ends(self.flush, "a step ended", True)

    def end_program(self) -> None:
        """Look at the values that nobody has read.

        Raises:
            Exception: something was wrong with them.
        """
        if any(each.doubts or each.verdict() for each in self.pending()):
            self.flush("the program ends")
        checks.hear(everything=True)

    def flush(self, reason: str, ends_step: bool = False, only: Recording | None = None) -> None:
        """Compute everything recorded that is still held.

        Args:
            only: of this recording, and what it needs of others.

        Raises:
            RuntimeError: the program failed; what it was to compute is lost, the recorder is as new.
            Exception: what an earlier step's checks looked at was wrong, or, where it is known already, this one's.
        """
        self.kind.interrupt(reason)
        taken = [each for each in self.pending() if only in (None, each)]
        if taken:
            self.take_off(taken)
        for each in taken:
            self._run(each, reason, ends_step)

    def _run(self, recording: Recording, reason: str, ends_step: bool) -> None:
        recording.settle()
        verdict = recording.verdict()
        outputs = recording.outputs()
        if outputs.count(None) == len(outputs):
            recording.close()
        else:
            explain.record.flushes[reason, explain.users_place()] += 1
            recording.finish(outputs, ends_step)
        if verdict is not None and type(verdict.found.array) is np.ndarray:
            checks.hear()
        elif ends_step and outstanding:
            checks.hear(but=verdict)

    def look(self, asked: Sequence[Bound], inputs: Sequence) -> None:
        """Look at an operation's inputs where they are known; else the program that computes them will.

        Raises:
            Exception: something is wrong with them, in PyTorch's words.
        """
        for each in asked:
            given = each.given(inputs)
            if each.refuse(given):
                self.kind.looked(each, given)
            else:
                checks.put_off(self.recording.add(*each.node(given))[0], each.doubt(explain.users_frame()))

    def bound(self) -> None:
        """Cut when too much is pending, at a place that comes again in a loop."""
        if settings.mode == "eager":
            return self.flush("each operation runs at once")
        recording = self.recording
        recording.settle()
        held = recording.outputs(recording.limit - _CHECK_EVERY)
        recording.live_bytes += sum(each.aval.nbytes for each in held if each is not None)
        if len(recording.nodes) < settings.max_nodes and recording.live_bytes < settings.max_bytes:
            recording.limit += _CHECK_EVERY
            return None
        self.kind.interrupt("many operations are pending")
        self.take_off([recording])
        explain.record.flushes["many operations are pending", explain.users_place()] += 1
        rest = recording.cut(repeating_cut([part[0] for part, _, _ in recording.nodes]))
        self.recording = self.line[rest.place] = rest
        if len(outstanding) > 1:
            checks.hear(but=outstanding[-1])
        return None


_CHECK_EVERY = 50

recorder = Recorder()


def record(spec: Spec, inputs: Sequence) -> list[Value]:
    """Record an operation; returns its outputs, to be computed later.

    Args:
        spec: the operation.
        inputs: a `Value` or a Python number for each of its inputs.
    """
    return (recorder.recording if inputs else recorder.at(spec.place)).add(spec, inputs)


def _follow_mode() -> None:
    for each in recorder.line.values():
        each.limit = Recording().limit


settings.on_change.append(_follow_mode)


@atexit.register
def _at_exit() -> None:
    """Tell what nobody has read."""
    try:
        recorder.end_program()
    except Exception:
        sys.excepthook(*sys.exc_info())
