"""Elements repeated, turned round, cut to triangles, put on diagonals."""

from __future__ import annotations

import itertools

import jax
import jax.numpy as jnp
import numpy as np

from torchlike._dispatch import op
from torchlike._ops._promote import Array, Integer, Integers, Ints, wrap_dim
from torchlike._ops.views import wrap_dims
from torchlike._out import SAME

# ---------------------------------------------------------------------- repeated


@op(varargs="repeats")
def repeat(input: Array, repeats: Ints) -> Array:
    """The tensor so many times along each dimension, new dimensions in front.

    Raises:
        RuntimeError: fewer numbers than dimensions, or a negative one.
    """
    if len(repeats) < input.ndim:
        raise RuntimeError("Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor")
    _check_repeats(input, repeats)
    return jnp.tile(input, repeats)


def _check_repeats(input: Array, repeats) -> None:
    shape = (1,) * (len(repeats) - input.ndim) + input.shape
    sizes = [size * times for size, times in zip(shape, repeats, strict=True)]
    for size, times in zip(sizes, repeats, strict=True):
        if times < 0:
            raise RuntimeError(f"Trying to create tensor with negative dimension {size}: {sizes}")


@op(varargs="dims", grad_name="RepeatBackward0")
def tile(input: Array, dims: Ints) -> Array:
    """The tensor so many times along each dimension; missing numbers, in front, are 1.

    Example:
        >>> torch.tile(torch.tensor([1, 2]), (2, 2))
        tensor([[1, 2, 1, 2],
                [1, 2, 1, 2]])
    """
    dims = (1,) * (input.ndim - len(dims)) + tuple(dims)
    _check_repeats(input, dims)
    return jnp.tile(input, dims)


@op(grad_name="ViewBackward0", name="repeat_interleave")
def repeat_each(input: Array, repeats: int, dim: int | None = None) -> Array:
    """Each element, or each slice of a dimension, repeated so many times."""
    if repeats < 0:
        raise RuntimeError("Repeats must be non-negative")
    if dim is None:
        return jnp.repeat(input.ravel(), repeats)
    return jnp.repeat(jnp.atleast_1d(input), repeats, wrap_dim(dim, input.ndim))


@op(grad_name="IndexSelectBackward0", name="repeat_interleave")
def repeat_by(input: Array, repeats: Array, dim: int | None, total: int) -> Array:
    """Each slice of a dimension repeated as often as `repeats` says, `total` slices together."""
    if dim is None:
        input, dim = input.ravel(), 0
    return jnp.repeat(jnp.atleast_1d(input), repeats, wrap_dim(dim, input.ndim), total_repeat_length=total)


# ---------------------------------------------------------------------- turned round


@op
def roll(input: Array, shifts: Integers, dims: Ints | None = None) -> Array:
    """Elements shifted along dimensions; what leaves at one end comes in at the other.

    Raises:
        RuntimeError: not as many shifts as dimensions.

    Example:
        >>> torch.roll(torch.tensor([1, 2, 3, 4]), 1)
        tensor([4, 1, 2, 3])
    """
    shifts = shifts if isinstance(shifts, tuple) else (shifts,)
    dims = () if dims is None else (dims,) if isinstance(dims, int) else tuple(dims)
    if not shifts:
        raise RuntimeError("`shifts` required")
    if not dims and len(shifts) == 1:
        return jnp.roll(input.ravel(), shifts[0]).reshape(input.shape)
    if not input.ndim and dims:
        raise IndexError(f"Dimension specified as {dims[0]} but tensor has no dimensions")
    if len(shifts) != len(dims):
        raise RuntimeError(f"shifts and dimensions must align. shifts: {len(shifts)}, dims:{len(dims)}")
    return jnp.roll(input, shifts, wrap_dims(dims, input.ndim)) if input.size else input


