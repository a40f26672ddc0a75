"""The tape: a node for each differentiable operation, edges to where its inputs came from.

An edge is a pair (node, number of its output); a tensor that requires no gradient has none. A derivative is an
operation like any other, so that it is recorded, compiled and differentiated like any other.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from weakref import ref

from torchlike._autograd.derivatives import derivative_of, keeper, used_by, with_residuals, zeros
from torchlike._autograd.modes import state
from torchlike._programs.spec import Spec
from torchlike._recorder.recorder import record, recorder
from torchlike._types.handles import RemovableHandle

if TYPE_CHECKING:
    from torchlike.tensor import Tensor

SECOND_BACKWARD = (
    "Trying to backward through the graph a second time (or directly access saved tensors after they have already "
    "been freed). Saved intermediate values of the graph are freed when you call .backward() or autograd.grad(). "
    "Specify retain_graph=True if you need to backward through the graph a second time or if you need to access "
    "saved tensors after calling backward."
)
next_sequence = itertools.count().__next__
_see: Callable | None = None
_watchers: list[Callable] = []


def watch(see: Callable[[Node, Sequence], None]) -> None:
    """Call a function with each node that is made from now on, in whichever thread, and with its inputs."""
    global _see
    before = _see
    if before is None:
        _watchers.append(see)
        _see = see
    elif see not in _watchers:
        _watchers.append(see)
        _see = lambda node, inputs: (before(node, inputs), see(node, inputs))


def show(node: Node, inputs: Sequence) -> None:
    """Tell of a node that is complete."""
    if _see is not None:
        _see(node, inputs)


class Node:
    """What all nodes of the tape have: hooks, a name, edges."""

    # hooks by kind, None until there is one: `_hooks_for` makes room
    _tensor_hooks: dict | None = None
    _pre_hooks: dict | None = None
    _post_hooks: dict | None = None
    _leaf_hooks: dict | None = None
    _is_plain = True  # there never was a hook: a quick path may be taken
    _restore: Callable | None = None  # computes what a checkpoint did not keep
    _runs_without_gradients = False  # the user's own derivative is asked even so
    requires_grad = True
    _is_leaf = False  # what comes from it comes from no operation
    _edges: tuple = ()
    _homes: frozenset = frozenset()  # the levels that it belongs to
    _sequence: float
    _shown_in = ""  # the module that `repr` tells

    @property
    def _places(self) -> tuple[int | None, ...]:
        """The inputs that hooks and `next_functions` tell of, None where there might be one."""
        return tuple(range(len(self._edges)))

    @property
    def next_functions(self) -> tuple:
        """The nodes that this one passes gradients to, each with the number of its output."""
        found = [None if place is None else self._edges[place] for place in self._places]
        return tuple([(None, 0) if edge is None else edge for edge in found])

    @property
    def metadata(self) -> dict:
        """A dictionary for the user's own notes."""
        return self.__dict__.setdefault("_metadata", {})

    def _hooks_for(self, kind: str) -> dict:
        """The dictionary of one kind of hooks.

        Args:
            kind: ``"_tensor_hooks"`` (by output), ``"_pre_hooks"``, ``"_post_hooks"`` or a leaf's ``"_leaf_hooks"``.
        """
        self._is_plain = False
        return self.__dict__.setdefault(kind, {})

    def name(self) -> str:
        """The node's name, as ``AddBackward0``; PyTorch's nodes without a number tell their namespace, too."""
        own = type(self).__name__
        return own if "Backward0" in own or own[-1].isdigit() else "torch::autograd::" + own

    def _sequence_nr(self) -> int:
        """A number that is larger the later the node was made."""
        return self._sequence

    def __repr__(self) -> str:
        return f"<{self._shown_in}{type(self).__name__} object at {id(self):#x}>"

    def register_hook(self, fn: Callable) -> RemovableHandle:
        """Call ``fn(grad_inputs, grad_outputs)`` after the node has run; it may return other gradients of the inputs."""
        return add_hook(self._hooks_for("_post_hooks"), fn)

    def register_prehook(self, fn: Callable) -> RemovableHandle:
        """Call ``fn(grad_outputs)`` before the node runs; it may return other gradients of the outputs."""
        return add_hook(self._hooks_for("_pre_hooks"), fn)


def add_hook(hooks: dict, hook: Callable) -> RemovableHandle:
    """Put a hook into a dictionary; returns the handle that takes it out again."""
    handle = RemovableHandle(hooks)
    hooks[handle.id] = hook
    return handle


