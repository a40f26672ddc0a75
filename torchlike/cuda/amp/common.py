"""``torch.cuda.amp.common``: whether there is anything to cast on."""

from __future__ import annotations

from torchlike._types import devices


def amp_definitely_not_available() -> bool:
    """Whether there is no GPU."""
    return not devices.jax_devices("cuda")
