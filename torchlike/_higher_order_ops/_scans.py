"""Functions along a dimension: ``scan``, ``associative_scan``, ``map``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
from jax import lax

from torchlike._higher_order_ops._traced import Traced, flat, run
from torchlike._programs.aval import aval
from torchlike._programs.tracebacks import gate
from torchlike._recorder.levels import first_found
from torchlike.tensor import Tensor
from torchlike.utils import _pytree as pytree

_NO_SLICES = "All xs leaves must at least have 'dim' number of dimensions and scan dimension > 0"


@gate
def scan(combine_fn: Callable, init: Any, xs: Any, *, dim: int = 0, reverse: bool = False) -> tuple[Any, Any]:
    """Carry something along a dimension: ``carry, y = combine_fn(carry, x)`` for each slice ``x`` of `xs`.

    The function is recorded once, and is a loop of the program.

    Args:
        combine_fn: returns the next carry, like the one before, and a tensor or a nested collection of them.
        init: the first carry, a tensor or a nested collection of them.
        xs: what is sliced, likewise.
        dim: the dimension.
        reverse: whether to begin with the last slice.

    Returns:
        (the last carry, what the function returned for each slice, along `dim`).

    Raises:
        RuntimeError: the arguments are none of these, or the carry becomes another kind of thing.
    """
    inits, init_tree = pytree.tree_flatten(init)
    leaves, _ = pytree.tree_flatten(xs)
    if not leaves:
        return init, []
    if not isinstance(dim, int):
        raise RuntimeError("Dim must be an int, but got " + str(type(dim)))
    dim = _wrapped(dim, leaves[0])
    _check(combine_fn, leaves, dim, reverse)
    if not inits:
        raise RuntimeError("scan() operator requires init leaves.")
    for each in inits:
        if not isinstance(each, Tensor):
            raise RuntimeError(f"All init leaves must be a Tensor but got {each}")
    moved = [each.movedim(dim, 0) if dim else each for each in leaves]
    both = pytree.tree_structure((init, xs))
    given, _, kinds, tracked = flat((inits, moved))
    kinds = [*kinds[: len(inits)], *[_row(each) for each in kinds[len(inits) :]]]
    body = Traced(combine_fn, kinds, tracked, both, "scan")
    count = len(inits)
    found = pytree.tree_unflatten(body.leaves, body.tree)
    if not isinstance(found, tuple) or len(found) != 2:
        raise RuntimeError("scan: expected combine_fn to return a pair of the next carry and an output")
    if pytree.tree_structure(found[0]) != init_tree or body.kinds[:count] != [
        (each.shape, each.dtype) for each in inits
    ]:
        raise RuntimeError(
            f"scan: expected combine_fn to return a carry like init, {[_kind(each) for each in inits]}, got "
            f"{body.kinds[:count]}"
        )

    def carried(arrays: Any, body: Any):
        def step(carry: Any, slices: Any):
            found = body([*carry, *slices])
            return found[:count], found[count:]

        last, outputs = lax.scan(step, [*arrays[:count]], [*arrays[count:]], reverse=reverse)
        return [*last, *_first(outputs, body_count)]

    body_count = len(body.leaves) - count
    made = run("scan", carried, (count, body_count, reverse), given, [body])
    outputs = [each.movedim(0, dim) if dim and dim < each.dim() else each for each in made[count:]]
    return pytree.tree_unflatten([*made[:count], *outputs], body.tree)


@gate
def associative_scan(
    combine_fn: Callable, xs: Any, dim: int, reverse: bool = False, combine_mode: str = "pointwise"
) -> Any:
    """All that an associative function makes of the slices up to each: ``cumsum`` is that of addition.

    Args:
        combine_fn: of two slices, returns what is like one.
        xs: what is sliced, a tensor or a nested collection of them.
        dim: the dimension.
        reverse: whether to begin with the last slice.
        combine_mode: ``"pointwise"`` or ``"generic"``; both are the same here.

    Raises:
        ValueError: there is no such mode, or the arguments are none of these.
        RuntimeError: the function returns something else.
    """
    leaves, tree = pytree.tree_flatten(xs)
    if not callable(combine_fn):
        raise ValueError(f"Combine_fn must be a callable, but got {combine_fn}")
    if not isinstance(dim, int):
        raise ValueError("Dim must be an int, but got " + str(type(dim)))
    if combine_mode not in ("pointwise", "generic"):
        raise ValueError(f"Combine_mode must either 'pointwise' or 'generic', but got {combine_mode}")
    if not leaves:
        raise ValueError("Expected at least 1 xs leaf")
    if not all(isinstance(each, Tensor) for each in leaves):
        raise ValueError("xs leaves must be a Tensor")
    dim = _wrapped(dim, leaves[0])
    moved = [each.movedim(dim, 0) if dim else each for each in leaves]
    given, _, kinds, tracked = flat(moved)
    both = pytree.tree_structure((xs, xs))
    body = Traced(combine_fn, [_row(each) for each in kinds] * 2, [*tracked, *tracked], both, "associative_scan")
    if body.tree != tree or body.kinds != [(tuple(each.shape[1:]), each.dtype) for each in moved]:
        raise RuntimeError(
            f"The pytree of the output of the operator needs to match the xs pytree, got {body.tree}, {tree}"
        )

    def scanned(arrays: Any, body: Any):
        combine = lambda one, other: jax.vmap(lambda *rows: body(rows)[: len(moved)])(*one, *other)
        return lax.associative_scan(combine, [*arrays], reverse=reverse)

    body.doubts = []  # of what is combined elements are not told apart
    made = run("associative_scan", scanned, (reverse,), given, [body])
    return pytree.tree_unflatten([each.movedim(0, dim) if dim else each for each in made], tree)


@gate
def map(f: Callable, xs: Any, *args: Any) -> Any:
    """``f(x, *args)`` for each slice ``x`` of `xs` along the first dimension, one after the other.

    Args:
        f: returns tensors, or nested collections of them.
        xs: what is sliced, a tensor or a nested collection of them.
        args: the further arguments, the same for all.

    Raises:
        RuntimeError: the arguments are none of these.
    """
    leaves = pytree.tree_leaves(xs)
    if not leaves or not all(isinstance(each, Tensor) for each in leaves):
        raise RuntimeError(f"Mapped xs can only consist of tensors. Got xs {xs}.")
    sizes = [each.shape[:1] for each in leaves]
    if not sizes[0] or not sizes[0][0]:
        raise RuntimeError("Leading dimensions of mapped xs cannot be 0.")
    if any(each != sizes[0] for each in sizes):
        raise RuntimeError(
            f"Leading dimensions of mapped xs must be consistent. Got shapes {[x.shape for x in leaves]}."
        )
    given, tree, kinds, tracked = flat((xs,))
    body = Traced(lambda row: f(row, *args), [_row(each) for each in kinds], tracked, tree, "map")
    count = len(body.leaves)
    mapped = lambda arrays, body: _first(lax.map(body, [*arrays]), count)
    return pytree.tree_unflatten(run("map", mapped, (count,), given, [body]), body.tree)


def _first(outputs: list, count: int) -> list:
    """The outputs of all rows, and what checks find first after them."""
    return [*outputs[:count], *[first_found(each) for each in outputs[count:]]]


def _check(combine_fn: Callable, leaves: list, dim: int, reverse: bool) -> None:
    if not callable(combine_fn):
        raise RuntimeError(f"Combine_fn must be a callable, but got {combine_fn}")
    if not isinstance(reverse, bool):
        raise RuntimeError("Reverse must be a bool, but got " + str(type(reverse)))
    for each in leaves:
        if not isinstance(each, Tensor):
            raise RuntimeError(f"All xs leaves must be a Tensor but got {each}")
    if any(each.dim() <= dim or not each.shape[dim] for each in leaves):
        raise RuntimeError(_NO_SLICES)


def _wrapped(dim: int, tensor: Any) -> int:
    return dim + tensor.dim() if dim < 0 else dim


def _row(known: Any):
    return aval(known.shape[1:], known.dtype, known.place)


def _kind(tensor: Tensor) -> tuple:
    return tensor.shape, tensor.dtype


for _public in (scan, associative_scan, map):
    _public.__module__ = "torchlike._higher_order_ops"
