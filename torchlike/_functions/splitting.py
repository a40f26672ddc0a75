"""Tensors cut into several views: ``unbind``, ``split``, ``chunk`` and their kin."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from torchlike._autograd.variable import TensorBase
from torchlike._function import function
from torchlike._functions.indexing import entry, stretch
from torchlike._functions.views import as_if_made
from torchlike._ops import views
from torchlike._ops._promote import wrap_dim
from torchlike._ops.basic_indexing import AT
from torchlike._programs.cache import Cache, exact
from torchlike._signatures import refuse
from torchlike._signatures.parser import OVERFLOW
from torchlike._types import dtypes
from torchlike._types.dtypes import scalar_name

if TYPE_CHECKING:
    from torchlike.tensor import Tensor


def _views_of(pieces_op: Callable[..., Any], tensor: Tensor, dim: int, sizes: tuple, steps: tuple):
    """The results of one operation, each a view at its step."""
    made = pieces_op(tensor, dim, sizes)
    return tuple(
        [tensor._viewed(step, each._storage.value, each._edge, True) for step, each in zip(steps, made, strict=True)]
    )


_steps: Cache[tuple, tuple] = Cache()


def _steps_of(tensor: Tensor, dim: int, sizes: tuple | int, entries: list) -> tuple:
    """The steps of the single views that make up a list of views along `dim`.

    Args:
        entries: for each view what is read along `dim`, and the Python numbers in it.
    """
    key = (tensor._aval, dim, exact(sizes))
    found = _steps[key]
    if found is None:
        lead = (views.FULL,) * dim
        found = _steps[key] = tuple([views.index_step(tensor._aval, (*lead, entry), given) for entry, given in entries])
    return found


@function(legacy={"tensor": "input"})
def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """The slices along a dimension, without it: a tuple of views.

    Raises:
        IndexError: there is no such dimension.

    Example:
        >>> torch.unbind(torch.tensor([[1, 2], [3, 4]]))
        (tensor([1, 2]), tensor([3, 4]))
    """
    aval = input._aval
    if not aval.ndim:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    dim = wrap_dim(dim, aval.ndim)
    count = aval.shape[dim]
    if not count:
        return ()
    return _views_of(
        views.unbind, input, dim, count, _steps_of(input, dim, count, [(AT, (each,)) for each in range(count)])
    )


@function
def split_with_sizes(input: Tensor, split_sizes: Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Pieces of the given sizes along a dimension: a tuple of views.

    Raises:
        RuntimeError: a size is negative, or they do not add up to the dimension's.

    Example:
        >>> torch.split_with_sizes(torch.arange(3), [1, 2])
        (tensor([0]), tensor([1, 2]))
    """
    return _split(views.split_with_sizes, input, tuple([each.__index__() for each in split_sizes]), dim)


def _split(pieces_op: Callable[..., Any], input: Tensor, sizes: tuple[int, ...], dim: int):
    aval = input._aval
    given, dim = dim, wrap_dim(dim, aval.ndim)
    if any(each < 0 for each in sizes):
        raise RuntimeError(
            f"split_with_sizes expects split_sizes have only non-negative entries, but got split_sizes={list(sizes)}"
        )
    if sum(sizes) != aval.shape[dim]:
        raise RuntimeError(
            f"split_with_sizes expects split_sizes to sum exactly to {aval.shape[dim]} (input tensor's size at "
            f"dimension {given}), but got split_sizes={list(sizes)}"
        )
    starts = [sum(sizes[:place]) for place in range(len(sizes))]
    entries = [((start, size, 1), ()) for start, size in zip(starts, sizes, strict=True)]
    return _views_of(pieces_op, input, dim, sizes, _steps_of(input, dim, sizes, entries))


