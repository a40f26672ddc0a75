"""Rules of JAX's generator of random bits, Threefry. A key is an array of two 32-bit words on a last axis.

Salmon, Moraes, Dror and Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011.
"""

from __future__ import annotations

import math

import jax
import numpy as np

from torchlike._programs.cold.rules import rule

_ROTATIONS = (13, 15, 26, 6), (17, 29, 16, 24)


def _threefry(first, second, x, y) -> tuple:
    """The words (x, y) after twenty rounds with the key (first, second)."""
    keys = first, second, first ^ second ^ np.uint32(0x1BD11BDA)
    x, y = x + keys[0], y + keys[1]
    for each in range(5):
        for count in _ROTATIONS[each % 2]:
            x = x + y
            y = (y << np.uint32(count)) | (y >> np.uint32(32 - count))
            y = x ^ y
        x, y = x + keys[(each + 1) % 3], y + keys[(each + 2) % 3] + np.uint32(each + 1)
    return x, y


@rule("threefry2x32")
def _threefry2x32(params, ins, outs):
    return lambda *words: list(_threefry(*words))


def _is_threefry(params, avals) -> bool:
    impl = params.get("impl")
    return getattr(impl, "name", None) == "threefry2x32" or any(
        getattr(getattr(each.dtype, "_impl", None), "name", None) == "threefry2x32" for each in avals
    )


@rule("random_seed")
def _random_seed(params, ins, outs):
    if not _is_threefry(params, outs):
        return None
    bits = ins[0].dtype.itemsize * 8

    def seed(number):
        raw = np.asarray(number).view(f"u{bits // 8}")
        high = (raw >> raw.dtype.type(32)) if bits == 64 else np.zeros_like(raw)
        return np.stack([high.astype(np.uint32), raw.astype(np.uint32)], -1)

    return seed


@rule("random_wrap", "random_unwrap")
def _random_wrap(params, ins, outs):
    return (lambda x: x) if _is_threefry(params, (*ins, *outs)) else None


@rule("random_fold_in")
def _random_fold_in(params, ins, outs):
    if not _is_threefry(params, outs):
        return None

    def fold_in(key, number):
        x = np.zeros(number.shape, np.uint32)
        return np.stack(_threefry(key[..., 0], key[..., 1], x, number.astype(np.uint32)), -1)

    return fold_in


def _stream(key, shape: tuple) -> tuple:
    """The words that the keys give for the places of `shape`, counted in order."""
    places = np.arange(math.prod(shape), dtype=np.uint64).reshape(shape)
    keys = key.reshape((*key.shape[:-1], *(1,) * len(shape), 2))
    high, low = (places >> np.uint64(32)).astype(np.uint32), places.astype(np.uint32)
    return _threefry(keys[..., 0], keys[..., 1], high, low)


@rule("random_bits")
def _random_bits(params, ins, outs):
    if not _is_threefry(params, ins) or not jax.config.jax_threefry_partitionable:
        return None
    shape, bits, dtype = tuple(params["shape"]), params["bit_width"], outs[0].dtype

    def draw(key):
        x, y = _stream(key, shape)
        if bits == 64:
            return (x.astype(dtype) << dtype.type(32)) | y.astype(dtype)
        return (x ^ y).astype(dtype)

    return draw


@rule("random_split")
def _random_split(params, ins, outs):
    if not _is_threefry(params, ins) or not jax.config.jax_threefry_partitionable:
        return None
    shape = tuple(params["shape"])
    return lambda key: np.stack(_stream(key, shape), -1)
