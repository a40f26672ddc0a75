"""Rules of JAX's generator of random bits, Threefry. A key is an array of two 32-bit words on a last axis.

Salmon, Moraes, Dror and Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011.
"""

from __future__ import annotations

import math
from typing import Any

import jax
import numpy as np

from torchlike._programs.cold.rules import rule

_ROTATIONS = [
    [(np.uint32(count), np.uint32(32 - count)) for count in counts] for counts in ((13, 15, 26, 6), (17, 29, 16, 24))
]


def _threefry(first: np.ndarray, second: np.ndarray, x: np.ndarray, y: np.ndarray) -> tuple:
    """The words (x, y) after twenty rounds with the key (first, second)."""
    keys = first, second, first ^ second ^ np.uint32(0x1BD11BDA)
    x, y = np.asarray(x + keys[0]), np.asarray(y + keys[1])
    rest = np.empty_like(y)
    add, left, right, either, xor = np.add, np.left_shift, np.right_shift, np.bitwise_or, np.bitwise_xor
    for each in range(5):
        for ahead, back in _ROTATIONS[each % 2]:
            add(x, y, x)
            left(y, ahead, rest)
            right(y, back, y)
            either(y, rest, y)
            xor(x, y, y)
        add(x, keys[(each + 1) % 3], x)
        add(y, keys[(each + 2) % 3] + np.uint32(each + 1), y)
    return x, y


@rule("threefry2x32")
def _threefry2x32(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    return lambda *words: list(_threefry(*words))


def _is_threefry(params: dict[str, Any], avals: list[Any]) -> bool:
    impl = params.get("impl")
    return getattr(impl, "name", None) == "threefry2x32" or any(
        getattr(getattr(each.dtype, "_impl", None), "name", None) == "threefry2x32" for each in avals
    )


@rule("random_seed")
def _random_seed(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    if not _is_threefry(params, outs):
        return None
    bits = ins[0].dtype.itemsize * 8

    def seed(number: Any):
        raw = np.ascontiguousarray(number).reshape(*number.shape, 1).view(f"<u{min(bits // 8, 4)}").astype(np.uint32)
        return raw[..., ::-1] if bits == 64 else np.concatenate([np.zeros_like(raw), raw], -1)

    return seed


@rule("random_wrap", "random_unwrap")
def _random_wrap(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    return (lambda x: x) if _is_threefry(params, (*ins, *outs)) else None


@rule("random_fold_in")
def _random_fold_in(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    if not _is_threefry(params, outs):
        return None

    def fold_in(key: Any, number: Any):
        x = np.zeros(number.shape, np.uint32)
        return np.stack(_threefry(key[..., 0], key[..., 1], x, number.astype(np.uint32)), -1)

    return fold_in


def _stream(key: Any, shape: tuple) -> tuple:
    """The words that the keys give for the places of `shape`, counted in order."""
    count = math.prod(shape)
    keys = key.reshape((*key.shape[:-1], *(1,) * len(shape), 2))
    if count <= 2**32:
        low = np.arange(count, dtype=np.uint32).reshape(shape)
        return _threefry(keys[..., 0], keys[..., 1], np.zeros_like(low), low)
    places = np.arange(count, dtype=np.uint64).reshape(shape)
    return _threefry(keys[..., 0], keys[..., 1], (places >> np.uint64(32)).astype(np.uint32), places.astype(np.uint32))


@rule("random_bits")
def _random_bits(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    if not _is_threefry(params, ins) or not jax.config.jax_threefry_partitionable:
        return None
    shape, bits, dtype = tuple(params["shape"]), params["bit_width"], outs[0].dtype

    def draw(key: Any):
        x, y = _stream(key, shape)
        if bits == 64:
            return (x.astype(dtype) << dtype.type(32)) | y.astype(dtype)
        return np.bitwise_xor(x, y, x).astype(dtype, copy=False)

    return draw


@rule("random_split")
def _random_split(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    if not _is_threefry(params, ins) or not jax.config.jax_threefry_partitionable:
        return None
    shape = tuple(params["shape"])
    return lambda key: np.stack(_stream(key, shape), -1)
