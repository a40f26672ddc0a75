"""What operations ask of values: looked at where these are known, else by the program that computes them.

An operation declares `Check`s. Where the values are known when it is called, they are looked at there and then. Where
they are pending, a predicate is recorded beside the operation; all that a program has found comes back as one small
array, its `Verdict`, which is read with what is read next, and at the latest when the next step ends.
"""

from __future__ import annotations

import os
import threading
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Any, NamedTuple
from weakref import ref

import jax.numpy as jnp
import numpy as np
from jax import lax

from torchlike._programs.aval import Aval
from torchlike._programs.cache import remembered
from torchlike._programs.program import run_op
from torchlike._programs.spec import NUMBERS, Spec

FINE = np.iinfo(np.int64).max  # in the place of the first place where something is wrong
HERE = "What is wrong was recorded here, and found when it was computed:\n"


class Found(NamedTuple):
    """What was found wrong first.

    Attributes:
        place: where, in the flattened array of what is wrong.
        code: what is wrong there, if there are several kinds.
        elements: there, of the inputs that are integers and broadcast to that array.
    """

    place: int
    code: int
    elements: tuple[int, ...]

    @property
    def element(self) -> int:
        """The first input's."""
        return self.elements[0]


@dataclass(frozen=True, eq=False)
class Check:
    """What must hold for the values of some inputs of an operation.

    Attributes:
        wrong: a function of `given` and `numbers`, not zero wherever something is wrong. It gets NumPy's arrays or is
            traced, and so is made of operators and methods, unless it is `traced` alone.
        given: the inputs, of those with which the declaration was called.
        error: what to raise, or a function that makes it of what was `Found`.
        numbers: what else `wrong` is called with.
        traced: whether `wrong` is made of JAX's functions.
    """

    wrong: Callable
    given: tuple
    error: Exception | Callable[[Found], Exception]
    numbers: tuple = ()
    traced: bool = False

    def raised(self, found: list[int]) -> Exception:
        """The error for what `finding` gives."""
        error = self.error
        if isinstance(error, Exception):
            return type(error)(*error.args)
        return error(Found(found[0], found[1], tuple(found[2:])))


def finding(wrong: Callable, is_brief: bool) -> Callable:
    """The predicate of a check: int64 of the fields of `Found`, or of the place alone; `FINE` if nothing is wrong."""

    def find(*given: Any):
        code = jnp.asarray(wrong(*given))
        if is_brief:
            return jnp.where((code != 0).any(), 0, FINE)[None]
        flat = code.ravel()
        place = jnp.min(jnp.where(flat != 0, lax.broadcasted_iota(jnp.int64, flat.shape, 0), FINE))
        told = [code, *[each for each in given if _is_told(each, code.shape)]]
        parts = [jnp.broadcast_to(each, code.shape).ravel() for each in told]
        parts = [lax.dynamic_index_in_dim(each, place, keepdims=False).astype(jnp.int64) for each in parts]
        return jnp.stack([place, *parts])

    return find


def _is_any(wrong: Any) -> bool:
    """Whether anything is wrong; one number is what NumPy is slow with."""
    return bool(np.count_nonzero(wrong) if type(wrong) is np.ndarray else wrong)


def _is_told(each: Any, shape: tuple) -> bool:
    """Whether an element of an input belongs to each place; Python numbers are weakly typed."""
    if each.dtype.kind not in "iu" or each.aval.weak_type or each.ndim > len(shape):
        return False
    return all(size in (1, wide) for size, wide in zip(reversed(each.shape), reversed(shape), strict=False))


class Bound:
    """A check of an operation on inputs of known shapes.

    Args:
        check: what is checked.
        places: where the inputs stand among the operation's.
        trace: gives the predicate as an operation, see `finding`.
    """

    __slots__ = ("_check", "_places", "_numbers", "_trace", "_spec", "_fine")

    def __init__(self, check: Check, places: tuple[int, ...], trace: Callable[[], Spec]) -> None:
        self._check, self._places, self._trace = check, places, trace
        self._numbers = [np.array(each) for each in check.numbers]  # NumPy is quicker with these
        self._spec: Spec | None = None
        self._fine: Callable = lambda: None

    def given(self, inputs: Sequence) -> list:
        """What it looks at, among an operation's inputs."""
        return [inputs[place] for place in self._places]

    def refuse(self, given: list) -> bool:
        """Look at values; False if they are not known on the host.

        Raises:
            Exception: something is wrong with them.
        """
        if len(given) == 1 and self._fine() is given[0]:
            return True
        arrays = []
        for each in given:
            if type(each) not in NUMBERS:
                each = each.known
                if each is None:
                    return False
            arrays.append(each)
        if self._check.traced or _is_any(self._check.wrong(*arrays, *self._numbers)):
            with np.errstate(all="ignore"):
                [found] = run_op(self.spec, [*map(np.asarray, arrays), *self._numbers])
            found = np.asarray(found).tolist()
            if found[0] != FINE:
                raise self._check.raised(found)
        if len(given) == 1 and type(given[0]) not in NUMBERS:
            self._fine = ref(given[0])  # positions and the like come again and again
        return True

    @property
    def spec(self) -> Spec:
        """The predicate."""
        if self._spec is None:
            self._spec = self._trace()
        return self._spec

    def node(self, given: list) -> tuple[Spec, list]:
        """(the predicate, its inputs), to be recorded."""
        return self.spec, [*given, *self._check.numbers]

    def doubt(self, frame: FrameType | None) -> Doubt:
        """What is to be said of what the predicate finds, and where it was recorded."""
        where = None if frame is None else (frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name)
        return Doubt(self.spec.outputs[0].numel, self._check, where)


