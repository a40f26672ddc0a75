"""``torch.cuda.amp.autocast_mode``: autocast on a GPU, by its old name."""

from __future__ import annotations

import functools
import warnings
from typing import Any

from torchlike._types import dtypes
from torchlike.amp import autocast_mode as amp


def _deprecated(name: str, instead: str) -> None:
    warnings.warn(
        f"`torch.cuda.amp.{name}(args...)` is deprecated. Please use `torch.amp.{instead}` instead.",
        FutureWarning,
        stacklevel=3,
    )


class autocast(amp.autocast):
    """``torch.amp.autocast("cuda", ...)``; deprecated.

    Warns:
        FutureWarning: whenever one is made.
    """

    def __init__(
        self, enabled: bool = True, dtype: dtypes.dtype | None = dtypes.float16, cache_enabled: bool = True
    ) -> None:
        _deprecated("autocast", "autocast('cuda', args...)")
        super().__init__("cuda", dtype=dtype, enabled=enabled, cache_enabled=cache_enabled)


def custom_fwd(fwd: Any = None, *, cast_inputs: dtypes.dtype | None = None) -> Any:
    """`torchlike.amp.custom_fwd` for a GPU; deprecated."""
    _deprecated("custom_fwd", "custom_fwd(args..., device_type='cuda')")
    return functools.partial(amp.custom_fwd, device_type="cuda")(fwd, cast_inputs=cast_inputs)


def custom_bwd(bwd: Any = None) -> Any:
    """`torchlike.amp.custom_bwd` for a GPU; deprecated."""
    _deprecated("custom_bwd", "custom_bwd(args..., device_type='cuda')")
    return functools.partial(amp.custom_bwd, device_type="cuda")(bwd)
