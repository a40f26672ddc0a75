"""Values and the recorder: operations are appended here and run together at a flush."""

from __future__ import annotations

import threading
from sys import getrefcount
from weakref import ref

import jax
import numpy as np

from torchlike._programs import explain, program
from torchlike._programs.aval import Aval, aval
from torchlike._programs.program import NUMBER_MARKS
from torchlike._programs.settings import settings
from torchlike._programs.spec import Spec
from torchlike._types.devices import CPU
from torchlike._types.dtypes import of_numpy

LOST = "this tensor's value was lost: the program that was to compute it failed"


class Value:
    """An immutable array: computed when `array` is set, else the output of a recorded node.

    Attributes:
        aval: its shape, dtype and device.
        array: the `jax.Array` (or NumPy array), or None while it is only recorded.
        slot: its position in the program, meaningful during a flush.
    """

    __slots__ = ("aval", "array", "slot", "__weakref__")

    def __init__(self, known: Aval, array=None) -> None:
        self.aval = known
        self.array = array

    def compute(self, reason: str = "a value is read"):
        """The array, computed now if need be."""
        if self.array is None:
            recorder.flush(reason)
            if self.array is None:
                recorder.flush_all(reason)
            if self.array is None:
                raise RuntimeError(LOST)
        return self.array

    def numpy(self) -> np.ndarray:
        """The value as a NumPy array, not to be written to."""
        return np.asarray(self.compute())


def value_of(array, where=CPU) -> Value:
    """A computed value from a JAX or NumPy array."""
    return Value(aval(array.shape, of_numpy(array.dtype), where), array)


_lock = threading.RLock()
_everyone: list[dict] = []  # the state of each thread's recorder; a thread that has ended may leave nodes behind


class Recorder(threading.local):
    """The pending operations, for each thread its own: what one records never comes between another's.

    A node is a tuple (spec, inputs, weak references to its outputs): what nobody holds any more is neither
    computed nor returned.

    Attributes:
        pending: the nodes since the last flush.
        at_boundary: a step has ended; the next operation that is tracked for gradients cuts first, so that the
            preparation of data stays out of the step's program.
    """

    def __init__(self) -> None:
        self.pending: list[tuple] = []
        self.at_boundary = True
        self._after_backward = False
        self._next_check = _CHECK_EVERY
        self._live_bytes = 0
        self._thread = threading.current_thread()
        with _lock:
            _everyone[:] = [each for each in _everyone if each["pending"] or each["_thread"].is_alive()]
            _everyone.append(self.__dict__)

    def record(self, spec: Spec, inputs: tuple) -> list[Value]:
        """Append a node; returns its outputs, to be computed later.

        Args:
            spec: the operation.
            inputs: a `Value` or a Python number for each of its inputs.
        """
        outputs = [Value(each) for each in spec.outputs]
        self.pending.append((spec, inputs, [ref(each) for each in outputs]))
        if len(self.pending) >= self._next_check or settings.mode == "eager":
            self._bound()
        return outputs

    def record_one(self, spec: Spec, inputs: tuple) -> Value:
        """`record` for an operation with one output: the quick path."""
        output = Value(spec.outputs[0])
        pending = self.pending
        pending.append((spec, inputs, (ref(output),)))
        if len(pending) >= self._next_check or settings.mode == "eager":
            self._bound()
        return output

    def boundary(self) -> None:
        """Cut before the first tracked operation of a step."""
        self.at_boundary = False
        if self.pending:
            self.flush("a step begins", ends_step=self._after_backward)
        self._after_backward = False

    def cut(self, reason: str) -> None:
        """Compute what is pending unless a step is under way: where a loop comes round, and so does the cut."""
        if self.pending and self.at_boundary:
            self.flush(reason, ends_step=self._after_backward)
            self._after_backward = False

    def end_backward(self, accumulated: bool) -> None:
        """A walk of the tape is recorded: if no optimizer follows, the next step's first operation cuts.

        Args:
            accumulated: gradients were there already; without a cut here, k such walks would be one program.
        """
        if accumulated:
            self.flush("gradients are accumulated", ends_step=True)
        self.at_boundary = self._after_backward = True

    def end_step(self) -> None:
        """Compute all that is recorded: an optimizer has stepped."""
        self.flush("a step ended", ends_step=True)
        self.at_boundary, self._after_backward = True, False

    def flush(self, reason: str, ends_step: bool = False) -> None:
        """Compute everything recorded that is still held.

        Raises:
            RuntimeError: the program failed; what it was to compute is lost, the recorder is as new.
        """
        with _lock:
            nodes, self.pending = self.pending, []
            self._next_check, self._live_bytes = _CHECK_EVERY, 0
            if any(out() is not None for node in reversed(nodes) for out in node[2]):
                explain.record.flushes[reason, explain.users_place()] += 1
                _run(nodes, ends_step)

    def flush_all(self, reason: str) -> None:
        """Compute what any thread has recorded, for a value that came from another."""
        with _lock:
            nodes = _with_others([])
            if nodes:
                explain.record.flushes[reason, explain.users_place()] += 1
                _run(nodes, False)

    def _bound(self) -> None:
        """Cut when too much is pending, at a place that comes again in a loop."""
        if settings.mode == "eager":
            return self.flush("each operation runs at once")
        fresh = self.pending[self._next_check - _CHECK_EVERY :]
        held = (out() for _, _, outs in fresh for out in outs)
        self._live_bytes += sum(each.aval.nbytes for each in held if each is not None)
        if len(self.pending) < settings.max_nodes and self._live_bytes < settings.max_bytes:
            self._next_check += _CHECK_EVERY
            return None
        with _lock:
            cut = _repeating_cut([node[0] for node in self.pending])
            rest = self.pending[cut:]
            self.pending = self.pending[:cut]
            self.flush("many operations are pending", ends_step=True)
            self.pending = rest
        return None


