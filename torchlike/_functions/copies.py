"""View functions whose results are copies: ``torch.permute_copy(x, dims)`` is ``x.permute(dims).clone()``."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from torchlike._function import function
from torchlike._functions import indexing, splitting, views
from torchlike._ops import views as ops
from torchlike._ops._promote import wrap_dim
from torchlike._out import SAME, stored
from torchlike._types import dtypes, formats

if TYPE_CHECKING:
    from torchlike.tensor import Tensor


def _copied(name: str, view: Callable[..., Tensor], shown: str):
    """The function of this name that copies what a view function sees; `shown` is an example's arguments and result."""

    def copy(*args: Any, **kwargs: Any) -> Tensor:
        return view(*args, **kwargs).clone(memory_format=formats.contiguous_format)

    copy.__signature__ = inspect.signature(view)
    call, _, result = shown.partition(" -> ")
    copy.__doc__ = f"""A copy of what ``{name.removesuffix("_copy")}`` gives, in memory of its own.

    Example:
        >>> torch.{name}({call})
        {result}
    """
    return function(copy, name=name, out=SAME)


alias_copy = _copied("alias_copy", ops.alias, "torch.arange(2) -> tensor([0, 1])")
as_strided_copy = _copied("as_strided_copy", views.as_strided, "torch.arange(4), (2,), (2,) -> tensor([0, 2])")
diagonal_copy = _copied("diagonal_copy", ops.diagonal, "torch.tensor([[1, 2], [3, 4]]) -> tensor([1, 4])")
expand_copy = _copied("expand_copy", ops.expand, "torch.arange(2), (1, 2) -> tensor([[0, 1]])")
narrow_copy = _copied("narrow_copy", splitting.narrow, "torch.arange(5), 0, 1, 3 -> tensor([1, 2, 3])")
permute_copy = _copied("permute_copy", ops.permute, "torch.tensor([[1], [2]]), (1, 0) -> tensor([[1, 2]])")
select_copy = _copied("select_copy", splitting.select, "torch.tensor([[1, 2], [3, 4]]), 1, 0 -> tensor([1, 3])")
squeeze_copy = _copied("squeeze_copy", ops.squeeze, "torch.tensor([[1, 2]]) -> tensor([1, 2])")
t_copy = _copied("t_copy", ops.t, "torch.tensor([[1], [2]]) -> tensor([[1, 2]])")
transpose_copy = _copied("transpose_copy", ops.transpose, "torch.tensor([[1], [2]]), 0, 1 -> tensor([[1, 2]])")
unfold_copy = _copied("unfold_copy", ops.unfold, "torch.arange(3), 0, 2, 2 -> tensor([[0, 1]])")
unsqueeze_copy = _copied("unsqueeze_copy", ops.unsqueeze, "torch.arange(2), 0 -> tensor([[0, 1]])")
view_as_complex_copy = _copied("view_as_complex_copy", ops.view_as_complex, "torch.ones(1, 2) -> tensor([1.+1.j])")
view_as_real_copy = _copied("view_as_real_copy", views.view_as_real, "torch.tensor([1j]) -> tensor([[0., 1.]])")


def _slice(input: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1) -> Tensor:
    if not input.dim():
        raise IndexError("slice() cannot be applied to a 0-dim tensor.")
    before = wrap_dim(dim, input.dim())
    if step <= 0:
        raise RuntimeError("slice step must be positive")
    return indexing.getitem(input, (*[slice(None)] * before, slice(start, end, step)))


def _view(input: Tensor, size: Any = None, dtype: Any = None) -> Tensor:
    if dtype is not None or isinstance(size, (dtypes.dtype, type)):
        return views.view(input, size if dtype is None else dtype)
    return views.reshape(input, size)


slice_copy = _copied("slice_copy", _slice, "torch.arange(5), 0, 1, 4, 2 -> tensor([1, 3])")
view_copy = _copied("view_copy", _view, "torch.arange(2), (1, 2) -> tensor([[0, 1]])")


def _copied_parts(name: str, written: str, parts: Callable[..., tuple[Tensor, ...]], shown: str):
    """The same for what sees several; `written` is the name in its errors."""

    def copies(*args: Any, out: Any = None, **kwargs: Any) -> tuple[Tensor, ...] | None:
        made = tuple([each.clone(memory_format=formats.contiguous_format) for each in parts(*args, **kwargs)])
        if out is None:
            return made
        if len(out) != len(made):
            raise RuntimeError(f"{written} expected an out= argument of size {len(made)}, got size {len(out)}")
        if name == "split_copy":  # alone keeps their shapes
            for each, target in zip(made, out, strict=True):
                target.copy_(each)
        else:
            stored(name, made, out, SAME)
        return None

    copies.__doc__ = f"""Copies of what ``{name.removesuffix("_copy")}`` gives; with ``out=`` there is no result.

    Example:
        >>> torch.{name}({shown})
        (tensor([0, 1]), tensor([2, 3]))
    """
    return function(copies, name=name)


split_copy = _copied_parts("split_copy", "split_copy_Tensor_out()", splitting.split, "torch.arange(4), 2")
split_with_sizes_copy = _copied_parts(
    "split_with_sizes_copy", "split_with_sizes_copy_out", splitting.split_with_sizes, "torch.arange(4), (2, 2)"
)
unbind_copy = _copied_parts("unbind_copy", "unbind_copy_int_out", splitting.unbind, "torch.arange(4).view(2, 2)")
