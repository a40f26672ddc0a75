"""Discrete Fourier transforms."""

from __future__ import annotations

import jax.numpy as jnp

from torchlike._dispatch import op
from torchlike._ops._promote import Array, Ints, existing_dim, wrap_dim
from torchlike._out import OutRule
from torchlike._types import dtypes

PLACE = "torchlike.fft"
_SWAPPED = {None: "forward", "backward": "forward", "forward": "backward", "ortho": "ortho"}
COMPLEX = OutRule("{public} expects a complex output tensor, but got {out}", lambda _, out: out.is_complex)
REAL = OutRule("{public} expects a floating point output tensor, but got {out}", lambda _, out: out.is_floating_point)


# ---------------------------------------------------------------------- what all have in common


def _floating(input):
    """The input as float or complex.

    Raises:
        RuntimeError: it is of halves.
    """
    kind = dtypes.of_numpy(input.dtype)
    if kind in dtypes.HALVES:
        raise RuntimeError(f"Unsupported dtype {dtypes.scalar_name(kind)}")
    return input if kind.rank >= 2 else input.astype(dtypes.get_default_dtype().np)


def _complex(input):
    input = _floating(input)
    return input if jnp.iscomplexobj(input) else input.astype(jnp.promote_types(input.dtype, jnp.complex64))


def _real(name: str, input, text: str = "expects a real input tensor"):
    if jnp.iscomplexobj(input):
        raise RuntimeError(f"{name} {text}, but got {dtypes.scalar_name(dtypes.of_numpy(input.dtype))}")
    return _floating(input)


def _check_norm(norm: str | None) -> None:
    if norm not in _SWAPPED:
        raise RuntimeError(f'Invalid normalization mode: "{norm}"')


def _count(given: int | None, size: int) -> int:
    count = size if given is None else given
    if count < 1:
        raise RuntimeError(f"Invalid number of data points ({count}) specified")
    return count


def _dims(input, s: tuple | None, dim: tuple | None) -> tuple[list[int], list[int]]:
    """(dimensions, their sizes) of a transform over several; -1 leaves a size as it is.

    Raises:
        RuntimeError: the two do not fit, or a dimension comes twice.
        IndexError: there is no such dimension.
    """
    s = (s,) if isinstance(s, int) else s
    dim = (dim,) if isinstance(dim, int) else dim
    if dim and not input.ndim:
        raise IndexError(f"Dimension specified as {dim[0]} but tensor has no dimensions")
    if dim is not None:
        dims = [wrap_dim(each, input.ndim) for each in dim]
        if len(set(dims)) != len(dims):
            raise RuntimeError("FFT dims must be unique")
        if s is not None and len(s) != len(dims):
            raise RuntimeError("When given, dim and shape arguments must have the same length")
    elif s is None:
        dims = [*range(input.ndim)]
    else:
        if len(s) > input.ndim:
            raise RuntimeError(f"Got shape with {len(s)} values but input tensor only has {input.ndim} dimensions.")
        dims = [*range(input.ndim - len(s), input.ndim)]
    sizes = [input.shape[each] for each in dims] if s is None else list(s)
    sizes = [input.shape[each] if size == -1 else size for each, size in zip(dims, sizes, strict=True)]
    for size in sizes:
        _count(size, size)
    return dims, sizes


def _resized(input, dims: list[int], sizes: list[int]):
    """The input with these sizes: cut, or with zeros behind it."""
    for dim, size in zip(dims, sizes, strict=True):
        known = input.shape[dim]
        if size < known:
            input = jnp.moveaxis(jnp.moveaxis(input, dim, 0)[:size], 0, dim)
        elif size > known:
            input = jnp.pad(input, [(0, size - known if place == dim else 0) for place in range(input.ndim)])
    return input


def _complex_to_complex(input, dims: list[int], sizes: list[int], norm: str | None, inverse: bool):
    _check_norm(norm)
    if not dims:
        return _complex(input)
    if not jnp.iscomplexobj(input):
        half = _real_to_complex(_floating(input), dims, sizes, _SWAPPED[norm] if inverse else norm)
        whole = _mirrored(half, dims, sizes[-1])
        return jnp.conj(whole) if inverse else whole
    transform = jnp.fft.ifftn if inverse else jnp.fft.fftn
    return transform(_resized(_complex(input), dims, sizes), axes=dims, norm=norm)


def _real_to_complex(input, dims: list[int], sizes: list[int], norm: str | None):
    """The half of the last dimension that tells all."""
    _check_norm(norm)
    return jnp.fft.rfftn(_resized(input, dims, sizes), axes=dims, norm=norm)


