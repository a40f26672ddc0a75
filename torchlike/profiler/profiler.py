"""``torch.profiler.profiler``: what a program spends its time on, step by step."""

from __future__ import annotations

import enum
import gzip
import json
import os
import socket
import time
from collections.abc import Callable, Iterable
from typing import Any

from torchlike._programs.explain import warn
from torchlike._types import devices
from torchlike.autograd._watching import Watch
from torchlike.autograd.profiler import record_function
from torchlike.autograd.profiler_util import EventList, events_of, trace_of
from torchlike.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook


class ProfilerActivity(enum.Enum):
    """Whose time is noted."""

    CPU, XPU, MTIA, CUDA, HPU, PrivateUse1 = 0, 1, 2, 3, 4, 5


ProfilerActivity.__module__ = "torchlike.profiler"


class ProfilerAction(enum.Enum):
    """What is done in a step."""

    NONE, WARMUP, RECORD, RECORD_AND_SAVE = 0, 1, 2, 3


def supported_activities() -> set[ProfilerActivity]:
    """Whose time can be noted here."""
    found = {ProfilerActivity.CPU}
    return found | {ProfilerActivity.CUDA} if devices.jax_devices("cuda") else found


def schedule(
    *, wait: int, warmup: int, active: int, repeat: int = 0, skip_first: int = 0, skip_first_wait: int = 0
) -> Callable[[int], ProfilerAction]:
    """What is done in which step: wait, warm up, note, and again.

    Args:
        wait: how many steps nothing is done.
        warmup: in how many what is noted is not kept.
        active: in how many it is.
        repeat: how often; 0 for ever.
        skip_first: how many steps come before all that.
        skip_first_wait: whether the first wait is left out.

    Raises:
        AssertionError: a number is negative, or nothing is noted.

    Example:
        >>> from torchlike.profiler import schedule
        >>> plan = schedule(wait=1, warmup=1, active=2, repeat=1)
        >>> [plan(step).name for step in range(5)]
        ['NONE', 'WARMUP', 'RECORD', 'RECORD_AND_SAVE', 'NONE']
    """

    def action(step: int) -> ProfilerAction:
        if step < 0:
            raise AssertionError(f"Step must be non-negative. Got {step}.")
        if step < skip_first:
            return ProfilerAction.NONE
        step += (wait if skip_first_wait else 0) - skip_first
        whole = wait + warmup + active
        if repeat > 0 and step / whole >= repeat:
            return ProfilerAction.NONE
        place = step % whole
        if place < wait + warmup:
            return ProfilerAction.NONE if place < wait else ProfilerAction.WARMUP
        return ProfilerAction.RECORD if place < whole - 1 else ProfilerAction.RECORD_AND_SAVE

    if wait < 0 or warmup < 0 or active <= 0 or repeat < 0 or skip_first < 0:
        raise AssertionError(
            f"Invalid profiler schedule arguments. Got wait={wait} (need >= 0), warmup={warmup} (need >= 0), "
            f"active={active} (need > 0), repeat={repeat} (need >= 0), skip_first={skip_first} (need >= 0)."
        )
    if warmup == 0:
        warn("Profiler won't be using warmup, this can skew profiler results")
    return action


def tensorboard_trace_handler(
    dir_name: str, worker_name: str | None = None, use_gzip: bool = False, use_python_export: bool = False
) -> Callable[[_KinetoProfile], None]:
    """What writes traces to a folder, for ``on_trace_ready``.

    Args:
        dir_name: the folder.
        worker_name: how files begin; host and process by default.
        use_gzip: whether they are compressed.
        use_python_export: how PyTorch writes them; there is one way.
    """

    def write(prof: _KinetoProfile) -> None:
        try:
            os.makedirs(dir_name, exist_ok=True)
        except OSError as error:
            raise RuntimeError("Can't create directory: " + dir_name) from error
        name = worker_name or f"{socket.gethostname()}_{os.getpid()}"
        file = f"{name}.{time.time_ns()}.pt.trace.json" + (".gz" if use_gzip else "")
        prof.export_chrome_trace(os.path.join(dir_name, file))

    return write


