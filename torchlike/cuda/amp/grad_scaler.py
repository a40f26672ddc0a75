"""``torch.cuda.amp.grad_scaler``: `torchlike.amp.GradScaler` on a GPU, by its old name."""

from __future__ import annotations

from torchlike.amp import grad_scaler as amp
from torchlike.amp.grad_scaler import OptState as OptState
from torchlike.cuda.amp.autocast_mode import _deprecated


class GradScaler(amp.GradScaler):
    """``torch.amp.GradScaler("cuda", ...)``; deprecated.

    Warns:
        FutureWarning: whenever one is made.
    """

    _depth = 3

    def __init__(
        self,
        init_scale: float = 2.0**16,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        enabled: bool = True,
    ) -> None:
        _deprecated("GradScaler", "GradScaler('cuda', args...)")
        super().__init__("cuda", init_scale, growth_factor, backoff_factor, growth_interval, enabled)
