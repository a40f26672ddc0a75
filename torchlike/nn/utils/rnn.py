"""Sequences of unequal lengths: padded into one tensor, or packed one time step after another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from torchlike._functions import making
from torchlike._ops._promote import wrap_dim
from torchlike.tensor import Tensor


class _Packed(NamedTuple):
    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None
    unsorted_indices: Tensor | None


class PackedSequence(_Packed):
    """Sequences of unequal lengths, longest first, one time step after another.

    Attributes:
        data: all elements, ``(sum of lengths, *)``.
        batch_sizes: how many sequences reach each time step, on the CPU.
        sorted_indices: the order in which the sequences were sorted; None if they were.
        unsorted_indices: the order that undoes it.
    """

    def __new__(
        cls,
        data: Tensor,
        batch_sizes: Tensor | None = None,
        sorted_indices: Tensor | None = None,
        unsorted_indices: Tensor | None = None,
    ):
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        if batch_sizes is not None:
            if batch_sizes.device.type != "cpu":
                raise ValueError(
                    "batch_sizes should always be on CPU. Instances of PackedSequence should never be created manually. "
                    "They should be instantiated by functions like pack_sequence and pack_padded_sequences in nn.utils.rnn. "
                    "https://pytorch.org/docs/stable/nn.html#torch.nn.utils.rnn.pack_sequence"
                )
            return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)
        return super().__new__(cls, data[0], data[1], sorted_indices, unsorted_indices)

    def to(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """The sequences in another dtype or on another device."""
        data = self.data.to(*args, **kwargs)
        return self if data is self.data else self._replace(data=data)

    def cpu(self) -> PackedSequence:
        """The sequences in the host's memory."""
        return self.to(device="cpu")

    def cuda(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """The sequences on a GPU."""
        return self.to(device="cuda")

    def double(self) -> PackedSequence:
        """The sequences as float64."""
        return self._replace(data=self.data.double())

    def float(self) -> PackedSequence:
        """The sequences as float32."""
        return self._replace(data=self.data.float())

    @property
    def is_cuda(self) -> bool:
        """Whether the elements live on a GPU."""
        return self.data.is_cuda

    def is_pinned(self) -> bool:
        """Whether the elements are in pinned memory: never."""
        return False


def invert_permutation(permutation: Tensor | None) -> Tensor | None:
    """The permutation that undoes another."""
    if permutation is None:
        return None
    return making.wrapped(np.argsort(permutation.numpy(force=True), kind="stable"), permutation.device)


def _places(batch_sizes: np.ndarray) -> np.ndarray:
    """(time step, sequence) of each packed row, ``(rows, 2)``."""
    steps = np.repeat(np.arange(len(batch_sizes)), batch_sizes)
    first = np.repeat(np.cumsum(batch_sizes) - batch_sizes, batch_sizes)
    return np.stack([steps, np.arange(len(steps)) - first], 1)


def pack_rows(padded: Tensor, batch_sizes: Tensor, batch_first: bool) -> Tensor:
    """The rows of padded sequences that are no padding, in packed order."""
    steps, rows = _places(batch_sizes.numpy(force=True)).T
    sequence = padded.transpose(0, 1) if batch_first else padded
    flat = sequence.reshape(-1, *sequence.shape[2:])
    return flat.index_select(0, making.wrapped(steps * sequence.shape[1] + rows, padded.device))


def pack_padded_sequence(
    input: Tensor, lengths: Tensor | Sequence[int], batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """Pack padded sequences.

    Args:
        input: ``(L, N, *)``, or ``(N, L, *)`` for `batch_first`.
        lengths: how long each sequence is: a list or a CPU tensor.
        enforce_sorted: whether they are sorted already, longest first.

    Raises:
        RuntimeError: they are not, though it is said; or one has length 0.
    """
    lengths = np.asarray(lengths.numpy(force=True) if isinstance(lengths, Tensor) else lengths).astype(np.int64)
    if lengths.ndim != 1:
        raise RuntimeError(
            f"'lengths' argument should be a 1D CPU int64 tensor, but got {lengths.ndim}D cpu Long tensor"
        )
    wrap_dim(0 if batch_first else 1, input.dim())
    order = None
    if enforce_sorted:
        if (np.diff(lengths) > 0).any():
            raise RuntimeError(
                "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. You can pass "
                "`enforce_sorted=False` to pack_padded_sequence and/or pack_sequence to sidestep this requirement if you "
                "do not need ONNX exportability."
            )
    else:
        sorted_ = np.argsort(-lengths, kind="stable")
        lengths = lengths[sorted_]
        order = making.wrapped(sorted_, input.device)
        input = input.index_select(0 if batch_first else 1, order)
    batch = input.shape[0 if batch_first else 1]
    if len(lengths) != batch:
        raise RuntimeError(
            f"Expected `len(lengths)` to be equal to batch_size, but got {len(lengths)} (batch_size={batch})"
        )
    if lengths.size == 0 or lengths[-1] <= 0:
        raise RuntimeError(
            "Length of all samples has to be greater than 0, but found an element in 'lengths' that is <= 0"
        )
    sizes = making.wrapped((lengths[None] > np.arange(lengths[0])[:, None]).sum(1), "cpu")
    return PackedSequence(pack_rows(input, sizes, batch_first), sizes, order, None)


def pad_packed_sequence(
    sequence: PackedSequence, batch_first: bool = False, padding_value: float = 0.0, total_length: int | None = None
) -> tuple[Tensor, Tensor]:
    """Undo `pack_padded_sequence`: (padded sequences, their lengths).

    Args:
        total_length: pad to this length.

    Raises:
        ValueError: `total_length` is shorter than the longest sequence.
    """
    sizes = sequence.batch_sizes.numpy(force=True)
    longest, batch = len(sizes), int(sizes[0])
    if total_length is not None:
        if total_length < longest:
            raise ValueError(
                "Expected total_length to be at least the length of the longest sequence in input, but got "
                f"total_length={total_length} and max sequence length being {longest}"
            )
        longest = total_length
    steps, rows = _places(sizes).T
    data = sequence.data
    at = making.wrapped(steps * batch + rows, data.device)
    flat = data.new_full((longest * batch, *data.shape[1:]), padding_value).index_copy(0, at, data)
    padded = flat.reshape(longest, batch, *data.shape[1:])
    lengths = making.wrapped((sizes[:, None] > np.arange(batch)[None]).sum(0), "cpu")
    if sequence.unsorted_indices is not None:
        padded, lengths = padded.index_select(1, sequence.unsorted_indices), lengths[sequence.unsorted_indices.cpu()]
    return padded.transpose(0, 1) if batch_first else padded, lengths


def pad_sequence(
    sequences: Tensor | Sequence[Tensor],
    batch_first: bool = False,
    padding_value: float = 0.0,
    padding_side: str = "right",
) -> Tensor:
    """Sequences ``(L_i, *)`` padded to the longest: ``(L, N, *)``, or ``(N, L, *)`` for `batch_first`.

    Raises:
        RuntimeError: `sequences` is no list, or empty, or `padding_side` no side.
        TypeError: one of them is no tensor.
    """
    from torchlike._ops.joining import cat, stack

    if isinstance(sequences, Tensor):
        sequences = sequences.unbind(0)
    elif not isinstance(sequences, (list, tuple)):
        raise RuntimeError(
            "pad_sequence: Expected iterable for input sequences, but got arg of type: " + str(type(sequences))
        )
    if padding_side not in ("left", "right"):
        raise RuntimeError(f"Expected padding_side to be one of left or right, but got {padding_side}.")
    for place, each in enumerate(sequences):
        if not isinstance(each, Tensor):
            raise TypeError(f"expected Tensor as element {place} in argument 0, but got {type(each).__name__}")
    if not sequences:
        raise RuntimeError("received an empty list of sequences")
    longest = max(each.shape[0] for each in sequences)
    rows = []
    for each in sequences:
        if each.shape[0] < longest:
            filler = each.new_full((longest - each.shape[0], *each.shape[1:]), padding_value)
            each = cat([each, filler] if padding_side == "right" else [filler, each])
        rows.append(each)
    return stack(rows, 0 if batch_first else 1)


def unpad_sequence(padded_sequences: Tensor, lengths: Tensor, batch_first: bool = False) -> list[Tensor]:
    """Undo `pad_sequence`: a list of tensors ``(L_i, *)``."""
    rows = padded_sequences if batch_first else padded_sequences.transpose(0, 1)
    return [row[: int(length)] for row, length in zip(rows.unbind(0), lengths.tolist(), strict=True)]


def pack_sequence(sequences: Sequence[Tensor], enforce_sorted: bool = True) -> PackedSequence:
    """Pack sequences ``(L_i, *)``; see `pack_padded_sequence`."""
    lengths = [each.shape[0] for each in sequences]
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """Undo `pack_sequence`: a list of tensors ``(L_i, *)``."""
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)


for _public in (
    PackedSequence,
    invert_permutation,
    pack_padded_sequence,
    pad_packed_sequence,
    pad_sequence,
    unpad_sequence,
    pack_sequence,
    unpack_sequence,
):
    _public.__module__ = "torchlike.nn.utils.rnn"
