"""Where operations are recorded: a recording for each place."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

from torchlike._recorder.kinds import ORDINARY, Kind
from torchlike._recorder.nodes import CLOSED
from torchlike._types.places import HOST, NOWHERE, Place

if TYPE_CHECKING:
    from torchlike._recorder.recorder import Recording


class Lines(threading.local):
    """The recordings of a thread.

    Args:
        make: makes a recording of a place, and of `line`.

    Attributes:
        line: the operations since the last flush, a recording for each place.
        recording: the one of these where something was recorded last.
        sealed: earlier ones that have not run.
        begun: a step has begun, and nothing was cut off since.
        kind: what becomes of a recording where something needs it computed.
        nowhere: where operations go whose results are nowhere, see `meta`.
    """

    kind: Kind = ORDINARY
    nowhere: Any = None
    begun = False

    def __init__(self, make: Callable[[Place, dict], Recording]) -> None:
        self._make = make
        self.line: dict[Place, Recording] = {}
        self.recording = self._begin(HOST)
        self.sealed: list[Recording] = []

    def _begin(self, place: Place) -> Recording:
        made = self.line[place] = self._make(place, self.line)
        return made

    def at(self, place: Place) -> Recording:
        """The recording of a place, where it is recorded from now on."""
        if place is NOWHERE:
            return self.nowhere
        found = self.line.get(place) or self._begin(place)
        if found is not self.recording:
            self.recording = found
            self.kind.goes_on(found)
        return found

    def current(self) -> Recording:
        """Where to record now."""
        if self.recording.nodes is CLOSED:  # taken off by somebody who did not come to setting up another
            self.recording = self._begin(self.recording.place)
        return self.recording

    def renew(self, sealed: Recording) -> None:
        """Go on with another recording at the place of one that is sealed."""
        self.sealed.append(sealed)
        made = self._begin(sealed.place)
        if self.recording is sealed:
            self.recording = made

    def take_off(self, taken: Collection[Recording]) -> None:
        """Add nothing more to recordings: they are about to run."""
        self.begun = False
        if self.recording in taken:
            self.recording = self._begin(self.recording.place)
        for each in taken:
            each.is_open = False
            if self.line.get(each.place) is each:
                del self.line[each.place]
        self.sealed = [each for each in self.sealed if each not in taken]

    def pending(self) -> list[Recording]:
        """What is recorded and has not run, the earlier first."""
        return [each for each in (*self.sealed, *self.line.values()) if each.nodes]
