"""Jacobians and Hessians of functions of tensors, and their products with vectors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torchlike._autograd import calls
from torchlike._autograd.modes import enable_grad, is_grad_enabled, set_grad_enabled
from torchlike._autograd.variable import TensorBase
from torchlike._ops.joining import stack

# ---------------------------------------------------------------------- errors, in PyTorch's words

_GIVEN = "The {what} given to {name} must be either a Tensor or a tuple of Tensors but the "
_NO_VECTOR = "The vector v can only be None if {} a single Tensor with a single element."
_STRATEGY = 'Expected strategy to be either "forward-mode" or "reverse-mode".'
_HINT = (
    ' Hint: If your function has more outputs than inputs, "forward-mode" tends to be more performant. Otherwise, prefer to '
    'use "reverse-mode".'
)
_TOGETHER = (
    "torch.autograd.functional.jacobian: `{}` and `{}` are not supported together{}. Please either set `{}` or `{}`."
)
_NO_GRAPH = {
    "outputs": "Output {} of the user-provided function does not require gradients. The outputs must be computed in a "
    "differentiable manner from the input when running in strict mode.",
    "grad_inputs": "The gradient with respect to input {} is independent of the inputs of the user-provided function. This "
    "is not allowed in strict mode.",
    "jacobian": "While computing the hessian, found that the jacobian of the user-provided function with respect to input "
    "{} is independent of the input. This is not allowed in strict mode. You should ensure that your function is twice "
    "differentiable and that the jacobian depends on the inputs (this would be violated by a linear function for example).",
    "hessian": "The hessian of the user-provided function with respect to input {} is independent of the input. This is not "
    "allowed in strict mode. You should ensure that your function is thrice differentiable and that the hessian depends on "
    "the inputs.",
}
_INDEPENDENT = {
    "back": "The output of the user-provided function is independent of input {}. This is not allowed in strict mode.",
    "back_trick": "The gradient with respect to the input is independent of entry {} in the grad_outputs when using the "
    "double backward trick to compute forward mode gradients. This is not allowed in strict mode.",
    "double_back": "The jacobian of the user-provided function is independent of input {}. This is not allowed in strict "
    "mode.",
    "double_back_trick": "The hessian of the user-provided function is independent of entry {} in the grad_jacobian. This "
    "is not allowed in strict mode as it prevents from using the double backward trick to replace forward mode AD.",
}
_CONSTANT = "The {} of the user-provided function is independent of input {}. This is not allowed in strict mode when "


def _tuple(given: Any, what: str, name: str) -> tuple[bool, tuple]:
    """(whether it is a tuple, the tensors as one).

    Raises:
        TypeError: something else is among them.
    """
    several = isinstance(given, tuple)
    for place, each in enumerate(given if several else (given,)):
        if not isinstance(each, TensorBase):
            where = f"value at index {place}" if several else f"given {what}"
            raise TypeError(_GIVEN.format(what=what, name=name) + f"{where} has type {type(each)}.")
    return several, given if several else (given,)


def _leaves(tensors: tuple, create_graph: bool, wanted: bool = True) -> tuple:
    """The tensors to differentiate for; those whose history is asked for keep it."""
    return tuple(
        [
            each.view_as(each) if create_graph and each.requires_grad else each.detach().requires_grad_(wanted)
            for each in tensors
        ]
    )


def _vector(v: Any, like: tuple, several: bool, create_graph: bool, name: str, without: str) -> tuple | None:
    """The vector of a product, checked against what it is multiplied with.

    Raises:
        RuntimeError: it is left out, or has another size.
    """
    if v is None:
        if len(like) != 1 or like[0].numel() != 1:
            raise RuntimeError(_NO_VECTOR.format(without))
        return None
    _, v = _tuple(v, "v", name)
    v = _leaves(v, create_graph, False)
    if len(v) != len(like):
        if several:
            raise RuntimeError(f"v is a tuple of invalid length: should be {len(like)} but got {len(v)}.")
        raise RuntimeError("The given v should contain a single Tensor.")
    for place, (each, other) in enumerate(zip(v, like, strict=True)):
        if each.shape != other.shape:
            entry = f"Entry {place} in " if several else ""
            raise RuntimeError(f"{entry}v has invalid size: should be {other.shape} but got {each.shape}.")
    return v


def _need_graph(tensors: tuple, kind: str, strict: bool) -> None:
    for place, each in enumerate(tensors if strict else ()):
        if each is None:
            raise RuntimeError(_INDEPENDENT["back"].format(place))
        if not each.requires_grad:
            raise RuntimeError(_NO_GRAPH[kind].format(place))


def _grad(
    outputs: tuple, inputs: tuple, cotangents: tuple | None, create_graph: bool, keep: Any = None, batched: bool = False
) -> tuple:
    """`torch.autograd.grad` of those outputs that have a history; None where nothing depends on an input."""
    cotangents = (None,) * len(outputs) if cotangents is None else cotangents
    pairs = [pair for pair in zip(outputs, cotangents, strict=True) if pair[0] is not None and pair[0].requires_grad]
    if not pairs:
        return (None,) * len(inputs)
    outs, given = zip(*pairs, strict=True)
    return calls.grad(outs, inputs, given, keep, create_graph, allow_unused=True, is_grads_batched=batched)


def _filled(grads: tuple, like: tuple, strict: bool, create_graph: bool, stage: str) -> tuple:
    """Zeros where there is no gradient.

    Raises:
        RuntimeError: in strict mode.
    """
    found = []
    for place, (each, other) in enumerate(zip(grads, like, strict=True)):
        if each is None and strict:
            raise RuntimeError(_INDEPENDENT[stage].format(place))
        if each is not None and strict and create_graph and not each.requires_grad:
            which = "hessian" if "double" in stage else "jacobian"
            raise RuntimeError(_CONSTANT.format(which, place) + "create_graph=True.")
        found.append(other.new_zeros(other.shape) if each is None else each)
    return tuple(found)


def _settled(given: Any, create_graph: bool):
    if isinstance(given, TensorBase):
        return given if create_graph else given.detach()
    return tuple([_settled(each, create_graph) for each in given])


def _unpacked(given: Any, several: bool):
    return given if several else given[0]


# ---------------------------------------------------------------------- products with vectors


def vjp(func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False):
    """The outputs of a function, and the gradients of its inputs for a cotangent of the outputs.

    Args:
        func: takes tensors, returns a tensor or a tuple of them.
        inputs: a tensor or a tuple of them.
        v: the cotangent, like the outputs; may be left out for one number.
        create_graph: make the results differentiable.
        strict: refuse what does not depend on an input, rather than give zeros.

    Raises:
        RuntimeError: `v` does not fit, or in strict mode something is independent of an input.
        TypeError: something is no tensor.
    """
    with enable_grad():
        several, inputs = _tuple(inputs, "inputs", "vjp")
        inputs = _leaves(inputs, create_graph)
        many, outputs = _tuple(func(*inputs), "outputs of the user-provided function", "vjp")
        _need_graph(outputs, "outputs", strict)
        v = _vector(v, outputs, many, create_graph, "vjp", "the user-provided function returns")
    with set_grad_enabled(create_graph or is_grad_enabled()):
        found = _filled(_grad(outputs, inputs, v, create_graph), inputs, strict, create_graph, "back")
    return _unpacked(_settled(outputs, create_graph), many), _unpacked(_settled(found, create_graph), several)


def jvp(func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False):
    """The outputs of a function, and their change along a tangent of the inputs; see `vjp`.

    The derivative of a vector-Jacobian product with respect to the vector is the Jacobian.
    """
    with enable_grad():
        several, inputs = _tuple(inputs, "inputs", "jvp")
        inputs = _leaves(inputs, create_graph)
        v = _vector(v, inputs, several, create_graph, "jvp", "the input to the user-provided function is")
        many, outputs = _tuple(func(*inputs), "outputs of the user-provided function", "jvp")
        _need_graph(outputs, "outputs", strict)
        cotangents = tuple([each.new_zeros(each.shape).requires_grad_() for each in outputs])
        grads = _grad(outputs, inputs, cotangents, True)
        _need_graph(grads, "grad_inputs", strict)
    with set_grad_enabled(create_graph or is_grad_enabled()):
        found = _grad(grads, cotangents, v, create_graph)
        found = _filled(found, outputs, strict, create_graph, "back_trick")
    return _unpacked(_settled(outputs, create_graph), many), _unpacked(_settled(found, create_graph), many)


def vhp(func: Any, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False):
    """The output of a function, one number, and the product of a vector with its Hessian; see `vjp`."""
    return _second(func, inputs, v, create_graph, strict, "vhp")


def hvp(func: Any, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False):
    """The output of a function, one number, and the product of its Hessian with a vector; see `vjp`."""
    return _second(func, inputs, v, create_graph, strict, "hvp")


def _second(func: Callable, inputs: Any, v: Any, create_graph: bool, strict: bool, name: str) -> tuple:
    with enable_grad():
        several, inputs = _tuple(inputs, "inputs", name)
        inputs = _leaves(inputs, create_graph)
        v = _vector(v, inputs, several, create_graph, name, "the input to the user-provided function is")
        many, outputs = _tuple(func(*inputs), "outputs of the user-provided function", name)
        _need_graph(outputs, "outputs", strict)
        if many:
            raise RuntimeError(f"The function given to {name} should return a single Tensor")
        if outputs[0].numel() != 1:
            raise RuntimeError(f"The Tensor returned by the function given to {name} should contain a single element")
        grads = _grad(outputs, inputs, None, True)
        _need_graph(grads, "jacobian", strict)
        sources, stage = inputs, "double_back"
        if name == "hvp":
            sources = tuple([each.new_zeros(each.shape).requires_grad_() for each in inputs])
            stage = "double_back_trick"
            grads = _grad(grads, inputs, sources, True)
            _need_graph(grads, "hessian", strict)
    with set_grad_enabled(create_graph or is_grad_enabled()):
        found = _filled(_grad(grads, sources, v, create_graph), inputs, strict, create_graph, stage)
    return _settled(outputs[0], create_graph), _unpacked(_settled(found, create_graph), several)


# ---------------------------------------------------------------------- whole matrices


def jacobian(
    func: Any,
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
):
    """The derivative of each output element with respect to each input element.

    Args:
        func, inputs, create_graph, strict: as for `vjp`.
        vectorize: pass all cotangents at once.
        strategy: PyTorch's two ways to the same numbers; it is one way here.

    Returns:
        For one output of shape ``(*O)`` and one input of shape ``(*I)`` a tensor ``(*O, *I)``; tuples of them for several
        inputs, tuples of these for several outputs.

    Raises:
        AssertionError, NotImplementedError: the strategy is unknown, or does not go with the other options.
        RuntimeError: in strict mode something is independent of an input.
        TypeError: something is no tensor.
    """
    _check_strategy(strategy, create_graph, strict, vectorize)
    with enable_grad():
        several, inputs = _tuple(inputs, "inputs", "jacobian")
        inputs = _leaves(inputs, create_graph)
        many, outputs = _tuple(func(*inputs), "outputs of the user-provided function", "jacobian")
        _need_graph(outputs, "outputs", strict)
        if vectorize and strict:
            raise RuntimeError(
                _TOGETHER.format("strict=True", "vectorized=True", "", "strict=False", "vectorize=False")
            )
        rows = [_rows(number, each, inputs, create_graph, strict) for number, each in enumerate(outputs)]
        rows = [_unpacked(_settled(each, create_graph), several) for each in rows]
    return _unpacked(tuple(rows), many)


def _check_strategy(strategy: str, create_graph: bool, strict: bool, vectorize: bool) -> None:
    if strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError(_STRATEGY + _HINT)
    if strategy == "reverse-mode":
        return
    forward, reverse = 'strategy="forward-mode"', 'strategy="reverse-mode"'
    if create_graph:
        words = _TOGETHER.format("create_graph=True", forward, " (yet)", "create_graph=False", reverse)
        raise NotImplementedError(words)
    if strict:
        raise RuntimeError(_TOGETHER.format("strict=True", forward, " (yet)", "strict=False", reverse))
    if not vectorize:
        raise NotImplementedError(
            "Computing Jacobian using forward-AD or forward-over-reverse Hessian isonly implemented for `vectorize=True`."
        )


def _rows(number: int, output: Any, inputs: tuple, create_graph: bool, strict: bool) -> tuple:
    """The derivative of one output with respect to each input."""
    blocks: list[list] = [[] for _ in inputs]
    for element in output.reshape(-1).unbind(0) if output.numel() else ():
        for place, each in enumerate(_grad((element,), inputs, None, create_graph, True)):
            if each is None and strict:
                raise RuntimeError(
                    f"Output {number} of the user-provided function is independent of input {place}. This is not allowed in "
                    "strict mode."
                )
            if each is not None and strict and create_graph and not each.requires_grad:
                raise RuntimeError(_CONSTANT.format("jacobian", number) + "create_graph=True.")
            blocks[place].append(inputs[place].new_zeros(inputs[place].shape) if each is None else each)
    return tuple(
        [
            stack(block).view(output.shape + each.shape) if block else each.new_zeros(output.shape + each.shape)
            for block, each in zip(blocks, inputs, strict=True)
        ]
    )


def hessian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
):
    """The second derivatives of a function that gives one number; arguments as for `jacobian`.

    Returns:
        ``(*I, *I)`` for an input of shape ``(*I)``; a tuple of tuples for several.
    """
    several, inputs = _tuple(inputs, "inputs", "hessian")
    if outer_jacobian_strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError(_STRATEGY)

    def single(*given: Any):
        result = func(*given)
        many, outputs = _tuple(result, "outputs of the user-provided function", "hessian")
        _need_graph(outputs, "outputs", strict)
        if many:
            raise RuntimeError("The function given to hessian should return a single Tensor")
        if result.numel() != 1:
            raise RuntimeError("The Tensor returned by the function given to hessian should contain a single element")
        return result.squeeze()

    def gradient(*given: Any):
        found = jacobian(single, given, create_graph=True)
        _need_graph(found, "jacobian", strict)
        return found

    found = jacobian(gradient, inputs, create_graph, strict, vectorize, outer_jacobian_strategy)
    return found if several else found[0][0]


for _public in (jacobian, hessian, vjp, jvp, vhp, hvp):
    _public.__module__ = "torchlike.autograd.functional"
