"""Fourier transforms along two dimensions, their frequencies, and orders of these."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from torchlike._function import function
from torchlike._functions.creation import dtype_for, finished
from torchlike._ops import fft
from torchlike._ops.fft import COMPLEX, PLACE, REAL
from torchlike._ops.rearranging import roll
from torchlike._types import dtypes

if TYPE_CHECKING:
    from torchlike._types import formats
    from torchlike.tensor import Tensor
    from torchlike.types import Device


@function(module=PLACE, out=COMPLEX)
def ihfft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None):
    """The inverse of `torchlike.fft.hfft`: the half of a spectrum whose other half are conjugates.

    Example:
        >>> torch.fft.ihfft(torch.fft.hfft(torch.tensor([1.0, 2.0, 3.0]))).real
        tensor([1., 2., 3.])
    """
    return fft.half_spectrum(input, n, dim, norm).conj()


@function(module=PLACE, out=COMPLEX)
def fft2(input: Tensor, s: Sequence[int] | None = None, dim: Sequence[int] = (-2, -1), norm: str | None = None):
    """`torchlike.fft.fftn` along two dimensions, the last by default.

    Example:
        >>> torch.fft.fft2(torch.eye(2))
        tensor([[2.+0.j, 0.+0.j],
                [0.+0.j, 2.+0.j]])
    """
    return fft.fftn(input, s, dim, norm)


@function(module=PLACE, out=COMPLEX)
def ifft2(input: Tensor, s: Sequence[int] | None = None, dim: Sequence[int] = (-2, -1), norm: str | None = None):
    """The inverse of `fft2`.

    Example:
        >>> torch.fft.ifft2(torch.fft.fft2(torch.eye(2))).real
        tensor([[1., 0.],
                [0., 1.]])
    """
    return fft.ifftn(input, s, dim, norm)


@function(module=PLACE, out=COMPLEX)
def rfft2(input: Tensor, s: Sequence[int] | None = None, dim: Sequence[int] = (-2, -1), norm: str | None = None):
    """`torchlike.fft.rfftn` along two dimensions, the last by default.

    Example:
        >>> torch.fft.rfft2(torch.ones(2, 4)).shape
        torch.Size([2, 3])
    """
    return fft.rfftn(input, s, dim, norm)


@function(module=PLACE, out=REAL)
def irfft2(input: Tensor, s: Sequence[int] | None = None, dim: Sequence[int] = (-2, -1), norm: str | None = None):
    """The inverse of `rfft2`.

    Example:
        >>> torch.fft.irfft2(torch.fft.rfft2(torch.ones(2, 4))).shape
        torch.Size([2, 4])
    """
    return fft.irfftn(input, s, dim, norm)


@function(module=PLACE, out=REAL)
def hfft2(input: Tensor, s: Sequence[int] | None = None, dim: Sequence[int] = (-2, -1), norm: str | None = None):
    """`torchlike.fft.hfftn` along two dimensions, the last by default.

    Example:
        >>> torch.fft.hfft2(torch.ones(2, 3)).shape
        torch.Size([2, 4])
    """
    return fft.hfftn(input, s, dim, norm)


@function(module=PLACE, out=COMPLEX)
def ihfft2(input: Tensor, s: Sequence[int] | None = None, dim: Sequence[int] = (-2, -1), norm: str | None = None):
    """The inverse of `hfft2`.

    Example:
        >>> torch.fft.ihfft2(torch.ones(2, 4)).shape
        torch.Size([2, 3])
    """
    return fft.ihfftn(input, s, dim, norm)


# ---------------------------------------------------------------------- frequencies


def _frequencies(
    name: str,
    places: np.ndarray,
    step: float,
    dtype: dtypes.dtype | None,
    device: Device,
    requires_grad: bool | None,
    out: Tensor | None,
):
    kind = dtype_for(name, dtype, out) or dtypes.get_default_dtype()
    if kind.rank < 2:
        raise RuntimeError(f"{name} requires a floating point or complex dtype")
    if kind.is_complex:
        raise NotImplementedError(f"\"arange_cpu\" not implemented for '{dtypes.scalar_name(kind)}'")
    wide = kind.np.type if kind.itemsize >= 4 else np.float32  # halves are computed in float32
    with np.errstate(invalid="ignore", over="ignore"):  # 0 points
        array = (places.astype(wide) * wide(step)).astype(kind.np)
    return finished(name, array, device, requires_grad, out)


def _step(n: int, d: float) -> float:
    """The distance of two frequencies."""
    with np.errstate(divide="ignore"):
        return float(np.float64(1) / (n * d))


@function(module=PLACE)
def fftfreq(
    n: int,
    d: float = 1.0,
    *,
    out: Tensor | None = None,
    dtype: dtypes.dtype | None = None,
    layout: formats.layout | None = None,
    device: Device = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
):
    """The frequencies of the elements of `torchlike.fft.fft`, in cycles per unit of `d`.

    Args:
        n: the length of the transform.
        d: the distance of two samples.

    Raises:
        RuntimeError: `n` is negative, or the dtype is not floating point.

    Example:
        >>> torch.fft.fftfreq(4)
        tensor([ 0.0000,  0.2500, -0.5000, -0.2500])
    """
    if n < 0:
        raise RuntimeError(f"Trying to create tensor with negative dimension {n}: [{n}]")
    places = np.arange(n)
    places[(n + 1) // 2 :] -= n
    return _frequencies("fftfreq", places, _step(n, d), dtype, device, requires_grad, out)


@function(module=PLACE)
def rfftfreq(
    n: int,
    d: float = 1.0,
    *,
    out: Tensor | None = None,
    dtype: dtypes.dtype | None = None,
    layout: formats.layout | None = None,
    device: Device = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
):
    """The frequencies of the elements of `torchlike.fft.rfft`; see `fftfreq`.

    Example:
        >>> torch.fft.rfftfreq(4)
        tensor([0.0000, 0.2500, 0.5000])
    """
    if n < 0:
        raise RuntimeError(f"Trying to create tensor with negative dimension {n // 2 + 1}: [{n // 2 + 1}]")
    places = np.arange(n // 2 + 1)
    return _frequencies("rfftfreq", places, _step(n, d), dtype, device, requires_grad, out)


def _rolled(input: Tensor, dim: int | Sequence[int] | None, back: bool):
    dims = range(input.dim()) if dim is None else (dim,) if isinstance(dim, int) else tuple(dim)
    shifts = [(input.size(each) + back) // 2 for each in dims]
    return roll(input, tuple(shifts), tuple(dims))


@function(module=PLACE)
def fftshift(input: Tensor, dim: int | Sequence[int] | None = None):
    """The elements in the order of their frequencies, with 0 in the middle.

    Args:
        input: in the order of `torchlike.fft.fft`.
        dim: the dimensions; all by default.

    Example:
        >>> torch.fft.fftshift(torch.fft.fftfreq(4))
        tensor([-0.5000, -0.2500,  0.0000,  0.2500])
    """
    return _rolled(input, dim, False)


@function(module=PLACE)
def ifftshift(input: Tensor, dim: int | Sequence[int] | None = None):
    """The inverse of `fftshift`.

    Example:
        >>> torch.fft.ifftshift(torch.fft.fftshift(torch.tensor([0, 1, 2, 3, 4])))
        tensor([0, 1, 2, 3, 4])
    """
    return _rolled(input, dim, True)
