"""``torch.autograd.profiler_util``: what a profiler has seen, as events, averages and tables."""

from __future__ import annotations

import enum
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from torchlike.autograd._watching import COMPILING, OPERATION, PROGRAM, RANGE, Event


class DeviceType(enum.Enum):
    """Where time was spent."""

    CPU, CUDA = 0, 1


DeviceType.__module__ = "torchlike.autograd"
_STACK_METRICS = ["self_cpu_time_total", "self_cuda_time_total", "self_xpu_time_total", "self_privateuse1_time_total"]


class Interval:
    """A stretch of time.

    Args:
        start, end: when, in us.
    """

    def __init__(self, start: float, end: float) -> None:
        self.start, self.end = start, end

    def elapsed_us(self) -> float:
        """How long it is, in us."""
        return self.end - self.start


class FormattedTimesMixin:
    """The times of what was done `count` times, and the same as text: ``cpu_time_str``."""

    count: int
    cpu_time_total: float
    self_cpu_time_total: float
    device_time_total: float
    self_device_time_total: float

    @property
    def cpu_time(self) -> float:
        """The mean time of one, in us."""
        return 0.0 if self.count == 0 else 1.0 * self.cpu_time_total / self.count

    @property
    def device_time(self) -> float:
        """The mean time of one on a GPU, in us."""
        return 0.0 if self.count == 0 else 1.0 * self.device_time_total / self.count

    cuda_time = device_time

    def __getattr__(self, name: str) -> str:
        base = name.removesuffix("_str")
        if base == name or not base.endswith(("time", "time_total")):
            raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")
        return _time(getattr(self, base))


class FunctionEvent(FormattedTimesMixin):
    """Something that took time: an operation, a range, a program.

    An operation's time is that of recording it, and its part of the program in which it ran: by estimate, as XLA makes
    one of several.

    Attributes:
        name: what; `key` is the same.
        time_range: when, in us.
        thread: which thread did it.
        input_shapes: the shapes of its inputs, if they were wanted.
        stack: the user's lines, the innermost first, if they were wanted.
        cpu_children, cpu_parent: what was done within it, and within what it was.
        cpu_memory_usage: how many bytes its results take.
        flops: how many multiplications and additions of matrices it does.
    """

    def __init__(self, event: Event, number: int) -> None:
        self.id, self.name, self.kind, self.thread = number, event.name, event.kind, event.thread
        self.time_range = Interval(event.start / 1e3, event.end / 1e3)
        self.input_shapes, self.stack, self.flops = event.shapes, event.stack, event.flops
        self.cpu_memory_usage = self.self_cpu_memory_usage = event.nbytes
        self.cpu_children: list[FunctionEvent] = []
        self.cpu_parent: FunctionEvent | None = None
        self.count, self.is_async, self.is_user_annotation = 1, False, event.kind == RANGE
        self.device_type = DeviceType.CPU
        self._ran, self._on_device = event.ran / 1e3, event.on_device

    @property
    def key(self) -> str:
        """What it is averaged by."""
        return "ProfilerStep*" if self.name.startswith("ProfilerStep#") else self.name

    @property
    def cpu_time_total(self) -> float:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Its time with all that was done within it, in us."""
        return self.time_range.elapsed_us() + (0 if self._on_device else self._ran)

    @property
    def self_cpu_time_total(self) -> float:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Its own time, in us. A program's is that of its operations."""
        if self.kind == PROGRAM:
            return 0.0
        inner = sum([each.time_range.elapsed_us() for each in self.cpu_children])
        return max(self.cpu_time_total - inner, 0.0)

    @property
    def device_time_total(self) -> float:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Its time on a GPU with all that was done within it, in us."""
        return self.self_device_time_total + sum([each.device_time_total for each in self.cpu_children])

    @property
    def self_device_time_total(self) -> float:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Its own time on a GPU, in us."""
        return self._ran if self._on_device else 0.0

    @property
    def cuda_time_total(self) -> float:
        """See `device_time_total`."""
        return self.device_time_total

    @property
    def self_cuda_time_total(self) -> float:
        """See `self_device_time_total`."""
        return self.self_device_time_total

    def __repr__(self) -> str:
        return (
            f"<FunctionEvent id={self.id} name={self.name} thread={self.thread} cpu_time={self.cpu_time_str} "
            f"cpu_start_us={self.time_range.start} cpu_end_us={self.time_range.end} input_shapes={self.input_shapes}>"
        )


