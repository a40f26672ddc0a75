"""``torch.utils.checkpoint``: parts of a network whose intermediate results are computed again for the backward pass.

Such a part is on the tape like any other, but its nodes save nothing. The first of them that is asked for its derivative
runs the part once more, on inputs behind a barrier that keeps XLA from merging the two runs, until all of them have what
they lack. With ``use_reentrant=True`` the part is one node that runs the part, and a backward of its own.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Generator, Iterable
from typing import Any
from weakref import ref

from torchlike._autograd import calls
from torchlike._autograd.engine import Run
from torchlike._autograd.modes import enable_grad, no_grad, state
from torchlike._autograd.saved import Packed, watch_nodes
from torchlike._autograd.tape import GradNode, Node
from torchlike._autograd.variable import TensorBase
from torchlike._functions.generators import fork_rng, get_rng_state, set_rng_state
from torchlike._ops.barriers import barrier
from torchlike.autograd.function import Function

_NOT_ALL = (
    "When use_reentrant=True, torch.utils.checkpoint is incompatible with .grad() or passing an `inputs` parameter to "
    ".backward(). To resolve this error, you can either set use_reentrant=False, or call .backward() without passing the "
    "`inputs` argument."
)
_CHECKS = ("default", "none")


class CheckpointError(RuntimeError):
    """The second run of a part was not like the first."""


class _Stop(Exception):
    """Ends the second run of a part once all is computed that is lacking."""


class _Switches:
    """What holds for all parts: None leaves it to the call."""

    early_stop: bool | None = None
    debug: bool | None = None


@contextlib.contextmanager
def set_checkpoint_early_stop(enable: bool) -> Generator[None]:
    """Within the block, whether second runs end once all is computed that is lacking."""
    before, _Switches.early_stop = _Switches.early_stop, enable
    try:
        yield
    finally:
        _Switches.early_stop = before


@contextlib.contextmanager
def set_checkpoint_debug_enabled(enabled: bool | None) -> Generator[None]:
    """Within the block, whether errors tell the operations of both runs."""
    before, _Switches.debug = _Switches.debug, enabled
    try:
        yield
    finally:
        _Switches.debug = before


def noop_context_fn() -> tuple:
    """Two contexts, for the first and the second run, that do nothing."""
    return contextlib.nullcontext(), contextlib.nullcontext()


def detach_variable(inputs: tuple) -> tuple:
    """The tensors apart from the tape, with their `requires_grad`.

    Raises:
        RuntimeError: it is no tuple.
    """
    if not isinstance(inputs, tuple):
        raise RuntimeError(f"Only tuple of tensors is supported. Got Unsupported input type: {type(inputs).__name__}")
    is_tensor = lambda each: isinstance(each, TensorBase)
    return tuple([each.detach().requires_grad_(each.requires_grad) if is_tensor(each) else each for each in inputs])


def check_backward_validity(inputs: Iterable[Any]) -> None:
    """Warn where no input requires grad."""
    if not any(isinstance(each, TensorBase) and each.requires_grad for each in inputs):
        warnings.warn("None of the inputs have requires_grad=True. Gradients will be None", stacklevel=2)


def checkpoint(
    function: Callable,
    *args: Any,
    use_reentrant: bool | None = None,
    context_fn: Callable[[], tuple] = noop_context_fn,
    determinism_check: str = "default",
    debug: bool = False,
    early_stop: bool = True,
    **kwargs: Any,
) -> Any:
    """Run a part of a network without keeping its intermediate results: they are computed again when needed.

    Args:
        function: the part; it is run twice and must do the same both times.
        args: its inputs; with ``use_reentrant=False`` tensors anywhere else, as in a closure, are as good.
        use_reentrant: whether the part is one node with a backward of its own: no other gradients than those of `args` and
            of leaves, and no `torch.autograd.grad`.
        context_fn: gives two contexts, one for each run.
        determinism_check: ``"none"`` does not compare the two runs.
        debug: whether an error tells the operations of both runs.
        early_stop: whether the second run ends once all is computed that is lacking.
        preserve_rng_state: whether random numbers are the same in both runs; True by default.
        kwargs: further inputs of `function`.

    Returns:
        What `function` returns.

    Raises:
        CheckpointError: in the backward pass, when the second run recorded other operations.
        ValueError: options that do not go together.

    Source: Chen et al., Training Deep Nets with Sublinear Memory Cost, 2016.

    Example:
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
        return CheckpointFunction.apply(function, preserve, *args)
    debug = debug if _Switches.debug is None else _Switches.debug
    if debug and context_fn is not noop_context_fn:
        raise ValueError("debug=True is incompatible with non-default context_fn")
    if determinism_check not in _CHECKS:
        raise ValueError(f"determinism_check should be one of {list(_CHECKS)}, but got {determinism_check}")
    first, second = context_fn()
    if not state.enabled:
        return function(*args, **kwargs)
    part = _Part(_Inputs(function, args, kwargs, preserve), second)
    part.compares, part.tells = determinism_check != "none", debug
    part.stops = early_stop if _Switches.early_stop is None else _Switches.early_stop
    with _collecting(part.nodes.append), first:
        got = function(*args, **kwargs)
    part.forget()
    return got


