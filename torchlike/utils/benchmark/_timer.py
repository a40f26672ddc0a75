"""How long a statement takes."""

from __future__ import annotations

import ast
import statistics
import textwrap
import timeit
from collections.abc import Callable
from importlib import import_module
from typing import Any

from torchlike._recorder.recorder import recorder
from torchlike._switches.devices import synchronized
from torchlike.utils.benchmark._measurement import Measurement, TaskSpec, set_torch_threads

_SHARE = 1e-4  # of the time may be the loop's own


def timer() -> float:
    """The time in seconds, when all that is pending is computed."""
    synchronized()
    return timeit.default_timer()


class Timer:
    """Measures how long a statement takes, with all that it computes.

    What a statement leaves, its last value included, is computed each time round: recorded alone it would cost nothing.

    Args:
        stmt: the statement.
        setup: what runs once before.
        global_setup: for C++, which is not measured.
        timer: the clock.
        globals: the names that they see; ``torch`` is one of them.
        label, sub_label, description: what it is called: all of a table, a row, a column.
        env: where it runs.
        num_threads: how many threads may compute.
        language: ``"python"``.

    Raises:
        ValueError: the statement is no text, or in another language.

    Example:
        >>> from torchlike.utils.benchmark import Timer
        >>> Timer("x + 1", "x = torch.ones(3)").timeit(10).number_per_run
        10
    """

    def __init__(
        self,
        stmt: str = "pass",
        setup: str = "pass",
        global_setup: str = "",
        timer: Callable[[], float] = timer,
        globals: dict[str, Any] | None = None,
        label: str | None = None,
        sub_label: str | None = None,
        description: str | None = None,
        env: str | None = None,
        num_threads: int = 1,
        language: str = "python",
    ) -> None:
        if not isinstance(stmt, str):
            raise ValueError("Currently only a `str` stmt is supported.")
        if language not in ("py", "python"):
            raise ValueError(f"Invalid language `{language}`.")
        if global_setup:
            raise ValueError(
                f"global_setup is C++ only, got `{global_setup}`. Most likely this code can simply be moved to `setup`."
            )
        names = {"torch": import_module("torchlike"), **(globals or {}), _COMPUTE: _computed}
        stmt, setup = _plain(stmt), _plain(setup)
        self._timer = timeit.Timer(_computing(stmt), setup, timer, names)
        self._task_spec = TaskSpec(stmt, setup, global_setup, label, sub_label, description, env, num_threads)

    def _timeit(self, number: int) -> float:
        return max(self._timer.timeit(number), 1e-9)

    def _measured(self, number: int, times: list[float]) -> Measurement:
        return Measurement(number, times, self._task_spec)

    def timeit(self, number: int = 1000000) -> Measurement:
        """Let it run so often, after a hundredth of that to warm up."""
        with set_torch_threads(self._task_spec.num_threads):
            self._timeit(max(number // 100, 2))
            return self._measured(number, [self._timeit(number)])

    def _number(self, min_run_time: float) -> int:
        """How often it must run each time, for the loop to count little."""
        with set_torch_threads(self._task_spec.num_threads):
            loop, number = statistics.median([self._timeit(0) for _ in range(5)]), 1
            while True:
                spent = self._timeit(number)
                is_enough = loop / spent <= _SHARE and spent >= min_run_time / 1000
                if is_enough or spent > min_run_time or number * 10 > 2**31 - 1:
                    return number
                number *= 10

    def _repeated(
        self,
        number: int,
        is_enough: Callable[[list[float]], bool],
        least: float,
        most: float | None,
        callback: Callable[[int, float], Any] | None,
    ) -> Measurement:
        times: list[float] = []
        with set_torch_threads(self._task_spec.num_threads):
            while not times or sum(times) < least or not is_enough(times):
                times.append(self._timeit(number))
                if callback is not None:
                    callback(number, times[-1])
                if most and sum(times) > most:
                    break
        return self._measured(number, times)

    def blocked_autorange(
        self, callback: Callable[[int, float], Any] | None = None, min_run_time: float = 0.2
    ) -> Measurement:
        """Let it run until it has taken so many seconds.

        Args:
            callback: is told how often it ran, and how long that took, each time.
            min_run_time: so many.
        """
        return self._repeated(self._number(min_run_time), lambda times: True, min_run_time, None, callback)

    def adaptive_autorange(
        self,
        threshold: float = 0.1,
        *,
        min_run_time: float = 0.01,
        max_run_time: float = 10.0,
        callback: Callable[[int, float], Any] | None = None,
    ) -> Measurement:
        """Let it run until the interquartile range is below so much of the median.

        Args:
            threshold: so much.
            min_run_time, max_run_time: how many seconds it takes at least, and about at most.
            callback: is told how often it ran, and how long that took, each time.
        """
        number = self._number(0.05)

        def is_enough(times: list[float]) -> bool:
            return len(times) > 3 and self._measured(number, times).meets_confidence(threshold)

        return self._repeated(number, is_enough, min_run_time, max_run_time, callback)


_COMPUTE = "_torchlike_computed"


def _computed() -> None:
    recorder.flush("a benchmark")


def _plain(source: str) -> str:
    return textwrap.dedent(source).removeprefix("\n").rstrip()


def _computing(stmt: str) -> str:
    """A statement that keeps its last value, and is computed."""
    tree = ast.parse(stmt)
    if tree.body and isinstance(tree.body[-1], ast.Expr):
        tree.body[-1] = ast.Assign([ast.Name("_", ast.Store())], tree.body[-1].value)
    return f"{ast.unparse(ast.fix_missing_locations(tree))}\n{_COMPUTE}()"
