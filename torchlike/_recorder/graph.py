"""What a function does, recorded to be a function of JAX: for what runs it another number of times than once."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

from jax import lax

from torchlike._programs.aval import Aval
from torchlike._programs.spec import Spec
from torchlike._recorder.checks import Doubt
from torchlike._recorder.levels import Level
from torchlike._recorder.recorder import Value

READ = "an element is looked at, or an array taken, in a function that is recorded to run later: it is not known yet"
WRITTEN = (
    "a function that is recorded to run later writes to a tensor from outside, or to one of its arguments: return the new "
    "elements instead"
)


class Graph(Level):
    """The level of a function whose arguments are not known yet.

    An operation on what depends on the arguments becomes a node; what does not is recorded outside, and is captured, as are
    Python numbers.

    Args:
        kinds: the arguments' avals.
        is_tracking: whether operations are tracked just now; None if nothing is. What is not is constant to JAX, too.

    Attributes:
        arguments: the abstract values that stand for the arguments.
        nodes: (operation, for each input the place of an argument or of an output of a node, or negative that of what is
            captured).
        captured: values from outside, and numbers.
        doubts: checks of values, and what finds whether something is wrong with these.
        history: for captured values the edges with which they were used.
    """

    def __init__(
        self, depth: int, around: tuple[Level, ...], kinds: Sequence[Aval], is_tracking: Callable[[], bool] | None
    ) -> None:
        super().__init__(depth, around)
        self.kinds = tuple(kinds)
        self.arguments = [Value(each, None, self, place) for place, each in enumerate(kinds)]
        self.nodes: list[tuple[Spec, tuple[int, ...]]] = []
        self.captured: list = []
        self.doubts: list[tuple[Value, Doubt]] = []
        self.history: dict[Value, tuple] = {}
        self._places: dict[Value, int] = {}
        self._count = len(self.arguments)
        self._is_tracking = is_tracking

    def add(self, spec: Spec, inputs: Sequence) -> list[Value]:
        """Append a node; returns its outputs."""
        made = self._append(spec, inputs)
        if self._is_tracking is not None and not self._is_tracking():
            made = [self.constant(each) for each in made]
        return made

    def _append(self, spec: Spec, inputs: Sequence) -> list[Value]:
        self.nodes.append((spec, tuple(map(self._place, inputs))))
        first, self._count = self._count, self._count + spec.count
        return [Value(each, None, self, first + place) for place, each in enumerate(spec.outputs)]

    def _place(self, given: Any) -> int:
        if type(given) is not Value:
            self.captured.append(given)
            return -len(self.captured)
        if given.recording is self and given.is_abstract:
            return given.slot
        if given not in self._places:
            self.captured.append(given)
            self._places[given] = -len(self.captured)
        return self._places[given]

    def constant(self, value: Value) -> Value:
        """The value, without a derivative."""
        return self._append(_stopped(value.aval), (value,))[0] if value.aval.dtype.rank >= 2 else value

    def into(self, parts: Sequence[Value | None], known: Aval) -> Value | None:
        return parts[0]

    def parts(self, value: Value) -> tuple[Value, ...]:
        return (value,)

    def total(self, value: Value) -> Value:
        return value

    def read(self, value: Value, reason: str) -> NoReturn:
        raise RuntimeError(f"{READ} ({reason})")

    def note(self, holder: Any, name: str, old: Value) -> None:
        if name == "value" and not (old.is_abstract and old.recording is self):
            raise RuntimeError(WRITTEN)

    def lowered(self, found: Value, doubt: Doubt) -> None:
        self.doubts.append((found, doubt))

    def function(self, outputs: Sequence[Value]) -> Function:
        """It as a function of JAX that gives some of its values."""
        return Function(self.kinds, tuple(self.nodes), tuple(map(self._place, outputs)), len(self.captured))


@dataclass(frozen=True)
class Function:
    """A pure function of JAX: called with the arguments, and with what was captured.

    Attributes:
        kinds, nodes: as of the `Graph`.
        outputs: the places of the results.
        taken: how many values and numbers were captured.
    """

    kinds: tuple[Aval, ...]
    nodes: tuple[tuple, ...]
    outputs: tuple[int, ...]
    taken: int

    def __call__(self, arguments: Sequence, captured: Sequence) -> list:
        values = list(arguments)
        given = lambda place: values[place] if place >= 0 else captured[-1 - place]
        for spec, places in self.nodes:
            values.extend(spec.replay([*map(given, places)]))
        return [*map(given, self.outputs)]


@dataclass(frozen=True)
class Form:
    """An operation made of functions: what tells it from others, and how to make it."""

    key: tuple
    make: Callable[[], Spec] = field(compare=False)


@functools.lru_cache(maxsize=1024)
def spec_of(form: Form) -> Spec:
    """The operation, traced once for the same functions on the same kinds of inputs."""
    return form.make()


@functools.lru_cache(maxsize=1024)
def _stopped(known: Aval) -> Spec:
    return Spec("detach", lax.stop_gradient, (known,))
