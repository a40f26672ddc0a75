"""``torch.vmap``: a function of one example becomes a function of batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, cast

from torchlike._autograd.levels import as_rows, left, mapping, within
from torchlike._ops.joining import cat
from torchlike._programs.tracebacks import gate
from torchlike._recorder.levels import Batched
from torchlike.func._trees import P, R, keeping_name, name_of, spread
from torchlike.tensor import Tensor
from torchlike.utils import _pytree as pytree


def vmap(
    func: Callable[P, R],
    in_dims: Any = 0,
    out_dims: Any = 0,
    randomness: str = "error",
    *,
    chunk_size: int | None = None,
) -> Callable[P, R]:
    """A function that does for each row of its arguments what `func` does for one, all rows at once.

    Each operation within `func` becomes one on whole batches, and part of the program of the step. What `func` reads from
    outside is the same for all rows; its results have a history as ever.

    Args:
        func: a function of tensors, or nested collections of them, that returns such.
        in_dims: which dimension of each argument counts the rows; None for one that is the same for all. An integer for
            all arguments, or a tuple, nested as they are.
        out_dims: where that dimension comes in the results; None for one that is the same for all.
        randomness: whether random numbers within `func` are ``"different"`` for the rows, the ``"same"``, or an
            ``"error"``.
        chunk_size: how many rows to compute at once; None for all.

    Raises:
        ValueError: dimensions do not fit the arguments or results, or rows are not as many in all; a result is no tensor.
        RuntimeError: within `func` an element is looked at, a random number drawn where that is an error, or a row
            written to a tensor that is the same for all.

    Example:
        >>> torch.vmap(torch.dot)(torch.ones(2, 3), torch.tensor([[1., 2., 3.], [4., 5., 6.]]))
        tensor([ 6., 15.])
    """
    if randomness not in ("error", "different", "same"):
        raise RuntimeError(f"Only allowed values for randomness are 'error', 'different', or 'same'. Got {randomness}")
    if chunk_size is not None and chunk_size <= 0:
        raise ValueError(f"vmap: chunk_size should be None or greater than 0. (got {chunk_size})")

    @keeping_name(func)
    @gate
    def mapped(*args: Any, **kwargs: Any):
        _check_out_dims(out_dims, func)
        dims = _in_dims(in_dims, args, func)
        size = _size_of(args, dims)
        if chunk_size is None:
            return _mapped(func, args, kwargs, dims, size, out_dims, randomness)
        parts = [
            _mapped(func, part, kwargs, dims, count, out_dims, randomness)
            for part, count in _chunks(args, dims, size, chunk_size)
        ]
        return _joined(parts, out_dims)

    return mapped


def _mapped(func: Callable, args: tuple, kwargs: dict, dims: list, size: int, out_dims: Any, randomness: str):
    level = mapping(size, randomness)
    leaves, tree = pytree.tree_flatten(args)
    batches = [each if dim is None else each.movedim(dim, 0) for each, dim in zip(leaves, dims, strict=True)]
    rows = [each if dim is None else as_rows(each, [level]) for each, dim in zip(batches, dims, strict=True)]
    with within(level):
        found = func(*pytree.tree_unflatten(rows, tree), **kwargs)
        leaves, tree = pytree.tree_flatten(found)
        dims = _out_dims(out_dims, found, tree, func)
        made = [_left(level, each, dim, func) for each, dim in zip(leaves, dims, strict=True)]
    for batch, row in zip(batches, rows, strict=True):
        if row is not batch and row._storage.version:  # it was written to
            batch.copy_(left(level, row)[0])
    made = [
        each if dim in (None, 0) else cast(Tensor, each).movedim(0, dim) for each, dim in zip(made, dims, strict=True)
    ]
    return pytree.tree_unflatten(made, tree)


def _left(level: Batched, given: Any, dim: int | None, func: Callable):
    """A result, over all rows.

    Raises:
        ValueError: it is no tensor, or not the same for all where it should be.
    """
    name = name_of(func)
    if dim is None:
        if not isinstance(given, Tensor):
            return given
        if given._value().recording is level:
            raise ValueError(f"vmap({name}, ...): `{name}` can not return a BatchedTensor when out_dim is None")
        edge = given._tracked_edge
        return (
            given if edge is None or level not in edge[0]._homes else cast(Tensor, left(level, given)[0]).select(0, 0)
        )
    if not isinstance(given, Tensor):
        raise ValueError(
            f"vmap({name}, ...): `{name}` must only return Tensors, got type {type(given)}. Did you mean to set out_dims= "
            "to None for output?"
        )
    return left(level, given)[0]


# ---------------------------------------------------------------------- dimensions


def _in_dims(in_dims: Any, args: tuple, func: Callable) -> list[int | None]:
    """The dimension that counts the rows, for each leaf of the arguments.

    Raises:
        ValueError: it does not fit.
    """
    name = name_of(func)
    words = f"vmap({name}, in_dims={in_dims}, ...)(<inputs>): "
    if not isinstance(in_dims, (int, tuple)):
        raise ValueError(
            f"{words}expected `in_dims` to be int or a (potentially nested) tuple matching the structure of inputs, got: "
            f"{type(in_dims)}."
        )
    if not args:
        raise ValueError(
            f"vmap({name})(<inputs>): got no inputs. Maybe you forgot to add inputs, or you are trying to vmap over a "
            "function with no inputs. The latter is unsupported."
        )
    leaves, tree = pytree.tree_flatten(args)
    dims = spread(in_dims, tree)
    if dims is None:
        raise ValueError(
            f"{words}in_dims is not compatible with the structure of `inputs`. in_dims has structure "
            f"{pytree.tree_structure(in_dims)} but inputs has structure {tree}."
        )
    return [_in_dim(each, dim, words) for each, dim in zip(leaves, dims, strict=True)]


def _in_dim(given: Any, dim: Any, words: str) -> int | None:
    if dim is None:
        return None
    if not isinstance(dim, int):
        raise ValueError(
            f"{words}Got in_dim={dim} for an input but in_dim must be either an integer dimension or None."
        )
    if not isinstance(given, Tensor):
        raise ValueError(
            f"{words}Got in_dim={dim} for an input but the input is of type {type(given)}. We cannot vmap over non-Tensor "
            "arguments, please use None as the respective in_dim"
        )
    if not -given.dim() <= dim < given.dim():
        raise ValueError(
            f"{words}Got in_dim={dim} for some input, but that input is a Tensor of dimensionality {given.dim()} so "
            f"expected in_dim to satisfy -{given.dim()} <= in_dim < {given.dim()}."
        )
    return dim % given.dim()


def _size_of(args: tuple, dims: list) -> int:
    """How many rows there are.

    Raises:
        ValueError: there are none, or not as many in all.
    """
    leaves = pytree.tree_leaves(args)
    sizes = [each.size(dim) for each, dim in zip(leaves, dims, strict=True) if dim is not None]
    if not sizes:
        raise ValueError("vmap: Expected at least one Tensor to vmap over")
    if len(set(sizes)) > 1:
        raise ValueError(
            f"vmap: Expected all tensors to have the same size in the mapped dimension, got sizes {sizes} for the mapped "
            "dimension"
        )
    return sizes[0]


def _check_out_dims(out_dims: Any, func: Callable) -> None:
    if not all(each is None or isinstance(each, int) for each in pytree.tree_leaves(out_dims)):
        raise ValueError(
            f"vmap({name_of(func)}, ..., out_dims={out_dims}): `out_dims` must be an int, None or a python collection of "
            "ints representing where in the outputs the vmapped dimension should appear."
        )


def _out_dims(out_dims: Any, found: Any, tree: pytree.TreeSpec, func: Callable) -> list[int | None]:
    """Where the rows come, for each leaf of the results.

    Raises:
        ValueError: it does not fit.
    """
    if isinstance(found, Tensor) and isinstance(out_dims, tuple) and len(out_dims) == 1:
        return list(out_dims)
    dims = spread(out_dims, tree)
    if dims is None:
        raise ValueError(
            f"vmap({name_of(func)}, ..., out_dims={out_dims})(<inputs>): out_dims is not compatible with the structure of "
            f"`outputs`. out_dims has structure {pytree.tree_structure(out_dims)} but outputs has structure {tree}."
        )
    return dims


# ---------------------------------------------------------------------- chunks


def _chunks(args: tuple, dims: list, size: int, most: int) -> Iterator[tuple[tuple, int]]:
    """Some rows of the arguments at a time, and how many these are."""
    leaves, tree = pytree.tree_flatten(args)
    for begin in range(0, size, most):
        count = min(most, size - begin)
        part = [each if dim is None else each.narrow(dim, begin, count) for each, dim in zip(leaves, dims, strict=True)]
        yield pytree.tree_unflatten(part, tree), count


def _joined(parts: list, out_dims: Any):
    """Results of chunks as one."""
    leaves, trees = zip(*map(pytree.tree_flatten, parts), strict=True)
    dims: Any = spread(out_dims, trees[0])
    made = [cat(column, dim) for column, dim in zip(zip(*leaves, strict=True), dims, strict=True)]
    return pytree.tree_unflatten(made, trees[0])


vmap.__module__ = "torchlike.func"
