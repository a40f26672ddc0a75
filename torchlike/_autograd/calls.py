"""The calls that start the engine: ``backward`` and ``grad``, and the one node that runs a user's own derivative."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, overload

import jax.numpy as jnp

from torchlike._autograd.engine import Run
from torchlike._autograd.levels import BACKWARD, levels
from torchlike._autograd.modes import state
from torchlike._autograd.moving import moved
from torchlike._autograd.tape import NOWHERE, AccumulateGrad, Node, Nowhere, apply
from torchlike._autograd.variable import TensorBase
from torchlike._programs.aval import Aval
from torchlike._programs.cache import remembered
from torchlike._programs.spec import Spec
from torchlike._programs.tracebacks import gate
from torchlike._recorder.recorder import record, recorder

if TYPE_CHECKING:
    from torchlike.tensor import Tensor

NO_GRAD = "element {} of tensors does not require grad and does not have a grad_fn"
UNUSED = (
    "The differentiated Tensor at index {} appears to not have been used in the graph. Set allow_unused=True if this is "
    "the desired behavior."
)
CYCLE = (
    "Using backward() with create_graph=True will create a reference cycle between the parameter and its gradient which "
    "can cause a memory leak. We recommend using autograd.grad when creating the graph to avoid this. If you have to use "
    "this function, make sure to reset the .grad fields of your parameters to None after use to break the cycle and avoid "
    "the leak."
)
_told: set[str] = set()  # warnings that are given once


class GradientEdge(NamedTuple):
    """A place on the tape where a gradient arrives; it takes a tensor's place in `grad` and `backward`.

    Attributes:
        node: the node.
        output_nr: which of its outputs.
        ownership_token: None: the node alone keeps what is behind it.
    """

    node: Node
    output_nr: int
    ownership_token: Node | None = None


def pair(tensor: TensorBase) -> tuple:
    """A tensor as the engine has it: (value, edge)."""
    return tensor._value(), tensor._edge


def listed(tensors: Any) -> list:
    """One tensor, or edge, or a sequence of them, as a list."""
    return [tensors] if isinstance(tensors, (TensorBase, GradientEdge)) else list(tensors)


def _sources(inputs: Any, name: str) -> list:
    """The inputs of `grad` or `backward`, which may come in a dictionary, as a list.

    Raises:
        RuntimeError: there is none.
        TypeError: it is another kind of mapping.
    """
    if isinstance(inputs, Mapping):
        if type(inputs) is not dict:
            raise TypeError(
                f"`inputs` argument to `{name}()` must be a dict, not {type(inputs).__name__}. Other Mapping types are not "
                "supported."
            )
        inputs = tuple(inputs.values())
    inputs = listed(inputs)
    if not inputs:
        raise RuntimeError(f"`inputs` argument to `{name}()` cannot be empty.")
    return inputs


def _edges(inputs: list) -> list[tuple]:
    """Where the gradients of tensors arrive.

    Raises:
        RuntimeError: one of them requires no grad.
    """
    edges = [each[:2] if isinstance(each, GradientEdge) else each._tracked_edge for each in inputs]
    if None in edges:
        raise RuntimeError("One of the differentiated Tensors does not require grad")
    return edges


def roots_of(tensors: list, gradients: Any, create_graph: bool) -> list[tuple]:
    """(edge, gradient) for each root, ones where no gradient is given for a scalar.

    Raises:
        RuntimeError: a root requires no grad, is not a scalar, or its gradient has another shape.
    """
    gradients = [None] * len(tensors) if gradients is None else listed(gradients)
    if len(gradients) != len(tensors):
        raise RuntimeError(f"got {len(tensors)} tensors and {len(gradients)} gradients")
    roots = []
    for place, (tensor, gradient) in enumerate(zip(tensors, gradients, strict=True)):
        if isinstance(tensor, GradientEdge):
            edge, aval = tensor[:2], tensor.node._outputs[tensor.output_nr]
        else:
            edge, aval = tensor._tracked_edge, tensor._aval
        if gradient is None:
            if edge is None:
                raise RuntimeError(NO_GRAD.format(place))
            if aval.numel != 1:
                raise RuntimeError("grad can be implicitly created only for scalar outputs")
            if not aval.dtype.is_floating_point:
                raise RuntimeError(
                    "grad can be implicitly created only for real scalar outputs but got " + str(aval.dtype)
                )
            grad = record(_ones(aval), ())[0], None
        elif not isinstance(gradient, TensorBase):
            raise TypeError(f"gradients can be either Tensors or None, but got {type(gradient).__name__}")
        else:
            gradient = _fitting(gradient, aval, place)
            if edge is None:
                raise RuntimeError(NO_GRAD.format(place))
            value, given = pair(gradient)
            grad = value, given if create_graph else None
        roots.append((edge, grad))
    return roots


def _fitting(gradient: TensorBase, aval: Aval, place: int) -> TensorBase:
    """The gradient of a root, in its dtype and at its place.

    Raises:
        RuntimeError: it has another shape, is on another device, or one of the two alone is complex.
    """
    given = gradient._aval
    if given.shape != aval.shape:
        raise RuntimeError(
            f"Mismatch in shape: grad_output[{place}] has a shape of {given.size} and output[{place}] has a shape of "
            f"{aval.size}."
        )
    if given.device != aval.device and given.ndim:
        raise RuntimeError(f"invalid gradient at index {place} - expected device {aval.device} but got {given.device}")
    gradient = moved(gradient, aval.place)
    if given.dtype is aval.dtype:
        return gradient
    if given.dtype.is_complex != aval.dtype.is_complex:
        raise RuntimeError(
            "For complex Tensors, both grad_output and output are required to have the same dtype. Mismatch in dtype: "
            f"grad_output[{place}] has a dtype of {given.dtype} and output[{place}] has a dtype of {aval.dtype}."
        )
    return gradient.to(aval.dtype)


@remembered
def _ones(aval: Aval) -> Spec:
    """The operation that makes the gradient of a root; an array from outside would be one more argument."""
    return Spec("ones_like", lambda: jnp.ones(aval.shape, aval.dtype.np), (), aval.place)


@gate
def backward(
    tensors: Tensor | Sequence[Tensor] | None = None,
    grad_tensors: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    grad_variables: Tensor | Sequence[Tensor | None] | None = None,
    inputs: Any = None,
    **legacy: Any,
) -> None:
    """Add the gradients of `tensors` to the ``.grad`` of the leaves that they came from.

    Args:
        tensors: a tensor or a sequence of them.
        grad_tensors: the gradient of each, of its shape; may be None for scalars.
        retain_graph: keep what is saved, so that `backward` can be called again; `create_graph` by default.
        create_graph: make the gradients differentiable.
        inputs: accumulate into these alone.

    Raises:
        RuntimeError: a tensor requires no grad, is no scalar and has no gradient given, or the saved values are gone; or a
            function is being transformed.
    """
    if levels.stack:
        raise RuntimeError(BACKWARD)
    if legacy:
        tensors, retain_graph = _legacy(tensors, retain_graph, legacy, "backward")
    tensors = listed(tensors)
    inputs = None if inputs is None else _sources(inputs, "backward")
    if grad_variables is not None:
        warnings.warn("`grad_variables` is deprecated. Use `grad_tensors` instead.", FutureWarning, stacklevel=3)
        if grad_tensors is not None:
            raise RuntimeError(
                "`grad_tensors` and `grad_variables` (deprecated) arguments both passed to `backward()`. Please only use "
                "`grad_tensors`."
            )
        grad_tensors = grad_variables
    roots = roots_of(tensors, grad_tensors, create_graph)
    keep = create_graph if retain_graph is None else retain_graph
    if create_graph and CYCLE not in _told:
        _told.add(CYCLE)
        warnings.warn(CYCLE, UserWarning, stacklevel=3)
    run = Run(keep, create_graph, TensorBase._wrap, pair, None if inputs is None else _edges(inputs))
    for each in inputs or ():
        if isinstance(each, TensorBase):
            each.retain_grad()
    run(roots)
    recorder.end_backward(run.accumulated)


def _legacy(tensors: Any, retain_graph: bool | None, legacy: dict, name: str) -> tuple:
    """(tensors, retain_graph) from what PyTorch called them before 0.4."""
    for old in legacy:
        if old not in ("variables", "retain_variables"):
            raise TypeError(f"{name}() got an unexpected keyword argument '{old}'")
        new = {"variables": "tensors", "retain_variables": "retain_graph"}[old]
        warnings.warn(f"`{old}` is deprecated. Use `{new}` instead.", FutureWarning, stacklevel=4)
    return legacy.get("variables", tensors), legacy.get("retain_variables", retain_graph)


@overload
def grad(
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor | Sequence[Tensor],
    grad_outputs: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Tensor, ...]: ...
@overload
def grad(
    outputs: Tensor | Sequence[Tensor],
    inputs: dict[str, Tensor],
    grad_outputs: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> dict[str, Tensor]: ...
@gate
def grad(
    outputs: Tensor | Sequence[Tensor],
    inputs: Any,
    grad_outputs: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> Any:
    """The gradients of `outputs` with respect to `inputs`; no ``.grad`` is touched.

    Args:
        outputs: a tensor or a sequence of them.
        inputs: a tensor, a sequence or a dictionary of them, leaves or not.
        grad_outputs: the gradient of each output, of its shape; may be None for scalars.
        retain_graph: keep what is saved; `create_graph` by default.
        create_graph: make the gradients differentiable.
        allow_unused: give None for an input that no output depends on, instead of an error.
        is_grads_batched: whether each of `grad_outputs` has a first dimension more, of gradients to take one by one; the
            results have it, too.
        materialize_grads: give zeros for an input that no output depends on.

    Returns:
        A tuple with a gradient for each input, of its shape; a dictionary if they come in one.

    Raises:
        RuntimeError: an input requires no grad or was not used, or a gradient does not fit.
        ValueError: `materialize_grads` is true and `allow_unused` is not.

    Example:
        >>> x = torch.tensor(3.0, requires_grad=True)
        >>> torch.autograd.grad(x * x, x)
        (tensor(6.),)
    """
    if materialize_grads and allow_unused is False:
        raise ValueError(
            "Expected allow_unused to be True or not passed when materialize_grads=True, but got: allow_unused=False."
        )
    outputs, sources = listed(outputs), _sources(inputs, "grad")
    if not only_inputs:
        warnings.warn(
            "only_inputs argument is deprecated and is ignored now (defaults to True). To accumulate gradient for other "
            "parts of the graph, please use torch.autograd.backward.",
            FutureWarning,
            stacklevel=3,
        )
    keep = create_graph if retain_graph is None else retain_graph
    if is_grads_batched:
        batches = [None] * len(outputs) if grad_outputs is None else listed(grad_outputs)
        found = _batched(outputs, sources, batches, keep, create_graph, allow_unused or materialize_grads)
    else:
        found = _grad(outputs, sources, grad_outputs, keep, create_graph, allow_unused or materialize_grads)
    if materialize_grads:
        found = [_zeros_like(each) if got is None else got for got, each in zip(found, sources, strict=True)]
    return dict(zip(inputs, found, strict=True)) if type(inputs) is dict else tuple(found)


def _grad(
    outputs: list,
    sources: list,
    grad_outputs: Tensor | Sequence[Tensor | None] | None,
    keep: bool,
    create_graph: bool,
    allow_unused: bool | None,
) -> list:
    roots = roots_of(outputs, grad_outputs, create_graph)
    edges = [(Nowhere(), 0) if edge is NOWHERE else edge for edge in _edges(sources)]  # what is shared is nobody's own
    found = Run(keep, create_graph, TensorBase._wrap, pair, edges, captures=True)(roots)
    for place, edge in enumerate(edges):
        if found.get(edge) is None and not allow_unused:
            raise RuntimeError(UNUSED.format(place))
    return [None if (got := found.get(edge)) is None else TensorBase._wrap(*got) for edge in edges]


def _batched(
    outputs: list, sources: list, batches: list, keep: bool, create_graph: bool, allow_unused: bool | None
) -> list:
    """The gradients for each row of batches of gradients of the outputs, as rows again."""
    sizes = []
    for place, (output, batch) in enumerate(zip(outputs, batches, strict=True)):
        if batch is None:
            raise RuntimeError("grad can be implicitly created only for scalar outputs")
        shape = batch[0]._aval.shape
        if shape != output._aval.shape:
            raise RuntimeError(
                "If `is_grads_batched=True`, we interpret the first dimension of each grad_output as the batch dimension. "
                "The sizes of the remaining dimensions are expected to match the shape of corresponding output, but a "
                f"mismatch was detected: grad_output[{place}] has a shape of {batch._aval.size[2:]} and output[{place}] has "
                f"a shape of {output._aval.size}. If you only want some tensors in `grad_output` to be considered batched, "
                "consider using vmap."
            )
        sizes.append(batch._aval.shape[0])
    if len(set(sizes)) > 1:
        raise ValueError(
            f"vmap: Expected all tensors to have the same size in the mapped dimension, got sizes {sizes} for the mapped "
            "dimension"
        )
    rows = [
        _grad(outputs, sources, [each[row] for each in batches], keep or row + 1 < sizes[0], create_graph, allow_unused)
        for row in range(sizes[0])
    ]
    return [None if column[0] is None else stacked(column) for column in zip(*rows, strict=True)]


def _zeros_like(source: Any) -> TensorBase:
    if isinstance(source, GradientEdge):
        raise RuntimeError("materialize_grads cannot be used when the given input is a GradientEdge")
    return source.new_zeros(source.shape)


def stacked(column: Sequence) -> TensorBase:
    """Gradients of one shape along a new first dimension."""
    values, edges = zip(*map(pair, column), strict=True)
    return TensorBase._wrap(*apply(_stack(len(values), values[0].aval), values, edges, state.enabled)[0])


@remembered
def _stack(count: int, aval: Aval) -> Spec:
    return Spec("stack", lambda *rows: jnp.stack(rows), (aval,) * count)


def set_requires_grad(tensor: TensorBase, wanted: bool) -> None:
    """Make a leaf require grad, or no longer.

    Raises:
        RuntimeError: it is no leaf, or its dtype has no gradients.
    """
    edge = tensor._tracked_edge
    if wanted:
        if tensor._storage.inference and not state.inference:
            raise RuntimeError("Setting requires_grad=True on inference tensor outside InferenceMode is not allowed.")
        if edge is None or edge is NOWHERE:
            if tensor._aval.dtype.rank < 2:
                raise RuntimeError("only Tensors of floating point dtype can require gradients")
            tensor._edge = (tensor._accumulator(), 0)
            tensor._leaf._switch(True)
    elif edge is not None:
        if not isinstance(edge[0], AccumulateGrad):
            raise RuntimeError(
                "you can only change requires_grad flags of leaf variables. If you want to use a computed variable in "
                "a subgraph that doesn't require differentiation use var_no_grad = var.detach()."
            )
        edge[0]._switch(False)
        tensor._edge = None


backward.__module__ = grad.__module__ = "torchlike.autograd"
GradientEdge.__module__ = "torchlike.autograd.graph"