def _mirrored(half, dims: list[int], size: int):
    """All of a spectrum of real numbers from the half of its last dimension: the others are conjugates."""
    *rest, last = dims
    begin = (size + 1) // 2
    other = jnp.flip(jnp.moveaxis(jnp.moveaxis(half, last, 0)[1:begin], 0, last), dims)
    return jnp.concatenate([half, jnp.conj(jnp.roll(other, [1] * len(rest), rest))], last)


def _complex_to_real(input, dims: list[int], sizes: list[int], norm: str | None):
    """Of the half of the last dimension; all others are transformed before."""
    _check_norm(norm)
    input = _complex(input)
    *rest, last = dims
    if rest:
        input = jnp.fft.ifftn(_resized(input, rest, sizes[:-1]), axes=rest, norm=norm)
    halved = _resized(input, [last], [sizes[-1] // 2 + 1])
    return jnp.fft.irfft(halved, sizes[-1], axis=last, norm=norm)


def _last(input, s: tuple | None, dims: list[int], sizes: list[int]) -> list[int]:
    """The sizes of a real result: the last is that of which the input has half."""
    size = None if s is None or (isinstance(s, tuple) and s[-1] == -1) or s == -1 else sizes[-1]
    return [*sizes[:-1], _count(size, 2 * (input.shape[dims[-1]] - 1))]


def _one(input, n: int | None, dim: int) -> tuple[list[int], list[int]]:
    dim = existing_dim(dim, input.ndim)
    return [dim], [_count(n, input.shape[dim])]


def _node(call) -> str:
    """The name of the node of a transform of numbers of any kind."""
    return "FftC2CBackward0" if call.kinds[0].dtype.is_complex else "FftR2CBackward0"


# ---------------------------------------------------------------------- one dimension


@op(module=PLACE, grad_name=_node, out=COMPLEX)
def fft(input: Array, n: int | None = None, dim: int = -1, norm: str | None = None) -> Array:
    """The discrete Fourier transform along a dimension.

    Args:
        input: real or complex.
        n: the input is cut, or zeros are put behind it, to this length.
        dim: the dimension.
        norm: ``"backward"`` for no factor, ``"ortho"`` for ``1 / sqrt(n)``, ``"forward"`` for ``1 / n``.

    Raises:
        RuntimeError: `n` is not positive, or `norm` is not known.

    Example:
        >>> torch.fft.fft(torch.tensor([1.0, 2.0, 3.0, 4.0])).real
        tensor([10., -2., -2., -2.])
    """
    return _complex_to_complex(input, *_one(input, n, dim), norm, False)


@op(module=PLACE, grad_name=_node, out=COMPLEX)
def ifft(input: Array, n: int | None = None, dim: int = -1, norm: str | None = None) -> Array:
    """The inverse of `fft`; by default with the factor ``1 / n``.

    Example:
        >>> torch.fft.ifft(torch.fft.fft(torch.tensor([1.0, 2.0, 3.0, 4.0]))).real
        tensor([1., 2., 3., 4.])
    """
    return _complex_to_complex(input, *_one(input, n, dim), norm, True)


@op(module=PLACE, grad_name="FftR2CBackward0", out=COMPLEX)
def rfft(input: Array, n: int | None = None, dim: int = -1, norm: str | None = None) -> Array:
    """The first ``n // 2 + 1`` of `fft` of a real input, which tell the others.

    Example:
        >>> torch.fft.rfft(torch.tensor([1.0, 2.0, 3.0, 4.0]))
        tensor([10.+0.j, -2.+2.j, -2.+0.j])
    """
    input = _real("rfft", input)
    return _real_to_complex(input, *_one(input, n, dim), norm)


@op(module=PLACE, grad_name="FftC2RBackward0", out=REAL)
def irfft(input: Array, n: int | None = None, dim: int = -1, norm: str | None = None) -> Array:
    """The inverse of `rfft`; `n` is the length of the result, by default even.

    Example:
        >>> torch.fft.irfft(torch.tensor([10 + 0j, -2 + 2j, -2 + 0j]))
        tensor([1., 2., 3., 4.])
    """
    dims, _ = _one(input, n, dim)
    return _complex_to_real(input, dims, [_count(n, 2 * (input.shape[dims[0]] - 1))], norm)


@op(module=PLACE, grad_name="FftC2RBackward0", out=REAL)
def hfft(input: Array, n: int | None = None, dim: int = -1, norm: str | None = None) -> Array:
    """The `fft` of an input of which the first half tells the others: they are conjugates, and the result is real.

    Example:
        >>> torch.fft.hfft(torch.tensor([1.0, 2.0, 3.0]))
        tensor([ 8., -2.,  0., -2.])
    """
    _check_norm(norm)
    dims, _ = _one(input, n, dim)
    size = _count(n, 2 * (input.shape[dims[0]] - 1))
    return _complex_to_real(jnp.conj(_complex(input)), dims, [size], _SWAPPED[norm])


@op(module=PLACE, grad_name="FftR2CBackward0", out=COMPLEX)
def half_spectrum(input: Array, n: int | None = None, dim: int = -1, norm: str | None = None) -> Array:
    """The conjugate of `ihfft`."""
    input = _real("ihfft", input)
    _check_norm(norm)
    return _real_to_complex(input, *_one(input, n, dim), _SWAPPED[norm])


# ---------------------------------------------------------------------- several dimensions


@op(module=PLACE, grad_name=_node, out=COMPLEX)
def fftn(input: Array, s: Ints | None = None, dim: Ints | None = None, norm: str | None = None) -> Array:
    """`fft` along several dimensions, one after the other.

    Args:
        input: real or complex.
        s: to which sizes these are cut or filled up; -1 leaves one.
        dim: the dimensions; all, or the last ``len(s)``, by default.
        norm: as in `fft`, for all together.

    Raises:
        RuntimeError: `s` and `dim` do not fit, a size is not positive, or `norm` is not known.

    Example:
        >>> torch.fft.fftn(torch.eye(2))
        tensor([[2.+0.j, 0.+0.j],
                [0.+0.j, 2.+0.j]])
    """
    return _complex_to_complex(input, *_dims(input, s, dim), norm, False)


@op(module=PLACE, grad_name=_node, out=COMPLEX)
def ifftn(input: Array, s: Ints | None = None, dim: Ints | None = None, norm: str | None = None) -> Array:
    """The inverse of `fftn`.

    Example:
        >>> torch.fft.ifftn(torch.fft.fftn(torch.eye(2))).real
        tensor([[1., 0.],
                [0., 1.]])
    """
    return _complex_to_complex(input, *_dims(input, s, dim), norm, True)


@op(module=PLACE, grad_name="FftR2CBackward0", out=COMPLEX)
def rfftn(input: Array, s: Ints | None = None, dim: Ints | None = None, norm: str | None = None) -> Array:
    """`fftn` of a real input, the half of the last dimension that tells the others.

    Example:
        >>> torch.fft.rfftn(torch.ones(2, 4)).shape
        torch.Size([2, 3])
    """
    input = _real("rfftn", input, "expects a real-valued input tensor")
    dims, sizes = _dims(input, s, dim)
    if not dims:
        raise RuntimeError("rfftn must transform at least one axis")
    return _real_to_complex(input, dims, sizes, norm)


@op(module=PLACE, grad_name="FftC2RBackward0", out=REAL)
def irfftn(input: Array, s: Ints | None = None, dim: Ints | None = None, norm: str | None = None) -> Array:
    """The inverse of `rfftn`; the last of `s` is the size of the result, by default even.

    Example:
        >>> torch.fft.irfftn(torch.fft.rfftn(torch.ones(2, 4))).shape
        torch.Size([2, 4])
    """
    dims, sizes = _dims(input, s, dim)
    if not dims:
        raise RuntimeError("irfftn must transform at least one axis")
    return _complex_to_real(input, dims, _last(input, s, dims, sizes), norm)


@op(module=PLACE, grad_name="FftC2RBackward0", out=REAL)
def hfftn(input: Array, s: Ints | None = None, dim: Ints | None = None, norm: str | None = None) -> Array:
    """`hfft` along the last dimension, after `fft` along the others.

    Example:
        >>> torch.fft.hfftn(torch.ones(2, 3)).shape
        torch.Size([2, 4])
    """
    dims, sizes = _dims(input, s, dim)
    if not dims:
        raise RuntimeError("hfftn must transform at least one axis")
    _check_norm(norm)
    # the transform of the conjugates, backward: the forward one
    return _complex_to_real(jnp.conj(_complex(input)), dims, _last(input, s, dims, sizes), _SWAPPED[norm])


@op(module=PLACE, grad_name="FftC2CBackward0", out=COMPLEX)
def ihfftn(input: Array, s: Ints | None = None, dim: Ints | None = None, norm: str | None = None) -> Array:
    """The inverse of `hfftn`.

    Example:
        >>> torch.fft.ihfftn(torch.ones(2, 4)).shape
        torch.Size([2, 3])
    """
    input = _real("ihfftn", input, "expects a real-valued input tensor")
    dims, sizes = _dims(input, s, dim)
    if not dims:
        raise RuntimeError("ihfftn must transform at least one axis")
    _check_norm(norm)
    made = jnp.conj(_real_to_complex(input, dims[-1:], sizes[-1:], _SWAPPED[norm]))
    return _complex_to_complex(made, dims[:-1], sizes[:-1], norm, True) if dims[:-1] else made