class FunctionEventAvg(FormattedTimesMixin):
    """Events of one key, added up.

    Attributes:
        key: their name.
        count: how many there are.
        cpu_time_total, self_cpu_time_total, device_time_total, self_device_time_total: times in us.
        cpu_memory_usage: bytes.
        flops: multiplications and additions of matrices.
    """

    def __init__(self) -> None:
        self.key: str | None = None
        self.count = self.cpu_memory_usage = self.self_cpu_memory_usage = self.flops = 0
        self.cpu_time_total = self.self_cpu_time_total = 0.0
        self.device_time_total = self.self_device_time_total = 0.0
        self.input_shapes: Any = None
        self.stack: list[str] = []
        self.is_async = self.is_user_annotation = False
        self.cpu_parent: FunctionEvent | None = None
        self.device_type = DeviceType.CPU

    def add(self, other: FunctionEvent | FunctionEventAvg) -> FunctionEventAvg:
        """Add an event, or another sum."""
        if self.key is None:
            self.key, self.stack, self.input_shapes = other.key, other.stack, other.input_shapes
            self.cpu_parent, self.is_user_annotation = other.cpu_parent, other.is_user_annotation
        for name in (
            "count",
            "cpu_time_total",
            "self_cpu_time_total",
            "device_time_total",
            "self_device_time_total",
            "cpu_memory_usage",
            "self_cpu_memory_usage",
            "flops",
        ):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        return self

    __iadd__ = add

    def __repr__(self) -> str:
        return (
            f"<FunctionEventAvg key={self.key} self_cpu_time={self.self_cpu_time_total_str} cpu_time={self.cpu_time_str} "
            f" self_device_time={self.self_device_time_total_str} device_time={self.device_time_str} "
            f"input_shapes={self.input_shapes} cpu_memory_usage={self.cpu_memory_usage}>"
        )


class EventList(list):
    """Events, or averages of them.

    Args:
        events: they.
        use_device: the kind of device whose times are shown, too.
        profile_memory: whether bytes are shown.
        with_flops: whether multiplications and additions of matrices are shown.
    """

    def __init__(
        self,
        events: Iterable = (),
        use_device: str | None = None,
        profile_memory: bool = False,
        with_flops: bool = False,
    ) -> None:
        super().__init__(events)
        self._use_device, self._profile_memory, self._with_flops = use_device, profile_memory, with_flops

    def _like(self, events: Iterable) -> EventList:
        return EventList(events, self._use_device, self._profile_memory, self._with_flops)

    def __str__(self) -> str:
        return self.table()

    @property
    def self_cpu_time_total(self) -> float:  # pyright: ignore[reportIncompatibleVariableOverride]
        """All time, in us."""
        return sum([each.self_cpu_time_total for each in self])

    def key_averages(
        self, group_by_input_shapes: bool = False, group_by_stack_n: int = 0, group_by_overload_name: bool = False
    ) -> EventList:
        """The sums of the events of each name.

        Args:
            group_by_input_shapes: whether those of other shapes are apart.
            group_by_stack_n: how many of the user's lines must be the same.
            group_by_overload_name: there are none.
        """
        sums: dict[tuple, FunctionEventAvg] = defaultdict(FunctionEventAvg)
        for each in self:
            shapes = str(each.input_shapes) if group_by_input_shapes else ""
            sums[(each.key, each.is_user_annotation, shapes, *each.stack[:group_by_stack_n])].add(each)
        made = self._like(sums.values())
        for each in made:
            each.stack = each.stack[:group_by_stack_n]
            each.input_shapes = each.input_shapes if group_by_input_shapes else ""
        return made

    def total_average(self) -> FunctionEventAvg:
        """The sum of all events."""
        total = FunctionEventAvg()
        for each in self:
            total.add(each)
        total.key = "Total"
        return total

    def table(
        self,
        sort_by: str | None = None,
        row_limit: int = 100,
        max_src_column_width: int = 75,
        max_name_column_width: int = 55,
        max_shapes_column_width: int = 80,
        header: str | None = None,
        top_level_events_only: bool = False,
        time_unit: str | None = None,
    ) -> str:
        """The events as a table.

        Args:
            sort_by: by what, the most first: ``"cpu_time_total"``, ``"self_cpu_time_total"``, ``"count"``, ...
            row_limit: how many rows; -1 for all.
            max_src_column_width, max_name_column_width, max_shapes_column_width: how wide columns may be.
            header: what stands above it.
            top_level_events_only: whether to leave out what was done within others.
            time_unit: ``"s"``, ``"ms"`` or ``"us"``; what fits by default.
        """
        rows = list(self)
        if not rows:
            return ""
        if sort_by is not None:
            field = sort_by.replace("cuda", "device").replace("xpu", "device")
            rows.sort(key=lambda each: getattr(each, field), reverse=True)
        if top_level_events_only:
            rows = [each for each in rows if each.cpu_parent is None]
        columns = _columns(
            self, rows, time_unit, (max_name_column_width, max_shapes_column_width, max_src_column_width)
        )
        return _printed(
            self, columns, rows[:row_limit] if row_limit >= 0 else rows, header, top_level_events_only, time_unit
        )

    def export_chrome_trace(self, path: str) -> None:
        """Write the events to a file that ``chrome://tracing`` shows."""
        import json

        with open(path, "w") as file:
            json.dump([trace_of(each) for each in self], file)

    def supported_export_stacks_metrics(self) -> list[str]:
        """What `export_stacks` can weigh by."""
        return _STACK_METRICS

    def export_stacks(self, path: str, metric: str) -> None:
        """Write the user's lines to a file, each with its time in us: flame graphs are made of it.

        Args:
            path: the file.
            metric: which time.

        Raises:
            ValueError: there is no such time.
        """
        if metric not in _STACK_METRICS:
            raise ValueError(f"metric should be one of: {_STACK_METRICS}")
        names = str.maketrans(" ;\t\n", "____")
        with open(path, "w") as file:
            for each in self:
                weight = int(getattr(each, metric.replace("cuda", "device").replace("xpu", "device"), 0))
                if each.stack and weight > 0:
                    lines = ";".join([line.translate(names) for line in reversed(each.stack)])
                    file.write(f"{lines} {weight}\n")


