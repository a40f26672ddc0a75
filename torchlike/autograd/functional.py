"""Jacobians and Hessians of functions of tensors."""

from __future__ import annotations

from torchlike._autograd import calls
from torchlike._autograd.modes import enable_grad


def _leaves(inputs, create_graph: bool) -> tuple:
    """The inputs as tensors to differentiate for; the originals' history is kept for `create_graph`."""
    if create_graph:
        return tuple(each if each.requires_grad else each.detach().requires_grad_() for each in inputs)
    return tuple(each.detach().requires_grad_() for each in inputs)


def _called(func, inputs, create_graph: bool):
    single = not isinstance(inputs, (tuple, list))
    leaves = _leaves([inputs] if single else inputs, create_graph)
    with enable_grad():
        got = func(*leaves)
    return single, leaves, got


def _settled(tensor, create_graph: bool):
    return tensor if create_graph else tensor.detach()


def jacobian(func, inputs, create_graph=False, strict=False, vectorize=False, strategy="reverse-mode"):
    """The derivative of each output element with respect to each input element.

    Returns:
        For one output of shape ``(*O)`` and one input of shape ``(*I)`` a tensor ``(*O, *I)``; tuples of them for
        several.
    """
    single, leaves, got = _called(func, inputs, create_graph)
    outputs = calls.listed(got)
    rows = []
    for output in outputs:
        found = []
        for each in output.reshape(-1).unbind(0):
            if each.requires_grad:
                found.append(calls.grad(each, leaves, None, True, create_graph, True, materialize_grads=True))
            else:
                found.append(tuple(leaf.new_zeros(leaf.shape) for leaf in leaves))
        columns = zip(*found, strict=True)
        blocks = [
            calls.stacked(column).reshape(*output.shape, *leaf.shape)
            for column, leaf in zip(columns, leaves, strict=True)
        ]
        blocks = [_settled(each, create_graph) for each in blocks]
        rows.append(blocks[0] if single else tuple(blocks))
    return rows[0] if not isinstance(got, (tuple, list)) else tuple(rows)


def hessian(func, inputs, create_graph=False, strict=False, vectorize=False, outer_jacobian_strategy="reverse-mode"):
    """The second derivatives of a function with one scalar output: ``(*I, *I)`` for an input of shape ``(*I)``."""
    single = not isinstance(inputs, (tuple, list))

    def gradient(*given):
        out = func(*given)
        found = calls.grad(out, given, create_graph=True, allow_unused=True, materialize_grads=True)
        return found[0] if single else found

    return jacobian(gradient, inputs, create_graph)


def vjp(func, inputs, v=None, create_graph=False, strict=False):
    """(outputs, vector-Jacobian product): the gradients of the inputs for the cotangent `v` of the output."""
    single, leaves, got = _called(func, inputs, create_graph)
    found = calls.grad(got, leaves, v, None, create_graph, True, materialize_grads=True)
    outputs = (
        _settled(got, create_graph) if not isinstance(got, tuple) else tuple(_settled(o, create_graph) for o in got)
    )
    return outputs, found[0] if single else found


def jvp(func, inputs, v=None, create_graph=False, strict=False):
    """(outputs, Jacobian-vector product), by differentiating a vector-Jacobian product."""
    single, leaves, got = _called(func, inputs, create_graph)
    outputs = calls.listed(got)
    dummies = [each.new_zeros(each.shape).requires_grad_() for each in outputs]
    with enable_grad():
        first = calls.grad(outputs, leaves, dummies, create_graph=True, allow_unused=True, materialize_grads=True)
    tangents = [leaf.new_ones(leaf.shape) for leaf in leaves] if v is None else calls.listed(v)
    found = calls.grad(first, dummies, tangents, None, create_graph, True, materialize_grads=True)
    settled = tuple(_settled(each, create_graph) for each in outputs)
    return (settled[0], found[0]) if not isinstance(got, tuple) else (settled, found)


def vhp(func, inputs, v=None, create_graph=False, strict=False):
    """(output, vector-Hessian product) of a function with one scalar output."""
    single, leaves, got = _called(func, inputs, create_graph)
    first = calls.grad(got, leaves, create_graph=True, allow_unused=True, materialize_grads=True)
    found = calls.grad(first, leaves, v, None, create_graph, True, materialize_grads=True)
    return _settled(got, create_graph), found[0] if single else found


hvp = vhp  # a Hessian is symmetric

for _public in (jacobian, hessian, vjp, jvp, vhp):
    _public.__module__ = "torchlike.autograd.functional"
