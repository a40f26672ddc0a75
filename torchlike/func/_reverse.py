"""Gradients of functions: ``grad``, ``vjp``, ``jacrev``.

A function is differentiated on the tape, on inputs of its own. So whatever a tape knows holds within it, too: in-place
operations, views, `detach`, `no_grad`, the user's own derivatives; and what comes of it has a history where anything else
that is tracked was used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Concatenate, Literal, cast, overload

from torchlike._autograd import calls
from torchlike._autograd.levels import pulling, reaches, sourced, within
from torchlike._autograd.modes import enable_grad, state
from torchlike._autograd.variable import TensorBase
from torchlike._ops.joining import cat
from torchlike._programs.tracebacks import gate
from torchlike._recorder.levels import Level
from torchlike.func._trees import A, B, P, R, check_outputs, check_real, chosen, keeping_name, replaced, without_aux
from torchlike.func._vmap import vmap
from torchlike.tensor import Tensor
from torchlike.utils import _pytree as pytree


class _Pull:
    """A function that was called on inputs of its own.

    Args:
        args: the arguments.
        places: which of them are differentiated.
    """

    def __init__(self, func: Callable, args: tuple, kwargs: dict, places: Sequence[int]) -> None:
        self.tracked = state.enabled  # what comes of it is
        self.primals, self.tree = pytree.tree_flatten(tuple([args[place] for place in places]))
        level = pulling()
        inputs = [_source(level, each) for each in self.primals]
        self.edges: list[Any] = [calls.GradientEdge(*cast(Any, each._edge)) for each in inputs]
        with enable_grad(), within(level):
            self.found = func(*replaced(args, tuple(places), pytree.tree_unflatten(inputs, self.tree)), **kwargs)

    def pull(self, outputs: list, cotangents: list | None) -> list:
        """The gradients of the inputs."""
        pairs = [(each, None) for each in outputs] if cotangents is None else zip(outputs, cotangents, strict=True)
        pairs = [(each, cotangent) for each, cotangent in pairs if each.requires_grad]
        if not pairs:
            return [each.new_zeros(each.shape) for each in self.primals]
        outputs, given = [each for each, _ in pairs], [each for _, each in pairs if each is not None]
        follows = any(reaches(each._tracked_edge) for each in outputs) or any(each.requires_grad for each in given)
        found = calls.grad(
            outputs,
            self.edges,
            given or None,
            retain_graph=True,
            create_graph=bool(self.tracked and follows),
            allow_unused=True,
        )
        return [
            each.new_zeros(each.shape) if got is None else self.outside(got)
            for each, got in zip(self.primals, found, strict=True)
        ]

    def outside(self, given: Any):
        """A tensor as it is outside: without what leads to the inputs alone."""
        if not isinstance(given, TensorBase) or given._tracked_edge is None:
            return given
        return given if self.tracked and reaches(given._tracked_edge) else given.detach()

    def aux(self, tree: Any):
        """What else the function returns, as it is outside.

        Raises:
            RuntimeError: there is something else than tensors.
        """
        for each in pytree.tree_leaves(tree):
            if not isinstance(each, Tensor):
                raise RuntimeError(f"Expected tensors, got unsupported type {type(each)}")
        return pytree.tree_map(self.outside, tree)


def _source(level: Level, given: Any) -> TensorBase:
    if not isinstance(given, Tensor):
        raise ValueError(f"Thing passed to transform API must be Tensor, got {type(given)}")
    if given._aval.dtype.rank < 2:
        raise RuntimeError("only Tensors of floating point dtype can require gradients")
    return sourced(level, given)


@overload
def grad_and_value(
    func: Callable[Concatenate[A, P], R], argnums: Literal[0] = 0, has_aux: bool = False
) -> Callable[Concatenate[A, P], tuple[A, R]]: ...
@overload
def grad_and_value(
    func: Callable[P, R], argnums: int | tuple[int, ...], has_aux: bool = False
) -> Callable[P, tuple[Any, R]]: ...
def grad_and_value(
    func: Callable[..., Any], argnums: int | tuple[int, ...] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """A function that gives the gradient of `func`, and what that returns: ``(gradient, value)``.

    Args:
        func: returns a tensor without dimensions.
        argnums: which arguments to differentiate by; for a tuple there is a tuple of gradients.
        has_aux: whether `func` returns ``(value, aux)``; then so does the second result.

    Raises:
        RuntimeError: `func` returns something else, or an argument is not floating point.
        ValueError: an argument is no tensor.
    """

    @keeping_name(func)
    @gate
    def wrapper(*args: Any, **kwargs: Any):
        pull = _Pull(func, args, kwargs, chosen(args, argnums))
        output, aux = without_aux(pull.found, has_aux, "grad_and_value(f)(*args):")
        if not isinstance(output, Tensor):
            raise RuntimeError(f"grad_and_value(f)(*args): Expected f(*args) to return a Tensor, got {type(output)}")
        if output.dim():
            raise RuntimeError(
                "grad_and_value(f)(*args): Expected f(*args) to return a scalar Tensor, got tensor with "
                f"{output.dim()} dims. Maybe you wanted to use the vjp or jacrev APIs instead?"
            )
        grads = pytree.tree_unflatten(pull.pull([output], None), pull.tree)
        grads = grads[0] if isinstance(argnums, int) else tuple(grads)
        value = pull.outside(output)
        return (grads, (value, pull.aux(aux))) if has_aux else (grads, value)

    return wrapper


@overload
def grad(
    func: Callable[Concatenate[A, P], Any], argnums: Literal[0] = 0, has_aux: Literal[False] = False
) -> Callable[Concatenate[A, P], A]: ...
@overload
def grad(
    func: Callable[Concatenate[A, P], tuple[Any, B]], argnums: Literal[0] = 0, *, has_aux: Literal[True]
) -> Callable[Concatenate[A, P], tuple[A, B]]: ...
@overload
def grad(func: Callable[P, Any], argnums: int | tuple[int, ...], has_aux: bool = False) -> Callable[P, Any]: ...
def grad(func: Callable[..., Any], argnums: int | tuple[int, ...] = 0, has_aux: bool = False) -> Callable[..., Any]:
    """A function that gives the gradient of `func`; it can be differentiated, too.

    Args:
        func: returns a tensor without dimensions.
        argnums: which arguments to differentiate by; for a tuple there is a tuple of gradients.
        has_aux: whether `func` returns ``(value, aux)``; then the result is ``(gradient, aux)``.

    Raises:
        RuntimeError: `func` returns something else, or an argument is not floating point.
        ValueError: an argument is no tensor.

    Example:
        >>> torch.func.grad(torch.func.grad(lambda x: x**3))(torch.tensor(2.))
        tensor(12.)
    """
    both = grad_and_value(func, argnums, has_aux)

    @keeping_name(func)
    @gate
    def wrapper(*args: Any, **kwargs: Any):
        grads, value = both(*args, **kwargs)
        return (grads, value[1]) if has_aux else grads

    return wrapper


@overload
def vjp(func: Callable[..., R], *primals: Any, has_aux: Literal[False] = False) -> tuple[R, Callable[..., Any]]: ...
@overload
def vjp(func: Callable[..., tuple[A, B]], *primals: Any, has_aux: Literal[True]) -> tuple[A, Callable[..., Any], B]: ...
@gate
def vjp(func: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """What `func` returns, and the function that takes cotangents of that to those of `primals`.

    Args:
        func: returns tensors, or nested collections of them.
        has_aux: whether `func` returns ``(output, aux)``.

    Returns:
        ``(output, vjp_fn)`` or ``(output, vjp_fn, aux)``; ``vjp_fn(cotangents)`` is a tuple, with one for each primal.

    Raises:
        RuntimeError: an output is no floating point tensor, or cotangents are nested in another way than outputs.
        ValueError: a primal is no tensor.

    Example:
        >>> output, pull = torch.func.vjp(torch.sin, torch.zeros(2))
        >>> pull(torch.ones(2))
        (tensor([1., 1.]),)
    """
    output, pull, aux = _vjp(func, primals, tuple(range(len(primals))), has_aux)
    return (output, pull, aux) if has_aux else (output, pull)


def _vjp(func: Callable, args: tuple, places: tuple[int, ...], has_aux: bool) -> tuple:
    pull = _Pull(func, args, {}, places)
    output, aux = without_aux(pull.found, has_aux, "vjp(f, *primals):")
    if has_aux:
        aux = pull.aux(aux)
    leaves, tree = pytree.tree_flatten(output)
    check_outputs(leaves, "vjp(f, *primals)")
    for each in leaves:
        if each._aval.dtype.rank < 2:
            raise RuntimeError(
                "vjp(f, ...): All outputs of f must be floating-point or complex Tensors, got Tensor with dtype "
                f"{each.dtype}"
            )

    @gate
    def vjp_fn(cotangents: Any):
        given, own = pytree.tree_flatten(cotangents)
        if own != tree:
            raise RuntimeError(
                "Expected pytree structure of cotangents to be the same as pytree structure of outputs to the function. "
                f"cotangents: {pytree.treespec_pprint(own)}, primal output: {pytree.treespec_pprint(tree)}"
            )
        pull.tracked = state.enabled
        return tuple(pytree.tree_unflatten(pull.pull(leaves, given), pull.tree))

    return pytree.tree_map(pull.outside, output), vjp_fn, aux


@overload
def jacrev(
    func: Callable[Concatenate[Tensor, P], Tensor],
    argnums: Literal[0] = 0,
    *,
    has_aux: Literal[False] = False,
    chunk_size: int | None = None,
    _preallocate_and_copy: bool = False,
) -> Callable[Concatenate[Tensor, P], Tensor]: ...
@overload
def jacrev(
    func: Callable[P, Any],
    argnums: int | tuple[int, ...] = 0,
    *,
    has_aux: bool = False,
    chunk_size: int | None = None,
    _preallocate_and_copy: bool = False,
) -> Callable[P, Any]: ...
def jacrev(
    func: Callable[..., Any],
    argnums: int | tuple[int, ...] = 0,
    *,
    has_aux: bool = False,
    chunk_size: int | None = None,
    _preallocate_and_copy: bool = False,
) -> Callable[..., Any]:
    """A function that gives the Jacobian of `func`, a row for each element of the output, all at once.

    Args:
        func: returns tensors, or nested collections of them.
        argnums: which arguments to differentiate by; for a tuple there is a tuple for each output.
        has_aux: whether `func` returns ``(output, aux)``; then the result is ``(jacobian, aux)``.
        chunk_size: how many rows to compute at once; None for all.

    Returns:
        A function whose result has the shape of the output and then of the argument.

    Raises:
        ValueError: `chunk_size` is not positive.
        RuntimeError: an argument or an output is complex, or no floating point tensor.

    Example:
        >>> torch.func.jacrev(torch.square)(torch.tensor([1., 2.]))
        tensor([[2., 0.],
                [0., 4.]])
    """
    if chunk_size is not None and chunk_size <= 0:
        raise ValueError("jacrev: `chunk_size` should be greater than 0.")

    @keeping_name(func)
    @gate
    def wrapper(*args: Any):
        check_real("jacrev", args, "inputs")
        places = chosen(args, argnums)
        output, pull, aux = _vjp(func, args, places, has_aux)
        check_real("jacrev", output, "outputs")
        leaves, tree = pytree.tree_flatten(output)
        primals = [args[place] for place in places]
        inputs, primals_tree = pytree.tree_flatten(primals)
        columns = [
            pytree.tree_leaves(_rows(pull, tree, basis, chunk_size == 1)) for basis in basis_of(leaves, chunk_size)
        ]
        joined = [each[0] if len(each) == 1 else cat(each, 0) for each in zip(*columns, strict=True)]
        sizes = [each.numel() for each in leaves]
        by_input = [
            [part.view(*out.shape, *each.shape) for part, out in zip(rows.split(sizes, 0), leaves, strict=True)]
            for rows, each in zip(joined, inputs, strict=True)
        ]
        made = [pytree.tree_unflatten(each, primals_tree) for each in zip(*by_input, strict=True)]
        made = [each[0] if isinstance(argnums, int) else tuple(each) for each in made]
        jacobian = pytree.tree_unflatten(made, tree)
        return (jacobian, aux) if has_aux else jacobian

    return wrapper


def _rows(pull: Callable, tree: pytree.TreeSpec, basis: list, singly: bool):
    """Some rows of a Jacobian: one by one without a batch."""
    if singly:
        found = pull(pytree.tree_unflatten([each.squeeze(0) for each in basis], tree))
        return pytree.tree_map(lambda each: each.unsqueeze(0), found)
    return vmap(pull)(pytree.tree_unflatten(basis, tree))


def basis_of(tensors: list, chunk_size: int | None = None) -> Iterator[list]:
    """The unit vectors of all elements of several tensors: batches of tensors like these."""
    sizes = [each.numel() for each in tensors]
    total = sum(sizes)
    step = total if chunk_size is None else chunk_size
    for begin in range(0, max(total, 1), max(step, 1)):
        count, first, made = min(step, total - begin), 0, []
        for each, size in zip(tensors, sizes, strict=True):
            rows = each.new_zeros(count, size)
            rows.diagonal(begin - first).fill_(1)
            made.append(rows.view(count, *each.shape))
            first += size
        yield made


for _public in (grad, grad_and_value, vjp, jacrev):
    _public.__module__ = "torchlike.func"
