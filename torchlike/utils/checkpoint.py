"""``torch.utils.checkpoint``: parts of a network whose intermediate results are computed again for the backward pass.

Such a part is on the tape like any other, but its nodes save nothing. The first of them that is asked for its derivative
runs the part once more, on inputs behind a barrier that keeps XLA from merging the two runs, and gives all of them what
they lack.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable

from torchlike._autograd.modes import enable_grad, no_grad, state
from torchlike._autograd.tape import GradNode, Node, next_sequence
from torchlike._autograd.variable import TensorBase
from torchlike._functions.randoms import fork_rng, get_rng_state, set_rng_state
from torchlike._ops.barriers import barrier
from torchlike.autograd.function import FunctionCtx


class CheckpointError(RuntimeError):
    """The second run of a part was not like the first."""


def noop_context_fn() -> tuple:
    """Two contexts, for the first and the second run, that do nothing."""
    return contextlib.nullcontext(), contextlib.nullcontext()


def checkpoint(
    function: Callable,
    *args,
    use_reentrant: bool | None = None,
    context_fn: Callable[[], tuple] = noop_context_fn,
    determinism_check: str = "default",
    debug: bool = False,
    early_stop: bool = True,
    **kwargs,
):
    """Run a part of a network without keeping its intermediate results: they are computed again when needed.

    Args:
        function: the part; it is run twice and must do the same both times.
        args: its inputs; tensors anywhere else, as in a closure, are as good.
        use_reentrant: PyTorch's two ways to do this, which are one here; with True, inputs of which none requires grad
            give a warning and results without history.
        context_fn: gives two contexts, one for each run.
        determinism_check: ``"none"`` does not compare the two runs.
        debug, early_stop: taken and not needed.
        preserve_rng_state: whether random numbers are the same in both runs; True by default.
        kwargs: further inputs of `function`.

    Returns:
        What `function` returns.

    Raises:
        CheckpointError: in the backward pass, when the second run recorded other operations.
        ValueError: options that do not go with ``use_reentrant=True``.

    Source: Chen et al., Training Deep Nets with Sublinear Memory Cost, 2016.

    Example:
        >>> import torchlike as torch
        >>> x = torch.ones(2, requires_grad=True)
        >>> torch.utils.checkpoint.checkpoint(lambda x: x.exp().sin(), x, use_reentrant=False).sum().backward()
    """
    if use_reentrant is None:
        warnings.warn(
            "torch.utils.checkpoint: the use_reentrant parameter should be passed explicitly. Starting in PyTorch 2.9, "
            "calling checkpoint without use_reentrant will raise an exception. use_reentrant=False is recommended, but if "
            "you need to preserve the current default behavior, you can pass use_reentrant=True. Refer to docs for more "
            "details on the differences between the two variants.",
            stacklevel=2,
        )
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if use_reentrant:
        if kwargs:
            raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
        if context_fn is not noop_context_fn or debug is not False:
            raise ValueError("Passing `context_fn` or `debug` is only supported when use_reentrant=False.")
        if not any(isinstance(each, TensorBase) and each.requires_grad for each in args):
            warnings.warn("None of the inputs have requires_grad=True. Gradients will be None", stacklevel=2)
            with no_grad():
                return function(*args)
    first, second = context_fn()
    if not state.enabled:
        with first:
            return function(*args, **kwargs)
    part = _Part(function, args, kwargs, second, get_rng_state() if preserve else None, determinism_check != "none")
    with first:
        got = function(*args, **kwargs)
    part.forget(got)
    return got


class _Part:
    """A checkpointed part: what it takes to run it again, and its nodes on the tape."""

    def __init__(self, function: Callable, args: tuple, kwargs: dict, context, seed, compares: bool) -> None:
        self.function, self.context, self.seed, self.compares = function, context, seed, compares
        # as the tensors are now: what is done to them later must not show
        self.args = [_Saved(each) if isinstance(each, TensorBase) else each for each in args]
        self.kwargs = {name: _Saved(each) if isinstance(each, TensorBase) else each for name, each in kwargs.items()}
        self.begin = next_sequence()
        self.nodes: list[Node] = []

    def forget(self, results) -> None:
        """Drop what the nodes that lead to the results have saved."""
        self.nodes = _nodes_since(self.begin, results)
        for node in self.nodes:
            node._kept, node._restore = None, self.run_again

    def run_again(self, cotangents: list) -> None:
        """Give the nodes what they need for their derivatives.

        Args:
            cotangents: pairs (value, edge) or None: XLA must not begin before these are computed.

        Raises:
            CheckpointError: the tape of this run differs from that of the first.
        """
        given = [each for each in (*self.args, *self.kwargs.values()) if isinstance(each, _Saved)]
        with enable_grad(), self.context, fork_rng(enabled=self.seed is not None):
            if self.seed is not None:
                set_rng_state(self.seed)
            behind = [each.tensor() for each in given]
            behind += [TensorBase._wrap(each[0]) for each in cotangents if each is not None]
            fresh = iter(barrier(behind) if behind else ())
            made = {id(each): next(fresh).requires_grad_(each.requires_grad) for each in given}
            args = [made.get(id(each), each) for each in self.args]
            kwargs = {name: made.get(id(each), each) for name, each in self.kwargs.items()}
            begin = next_sequence()
            nodes = _nodes_since(begin, self.function(*args, **kwargs))
        names = [[each.name() for each in those] for those in (self.nodes, nodes)]
        if len(nodes) != len(self.nodes) or self.compares and names[0] != names[1]:
            raise CheckpointError(
                "torch.utils.checkpoint: A different number of tensors was saved during the original forward and "
                f"recomputation.\nNumber of tensors saved during forward: {len(self.nodes)}\n"
                f"Number of tensors saved during recomputation: {len(nodes)}."
            )
        for node, again in zip(self.nodes, nodes, strict=True):
            node._kept, node._restore = again._kept, None


class _Saved:
    """A tensor as it was when the part ran first."""

    def __init__(self, tensor: TensorBase) -> None:
        self.value, self.requires_grad = tensor._value(), tensor.requires_grad

    def tensor(self) -> TensorBase:
        return TensorBase._wrap(self.value)


def _nodes_since(begin: int, results) -> list[Node]:
    """The operations on the tape that were recorded after `begin` and lead to the results, in order."""
    found: dict[Node, None] = {}
    stack = [each._tracked_edge for each in _tensors(results)]
    while stack:
        edge = stack.pop()
        node = None if edge is None else edge[0]
        if isinstance(node, (GradNode, FunctionCtx)) and node._sequence > begin and node not in found:
            found[node] = None
            stack += node._edges
    return sorted(found, key=lambda each: each._sequence)


def _tensors(results) -> list[TensorBase]:
    if isinstance(results, TensorBase):
        return [results]
    if isinstance(results, dict):
        results = list(results.values())
    return [tensor for each in results for tensor in _tensors(each)] if isinstance(results, (list, tuple)) else []


def checkpoint_sequential(functions, segments: int, input, use_reentrant: bool | None = None, **kwargs):
    """Run a sequence of layers in parts, all but the last of them as `checkpoint` does.

    Args:
        functions: an ``nn.Sequential`` or a list of functions.
        segments: how many parts.
        input: the first one's input.
        use_reentrant, preserve_rng_state: as for `checkpoint`.

    Raises:
        ValueError: other keywords.
    """
    if use_reentrant is None:
        warnings.warn(
            "torch.utils.checkpoint.checkpoint_sequential: the use_reentrant parameter should be passed explicitly. In "
            "version 2.9 we will raise an exception if use_reentrant is not passed. use_reentrant=False is recommended, "
            "but if you need to preserve the current default behavior, you can pass use_reentrant=True. Refer to docs for "
            "more details on the differences between the two variants.",
            stacklevel=2,
        )
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if kwargs:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
    layers = list(functions.children()) if hasattr(functions, "children") else list(functions)
    size = len(layers) // segments

    def run(begin: int, end: int | None) -> Callable:
        def part(each):
            for layer in layers[begin:end]:
                each = layer(each)
            return each

        return part

    for begin in range(0, size * (segments - 1), size):
        part = run(begin, begin + size)
        input = checkpoint(part, input, use_reentrant=use_reentrant, preserve_rng_state=preserve)
    return run(size * (segments - 1), None)(input)
