"""Tangents of functions: ``jvp``, ``linearize``, ``jacfwd``, ``hessian``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Concatenate, Literal, overload

from torchlike._autograd.levels import entered, left, pushing, within
from torchlike._programs.tracebacks import gate
from torchlike._recorder.levels import Dual
from torchlike.func._reverse import basis_of, jacrev, vjp
from torchlike.func._trees import A, P, R, check_outputs, check_real, chosen, keeping_name, replaced, without_aux
from torchlike.func._vmap import vmap
from torchlike.tensor import Tensor
from torchlike.utils import _pytree as pytree

_JVP = "jvp(f, primals, tangents)"


@overload
def jvp(
    func: Callable[..., R], primals: Any, tangents: Any, *, strict: bool = False, has_aux: Literal[False] = False
) -> tuple[R, R]: ...
@overload
def jvp(
    func: Callable[..., tuple[R, A]], primals: Any, tangents: Any, *, strict: bool = False, has_aux: Literal[True]
) -> tuple[R, R, A]: ...
@gate
def jvp(func: Callable[..., Any], primals: Any, tangents: Any, *, strict: bool = False, has_aux: bool = False) -> Any:
    """What `func` returns, and how that changes as `primals` change in the direction of `tangents`.

    Args:
        func: returns tensors, or nested collections of them.
        primals: a tuple of arguments.
        tangents: nested as they are, of their shapes.
        strict: whether an output that does not depend on the primals is an error.
        has_aux: whether `func` returns ``(output, aux)``.

    Returns:
        ``(output, tangents)`` or ``(output, tangents, aux)``.

    Raises:
        RuntimeError: primals and tangents do not fit, or an output is no tensor.
        ValueError: a primal is not floating point.

    Example:
        >>> torch.func.jvp(torch.sin, (torch.zeros(2),), (torch.ones(2),))
        (tensor([0., 0.]), tensor([1., 1.]))
    """
    if not isinstance(primals, tuple):
        raise RuntimeError(f"{_JVP}: Expected primals to be a tuple. E.g. it should be valid to call f(*primals).")
    return _jvp(func, primals, tangents, tuple(range(len(primals))), strict, has_aux)


def _jvp(func: Callable, args: tuple, tangents: Any, places: tuple[int, ...], strict: bool, has_aux: bool) -> tuple:
    given, tree = pytree.tree_flatten(tuple([args[place] for place in places]))
    moves, own = pytree.tree_flatten(tangents)
    if tree != own:
        raise RuntimeError(
            f"{_JVP}: Expected primals and tangents to have the same python structure. For example, if primals is a tuple "
            f"of 3 tensors, tangents also must be. Got primals with structure {tree} and tangents with structure {own}"
        )
    _check_tensors(given, "primals")
    _check_tensors(moves, "tangents")
    level = pushing()
    duals = [_dual(level, each, move) for each, move in zip(given, moves, strict=True)]
    with within(level):
        found = func(*replaced(args, places, pytree.tree_unflatten(duals, tree)))
        output, aux = without_aux(found, has_aux, f"{_JVP}:")
        leaves, tree = pytree.tree_flatten(output)
        check_outputs(leaves, _JVP)
        pairs = [_parts(level, each, strict) for each in leaves]
        if has_aux:
            aux = pytree.tree_map(lambda each: left(level, each)[0], aux)
    made = tuple([pytree.tree_unflatten(each, tree) for each in zip(*pairs, strict=True)])
    return (*made, aux) if has_aux else made


def _check_tensors(given: list, what: str) -> None:
    if not given:
        raise RuntimeError(f"{_JVP}: Expected {what} to contain at least one Tensor.")
    for each in given:
        if not isinstance(each, Tensor):
            raise RuntimeError(f"{_JVP}: Expected {what} to only contain Tensors, got {type(each)}")


def _dual(level: Dual, primal: Tensor, tangent: Tensor) -> Tensor:
    """A tensor with its tangent.

    Raises:
        ValueError: it is not floating point.
        RuntimeError: the tangent has another shape.
    """
    for what, each in (("primal", primal), ("tangent", tangent)):
        if each._aval.dtype.rank < 2:
            raise ValueError(f"Expected {what} to be floating point or complex, but got: {each.dtype}")
    if primal.shape != tangent.shape:
        raise RuntimeError(
            "Trying to set a forward gradient that has a different size than that of the original Tensor, this is not "
            f"supported. Tensor is of size {list(primal.shape)} while the given forward gradient is of size "
            f"{list(tangent.shape)}."
        )
    return entered(level, [primal, tangent.to(primal.dtype)], primal._aval)


def _parts(level: Dual, tensor: Tensor, strict: bool) -> tuple[Tensor, Tensor]:
    parts: list[Any] = left(level, tensor)  # the first is always there
    primal, tangent = parts
    if tangent is None:
        if strict:
            raise RuntimeError(
                "jvp(f, primals, tangents, strict=True): The output of f is independent of the inputs. This is not allowed "
                "with strict=True."
            )
        tangent = primal.new_zeros(primal.shape)
    return primal, tangent


@gate
def linearize(func: Callable[..., R], *primals: Any) -> tuple[R, Callable[..., R]]:
    """What `func` returns, and the function that takes tangents of `primals` to those of that: `func` runs once.

    Args:
        func: returns tensors, or nested collections of them.

    Returns:
        ``(output, jvp_fn)``.

    Raises:
        RuntimeError: an output is no floating point tensor, or tangents do not fit the primals.
    """
    output, pull = vjp(func, *primals)
    # its gradients are linear in the cotangents: theirs by these take tangents along
    _, push = vjp(pull, pytree.tree_map(lambda each: each.new_zeros(each.shape), output))
    given, tree = pytree.tree_flatten(primals)

    @gate
    def jvp_fn(*tangents: Any):
        moves, own = pytree.tree_flatten(tangents)
        if own != tree:
            raise RuntimeError(f"Expected the tangents {own} to have the same argspec as the primals {tree}")
        for place, (move, each) in enumerate(zip(moves, given, strict=True)):
            for what in ("shape", "device", "dtype"):
                if getattr(move, what) != getattr(each, what):
                    raise RuntimeError(
                        f"tangent:{place} with {what} {getattr(move, what)} in flattened pytree doesn't match the {what} "
                        f"{getattr(each, what)} of the corresponding primal."
                    )
        return push(tangents)[0]

    return output, jvp_fn


@overload
def jacfwd(
    func: Callable[Concatenate[Tensor, P], Tensor],
    argnums: Literal[0] = 0,
    has_aux: Literal[False] = False,
    *,
    randomness: str = "error",
) -> Callable[Concatenate[Tensor, P], Tensor]: ...
@overload
def jacfwd(
    func: Callable[P, Any], argnums: int | tuple[int, ...] = 0, has_aux: bool = False, *, randomness: str = "error"
) -> Callable[P, Any]: ...
def jacfwd(
    func: Callable[..., Any], argnums: int | tuple[int, ...] = 0, has_aux: bool = False, *, randomness: str = "error"
) -> Callable[..., Any]:
    """A function that gives the Jacobian of `func`, a column for each element of the arguments, all at once.

    Args:
        func: returns tensors, or nested collections of them.
        argnums: which arguments to differentiate by; for a tuple there is a tuple for each output.
        has_aux: whether `func` returns ``(output, aux)``; then the result is ``(jacobian, aux)``.
        randomness: as for `vmap`.

    Returns:
        A function whose result has the shape of the output and then of the argument.

    Raises:
        RuntimeError: an argument or an output is complex, or no floating point tensor.
    """

    @keeping_name(func)
    @gate
    def wrapper(*args: Any):
        check_real("jacfwd", args, "inputs")
        places = chosen(args, argnums)
        inputs, tree = pytree.tree_flatten(tuple([args[place] for place in places]))
        [basis] = basis_of(inputs)

        def push(tangents: Any):
            found = _jvp(func, args, tangents, places, False, has_aux)
            check_real("jacfwd", found[0], "outputs")
            return found[1:] if has_aux else found[1]

        found = vmap(push, randomness=randomness)(pytree.tree_unflatten(basis, tree))
        aux = None
        if has_aux:
            found, aux = found
            aux = pytree.tree_map(lambda each: each[0], aux)
        leaves, outputs_tree = pytree.tree_flatten(found)
        sizes = [each.numel() for each in inputs]
        made = []
        for each in leaves:
            columns = each.movedim(0, -1).split(sizes, -1)
            shaped = [part.reshape(*part.shape[:-1], *own.shape) for part, own in zip(columns, inputs, strict=True)]
            by_input = pytree.tree_unflatten(shaped, tree)
            made.append(by_input[0] if isinstance(argnums, int) else by_input)
        jacobian = pytree.tree_unflatten(made, outputs_tree)
        return (jacobian, aux) if has_aux else jacobian

    return wrapper


@overload
def hessian(
    func: Callable[Concatenate[Tensor, P], Tensor], argnums: Literal[0] = 0
) -> Callable[Concatenate[Tensor, P], Tensor]: ...
@overload
def hessian(func: Callable[P, Any], argnums: int | tuple[int, ...] = 0) -> Callable[P, Any]: ...
def hessian(func: Callable[..., Any], argnums: int | tuple[int, ...] = 0) -> Callable[..., Any]:
    """A function that gives the second derivatives of `func`: the Jacobian, by tangents, of that by gradients.

    Args:
        func: returns tensors, or nested collections of them.
        argnums: which arguments to differentiate by.

    Example:
        >>> torch.func.hessian(lambda x: (x**3).sum())(torch.tensor([1., 2.]))
        tensor([[ 6.,  0.],
                [ 0., 12.]])
    """
    return jacfwd(jacrev(func, argnums), argnums)


for _public in (jvp, linearize, jacfwd, hessian):
    _public.__module__ = "torchlike.func"
