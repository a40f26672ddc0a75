"""Elements moved between channels and space, sliding blocks."""

from __future__ import annotations

import jax.numpy as jnp
from jax import lax

from torchlike._dispatch import op
from torchlike._ops._promote import Array, Ints, existing_dim, only
from torchlike._ops.nn._checks import spread


@op
def pixel_shuffle(input: Array, upscale_factor: int) -> Array:
    """``(*, C r^2, H, W)`` to ``(*, C, H r, W r)``.

    Raises:
        RuntimeError: the channels cannot be divided by ``r^2``, or dimensions are missing.

    Source: Shi et al., Real-Time Single Image and Video Super-Resolution, 2016.

    Example:
        >>> torch.pixel_shuffle(torch.arange(4).view(4, 1, 1), 2)
        tensor([[[0, 1],
                 [2, 3]]])
    """
    r = upscale_factor
    if input.ndim < 3:
        raise RuntimeError(
            f"pixel_shuffle expects input to have at least 3 dimensions, but got input with {input.ndim} dimension(s)"
        )
    if r <= 0:
        raise RuntimeError(f"pixel_shuffle expects a positive upscale_factor, but got {r}")
    *lead, channels, height, width = input.shape
    if channels % r**2:
        raise RuntimeError(
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of upscale_factor, "
            f"but input.size(-3)={channels} is not divisible by {r**2}"
        )
    split = input.reshape(*lead, channels // r**2, r, r, height, width)
    at = len(lead)
    order = (*range(at + 1), at + 3, at + 1, at + 4, at + 2)
    return jnp.transpose(split, order).reshape(*lead, channels // r**2, height * r, width * r)


@op
def pixel_unshuffle(input: Array, downscale_factor: int) -> Array:
    """``(*, C, H r, W r)`` to ``(*, C r^2, H, W)``: undoes `pixel_shuffle`.

    Raises:
        RuntimeError: height or width cannot be divided by `r`, or dimensions are missing.

    Example:
        >>> torch.pixel_unshuffle(torch.arange(4).view(1, 2, 2), 2).flatten(1)
        tensor([[0],
                [1],
                [2],
                [3]])
    """
    r = downscale_factor
    if input.ndim < 3:
        raise RuntimeError(
            f"pixel_unshuffle expects input to have at least 3 dimensions, but got input with {input.ndim} dimension(s)"
        )
    if r <= 0:
        raise RuntimeError(f"pixel_unshuffle expects a positive downscale_factor, but got {r}")
    *lead, channels, height, width = input.shape
    for name, size in (("height", height), ("width", width)):
        if size % r:
            raise RuntimeError(
                f"pixel_unshuffle expects {name} to be divisible by downscale_factor, but "
                f"input.size({-2 if name == 'height' else -1})={size} is not divisible by {r}"
            )
    split = input.reshape(*lead, channels, height // r, r, width // r, r)
    at = len(lead)
    order = (*range(at + 1), at + 2, at + 4, at + 1, at + 3)
    return jnp.transpose(split, order).reshape(*lead, channels * r**2, height // r, width // r)


@op
def channel_shuffle(input: Array, groups: int) -> Array:
    """Deal the channels of ``(N, C, *)`` out to the groups in turn.

    Raises:
        RuntimeError: the channels cannot be divided by `groups`.

    Source: Zhang et al., ShuffleNet, 2017.

    Example:
        >>> torch.channel_shuffle(torch.arange(4.0).view(1, 4, 1), 2).flatten()
        tensor([0., 2., 1., 3.])
    """
    if input.ndim <= 2:
        raise RuntimeError(f"channel_shuffle expects input with > 2 dims, but got input with sizes {list(input.shape)}")
    if groups <= 0:
        raise RuntimeError(f"Number of groups to divide channels in must be positive. Value of groups:{groups}")
    count = input.shape[1]
    if count % groups:
        raise RuntimeError(f"Number of channels must be divisible by groups. Got {count} channels and {groups} groups.")
    split = input.reshape(input.shape[0], groups, count // groups, *input.shape[2:])
    return jnp.swapaxes(split, 1, 2).reshape(input.shape)


def _blocks(sizes, kernel, dilation, padding, stride) -> tuple[int, ...]:
    """How many blocks fit along each dimension."""
    return tuple(
        (size + 2 * p - d * (k - 1) - 1) // s + 1
        for size, k, d, p, s in zip(sizes, kernel, dilation, padding, stride, strict=True)
    )


_FOUR = ("kernel_size", "dilation", "padding", "stride")
_SHORT = {"kernel_size": "kernel", "padding": "pad"}


def _four(*given: Ints) -> list[tuple[int, ...]]:
    four = [each if isinstance(each, tuple) else (each, each) for each in given]
    for name, each in zip(_FOUR, four, strict=True):
        if len(each) != 2:
            raise RuntimeError(f"It is expected {name} equals to 2, but got size {len(each)}")
    for name, each in zip(_FOUR, four, strict=True):
        if min(each) < (name != "padding"):
            word = "non-negative" if name == "padding" else "greater than zero"
            short = _SHORT.get(name, name)
            raise RuntimeError(
                f"{name.replace('_', ' ')} should be {word}, but got {short}_height: {each[0]} {short}_width: {each[1]}"
            )
    return four


@op(module="torchlike.nn.functional", grad_name="Im2ColBackward0")
def unfold(input: Array, kernel_size: Ints, dilation: Ints = 1, padding: Ints = 0, stride: Ints = 1) -> Array:
    """Sliding blocks as columns: ``(N, C, H, W)`` to ``(N, C kH kW, blocks)``.

    Raises:
        RuntimeError: no block fits, or settings do not.

    Example:
        >>> torch.nn.functional.unfold(torch.arange(6.0).view(1, 1, 2, 3), 2)
        tensor([[[0., 1.],
                 [1., 2.],
                 [3., 4.],
                 [4., 5.]]])
    """
    kernel, dilation, padding, stride = _four(kernel_size, dilation, padding, stride)
    existing_dim(1 if input.ndim < 2 else 2, input.ndim)
    if input.ndim not in (3, 4) or 0 in input.shape[-3:]:
        raise RuntimeError(
            "Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero dimensions for input, "
            f"but got: {list(input.shape)}"
        )
    only("im2col_out_cpu", input, 0, 2, 3)
    x = input if input.ndim == 4 else input[None]
    out = _blocks(x.shape[2:], kernel, dilation, padding, stride)
    if min(out) < 1:
        raise RuntimeError(
            f"Given input with spatial size ({x.shape[2]}, {x.shape[3]}), kernel_size=({kernel[0]}, {kernel[1]}), "
            f"dilation=({dilation[0]}, {dilation[1]}), padding=({padding[0]}, {padding[1]}), calculated "
            f"shape of the array of sliding blocks as ({out[0]}, {out[1]}), but its components must be at least one."
        )
    x = jnp.pad(x, [(0, 0), (0, 0), (padding[0],) * 2, (padding[1],) * 2])
    columns = jnp.stack([_slice(x, row, column, out, dilation, stride) for row, column in _places(kernel)], 2)
    columns = columns.reshape(x.shape[0], x.shape[1] * kernel[0] * kernel[1], out[0] * out[1])
    return columns if input.ndim == 4 else columns[0]


def _places(kernel: tuple[int, ...]) -> list[tuple[int, int]]:
    return [(row, column) for row in range(kernel[0]) for column in range(kernel[1])]


def _slice(x: Array, row: int, column: int, out, dilation, stride) -> Array:
    """What an element of the kernel meets, over all blocks."""
    starts = (row * dilation[0], column * dilation[1])
    ends = [at + (count - 1) * step + 1 for at, count, step in zip(starts, out, stride, strict=True)]
    return lax.slice(x, (0, 0, *starts), (*x.shape[:2], *ends), (1, 1, *stride))


@op(grad_name="Col2ImBackward0")
def fold(
    input: Array, output_size: Ints, kernel_size: Ints, dilation: Ints = 1, padding: Ints = 0, stride: Ints = 1
) -> Array:
    """Columns added up as sliding blocks: ``(N, C kH kW, blocks)`` to ``(N, C, H, W)``.

    Raises:
        RuntimeError: the columns are not as many as there are blocks, or settings do not fit.

    Example:
        >>> torch.nn.functional.fold(torch.ones(1, 4, 2), (2, 3), 2)
        tensor([[[[1., 2., 1.],
                  [1., 2., 1.]]]])
    """
    kernel, dilation, padding, stride = _four(kernel_size, dilation, padding, stride)
    size = spread(output_size, 2)
    if input.ndim not in (2, 3) or 0 in input.shape[-2:]:
        raise RuntimeError(
            "Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and non-zero dimensions for "
            f"input, but got: {list(input.shape)}"
        )
    x = input if input.ndim == 3 else input[None]
    count = kernel[0] * kernel[1]
    if x.shape[1] % count:
        raise RuntimeError(
            "Expected size of input's dimension 1 to be divisible by the product of kernel_size, but got input.size(1)="
            f"{x.shape[1]} and kernel_size=({kernel[0]}, {kernel[1]})."
        )
    out = _blocks(size, kernel, dilation, padding, stride)
    if out[0] * out[1] != x.shape[2] or min(out) < 1:
        raise RuntimeError(
            f"Given output_size=({size[0]}, {size[1]}), kernel_size=({kernel[0]}, {kernel[1]}), "
            f"dilation=({dilation[0]}, "
            f"{dilation[1]}), padding=({padding[0]}, {padding[1]}), stride=({stride[0]}, {stride[1]}), expected size "
            f"of input's dimension 2 to match the calculated number of sliding blocks {out[0]} * {out[1]} = "
            f"{out[0] * out[1]}, but got input.size(2)={x.shape[2]}."
        )
    x = x.reshape(x.shape[0], x.shape[1] // count, count, *out)
    grown = [each + 2 * pad for each, pad in zip(size, padding, strict=True)]
    zero = jnp.zeros((), x.dtype)
    total = jnp.zeros((*x.shape[:2], *grown), x.dtype)
    for at, (row, column) in enumerate(_places(kernel)):
        config = [(0, 0, 0), (0, 0, 0)]
        for dim, start in enumerate((row * dilation[0], column * dilation[1])):
            config.append((start, grown[dim] - start - (out[dim] - 1) * stride[dim] - 1, stride[dim] - 1))
        total = total + lax.pad(x[:, :, at], zero, config)
    cut = total[:, :, padding[0] : padding[0] + size[0], padding[1] : padding[1] + size[1]]
    return cut if input.ndim == 3 else cut[0]