def events_of(seen: Sequence[Event], **options: Any) -> EventList:
    """What was seen as events, each within the one in which it was done."""
    made = [
        FunctionEvent(each, number) for number, each in enumerate(sorted(seen, key=lambda one: (one.start, -one.end)))
    ]
    open_ones: dict[int, list[FunctionEvent]] = defaultdict(list)
    for each in made:
        above = open_ones[each.thread]
        while above and above[-1].time_range.end < each.time_range.end:
            above.pop()
        if above:
            each.cpu_parent = above[-1]
            above[-1].cpu_children.append(each)
        if each.kind != OPERATION or each.time_range.elapsed_us():
            above.append(each)
    return EventList(made, **options)


def trace_of(event: FunctionEvent) -> dict[str, Any]:
    """An event as Chrome's trace has it."""
    told: dict[str, Any] = {"External id": event.id}
    if event.input_shapes:
        told["Input Dims"] = event.input_shapes
    if event.stack:
        told["Call stack"] = ";".join(event.stack)
    if event._ran:
        told["ran (us)"] = event._ran
    start, kind = event.time_range.start, {PROGRAM: "xla", COMPILING: "xla"}.get(event.kind, event.kind)
    track = f"{event.thread} XLA" if kind == "xla" else event.thread
    fixed = {"ph": "X", "cat": kind, "name": event.name, "pid": "torchlike", "tid": track}
    return {**fixed, "ts": start, "dur": event.time_range.elapsed_us(), "args": told}


# ---------------------------------------------------------------------- tables


def _time(us: float, unit: str | None = None) -> str:
    if unit == "s" or unit is None and us >= 1e6:
        return f"{us / 1e6:.3f}s"
    if unit == "ms" or unit is None and us >= 1e3:
        return f"{us / 1e3:.3f}ms"
    return f"{us:.3f}us"


def _share(us: float, total: float) -> str:
    return "NaN" if total == 0 else f"{us * 100.0 / total:.2f}%"


