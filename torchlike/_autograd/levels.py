"""The tape where functions are transformed: levels that are under way, and nodes where a history crosses one.

There is one tape. A node that is made within a level has edges to nodes within it; where one would lead out, a node is put
between that says what a gradient of one side is on the other. Of `vmap` an inner gradient is that of one row, and an outer
one the sum, or the batch, of these; of `jvp` it is a pair like all else there, see `torchlike._recorder.levels.Dual`.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Generator, Sequence
from contextlib import contextmanager

from torchlike._autograd.modes import state
from torchlike._autograd.tape import AccumulateGrad, Node, next_sequence, watch
from torchlike._autograd.variable import TensorBase
from torchlike._programs.aval import Aval, aval
from torchlike._recorder.graph import Graph
from torchlike._recorder.levels import Batched, Dual, Level, levels_of, living
from torchlike._recorder.recorder import Value

RANDOM = (
    "vmap: called random operation while in randomness error mode. Please either use the 'same' or 'different' randomness "
    "flags on vmap or perform the randomness operation out of vmap"
)

BACKWARD = (
    "backward() called inside a functorch transform. This is not supported, please use functorch.grad or functorch.vjp "
    "instead or call backward() outside of functorch transforms."
)
REQUIRES = (
    "You are attempting to call Tensor.requires_grad_() (or perhaps using torch.autograd.functional.* APIs) inside of a "
    "function being transformed by a functorch transform. This is unsupported, please attempt to use the functorch "
    "transforms (e.g. grad, vjp, jacrev, jacfwd, hessian) or call requires_grad_() outside of a function being transformed "
    "instead."
)


class _Levels(threading.local):
    """The levels that are under way in a thread, the outermost first."""

    stack: tuple[Level, ...] = ()


levels = _Levels()


def mapping(size: int, randomness: str) -> Batched:
    """A level for rows of batches."""
    return Batched(len(levels.stack) + 1, _around(), size, randomness)


def pushing() -> Dual:
    """A level for values with tangents."""
    return Dual(len(levels.stack) + 1, _around())


def recording(kinds: Sequence[Aval]) -> Graph:
    """A level for a function of arguments of these kinds that will run later."""
    tracks = (lambda: bool(state.enabled)) if state.enabled else None
    return Graph(len(levels.stack) + 1, _around(), kinds, tracks)


def pulling() -> Level:
    """A level for a function that is differentiated on the tape: its values are those below."""
    return Level(len(levels.stack) + 1, _around())


def _around() -> tuple[Level, ...]:
    return tuple([each for each in levels.stack if type(each) is not Level])


@contextmanager
def within(level: Level) -> Generator[None]:
    """Within the block the level is under way."""
    watch(_see)
    before = levels.stack
    levels.stack = (*before, level)
    try:
        yield
    finally:
        levels.stack = before


# ---------------------------------------------------------------------- random numbers


def differing() -> list[Batched]:
    """The levels under way whose rows get random numbers of their own.

    Raises:
        RuntimeError: one of them allows none.
    """
    maps = [each for each in levels.stack if type(each) is Batched]
    if any(each.randomness == "error" for each in maps):
        raise RuntimeError(RANDOM)
    return [each for each in maps if each.randomness == "different"]


def as_rows(tensor: TensorBase, maps: Sequence[Batched]) -> TensorBase:
    """A tensor whose first dimensions are those of the levels, as one within them."""
    for level in maps:
        known = tensor._aval
        tensor = entered(level, [tensor], aval(known.shape[1:], known.dtype, known.place))
    return tensor


def beside(made: TensorBase, other: TensorBase) -> TensorBase:
    """A new tensor that is made like another one: of a row it is a row too, which rows can be written to."""
    if not levels.stack:
        return made
    maps = [each for each in levels_of((other._value(),)) if type(each) is Batched]
    if not maps:
        return made
    maps.sort(key=lambda level: level.depth)
    return as_rows(made.expand(*[each.size for each in maps], *made._aval.shape), maps)


# ---------------------------------------------------------------------- edges


def _see(node: Node, inputs: Sequence) -> None:
    """Note the levels that a new node belongs to, and let its edges stay within them.

    It belongs to those of its inputs' values, and to those of what it comes from: an input of a function that is
    differentiated within a `vmap` is another one for each row, though its value may be the same for all.
    """
    if not living:
        return
    homes = levels_of(inputs).union(*[edge[0]._homes for edge in node._edges if edge is not None])
    if homes:
        for level in homes:
            if type(level) is Graph:
                level.history.update((value, edge) for value, edge in zip(inputs, node._edges, strict=True) if edge)
        node._homes = homes
        node._edges = tuple([_inward(edge, homes, node._sequence, True) for edge in node._edges])


def _inward(edge: tuple | None, homes: Collection[Level], before: float, is_sure: bool) -> tuple | None:
    """An edge for a node that belongs to some levels: through each that it leads out of.

    Args:
        before: the number of the node.
        is_sure: whether the gradient is one of each of these levels, even where it is the same for all of it.
    """
    if edge is not None:
        left = sorted([each for each in homes if each not in edge[0]._homes], key=lambda level: level.depth)
        for count, level in enumerate(left, 1):
            edge = _spread(level, edge, before - 1 + count / (len(left) + 1), is_sure)
    return edge


def _spread(level: Level, edge: tuple, number: float, is_sure: bool) -> tuple:
    node = level.spreads.get((edge, is_sure))
    if node is None:
        outputs = edge[0]._outputs
        node = level.spreads[edge, is_sure] = Spread(level, edge, outputs[edge[1]] if outputs else None, is_sure)
        node._sequence = number
    return node, 0


def reaches(edge: tuple | None) -> bool:
    """Whether a history leads to anything but inputs of functions whose differentiation is done."""
    if edge is None:
        return False
    pending, seen = [edge[0]], set()
    while pending:
        node = pending.pop()
        if node in seen:
            continue
        seen.add(node)
        if isinstance(node, AccumulateGrad) or (type(node) is Source and node.level in levels.stack):
            return True
        pending += [each[0] for each in node._edges if each is not None]
    return False


# ---------------------------------------------------------------------- nodes


class Crossing(Node):
    """A node at the border of a level: it saves nothing, and its derivative records no operation of its own.

    Args:
        edges: where its inputs came from.
        outputs: the avals of its outputs.
    """

    _saves = False
    _kept = None

    def __init__(self, level: Level, edges: Sequence[tuple | None], outputs: Sequence[Aval | None]) -> None:
        self.level = level
        self._sequence = next_sequence()
        self._edges = tuple(edges)
        self._outputs = tuple(outputs)
        self._homes = frozenset().union(*[edge[0]._homes for edge in edges if edge is not None])

    def _release(self) -> None:
        """Nothing is saved here."""


class Source(Crossing):
    """An input of a function that is differentiated: a tensor anew."""

    _is_leaf = True

    def __init__(self, level: Level, edge: tuple | None, known: Aval) -> None:
        super().__init__(level, () if edge is None else (edge,), (known,))
        self._homes = frozenset(level.around)
        self._edges = tuple([_inward(each, self._homes, self._sequence, True) for each in self._edges])

    def backward(self, cotangents: list, needed: tuple[bool, ...], create_graph: bool) -> list:
        """What comes goes on."""
        return list(cotangents[: len(self._edges)])


class Into(Crossing):
    """Values below become one of a level."""

    def __init__(self, level: Level, edges: Sequence[tuple | None], known: Aval) -> None:
        super().__init__(level, edges, (known,))
        # whether what comes back is one of the levels around shows when it comes
        self._edges = tuple([_inward(each, level.around, self._sequence, False) for each in edges])
        self._homes = self._homes.union(level.around, (level,))

    def backward(self, cotangents: list, needed: tuple[bool, ...], create_graph: bool) -> list:
        """The parts of the gradient, turned round."""
        value, edge = cotangents[0]
        parts = self.level.parts(value)
        node = OutOf(self.level, edge, value.aval, parts) if create_graph and edge is not None else None
        return [_pair(part, node, place) for place, part in enumerate(parts)][::-1]


class OutOf(Crossing):
    """A value of a level becomes those below that it consists of.

    Args:
        known: what it is within the level.
        parts: what it consists of.
    """

    def __init__(self, level: Level, edge: tuple, known: Aval, parts: Sequence[Value | None]) -> None:
        super().__init__(level, (edge,), [known if each is None else each.aval for each in parts])
        below = self._homes.union(levels_of(parts)).difference((level,))
        self._edges = (_inward(edge, below.union((level,)), self._sequence, True),)
        self.known, self._homes = known, below

    def backward(self, cotangents: list, needed: tuple[bool, ...], create_graph: bool) -> list:
        """The value whose parts are the gradients, turned round."""
        pairs = [(None, None) if each is None else each for each in reversed(cotangents)]
        value = self.level.into([each for each, _ in pairs], self.known)
        edges = [edge for _, edge in pairs]
        goes_on = create_graph and edges.count(None) < len(edges)
        return [(value, (Into(self.level, edges, self.known), 0) if goes_on else None)]


class Spread(Crossing):
    """A value below is used within a level, the same for all of it.

    Args:
        is_sure: whether a gradient is one of the level even where it is the same for all of it.
    """

    def __init__(self, level: Level, edge: tuple, known: Aval | None, is_sure: bool = True) -> None:
        super().__init__(level, (edge,), (known,))
        self._homes = self._homes.union((level,))
        self.is_sure = is_sure

    def backward(self, cotangents: list, needed: tuple[bool, ...], create_graph: bool) -> list:
        """The total of the gradients."""
        value, edge = cotangents[0]
        if not self.is_sure and self.level not in levels_of((value,)):
            return [(value, edge)]
        total = self.level.total(value)
        goes_on = create_graph and edge is not None and total is not None
        return [_pair(total, Summed(self.level, edge, total) if goes_on else None, 0)]


class Summed(Crossing):
    """The total of what is different within a level."""

    def __init__(self, level: Level, edge: tuple, total: Value) -> None:
        super().__init__(level, (edge,), (total.aval,))
        below = self._homes.union(levels_of((total,))).difference((level,))
        self._edges = (_inward(edge, below.union((level,)), self._sequence, True),)
        self._homes = below

    def backward(self, cotangents: list, needed: tuple[bool, ...], create_graph: bool) -> list:
        """The gradient, the same for all of the level."""
        value, edge = cotangents[0]
        goes_on = create_graph and edge is not None
        return [(value, (Spread(self.level, edge, value.aval), 0) if goes_on else None)]


def _pair(value: Value | None, node: Node | None, place: int) -> tuple | None:
    if value is None:
        return None
    return value, None if node is None else (node, place)


# ---------------------------------------------------------------------- tensors


def entered(level: Level, parts: Sequence[TensorBase], known: Aval) -> TensorBase:
    """The tensor of a level that consists of tensors below; made before the level is under way."""
    value = level.into([each._operand() for each in parts], known)
    edges = [each._tracked_edge for each in parts]
    tracked = edges.count(None) < len(edges)
    return TensorBase._wrap(value, (Into(level, edges, known), 0) if tracked else None)


def left(level: Level, tensor: TensorBase) -> list[TensorBase | None]:
    """The tensors below that a tensor of a level consists of, None for zeros."""
    value, edge = tensor._operand(), tensor._tracked_edge
    parts = level.parts(value)
    node = None if edge is None else OutOf(level, edge, value.aval, parts)
    pairs = [_pair(part, node, place) for place, part in enumerate(parts)]
    return [None if each is None else TensorBase._wrap(*each) for each in pairs]


def sourced(level: Level, tensor: TensorBase) -> TensorBase:
    """A tensor anew, as an input of a function that is differentiated; made before the level is under way."""
    return TensorBase._wrap(tensor._operand(), (Source(level, tensor._tracked_edge, tensor._aval), 0))
