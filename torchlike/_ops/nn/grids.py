"""Sampling of images at any places, and the grids of places of affine maps."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import jax.numpy as jnp

from torchlike._dispatch import op
from torchlike._ops._promote import Array, Ints
from torchlike._types.dtypes import of_numpy, scalar_name

BILINEAR, NEAREST, BICUBIC = range(3)
ZEROS, BORDER, REFLECTION = range(3)
_A = -0.75  # of the cubic


def _shapes(input, grid) -> str:
    return f"input with sizes {list(input.shape)} and grid with sizes {list(grid.shape)}"


def _check(input, grid, mode: int) -> None:
    if input.shape[:1] != grid.shape[:1]:
        raise RuntimeError(
            f"grid_sampler(): expected grid and input to have same batch size, but got {_shapes(input, grid)}"
        )
    if grid.shape[-1] != input.ndim - 2:
        raise RuntimeError(
            f"grid_sampler(): expected grid to have size {input.ndim - 2} in last dimension, but got grid with sizes "
            f"{list(grid.shape)}"
        )
    for dim in range(2, input.ndim):
        if not input.shape[dim]:
            raise RuntimeError(
                "grid_sampler(): expected input to have non-empty spatial dimensions, but input has sizes "
                f"{list(input.shape)} with dimension {dim} being empty"
            )
    if input.ndim not in (4, 5) or input.ndim != grid.ndim:
        dims = 4 if input.ndim == 4 else 5
        raise RuntimeError(
            f"grid_sampler(): expected {dims}D input and grid with same number of dimensions, but got "
            + _shapes(input, grid)
        )
    if input.ndim == 5 and mode == BICUBIC:
        raise RuntimeError("grid_sampler(): bicubic interpolation only supports 4D input")
    kinds = [of_numpy(each.dtype) for each in (input, grid)]
    if not kinds[0].is_floating_point:
        kernel = "grid_sampler_2d_cpu_kernel_impl" if input.ndim == 4 else "grid_sampler_3d_cpu"
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{scalar_name(kinds[0])}'")
    if kinds[0] is not kinds[1]:
        raise RuntimeError("expected scalar type {} but found {}".format(*map(scalar_name, kinds)))


def _node(call) -> str:
    return f"GridSampler{call.kinds[0].ndim - 2}DBackward0"


@op(grad_name=_node)
def grid_sampler(input: Array, grid: Array, interpolation_mode: int, padding_mode: int, align_corners: bool) -> Array:
    """Elements of images at the places of a grid; see `torchlike.nn.functional.grid_sample`.

    Example:
        >>> torch.grid_sampler(torch.arange(4.0).view(1, 1, 2, 2), torch.zeros(1, 1, 1, 2), 0, 0, True)
        tensor([[[[1.5000]]]])
    """
    _check(input, grid, interpolation_mode)
    sizes = input.shape[:1:-1]  # x is the last dimension
    places = [_unscaled(grid[..., dim], size, align_corners) for dim, size in enumerate(sizes)]
    bounded = [_bounding(size, padding_mode, align_corners) for size in sizes]
    if interpolation_mode == BICUBIC:
        return _cubic(input, places, bounded)
    places = [bound(place) for bound, place in zip(bounded, places, strict=True)]
    if interpolation_mode == NEAREST:
        return _taken(input, [jnp.round(each) for each in places])
    lows = [jnp.floor(each) for each in places]
    made = jnp.zeros((), input.dtype)
    for high in itertools.product((0, 1), repeat=len(places)):
        corner = [low + up for low, up in zip(lows, high, strict=True)]
        weights = [place - low if up else low + 1 - place for place, low, up in zip(places, lows, high, strict=True)]
        made = made + _taken(input, corner) * jnp.expand_dims(math.prod(weights), 1)
    return made


def _unscaled(place, size: int, align_corners: bool):
    """From -1 ... 1 to elements."""
    return (place + 1) / 2 * (size - 1) if align_corners else ((place + 1) * size - 1) / 2


def _bounding(size: int, padding_mode: int, align_corners: bool) -> Callable:
    """A function that brings a place within the image, as far as that is to be."""
    if padding_mode == ZEROS:
        return lambda place: place
    if padding_mode == BORDER:
        return lambda place: _clipped(place, size)
    low, high = (0, 2 * (size - 1)) if align_corners else (-1, 2 * size - 1)
    return lambda place: _clipped(_reflected(place, low, high), size)


def _clipped(place, size: int):
    """Within the image; beyond it, and at its bounds, there is no derivative."""
    inside = (place > 0) & (place < size - 1)
    return jnp.where(inside, place, jnp.where(place >= size - 1, size - 1, 0).astype(place.dtype))


def _reflected(place, twice_low: int, twice_high: int):
    if twice_low == twice_high:
        return jnp.zeros_like(place)
    low, span = twice_low / 2, (twice_high - twice_low) / 2
    far = jnp.abs(place - low)
    flips = jnp.floor(far / span)
    rest = far - flips * span
    return jnp.where(flips % 2 == 0, rest + low, span - rest + low)


def _taken(input, corner: list):
    """The elements at whole places, zero beyond the image: ``(N, C, *grid)``."""
    shape, sizes = corner[0].shape, input.shape[:1:-1]
    inside, flat, step = True, 0, 1
    for place, size in zip(corner, sizes, strict=True):
        inside = inside & (place >= 0) & (place <= size - 1)
        flat = flat + jnp.clip(jnp.nan_to_num(place), 0, size - 1).astype(jnp.int32) * step
        step *= size
    rows = input.reshape(*input.shape[:2], step)
    got = jnp.take_along_axis(rows, flat.reshape(shape[0], 1, math.prod(shape[1:])), 2, mode="clip")
    got = got.reshape(*input.shape[:2], *shape[1:])
    return jnp.where(jnp.expand_dims(inside, 1), got, 0)


def _cubic(input, places: list, bounded: list[Callable]):
    lows = [jnp.floor(each) for each in places]
    weights = [_cubic_weights(place - low) for place, low in zip(places, lows, strict=True)]
    (x, y), (across, down) = lows, weights
    rows = []
    for dy in range(4):
        row = jnp.zeros((), input.dtype)
        for dx in range(4):
            taken = _taken(input, [jnp.round(bounded[0](x + dx - 1)), jnp.round(bounded[1](y + dy - 1))])
            row = row + taken * jnp.expand_dims(across[dx], 1)
        rows.append(row * jnp.expand_dims(down[dy], 1))
    return sum(rows[1:], rows[0])


def _cubic_weights(part) -> list:
    def near(x):
        return ((_A + 2) * x - (_A + 3)) * x * x + 1

    def far(x):
        return ((_A * x - 5 * _A) * x + 8 * _A) * x - 4 * _A

    return [far(part + 1), near(part), near(1 - part), far(2 - part)]


@op
def affine_grid_generator(theta: Array, size: Ints, align_corners: bool) -> Array:
    """The places that affine maps bring an image's elements to; see `torchlike.nn.functional.affine_grid`.

    Example:
        >>> torch.affine_grid_generator(torch.eye(2, 3)[None], (1, 1, 1, 2), True)
        tensor([[[[-1.,  0.],
                  [ 1.,  0.]]]])
    """
    count, _, *spatial = size
    if theta.shape[0] != count:
        dims = len(spatial) + 1
        raise RuntimeError(
            f"Expected size for first two dimensions of batch2 tensor to be: [{count}, {dims}] but got: "
            f"[{theta.shape[0]}, {dims}]."
        )
    axes = []
    for length in spatial:
        places = jnp.linspace(-1, 1, length, dtype=theta.dtype) if length > 1 else jnp.zeros(1, theta.dtype)
        axes.append(places if align_corners else places * ((length - 1) / length))
    mesh = jnp.meshgrid(*axes, indexing="ij")
    base = jnp.stack([*reversed(mesh), jnp.ones(spatial, theta.dtype)], -1)
    made = base.reshape(-1, len(spatial) + 1) @ jnp.swapaxes(theta, 1, 2)
    return made.reshape(count, *spatial, len(spatial))
