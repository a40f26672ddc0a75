"""Cutting a recording in two: the first part is run, the second goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import ref

from torchlike._programs.program import MULTIPLE
from torchlike._recorder.running import at_once, run, store

if TYPE_CHECKING:
    from torchlike._programs.spec import Spec
    from torchlike._recorder.recorder import Recording, Value


class Cuttable:
    """What a `Recording` needs to be cut."""

    __slots__ = ()

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """What else a recording has."""

    def _cut(self, place: int) -> Recording:
        slots = {
            each
            for part, _, _ in self.nodes[place:]
            for each in part[1:]
            if type(each) is int and each >= 0 and each % MULTIPLE < place
        }
        kept = {slot: self._held(slot) for slot in slots}
        outputs, results = self.outputs(0, place), []
        if place:
            run(self.nodes[:place], self.inputs, outputs, set(), False, results)
            store(outputs, results)
        rest = self._from(place, kept)
        self._tell([each for each in self.doubts if each[0].recording is self])
        self.close()
        return rest

    def _from(self, place: int, kept: dict[int, Value]) -> Recording:
        """A recording of the nodes from `place` on, which has their values.

        Args:
            kept: the earlier outputs that they use, by slot.
        """
        rest, moves = type(self)(self.place, self.line), []

        def moved(each: Any):
            if type(each) is type:
                return each
            if each >= 0 and each not in kept:
                return each - place
            value = kept[each] if each >= 0 else self.inputs[-1 - each]
            known = rest.places.get(value)
            return rest._admit(value, rest.place) if known is None else known

        for part, outs, numbers in self.nodes[place:]:
            for number, each in enumerate(outs):
                value = each()
                if value is not None:
                    slot = len(rest.nodes) + number * MULTIPLE
                    moves += [(setattr, value, "recording", rest), (setattr, value, "slot", slot)]
            rest.nodes.append(((part[0], *map(moved, part[1:])), outs, numbers))
        at_once(moves)
        rest.doubts = [each for each in self.doubts if each[0].recording is rest]
        return rest

    def _held(self, slot: int) -> Value:
        """The output in a slot, made anew if nobody holds it."""
        number, place = slot % MULTIPLE, slot // MULTIPLE
        part, outs, numbers = self.nodes[number]
        value = outs[place]()
        if value is None:
            value = self._output(part[0].outputs[place], slot)
            self.nodes[number] = (part, (*outs[:place], ref(value), *outs[place + 1 :]), numbers)
        return value


_WINDOW = 6


def repeating_cut(specs: list[Spec]) -> int:
    """The last place where the sequence begins as it began: a loop cut there has the same programs each time."""
    head = specs[:_WINDOW]
    for place in range(len(specs) - _WINDOW, len(specs) // 4, -1):
        if specs[place] is head[0] and specs[place : place + _WINDOW] == head:
            return place
    return len(specs)
