"""The generator's engine: Mersenne Twister words in PyTorch's order, and PyTorch's state format.

Paper: Matsumoto and Nishimura, "Mersenne Twister: a 623-dimensionally equidistributed uniform pseudo-random number
generator" (1998).
"""

from __future__ import annotations

import operator
import os
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["DEFAULT_SEED", "Engine"]

DEFAULT_SEED = 67280421310721
"""The seed of a generator that was given none."""

_BLOCK = 624
_HALF = np.array(32, np.uint64)
_STATE = np.dtype(
    {
        "names": ["seed", "left", "seeded", "next", "key", "normal", "has_normal"],
        "formats": ["<u8", "<i4", "<i4", "<u8", ("<u8", (_BLOCK,)), "<f8", "<i4"],
        "offsets": [0, 8, 12, 16, 24, 5024, 5040],
        "itemsize": 5056,
    }
)


class Engine:
    """A stream of 32-bit words, the same as that of a CPU ``torch.Generator`` of the same seed.

    Words are taken from whole blocks of 624: a draw of a few words is a slice of an array, and NumPy's own generator
    always stands between two blocks.

    Args:
        seed: any integer in [-2^63, 2^64); the stream depends on its low 32 bits.

    Attributes:
        lock: held by whoever draws several times for one result; reentrant.
        next_normal: the second value of the last pair of normals drawn in double precision, if nobody has used it.

    Example:
        >>> Engine(0).u32(2)
        array([2357136044, 2546248239], dtype=uint32)
    """

    __slots__ = ("_bits", "_block", "_fresh", "_position", "_seed", "_source", "lock", "next_normal")

    def __init__(self, seed: int = DEFAULT_SEED) -> None:
        self.lock = threading.RLock()
        self._bits = np.random.MT19937(0)
        self._source = np.random.RandomState(self._bits)
        self._block = np.empty(_BLOCK, np.uint32)
        self.seed(seed)

    def seed(self, seed: int) -> None:
        """Restart the stream of ``seed`` and forget the cached normal.

        Raises:
            ValueError: if ``seed`` does not fit in 64 bits, signed or unsigned.
            TypeError: if ``seed`` is no integer.
        """
        seed = operator.index(seed)
        if not -(2**63) <= seed < 2**64:
            raise ValueError("Overflow when unpacking long long")
        with self.lock:
            self._seed = seed % 2**64
            self._source.seed(seed & 0xFFFFFFFF)
            self._position, self._fresh = _BLOCK, True
            self.next_normal: float | None = None

    def reseed(self) -> int:
        """Seed from the operating system's entropy and return the seed, in [0, 2^64)."""
        seed = int.from_bytes(os.urandom(8), "little")
        self.seed(seed)
        return seed

    @property
    def initial_seed(self) -> int:
        """The seed the stream was started with, in [0, 2^64)."""
        return self._seed

    def u32(self, n: int) -> np.ndarray[Any, np.dtype[np.uint32]]:
        """The next ``n`` words, in a new array of shape ``(n,)`` that the caller may write to."""
        with self.lock:
            start, stop = self._position, self._position + n
            if stop <= _BLOCK:
                self._position = stop
                return self._block[start:stop].copy()
            blocks = (stop - 1) // _BLOCK
            if blocks == 1:
                words = self._bits.random_raw(_BLOCK).astype(np.uint32)
            else:
                words = self._source.randint(0, 2**32, blocks * _BLOCK, np.uint32)
            left, self._block = self._block[start:], words[-_BLOCK:].copy()
            self._position, self._fresh = stop - blocks * _BLOCK, False
            return np.concatenate((left, words[: n - left.size])) if left.size else words[:n]

    def u64(self, n: int) -> np.ndarray[Any, np.dtype[np.uint64]]:
        """The next ``n`` pairs of words as 64-bit numbers, the first word in the high half; shape ``(n,)``."""
        pairs = self.u32(2 * n).view("<u8")
        low = pairs >> _HALF
        pairs <<= _HALF
        pairs |= low
        return pairs

    @property
    def left_in_block(self) -> int:
        """How many words the next draw can take from the current block."""
        return _BLOCK - self._position

    def give_back(self, n: int) -> None:
        """Take back the last ``n`` words drawn, all of them from the current block: they are the next to come."""
        self._position -= n

    def clone(self) -> Engine:
        """An independent engine in the same state."""
        return _restored(self.get_state())

    def __reduce__(self) -> tuple[Callable[..., Engine], tuple[Any, ...]]:
        return _restored, (self.get_state(),)

    def get_state(self) -> np.ndarray[Any, np.dtype[np.uint8]]:
        """The state in the bytes of ``torch.get_rng_state()``: uint8 of shape ``(5056,)``."""
        state = np.zeros((), _STATE)
        with self.lock:
            state["seed"], state["seeded"] = self._seed, 1
            state["left"] = _BLOCK + 1 - self._position
            state["next"] = 0 if self._fresh else self._position
            state["key"] = self._bits.state["state"]["key"]
            if self.next_normal is not None:
                state["normal"], state["has_normal"] = self.next_normal, 1
        return np.frombuffer(bytearray(state.tobytes()), np.uint8)

    def set_state(self, state: np.ndarray[Any, Any]) -> None:
        """Continue from what ``get_state`` or ``torch.get_rng_state()`` returned.

        Raises:
            TypeError: if ``state`` is not of dtype uint8.
            RuntimeError: if it is not contiguous, not of 5056 elements, or no Mersenne Twister state; the engine is
                then as it was.
        """
        if state.dtype != np.uint8:
            raise TypeError("RNG state must be a torch.ByteTensor")
        if not state.flags.c_contiguous:
            raise RuntimeError("RNG state must be contiguous")
        if state.size != _STATE.itemsize:
            raise RuntimeError(
                f"Expected a CPUGeneratorImplState of size {_STATE.itemsize} "
                f"but found the input RNG state size to be {state.size}"
            )
        fields = np.frombuffer(state.tobytes(), _STATE)[0]
        left, position = int(fields["left"]), int(fields["next"])
        if not (fields["seeded"] and 0 < left <= _BLOCK and position & 0xFFFFFFFF <= _BLOCK):
            raise RuntimeError("Invalid mt19937 state")
        with self.lock:
            self._seed = int(fields["seed"])
            self._position, self._fresh = _BLOCK + 1 - left, left == 1 and position == 0
            self.next_normal = float(fields["normal"]) if fields["has_normal"] else None
            words = {"key": fields["key"].astype(np.uint32), "pos": _BLOCK if left == 1 else 0}
            numpy_state: Any = {"bit_generator": "MT19937", "state": words}
            self._bits.state = numpy_state
            if left != 1:  # the key is the block being read: its words are produced once more
                self._block = self._bits.random_raw(_BLOCK).astype(np.uint32)


def _restored(state: np.ndarray[Any, Any]) -> Engine:
    engine = Engine()
    engine.set_state(state)
    return engine
