"""The grids of ``torch.nn.functional``: places in images, and what is there."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from torchlike._function import function
from torchlike._ops.nn import grids as ops
from torchlike.tensor import Tensor

_MODES = {"bilinear": ops.BILINEAR, "nearest": ops.NEAREST, "bicubic": ops.BICUBIC}
_PADDINGS = {"zeros": ops.ZEROS, "border": ops.BORDER, "reflection": ops.REFLECTION}
_CHANGED = (
    "Default grid_sample and affine_grid behavior has changed to align_corners=False since 1.3.0. Please specify "
    "align_corners=True if the old behavior is desired. See the documentation of grid_sample for details."
)
_UNIT = (
    "Since version 1.3.0, affine_grid behavior has changed for unit-size grids when align_corners=True. This is not an "
    "intended use case of affine_grid. See the documentation of affine_grid for details."
)


@function
def grid_sample(
    input: Tensor,
    grid: Tensor,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> Tensor:
    """Elements of images at the places of a grid.

    Args:
        input: ``(N, C, H, W)`` or ``(N, C, D, H, W)``.
        grid: ``(N, H', W', 2)`` or ``(N, D', H', W', 3)``: x, y (and z), from -1 to 1.
        mode: ``"bilinear"``, ``"nearest"`` or, in two dimensions, ``"bicubic"``.
        padding_mode: what is beyond the image: ``"zeros"``, its ``"border"``, or its ``"reflection"``.
        align_corners: whether -1 and 1 are the middles of the outermost elements, or else their outer edges.

    Raises:
        ValueError: a mode is not known.
        RuntimeError: the shapes or dtypes do not fit.

    Example:
        >>> image, place = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]]), torch.zeros(1, 1, 1, 2)
        >>> torch.nn.functional.grid_sample(image, place, align_corners=False)
        tensor([[[[2.5000]]]])
    """
    if mode not in _MODES:
        raise ValueError(
            f"nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or 'bicubic', but got: '{mode}'"
        )
    if padding_mode not in _PADDINGS:
        raise ValueError(
            "nn.functional.grid_sample(): expected padding_mode to be 'zeros', 'border', or 'reflection', but got: "
            f"'{padding_mode}'"
        )
    if align_corners is None:
        warnings.warn(_CHANGED, stacklevel=4)
    return ops.grid_sampler(input, grid, _MODES[mode], _PADDINGS[padding_mode], bool(align_corners))


@function
def affine_grid(theta: Tensor, size: Sequence[int], align_corners: bool | None = None) -> Tensor:
    """The places that affine maps bring an image's elements to, for `grid_sample`.

    Args:
        theta: ``(N, 2, 3)`` or ``(N, 3, 4)``.
        size: of the images, ``(N, C, H, W)`` or ``(N, C, D, H, W)``.
        align_corners: as in `grid_sample`.

    Raises:
        ValueError: `theta` is not of floating point or has another shape, or a size is not positive.
        NotImplementedError: `size` has another number of dimensions.

    Example:
        >>> torch.nn.functional.affine_grid(torch.eye(2, 3)[None], (1, 1, 1, 2), align_corners=True)
        tensor([[[[-1.,  0.],
                  [ 1.,  0.]]]])
    """
    if align_corners is None:
        warnings.warn(_CHANGED, stacklevel=4)
    if not theta.is_floating_point():
        raise ValueError(f"Expected theta to have floating point type, but got {theta.dtype}")
    if len(size) not in (4, 5):
        raise NotImplementedError(
            "affine_grid only supports 4D and 5D sizes, for 2D and 3D affine transforms, respectively. Got size "
            f"{size}."
        )
    dims = len(size) - 2
    if theta.dim() != 3 or theta.shape[1:] != (dims, dims + 1):
        raise ValueError(
            f"Expected a batch of {dims}D affine matrices of shape Nx{dims}x{dims + 1} for size {size}. Got "
            f"{theta.shape}."
        )
    if align_corners and min(size[2:]) == 1:
        warnings.warn(_UNIT, stacklevel=4)
    elif min(size) <= 0:
        raise ValueError(f"Expected non-zero, positive output size. Got {size}")
    return ops.affine_grid_generator(theta, tuple(size), bool(align_corners))
