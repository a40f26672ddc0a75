"""The tape: a node for each differentiable operation, edges to where its inputs came from.

An edge is a pair (node, number of its output); a tensor that requires no gradient has none. A derivative is an
operation like any other, so that it is recorded, compiled and differentiated like any other.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Callable
from typing import Any
from weakref import ref

import jax
import jax.numpy as jnp
from jax.extend import core as jex_core
from jax.interpreters import partial_eval

from torchlike._autograd.modes import state
from torchlike._half import summed_in_single
from torchlike._programs.generic import is_refusal
from torchlike._programs.marks import unwatched
from torchlike._programs.settings import tracing
from torchlike._programs.spec import Spec, struct_of
from torchlike._recorder.recorder import record
from torchlike._types.handles import RemovableHandle

SECOND_BACKWARD = (
    "Trying to backward through the graph a second time (or directly access saved tensors after they have already "
    "been freed). Saved intermediate values of the graph are freed when you call .backward() or autograd.grad(). "
    "Specify retain_graph=True if you need to backward through the graph a second time or if you need to access "
    "saved tensors after calling backward."
)
next_sequence = itertools.count().__next__
_see: Callable | None = None


def watch(see: Callable[[Node], None]) -> None:
    """Call a function with each node that is made from now on, in whichever thread."""
    global _see
    _see = see


def show(node: Node) -> None:
    """Tell of a node that is complete."""
    if _see is not None:
        _see(node)


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
    _edges: tuple = ()
    _sequence: int

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
        return f"<{type(self).__name__} object at {id(self):#x}>"

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
        inputs: its inputs, values and Python numbers; None once they are freed.
        edges: for each input where it came from, or None.
    """

    numbers: dict = {}  # of the inputs, by place, once these are freed

    def __init__(self, spec: Spec, inputs: tuple, edges: tuple) -> None:
        self.spec = spec
        self.inputs = inputs
        self._edges = edges
        self._sequence = next_sequence()
        if _see is not None:
            _see(self)

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
        cotangents: list = [True if each.dtype.rank >= 2 else None for each in self.spec.outputs]
        return derivative_of(self.spec, self._needed, cotangents)[1]

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
    def _kept(self, kept) -> None:
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
            found = [(each[0], None) if zero else each for each, zero in zip(found, _zeros(spec), strict=True)]
        else:
            found = [(each, None) for each in record(spec, inputs)]
        if len(found) == len(needed):
            return found
        rest = iter(found)
        return [next(rest) if wanted else None for wanted in needed]

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

    def _release(self) -> None:
        super()._release()
        self.residuals = None

    @property
    def _kept(self):
        return None if self.residuals is None else (self.inputs, self.residuals)

    @_kept.setter
    def _kept(self, kept) -> None:
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
    forward, places, pull = _with_residuals(spec, wanted)
    values = record(forward, inputs)
    count = len(spec.outputs)
    known = (*inputs, *values)
    node = node_class(spec, KeepingNode)(spec, inputs, edges, [known[place] for place in places], pull)
    return [(each, (node, place) if each.aval.dtype.rank >= 2 else None) for place, each in enumerate(values[:count])]


@unwatched
def _with_residuals(spec: Spec, wanted: tuple[bool, ...]) -> tuple:
    """The operation with further outputs, where its residuals are, and the operation that uses them.

    Returns:
        (the operation, the residuals' places among its inputs and outputs, pattern of cotangents to the other one).
    """
    found = spec.derivatives.get(("residuals", wanted))
    if found is None:
        found = spec.derivatives["residuals", wanted] = _for_sizes(
            spec, lambda each: _with_residuals(each, wanted), _residuals_at
        ) or _make_residuals(spec, wanted)
    return found


def _residuals_at(made: tuple, values: dict[str, int]) -> tuple:
    """`_with_residuals` of an operation for all sizes, at these."""
    forward, places, pull_for = made
    return forward.at(values), places, functools.cache(lambda given: pull_for(given).at(values))