@contextlib.contextmanager
def _collecting(collect: Callable[[Node], None]) -> Generator[None]:
    """Within the block, `collect` is called with each new node, and no hooks from outside pack what it saves."""
    watch_nodes()
    before = state.collectors, state.saved_hooks
    state.collectors, state.saved_hooks = (*state.collectors, collect), ()
    try:
        yield
    finally:
        state.collectors, state.saved_hooks = before


class _Inputs:
    """A function and its inputs as they are now: what is done to them later must not show in a second run."""

    def __init__(self, function: Callable, args: tuple, kwargs: dict, preserve: bool) -> None:
        self.function = function
        self.args = [_Saved(each) if isinstance(each, TensorBase) else each for each in args]
        self.kwargs = {name: _Saved(each) if isinstance(each, TensorBase) else each for name, each in kwargs.items()}
        self.seed = get_rng_state() if preserve else None

    def behind(self, cotangents: list) -> tuple[list, dict]:
        """The inputs, behind a barrier.

        Args:
            cotangents: pairs (value, edge) or None: XLA must not begin before these are computed.
        """
        given = [each for each in (*self.args, *self.kwargs.values()) if isinstance(each, _Saved)]
        tensors = [each.tensor() for each in given]
        awaited = [TensorBase._wrap(each[0]) for each in cotangents if each is not None]
        made = {}
        for place in {each._aval.place for each in tensors}:
            here = [(each, tensor) for each, tensor in zip(given, tensors, strict=True) if tensor._aval.place is place]
            beside = [each for each in awaited if each._aval.place is place]
            fresh = barrier([tensor for _, tensor in here] + beside)
            made |= {
                id(each): new.requires_grad_(each.requires_grad) for (each, _), new in zip(here, fresh, strict=False)
            }
        args = [made.get(id(each), each) for each in self.args]
        return args, {name: made.get(id(each), each) for name, each in self.kwargs.items()}

    @contextlib.contextmanager
    def random_numbers(self) -> Generator[None]:
        """Within the block, random numbers are those of the first run."""
        with fork_rng(enabled=self.seed is not None):
            if self.seed is not None:
                set_rng_state(self.seed)
            yield


class _Saved:
    """A tensor as it was when the part ran first."""

    def __init__(self, tensor: TensorBase) -> None:
        self.value, self.requires_grad = tensor._value(), tensor.requires_grad

    def tensor(self) -> TensorBase:
        return TensorBase._wrap(self.value)