class GradNode(Node):
    """A recorded operation on the tape.

    Attributes:
        spec: the operation.
        inputs: its inputs, values and Python numbers, None for values that its derivative does not use, once they are
            about to be computed; None once they are freed.
        edges: for each input where it came from, or None.
    """

    numbers: dict = {}  # of the inputs, by place, once these are freed

    def __init__(self, spec: Spec, inputs: tuple, edges: tuple) -> None:
        self.spec = spec
        self.inputs = inputs
        self._edges = edges
        self._sequence = next_sequence()
        recorder.recording.tracked.append(self)
        if _see is not None:
            _see(self, inputs)

    @property
    def _saves(self) -> bool:
        """Whether it keeps more than numbers."""
        saves = None if self.spec.call is None else self.spec.call.saves
        if saves is None:
            return not self._are_numbers(self._used)
        return saves

    @property
    def _used(self) -> tuple[int, ...]:
        """The inputs that its derivative uses."""
        return used_by(self.spec, self._needed)

    @property
    def _needed(self) -> tuple[bool, ...]:
        """Which inputs want a gradient."""
        return tuple([edge is not None for edge in self._edges])

    @property
    def _outputs(self) -> tuple:
        """The avals of its outputs."""
        return self.spec.outputs

    @property
    def _kept(self):
        """What it keeps for its derivative; None once that is freed, or to be restored."""
        return self.inputs

    @_kept.setter
    def _kept(self, kept: Any) -> None:
        self.inputs = kept

    def restored(self, cotangents: list):
        """What it kept, computed again or unpacked, once the cotangents are known.

        Raises:
            RuntimeError: it was freed by an earlier backward.
        """
        found = None if self._restore is None else self._restore(cotangents)
        found = self._kept if found is None else found
        if found is None:
            raise RuntimeError(SECOND_BACKWARD)
        return found

    def _left(self, used: tuple[int, ...], cotangents: list):
        """What is left of the inputs after they were freed: numbers, which are no saved tensors.

        Raises:
            RuntimeError: the derivative uses more, or PyTorch's does.
        """
        call = self.spec.call
        saves = None if call is None else call.saves
        if self._restore is not None or saves or (saves is None and not self._are_numbers(used)):
            return self.restored(cotangents)
        return self.numbers

    def _are_numbers(self, used: tuple[int, ...]) -> bool:
        shown, kinds = self._places, self.spec.inputs
        return all(isinstance(kinds[place], type) and place not in shown for place in used)

    @property
    def _places(self) -> tuple[int | None, ...]:
        if self.spec.call is not None:
            return self.spec.call.places
        return tuple([place for place, given in enumerate(self.spec.inputs) if not isinstance(given, type)])

    def backward(self, cotangents: list, needed: tuple[bool, ...], create_graph: bool) -> list:
        """The gradients of the needed inputs, as pairs (value, edge), None for the others.

        Args:
            cotangents: a pair (value, edge) or None for each output.
            needed: which inputs want a gradient.
            create_graph: whether the derivative is itself put on the tape.

        Raises:
            RuntimeError: the inputs that it needs were freed by an earlier backward.
        """
        spec, used = derivative_of(self.spec, needed, cotangents)
        own = self.inputs
        if own is None:
            own = self._left(used, cotangents)
        inputs = [own[place] for place in used]
        inputs += [each[0] for each in cotangents if each is not None]
        if create_graph:
            edges = [self._edges[place] for place in used] + [each[1] for each in cotangents if each is not None]
            found = apply(spec, tuple(inputs), tuple(edges), True)
            found = [(each[0], None) if zero else each for each, zero in zip(found, zeros(spec), strict=True)]
        else:
            found = [(each, None) for each in record(spec, inputs)]
        if len(found) == len(needed):
            return found
        rest = iter(found)
        return [next(rest) if wanted else None for wanted in needed]

    def settle(self) -> None:
        """Keep no more than the derivative uses: what it has recorded is about to be computed."""
        if self.inputs is not None:
            spec, needed = self.spec, self._needed
            self.inputs = (spec.keeps.get(needed) or keeper(spec, needed))(self.inputs)

    def _release(self) -> None:
        """Free what was saved for the derivative; numbers are not."""
        inputs, places = self.inputs, self.spec.numbers
        if places and inputs is not None:
            self.numbers = {place: inputs[place] for place in places}
        self.inputs = None
        if self._restore is not None:
            self._restore = None


def node_class(spec: Spec, base: type = GradNode) -> type:
    """The class of an operation's nodes, ``AddBackward0``: made once a name."""
    if spec.node_class is None:
        if spec.grad_name is None:
            words = spec.name.strip("_").removesuffix("_of").split("_")
            # as PyTorch writes them: `log1p` is Log1P
            camel = re.sub(r"\d[a-z]", lambda found: found[0].upper(), "".join([each.capitalize() for each in words]))
            spec.grad_name = camel + "Backward0"
        spec.node_class = _named(spec.grad_name, NotImplementedNode if spec.grad_name == "NotImplemented" else base)
        for name in () if spec.call is None else (*spec.call.op.kinds, "result"):
            _show_saved(spec.node_class, name)
    return spec.node_class


