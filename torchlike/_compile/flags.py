"""What the library itself keeps for all calls and what a captured program depends on."""

from __future__ import annotations

from collections.abc import Callable

from torchlike._autocast import state as autocast
from torchlike._autograd.modes import state
from torchlike._programs.settings import settings
from torchlike._random import default
from torchlike._types import dtypes

# each tells of one more thing that must be as it was
readers: list[Callable[[], object]] = []
# collections that must be empty: hooks of all modules, of all optimizers
hooks: list = []


def read() -> tuple | None:
    """The flags as they are; None if nothing can be replayed now."""
    if settings.mode == "eager" or state.anomaly or any(hooks):
        return None
    flags = state.enabled, state.inference, settings.mode, dtypes.get_default_dtype(), default.engine, autocast.setting
    return (*flags, *[each() for each in readers]) if readers else flags
