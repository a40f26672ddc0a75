"""What the mechanism did: each compile's cause, place and time, each flush's reason."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
import warnings
from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from torchlike._programs.marks import breaks_capture
from torchlike._programs.settings import settings

LAST = 10_000
_PACKAGE = str(Path(__file__).resolve().parent.parent)


@dataclass(frozen=True)
class Compile:
    """One compilation: what it was, why, where in the user's program, and how long it took (in seconds)."""

    what: str
    cause: str
    line: str
    seconds: float


@dataclass
class Explanation:
    """What `explain()` returns; its text is a report.

    Attributes:
        compiles: every compilation, in order; after `LAST` of them, the last ones.
        flushes: how often the recorder was emptied, by (reason, (file, number) of the user's line).
        runs: how many programs ran: ``"whole"`` and ``"op"`` count whole programs and single operations, ``"cold"``
            the operations that NumPy ran, ``"replayed"`` the calls of compiled functions without Python.
        breaks: how often a call of a compiled function could not be captured, by (function, reason, place).
    """

    compiles: list[Compile] = field(default_factory=list)
    flushes: Counter = field(default_factory=Counter)
    runs: Counter = field(default_factory=Counter)
    breaks: Counter = field(default_factory=Counter)

    @property
    def programs(self) -> int:
        """How many distinct whole programs were compiled."""
        return sum(each.cause != "first use of the operation" for each in self.compiles)

    def __str__(self) -> str:
        spent = sum(each.seconds for each in self.compiles)
        rows = [f"{len(self.compiles)} compiles, {spent:.2f} s; {self.programs} whole programs"]
        rows += [f"  {each.seconds * 1e3:7.1f} ms  {each.what}: {each.cause}, {each.line}" for each in self.compiles]
        rows.append(f"{sum(self.flushes.values())} flushes")
        rows += [f"  {count:7d} x  {reason}, {told(where)}" for (reason, where), count in self.flushes.most_common()]
        rows.append(
            f"runs: {self.runs['whole']} whole programs, {self.runs['op']} single operations, "
            f"{self.runs['cold']} by NumPy"
        )
        if self.runs["replayed"] or self.breaks:
            rows.append(f"compiled functions: {self.runs['replayed']} calls replayed")
        for (name, reason, where), count in self.breaks.most_common():
            rows.append(f"  {count:7d} x  `{name}` was recorded: {reason}, {told(where)}")
        return "\n".join(rows)

    __repr__ = __str__


record = Explanation()


def compiling(what: str, cause: str) -> contextlib.AbstractContextManager[None]:
    """Note that the block compiles something, and say so on stderr if it takes long; see `Settings.tell_after`."""
    return _compiling(what, cause, told(users_place()))


@contextlib.contextmanager
def _compiling(what: str, cause: str, line: str) -> Generator[None]:
    begun = time.perf_counter()
    timer = threading.Timer(settings.tell_after, _say, (what, line))
    timer.daemon = True
    if settings.tell_after:
        timer.start()
    try:
        yield
    finally:
        timer.cancel()
    record.compiles.append(Compile(what, cause, line, time.perf_counter() - begun))
    del record.compiles[:-LAST]


def _say(what: str, line: str) -> None:
    print(f"torchlike: compiling {what}, {line}", file=sys.stderr, flush=True)


@breaks_capture
def explain(reset: bool = False) -> Explanation:
    """Tell what was compiled and flushed so far, why, and at which line of the user's program.

    Args:
        reset: begin to count anew after this report.

    Example:
        >>> report = explain(reset=True)
        >>> report.programs >= 0
        True
    """
    told = Explanation(list(record.compiles), Counter(record.flushes), Counter(record.runs), Counter(record.breaks))
    if reset:
        record.compiles.clear()
        record.flushes.clear()
        record.runs.clear()
        record.breaks.clear()
    return told


def users_frame(frame: FrameType | None = None) -> FrameType | None:
    """The innermost frame outside this package, from the caller's or another one on."""
    frame = frame or sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
    return frame


def users_place(frame: FrameType | None = None) -> tuple[str, int]:
    """(file, number) of the innermost line outside this package, from the caller's frame or another one on."""
    frame = users_frame(frame)
    return (frame.f_code.co_filename, frame.f_lineno) if frame is not None else ("at exit", 0)


def warn(text: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the user's line, however deep the call."""
    frame = users_frame()
    if frame is None:
        warnings.warn(text, category, stacklevel=2)
    else:
        registry = frame.f_globals.setdefault("__warningregistry__", {})
        module = frame.f_globals.get("__name__", "<string>")
        warnings.warn_explicit(text, category, frame.f_code.co_filename, frame.f_lineno, module, registry)


def told(place: tuple[str, int]) -> str:
    """A place as ``file:number``."""
    return f"{place[0]}:{place[1]}"
