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
from torchlike._ops.nn.pooling import NOT_UNPOOLED
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


_NOT_EXACTLY = "There should be exactly {} elements ({}) in {}, but got{} {} elements."


def _check_unpooling(
    input: Tensor, indices: Tensor, size: Sequence[int], stride: tuple, padding: tuple, dims: int
) -> None:
    """What the function in C asks for that PyTorch calls, which has one dimension as two."""
    if dims < 3:
        rest = [1] * (2 - dims)
        given = (input, indices) if dims == 2 else (input.unsqueeze(-1), indices.unsqueeze(-1))
        refuse("torch._C._nn.max_unpool2d", (*given, [*size, *rest]), {})
        if len(size) != dims:
            raise RuntimeError(_NOT_EXACTLY.format("two", "height, width", "output_size", "", len(size) + len(rest)))
        return
    refuse("torch._C._nn.max_unpool3d", (input, indices, size, stride, padding), {})
    if input.dim() not in (4, 5):
        raise RuntimeError(NOT_UNPOOLED.format(3, 4, 5, input.dim()))
    for name, each, colon in (("output_size", size, ""), ("stride", stride, ":"), ("padding", padding, ":")):
        if len(each) != 3:
            raise RuntimeError(_NOT_EXACTLY.format("three", "depth, height, width", name, colon, len(each)))
    if min(stride) <= 0:
        raise RuntimeError(f"strides should be greater than zero, but got stride: {list(stride)}")


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
    _check_unpooling(input, indices, size, stride, ntuple(padding, dims), dims)
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
    output_size: int | Sequence[int] | None,
    output_ratio: float | Sequence[float] | None,
    return_indices: bool,
    samples: Tensor | None,
    dims: int,
) -> Tensor | tuple[Tensor, Tensor]:
    """A fractional max pooling; draws the samples where none are given.

    Raises:
        ValueError: neither `output_size` nor `output_ratio` is given.
        RuntimeError: sizes do not fit.
    """
    name = f"fractional_max_pool{dims}d"
    if output_size is None:
        if output_ratio is None:
            raise ValueError(f"{name} requires specifying either an output_size or an output_ratio")
        if dims == 2 and len(output_ratio) > 2:  # pyright: ignore - as PyTorch has it: no single one
            raise ValueError(f"{name} requires output_ratio to either be a single Int or tuple of Ints.")
        ratios = ntuple(output_ratio, dims)
        output_size = [int(input.size(at - dims) * ratios[at]) for at in range(dims)]
    if samples is None:
        count = 1 if input.dim() == dims + 1 else input.size(0)
        samples = randoms.rand((count, input.size(-dims - 1), dims), dtype=input.dtype)
    kernel, out = (each if isinstance(each, (tuple, list)) else (each,) for each in (kernel_size, output_size))
    refuse(f"torch._C._nn.{name}", (input, kernel_size, output_size, samples), {})
    for word, each, single in (("kernel_size", kernel, 1), ("output_size", out, dims if out is output_size else 1)):
        if len(each) not in (single, dims):
            raise RuntimeError(f"{name}: {word} must either be a single Int or tuple of {'three ' * (dims == 3)}Ints")
    kernel, out = ((*each,) * (dims // len(each)) for each in (kernel, out))
    _check_fractional(name + "_out" * (dims == 3), input, kernel, out, samples)
    found = fractional_max_pool(input, kernel, out, samples)
    return found if return_indices else found[0]


def _check_fractional(name: str, input: Tensor, kernel: tuple, out: tuple, samples: Tensor) -> None:
    dims, shape = len(kernel), list(input.shape)
    if len(shape) not in (dims + 1, dims + 2):
        raise RuntimeError(f"{name}(): Expected {dims + 1}D or {dims + 2}D tensor, but got: {shape}")
    if 0 in shape[1:]:
        raise RuntimeError(
            f"{name}(): Expected input to have non-zero size for non-batch dimensions, but got{shape} with dimension "
            f"{shape.index(0, 1)} being empty."
        )
    if samples.dtype != input.dtype:
        raise RuntimeError("Expect _random_samples to have the same dtype as input")
    if samples.dim() != 3:
        raise RuntimeError(f"Expect _random_samples to have 3 dimensions, got {samples.dim()}")
    if samples.shape[0] < (shape[0] if len(shape) == dims + 2 else 1):
        raise RuntimeError("Expect _random_samples.size(0) no less then input batch size.")
    if samples.shape[1] != shape[-dims - 1]:
        raise RuntimeError("Expect _random_samples.size(1) equals to input channel size.")
    if samples.shape[2] != dims:
        raise RuntimeError(f"Expect _random_samples.size(2) equals to {dims}; got {samples.shape[2]}.")
    for word, one, most, size in zip(("time", "height", "width")[-dims:], out, kernel, shape[-dims:], strict=True):
        if one + most - 1 > size:
            raise RuntimeError(f"{name}(): pool {word} {most} too large relative to input {word} {size}")


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