def _make_residuals(spec: Spec, wanted: tuple[bool, ...]) -> tuple:
    places = [place for place, want in enumerate(wanted) if want]
    floating = [place for place, out in enumerate(spec.outputs) if out.dtype.rank >= 2]
    tree = None

    def forward(*arrays):
        nonlocal tree

        def run(*primals):
            inputs = list(arrays)
            for place, primal in zip(places, primals, strict=True):
                inputs[place] = primal
            got = spec.replay(inputs)
            return [got[place] for place in floating], got

        _, pull, got = jax.vjp(run, *[arrays[place] for place in places], has_aux=True)
        residuals, tree = jax.tree_util.tree_flatten(pull)
        return (*got, *residuals)

    made = Spec(spec.name, forward, spec.inputs)
    residuals = made.outputs[len(spec.outputs) :]
    made, sources = _leaner(made, len(spec.outputs))
    made.grad_name = spec.grad_name

    @functools.cache
    def pull_for(given: tuple[bool, ...]) -> Spec:
        known = [out for out, there in zip(spec.outputs, given, strict=True) if there]

        def backward(*arrays):
            pull = jax.tree_util.tree_unflatten(tree, arrays[: len(residuals)])
            cotangents = _filled(spec, floating, given, arrays[len(residuals) :])
            return tuple(_conj(each) for each in pull(cotangents))

        return Spec(spec.name + "_backward", backward, (*residuals, *known))

    pull_for(tuple([place in floating for place in range(len(spec.outputs))]))  # what is refused is refused now
    return made, sources, pull_for


def _leaner(spec: Spec, count: int) -> tuple[Spec, list[int]]:
    """The operation without outputs that are an input or another output, from the one at `count` on.

    Returns:
        (the operation, the places of those outputs among its inputs and the outputs that are left).
    """
    closed = spec.jaxpr
    outs = closed.jaxpr.outvars
    known = [
        var if not isinstance(kind, type) else None for var, kind in zip(closed.jaxpr.invars, spec.inputs, strict=True)
    ]
    known += outs[:count]
    used, places = [True] * count, []
    for out in outs[count:]:
        place = next((at for at, each in enumerate(known) if each is out), len(known))
        places.append(place)
        used.append(place == len(known))
        known += [out] * used[-1]
    left, _ = partial_eval.dce_jaxpr(closed.jaxpr, used, instantiate=True)
    return Spec(spec.name, jex_core.ClosedJaxpr(left, closed.consts), spec.inputs), places


class AccumulateGrad(Node):
    """Where a leaf's gradient ends up: the autograd state of a tensor.

    Attributes:
        grad: the gradient so far, a tensor or None.
        variable: a weak reference to the tensor.
    """

    _outputs = ()

    def __init__(self, variable) -> None:
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


@unwatched
def derivative_of(spec: Spec, needed: tuple[bool, ...], cotangents: list) -> tuple[Spec, tuple[int, ...]]:
    """The derivative of an operation as an operation: (spec, the inputs that it needs beside the cotangents)."""
    key = needed if spec.single else (needed, *[each is not None for each in cotangents])
    found = spec.derivatives.get(key)
    if found is None:
        given = (True,) if spec.single else key[1:]

        def at(made: tuple, values: dict[str, int]) -> tuple:
            derivative, used = made
            return derivative.at(values, _derivative_at(spec, needed, given, used)), used

        found = spec.derivatives[key] = _for_sizes(
            spec, lambda each: derivative_of(each, needed, cotangents), at
        ) or _make_derivative(spec, needed, given)
    return found


def _for_sizes(spec: Spec, make: Callable[[Spec], Any], at: Callable[[Any, dict], Any]) -> Any:
    """What `make` makes of the operation for all sizes, at this one's; None if it has to be made of this one.

    Args:
        at: puts the sizes in.
    """
    if spec.generic is None:
        return None
    generic, values = spec.generic
    try:
        return at(make(generic), values)
    except Exception as error:
        if not is_refusal(error):
            raise
    spec.retrace()
    return None


