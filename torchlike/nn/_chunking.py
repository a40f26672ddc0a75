"""Settings of `torch.nn.functional.linear_cross_entropy`."""

from __future__ import annotations

import dataclasses
from typing import Literal

from torchlike._types import devices, dtypes

_HALVES = (dtypes.float16, dtypes.bfloat16)
_WIDTHS = (*_HALVES, dtypes.float32, dtypes.float64)


@dataclasses.dataclass(frozen=True)
class LinearCrossEntropyOptions:
    """How PyTorch's kernel works through a batch in chunks. Here XLA decides what is kept; `acc_dtype` is heeded.

    Attributes:
        allow_retain_graph: whether its gradients may be asked for twice.
        batch_chunk_size: rows in a chunk.
        chunking_method: how many that are otherwise: ``"auto"``, ``"aspect_ratio"``, ``"aspect_ratio:N"`` or None.
        acc_policy: what it keeps in `acc_dtype`: ``"auto"``, ``"accurate"``, ``"balanced"`` or ``"compact"``.
        acc_dtype: the dtype within; float32 for halves by default, if the policy is ``"auto"``.

    Raises:
        ValueError: a setting is none that there is.
    """

    allow_retain_graph: bool = False
    batch_chunk_size: int | None = None
    chunking_method: str | None = "auto"
    acc_policy: Literal["accurate", "balanced", "compact", "auto"] = "auto"
    acc_dtype: dtypes.dtype | None = None

    def __post_init__(self) -> None:
        if self.acc_policy not in ("auto", "accurate", "balanced", "compact"):
            raise ValueError(f"invalid acc_policy: {self.acc_policy!r}")
        if self.chunking_method not in (None, "auto"):
            name, colon, factor = self.chunking_method.partition(":")
            if name != "aspect_ratio" or colon and not (factor.isdigit() and int(factor) > 0):
                raise ValueError(f"invalid chunking_method: {self.chunking_method!r}")
        size = self.batch_chunk_size
        if size is not None and not (isinstance(size, int) and size > 0):
            raise ValueError(f"batch_chunk_size must be positive int or None, got {size!r}")
        if self.acc_dtype is not None and self.acc_dtype not in _WIDTHS:
            raise ValueError(
                "acc_dtype must be one of {None, torch.float16, torch.bfloat16, torch.float32, torch.float64}, got "
                f"{self.acc_dtype!r}. Pass acc_dtype=None to let the op pick automatically."
            )

    def _adjust(
        self, num_batches: int, in_features: int, num_classes: int, dtype: dtypes.dtype, device: devices.device
    ) -> LinearCrossEntropyOptions:
        """The settings for an input, without ``"auto"`` and None.

        Raises:
            ValueError: two of them contradict each other.
        """
        on_cpu = dtype in _HALVES and device.type == "cpu"
        policy = ("accurate" if on_cpu else "compact") if self.acc_policy == "auto" else self.acc_policy
        method = self.chunking_method
        if method == "auto":
            method = None if self.batch_chunk_size is not None else "aspect_ratio" if on_cpu else "aspect_ratio:2"
        size = num_batches if self.batch_chunk_size is None else min(self.batch_chunk_size, num_batches)
        if method is not None:
            rows = -(-num_batches // -(-num_classes // in_features))
            size = min((1 << (rows - 1).bit_length()) // int(method.partition(":")[2] or 1), num_batches)
            if self.batch_chunk_size not in (None, size):
                raise ValueError(
                    f"batch_chunk_size (={self.batch_chunk_size}) and chunking_method ('{method}') give different chunk "
                    f"sizes ({self.batch_chunk_size} vs {size}); pass only one."
                )
        wide = self.acc_dtype
        if wide is None:
            wide = dtypes.float32 if self.acc_policy == "auto" and dtype in _HALVES else dtype
        return dataclasses.replace(
            self, acc_policy=policy, chunking_method=method, batch_chunk_size=max(1, size), acc_dtype=wide
        )
