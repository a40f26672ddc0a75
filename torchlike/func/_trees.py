"""What transformations ask of nested arguments and results."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, TypeVar

from torchlike.tensor import Tensor
from torchlike.utils import _pytree as pytree

P = ParamSpec("P")
R = TypeVar("R")
A = TypeVar("A")
B = TypeVar("B")


def spread(tree: Any, spec: pytree.TreeSpec) -> list | None:
    """The leaves of a tree that has leaves in the place of whole branches of `spec`, one for each leaf of that.

    Returns:
        None if it does not fit.
    """
    if pytree.tree_is_leaf(tree):
        return [tree] * spec.num_leaves
    kind = pytree._get_node_type(tree)
    if kind is not spec.type:
        return None
    children, context = pytree.SUPPORTED_NODES[kind].flatten_fn(tree)
    if len(children) != spec.num_children or context != spec.context:
        return None
    parts: list[Any] = [spread(each, child) for each, child in zip(children, spec.children(), strict=True)]
    return None if None in parts else [each for part in parts for each in part]


def name_of(func: Callable) -> str:
    """What a function is called in errors."""
    if hasattr(func, "__name__"):
        return func.__name__
    if isinstance(func, functools.partial):
        return f"functools.partial({name_of(func.func)}, ...)"
    return repr(func)


def keeping_name(func: Callable) -> Callable[[Callable], Callable]:
    """`functools.wraps`, for what is no function as well."""
    return functools.wraps(func, [name for name in functools.WRAPPER_ASSIGNMENTS if hasattr(func, name)], ())


def without_aux(found: Any, has_aux: bool, words: str) -> tuple[Any, Any]:
    """A function's output and what else it returns.

    Raises:
        RuntimeError: `has_aux` is true, and it does not return both.
    """
    if not has_aux:
        return found, None
    if not (isinstance(found, tuple) and len(found) == 2):
        raise RuntimeError(f"{words} output of function f should be a tuple: (output, aux) if has_aux is True")
    return found


def check_outputs(outputs: list, api: str) -> None:
    """Refuse what is no tensor, or nothing at all.

    Raises:
        RuntimeError: there is such.
    """
    if not outputs or outputs == [None]:
        raise RuntimeError(f"{api}: Expected f to be a function that has non-empty output (got output = {outputs})")
    for each in outputs:
        if not isinstance(each, Tensor):
            raise RuntimeError(f"{api}: expected f(*primals) to return only tensors, got unsupported type {type(each)}")


def check_real(api: str, tree: Any, what: str) -> None:
    """Refuse complex tensors.

    Raises:
        RuntimeError: there is one.
    """
    for place, each in enumerate(pytree.tree_leaves(tree)):
        if isinstance(each, Tensor) and each.is_complex():
            raise RuntimeError(
                f"{api}: Expected all {what} to be real but received complex tensor at flattened input idx: {place}"
            )


# ---------------------------------------------------------------------- argnums


def chosen(args: Sequence, argnums: int | tuple[int, ...]) -> tuple[int, ...]:
    """The places of the arguments that `argnums` names.

    Raises:
        RuntimeError: there are none of these.
    """
    if not isinstance(argnums, (int, tuple)):
        raise RuntimeError(f"argnums must be int or Tuple[int, ...], got: {type(argnums)}")
    places = tuple([_place(each, len(args)) for each in ((argnums,) if isinstance(argnums, int) else argnums)])
    if not places:
        raise RuntimeError("argnums must be non-empty")
    if len(set(places)) < len(places):
        raise RuntimeError(f"argnums elements must be unique, got {places}")
    return places


def _place(argnum: Any, count: int) -> int:
    if not isinstance(argnum, int):
        raise RuntimeError(f"argnum must be int, got: {type(argnum)}")
    if not -count <= argnum < count:
        raise RuntimeError(f"Got argnum={argnum}, but only {count} positional inputs")
    return argnum % count


def replaced(args: tuple, places: tuple[int, ...], others: Sequence) -> tuple:
    """Arguments with others in some places."""
    made = list(args)
    for place, each in zip(places, others, strict=True):
        made[place] = each
    return tuple(made)