@function(legacy={"split_size": "split_size_or_sections"})
def split(tensor: Tensor, split_size_or_sections: int | Sequence[int], dim: int = 0):
    """Pieces of a size along a dimension, the last one smaller where it does not fit, or of several given sizes.

    Raises:
        RuntimeError: the tensor is 0-d, the size is not positive, or the sizes do not add up.

    Example:
        >>> torch.split(torch.arange(5), 2)
        (tensor([0, 1]), tensor([2, 3]), tensor([4]))
        >>> torch.split(torch.arange(3), [1, 2])
        (tensor([0]), tensor([1, 2]))
    """
    if not isinstance(tensor, TensorBase):
        raise AttributeError(f"{type(tensor).__name__!r} object has no attribute 'split'")
    size = split_size_or_sections
    if isinstance(size, TensorBase) and size._aval.numel == 1:
        size = int(size)
    if type(size) is not int or type(dim) is not int:
        name = "split" if isinstance(size, int) else "split_with_sizes"
        refuse(f"torch._VF.{name}" if name == "split" else f"torch.{name}", (tensor, size, dim), {})
    if isinstance(size, (tuple, list)):
        return split_with_sizes(tensor, size, dim)
    aval = tensor._aval
    if not aval.ndim:
        raise RuntimeError("split expects at least a 1-dimensional tensor")
    if size < 0:
        raise RuntimeError(f"split expects split_size be non-negative, but got split_size={size}")
    length = aval.shape[wrap_dim(dim, aval.ndim)]
    if not size and length:
        raise RuntimeError(f"split_size can only be 0 if dimension size is 0, but got dimension size of {length}")
    count = max(-(-length // size), 1) if size else 1
    return _split(views.split, tensor, tuple([min(size, length - at * size) for at in range(count)]), dim)


def split_method(self: Tensor, split_size: int | Sequence[int], dim: int = 0):
    """`split` as a method."""
    return split(self, split_size, dim)


@function(legacy={"tensor": "input"})
def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most `chunks` pieces of equal size along a dimension, the last one smaller where it does not fit.

    Raises:
        RuntimeError: the tensor is 0-d, or `chunks` is not positive.

    Example:
        >>> torch.chunk(torch.arange(5), 2)
        (tensor([0, 1, 2]), tensor([3, 4]))
    """
    aval = input._aval
    if not aval.ndim:
        raise RuntimeError("chunk expects at least a 1-dimensional tensor")
    if not hasattr(chunks, "__index__"):
        raise TypeError(f"chunk(): argument 'chunks' (position 1) must be int, not {type(chunks).__name__}")
    if chunks.__index__() >= 2**63:
        raise ValueError(OVERFLOW)
    if chunks <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    length = aval.shape[wrap_dim(dim, aval.ndim)]
    if not length:
        return _split(views.split_with_sizes, input, (0,) * chunks, dim)
    return split(input, -(-length // chunks), dim)


@function(several=True)
def tensor_split(input: Tensor, indices_or_sections: Tensor | int | Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Pieces along a dimension: so many of nearly equal size, or cut at the given places.

    Raises:
        RuntimeError: the tensor is 0-d, or the number is not positive.

    Example:
        >>> torch.tensor_split(torch.arange(5), 2)
        (tensor([0, 1, 2]), tensor([3, 4]))
        >>> torch.tensor_split(torch.arange(5), (1, 4))
        (tensor([0]), tensor([1, 2, 3]), tensor([4]))
    """
    aval = input._aval
    if not aval.ndim:
        raise RuntimeError("tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims")
    dim = wrap_dim(dim, aval.ndim)
    cuts = indices_or_sections
    if isinstance(cuts, TensorBase):
        if cuts._aval.dtype is not dtypes.int64:
            kind = scalar_name(cuts._aval.dtype)
            raise RuntimeError(
                f"tensor_split expected tensor_indices_or_sections to have dtype of long, but got {kind}"
            )
        if cuts._aval.ndim > 1:
            raise RuntimeError(
                "tensor_split expected tensor_indices_or_sections to be a zero-dimensional or one-dimensional tensor, but "
                f"got a tensor with {cuts._aval.ndim} dims"
            )
        cuts = cuts.tolist()
    if not isinstance(cuts, (int, tuple, list)) or isinstance(cuts, bool):
        raise TypeError(
            "tensor_split() received an invalid combination of arguments - got (Tensor, "
            f"{type(cuts).__name__}), but expected one of:\n * (Tensor input, int sections, int dim = 0)\n * (Tensor input, "
            "tuple of ints indices, int dim = 0)\n * (Tensor input, Tensor tensor_indices_or_sections, int dim = 0)\n"
        )
    length = aval.shape[dim]
    if isinstance(cuts, int):
        if cuts <= 0:
            raise RuntimeError(f"number of sections must be larger than 0, got {cuts}")
        small, larger = divmod(length, cuts)
        cuts = [place * small + min(place, larger) for place in range(1, cuts)]
    pieces, start = [], 0
    for end in (*cuts, length):
        first, stop, _ = slice(start, end).indices(length)
        pieces.append(stretch(input, dim, first, max(stop - first, 0)))
        start = end
    return tuple(pieces)


def _split_along(name: str, needed: int, dim_of: Callable[..., Any], shown: str):
    def split_along(input: Tensor, indices_or_sections: Tensor | int | Sequence[int]):
        aval = input._aval
        if aval.ndim < needed:
            raise RuntimeError(
                f"torch.{name} requires a tensor with at least {needed} dimension, but got a tensor with {aval.ndim} "
                "dimensions!"
            )
        dim, count = dim_of(aval.ndim), indices_or_sections
        if isinstance(count, int) and (not count or aval.shape[dim] % count):
            raise RuntimeError(
                f"torch.{name} attempted to split along dimension {dim}, but the size of the dimension "
                f"{aval.shape[dim]} is not divisible by the split_size {count}!"
            )
        return tensor_split(input, count, dim)

    split_along.__doc__ = f"""`tensor_split` along the dimension of ``{name[0]}stack``; a number must divide its size.

    Example:
        >>> torch.{name}({shown}
    """
    return function(split_along, name=name)


_HSPLIT = "torch.tensor([[1, 2]]), 2)\n        (tensor([[1]]), tensor([[2]]))"
_VSPLIT = "torch.tensor([[1], [2]]), 2)\n        (tensor([[1]]), tensor([[2]]))"
_DSPLIT = "torch.tensor([[[1, 2]]]), 2)\n        (tensor([[[1]]]), tensor([[[2]]]))"
hsplit = _split_along("hsplit", 1, lambda ndim: 0 if ndim == 1 else 1, _HSPLIT)
vsplit = _split_along("vsplit", 2, lambda ndim: 0, _VSPLIT)
dsplit = _split_along("dsplit", 3, lambda ndim: 2, _DSPLIT)


def _unsafe(name: str, cut: Callable[..., Any], sizes: int | tuple[int, ...]):
    def unsafe(*args: Any, **kwargs: Any):
        return tuple([as_if_made(each) for each in cut(*args, **kwargs)])

    unsafe.__doc__ = f"""`{cut.__name__}` whose results share memory, but no history: none may be written to.

    Example:
        >>> torch.{name}(torch.arange(4), {sizes})
        (tensor([0, 1]), tensor([2, 3]))
    """
    return function(unsafe, name=name)


unsafe_chunk, unsafe_split = _unsafe("unsafe_chunk", chunk, 2), _unsafe("unsafe_split", split, 2)
unsafe_split_with_sizes = _unsafe("unsafe_split_with_sizes", split_with_sizes, (2, 2))


@function
def select(input: Tensor, dim: int, index: int) -> Tensor:
    """The slice at one place of a dimension, without it; a view.

    Raises:
        IndexError: there is no such dimension or place.

    Example:
        >>> torch.select(torch.tensor([[1, 2], [3, 4]]), 1, 0)
        tensor([1, 3])
    """
    aval = input._aval
    if not aval.ndim:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    dim, index = wrap_dim(dim, aval.ndim), _position(index)
    size = aval.shape[dim]
    if not -size <= index < size:
        raise IndexError(
            f"select(): index {index} out of range for tensor of size {list(aval.shape)} at dimension {dim}"
        )
    return entry(input, dim, index)


@function(legacy={"size": "length"})
def narrow(input: Tensor, dim: int, start: Tensor | int, length: int) -> Tensor:
    """`length` neighbours from `start` on along a dimension; a view.

    Raises:
        IndexError: `start` is outside the dimension.
        RuntimeError: its end is, or `length` is negative.

    Example:
        >>> torch.narrow(torch.arange(5), 0, 1, 3)
        tensor([1, 2, 3])
    """
    aval = input._aval
    if not aval.ndim:
        raise RuntimeError("narrow() cannot be applied to a 0-dim tensor.")
    if isinstance(start, TensorBase) and (start._aval.ndim or start._aval.dtype.rank != 1):
        raise RuntimeError("start must be an 0-dim integral Tensor.")
    length, start = _position(length), _position(start)
    if length < 0:
        raise RuntimeError("narrow(): length must be non-negative.")
    dim = wrap_dim(dim, aval.ndim)
    size = aval.shape[dim]
    if not -size <= start <= size:
        raise IndexError(f"start out of range (expected to be in range of [-{size}, {size}], but got {start})")
    if start < 0:
        start += size
    if start + length > size:
        raise RuntimeError(f"start ({start}) + length ({length}) exceeds dimension size ({size}).")
    return stretch(input, dim, start, length)


def _position(number: Any) -> int:
    return int(number.item()) if isinstance(number, TensorBase) else number
