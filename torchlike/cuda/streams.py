"""``torch.cuda.streams``: what a GPU computes in order. XLA chooses the order itself; so all streams are one."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from torchlike._recorder.recorder import recorder
from torchlike._switches.devices import synchronized
from torchlike._types.devices import device as _Device
from torchlike._types.public import publish as _publish
from torchlike.cuda._calls import device as _cuda_device
from torchlike.cuda._calls import index_of, is_available, require, set_device

if TYPE_CHECKING:
    from torchlike.types import Device


class Stream:
    """What a GPU computes in order. There is one for each GPU, whatever it is called.

    Args:
        device: the GPU; the current one by default.
        priority: which comes first; none does.

    Raises:
        RuntimeError: there is no GPU.
    """

    def __init__(self, device: Device = None, priority: int = 0, **kwargs: Any) -> None:
        if not is_available():
            raise RuntimeError("torch.cuda.Stream requires CUDA support")
        self.device, self.priority = _Device("cuda", index_of(device)), priority
        self.cuda_stream = self.stream_id = 0

    def query(self) -> bool:
        """Whether all is computed: it is then."""
        synchronized()
        return True

    def synchronize(self) -> None:
        """Compute what is pending, and wait for it."""
        synchronized()

    def wait_event(self, event: Event) -> None:
        """Nothing to wait for: what is recorded later is computed later."""

    def wait_stream(self, stream: Stream) -> None:
        """Nothing to wait for: what is recorded later is computed later."""

    def record_event(self, event: Event | None = None) -> Event:
        """An event after what was recorded so far."""
        event = Event() if event is None else event
        event.record(self)
        return event

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Stream) and self.device == other.device

    def __hash__(self) -> int:
        return hash(self.device)

    def __repr__(self) -> str:
        return f"<torch.cuda.Stream device={self.device} cuda_stream=0x0>"


class Event:
    """A moment in what a GPU computes.

    Args:
        enable_timing: whether its time is wanted. Then all that was recorded so far is computed there.
        blocking: how is waited.
        interprocess: whether other processes see it: none does.

    Raises:
        RuntimeError: there is no GPU.
    """

    def __init__(self, enable_timing: bool = False, blocking: bool = False, interprocess: bool = False) -> None:
        if not is_available():
            raise RuntimeError("Tried to instantiate dummy base class Event")
        self._is_timed, self._moment = enable_timing, 0.0

    def record(self, stream: Stream | None = None) -> None:
        """Let it be after what was recorded so far."""
        if self._is_timed:
            synchronized()
            self._moment = time.perf_counter()
        else:
            recorder.flush("an event")

    def wait(self, stream: Stream | None = None) -> None:
        """Nothing to wait for: what is recorded later is computed later."""

    def query(self) -> bool:
        """Whether it is over: it is then."""
        synchronized()
        return True

    def synchronize(self) -> None:
        """Wait until it is over."""
        synchronized()

    def elapsed_time(self, end_event: Event) -> float:
        """The milliseconds to another event.

        Raises:
            ValueError: one has no time.
        """
        if not (self._is_timed and end_event._is_timed):
            raise ValueError("Both events must be created with argument 'enable_timing=True'.")
        if not (self._moment and end_event._moment):
            raise ValueError("Both events must be recorded before calculating elapsed time.")
        return (end_event._moment - self._moment) * 1e3


class StreamContext:
    """Within the block a stream is the current one, and its GPU, too.

    Args:
        stream: that one; None changes nothing.
    """

    def __init__(self, stream: Stream | None) -> None:
        self.stream = stream
        self._inner = None

    def __enter__(self) -> None:
        if self.stream is not None:
            self._inner = _cuda_device(self.stream.device)
            self._inner.__enter__()

    def __exit__(self, *error: object) -> None:
        if self._inner is not None:
            self._inner.__exit__(*error)


def stream(stream: Stream | None) -> StreamContext:
    """See `StreamContext`."""
    return StreamContext(stream)


def current_stream(device: Device = None) -> Stream:
    """The stream that a GPU computes.

    Raises:
        AssertionError: there is no GPU.
    """
    require()
    return Stream(device)


def default_stream(device: Device = None) -> Stream:
    """The stream that a GPU computes.

    Raises:
        AssertionError: there is no GPU.
    """
    return current_stream(device)


def set_stream(stream: Stream | None) -> None:
    """Let a stream be the current one, and its GPU, too."""
    if stream is not None:
        set_device(stream.device)


_publish(globals())