def _bytes(count: float) -> str:
    for unit, name in ((2**30, "GB"), (2**20, "MB"), (2**10, "KB")):
        if abs(count) >= unit:
            return f"{count / unit:.2f} {name}"
    return f"{count} B"


def _columns(events: EventList, rows: list, unit: str | None, widths: tuple[int, int, int]) -> list[tuple]:
    """The columns of a table: title, width, alignment, and what stands in a row."""
    cpu = sum([each.self_cpu_time_total for each in rows])
    device = sum([each.self_device_time_total for each in rows])
    name_width = min(max(len(str(each.key)) for each in rows) + 4, widths[0])

    def name(each: Any) -> str:
        return each.key if len(each.key) < widths[0] - 3 else each.key[: widths[0] - 3] + "..."

    columns = [
        ("Name", name_width, ">", name),
        ("Self CPU %", 12, ">", lambda each: _share(each.self_cpu_time_total, cpu)),
        ("Self CPU", 12, ">", lambda each: _time(each.self_cpu_time_total, unit)),
        ("CPU total %", 12, ">", lambda each: _share(each.cpu_time_total, cpu)),
        ("CPU total", 12, ">", lambda each: _time(each.cpu_time_total, unit)),
        ("CPU time avg", 12, ">", lambda each: _time(each.cpu_time, unit)),
    ]
    if device:
        label = (events._use_device or "cuda").upper()
        columns += [
            (f"Self {label}", 12, ">", lambda each: _time(each.self_device_time_total, unit)),
            (f"Self {label} %", 12, ">", lambda each: _share(each.self_device_time_total, device)),
            (f"{label} total", 12, ">", lambda each: _time(each.device_time_total, unit)),
            (f"{label} time avg", 13, ">", lambda each: _time(each.device_time, unit)),
        ]
    if events._profile_memory:
        columns += [
            ("CPU Mem", 12, ">", lambda each: _bytes(each.cpu_memory_usage)),
            ("Self CPU Mem", 12, ">", lambda each: _bytes(each.self_cpu_memory_usage)),
        ]
    columns.append(("# of Calls", 12, ">", lambda each: str(each.count)))
    if any([each.input_shapes for each in rows]):
        width = min(max([len(str(each.input_shapes)) for each in rows]) + 4, widths[1])
        columns.append(("Input Shapes", width, ">", lambda each: str(each.input_shapes)[:width]))
    if events._with_flops and any([each.flops for each in rows]):
        columns.append(("Total MFLOPs", 12, ">", lambda each: f"{each.flops / 1e6:8.3f}" if each.flops else "--"))
    if any([each.stack for each in rows]):
        longest = max([len(line) for each in rows for line in each.stack]) + 4
        width = min(longest, widths[2])
        columns.append(("Source Location", width, "<", lambda each: _line(each, 0, width)))
    return columns


def _line(event: Any, place: int, width: int) -> str:
    line = event.stack[place] if place < len(event.stack) else ""
    return line if len(line) <= width else "..." + line[len(line) - width + 3 :]


def _printed(
    events: EventList, columns: list[tuple], rows: list, header: str | None, only_top: bool, unit: str | None
) -> str:
    rule = "  ".join(["-" * width for _, width, _, _ in columns]) + "  "
    lines = []
    for said in (header, "This report only display top-level ops statistics" if only_top else None):
        lines += [] if said is None else ["=" * (len(rule) - 2), said]

    def row(cells: Iterable[str]) -> str:
        pairs = zip(cells, columns, strict=True)
        return "  ".join([f"{cell:{'>' if side == '>' else '<'}{width}}" for cell, (_, width, side, _) in pairs]) + "  "

    lines += [rule, "  ".join([f"{title:>{width}}" for title, width, _, _ in columns]) + "  ", rule]
    for each in rows:
        lines.append(row([cell(each) for _, _, _, cell in columns]))
        for place in range(1, len(each.stack)):
            lines.append(row(["", *[""] * (len(columns) - 2), _line(each, place, columns[-1][1])]))
    lines += [rule, f"Self CPU time total: {_time(sum([each.self_cpu_time_total for each in events]), unit)}"]
    device = sum([each.self_device_time_total for each in events])
    if device:
        lines.append(f"Self {(events._use_device or 'cuda').upper()} time total: {_time(device, unit)}")
    return "\n".join(lines) + "\n"
