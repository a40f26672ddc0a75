"""What the mechanism did: each compile's cause, place and time, each flush's reason."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

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
        compiles: every compilation, in order.
        flushes: how often the recorder was emptied, by (reason, (file, number) of the user's line).
        runs: how many programs ran: ``"whole"`` and ``"op"`` count whole programs and single operations, ``"cold"``
            the operations that NumPy ran.
    """

    compiles: list[Compile] = field(default_factory=list)
    flushes: Counter = field(default_factory=Counter)
    runs: Counter = field(default_factory=Counter)

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
        return "\n".join(rows)

    __repr__ = __str__


record = Explanation()


def explain(reset: bool = False) -> Explanation:
    """Tell what was compiled and flushed so far, why, and at which line of the user's program.

    Args:
        reset: begin to count anew after this report.

    Example:
        >>> report = explain(reset=True)
        >>> report.programs >= 0
        True
    """
    told = Explanation(list(record.compiles), Counter(record.flushes), Counter(record.runs))
    if reset:
        record.compiles.clear()
        record.flushes.clear()
        record.runs.clear()
    return told


def users_place() -> tuple[str, int]:
    """(file, number) of the innermost line outside this package."""
    frame = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
    return (frame.f_code.co_filename, frame.f_lineno) if frame is not None else ("at exit", 0)


def told(place: tuple[str, int]) -> str:
    """A place as ``file:number``."""
    return f"{place[0]}:{place[1]}"
