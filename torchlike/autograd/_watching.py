"""What a profiler sees: each operation as it is recorded, each program as it runs.

Nothing of it is there while no profiler is on: `Watch` puts itself in the place of three methods, and takes that back.
"""

from __future__ import annotations

import math
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from typing import Any

import jax

from torchlike._programs import explain
from torchlike._programs.program import Structure
from torchlike._programs.spec import Spec
from torchlike._recorder.recorder import Recording, recorder

OPERATION, RANGE, PROGRAM, COMPILING = "cpu_op", "user_annotation", "program", "compile"


class Event:
    """Something that took time.

    Attributes:
        name: what.
        kind: `OPERATION`, `RANGE`, `PROGRAM` or `COMPILING`.
        thread: which thread did it.
        start, end: when, in ns.
        ran: the ns in which its part of a program ran: an operation is recorded first, and runs later.
        on_device: whether that was on a GPU.
        shapes: the shapes of its inputs.
        stack: the user's lines, the innermost first.
        nbytes: how many bytes its results take.
        flops: how many multiplications and additions of matrices it does.
    """

    __slots__ = ("name", "kind", "thread", "start", "end", "ran", "on_device", "shapes", "stack", "nbytes", "flops")

    def __init__(self, name: str, kind: str, start: int) -> None:
        self.name, self.kind, self.start, self.end = name, kind, start, start
        self.thread = threading.get_native_id()
        self.ran = self.nbytes = self.flops = 0
        self.on_device = False
        self.shapes: list = []
        self.stack: list[str] = []


class Watch:
    """What is seen from `start` to `stop`.

    Args:
        shapes: whether shapes of inputs are wanted.
        stacks: whether the user's lines are wanted.
    """

    current: Watch | None = None

    def __init__(self, shapes: bool = False, stacks: bool = False) -> None:
        self.shapes, self.stacks = shapes, stacks
        self.events: list[Event] = []
        self._pending: dict[Spec, deque[Event]] = defaultdict(deque)
        self._before: list[tuple[type, str, Callable]] = []

    def start(self) -> None:
        """Look from now on.

        Raises:
            RuntimeError: another profiler is on.
        """
        if Watch.current is not None:
            raise RuntimeError("Profiler is already enabled on this thread")
        recorder.flush("a profiler begins")
        self._put(Recording, "add", self._adding)
        self._put(Structure, "run_whole", self._running)
        self._put(Structure, "run_by_op", self._running)
        Watch.current = self

    def stop(self) -> None:
        """Look no more; what is pending is computed first."""
        try:
            recorder.flush("a profiler ends")
        finally:
            Watch.current = None
            while self._before:
                owner, name, method = self._before.pop()
                setattr(owner, name, method)

    def _put(self, owner: type, name: str, wrap: Callable) -> None:
        method = getattr(owner, name)
        self._before.append((owner, name, method))
        setattr(owner, name, wrap(method))

    def _adding(self, add: Callable) -> Callable:
        def noted(recording: Recording, spec: Spec, inputs: Sequence) -> list:
            event = Event(f"aten::{spec.name}", OPERATION, time.perf_counter_ns())
            outputs = add(recording, spec, inputs)
            event.end = time.perf_counter_ns()
            self._describe(event, spec)
            self.events.append(event)
            self._pending[spec].append(event)
            return outputs

        return noted

    def _describe(self, event: Event, spec: Spec) -> None:
        event.nbytes = sum([each.nbytes for each in spec.outputs])
        event.flops = _flops(spec)
        if self.shapes:
            event.shapes = [[] if isinstance(each, type) else list(each.shape) for each in spec.inputs]
        if self.stacks:
            event.stack = _users_lines()

    def _running(self, run: Callable) -> Callable:
        def noted(structure: Structure, *args: Any) -> Any:
            known = len(explain.record.compiles)
            event = Event(f"program of {len(structure.specs)} operations", PROGRAM, time.perf_counter_ns())
            made = run(structure, *args)
            jax.block_until_ready(args[-1] if made is None else made)
            event.end = time.perf_counter_ns()
            self.events.append(event)
            compiled = int(1e9 * sum([each.seconds for each in explain.record.compiles[known:]]))
            if compiled:
                inner = Event("compiling", COMPILING, event.start)
                inner.end = min(event.start + compiled, event.end)
                self.events.append(inner)
            self._share(structure, event, max(event.end - event.start - compiled, 0))
            return made

        return noted

    def _share(self, structure: Structure, event: Event, spent: int) -> None:
        """Give a program's time to its operations, by estimates of what each costs."""
        weights = [spec.cost if spec.place.is_host else _size(spec) for spec in structure.specs]
        total = sum(weights) or 1.0
        for spec, weight in zip(structure.specs, weights, strict=True):
            waiting = self._pending[spec]
            if waiting:
                one = waiting.popleft()
            else:  # a compiled function's: it is not recorded anew
                one = Event(f"aten::{spec.name}", OPERATION, event.start)
                self._describe(one, spec)
                self.events.append(one)
            one.ran, one.on_device = int(spent * weight / total), not spec.place.is_host


def _size(spec: Spec) -> float:
    return 1.0 + sum([math.prod(each.shape) for each in spec.outputs])


def _flops(spec: Spec) -> int:
    """Twice the multiplications of the products and convolutions in an operation."""
    return sum([_of_equation(each) for each in spec.jaxpr.jaxpr.eqns])


def _of_equation(equation: Any) -> int:
    name = equation.primitive.name
    if name not in ("dot_general", "conv_general_dilated"):
        inner = [each for each in equation.params.values() if hasattr(each, "jaxpr")]
        return sum([_of_equation(each) for one in inner for each in one.jaxpr.eqns])
    first, second = [each.aval.shape for each in equation.invars[:2]]
    made = math.prod(equation.outvars[0].aval.shape)
    if name == "dot_general":
        return 2 * made * math.prod([first[each] for each in equation.params["dimension_numbers"][0][0]])
    kernel = equation.params["dimension_numbers"].rhs_spec
    return 2 * made * math.prod(second) // second[kernel[0]]


def _users_lines() -> list[str]:
    frame, lines = explain.users_frame(), []
    while frame is not None:
        lines.append(f"{frame.f_code.co_filename}({frame.f_lineno}): {frame.f_code.co_name}")
        frame = explain.users_frame(frame.f_back) if frame.f_back is not None else None
    return lines
