"""The engine: walks the tape from roots to leaves, in PyTorch's order."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Collection
from heapq import heappop, heappush
from typing import Any

import jax
import numpy as np

from torchlike._autograd.hooks import leaf_hooks, node_hooks, retaining, tensor_hooks
from torchlike._autograd.modes import state
from torchlike._autograd.tape import AccumulateGrad, Node, apply
from torchlike._programs.aval import Aval
from torchlike._programs.cache import Cache
from torchlike._programs.spec import Spec
from torchlike._recorder.moves import cut_as
from torchlike._recorder.recorder import program_lock
from torchlike._recorder.running import at_once
from torchlike._recorder.writes import write_together

_adds: Cache[Aval, Spec] = Cache()


def add(left: tuple, right: tuple, create_graph: bool) -> tuple:
    """The sum of two gradients, pairs (value, edge)."""
    known = left[0].aval
    spec = _adds[known]
    if spec is None:
        spec = _adds[known] = Spec("add", jax.lax.add, (known, known))
    return apply(spec, (left[0], right[0]), (left[1], right[1]), create_graph)[0]


class Run:
    """One walk of the tape.

    Args:
        keep_graph: leave what is saved for another walk.
        create_graph: put the derivatives on the tape.
        wrap: makes a tensor of a pair (value, edge), for hooks and leaves.
        unwrap: the pair of a tensor.
        targets: edges that alone get gradients; None for all leaves.
        captures: whether their gradients are captured, rather than accumulated.
    """

    def __init__(
        self,
        keep_graph: bool,
        create_graph: bool,
        wrap: Any,
        unwrap: Any,
        targets: list | None = None,
        captures: bool = False,
    ) -> None:
        self.keep_graph, self.create_graph = keep_graph, create_graph
        self.wrap, self.unwrap = wrap, unwrap
        self.targets = None if targets is None else {node for node, _ in targets}
        self.captured: dict = {}
        self._found: list[tuple] = []  # leaves and their gradients, to be given to them together
        self.accumulated = False
        self._wanted: dict[Node, list[int]] = {}
        self._retained: dict[Node, list] = {}
        self._reached: Collection[Node] = ()
        for node, number in targets or () if captures else ():
            self._wanted.setdefault(node, []).append(number)

    def __call__(self, roots: list[tuple]) -> dict:
        """Walk from `roots`, pairs (edge, gradient); returns the captured gradients by edge."""
        for tensor in list(retaining.values()) if retaining else ():
            node, number = tensor._tracked_edge or (None, 0)
            if node is not None and node._edges:
                node._is_plain = False
                self._retained.setdefault(node, []).append((number, tensor))
        before = state.enabled, state.run
        state.enabled, state.run = self.create_graph, self
        try:
            self._walk(roots)
            self._settle()
        finally:
            state.enabled, state.run = before
        return self.captured

    def will_run(self, node: Node) -> bool:
        """Whether the walk comes to a node."""
        return node in self._reached

    def _walk(self, roots: list[tuple]) -> None:
        awaited = self._count([edge[0] for edge, _ in roots])
        useful = None if self.targets is None else self._useful(awaited)
        self._reached = awaited.keys() if useful is None else useful
        buffers: dict[Node, list] = {}
        ready: list[tuple] = []
        order = itertools.count()
        plain = useful is None and not state.anomaly
        create_graph, keep_graph, found = self.create_graph, self.keep_graph, self._found
        for (node, number), grad in roots:
            if node not in buffers and not awaited[node]:
                heappush(ready, (-node._sequence, next(order), node))
            self._collect(buffers, node, number, grad)
        while ready:
            node = heappop(ready)[2]
            grads = buffers.pop(node, None)
            edges = node._edges
            if plain and node._is_plain and edges and grads is not None:
                grads = node.backward(grads, tuple([edge is not None for edge in edges]), create_graph)
                if not keep_graph:
                    node._release()
            else:
                grads = self._visit(node, grads, useful)
            for edge, grad in zip(edges, grads, strict=True):
                if edge is None:
                    continue
                target, number = edge
                left = awaited[target] - 1
                if left:
                    awaited[target] = left
                elif type(target) is AccumulateGrad and target not in buffers:  # a leaf that was used once
                    if target._is_plain and useful is None and grad is not None:
                        found.append((target, grad))
                    else:
                        self._visit(target, [grad], useful)
                    continue
                else:
                    heappush(ready, (-target._sequence, next(order), target))
                if grad is not None:
                    self._collect(buffers, target, number, grad)

    def _count(self, nodes: list[Node]) -> dict[Node, int]:
        """How many edges lead to each reachable node."""
        awaited = dict.fromkeys(nodes, 0)
        stack = list(awaited)
        while stack:
            for edge in stack.pop()._edges:
                if edge is not None:
                    node = edge[0]
                    if node in awaited:
                        awaited[node] += 1
                    else:
                        awaited[node] = 1
                        stack.append(node)
        return awaited

    def _useful(self, reachable: dict[Node, int]) -> set[Node]:
        """The nodes from which a target can be reached."""
        useful = {node for node in reachable if node in self.targets}
        for node in sorted(reachable, key=lambda each: each._sequence if each._edges else -1):
            if any(edge is not None and edge[0] in useful for edge in node._edges):
                useful.add(node)
        return useful

    def _collect(self, buffers: dict, node: Node, number: int, grad: tuple) -> None:
        slots = buffers.get(node)
        if slots is None:
            slots = buffers[node] = [None] * (len(node._outputs) or 1)
        known = slots[number]
        slots[number] = grad if known is None else add(known, grad, self.create_graph)

    def _visit(self, node: Node, grads: list | None, useful: set | None) -> list:
        """Run one node's hooks and derivative; returns the gradients of its inputs."""
        if not node._is_plain:
            self._settle()  # hooks see the gradients so far
        grads = [None] * (len(node._outputs) or 1) if grads is None else grads
        needed = tuple([edge is not None and (useful is None or edge[0] in useful) for edge in node._edges])
        is_leaf = type(node) is AccumulateGrad
        if useful is not None and node not in useful:
            return [None] * len(needed)
        runs = node not in self._wanted if is_leaf else True in needed
        if runs:  # what is captured by the way is what came, as in PyTorch
            self._capture(node, grads)
        grads = self._hooked(node, grads)
        if not runs:
            self._capture(node, grads)
            return [None] * len(needed)
        if node._pre_hooks:
            grads = self._call_hooks(node._pre_hooks, grads)
        if is_leaf:
            self._accumulate(node, grads[0])
            return []
        if not node._runs_without_gradients and grads.count(None) == len(grads):
            found: list = [None] * len(needed)
        else:
            found = _watched(node, grads, needed, self.create_graph)
        if node._post_hooks:
            places = node._places
            shown = [None if place is None else found[place] for place in places]
            for place, each in zip(places, self._call_hooks(node._post_hooks, shown, grads), strict=True):
                if place is not None:
                    found[place] = each
        if not self.keep_graph:
            node._release()
        return found

    def _capture(self, node: Node, grads: list) -> None:
        for number in self._wanted.get(node, ()):
            self.captured[node, number] = grads[number]

    def _hooked(self, node: Node, grads: list) -> list:
        """The gradients of a node's outputs after the hooks of these tensors; those that are retained are kept."""
        if node._tensor_hooks:
            grads = list(grads)
            for number, hooks in node._tensor_hooks.items():
                if hooks:
                    grads[number] = self._unwrapped(tensor_hooks(hooks, self._wrapped(grads[number])))
        for number, tensor in self._retained.get(node, ()):
            if grads[number] is not None:
                state_of = tensor._accumulator()
                known = state_of.grad
                total = grads[number] if known is None else add(self.unwrap(known), grads[number], self.create_graph)
                state_of.grad = self.wrap(*total)
        return grads

    def _call_hooks(self, hooks: dict, grads: list, *more: list) -> list:
        """Call a node's hooks with tuples of tensors; what they return replaces the first tuple."""
        tuples = [tuple([self._wrapped(each) for each in group]) for group in (grads, *more)]
        return [self._unwrapped(each) for each in node_hooks(hooks, *tuples)]

    def _wrapped(self, grad: tuple | None):
        return None if grad is None else self.wrap(*grad)

    def _unwrapped(self, grad: Any) -> tuple | None:
        return None if grad is None else self.unwrap(grad)

    def _accumulate(self, node: AccumulateGrad, grad: tuple | None) -> None:
        leaf = node.variable
        if grad is not None and (leaf is None or leaf._edge is not None):  # else it requires grad no longer
            self._found.append((node, grad))
        if not node._is_plain:
            self._settle()
        if node._leaf_hooks and leaf is not None:
            leaf_hooks(node._leaf_hooks, leaf)
        if node._post_hooks:
            for hook in list(node._post_hooks.values()):
                hook((), (self._wrapped(grad),))

    def _settle(self) -> None:
        """Give the leaves what was found for them: an exception leaves all of them as they were, or none."""
        found = self._found[:]
        if not found:
            return
        writes, calls = [], []
        with program_lock:  # another walk may come to the same leaves
            for leaf, grad in found:
                known = leaf.grad
                if grad[0].aval.place.mesh is not None:
                    grad = self._cut(leaf, grad)
                if known is not None:
                    self.accumulated = True
                    grad = add(self.unwrap(known), grad, self.create_graph)
                if known is not None and not self.create_graph:
                    writes.append((known, grad[0]))
                    continue
                value, variable = grad[0], leaf._variable()
                if value.array is None:
                    value.recording.note(leaf, "grad", known)
                made = self.wrap(*grad)
                if variable is not None and variable._view is not None and not self.create_graph:
                    made._lie_as(variable)
                calls.append((setattr, leaf, "grad", made))
            write_together(writes, calls) if writes else at_once(calls)
        self._found.clear()

    def _cut(self, leaf: AccumulateGrad, grad: tuple) -> tuple:
        """A leaf's gradient over a mesh, cut as the leaf is."""
        spec = None if leaf.variable is None else cut_as(leaf.variable._value(), grad[0].aval)
        return grad if spec is None else apply(spec, grad[:1], grad[1:], self.create_graph)[0]


def _watched(node: Node, grads: list, needed: tuple[bool, ...], create_graph: bool) -> list:
    """A node's derivative; in anomaly mode what goes wrong tells where the node was made.

    Raises:
        RuntimeError: in anomaly mode a gradient has a NaN.
    """
    if not state.anomaly:
        return node.backward(grads, needed, create_graph)
    try:
        found = node.backward(grads, needed, create_graph)
        for number, grad in enumerate(found):
            if state.check_nan and grad is not None and np.isnan(grad[0].numpy()).any():
                raise RuntimeError(f"Function '{node.name()}' returned nan values in its {number}th output.")
    except Exception:
        made = node.metadata.get("traceback_")
        told = (
            "No forward pass information available. Enable detect anomaly during forward pass for more information."
            if made is None
            else "Traceback of forward call that caused the error:\n" + "".join(made)
        )
        warnings.warn(f"Error detected in {node.name()}. {told}", UserWarning, stacklevel=2)
        raise
    return found
