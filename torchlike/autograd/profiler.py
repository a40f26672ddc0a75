"""``torch.autograd.profiler``: what a block of a program spends its time on."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any

from torchlike.autograd import _watching
from torchlike.autograd._watching import Watch
from torchlike.autograd.profiler_util import DeviceType as DeviceType
from torchlike.autograd.profiler_util import EventList as EventList
from torchlike.autograd.profiler_util import FunctionEvent as FunctionEvent
from torchlike.autograd.profiler_util import FunctionEventAvg as FunctionEventAvg
from torchlike.autograd.profiler_util import Interval as Interval
from torchlike.autograd.profiler_util import events_of as _events_of


class record_function:
    """A name for a block, which profilers show. Also a decorator.

    Args:
        name: the name.
        args: is not shown.

    Example:
        >>> with torch.autograd.profiler.profile() as prof:
        ...     with torch.autograd.profiler.record_function("mine"):
        ...         x = torch.ones(3) + 1
        >>> [each.key for each in prof.key_averages() if each.is_user_annotation]
        ['mine']
    """

    def __init__(self, name: str, args: str | None = None) -> None:
        self.name, self.args = name, args
        self._event: _watching.Event | None = None

    def __enter__(self) -> record_function:
        if Watch.current is not None:
            self._event = _watching.Event(self.name, _watching.RANGE, time.perf_counter_ns())
        return self

    def __exit__(self, *error: object) -> None:
        event, watch, self._event = self._event, Watch.current, None
        if event is not None and watch is not None:
            event.end = time.perf_counter_ns()
            watch.events.append(event)

    def __call__(self, function: Callable) -> Callable:
        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            with record_function(self.name, self.args):
                return function(*args, **kwargs)

        return call


class profile:
    """Within the block it is noted what time is spent on.

    Args:
        enabled: whether it is.
        use_cuda: deprecated; whether times on GPUs are shown.
        use_device: the kind of device whose times are shown, too.
        record_shapes: whether shapes of inputs are noted.
        with_flops: whether multiplications and additions of matrices are counted.
        profile_memory: whether bytes are noted.
        with_stack: whether the user's lines are noted.
        with_modules, use_kineto, use_cpu, experimental_config: are taken, and change nothing.

    Example:
        >>> with torch.autograd.profiler.profile() as prof:
        ...     y = (torch.ones(3) * 2).sum()
        >>> "aten::sum" in prof.table(sort_by="self_cpu_time_total")
        True
    """

    def __init__(
        self,
        enabled: bool = True,
        *,
        use_cuda: bool = False,
        use_device: str | None = None,
        record_shapes: bool = False,
        with_flops: bool = False,
        profile_memory: bool = False,
        with_stack: bool = False,
        with_modules: bool = False,
        use_kineto: bool = False,
        use_cpu: bool = True,
        experimental_config: Any = None,
        **others: Any,
    ) -> None:
        self.enabled, self.record_shapes, self.with_stack = enabled, record_shapes or with_flops, with_stack
        self._options = {
            "use_device": "cuda" if use_cuda else use_device,
            "profile_memory": profile_memory,
            "with_flops": with_flops,
        }
        self._watch: Watch | None = None
        self._events: EventList | None = None
        self.entered = False

    def __enter__(self) -> profile:
        if self.enabled:
            if self.entered:
                raise RuntimeError("Profiler context manager is not reentrant")
            self.entered = True
            self._watch = Watch(self.record_shapes, self.with_stack)
            self._watch.start()
        return self

    def __exit__(self, *error: object) -> None:
        if self._watch is not None:
            self._watch.stop()
            self._events = _events_of(self._watch.events, **self._options)

    @property
    def function_events(self) -> EventList:
        """All that was noted.

        Raises:
            RuntimeError: the block has not ended.
        """
        if self._events is None:
            raise RuntimeError("Profiler didn't finish running")
        return self._events

    def __str__(self) -> str:
        return "<unfinished torch.autograd.profile>" if self._events is None else str(self._events)

    def __repr__(self) -> str:
        return "<unfinished torch.autograd.profile>" if self._events is None else repr(self._events)

    def table(self, *args: Any, **kwargs: Any) -> str:
        """See `EventList.table`."""
        return self.function_events.table(*args, **kwargs)

    def key_averages(self, *args: Any, **kwargs: Any) -> EventList:
        """See `EventList.key_averages`."""
        return self.function_events.key_averages(*args, **kwargs)

    def total_average(self) -> FunctionEventAvg:
        """See `EventList.total_average`."""
        return self.function_events.total_average()

    def export_chrome_trace(self, path: str) -> None:
        """See `EventList.export_chrome_trace`."""
        self.function_events.export_chrome_trace(path)

    def export_stacks(self, path: str, metric: str = "self_cpu_time_total") -> None:
        """See `EventList.export_stacks`."""
        self.function_events.export_stacks(path, metric)

    @property
    def self_cpu_time_total(self) -> float:
        """All time, in us."""
        return self.function_events.self_cpu_time_total
