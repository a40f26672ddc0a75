"""``torch.cpu.amp.autocast_mode``: autocast on the CPU, by its old name."""

from __future__ import annotations

import warnings

from torchlike._types import dtypes
from torchlike.amp import autocast_mode as amp


class autocast(amp.autocast):
    """``torch.amp.autocast("cpu", ...)``; deprecated.

    Warns:
        FutureWarning: whenever one is made.
    """

    def __init__(
        self, enabled: bool = True, dtype: dtypes.dtype | None = dtypes.bfloat16, cache_enabled: bool = True
    ) -> None:
        warnings.warn(
            "`torch.cpu.amp.autocast(args...)` is deprecated. Please use `torch.amp.autocast('cpu', args...)` instead.",
            FutureWarning,
            stacklevel=2,
        )
        super().__init__("cpu", dtype=dtype, enabled=enabled, cache_enabled=cache_enabled)
