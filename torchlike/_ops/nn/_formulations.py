"""How a convolution is written so that XLA runs it fast: chosen by its shape, here alone.

Arrays are ``(N, *, C)``, weights as in PyTorch. A convolution is linear in its input and in its weight, and each of the
two derivatives is written in the form whose transpose, the gradient, is fastest. Derivatives of any order follow.

Milliseconds of (forward, input's gradient, weight's gradient); 2 cores, batch 32, minima; a dash where none was taken
with the machine at rest:

======================================  ==================  ==================  ==================
shape                                   as a convolution    as chosen           PyTorch 2.13
======================================  ==================  ==================  ==================
3x3, 64 channels, 32x32                 6.8, 6.5, 8.6       the same            6.0, 6.4, 6.5
3x3, 3 to 64 channels, 32x32            0.8, 2.3, 0.6       0.4, 0.5, 0.6       0.5, 1.5, 0.4
1x1, 64 to 256 channels, 16x16          0.6, 0.7, 1.5       0.6, 0.6, 0.9       0.8, 0.9, 0.7
1x1 in steps of 2, 64 to 128, 32x32     0.7, 0.8, 3.3       0.4, 0.4, 0.6       0.8, 1.3, 0.6
3x3, each of 64 channels, 32x32         50, 48, 9.3         0.7, 0.5, 5.6       0.6, 0.6, 1.2
3x3, 4 groups of 16 channels, 32x32     6.1, 6.2, 641       -                   2.5, 2.1, 2.5
3x3, 32 groups of 4 channels, 16x16     12, 12, 1767        -                   1.1, 1.2, 3.0
======================================  ==================  ==================  ==================
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jax.custom_derivatives import SymbolicZero

from torchlike._ops._promote import Array

_AXES = "DHW"
FEW = 32  # elements of a window that are better laid out side by side for one product
TAPS = 9  # copies of the input that the gradient of a weight may take
BLOCK = 32  # channels at least of the convolutions that groups are gathered into
BLOCKS = 16  # such convolutions at most


class Geometry(NamedTuple):
    """What a convolution is besides its arrays; each is for all dimensions but `groups`."""

    stride: tuple[int, ...]
    pads: tuple[tuple[int, int], ...]
    dilation: tuple[int, ...]
    groups: int = 1


class _Forms(NamedTuple):
    """The functions of (input, weight, geometry) that serve as the value and, being linear, as its two derivatives."""

    value: Callable
    by_input: Callable
    by_weight: Callable


@partial(jax.custom_jvp, nondiff_argnums=(2,))
def convolve(x: Array, weight: Array, how: Geometry) -> Array:
    """Cross-correlation of ``(N, *, C_in)`` with ``(C_out, C_in / groups, *K)``; ``(N, *, C_out)``."""
    return _forms(weight.shape, how).value(x, weight, how)


@partial(convolve.defjvp, symbolic_zeros=True)
def _(how: Geometry, primals: tuple, tangents: tuple) -> tuple:
    (x, weight), (x_dot, weight_dot) = primals, tangents
    forms, value = _forms(weight.shape, how), convolve(x, weight, how)
    terms = []
    if not isinstance(x_dot, SymbolicZero):
        terms.append(forms.by_input(x_dot, weight, how))
    if not isinstance(weight_dot, SymbolicZero):
        terms.append(forms.by_weight(x, weight_dot, how))
    return value, sum(terms) if terms else jnp.zeros_like(value)


def _forms(weight: tuple[int, ...], how: Geometry) -> _Forms:
    _, channels, *kernel = weight
    if how.groups > 1:
        if channels > 1:
            return _Forms(*[_in_blocks] * 3)
        return _Forms(_as_sums, _as_sums, _as_sums if math.prod(kernel) <= TAPS else _in_blocks)
    if math.prod(kernel) == 1:
        return _Forms(*[_as_product] * 3)
    if channels * math.prod(kernel) <= FEW and set(how.stride) == {1}:
        return _Forms(*[_as_product_of_windows] * 3)
    grows = any(sum(pad) > d * (k - 1) for pad, d, k in zip(how.pads, how.dilation, kernel, strict=True))
    return _Forms(_as_convolution, _as_convolution, _as_padded_convolution if grows else _as_convolution)


def _as_convolution(x: Array, weight: Array, how: Geometry) -> Array:
    axes = _AXES[5 - x.ndim :]
    return lax.conv_general_dilated(
        x,
        jnp.moveaxis(weight, (0, 1), (-1, -2)),
        how.stride,
        how.pads,
        rhs_dilation=how.dilation,
        dimension_numbers=(f"N{axes}C", f"{axes}IO", f"N{axes}C"),
        feature_group_count=how.groups,
    )


def _as_padded_convolution(x: Array, weight: Array, how: Geometry) -> Array:
    """Padded apart: where the result is larger than the input, XLA swaps the gradient's operands and is slow."""
    x = lax.optimization_barrier(jnp.pad(x, [(0, 0), *how.pads, (0, 0)]))
    return _as_convolution(x, weight, how._replace(pads=((0, 0),) * len(how.pads)))