class _KinetoProfile:
    """What a program spends its time on, from `start` to `stop`.

    Args:
        activities: whose time is noted: all that is there by default.
        record_shapes: whether shapes of inputs are noted.
        profile_memory: whether bytes are noted.
        with_stack: whether the user's lines are noted.
        with_flops: whether multiplications and additions of matrices are counted.
        with_modules, experimental_config, execution_trace_observer, acc_events, custom_trace_id_callback: are taken, and
            change nothing.

    Raises:
        AssertionError: there is nothing to note.
    """

    def __init__(
        self,
        *,
        activities: Iterable[ProfilerActivity] | None = None,
        record_shapes: bool = False,
        profile_memory: bool = False,
        with_stack: bool = False,
        with_flops: bool = False,
        with_modules: bool = False,
        experimental_config: Any = None,
        execution_trace_observer: Any = None,
        acc_events: bool = False,
        custom_trace_id_callback: Callable[[], str] | None = None,
        **others: Any,
    ) -> None:
        self.activities = set(activities) if activities is not None else supported_activities()
        if not self.activities:
            raise AssertionError("No valid profiler activities found")
        self.record_shapes, self.profile_memory = record_shapes or with_flops, profile_memory
        self.with_stack, self.with_flops, self.with_modules = with_stack, with_flops, with_modules
        self.use_device = "cuda" if ProfilerActivity.CUDA in self.activities & supported_activities() else None
        self._metadata: dict[str, Any] = {}
        self._watch: Watch | None = None
        self._events: EventList | None = None
        self._hooks: list[Any] = []
        self._steps: list[record_function] = []

    def start(self) -> None:
        """Begin."""
        self.start_trace()

    def stop(self) -> None:
        """End."""
        self.stop_trace()

    def start_trace(self) -> None:
        """Note from now on."""
        self._watch = Watch(self.record_shapes, self.with_stack)
        self._watch.start()
        self._hooks = [
            register_optimizer_step_pre_hook(self._begin_step),
            register_optimizer_step_post_hook(self._end_step),
        ]

    def stop_trace(self) -> None:
        """Note no more."""
        if self._watch is None:
            raise AssertionError("Profiler must be initialized before stopping trace")
        for each in self._hooks:
            each.remove()
        self._watch.stop()
        options = {"profile_memory": self.profile_memory, "with_flops": self.with_flops}
        self._events = events_of(self._watch.events, use_device=self.use_device, **options)
        self._watch = None

    def _begin_step(self, optimizer: Any, *given: Any) -> None:
        self._steps.append(record_function(f"Optimizer.step#{type(optimizer).__name__}.step").__enter__())

    def _end_step(self, optimizer: Any, *given: Any) -> None:
        if self._steps:
            self._steps.pop().__exit__()

    def events(self) -> EventList:
        """All that was noted.

        Raises:
            AssertionError: nothing was, so far.
        """
        if self._events is None:
            raise AssertionError("Profiler must be initialized before accessing events")
        return self._events

    def key_averages(
        self, group_by_input_shape: bool = False, group_by_stack_n: int = 0, group_by_overload_name: bool = False
    ) -> EventList:
        """The sums of what was noted for each name; see `EventList.key_averages`."""
        return self.events().key_averages(group_by_input_shape, group_by_stack_n, group_by_overload_name)

    def export_chrome_trace(self, path: str, use_python_export: bool = False) -> None:
        """Write what was noted to a file that ``chrome://tracing`` and Perfetto show; compressed if it ends in ``.gz``."""
        trace = {
            "schemaVersion": 1,
            "displayTimeUnit": "ms",
            "with_stack": int(self.with_stack),
            "record_shapes": int(self.record_shapes),
            **self._metadata,
            "traceEvents": [trace_of(each) for each in self.events()],
        }
        with gzip.open(path, "wt") if path.endswith(".gz") else open(path, "w") as file:
            json.dump(trace, file)

    def export_stacks(self, path: str, metric: str = "self_cpu_time_total") -> None:
        """Write the user's lines with their times; see `EventList.export_stacks`."""
        self.events().export_stacks(path, metric)

    def add_metadata(self, key: str, value: str) -> None:
        """Let a trace have a text of this name."""
        self._metadata[key] = value

    def add_metadata_json(self, key: str, value: str) -> None:
        """Let a trace have a value of this name, given as JSON."""
        self._metadata[key] = json.loads(value)

    preset_metadata_json = add_metadata_json


