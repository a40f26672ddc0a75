"""``torch.cpu``: the processor, asked as a GPU would be."""

from __future__ import annotations

from typing import Any
from typing import TYPE_CHECKING

import contextlib

from torchlike._switches.devices import synchronized
from torchlike._types.public import publish as _publish
from torchlike.cpu import amp as amp

if TYPE_CHECKING:
    from torchlike.types import Device


def is_available() -> bool:
    """Whether there is one: yes."""
    return True


def is_initialized() -> bool:
    """Whether it is in use: yes."""
    return True


def device_count() -> int:
    """How many there are: tensors know of one."""
    return 1


def current_device() -> str:
    """The one that is used."""
    return "cpu"


def set_device(device: Device) -> None:
    """Nothing to do: there is one."""


def synchronize(device: Device = None) -> None:
    """Compute all that is pending, and wait for it: what a program calls before it looks at the clock."""
    synchronized()


class Stream:
    """What is computed in order; there is one.

    Args:
        priority: which comes first; none does.
    """

    def __init__(self, priority: int = -1) -> None:
        pass

    def wait_stream(self, stream: Stream) -> None:
        """Nothing to wait for."""

    def record_event(self) -> None:
        """Nothing to record."""

    def wait_event(self, event: Event) -> None:
        """Nothing to wait for."""


class Event:
    """A moment in a stream, which is over."""

    def query(self) -> bool:
        """Whether it is over: yes."""
        return True

    def record(self, stream: Any = None) -> None:
        """Nothing to record."""

    def synchronize(self) -> None:
        """Nothing to wait for."""

    def wait(self, stream: Any = None) -> None:
        """Nothing to wait for."""


_current = Stream()


def current_stream(device: Device = None) -> Stream:
    """The stream that is used."""
    return _current


class StreamContext(contextlib.AbstractContextManager):
    """Within the block a stream is the current one.

    Args:
        stream: that one; None changes nothing.
    """

    def __init__(self, stream: Stream | None) -> None:
        self.stream, self.prev_stream = stream, _current

    def __enter__(self) -> None:
        global _current
        if self.stream is not None:
            self.prev_stream, _current = _current, self.stream

    def __exit__(self, *error: Any) -> None:
        global _current
        if self.stream is not None:
            _current = self.prev_stream


def stream(stream: Stream) -> StreamContext:
    """See `StreamContext`."""
    return StreamContext(stream)


_publish(globals())
