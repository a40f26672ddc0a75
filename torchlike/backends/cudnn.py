"""``torch.backends.cudnn``: settings that are kept, and change nothing: XLA chooses its kernels itself."""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torchlike.tensor import Tensor

enabled = True
benchmark = False
benchmark_limit: int | None = None
deterministic = False
allow_tf32 = True


def is_available() -> bool:
    """Whether cuDNN is used: XLA has its own way to it."""
    return False


def version() -> None:
    """The version of cuDNN: none."""
    return None


def is_acceptable(tensor: Tensor) -> bool:
    """Whether cuDNN would take a tensor: it takes none."""
    return False


@contextlib.contextmanager
def flags(
    enabled: bool = False,
    benchmark: bool = False,
    benchmark_limit: int = 10,
    deterministic: bool = False,
    allow_tf32: bool = True,
) -> Generator[None]:
    """Within the block the settings are these."""
    given = {"enabled": enabled, "benchmark": benchmark, "deterministic": deterministic, "allow_tf32": allow_tf32}
    before = {name: globals()[name] for name in given}
    globals().update(given)
    try:
        yield
    finally:
        globals().update(before)
