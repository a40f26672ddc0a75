"""Measurements side by side."""

from __future__ import annotations

import enum
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from torchlike.utils.benchmark._measurement import (
    Measurement,
    ordered_unique,
    select_unit,
    trim_sigfig,
    unit_to_english,
)

_BEST, _GOOD, _BAD, _VERY_BAD = "\033[92m", "\033[34m", "\033[2m\033[91m", "\033[31m"
_BOLD, _END = "\033[1m", "\033[0m\033[0m"


class Colorize(enum.Enum):
    """What is best is found in a column, in a row, or not at all."""

    NONE, COLUMNWISE, ROWWISE = "none", "columnwise", "rowwise"


class Compare:
    """Measurements as tables: one for each label, a row for each statement, a column for each description.

    Args:
        results: the measurements; those of the same statement are put together.

    Raises:
        ValueError: one is none.
    """

    def __init__(self, results: Iterable[Measurement]) -> None:
        self._results: list[Measurement] = []
        self.extend_results(results)
        self._is_trimmed, self._warns, self._colors = False, False, Colorize.NONE

    def extend_results(self, results: Iterable[Measurement]) -> None:
        """Add measurements.

        Raises:
            ValueError: one is none.
        """
        results = list(results)
        for each in results:
            if not isinstance(each, Measurement):
                raise ValueError(f"Expected an instance of `Measurement`, got {type(each)} instead.")
        self._results += results

    def trim_significant_figures(self) -> None:
        """Show those figures alone that can be trusted."""
        self._is_trimmed = True

    def colorize(self, rowwise: bool = False) -> None:
        """Show what is best, and what is far from it, in colours."""
        self._colors = Colorize.ROWWISE if rowwise else Colorize.COLUMNWISE

    def highlight_warnings(self) -> None:
        """Show where times lie far apart."""
        self._warns = True

    def print(self) -> None:
        """Print the tables."""
        print(str(self))

    def __str__(self) -> str:
        grouped: dict[Any, list[Measurement]] = defaultdict(list)
        for each in Measurement.merge(self._results):
            grouped[each.label].append(each)
        tables = [_Table(each, self._colors, self._is_trimmed, self._warns) for each in grouped.values()]
        return "\n".join([each.text() for each in tables])


class _Table:
    """A table of measurements with one label."""

    def __init__(self, results: list[Measurement], colors: Colorize, is_trimmed: bool, warns: bool) -> None:
        self.results, self.colors, self.is_trimmed = results, colors, is_trimmed
        self.warns = warns
        self.unit, self.scale = select_unit(min([each.median for each in results]))
        self.columns = ordered_unique([each.description for each in results])
        keys = ordered_unique([(each.num_threads, each.env, each.as_row_name) for each in results])
        self.keys = sorted(keys, key=lambda key: key[:2])
        found = {(each.num_threads, each.env, each.as_row_name, each.description): each for each in results}
        self.rows = [[found.get((*key, column)) for column in self.columns] for key in self.keys]

    def text(self) -> str:
        """The table as text."""
        envs = {each.env for each in self.results}
        indent = max(len(str(each)) for each in envs) + 4 if len(envs) > 1 else 4
        cells, threads, env = [["", *[each or "" for each in self.columns]]], -1, ""
        for (count, where, name), row in zip(self.keys, self.rows, strict=True):
            env = "" if count != threads else env
            threads = count
            shown = f"({where})" if len(envs) > 1 and where != env else ""
            env = where
            numbers = [self._number(each, place) for place, each in enumerate(row)]
            cells.append([f"  {shown.ljust(indent)}{name}", *numbers])
        widths = [max(len(each) for each in column) for column in zip(*cells, strict=True)]
        lines = ["  |  ".join([each.center(width) for each, width in zip(cells[0], widths, strict=True)])]
        whole, threads = len(lines[0]), -1
        for place, (key, row) in enumerate(zip(self.keys, cells[1:], strict=True)):
            if key[0] != threads:
                threads = key[0]
                lines.append(f"{threads} threads: ".ljust(whole, "-"))
            centred = [each.center(width) for each, width in zip(row[1:], widths[1:], strict=True)]
            colored = [self._colored(each, place, column) for column, each in enumerate(centred)]
            lines.append("  |  ".join([row[0].ljust(widths[0]), *colored]))
        title = f"[{(' ' + (self.results[0].label or '') + ' ').center(whole - 2, '-')}]"
        told = f"Times are in {unit_to_english(self.unit)}s ({self.unit})."
        if self.warns and any([each.has_warnings for each in self.results]):
            told += "\n(! XX%) Measurement has high variance, where XX is the IQR / median * 100."
        return "\n".join([title, *lines, "", told, ""])

    def _of_column(self, column: int) -> list[Measurement]:
        return [found for row in self.rows if (found := row[column]) is not None]

    def _number(self, one: Measurement | None, column: int) -> str:
        known = self._of_column(column)
        digits = [math.ceil(math.log10(each.median / self.scale)) for each in known]
        decimals = 1
        if self.is_trimmed:
            pairs = zip(known, digits, strict=True)
            decimals = min([max(each.significant_figures - digit, 0) for each, digit in pairs])
        width = max(digits) + decimals + (1 if decimals else 0)
        marks = 7 if self.warns and any([each.has_warnings for each in known]) else 0
        if one is None:
            return " " * len(f"{1.0:>{width}.{decimals}f}{'':>{marks}}")
        value = one.median / self.scale
        value = trim_sigfig(value, one.significant_figures) if self.is_trimmed else value
        mark = f" (! {one.iqr / one.median * 100:.0f}%)" if marks and one.has_warnings else ""
        return f"{value:>{width}.{decimals}f}{mark:>{marks}}"

    def _colored(self, text: str, place: int, column: int) -> str:
        one = self.rows[place][column]
        if self.colors is Colorize.NONE or one is None:
            return text
        others: Sequence[Any] = self.rows[place]
        if self.colors is Colorize.COLUMNWISE:
            same = [row for key, row in zip(self.keys, self.rows, strict=True) if key[0] == self.keys[place][0]]
            others = [row[column] for row in same]
        best = min([each.median for each in others if each is not None])
        for limit, color in ((max(best * 1.01, best + 1e-7), _BEST + _BOLD), (best * 1.1, _GOOD + _BOLD)):
            if one.median <= limit:
                return color + text + _END
        for limit, color in ((best * 5, _VERY_BAD + _BOLD), (best * 2, _BAD)):
            if one.median >= limit:
                return color + text + _END
        return text
