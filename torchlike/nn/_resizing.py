"""Resizing of ``torch.nn.functional``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from torchlike._function import function
from torchlike._ops.nn import adaptive_pooling
from torchlike._ops.nn import resizing as ops
from torchlike._programs import explain
from torchlike._signatures import refuse
from torchlike.tensor import Tensor

_MODES = {"linear": 3, "bilinear": 4, "bicubic": 4, "trilinear": 5}
_AREA = {
    3: adaptive_pooling.adaptive_avg_pool1d,
    4: adaptive_pooling.adaptive_avg_pool2d,
    5: adaptive_pooling.adaptive_avg_pool3d,
}


def _sizes(input: Tensor, size: Any, scale_factor: Any, recompute: bool | None) -> tuple[Any, Any]:
    """(the size of the result, how much larger it becomes): one of both, as PyTorch passes it on.

    Raises:
        ValueError: not exactly one of `size` and `scale_factor` is given, or they are of the wrong length.
        TypeError: a size is no integer.
    """
    dims = input.dim() - 2
    if size is not None and scale_factor is not None:
        raise ValueError("only one of size or scale_factor should be defined")
    if size is not None:
        given = size if isinstance(size, (list, tuple)) else [size] * dims
        if given is size and len(given) != dims:
            raise ValueError(
                "Input and output must have the same number of spatial dimensions, but got input with spatial "
                f"dimensions of {list(input.shape[2:])} and output size of {size}. Please provide input tensor in (N, "
                "C, d1, d2, ...,dK) format and output size in (o1, o2, ...,oK) format."
            )
        if given is size and not all(isinstance(each, (int, np.integer)) for each in given):
            raise TypeError(
                "expected size to be one of int or Tuple[int] or Tuple[int, int] or Tuple[int, int, int], but got size "
                f"with types {[type(each) for each in given]}"
            )
        if recompute:
            raise ValueError("recompute_scale_factor is not meaningful with an explicit size.")
        return given, None
    if scale_factor is None:
        raise ValueError("either size or scale_factor should be defined")
    scales = scale_factor if isinstance(scale_factor, (list, tuple)) else [scale_factor] * dims
    if scales is scale_factor and len(scales) != dims:
        raise ValueError(
            "Input and scale_factor must have the same number of spatial dimensions, but got input with spatial "
            f"dimensions of {list(input.shape[2:])} and scale_factor of shape {scale_factor}. Please provide input "
            "tensor in (N, C, d1, d2, ...,dK) format and scale_factor in (s1, s2, ...,sK) format."
        )
    return None, scales


def _scaled(input: Tensor, scales: Sequence[float]) -> tuple[int, ...]:
    """The sizes that an image gets.

    Raises:
        RuntimeError: there is none.
    """
    made = [known * float(scale) for known, scale in zip(input.shape[2:], scales, strict=True)]
    if not all(map(math.isfinite, made)):
        raise RuntimeError("value cannot be converted to type int64_t without overflow")
    return tuple(map(math.floor, made))


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
    size, scales = _sizes(input, size, scale_factor, recompute_scale_factor)
    if mode == "area" or recompute_scale_factor:
        size, scales = _scaled(input, scales) if size is None else size, None
    dims = input.dim()
    if antialias and not (mode in ("bilinear", "bicubic") and dims == 4):
        raise ValueError(
            "Anti-alias option is restricted to bilinear and bicubic modes and requires a 4-D tensor as input"
        )
    if dims in _AREA and mode == "area":
        return _AREA[dims](input, tuple(size))
    needed = _MODES.get(mode, dims)
    if dims not in _AREA or mode not in (*_MODES, "nearest", "nearest-exact") or (mode, dims) == ("bicubic", 5):
        raise NotImplementedError(
            f"Input Error: Only 3D, 4D and 5D input Tensors supported (got {dims}D) for the modes: nearest | "
            f"linear | bilinear | bicubic | trilinear | lanczos | area | nearest-exact (got {mode})"
        )
    if needed != dims:
        raise NotImplementedError(f"Got {dims}D input, but {mode} mode needs {needed}D input")
    corners = () if mode.startswith("nearest") else (False if align_corners is None else align_corners,)
    plain = all(
        [type(each) is int and each < 2**31 for each in size or ()]
        + [type(each) in (int, float) for each in scales or ()]
    )
    if mode != "nearest-exact" and not (
        plain and all([isinstance(each, bool) for each in corners])
    ):  # whose function PyTorch hides
        refuse(f"torch._C._nn.upsample_{mode}{dims - 2}d", (input, size, *corners, scales), {})
    made = _scaled(input, scales) if size is None else tuple(size)
    kind = mode if mode.startswith("nearest") else "cubic" if mode == "bicubic" else "linear"
    scales = (None,) * len(made) if scales is None else tuple(map(float, scales))
    return ops.interpolate(input, made, scales, kind, bool(align_corners), antialias)


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