class profile(_KinetoProfile):
    """Within the block it is noted what time is spent on, in the steps of a schedule.

    Args:
        schedule: what is done in which step; everything is noted by default.
        on_trace_ready: is called with this object when steps were noted.

    Others are `_KinetoProfile`'s.

    Example:
        >>> with torch.profiler.profile() as prof:
        ...     y = (torch.ones(3) * 2).sum()
        >>> print(prof.key_averages().table(sort_by="cpu_time_total", row_limit=5)) # doctest: +SKIP
    """

    def __init__(
        self,
        *,
        activities: Iterable[ProfilerActivity] | None = None,
        schedule: Callable[[int], ProfilerAction] | None = None,
        on_trace_ready: Callable[..., Any] | None = None,
        use_cuda: bool | None = None,
        **options: Any,
    ) -> None:
        if use_cuda is not None:
            warn("`use_cuda` is deprecated, use `activities` argument instead", FutureWarning)
            activities = {*(activities or supported_activities())} | ({ProfilerActivity.CUDA} if use_cuda else set())
        super().__init__(activities=activities, **options)
        self.schedule = schedule or (lambda step: ProfilerAction.RECORD)
        self.record_steps, self.on_trace_ready, self.step_num = schedule is not None, on_trace_ready, 0
        self.current_action = self.schedule(0)
        self.step_rec_fn: record_function | None = None

    def __enter__(self) -> profile:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def start(self) -> None:
        """Begin the first step."""
        self._go(ProfilerAction.NONE, self.current_action)
        self._name_step()

    def stop(self) -> None:
        """End the last step."""
        self._end_name()
        self._go(self.current_action, ProfilerAction.NONE, ends=True)

    def step(self) -> None:
        """Begin the next step."""
        self._end_name()
        before = self.current_action
        self.step_num += 1
        self.current_action = self.schedule(self.step_num)
        self._go(before, self.current_action)
        self._name_step()

    def _name_step(self) -> None:
        if self.record_steps:
            self.step_rec_fn = record_function(f"ProfilerStep#{self.step_num}").__enter__()

    def _end_name(self) -> None:
        if self.step_rec_fn is not None:
            self.step_rec_fn.__exit__()
            self.step_rec_fn = None

    def _go(self, before: ProfilerAction, after: ProfilerAction, ends: bool = False) -> None:
        """From a step to the next: end what is noted, save it, begin anew."""
        notes, saves = (ProfilerAction.RECORD, ProfilerAction.RECORD_AND_SAVE), ProfilerAction.RECORD_AND_SAVE
        if before in notes and (before is saves or after not in notes):
            if before is ProfilerAction.RECORD and not ends:
                warn(f"Incorrect schedule: RECORD followed by {after.name}")
            self.stop_trace()
            if (before is saves or ends) and self.on_trace_ready:
                self.on_trace_ready(self)
        if before is ProfilerAction.WARMUP and after is ProfilerAction.NONE:
            if not ends:
                warn("Incorrect schedule: WARMUP followed by NONE")
            self.start_trace()
            self.stop_trace()
        if after in notes and self._watch is None:
            self.start_trace()