_CHECK_EVERY = 50
_WINDOW = 6


def _repeating_cut(specs: list[Spec]) -> int:
    """The last place where the sequence begins as it began: a loop cut there has the same programs each time."""
    head = specs[:_WINDOW]
    for place in range(len(specs) - _WINDOW, len(specs) // 4, -1):
        if specs[place] is head[0] and specs[place : place + _WINDOW] == head:
            return place
    return len(specs)


class _Flat:
    """Nodes as a program sees them: a flat key, the inputs from outside, the packs of numbers, the outputs."""

    __slots__ = ("key", "inputs", "floats", "ints", "outputs")

    def __init__(self, nodes: list[tuple]) -> None:
        self.key, self.floats, self.ints = [], [], []
        self.inputs: dict[Value, int] = {}
        self.outputs: list = []
        key, inputs, outputs = self.key, self.inputs, self.outputs
        for spec, given, outs in nodes:
            key.append(spec.number)
            for each in given:
                if type(each) is not Value:
                    self._number(each)
                elif each.array is None:
                    key.append(each.slot)
                else:
                    place = inputs.get(each)
                    if place is None:
                        place = inputs[each] = -1 - len(inputs)
                    key.append(place)
            for out in outs:
                value = out()
                if value is not None:
                    value.slot = len(outputs)
                outputs.append(out)

    def _number(self, number) -> None:
        mark = NUMBER_MARKS[type(number)]
        self.key.append(mark)
        if mark == "i":
            self.ints.append(number)
        elif mark == "f":
            self.floats.append(number)
        else:
            self.floats += (number.real, number.imag)

    def structure(self, nodes: list[tuple]) -> tuple[list, list, list]:
        """((spec, places of its inputs) for each node, avals of the inputs, avals of the outputs)."""
        split, at = [], 1
        for spec, given, _ in nodes:
            split.append((spec, self.key[at : at + len(given)]))
            at += 1 + len(given)
        return split, [each.aval for each in self.inputs], [out for spec, _, _ in nodes for out in spec.outputs]

    def live(self) -> tuple[int, ...]:
        """Positions of the outputs that somebody still holds."""
        return tuple([place for place, out in enumerate(self.outputs) if out() is not None])

    def settle(self, places, arrays) -> None:
        """Give the held outputs their arrays."""
        for place, array in zip(places, arrays, strict=True):
            value = self.outputs[place]()
            if value is not None:
                value.array = array

    def lose(self) -> None:
        """The program failed: nothing may take these outputs for those of another program."""
        for out in self.outputs:
            value = out()
            if value is not None:
                del value.slot


# references to an input that nobody else holds: the table of inputs, the list, and the call that counts
_NOBODY = 3


def _with_others(nodes: list[tuple]) -> list[tuple]:
    """The nodes and all that other threads have recorded, each after those it needs.

    Raises:
        RuntimeError: one needs a value whose program failed.
    """
    for state in _everyone:
        pending = state["pending"]
        others = pending[:]
        del pending[: len(others)]  # in place: its thread may be appending
        nodes = nodes + others
    ordered, made = [], set()
    while nodes:
        rest = []
        for node in nodes:
            if all(type(each) is not Value or each.array is not None or each in made for each in node[1]):
                ordered.append(node)
                made.update(out() for out in node[2])
            else:
                rest.append(node)
        if len(rest) == len(nodes):
            raise RuntimeError(LOST)
        nodes = rest
    return ordered


_LARGE = 2**16


def _for_xla(value: Value):
    """The array of an input. A large one of NumPy's is handed over once, else every program would copy it again."""
    array = value.array
    if type(array) is np.ndarray and array.nbytes > _LARGE:
        array = value.array = jax.device_put(array)
    return array


def _run(nodes: list[tuple], ends_step: bool) -> None:
    try:
        flat = _Flat(nodes)
    except AttributeError:  # an input without a slot: another thread has recorded it
        nodes, ends_step = _with_others(nodes), False
        flat = _Flat(nodes)
    structure = program.find(tuple(flat.key), lambda: flat.structure(nodes))
    nodes.clear()  # what only the nodes held is dead now: neither returned nor kept from donation
    live = flat.live()
    if not live:
        return
    inputs = list(flat.inputs)
    arrays = [_for_xla(each) for each in inputs]
    try:
        if program.runs_whole(structure, ends_step):

            def is_free(place: int) -> bool:
                return getrefcount(inputs[place]) <= _NOBODY

            places, got = program.run_whole(structure, live, is_free, flat.floats, flat.ints, arrays)
        else:
            places, got = live, program.run_by_op(structure, live, flat.floats, flat.ints, arrays)
    except BaseException:
        flat.lose()
        raise
    flat.settle(places, got)


recorder = Recorder()
record = recorder.record
record_one = recorder.record_one
