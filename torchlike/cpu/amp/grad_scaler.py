"""``torch.cpu.amp.grad_scaler``: `torchlike.amp.GradScaler` on the CPU, by its old name."""

from __future__ import annotations

import warnings

from torchlike.amp import grad_scaler as amp


class GradScaler(amp.GradScaler):
    """``torch.amp.GradScaler("cpu", ...)``; deprecated.

    Warns:
        FutureWarning: whenever one is made.
    """

    def __init__(
        self,
        init_scale: float = 2.0**16,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        enabled: bool = True,
    ) -> None:
        warnings.warn(
            "`torch.cpu.amp.GradScaler(args...)` is deprecated. Please use `torch.amp.GradScaler('cpu', args...)` instead.",
            FutureWarning,
            stacklevel=2,
        )
        super().__init__("cpu", init_scale, growth_factor, backoff_factor, growth_interval, enabled)