@remembered
def _joined(kinds: tuple[Aval, ...]) -> Spec:
    """The operation that puts findings together."""
    return Spec("findings", lambda *found: jnp.concatenate(found), kinds)


class Doubt(NamedTuple):
    """One check of pending values: how much `finding` gives, and (file, line, function) of the user's line."""

    size: int
    check: Check
    where: tuple[str, int, str] | None

    def raised(self, found: list[int]) -> Exception:
        """The error, with the user's line."""
        error = self.check.raised(found)
        if self.where is not None:
            error.add_note(HERE + "".join(traceback.format_list([traceback.FrameSummary(*self.where)])).rstrip())
        return error


class Verdict:
    """What one program finds of the values that it checks.

    Attributes:
        found: the value with all findings.
        doubts: the checks, in order.
        thread: the thread that recorded them: it is told.
    """

    __slots__ = ("found", "thread", "doubts")

    def __init__(self, found: Any, doubts: list[Doubt]) -> None:
        self.found, self.doubts = found, doubts
        self.thread = threading.current_thread()

    def error(self) -> Exception | None:
        """The error of what was recorded first of all that is wrong; waits for the program."""
        rest = np.asarray(self.found.array).tolist()
        for doubt in self.doubts:
            if rest[0] != FINE:
                return doubt.raised(rest[: doubt.size])
            rest = rest[doubt.size :]
        return None


def joined(found: list) -> tuple[Spec, list]:
    """(the operation, its inputs) that puts findings together."""
    return _joined(tuple([each.aval for each in found])), found


def put_off(found: Any, doubt: Doubt) -> None:
    """Let the program that computes what a check finds tell of it.

    Raises:
        Exception: it is computed already, and something is wrong.
    """
    while found.is_abstract:
        found = found.recording.lowered(found, doubt)
        if found is None:
            return
    if found.array is None:
        found.recording.doubts.append((found, doubt))
    else:
        tell(Verdict(found, [doubt]))
        hear()


outstanding: list[Verdict] = []  # of programs that may still run, in order
if hasattr(os, "register_at_fork"):  # who ran the programs is told, not its children
    os.register_at_fork(after_in_child=outstanding.clear)


def tell(verdict: Verdict) -> None:
    """Note the verdict of a program that runs; from a GPU it comes by itself."""
    outstanding.append(verdict)
    found = verdict.found
    if not found.aval.place.is_host and type(found.array) is not np.ndarray:
        found.array.copy_to_host_async()


def hear(but: Verdict | None = None, everything: bool = False) -> None:
    """Say what programs of this thread have found wrong, and wait for them; and of threads that have ended.

    Args:
        but: the verdict of a program that is not waited for.
        everything: whether also what all other threads have recorded.

    Raises:
        Exception: something was wrong.
    """
    own = threading.current_thread()
    _say([each for each in outstanding if everything or each.thread is own or not each.thread.is_alive()], but)


def hear_of(recording: Any) -> None:
    """`hear` of the program that has computed what is read, and of what its thread ran before, not of what came later.

    Raises:
        Exception: something was wrong.
    """
    its = next((each for each in outstanding if each.found.recording is recording), None)
    if its is not None and recording is not None:
        _say([each for each in outstanding[: outstanding.index(its) + 1] if each.thread is its.thread])


def _say(verdicts: list[Verdict], but: Verdict | None = None) -> None:
    """Raise the first error; it speaks for all that its thread has run by now, which followed from what was wrong."""
    for each in verdicts:
        if each is not but and each in outstanding:
            outstanding.remove(each)
            error = each.error()
            if error is not None:
                outstanding[:] = [other for other in outstanding if other.thread is not each.thread]
                raise error
