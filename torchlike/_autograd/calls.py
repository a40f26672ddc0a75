"""The calls that start the engine: ``backward`` and ``grad``, and the one node that runs a user's own derivative."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Sequence

import jax.numpy as jnp

from torchlike._autograd.engine import Run
from torchlike._autograd.modes import state
from torchlike._autograd.tape import AccumulateGrad, apply
from torchlike._autograd.variable import TensorBase
from torchlike._programs.aval import Aval
from torchlike._programs.spec import Spec
from torchlike._programs.tracebacks import gate
from torchlike._recorder.recorder import record, recorder

NO_GRAD = "element {} of tensors does not require grad and does not have a grad_fn"
UNUSED = (
    "The differentiated Tensor at index {} appears to not have been used in the graph. Set allow_unused=True if this is "
    "the desired behavior."
)


def pair(tensor: TensorBase) -> tuple:
    """A tensor as the engine has it: (value, edge)."""
    return tensor._value(), tensor._edge


def listed(tensors) -> list:
    """One tensor or a sequence of them, as a list."""
    return [tensors] if isinstance(tensors, TensorBase) else list(tensors)


def roots_of(tensors: list, gradients, create_graph: bool) -> list[tuple]:
    """(edge, gradient) for each root, ones where no gradient is given for a scalar.

    Raises:
        RuntimeError: a root requires no grad, is not a scalar, or its gradient has another shape.
    """
    gradients = [None] * len(tensors) if gradients is None else listed(gradients)
    if len(gradients) != len(tensors):
        raise RuntimeError(f"got {len(tensors)} tensors and {len(gradients)} gradients")
    roots = []
    for place, (tensor, gradient) in enumerate(zip(tensors, gradients, strict=True)):
        edge, known = tensor._tracked_edge, tensor._aval
        if gradient is None:
            if edge is None:
                raise RuntimeError(NO_GRAD.format(place))
            if known.numel != 1:
                raise RuntimeError("grad can be implicitly created only for scalar outputs")
            if not known.dtype.is_floating_point:
                raise RuntimeError(
                    "grad can be implicitly created only for real scalar outputs but got " + str(known.dtype)
                )
            grad = record(_ones(known), ())[0], None
        elif not isinstance(gradient, TensorBase):
            raise TypeError(f"gradients can be either Tensors or None, but got {type(gradient).__name__}")
        else:
            if gradient._aval.shape != known.shape:
                raise RuntimeError(
                    f"Mismatch in shape: grad_output[{place}] has a shape of {gradient._aval.size} and "
                    f"output[{place}] has a shape of {known.size}."
                )
            if edge is None:
                raise RuntimeError(NO_GRAD.format(place))
            value, given = pair(gradient)
            grad = value, given if create_graph else None
        roots.append((edge, grad))
    return roots


@functools.cache
def _ones(known: Aval) -> Spec:
    """The operation that makes the gradient of a root; an array from outside would be one more argument."""
    return Spec("ones_like", lambda: jnp.ones(known.shape, known.dtype.np), (), known.device)


@gate
def backward(
    tensors=None,
    grad_tensors=None,
    retain_graph=None,
    create_graph=False,
    grad_variables=None,
    inputs=None,
    **legacy,
):
    """Add the gradients of `tensors` to the ``.grad`` of the leaves that they came from.

    Args:
        tensors: a tensor or a sequence of them.
        grad_tensors: the gradient of each, of its shape; may be None for scalars.
        retain_graph: keep what is saved, so that `backward` can be called again; `create_graph` by default.
        create_graph: make the gradients differentiable.
        inputs: accumulate into these alone.

    Raises:
        RuntimeError: a tensor requires no grad, is no scalar and has no gradient given, or the saved values are gone.
    """
    if legacy:
        tensors, retain_graph = _legacy(tensors, retain_graph, legacy, "backward")
    tensors = listed(tensors)
    if inputs is not None and len(listed(inputs)) == 0:
        raise RuntimeError("`inputs` argument to `backward()` cannot be empty.")
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
    if inputs is None:
        run = Run(keep, create_graph, TensorBase._wrap, pair)
        run(roots)
        accumulated = run.accumulated
    else:
        accumulated = _accumulate_into(listed(inputs), roots, keep, create_graph)
    recorder.end_backward(accumulated)


def _legacy(tensors, retain_graph, legacy: dict, name: str) -> tuple:
    """(tensors, retain_graph) from what PyTorch called them before 0.4."""
    for old in legacy:
        if old not in ("variables", "retain_variables"):
            raise TypeError(f"{name}() got an unexpected keyword argument '{old}'")
        new = {"variables": "tensors", "retain_variables": "retain_graph"}[old]
        warnings.warn(f"`{old}` is deprecated. Use `{new}` instead.", FutureWarning, stacklevel=4)
    return legacy.get("variables", tensors), legacy.get("retain_variables", retain_graph)


def _accumulate_into(inputs: list, roots: list, keep: bool, create_graph: bool) -> bool:
    edges = [each._tracked_edge for each in inputs]
    run = Run(keep, create_graph, TensorBase._wrap, pair, [edge for edge in edges if edge is not None])
    found = run(roots)
    run.targets = None
    for each, edge in zip(inputs, edges, strict=True):
        run._accumulate(each._accumulator(), found.get(edge))
    return run.accumulated


@gate
def grad(
    outputs,
    inputs,
    grad_outputs=None,
    retain_graph=None,
    create_graph=False,
    allow_unused=None,
    is_grads_batched=False,
    materialize_grads=False,
    only_inputs=True,
) -> tuple:
    """The gradients of `outputs` with respect to `inputs`; no ``.grad`` is touched.

    Args:
        outputs: a tensor or a sequence of them.
        inputs: a tensor or a sequence of them, leaves or not.
        grad_outputs: the gradient of each output, of its shape; may be None for scalars.
        retain_graph: keep what is saved; `create_graph` by default.
        create_graph: make the gradients differentiable.
        allow_unused: give None for an input that no output depends on, instead of an error.
        materialize_grads: give zeros for it.

    Returns:
        A tuple with a gradient for each input, of its shape.

    Raises:
        RuntimeError: an input requires no grad or was not used.

    Example:
        >>> import torchlike as torch
        >>> x = torch.tensor(3.0, requires_grad=True)
        >>> torch.autograd.grad(x * x, x)
        (tensor(6.),)
    """
    if not only_inputs:
        warnings.warn(
            "only_inputs argument is deprecated and is ignored now (defaults to True). To accumulate gradient for other "
            "parts of the graph, please use torch.autograd.backward.",
            FutureWarning,
            stacklevel=3,
        )
    outputs, inputs = listed(outputs), listed(inputs)
    if not inputs:
        raise ValueError("grad requires non-empty inputs.")
    if materialize_grads and allow_unused is False:
        raise ValueError(
            "Expected allow_unused to be True or not passed when materialize_grads=True, but got: allow_unused=False."
        )
    edges = [each._tracked_edge for each in inputs]
    roots = roots_of(outputs, grad_outputs, create_graph)
    if None in edges:
        raise RuntimeError("One of the differentiated Tensors does not require grad")
    if is_grads_batched:
        rows = [
            grad(outputs, inputs, [each[row] for each in listed(grad_outputs)], True, create_graph, allow_unused)
            for row in range(len(listed(grad_outputs)[0]))
        ]
        return tuple(_stacked(column) for column in zip(*rows, strict=True))
    run = Run(create_graph if retain_graph is None else retain_graph, create_graph, TensorBase._wrap, pair, edges)
    found = run(roots)
    results = []
    for place, (each, edge) in enumerate(zip(inputs, edges, strict=True)):
        got = found.get(edge)
        if got is None and not (allow_unused or materialize_grads):
            raise RuntimeError(UNUSED.format(place))
        results.append(
            TensorBase._wrap(*got) if got is not None else each.new_zeros(each.shape) if materialize_grads else None
        )
    return tuple(results)


def _stacked(column: Sequence):
    """Gradients of one shape along a new first dimension; None where there are none."""
    if column[0] is None:
        return None
    spec = Spec("stack", lambda *rows: jnp.stack(rows), tuple([each._aval for each in column]))
    values, edges = zip(*map(pair, column), strict=True)
    return TensorBase._wrap(*apply(spec, values, edges, state.enabled)[0])


def set_requires_grad(tensor: TensorBase, wanted: bool) -> None:
    """Make a leaf require grad, or no longer.

    Raises:
        RuntimeError: it is no leaf, or its dtype has no gradients.
    """
    edge = tensor._tracked_edge
    if wanted:
        if edge is None:
            if tensor._aval.dtype.rank < 2:
                raise RuntimeError("only Tensors of floating point dtype can require gradients")
            tensor._edge = (tensor._accumulator(), 0)
    elif edge is not None:
        if not isinstance(edge[0], AccumulateGrad):
            raise RuntimeError(
                "you can only change requires_grad flags of leaf variables. If you want to use a computed variable in "
                "a subgraph that doesn't require differentiation use var_no_grad = var.detach()."
            )
        tensor._edge = None


for _public in (backward, grad):
    _public.__module__ = "torchlike.autograd"