def _show_saved(kind: type, name: str) -> None:
    """Let the nodes of a class tell of an argument: a property, since with ``__getattr__`` every attribute is slower."""
    shown = "_saved_" + {"input": "self"}.get(name, name)
    if not hasattr(kind, shown):

        def argument(node: GradNode):
            from torchlike._autograd.saved import argument as found

            return found(node, name)

        setattr(kind, shown, property(argument))


@functools.cache
def _named(name: str, base: type) -> type:
    return type(name, (base,), {"__module__": "torchlike.autograd.graph"})


class NotImplementedNode(GradNode):
    """The node of an operation that has no derivative."""

    def backward(self, cotangents: list, needed: tuple[bool, ...], create_graph: bool) -> list:
        call, name = self.spec.call, self.spec.name.removesuffix("_of")
        suffix = "_" if call is not None and call.in_place else ""
        raise RuntimeError(f"derivative for aten::{name}{suffix} is not implemented")


AS_STRIDED = _named("AsStridedBackward0", GradNode)


class KeepingNode(GradNode):
    """The node of an operation that keeps residuals: running its forward again would cost too much.

    Attributes:
        residuals: what the forward kept.
        pull: the operation from residuals and cotangents to the gradients of the inputs that want one.
    """

    _saves = True

    def __init__(self, spec: Spec, inputs: tuple, edges: tuple, residuals: list, pull: Callable) -> None:
        self.residuals, self.pull = residuals, pull
        super().__init__(spec, inputs, edges)

    def settle(self) -> None:
        """Keep no more of the inputs than a second derivative uses, if there was one."""
        if self.inputs is not None:
            self.inputs = self.spec.keeps.get(self._needed, tuple)(self.inputs)

    def _release(self) -> None:
        super()._release()
        self.residuals = None

    @property
    def _kept(self):
        return None if self.residuals is None else (self.inputs, self.residuals)

    @_kept.setter
    def _kept(self, kept: Any) -> None:
        self.inputs, self.residuals = kept or (None, None)

    def backward(self, cotangents: list, needed: tuple[bool, ...], create_graph: bool) -> list:
        if self.residuals is None:
            self._kept = self.restored(cotangents)
        if create_graph:
            return super().backward(cotangents, needed, create_graph)  # the residuals have no history
        pull, given = self.pull, tuple([each is not None for each in cotangents])
        grads = iter(record(pull(given), (*self.residuals, *[each[0] for each in cotangents if each is not None])))
        found = [(next(grads), None) if edge is not None else None for edge in self._edges]
        return [each if want else None for each, want in zip(found, needed, strict=True)]


def apply_keeping(spec: Spec, inputs: tuple, edges: tuple) -> list[tuple]:
    """`apply` for a tracked operation that keeps residuals."""
    wanted = tuple([edge is not None for edge in edges])
    forward, places, pull = with_residuals(spec, wanted)
    values = record(forward, inputs)
    count = len(spec.outputs)
    known = (*inputs, *values)
    node = node_class(spec, KeepingNode)(spec, inputs, edges, [known[place] for place in places], pull)
    return [(each, (node, place) if each.aval.dtype.rank >= 2 else None) for place, each in enumerate(values[:count])]


class AccumulateGrad(Node):
    """Where a leaf's gradient ends up: the autograd state of a tensor.

    Attributes:
        grad: the gradient so far, a tensor or None.
        variable: a weak reference to the tensor.
    """

    _outputs = ()
    _is_leaf = True

    def __init__(self, variable: Tensor) -> None:
        self.grad = None
        self._sequence = 2**62  # at once, whenever it is ready
        self._variable = ref(variable)

    @property
    def variable(self):
        """The tensor itself, if it still lives."""
        return self._variable()

    def _switch(self, is_on: bool) -> None:
        """The tensor requires grad from now on, or no longer: that is to be looked at before a gradient is put there."""
        hooks = self._tensor_hooks, self._pre_hooks, self._post_hooks, self._leaf_hooks
        self._is_plain = is_on and all(each is None for each in hooks)

    def _release(self) -> None:
        """Nothing is saved here."""


class Nowhere(AccumulateGrad):
    """Where the gradient of a view goes that requires grad because its base does, but comes from no tracked operation."""

    def __init__(self) -> None:
        self._sequence = 2**62


NOWHERE = Nowhere(), 0


def apply(spec: Spec, inputs: tuple, edges: tuple, tracked: bool) -> list[tuple]:
    """Record an operation; returns a pair (value, edge) for each output."""
    values = record(spec, inputs)
    if tracked and spec.differentiable and any(edge is not None for edge in edges):
        node = node_class(spec)(spec, inputs, edges)
        return [(each, (node, place) if each.aval.dtype.rank >= 2 else None) for place, each in enumerate(values)]
    return [(each, None) for each in values]


def tracks(edges: Any) -> bool:
    """Whether an operation on inputs with these edges goes on the tape."""
    return state.enabled and any(edge is not None for edge in edges)
