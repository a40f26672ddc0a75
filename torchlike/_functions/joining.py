"""Joining, repeating and spreading tensors where their number is open or values decide on sizes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from torchlike._autograd.variable import TensorBase
from torchlike._function import function
from torchlike._functions.making import wrapped
from torchlike._ops import joining, rearranging, views
from torchlike._programs import explain
from torchlike._signatures import refuse
from torchlike._types import dtypes

if TYPE_CHECKING:
    from torchlike._types import formats
    from torchlike.tensor import Tensor
    from torchlike.types import Device

MESHGRID = "torch.meshgrid: in an upcoming release, it will be required to pass the indexing argument."


def _tensors(args: tuple[Any, ...]) -> tuple[Tensor, ...]:
    return tuple(args[0]) if len(args) == 1 and isinstance(args[0], (tuple, list)) else args


@function
def block_diag(*tensors: Tensor) -> Tensor:
    """Matrices along the diagonal of one matrix, zeros elsewhere; vectors are rows.

    Example:
        >>> torch.block_diag(torch.tensor([[1, 2]]), torch.tensor([3]))
        tensor([[1, 2, 0],
                [0, 0, 3]])
    """
    refuse("torch._VF.block_diag", (tensors,), {})
    return joining.blocks(_tensors(tensors))


@function
def cartesian_prod(*tensors: Tensor) -> Tensor:
    """All tuples of one element of each vector, as rows.

    Raises:
        RuntimeError: one is no vector.

    Example:
        >>> torch.cartesian_prod(torch.tensor([1, 2]), torch.tensor([3, 4]))
        tensor([[1, 3],
                [1, 4],
                [2, 3],
                [2, 4]])
    """
    refuse("torch._VF.cartesian_prod", (tensors,), {})
    for each in tensors:
        if each._aval.ndim != 1:
            raise RuntimeError(f"Expect a 1D vector, but got shape {list(each._aval.shape)}")
    if len(tensors) == 1:
        return tensors[0]
    if len({each._aval.dtype for each in tensors}) > 1:
        raise RuntimeError("meshgrid expects all tensors to have the same dtype")
    if not tensors:
        raise RuntimeError("meshgrid expects a non-empty TensorList")
    return joining.products(tensors)


@function
def meshgrid(*tensors: Tensor | Sequence[Tensor], indexing: str | None = None) -> tuple[Tensor, ...]:
    """Vectors as grids: each varies along its own dimension and repeats along the others.

    Args:
        indexing: ``"ij"`` (matrix order) or ``"xy"`` (the first two dimensions swapped).

    Raises:
        RuntimeError: one has more than one dimension, or dtypes differ.

    Example:
        >>> rows, columns = torch.meshgrid(torch.tensor([1, 2]), torch.tensor([3, 4, 5]), indexing="ij")
        >>> rows, columns
        (tensor([[1, 1, 1],
                [2, 2, 2]]), tensor([[3, 4, 5],
                [3, 4, 5]]))
    """
    tensors = _tensors(tensors)
    refuse("torch._VF.meshgrid", (tensors,), {} if indexing is None else {"indexing": indexing})
    if not tensors:
        raise RuntimeError("meshgrid expects a non-empty TensorList")
    if indexing is None:
        explain.warn(MESHGRID)
    for each in tensors:
        if each._aval.ndim > 1:
            raise RuntimeError(f"torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got: {each}")
        if each._aval.dtype is not tensors[0]._aval.dtype:
            raise RuntimeError("meshgrid expects all tensors to have the same dtype")
        if each.device != tensors[0].device:
            raise RuntimeError("meshgrid expects all tensors to have the same device")
    if indexing not in (None, "ij", "xy"):
        raise RuntimeError(f'torch.meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}')
    swapped = indexing == "xy" and len(tensors) > 1
    if swapped:
        tensors = (tensors[1], tensors[0], *tensors[2:])
    shape = tuple([each._aval.numel for each in tensors])
    grids = []
    for place, each in enumerate(tensors):
        alone = [-1 if dim == place else 1 for dim in range(len(shape))]
        grids.append(views.expand(views.view_shape(each, tuple(alone)), shape))
    if swapped:
        grids[:2] = grids[1::-1]
    return tuple(grids)


@function(several=True)
def repeat_interleave(
    input: Tensor, repeats: Tensor | int | None = None, dim: int | None = None, *, output_size: int | None = None
) -> Tensor:
    """Each element, or each slice of a dimension, repeated: so many times, or as often as a tensor says.

    With one tensor alone: its numbers' places, each as often as the number says.

    Raises:
        RuntimeError: a number is negative, or there are not as many as slices.
        IndexError: there is no such dimension.

    Example:
        >>> torch.repeat_interleave(torch.tensor([1, 2]), torch.tensor([3, 1]))
        tensor([1, 1, 1, 2])
    """
    if repeats is None:
        repeats, input = input, wrapped(np.arange(input._aval.numel, dtype=np.int64))
        dim = 0
    if dim is not None and not input._aval.ndim:
        if isinstance(repeats, TensorBase):
            raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
        views.wrap_dim(dim, 0)
        raise IndexError("Dimension out of range (expected to be in range of [-1, 0], but got 1)")
    if isinstance(repeats, (tuple, list)):
        repeats = wrapped(np.asarray(repeats, np.int64))
    if not isinstance(repeats, TensorBase):
        _check_output(output_size, lambda: _length(input, dim) * repeats)
        return rearranging.repeat_each(input, repeats, dim)
    aval = repeats._aval
    if aval.dtype not in (dtypes.int64, dtypes.int32):
        raise NotImplementedError(f"\"repeat_interleave_cpu\" not implemented for '{dtypes.scalar_name(aval.dtype)}'")
    if aval.ndim > 1:
        raise RuntimeError("repeats must be 0-dim or 1-dim tensor")
    counts = repeats._value().numpy()
    length = _length(input, dim)
    if aval.ndim and aval.numel not in (1, length):
        raise RuntimeError(
            "repeats must have the same size as input along dim, but got repeats.size(0) = "
            f"{aval.numel} and input.size({dim or 0}) = {length}"
        )
    if (counts < 0).any():
        raise RuntimeError("repeats can not be negative")
    total = int(counts.sum()) if aval.numel == length else int(counts.reshape(())) * length
    _check_output(output_size, lambda: total)
    return rearranging.repeat_by(input, repeats, dim, total)


def _length(input: Tensor, dim: int | None) -> int:
    aval = input._aval
    return aval.numel if dim is None else aval.shape[views.wrap_dim(dim, aval.ndim)] if aval.ndim else 1


def _check_output(wanted: int | None, length: Any) -> None:
    if wanted is not None and wanted != length():
        raise RuntimeError(f"repeat_interleave: Invalid output_size, expected {length()} but got {wanted}")


def _indices(name: str, choose: Callable[..., Any], triangle: str, shown: str):
    def indices(
        row: int,
        col: int,
        offset: int = 0,
        *,
        dtype: dtypes.dtype | None = dtypes.int64,
        device: Device = None,
        layout: formats.layout | None = None,
    ):
        for what, size in (("row", row), ("col", col)):
            if size < 0:
                raise RuntimeError(f"{what} must be non-negative, got{size}")
        kind = dtypes.resolve(dtype, name) or dtypes.int64
        if kind.name not in ("int32", "int64"):
            raise NotImplementedError(f"\"{name}\" not implemented for '{dtypes.scalar_name(kind)}'")
        found = np.stack(choose(row, offset, col)) if row and col else np.zeros((2, 0), np.int64)
        return wrapped(found.astype(kind.np), device)

    indices.__doc__ = f"""Rows and columns, ``(2, n)``, of the {triangle} triangle of a matrix of a size, row by row.

    Example:
        >>> torch.{name}(2, 2)
        {shown}
    """
    return function(indices, name=name, of_modes=True)


_ROWS = "tensor([[0, {}, 1],\n                [0, {}, 1]])"
tril_indices = _indices("tril_indices", np.tril_indices, "lower", _ROWS.format(1, 0))
triu_indices = _indices("triu_indices", np.triu_indices, "upper", _ROWS.format(0, 1))