@op(varargs="dims")
def flip(input: Array, dims: Ints) -> Array:
    """The order along dimensions reversed.

    Example:
        >>> torch.flip(torch.tensor([[1, 2], [3, 4]]), (0, 1))
        tensor([[4, 3],
                [2, 1]])
    """
    dims = wrap_dims(dims, input.ndim)
    for each in dims:
        if dims.count(each) > 1:
            raise RuntimeError(f"dim {each} appears multiple times in the list of dims")
    return jnp.flip(input, dims) if input.ndim else input


@op(grad_name="FlipBackward0")
def fliplr(input: Array) -> Array:
    """Columns in reverse order.

    Raises:
        RuntimeError: fewer than two dimensions.

    Example:
        >>> torch.fliplr(torch.tensor([[1, 2], [3, 4]]))
        tensor([[2, 1],
                [4, 3]])
    """
    if input.ndim < 2:
        raise RuntimeError("Input must be >= 2-d.")
    return jnp.flip(input, 1)


@op(grad_name="FlipBackward0")
def flipud(input: Array) -> Array:
    """Rows in reverse order.

    Raises:
        RuntimeError: it is 0-d.

    Example:
        >>> torch.flipud(torch.tensor([[1, 2], [3, 4]]))
        tensor([[3, 4],
                [1, 2]])
    """
    if not input.ndim:
        raise RuntimeError("Input must be >= 1-d.")
    return jnp.flip(input, 0)


@op
def rot90(input: Array, k: int = 1, dims: Ints = (0, 1)) -> Array:
    """A plane of two dimensions turned by `k` times 90 degrees, from the first to the second.

    Raises:
        RuntimeError: not two different dimensions.

    Example:
        >>> torch.rot90(torch.tensor([[1, 2], [3, 4]]))
        tensor([[2, 4],
                [1, 3]])
    """
    if len(dims) != 2:
        raise RuntimeError(f"expected total rotation dims == 2, but got dims = {len(dims)}")
    if input.ndim < 2:
        raise RuntimeError(f"expected total dims >= 2, but got total dims = {input.ndim}")
    if dims[0] == dims[1] or abs(dims[0] - dims[1]) == input.ndim:
        raise RuntimeError(f"expected rotation dims to be different, but got dim0 = {dims[0]} and dim1 = {dims[1]}")
    return jnp.rot90(input, k, wrap_dims(dims, input.ndim))


# ---------------------------------------------------------------------- triangles and diagonals


@op(out=SAME, shares="all")
def tril(input: Array, diagonal: Integer = 0) -> Array:
    """The elements on and below a diagonal of each matrix, zeros elsewhere.

    Raises:
        RuntimeError: fewer than two dimensions.

    Example:
        >>> torch.tril(torch.ones(2, 3))
        tensor([[1., 0., 0.],
                [1., 1., 0.]])
    """
    if input.ndim < 2:
        raise RuntimeError("tril: input tensor must have at least 2 dimensions")
    return jnp.where(_below(input, diagonal), input, jnp.zeros((), input.dtype))


@op(out=SAME, shares="all")
def triu(input: Array, diagonal: Integer = 0) -> Array:
    """The elements on and above a diagonal of each matrix, zeros elsewhere.

    Raises:
        RuntimeError: fewer than two dimensions.

    Example:
        >>> torch.triu(torch.ones(2, 3), diagonal=1)
        tensor([[0., 1., 1.],
                [0., 0., 1.]])
    """
    if input.ndim < 2:
        raise RuntimeError("triu: input tensor must have at least 2 dimensions")
    return jnp.where(_below(input, diagonal - 1), jnp.zeros((), input.dtype), input)


def _below(input: Array, diagonal: Integer) -> Array:
    """Which elements of a matrix are on or below a diagonal."""
    shape = input.shape[-2:]
    return jax.lax.broadcasted_iota(np.int64, shape, 0) + diagonal >= jax.lax.broadcasted_iota(np.int64, shape, 1)


