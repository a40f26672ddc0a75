"""Kinds of recording: what becomes of what is recorded where something needs it computed, or a step ends.

An ordinary recording is computed. While a compiled function is captured nothing is cut off, and what a replay could not do
again ends the capture (`torchlike._compile.capture.Capture`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from torchlike._programs.spec import NUMBERS

if TYPE_CHECKING:
    from torchlike._recorder.checks import Bound
    from torchlike._recorder.recorder import Recording, Value
    from torchlike._recorder.storage import Storage


class Kind:
    """The ordinary kind: it is computed when it is read and where a step ends.

    Attributes:
        takes_parts: whether a part of known elements may be taken on the host, rather than by an operation.
    """

    takes_parts = True

    def ends(self, flush: Callable[..., None], reason: str, ends_step: bool) -> None:
        """What is recorded comes to a place where programs end."""
        flush(reason, ends_step)

    def begins(self) -> None:
        """A step begins."""

    def interrupt(self, what: str, value: Value | None = None) -> None:
        """Something is needed that no later run of the same operations would give: a value, for one."""

    def apart(self, run: Callable[[Callable, str], Any], do: Callable[[], Any], reason: str) -> Any:
        """Run what comes only once."""
        return run(do, reason)

    def goes_on(self, recording: Recording) -> None:
        """It goes on in another recording: at another place, or after one that is sealed."""

    def made(self, value: Value) -> None:
        """A value is made on the host."""

    def looked(self, check: Bound, given: list) -> None:
        """Known values were looked at."""

    def updated(self, optimizer: Any, group: dict) -> None:
        """The update of a group of an optimizer is recorded."""

    def shared(self, storage: Storage) -> Value | None:
        """What was read of memory shared with NumPy, where that is read once; None to read it now."""
        return None


ORDINARY = Kind()


def deepest(inputs: Sequence) -> Any:
    """The level that an operation belongs to; None if no input is abstract."""
    levels = [each.recording for each in inputs if type(each) not in NUMBERS and each.is_abstract]
    return max(levels, key=lambda level: level.depth, default=None)
