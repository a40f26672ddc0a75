"""The poolings of ``torch.nn.functional``: the operations with PyTorch's ``return_indices``."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, Literal, overload

from torchlike._function import function
from torchlike._functions import randoms
from torchlike._ops.nn import adaptive_pooling as adaptive
from torchlike._ops.nn import pooling as ops
from torchlike._ops.nn.fractional_pooling import fractional_max_pool
from torchlike._programs.tracebacks import gate
from torchlike._signatures import refuse
from torchlike.nn._sizes import ntuple
from torchlike.tensor import Tensor


@overload
def max_pool1d(
    input: Tensor,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    ceil_mode: bool = False,
    return_indices: Literal[False] = False,
) -> Tensor: ...
@overload
def max_pool1d(
    input: Tensor,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    ceil_mode: bool = False,
    *,
    return_indices: Literal[True],
) -> tuple[Tensor, Tensor]: ...
@function
def max_pool1d(
    input: Tensor,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Tensor | tuple[Tensor, Tensor]:
    """The largest element of each window of ``(N, C, L)``, and its place if `return_indices`.

    Example:
        >>> torch.nn.functional.max_pool1d(torch.tensor([[1.0, 4.0, 3.0, 2.0]]), 2)
        tensor([[4., 3.]])
        >>> torch.nn.functional.max_pool1d(torch.tensor([[1.0, 4.0, 3.0, 2.0]]), 2, return_indices=True)[1]
        tensor([[1, 2]])
    """
    op = ops.max_pool1d_with_indices if return_indices else ops.max_pool1d
    return op(input, kernel_size, stride, padding, dilation, ceil_mode)


@overload
def max_pool2d(
    input: Tensor,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    ceil_mode: bool = False,
    return_indices: Literal[False] = False,
) -> Tensor: ...
@overload
def max_pool2d(
    input: Tensor,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    ceil_mode: bool = False,
    *,
    return_indices: Literal[True],
) -> tuple[Tensor, Tensor]: ...
@function
def max_pool2d(
    input: Tensor,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Tensor | tuple[Tensor, Tensor]:
    """The largest element of each window of ``(N, C, H, W)``, and its place if `return_indices`.

    Example:
        >>> torch.nn.functional.max_pool2d(torch.arange(16.0).view(1, 4, 4), 2)
        tensor([[[ 5.,  7.],
                 [13., 15.]]])
    """
    op = ops.max_pool2d_with_indices if return_indices else ops.max_pool2d
    return op(input, kernel_size, stride, padding, dilation, ceil_mode)


@overload
def max_pool3d(
    input: Tensor,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    ceil_mode: bool = False,
    return_indices: Literal[False] = False,
) -> Tensor: ...
@overload
def max_pool3d(
    input: Tensor,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    ceil_mode: bool = False,
    *,
    return_indices: Literal[True],
) -> tuple[Tensor, Tensor]: ...
@function
def max_pool3d(
    input: Tensor,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Tensor | tuple[Tensor, Tensor]:
    """The largest element of each window of ``(N, C, D, H, W)``, and its place if `return_indices`.

    Example:
        >>> torch.nn.functional.max_pool3d(torch.arange(8.0).view(1, 2, 2, 2), 2)
        tensor([[[[7.]]]])
    """
    op = ops.max_pool3d_with_indices if return_indices else ops.max_pool3d
    return op(input, kernel_size, stride, padding, dilation, ceil_mode)


@overload
def adaptive_max_pool1d(
    input: Tensor, output_size: int | Sequence[int], return_indices: Literal[False] = False
) -> Tensor: ...
@overload
def adaptive_max_pool1d(
    input: Tensor, output_size: int | Sequence[int], return_indices: Literal[True]
) -> tuple[Tensor, Tensor]: ...
@function
def adaptive_max_pool1d(
    input: Tensor, output_size: int | Sequence[int], return_indices: bool = False
) -> Tensor | tuple[Tensor, Tensor]:
    """The largest elements of `output_size` windows that cover ``(N, C, L)`` evenly, and their places if wanted.

    Example:
        >>> torch.nn.functional.adaptive_max_pool1d(torch.tensor([[1.0, 4.0, 3.0, 2.0]]), 2)
        tensor([[4., 3.]])
    """
    found = adaptive.adaptive_max_pool1d(input, output_size)
    return found if return_indices else found[0]


@overload
def adaptive_max_pool2d(
    input: Tensor, output_size: int | Sequence[int], return_indices: Literal[False] = False
) -> Tensor: ...
@overload
def adaptive_max_pool2d(
    input: Tensor, output_size: int | Sequence[int], return_indices: Literal[True]
) -> tuple[Tensor, Tensor]: ...
@function
def adaptive_max_pool2d(
    input: Tensor, output_size: int | Sequence[int], return_indices: bool = False
) -> Tensor | tuple[Tensor, Tensor]:
    """The largest elements of `output_size` windows that cover ``(N, C, H, W)`` evenly, and their places if wanted.

    Example:
        >>> torch.nn.functional.adaptive_max_pool2d(torch.arange(16.0).view(1, 4, 4), (2, 1))
        tensor([[[ 7.],
                 [15.]]])
    """
    found = adaptive.adaptive_max_pool2d(input, output_size)
    return found if return_indices else found[0]


@overload
def adaptive_max_pool3d(
    input: Tensor, output_size: int | Sequence[int], return_indices: Literal[False] = False
) -> Tensor: ...
@overload
def adaptive_max_pool3d(
    input: Tensor, output_size: int | Sequence[int], return_indices: Literal[True]
) -> tuple[Tensor, Tensor]: ...
@function
def adaptive_max_pool3d(
    input: Tensor, output_size: int | Sequence[int], return_indices: bool = False
) -> Tensor | tuple[Tensor, Tensor]:
    """`adaptive_max_pool2d` over ``(N, C, D, H, W)``.

    Example:
        >>> torch.nn.functional.adaptive_max_pool3d(torch.arange(8.0).view(1, 2, 2, 2), 1)
        tensor([[[[7.]]]])
    """
    found = adaptive.adaptive_max_pool3d(input, output_size)
    return found if return_indices else found[0]


def _with_indices(pool: Callable[..., Any]):
    """A pooling that always gives the places, too."""

    @functools.wraps(pool)
    def both(*args: Any, **kwargs: Any):
        return pool(*args, **{**kwargs, "return_indices": True})

    return function(both, name=pool.__name__ + "_with_indices")


max_pool1d_with_indices, max_pool2d_with_indices = _with_indices(max_pool1d), _with_indices(max_pool2d)
max_pool3d_with_indices = _with_indices(max_pool3d)
adaptive_max_pool1d_with_indices = _with_indices(adaptive_max_pool1d)
adaptive_max_pool2d_with_indices = _with_indices(adaptive_max_pool2d)
adaptive_max_pool3d_with_indices = _with_indices(adaptive_max_pool3d)


def _unpooled_size(
    input: Tensor, kernel: tuple, stride: tuple, padding: tuple, output_size: Sequence[int] | None
) -> Sequence[int]:
    """The size that a pooling with these settings had before.

    Raises:
        ValueError: `output_size` is not among the sizes that could have been, or negative.
    """
    dims, sizes = len(kernel), input.size()
    default = [(sizes[at - dims] - 1) * stride[at] + kernel[at] - 2 * padding[at] for at in range(dims)]
    wanted = default if output_size is None else output_size
    if output_size is not None:
        if len(wanted) == dims + 2:
            wanted = wanted[2:]
        if len(wanted) != dims:
            raise ValueError(
                f"output_size should be a sequence containing {dims} or {dims + 2} elements, but it has a length of "
                f"'{len(wanted)}'"
            )
        for at, size in enumerate(default):
            low, high = size - stride[at], size + stride[at]
            if not low < wanted[at] < high:
                raise ValueError(f'invalid output_size "{wanted}" (dim {at} must be between {low} and {high})')
    for at in range(dims):
        if wanted[at] < 0:
            raise ValueError(
                "max_unpooling: output_size must contain non-negative spatial dimensions, but got "
                f"output_size[{at}]={wanted[at]}"
            )
    return wanted


@gate
def _unpooled(
    input: Tensor,
    indices: Tensor,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int],
    padding: int | Sequence[int],
    output_size: int | Sequence[int],
    dims: int,
) -> Tensor:
    """Elements put back."""
    kernel = ntuple(kernel_size, dims)
    stride = kernel if stride is None else ntuple(stride, dims)
    size = _unpooled_size(input, kernel, stride, ntuple(padding, dims), output_size)
    if dims == 1:  # PyTorch has one dimension as two
        refuse("torch._C._nn.max_unpool2d", (input.unsqueeze(-1), indices.unsqueeze(-1), (*size, 1)), {})
    elif dims == 2:
        refuse("torch._C._nn.max_unpool2d", (input, indices, size), {})
    else:
        refuse("torch._C._nn.max_unpool3d", (input, indices, size, stride, ntuple(padding, dims)), {})
    return ops.max_unpool(input, indices, tuple(size))


@function
def max_unpool1d(
    input: Tensor,
    indices: Tensor,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
    output_size: int | Sequence[int] | None = None,
) -> Tensor:
    """Put the elements of a `max_pool1d` back to where they were; 0 elsewhere.

    Example:
        >>> values, places = torch.nn.functional.max_pool1d(torch.tensor([[1.0, 4.0, 3.0, 2.0]]), 2, return_indices=True)
        >>> torch.nn.functional.max_unpool1d(values, places, 2)
        tensor([[0., 4., 3., 0.]])
    """
    return _unpooled(input, indices, kernel_size, stride, padding, output_size, 1)


@function
def max_unpool2d(
    input: Tensor,
    indices: Tensor,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
    output_size: int | Sequence[int] | None = None,
) -> Tensor:
    """Put the elements of a `max_pool2d` back to where they were; 0 elsewhere.

    Example:
        >>> values, places = torch.nn.functional.max_pool2d(torch.arange(4.0).view(1, 2, 2), 2, return_indices=True)
        >>> torch.nn.functional.max_unpool2d(values, places, 2)
        tensor([[[0., 0.],
                 [0., 3.]]])
    """
    return _unpooled(input, indices, kernel_size, stride, padding, output_size, 2)


@function
def max_unpool3d(
    input: Tensor,
    indices: Tensor,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
    output_size: int | Sequence[int] | None = None,
) -> Tensor:
    """Put the elements of a `max_pool3d` back to where they were; 0 elsewhere.

    Example:
        >>> values, places = torch.nn.functional.max_pool3d(torch.arange(8.0).view(1, 2, 2, 2), 2, return_indices=True)
        >>> torch.nn.functional.max_unpool3d(values, places, 2).flatten()
        tensor([0., 0., 0., 0., 0., 0., 0., 7.])
    """
    return _unpooled(input, indices, kernel_size, stride, padding, output_size, 3)


@gate
def _fractional(
    input: Tensor,
    kernel_size: int | Sequence[int],
    output_size: int | Sequence[int],
    output_ratio: float | Sequence[float] | None,
    return_indices: bool,
    samples: Tensor | None,
    dims: int,
):
    """A fractional max pooling; draws the samples where none are given.

    Raises:
        ValueError: neither `output_size` nor `output_ratio` is given.
    """
    if output_size is None and output_ratio is None:
        raise ValueError(f"fractional_max_pool{dims}d requires specifying either an output_size or an output_ratio")
    if output_size is None:
        ratios = ntuple(output_ratio, dims)
        output_size = tuple(int(size * ratio) for size, ratio in zip(input.shape[-dims:], ratios, strict=True))
    if samples is None:
        planes = input.shape[:-dims]
        samples = randoms.rand((*(planes if len(planes) == 2 else (1, *planes)), dims), dtype=input.dtype)
    found = fractional_max_pool(input, ntuple(kernel_size, dims), ntuple(output_size, dims), samples)
    return found if return_indices else found[0]


@function
def fractional_max_pool2d(
    input: Tensor,
    kernel_size: int | Sequence[int],
    output_size: int | Sequence[int] | None = None,
    output_ratio: float | Sequence[float] | None = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Tensor | tuple[Tensor, Tensor]:
    """The largest elements of windows of ``(N, C, H, W)`` whose places are drawn, and their places if wanted.

    Args:
        output_size: how many windows there are in each dimension.
        output_ratio: that number, relative to the input's size.

    Source: Graham, Fractional Max-Pooling, 2014.

    Example:
        >>> torch.nn.functional.fractional_max_pool2d(torch.ones(1, 9, 9), 2, output_size=(4, 5)).shape
        torch.Size([1, 4, 5])
    """
    return _fractional(input, kernel_size, output_size, output_ratio, return_indices, _random_samples, 2)


@function
def fractional_max_pool3d(
    input: Tensor,
    kernel_size: int | Sequence[int],
    output_size: int | Sequence[int] | None = None,
    output_ratio: float | Sequence[float] | None = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Tensor | tuple[Tensor, Tensor]:
    """`fractional_max_pool2d` over ``(N, C, D, H, W)``.

    Example:
        >>> torch.nn.functional.fractional_max_pool3d(torch.ones(1, 9, 9, 9), 2, output_ratio=0.5).shape
        torch.Size([1, 4, 4, 4])
    """
    return _fractional(input, kernel_size, output_size, output_ratio, return_indices, _random_samples, 3)


fractional_max_pool2d_with_indices = _with_indices(fractional_max_pool2d)
fractional_max_pool3d_with_indices = _with_indices(fractional_max_pool3d)