def embedded(input: Array, offset: int, dim1: int, dim2: int) -> Array:
    """The last dimension as a diagonal over two new dimensions."""
    ndim = input.ndim + 1
    one, two = wrap_dim(dim1, ndim), wrap_dim(dim2, ndim)
    if one == two:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    count = input.shape[-1]
    size = count + abs(offset)
    rows = jnp.arange(count) + max(-offset, 0)
    made = jnp.zeros((*input.shape[:-1], size, size), input.dtype)
    return jnp.moveaxis(made.at[..., rows, rows + offset].set(input), (-2, -1), (one, two))


@op
def diag_embed(input: Array, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Array:
    """Matrices with the last dimension on a diagonal, zeros elsewhere.

    Example:
        >>> torch.diag_embed(torch.tensor([1, 2]), offset=1)
        tensor([[0, 1, 0],
                [0, 0, 2],
                [0, 0, 0]])
    """
    return embedded(input, offset, dim1, dim2)


@op(grad_name="DiagEmbedBackward0", name="diagflat")
def diagflat(input: Array, offset: int = 0) -> Array:
    """A matrix with all elements on a diagonal, zeros elsewhere.

    Example:
        >>> torch.diagflat(torch.tensor([[1], [2]]))
        tensor([[1, 0],
                [0, 2]])
    """
    return embedded(input.ravel(), offset, 0, 1)


@op(grad_name=lambda call: "DiagEmbedBackward0" if call["input"].ndim == 1 else "DiagonalBackward0_copy", out=SAME)
def diag(input: Array, diagonal: int = 0) -> Array:
    """A matrix's diagonal, or a vector as the diagonal of a matrix.

    Raises:
        RuntimeError: neither a vector nor a matrix.

    Example:
        >>> torch.diag(torch.tensor([[1, 2], [3, 4]]))
        tensor([1, 4])
        >>> torch.diag(torch.tensor([1, 2]))
        tensor([[1, 0],
                [0, 2]])
    """
    if input.ndim == 1:
        return embedded(input, diagonal, 0, 1)
    if input.ndim != 2:
        raise RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {input.ndim}D")
    rows, columns = input.shape
    if not -rows < diagonal < columns:
        return jnp.zeros((0,), input.dtype)
    return jnp.diagonal(input, diagonal)


@op(grad_name="StackBackward0", saves=True)
def combinations(input: Array, r: int = 2, with_replacement: bool = False) -> Array:
    """All choices of `r` elements of a vector, in order, as rows.

    Raises:
        RuntimeError: no vector, or `r` negative.

    Example:
        >>> torch.combinations(torch.tensor([1, 2, 3]))
        tensor([[1, 2],
                [1, 3],
                [2, 3]])
    """
    if input.ndim != 1:
        raise RuntimeError(f"Expect a 1D vector, but got shape {list(input.shape)}")
    if r < 0:
        raise RuntimeError(f"Expect a non-negative number, but got {r}")
    if not r:
        return jnp.zeros((0,), input.dtype)
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    places = np.array(list(choose(range(input.size), r)), np.int64).reshape(-1, r)
    return input[places] if len(places) else jnp.zeros((0, r), input.dtype)


@op(grad_name="FlipBackward0")
def vander(x: Array, N: int | None = None, increasing: bool = False) -> Array:
    """The Vandermonde matrix: powers of a vector as columns, falling unless `increasing`.

    Example:
        >>> torch.vander(torch.tensor([2, 3]), 3)
        tensor([[4, 2, 1],
                [9, 3, 1]])
    """
    if x.ndim != 1:
        raise RuntimeError("x must be a one-dimensional tensor.")
    if N is not None and N < 0:
        raise RuntimeError("N must be non-negative.")
    if x.dtype != bool and jnp.issubdtype(x.dtype, jnp.integer) or x.dtype == bool:
        x = x.astype(jnp.int64)
    count = x.size if N is None else N
    columns = jnp.cumprod(jnp.concatenate([jnp.ones((x.size, 1), x.dtype), *[x[:, None]] * (count - 1)], 1), 1)
    columns = columns[:, :count]
    return columns if increasing else columns[:, ::-1]
