"""Views: other shapes of the same elements. Each has its reading, its layout in memory and its writing."""

from __future__ import annotations

import math

import jax.numpy as jnp
from jax import lax

from torchlike._dispatch import op
from torchlike._ops._nodes import of_squeeze
from torchlike._ops._promote import Array, Ints, wrap_dim
from torchlike._ops.basic_indexing import FULL as FULL
from torchlike._ops.basic_indexing import index_step as index_step
from torchlike._programs.cache import remembered
from torchlike._recorder import memory
from torchlike._recorder.view import Layout
from torchlike._types import dtypes


def wrap_dims(dims, ndim: int) -> tuple[int, ...]:
    """Dimensions counted from the front.

    Raises:
        IndexError: one is out of range.
    """
    return tuple([wrap_dim(each, ndim) for each in ((dims,) if isinstance(dims, int) else dims)])


# ---------------------------------------------------------------------- other sizes


def _check_sizes(size: tuple[int, ...]) -> None:
    for place, each in enumerate(size):
        if each < -1:
            raise RuntimeError(f"invalid shape dimension {each} at index {place} of shape {list(size)}")


def resolved_shape(numel: int, size: tuple[int, ...]) -> tuple[int, ...]:
    """A shape with its -1 worked out.

    Raises:
        RuntimeError: the shape does not fit the number of elements, in PyTorch's words.
    """
    size = tuple(size)
    if -1 not in size:
        _check_sizes(size)
        if math.prod(size) != numel:
            raise RuntimeError(f"shape '{list(size)}' is invalid for input of size {numel}")
        return size
    if size.count(-1) > 1:
        raise RuntimeError("only one dimension can be inferred")
    rest = math.prod(each for each in size if each != -1)
    _check_sizes(size)
    if not rest and not numel:
        raise RuntimeError(
            f"cannot reshape tensor of 0 elements into shape {list(size)} because the unspecified dimension size -1 "
            "can be any value and is ambiguous"
        )
    if not rest or numel % rest:
        raise RuntimeError(f"shape '{list(size)}' is invalid for input of size {numel}")
    return tuple([numel // rest if each == -1 else each for each in size])


@remembered
def reshaped_layout(layout: Layout, size: tuple[int, ...]) -> Layout | None:
    """The layout of the same elements in another shape; None where no strides can say it."""
    if not math.prod(size):
        return layout if layout.shape == size else Layout.contiguous(size)._replace(offset=layout.offset)
    # runs of dimensions whose elements are evenly spaced: (count, step), the last first
    runs: list[list[int]] = []
    for count, step in zip(reversed(layout.shape), reversed(layout.strides), strict=True):
        if runs and (count == 1 or step == runs[-1][0] * runs[-1][1]):
            runs[-1][0] *= count
        else:
            runs.append([count, step])
    strides: list[int] = []
    left = list(size)
    for count, step in runs or [[1, 1]]:
        reached = 1
        while left and (reached < count or left[-1] == 1):
            strides.append(reached * step)
            reached *= left.pop()
        if reached != count:
            return None
    return None if left else Layout(size, tuple(reversed(strides)), layout.offset)


def _view_layout(layout: Layout, size) -> Layout:
    return reshaped_layout(layout, resolved_shape(math.prod(layout.shape), size)) or Layout.contiguous(size)


def _reshape_back(new: Array, viewed: Array, *args, **kwargs) -> Array:
    return new.reshape(viewed.shape)


@op(view=_view_layout, write=_reshape_back, varargs="size", name="view")
def view_shape(input: Array, size: Ints) -> Array:
    """The same elements in another shape; one size may be -1."""
    return input.reshape(resolved_shape(input.size, size))


@op(view=lambda layout: layout, write=lambda new, viewed: new)
def alias(input: Array) -> Array:
    """The tensor seen once more."""
    return input


@op(varargs="shape", grad_name="UnsafeViewBackward0", name="reshape")
def reshape_copy(input: Array, shape: Ints) -> Array:
    """The elements in another shape, as a copy."""
    return input.reshape(resolved_shape(input.size, shape))


def _unsqueeze_layout(layout: Layout, dim: int) -> Layout:
    shape, strides = list(layout.shape), list(layout.strides)
    dim = wrap_dim(dim, len(shape) + 1)
    strides.insert(dim, shape[dim] * strides[dim] if dim < len(shape) else 1)
    shape.insert(dim, 1)
    return Layout(tuple(shape), tuple(strides), layout.offset)


@op(view=_unsqueeze_layout, write=_reshape_back)
def unsqueeze(input: Array, dim: int) -> Array:
    """A further dimension of size 1 at `dim`.

    Example:
        >>> torch.unsqueeze(torch.zeros(2, 3), 1).shape
        torch.Size([2, 1, 3])
    """
    return jnp.expand_dims(input, wrap_dim(dim, input.ndim + 1))


def _squeezed(shape: tuple[int, ...], dim) -> tuple[int, ...]:
    """The dimensions that stay."""
    every = range(len(shape))
    gone = every if dim is None else wrap_dims(dim, len(shape))
    if len(set(gone)) < len(gone):
        twice = next(each for each in gone if gone.count(each) > 1)
        raise RuntimeError(f"dim {twice} appears multiple times in the list of dims")
    return tuple([each for each in every if shape[each] != 1 or each not in gone])


def _squeeze_layout(layout: Layout, dim=None) -> Layout:
    kept = _squeezed(layout.shape, dim)
    return _chosen(layout, kept)


def _chosen(layout: Layout, dims) -> Layout:
    return Layout(tuple([layout.shape[d] for d in dims]), tuple([layout.strides[d] for d in dims]), layout.offset)


@op(view=_squeeze_layout, write=_reshape_back, grad_name=of_squeeze)
def squeeze(input: Array, dim: Ints | None = None) -> Array:
    """The dimensions of size 1 left out: all, or those named in `dim`.

    Example:
        >>> torch.squeeze(torch.zeros(1, 2, 1)).shape
        torch.Size([2])
        >>> torch.squeeze(torch.zeros(1, 2, 1), 0).shape
        torch.Size([2, 1])
    """
    return input.reshape([input.shape[each] for each in _squeezed(input.shape, dim)])


def _flattened(shape: tuple[int, ...], start_dim: int, end_dim: int) -> tuple[int, ...]:
    if not shape:
        wrap_dims((start_dim, end_dim), 0)
        return (1,)
    start, end = wrap_dims((start_dim, end_dim), len(shape))
    if start > end:
        raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
    return (*shape[:start], math.prod(shape[start : end + 1]), *shape[end + 1 :])


def flattened_shape(shape: tuple[int, ...], start_dim: int = 0, end_dim: int = -1) -> tuple[int, ...]:
    """The shape with the dimensions from `start_dim` to `end_dim` as one."""
    return _flattened(tuple(shape), start_dim, end_dim)


# ---------------------------------------------------------------------- other orders


def _permutation(dims: tuple[int, ...], ndim: int) -> tuple[int, ...]:
    if len(dims) != ndim:
        raise RuntimeError(
            f"permute(sparse_coo): number of dimensions in the tensor input does not match the length of the desired "
            f"ordering of dimensions i.e. input.dim() = {ndim} is not equal to len(dims) = {len(dims)}"
        )
    wrapped = wrap_dims(dims, ndim)
    if len(set(wrapped)) < ndim:
        raise RuntimeError("permute(): duplicate dims are not allowed.")
    return wrapped


def _permute_back(new: Array, viewed: Array, dims) -> Array:
    dims = _permutation(dims, viewed.ndim)
    return jnp.transpose(new, [dims.index(each) for each in range(viewed.ndim)])


@op(
    view=lambda layout, dims: _chosen(layout, _permutation(dims, len(layout.shape))),
    write=_permute_back,
    varargs="dims",
)
def permute(input: Array, dims: Ints) -> Array:
    """The dimensions in another order: dimension i of the result is dimension ``dims[i]`` of the input.

    Example:
        >>> torch.permute(torch.zeros(2, 3, 4), (2, 0, 1)).shape
        torch.Size([4, 2, 3])
    """
    return jnp.transpose(input, _permutation(dims, input.ndim))


def _swapped(ndim: int, dim0: int, dim1: int) -> tuple[int, ...]:
    a, b = wrap_dims((dim0, dim1), ndim)
    order = list(range(ndim))
    if ndim:
        order[a], order[b] = b, a
    return tuple(order)


@op(
    aliases=("swapaxes", "swapdims"),
    view=lambda layout, dim0, dim1: _chosen(layout, _swapped(len(layout.shape), dim0, dim1)),
    write=lambda new, viewed, dim0, dim1: jnp.transpose(new, _swapped(viewed.ndim, dim0, dim1)),
)
def transpose(input: Array, dim0: int, dim1: int) -> Array:
    """Two dimensions swapped.

    Example:
        >>> torch.transpose(torch.tensor([[1, 2], [3, 4]]), 0, 1)
        tensor([[1, 3],
                [2, 4]])
    """
    return jnp.transpose(input, _swapped(input.ndim, dim0, dim1))


@op(
    view=lambda layout: layout._replace(shape=layout.shape[::-1], strides=layout.strides[::-1]),
    write=lambda new, viewed: new.T,
)
def t(input: Array) -> Array:
    """The transpose of a matrix; a tensor of fewer dimensions as it is.

    Raises:
        RuntimeError: it has more than two dimensions.

    Example:
        >>> torch.t(torch.tensor([[1, 2], [3, 4]]))
        tensor([[1, 3],
                [2, 4]])
    """
    if input.ndim > 2:
        raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {input.ndim}D")
    return input.T


# ---------------------------------------------------------------------- repeated and chosen elements


def _expanded(shape: tuple[int, ...], size: tuple[int, ...], kind: str = "") -> tuple[int, ...]:
    """The shape that `expand` gives.

    Raises:
        RuntimeError: it cannot, in PyTorch's words.
    """
    size, lead = tuple(size), len(size) - len(shape)
    if lead < 0:
        raise RuntimeError(
            f"expand({kind}{{{list(shape)}}}, size={list(size)}): the number of sizes provided "
            f"({len(size)}) must be greater or equal to the number of dimensions in the tensor ({len(shape)})"
        )
    result = list(size)
    for dim in reversed(range(len(size))):
        wanted, known = size[dim], shape[dim - lead] if dim >= lead else 1
        if wanted == -1:
            if dim < lead:
                raise RuntimeError(
                    f"The expanded size of the tensor ({wanted}) isn't allowed in a leading, non-existing dimension "
                    f"{dim}"
                )
            result[dim] = wanted = known
        if known not in (1, wanted):
            raise RuntimeError(
                f"The expanded size of the tensor ({wanted}) must match the existing size ({known}) at non-singleton "
                f"dimension {dim}.  Target sizes: {list(size)}.  Tensor sizes: {list(shape)}"
            )
    return tuple(result)


def _expand_layout(layout: Layout, size, *, implicit: bool = False) -> Layout:
    shape = _expanded(layout.shape, size)
    lead = len(shape) - len(layout.shape)
    strides = [0] * lead + [
        0 if known == 1 and wanted != 1 else stride
        for known, wanted, stride in zip(layout.shape, shape[lead:], layout.strides, strict=True)
    ]
    return Layout(shape, tuple(strides), layout.offset)


def _expand_back(new: Array, viewed: Array, *args, **kwargs) -> Array:
    """Of elements that share a place the first one counts; all are equal where PyTorch lets them be written."""
    lead = new.ndim - viewed.ndim
    first = tuple(
        [0 if dim < lead else slice(0, 1) if viewed.shape[dim - lead] == 1 else slice(None) for dim in range(new.ndim)]
    )
    return new[first] if new.size else viewed


@op(view=_expand_layout, write=_expand_back, varargs="size")
def expand(input: Array, size: Ints, *, implicit: bool = False) -> Array:
    """Dimensions of size 1 repeated to `size` without a copy, new ones put in front; -1 leaves a size as it is."""
    return jnp.broadcast_to(input, _expanded(input.shape, size, dtypes.type_text(input.dtype)))


def _diagonal_length(rows: int, columns: int, offset: int) -> int:
    return max(min(rows + min(offset, 0), columns - max(offset, 0)), 0)


def _diagonal_dims(ndim: int, dim1: int, dim2: int) -> tuple[int, int]:
    one, two = wrap_dims((dim1, dim2), ndim)
    if one == two:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    return one, two


def _diagonal_layout(layout: Layout, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Layout:
    one, two = _diagonal_dims(len(layout.shape), dim1, dim2)
    length = _diagonal_length(layout.shape[one], layout.shape[two], offset)
    rest = _chosen(layout, [d for d in range(len(layout.shape)) if d not in (one, two)])
    start = layout.offset
    if length:
        start += offset * layout.strides[two] if offset >= 0 else -offset * layout.strides[one]
    return Layout((*rest.shape, length), (*rest.strides, layout.strides[one] + layout.strides[two]), start)


@op(view=_diagonal_layout)
def diagonal(input: Array, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Array:
    """The diagonal over two dimensions, as a last dimension; `offset` counts from the main one to the upper right.

    Example:
        >>> torch.diagonal(torch.tensor([[1, 2], [3, 4]]))
        tensor([1, 4])
        >>> torch.diagonal(torch.tensor([[1, 2], [3, 4]]), offset=1)
        tensor([2])
    """
    one, two = _diagonal_dims(input.ndim, dim1, dim2)
    if not _diagonal_length(input.shape[one], input.shape[two], offset):
        return jnp.zeros((*[s for d, s in enumerate(input.shape) if d not in (one, two)], 0), input.dtype)
    return jnp.diagonal(input, offset, one, two)


def _windows(shape: tuple[int, ...], dimension: int, size: int, step: int) -> tuple[int, int]:
    """(the dimension, how many windows)."""
    dim = wrap_dim(dimension, len(shape))
    length = shape[dim] if shape else 1
    if size < 0:
        raise RuntimeError(f"size is {size} but must be >= 0")
    if size > length:
        raise RuntimeError(f"maximum size for tensor at dimension {dim} is {length} but size is {size}")
    if step <= 0:
        raise RuntimeError(f"step is {step} but must be > 0")
    return dim, (length - size) // step + 1


def _unfold_layout(layout: Layout, dimension: int, size: int, step: int) -> Layout:
    dim, count = _windows(layout.shape, dimension, size, step)
    if not layout.shape:
        return Layout((size,), (1,), layout.offset)
    shape, strides = list(layout.shape), list(layout.strides)
    shape[dim], strides[dim] = count, strides[dim] * step
    return Layout((*shape, size), (*strides, layout.strides[dim]), layout.offset)


@op(view=_unfold_layout)
def unfold(input: Array, dimension: int, size: int, step: int) -> Array:
    """Windows of `size` elements along a dimension, `step` apart, as a last dimension."""
    dim, count = _windows(input.shape, dimension, size, step)
    if not input.ndim:
        return input.reshape(1)[:size]
    places = jnp.arange(count)[:, None] * step + jnp.arange(size)
    return jnp.moveaxis(jnp.take(input, places, axis=dim, mode="clip"), dim + 1, -1)


def check_strided(numel: int, size, stride, storage_offset: int, itemsize: int) -> None:
    """Refuse strides that lead outside the storage.

    Raises:
        RuntimeError: they do, or their number is not that of the sizes.
    """
    if len(size) != len(stride):
        raise RuntimeError("mismatch in length of strides and shape")
    if any(each < 0 for each in stride):
        raise RuntimeError(
            "as_strided: Negative strides are not supported at the moment, got strides: "
            f"[{', '.join(map(str, stride))}]"
        )
    if storage_offset < 0:
        raise RuntimeError(f"Tensor: invalid storage offset {storage_offset}")
    if any(each < 0 for each in size):
        raise RuntimeError(f"Storage size calculation overflowed with sizes={list(size)} and strides={list(stride)}")
    if not math.prod(size):
        return
    needed = 1 + storage_offset + sum((count - 1) * step for count, step in zip(size, stride, strict=True))
    if needed > numel:
        raise RuntimeError(
            f"setStorage: sizes {list(size)}, strides {list(stride)}, storage offset {storage_offset}, and itemsize "
            f"{itemsize} requiring a storage size of {needed * itemsize} are out of bounds for storage of size "
            f"{numel * itemsize}"
        )


def _strided(size, stride, storage_offset: int) -> Layout:
    return Layout(tuple(size), tuple(stride), storage_offset)


@op(
    view=lambda layout, size, stride, storage_offset: _strided(size, stride, storage_offset),
    write=lambda new, viewed, *place: memory.write(viewed.ravel(), _strided(*place), new).reshape(viewed.shape),
    careful=True,
)
def as_strided(input: Array, size: Ints, stride: Ints, storage_offset: int) -> Array:
    """The elements at strides of one's own, counted in the storage that `input` fills."""
    check_strided(input.size, size, stride, storage_offset, input.dtype.itemsize)
    return memory.read(input.ravel(), _strided(size, stride, storage_offset))


# ---------------------------------------------------------------------- other dtypes


def _bits_layout(layout: Layout, dtype, ratio: tuple[int, int]) -> Layout:
    """The layout of the same bytes as elements ``many / one`` times as small; of all sizes the last one changes."""
    many, one = ratio
    if many == one:
        return layout
    shape, strides = layout.shape, layout.strides
    scale = lambda number: number * many // one
    return Layout((*shape[:-1], scale(shape[-1])), (*map(scale, strides[:-1]), strides[-1]), scale(layout.offset))


@op(
    view=_bits_layout,
    write=lambda new, viewed, dtype, ratio: memory.bits(new, viewed.dtype).reshape(viewed.shape),
    name="view",
)
def view_dtype(input: Array, dtype, ratio) -> Array:
    """The same bytes read as another dtype; `ratio` is (old, new) element size."""
    return lax.stop_gradient(memory.bits(input, dtype.np))


def _real_layout(layout: Layout, shift: int = 0) -> Layout:
    return Layout(layout.shape, tuple([2 * each for each in layout.strides]), 2 * layout.offset + shift)


@op(
    view=_real_layout,
    write=lambda new, viewed: lax.complex(new, viewed.imag),
    sign=lambda conjugated, negated: (False, negated),
    name="real",
    grad_name="SelectBackward0",
)
def real_part(input: Array) -> Array:
    """The real parts of a complex tensor."""
    return input.real


@op(
    view=lambda layout: _real_layout(layout, 1),
    write=lambda new, viewed: lax.complex(viewed.real, new),
    sign=lambda conjugated, negated: (False, negated ^ conjugated),
    name="imag",
    grad_name="SelectBackward0",
)
def imag_part(input: Array) -> Array:
    """The imaginary parts of a complex tensor."""
    return input.imag


def _as_real_layout(layout: Layout) -> Layout:
    wide = _real_layout(layout)
    return Layout((*wide.shape, 2), (*wide.strides, 1), wide.offset)


@op(view=_as_real_layout, write=lambda new, viewed: lax.complex(new[..., 0], new[..., 1]))
def view_as_real(input: Array) -> Array:
    """A complex tensor of shape ``(...)`` as its real and imaginary parts, ``(..., 2)``.

    Raises:
        RuntimeError: it is not complex.
    """
    if not jnp.iscomplexobj(input):
        raise RuntimeError("view_as_real is only supported for complex tensors")
    return jnp.stack([input.real, input.imag], -1)


def _as_complex_layout(layout: Layout) -> Layout:
    return Layout(layout.shape[:-1], tuple([each // 2 for each in layout.strides[:-1]]), layout.offset // 2)


@op(view=_as_complex_layout, write=lambda new, viewed: jnp.stack([new.real, new.imag], -1))
def view_as_complex(input: Array) -> Array:
    """Pairs ``(..., 2)`` of real numbers as complex numbers of shape ``(...)``.

    Raises:
        RuntimeError: the dtype is no floating point one, or the last dimension has not size 2.

    Example:
        >>> torch.view_as_complex(torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
        tensor([1.+2.j, 3.+4.j])
    """
    if input.dtype not in (jnp.float16, jnp.float32, jnp.float64):
        raise RuntimeError(
            "view_as_complex is only supported for half, float and double tensors, but got a tensor of scalar type: "
            + dtypes.scalar_name(input.dtype)
        )
    if not input.ndim:
        raise RuntimeError("Input tensor must have one or more dimensions")
    if input.shape[-1] != 2:
        raise RuntimeError("Tensor must have a last dimension of size 2")
    return lax.complex(input[..., 0], input[..., 1])


# ---------------------------------------------------------------------- several results


def _pieces(input: Array, dim: int, sizes: tuple[int, ...]) -> tuple[Array, ...]:
    # its derivative is one concatenation, where that of single slices is a sum of padded ones
    return tuple(lax.split(input, sizes, dim))


@op
def split(input: Array, dim: int, sizes: tuple) -> tuple[Array, ...]:
    """Pieces of the given sizes."""
    return _pieces(input, dim, sizes)


@op
def split_with_sizes(input: Array, dim: int, sizes: tuple) -> tuple[Array, ...]:
    """Pieces of the given sizes."""
    return _pieces(input, dim, sizes)


@op
def unbind(input: Array, dim: int, count: int) -> tuple[Array, ...]:
    """The slices along a dimension, without it."""
    return tuple([lax.squeeze(each, (dim,)) for each in _pieces(input, dim, (1,) * int(count))])


# ---------------------------------------------------------------------- other signs


@op(
    view=lambda layout: layout,
    write=lambda new, viewed: jnp.conj(new),
    sign=lambda conjugated, negated: (not conjugated, negated),
    name="conj",
)
def conjugate(input: Array) -> Array:
    """The complex conjugate."""
    return jnp.conj(input)


@op(
    view=lambda layout: layout,
    write=lambda new, viewed: -new,
    sign=lambda conjugated, negated: (conjugated, not negated),
)
def neg_view(input: Array) -> Array:
    """The negative."""
    return -input