class _Part:
    """A checkpointed part: what it takes to run it again, and its nodes on the tape.

    Attributes:
        nodes: all of its nodes in order while it runs first; then weak references to those that save something.
        known: what these are, to compare.
        compares, tells, stops: see `checkpoint`.
    """

    compares = stops = True
    tells = False

    def __init__(self, inputs: _Inputs, context: Any) -> None:
        self.inputs, self.context = inputs, context
        self.nodes: list[Any] = []
        self.known: list[tuple] = []

    def forget(self) -> None:
        """Drop what the nodes have saved."""
        saving = [each for each in self.nodes if not isinstance(each._restore, Packed) and each._saves]
        for node in self.nodes:
            if not isinstance(node._restore, Packed):
                node._kept, node._restore = None, None
        for node in saving:
            node._restore = self.run_again
        self.nodes, self.known = [ref(each) for each in saving], [_kind(each) for each in saving]

    def run_again(self, cotangents: list) -> None:
        """Give the nodes what they need for their derivatives.

        Raises:
            CheckpointError: the nodes of this run differ from those of the first.
        """
        found: list[GradNode] = []

        def collect(node: Any) -> None:
            if isinstance(node._restore, Packed) or not node._saves:
                return
            found.append(node)
            if self.stops and len(found) == len(self.nodes):
                raise _Stop

        with enable_grad(), self.inputs.random_numbers(), self.context, contextlib.suppress(_Stop):
            args, kwargs = self.inputs.behind(cotangents)
            with _collecting(collect):
                self.inputs.function(*args, **kwargs)
        self._check(found)
        for known, again in zip(self.nodes, found, strict=True):
            node = known()
            if node is not None and node._restore is not None:
                node._kept, node._restore = again._kept, again.restored if again._kept is None else None

    def _check(self, found: list[GradNode]) -> None:
        kinds = [_kind(each) for each in found]
        told = ""
        if self.tells:
            names = [", ".join(name for name, *_ in each) for each in (self.known, kinds)]
            told = f"\nOperations executed during the original forward: {names[0]}\nduring recomputation: {names[1]}"
        if len(found) != len(self.nodes):
            raise CheckpointError(
                "torch.utils.checkpoint: A different number of tensors was saved during the original forward and "
                f"recomputation.\nNumber of tensors saved during forward: {len(self.nodes)}\n"
                f"Number of tensors saved during recomputation: {len(found)}.{told}"
            )
        differing = [place for place, (a, b) in enumerate(zip(self.known, kinds, strict=True)) if a != b]
        if differing and self.compares:
            lines = "".join(
                f"tensor at position {place}:\nsaved metadata: {self.known[place]}\n"
                f"recomputed metadata: {kinds[place]}\n"
                for place in differing
            )
            raise CheckpointError(
                "torch.utils.checkpoint: Recomputed values for the following tensors have different metadata than during "
                f"the forward pass.\n{lines}.{told}"
            )


def _kind(node: GradNode) -> tuple:
    """What a node must be in both runs: its name and the avals of its outputs."""
    return (node.name(), *node._outputs)


class CheckpointFunction(Function):
    """A part as one node: its derivative runs it again, and goes back through it at once."""

    @staticmethod
    def forward(ctx: Any, run_function: Callable, preserve_rng_state: bool, *args: Any):
        check_backward_validity(args)
        ctx.inputs = _Inputs(run_function, args, {}, preserve_rng_state)
        ctx.save_for_backward(*[each for each in args if isinstance(each, TensorBase)])
        with no_grad():
            return run_function(*args)

    @staticmethod
    def backward(ctx: Any, *grads: Any):
        if state.run is None or state.run.targets is not None:
            raise RuntimeError(_NOT_ALL)
        _ = ctx.saved_tensors  # refuses a second time
        with enable_grad(), ctx.inputs.random_numbers():
            args, _ = ctx.inputs.behind([(each._value(), None) for each in grads if each is not None])
            outputs = ctx.inputs.function(*args)
        outputs = (outputs,) if isinstance(outputs, TensorBase) else outputs
        pairs = [
            (each, grad)
            for each, grad in zip(outputs, grads, strict=False)
            if isinstance(each, TensorBase) and each.requires_grad
        ]
        if not pairs:
            raise RuntimeError("none of output has requires_grad=True, this checkpoint() is not necessary")
        roots = calls.roots_of([one for one, _ in pairs], [grad for _, grad in pairs], False)
        Run(False, False, TensorBase._wrap, calls.pair)(roots)
        return None, None, *[each.grad if isinstance(each, TensorBase) else None for each in args]


def checkpoint_sequential(
    functions: Any, segments: int, input: Any, use_reentrant: bool | None = None, **kwargs: Any
) -> Any:
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
    layers = list(functions.children()) if hasattr(functions, "children") else functions
    size = len(layers) // segments

    def run(begin: int, end: int | None) -> Callable:
        def part(each: Any):
            for layer in layers[begin:end]:
                each = layer(each)
            return each

        return part

    for begin in range(0, size * (segments - 1), size):
        part = run(begin, begin + size)
        input = checkpoint(part, input, use_reentrant=use_reentrant, preserve_rng_state=preserve)
    return run(size * (segments - 1), None)(input)
