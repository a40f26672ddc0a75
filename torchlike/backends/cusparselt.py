"""``torch.backends.cusparselt``: NVIDIA's library for sparse matrices, which is not used."""

from __future__ import annotations


def is_available() -> bool:
    """Whether it is used: no."""
    return False


def version() -> None:
    """Its version: none."""


def get_max_alg_id() -> None:
    """Its number of algorithms: none."""
