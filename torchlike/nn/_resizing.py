"""Resizing of ``torch.nn.functional``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from torchlike._function import function
from torchlike._ops.nn import adaptive_pooling
from torchlike._ops.nn import resizing as ops
from torchlike._programs import explain
from torchlike.tensor import Tensor

_MODES = {"linear": 3, "bilinear": 4, "bicubic": 4, "trilinear": 5}
_AREA = {
    3: adaptive_pooling.adaptive_avg_pool1d,
    4: adaptive_pooling.adaptive_avg_pool2d,
    5: adaptive_pooling.adaptive_avg_pool3d,
}


def _sizes(input: Tensor, size: Any, scale_factor: Any, recompute: bool | None) -> tuple[tuple, tuple]:
    """(the size of the result, the scales that count beside it).

    Raises:
        ValueError: not exactly one of `size` and `scale_factor` is given, or they are of the wrong length.
    """
    dims = input.dim() - 2
    if size is None and scale_factor is None:
        raise ValueError("either size or scale_factor should be defined")
    if size is not None and scale_factor is not None:
        raise ValueError("only one of size or scale_factor should be defined")
    if size is not None:
        given = tuple(size) if isinstance(size, (list, tuple)) else (size,) * dims
        if len(given) != dims:
            raise ValueError(
                "Input and output must have the same number of spatial dimensions, but got input with spatial "
                f"dimensions of {list(input.shape[2:])} and output size of {size}. Please provide input tensor in (N, "
                "C, d1, d2, ...,dK) format and output size in (o1, o2, ...,oK) format."
            )
        if recompute:
            raise ValueError("recompute_scale_factor is not meaningful with an explicit size.")
        return tuple(int(each) for each in given), (None,) * dims
    scales = tuple(scale_factor) if isinstance(scale_factor, (list, tuple)) else (scale_factor,) * dims
    if len(scales) != dims:
        raise ValueError(
            "Input and scale_factor must have the same number of spatial dimensions, but got input with spatial "
            f"dimensions of {list(input.shape[2:])} and scale_factor of shape {scale_factor}. Please provide input "
            "tensor in (N, C, d1, d2, ...,dK) format and scale_factor in (s1, s2, ...,sK) format."
        )
    scales = tuple(float(each) for each in scales)
    made = tuple(math.floor(known * scale) for known, scale in zip(input.shape[2:], scales, strict=True))
    return made, (None,) * dims if recompute else scales


def _check_mode(input: Tensor, mode: str) -> None:
    if input.dim() not in (3, 4, 5) or mode not in (*_MODES, "nearest", "area", "nearest-exact"):
        raise NotImplementedError(
            f"Input Error: Only 3D, 4D and 5D input Tensors supported (got {input.dim()}D) for the modes: nearest | "
            f"linear | bilinear | bicubic | trilinear | lanczos | area | nearest-exact (got {mode})"
        )


@function
def interpolate(
    input: Tensor,
    size: int | Sequence[int] | None = None,
    scale_factor: float | Sequence[float] | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    """Resize ``(N, C, L)``, ``(N, C, H, W)`` or ``(N, C, D, H, W)``.

    Args:
        size: of the result's last dimensions, or one number for all.
        scale_factor: how much larger they become, in place of `size`.
        mode: ``"nearest"``, ``"nearest-exact"``, ``"area"``, or by the number of dimensions ``"linear"``,
            ``"bilinear"``, ``"bicubic"``, ``"trilinear"``.
        align_corners: whether the centers of the corners stay in place, rather than the edges of the image.
        recompute_scale_factor: whether the scale is that of the rounded sizes, rather than `scale_factor`.
        antialias: whether ``"bilinear"`` and ``"bicubic"`` widen their kernel where the image becomes smaller.

    Raises:
        ValueError: arguments contradict each other.
        NotImplementedError: the mode is not one for this number of dimensions.

    Example:
        >>> torch.nn.functional.interpolate(torch.tensor([[[1.0, 3.0]]]), scale_factor=2)
        tensor([[[1., 1., 3., 3.]]])
        >>> torch.nn.functional.interpolate(torch.tensor([[[1.0, 3.0]]]), size=3, mode="linear", align_corners=True)
        tensor([[[1., 2., 3.]]])
    """
    if mode in ("nearest", "area", "nearest-exact"):
        if align_corners is not None:
            raise ValueError(
                "align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic | "
                "trilinear"
            )
    if not any(isinstance(each, (tuple, list)) for each in (size, scale_factor)):
        _check_mode(input, mode)
    sizes, scales = _sizes(input, size, scale_factor, recompute_scale_factor)
    _check_mode(input, mode)
    if antialias and not (mode in ("bilinear", "bicubic") and input.dim() == 4):
        raise ValueError(
            "Anti-alias option is restricted to bilinear and bicubic modes and requires a 4-D tensor as input"
        )
    if mode == "area":
        return _AREA[input.dim()](input, sizes)
    if _MODES.get(mode, input.dim()) != input.dim():
        raise NotImplementedError(f"Got {input.dim()}D input, but {mode} mode needs {_MODES[mode]}D input")
    kind = mode if mode.startswith("nearest") else "cubic" if mode == "bicubic" else "linear"
    return ops.interpolate(input, sizes, scales, kind, bool(align_corners), antialias)


def _warn(old: str) -> None:
    explain.warn(f"`nn.functional.{old}` is deprecated. Use `nn.functional.interpolate` instead.")


@function
def upsample(
    input: Tensor,
    size: int | Sequence[int] | None = None,
    scale_factor: float | Sequence[float] | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
) -> Tensor:
    """`interpolate`, as it was called before.

    Example:
        >>> torch.nn.functional.upsample(torch.tensor([[[1.0, 3.0]]]), scale_factor=2)
        tensor([[[1., 1., 3., 3.]]])
    """
    _warn("upsample")
    return interpolate(input, size, scale_factor, mode, align_corners)


@function
def upsample_nearest(
    input: Tensor, size: int | Sequence[int] | None = None, scale_factor: float | Sequence[float] | None = None
) -> Tensor:
    """`interpolate` by the nearest element, as it was called before.

    Example:
        >>> torch.nn.functional.upsample_nearest(torch.tensor([[[1.0, 3.0]]]), scale_factor=2)
        tensor([[[1., 1., 3., 3.]]])
    """
    _warn("upsample_nearest")
    return interpolate(input, size, scale_factor, mode="nearest")


@function
def upsample_bilinear(
    input: Tensor, size: int | Sequence[int] | None = None, scale_factor: float | Sequence[float] | None = None
) -> Tensor:
    """`interpolate` between the corners' centers, as it was called before.

    Example:
        >>> torch.nn.functional.upsample_bilinear(torch.tensor([[[[1.0, 3.0]]]]), size=(1, 3))
        tensor([[[[1., 2., 3.]]]])
    """
    _warn("upsample_bilinear")
    return interpolate(input, size, scale_factor, mode="bilinear", align_corners=True)
