"""What was measured, and what is said of it."""

from __future__ import annotations

import dataclasses
import math
import textwrap
from collections import defaultdict
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from typing import Any

import numpy as np

from torchlike._functions.threads import get_num_threads, set_num_threads

_MOST_FIGURES = 4
_LEAST_INTERVAL = 25e-9  # seconds: no clock tells less
_WIDE, _VERY_WIDE = 0.1, 0.25  # interquartile ranges by the median, from which on it is said


@dataclasses.dataclass(repr=False, frozen=True)
class TaskSpec:
    """What is measured.

    Attributes:
        stmt: the statement.
        setup: what comes before it.
        global_setup: nothing.
        label, sub_label, description: what it is called: all of a table, a row, a column.
        env: where it ran.
        num_threads: how many threads could compute.
    """

    stmt: str
    setup: str
    global_setup: str = ""
    label: str | None = None
    sub_label: str | None = None
    description: str | None = None
    env: str | None = None
    num_threads: int = 1

    @property
    def title(self) -> str:
        """What it is called."""
        below = f": {self.sub_label}" if self.sub_label else ""
        if self.label is not None or "\n" not in self.stmt:
            return (self.stmt if self.label is None else self.label) + below
        return f"stmt:{f' ({self.sub_label})' if self.sub_label else ''}\n{textwrap.indent(self.stmt, '  ')}"

    def setup_str(self) -> str:
        """What comes before it, if anything does."""
        if self.setup == "pass" or not self.setup:
            return ""
        return f"setup:\n{textwrap.indent(self.setup, '  ')}" if "\n" in self.setup else f"setup: {self.setup}"

    def summarize(self) -> str:
        """What it is called, and what comes before it."""
        parts = [self.title, self.description or "", self.setup_str()]
        return "\n".join([f"{each}\n" if "\n" in each else each for each in parts if each])


_FIELDS = tuple(each.name for each in dataclasses.fields(TaskSpec))


@dataclasses.dataclass(repr=False)
class Measurement:
    """How long a statement took, once or several times.

    Attributes:
        number_per_run: how often it ran each time.
        raw_times: the seconds of each time.
        task_spec: what was measured; its attributes are found here, too.
        metadata: what the user adds.
    """

    number_per_run: int
    raw_times: list[float]
    task_spec: TaskSpec
    metadata: dict | None = None

    def __getattr__(self, name: str) -> Any:
        if name in _FIELDS:
            return getattr(self.task_spec, name)
        raise AttributeError(f"'Measurement' object has no attribute '{name}'")

    @property
    def times(self) -> list[float]:
        """The seconds of one run, each time."""
        return [each / self.number_per_run for each in self.raw_times]

    def _quantile(self, share: float) -> float:
        return float(np.quantile(self.times, share))

    @property
    def median(self) -> float:
        """The median of one run, in seconds."""
        return self._quantile(0.5)

    @property
    def mean(self) -> float:
        """The mean of one run, in seconds."""
        return float(np.mean(self.times))

    @property
    def iqr(self) -> float:
        """The interquartile range of one run, in seconds."""
        return self._quantile(0.75) - self._quantile(0.25)

    @property
    def significant_figures(self) -> int:
        """How many figures of the median can be trusted."""
        ordered, count = sorted(self.times), len(self.raw_times)
        middle = np.array(ordered[count // 4 : math.ceil(3 * count / 4)])
        interval = max(1.645 * float(middle.std()) / math.sqrt(len(middle)), _LEAST_INTERVAL)
        return min(max(math.floor(math.log10(self.median / interval)), 1), _MOST_FIGURES)

    @property
    def has_warnings(self) -> bool:
        """Whether the times lie far apart."""
        return bool(self._warnings())

    def _warnings(self) -> list[str]:
        if self.meets_confidence():
            return []
        cause = "could indicate system fluctuation."
        if not self.meets_confidence(_VERY_WIDE):
            cause = "suggests significant environmental influence."
        share = self.iqr / self.median * 100
        return [
            f"  WARNING: Interquartile range is {share:.1f}% of the median measurement.",
            f"           This {cause}",
        ]

    def meets_confidence(self, threshold: float = _WIDE) -> bool:
        """Whether the interquartile range is below so much of the median."""
        return self.iqr / self.median < threshold

    @property
    def title(self) -> str:
        """What the statement is called."""
        return self.task_spec.title

    @property
    def as_row_name(self) -> str:
        """What it is called in a table's row."""
        return self.sub_label or self.stmt or "[Unknown]"

    def __repr__(self) -> str:
        count, many = len(self.raw_times), len(self.raw_times) > 1
        unit, scale = select_unit(self.median)
        rows = [object.__repr__(self), self.task_spec.summarize()]
        rows.append(f"  {'Median: ' if many else ''}{self.median / scale:.2f} {unit}")
        if count >= 4:
            low, high = self._quantile(0.25) / scale, self._quantile(0.75) / scale
            rows.append(f"  IQR:    {self.iqr / scale:.2f} {unit} ({low:.2f} to {high:.2f})")
        threads = f"{self.num_threads} thread{'s' if self.num_threads > 1 else ''}"
        runs = f"{self.number_per_run} runs {'per measurement,' if many else ','} {threads}"
        rows.append(f"  {count} measurement{'s' if many else ''}, {runs}")
        return "\n".join([*rows, *self._warnings()])

    @staticmethod
    def merge(measurements: Iterable[Measurement]) -> list[Measurement]:
        """One for all of each statement."""
        grouped: dict[TaskSpec, list[float]] = defaultdict(list)
        for each in measurements:
            grouped[each.task_spec] += each.times
        return [Measurement(1, times, spec) for spec, times in grouped.items()]


def select_unit(t: float) -> tuple[str, float]:
    """The unit in which seconds are shown, and how many of them it has."""
    unit = {-3: "ns", -2: "us", -1: "ms"}.get(math.floor(math.log10(t) / 3), "s")
    return unit, {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1}[unit]


def unit_to_english(u: str) -> str:
    """A unit's name."""
    return {"ns": "nanosecond", "us": "microsecond", "ms": "millisecond", "s": "second"}[u]


def trim_sigfig(x: float, n: int) -> float:
    """A number with `n` significant figures: ``trim_sigfig(3.14159, 2)`` is 3.1.

    Raises:
        AssertionError: `n` is no integer.
    """
    if n != int(n):
        raise AssertionError("Number of significant figures must be an integer")
    scale = 10 ** (math.ceil(math.log10(abs(x))) - n)
    return float(np.round(np.float32(x / scale)) * scale)


def ordered_unique(elements: Iterable) -> list:
    """Each element once, in the order in which they come."""
    return list(dict.fromkeys(elements))


@contextmanager
def set_torch_threads(n: int) -> Generator[None]:
    """Within the block so many threads compute."""
    before = get_num_threads()
    set_num_threads(n)
    try:
        yield
    finally:
        set_num_threads(before)
