"""Padding."""

from __future__ import annotations

import jax.numpy as jnp
from jax import lax

from torchlike._dispatch import op
from torchlike._ops._nodes import of_pad
from torchlike._ops._promote import Array, Number, as_dtype, only

_MODES = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}
_KERNELS = {"reflect": "reflection", "replicate": "replication"}


def _config(input: Array, pad: tuple[int, ...]) -> list[tuple[int, int]]:
    """(before, after) of each dimension: `pad` counts from the last."""
    count = len(pad) // 2
    pairs = [(pad[2 * at], pad[2 * at + 1]) for at in range(count)]
    return [(0, 0)] * (input.ndim - count) + pairs[::-1]


@op(grad_name="ConstantPadNdBackward0", fits=("value",))
def constant_pad(input: Array, pad: tuple[int, ...], value: Number = 0) -> Array:
    """Put `value` before and after; negative sizes cut off.

    Args:
        pad: (before, after) of the last dimension, then of the one before it, and so on.

    Raises:
        RuntimeError: `pad` is of odd length or too long, or a size becomes negative.
    """
    if len(pad) % 2:
        raise RuntimeError("Padding length must be divisible by 2")
    if len(pad) > 2 * input.ndim:
        raise RuntimeError(
            "Length of pad should be no more than twice the number of dimensions of the input. Pad length is "
            f"{len(pad)} while the input has {input.ndim} dimensions."
        )
    config = _config(input, pad)
    for dim, (before, after) in enumerate(config):
        if input.shape[dim] + before + after < 0:
            raise RuntimeError(
                f"The input size {input.shape[dim]}, plus negative padding {before} and {after} resulted in a negative "
                f"output size, which is invalid. Check dimension {dim} of your input."
            )
    return lax.pad(input, as_dtype(value, input.dtype), [(*each, 0) for each in config])


def _check_room(input: Array, config: list[tuple[int, int]], pad: tuple[int, ...], mode: str) -> None:
    for dim, (before, after) in enumerate(config):
        size = input.shape[dim]
        if mode == "reflect" and max(before, after) >= size and max(before, after) > 0:
            raise RuntimeError(
                f"Argument #4: Padding size should be less than the corresponding input dimension, but got: padding "
                f"({before}, {after}) at dimension {dim} of input {list(input.shape)}"
            )
        if mode == "circular" and max(before, after) > size:
            raise RuntimeError("Padding value causes wrapping around more than once.")
        if size + before + after <= 0 and (before or after):
            raise RuntimeError(
                f"input (dim {dim}: {size}) is too small. Calculated output size: {size + before + after}"
            )
        if size == 0 and (before or after):
            raise RuntimeError(
                f"Expected {input.ndim - 1}D or {input.ndim}D (batch mode) tensor with possibly 0 batch size and other "
                f"non-zero dimensions for input, but got: {list(input.shape)}"
            )


@op(grad_name=of_pad, name="pad", saves=True)
def pad_with_own(input: Array, pad: tuple[int, ...], mode: str) -> Array:
    """Put the input's own elements before and after.

    Args:
        pad: (before, after) of the last dimension, then of the one before it, and so on.
        mode: ``"reflect"``, ``"replicate"`` (the nearest element) or ``"circular"``.

    Raises:
        NotImplementedError: `mode` is none of these, or the number of dimensions does not fit.
        RuntimeError: `pad` is of odd length or too long, or the input is too small.
    """
    count = len(pad) // 2
    if mode not in _MODES:
        raise NotImplementedError(f"Unrecognised padding mode {mode}")
    if len(pad) % 2:
        raise RuntimeError("Padding length must be divisible by 2")
    if len(pad) > 2 * input.ndim:
        raise RuntimeError(
            "Padding length should be less than or equal to two times the input dimension but got padding length "
            f"{len(pad)} and input of dimension {input.ndim}"
        )
    if not 1 <= count <= 3 or input.ndim not in (count + 1, count + 2):
        raise NotImplementedError(f"Padding size {len(pad)} is not supported for {input.ndim}D input tensor.")
    config = _config(input, pad)
    _check_room(input, config, pad, mode)
    if mode in _KERNELS:
        only(f"{_KERNELS[mode]}_pad{count}d", input, 1, 2, 3)
    cut = [(min(before, 0), min(after, 0), 0) for before, after in config]
    grown = [(max(before, 0), max(after, 0)) for before, after in config]
    zero = jnp.zeros((), input.dtype)
    if mode == "circular":  # what is cut off does not come round
        return jnp.pad(lax.pad(input, zero, cut), grown, mode=_MODES[mode])
    return lax.pad(jnp.pad(input, grown, mode=_MODES[mode]), zero, cut)