def _derivative(spec: Spec, needed: tuple[bool, ...], given: tuple[bool, ...]) -> Callable:
    """The function from the inputs and those cotangents that are given to the gradients of the needed inputs."""
    wanted = [place for place, want in enumerate(needed) if want]
    outputs = [place for place, out in enumerate(spec.outputs) if out.dtype.rank >= 2]
    count = len(spec.inputs)

    def derivative(*arrays):
        inputs = list(arrays[:count])

        def forward(*primals):
            for place, primal in zip(wanted, primals, strict=True):
                inputs[place] = primal
            got = spec.replay(inputs)
            return [got[place] for place in outputs]

        _, pull = jax.vjp(forward, *[arrays[place] for place in wanted])
        return tuple(_conj(each) for each in pull(_filled(spec, outputs, given, arrays[count:])))

    return derivative


def _derivative_at(spec: Spec, needed: tuple[bool, ...], given: tuple[bool, ...], used: tuple[int, ...]) -> Callable:
    """`_derivative` of the used inputs and the cotangents, for an operation traced for all sizes: now it is for its own."""

    def derivative(*arrays):
        spec.retrace()
        rest = iter(arrays)
        kinds = enumerate(map(struct_of, spec.inputs))
        inputs = [next(rest) if place in used else jnp.zeros(kind.shape, kind.dtype) for place, kind in kinds]
        return _derivative(spec, needed, given)(*inputs, *rest)

    return derivative


def _make_derivative(spec: Spec, needed: tuple[bool, ...], given: tuple[bool, ...]) -> tuple:
    count = len(spec.inputs)
    known = [out for out, there in zip(spec.outputs, given, strict=True) if there]
    avals = (*spec.inputs, *known)
    with tracing():
        closed = summed_in_single(jax.make_jaxpr(_derivative(spec, needed, given))(*map(struct_of, avals)))
    # inputs that are not needed are none of its own; cotangents always are
    always = [place >= count for place in range(len(avals))]
    lean, used = partial_eval.dce_jaxpr(closed.jaxpr, [True] * len(closed.jaxpr.outvars), instantiate=always)
    lean = jex_core.ClosedJaxpr(lean, closed.consts)
    made = Spec(spec.name + "_backward", lean, tuple(a for a, use in zip(avals, used, strict=True) if use))
    return made, tuple(place for place in range(count) if used[place])


def _zeros(derivative: Spec) -> tuple[bool, ...]:
    """Which results depend on nothing, so that they are zeros without a history."""
    if derivative.extra is None:
        jaxpr, count = derivative.jaxpr.jaxpr, derivative.count
        alone = [[place == other for other in range(count)] for place in range(count)]
        derivative.extra = tuple([True not in partial_eval.dce_jaxpr(jaxpr, each)[1] for each in alone])
    return derivative.extra


def _filled(spec: Spec, floating: list[int], given: tuple[bool, ...], cotangents) -> list:
    """A cotangent for each floating point output, zeros where none is given, in JAX's convention.

    JAX's cotangents are the conjugates of PyTorch's.
    """
    cotangents = iter(cotangents)
    by_place = {place: next(cotangents) for place, known in enumerate(given) if known}
    structs = [spec.outputs[place].struct for place in floating]
    return [
        _conj(by_place[place].astype(struct.dtype)) if place in by_place else jnp.zeros(struct.shape, struct.dtype)
        for place, struct in zip(floating, structs, strict=True)
    ]


def _conj(array):
    return jnp.conj(array) if jnp.iscomplexobj(array) else array


def tracks(edges) -> bool:
    """Whether an operation on inputs with these edges goes on the tape."""
    return state.enabled and any(edge is not None for edge in edges)