def _shifted(x: Array, kernel: tuple[int, ...], how: Geometry) -> list[Array]:
    """For each element of the kernel what it meets, ``(N, *, C)``."""
    x = jnp.pad(x, [(0, 0), *how.pads, (0, 0)])
    room = [size - d * (k - 1) - 1 for size, d, k in zip(x.shape[1:-1], how.dilation, kernel, strict=True)]
    shifts = []
    for place in itertools.product(*map(range, kernel)):
        start = [d * each for d, each in zip(how.dilation, place, strict=True)]
        stop = [first + more // s * s + 1 for first, more, s in zip(start, room, how.stride, strict=True)]
        shifts.append(lax.slice(x, (0, *start, 0), (x.shape[0], *stop, x.shape[-1]), (1, *how.stride, 1)))
    return shifts


def _as_product(x: Array, weight: Array, how: Geometry) -> Array:
    (shift,) = _shifted(x, weight.shape[2:], how)
    return shift @ weight.reshape(weight.shape[:2]).T


def _as_product_of_windows(x: Array, weight: Array, how: Geometry) -> Array:
    windows = jnp.concatenate(_shifted(x, weight.shape[2:], how), -1)
    return windows @ jnp.moveaxis(weight, (0, 1), (-1, -2)).reshape(-1, weight.shape[0])


def _as_sums(x: Array, weight: Array, how: Geometry) -> Array:
    """Each channel for itself: multiplications and additions, which XLA makes one loop of."""
    shifts = _shifted(jnp.repeat(x, weight.shape[0] // how.groups, -1), weight.shape[2:], how)
    return sum(shift * factor for shift, factor in zip(shifts, _factors(weight), strict=True))


def _factors(weight: Array) -> Array:
    """What each element of the kernel is for each channel, ``(prod(K), C_out)``, in an array of its own.

    The sum with zeros is not fused with what follows. Read in the weight's own order, in steps, the factors would be
    gathered anew for each element of the result: 1.6 ms instead of 0.3 for 32 channels of 32x32.
    """
    each = jnp.moveaxis(weight, (0, 1), (-1, -2)).reshape(-1, weight.shape[0])
    return jnp.sum(jnp.stack([each, jnp.zeros_like(each)]), 0, each.dtype)


def _in_blocks(x: Array, weight: Array, how: Geometry) -> Array:
    """Groups gathered into a few convolutions, whose weights are zero between different groups."""
    groups, (outputs, channels, *kernel) = how.groups, weight.shape
    wanted = max(BLOCK, x.shape[-1] // BLOCKS)
    each = min(
        size for size in range(1, groups + 1) if groups % size == 0 and (size * channels >= wanted or size == groups)
    )
    blocks = groups // each
    # the kernel is one dimension: XLA 0.10 ends the process where it multiplies and sums arrays of seven
    own = jnp.eye(each, dtype=weight.dtype).reshape(each, 1, each, 1)
    split = weight.reshape(blocks, each, outputs // groups, 1, channels * math.prod(kernel)) * own
    dense = split.reshape(blocks, outputs // blocks, each * channels, *kernel)
    alone = how._replace(groups=1)
    parts = zip(jnp.split(x, blocks, -1), dense, strict=True)
    return jnp.concatenate([convolve(part, some, alone) for part, some in parts], -1)


def transposed(x: Array, weight: Array, how: Geometry, more: tuple[int, ...]) -> Array:
    """The transpose of `convolve` by its input: ``(N, *, C_in)`` and ``(C_in, C_out / groups, *K)``.

    Args:
        more: additional size at the end of the result.
    """
    if how.groups > 1:
        alone = how._replace(groups=1)
        parts = zip(jnp.split(x, how.groups, -1), jnp.split(weight, how.groups), strict=True)
        return jnp.concatenate([transposed(part, some, alone, more) for part, some in parts], -1)
    return _overlapping(x, weight, how, more)


@partial(jax.custom_jvp, nondiff_argnums=(2, 3))
def _overlapping(x: Array, weight: Array, how: Geometry, more: tuple[int, ...]) -> Array:
    """What each element gives, added up where it overlaps: no infinity meets a zero that was put in.

    As fast as a convolution (batch 64, 4x4 in steps of 2, 512 to 256 channels: 55 ms of processor time, 85 by phases;
    128 to 64: 79 and 56), but its gradient is not (both: 370 and 350; 1060 and 450).
    """
    channels, outputs, *kernel = weight.shape
    given = x @ jnp.moveaxis(weight.reshape(channels, outputs, -1), 1, 2).reshape(channels, -1)
    parts = []
    for tap, place in enumerate(itertools.product(*map(range, kernel))):
        edges = [
            (d * at - low, d * (k - 1 - at) + m - high, s - 1)
            for d, at, (low, high), k, m, s in zip(how.dilation, place, how.pads, kernel, more, how.stride, strict=True)
        ]
        part = given[..., tap * outputs : (tap + 1) * outputs]
        parts.append(lax.pad(part, jnp.zeros((), x.dtype), [(0, 0, 0), *edges, (0, 0, 0)]))
    return sum(parts[1:], parts[0])


@partial(_overlapping.defjvp, symbolic_zeros=True)
def _(how: Geometry, more: tuple, primals: tuple, tangents: tuple) -> tuple:
    (x, weight), (x_dot, weight_dot) = primals, tangents
    form, value = _by_phases if set(how.dilation) == {1} else _as_stretched, _overlapping(x, weight, how, more)
    terms = []
    if not isinstance(x_dot, SymbolicZero):
        terms.append(form(x_dot, weight, how, more))
    if not isinstance(weight_dot, SymbolicZero):
        terms.append(form(x, weight_dot, how, more))
    return value, sum(terms) if terms else jnp.zeros_like(value)


def _as_stretched(x: Array, weight: Array, how: Geometry, more: tuple[int, ...]) -> Array:
    """A convolution over the input with zeros put in."""
    axes, kernel = _AXES[5 - x.ndim :], weight.shape[2:]
    reach = [d * (k - 1) for d, k in zip(how.dilation, kernel, strict=True)]
    return lax.conv_general_dilated(
        x,
        jnp.flip(jnp.moveaxis(weight, (0, 1), (-2, -1)), tuple(range(len(kernel)))),
        (1,) * len(kernel),
        [(r - low, r - high + m) for r, (low, high), m in zip(reach, how.pads, more, strict=True)],
        lhs_dilation=how.stride,
        rhs_dilation=how.dilation,
        dimension_numbers=(f"N{axes}C", f"{axes}IO", f"N{axes}C"),
    )


def _by_phases(x: Array, weight: Array, how: Geometry, more: tuple[int, ...]) -> Array:
    """Outputs that lie a stride apart meet the same elements of the kernel: a convolution for each such phase, all in one.

    XLA runs the weight's gradient of a stretched convolution a hundred times as slow.
    """
    dims, (channels, outputs, *kernel) = x.ndim - 2, weight.shape
    sizes = x.shape[1:-1]
    stride = tuple(k if size == 1 else s for k, size, s in zip(kernel, sizes, how.stride, strict=True))
    taps = [-(-k // s) for k, s in zip(kernel, stride, strict=True)]
    rest = [(0, t * s - k) for t, s, k in zip(taps, stride, kernel, strict=True)]
    split = jnp.pad(weight, [(0, 0), (0, 0), *rest])
    split = split.reshape(channels, outputs, *itertools.chain(*zip(taps, stride, strict=True)))
    split = jnp.flip(split, tuple(range(2, 2 + 2 * dims, 2)))
    # (C_in, C_out, tap, phase, ...) to (phases * C_out, C_in, *taps)
    order = (*range(3, 3 + 2 * dims, 2), 1, 0, *range(2, 2 + 2 * dims, 2))
    made = split.transpose(order).reshape(-1, channels, *taps)
    y = convolve(x, made, Geometry((1,) * dims, tuple((t - 1, t - 1) for t in taps), (1,) * dims))
    # (N, *places, *phases, C_out) to (N, *(place, phase), C_out)
    y = y.reshape(*y.shape[:-1], *stride, outputs)
    y = y.transpose(0, *itertools.chain(*((1 + dim, 1 + dims + dim) for dim in range(dims))), 1 + 2 * dims)
    full = [(size + t - 1) * s for size, t, s in zip(sizes, taps, stride, strict=True)]
    wanted = [(size - 1) * s + k + m for size, s, k, m in zip(sizes, how.stride, kernel, more, strict=True)]
    crop = [(-low, w - high - f, 0) for (low, high), w, f in zip(how.pads, wanted, full, strict=True)]
    return lax.pad(y.reshape(y.shape[0], *full, outputs), jnp.zeros((), y.dtype), [(0, 0, 0), *crop, (0, 0, 0)])
