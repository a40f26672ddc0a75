"""When compiling a sequence of operations whole pays: estimates of what it costs and brings, never a clock."""

from __future__ import annotations

from collections.abc import Sequence

from torchlike._programs.cache import Cache
from torchlike._programs.spec import Spec

PROGRAM_COST = 100  # milliseconds of compiling a program, and for each operation a part of what it would take alone:
SHARE = 0.25  # so estimated, 11 training steps take 0.3 to 4 times, most of them 0.7 to 1.2 times as long as they do
LARGE = 17_000  # what all would take alone, at which it is twice that: XLA's time grows faster than a program
CALL_COST = 0.1  # of calling it then
RECENT = 4  # sequences of a family among which one comes again if it is part of a loop
LONG_ROW = 5  # comings again that make a loop of anything
CEILING = 5000  # milliseconds of compiling that a loop is given in advance, or what it brings back in
SOON = 100  # comings; what costs more has to be earned
FRAGMENT = 0.1  # of that cost is spent before what comes again but ends no step, or among others, is compiled


class Family:
    """The sequences that are made of the same operations, in whatever number and shapes, and which came of late."""

    __slots__ = ("members", "recent")

    def __init__(self) -> None:
        self.members = 0
        self.recent: list[Tiered] = []

    def is_loop(self, one: Tiered) -> bool:
        """Note that a sequence came; whether it does so again and again, with as few others between as before.

        The more members there are, the longer that must last, for some come again by chance.
        """
        if one in self.recent:
            gap = self.recent.index(one)
            self.recent.remove(one)
            one.repeats += not one.gaps or gap in one.gaps
            one.gaps = (gap, *one.gaps[:1])
        else:
            one.repeats, one.gaps = 0, ()
        self.members += one.seen == 1
        self.recent = [one, *self.recent[: RECENT - 1]]
        return one.repeats >= min(self.members, LONG_ROW)


_families: Cache[frozenset, Family] = Cache()  # by the names of the operations


class Tiered:
    """A sequence of operations, of which is known how often it came and what that has cost.

    Attributes:
        seen: how often it came.
        repeats: how often it came again as a part of a loop does.
        gaps: how many others of its family came between, the last two times.
    """

    __slots__ = ("seen", "repeats", "gaps", "_family", "_spent")

    def __init__(self, specs: Sequence[Spec]) -> None:
        self.seen = self.repeats = 0
        self.gaps: tuple[int, ...] = ()
        self._family = _families.setdefault(frozenset([spec.name for spec in specs]), Family())
        self._spent = 0.0

    def is_due(self, specs: Sequence[Spec], ends_step: bool) -> bool:
        """Whether to compile it now; noted as a run.

        It is compiled when its runs, operation by operation, have cost as much as compiling would: so whatever comes
        the total is at most twice the least. What comes again at once is a loop, and need not wait so long if the price
        is low, or soon brought back; but where the shapes change from time to time, some do by chance, and more is
        asked for.

        Args:
            specs: its operations.
            ends_step: whether this comes again.
        """
        gain = max(sum([spec.cost for spec in specs]) - CALL_COST, 0)
        self._spent += gain
        loops = self._family.is_loop(self)
        if not self._spent:
            return False  # calling a program would cost more, however often
        allowed = price(specs)
        if loops and allowed <= max(CEILING, SOON * gain):
            allowed *= 0 if ends_step and self._family.members == 1 else FRAGMENT
        return self._spent > allowed


def price(specs: Sequence[Spec]) -> float:
    """The milliseconds that compiling these operations as one program takes, roughly."""
    alone = sum([spec.compile_cost for spec in specs])
    return (PROGRAM_COST + SHARE * alone) * (1 + (alone / LARGE) ** 2)
