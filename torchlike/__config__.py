"""``torch.__config__``: what the library is made of."""

from __future__ import annotations

import sys
from importlib.metadata import version

from torchlike._functions.threads import get_num_interop_threads, get_num_threads
from torchlike.version import __version__


def show() -> str:
    """What computes, and in which versions."""
    parts = ["jax", "jaxlib", "numpy", "optax"]
    rows = [f"Python {sys.version.split()[0]}", *(f"{each} {version(each)}" for each in parts)]
    return f"torchlike, as PyTorch {__version__}, on:\n" + "".join(f"  - {row}\n" for row in rows)


def parallel_info() -> str:
    """How many threads compute."""
    return (
        f"ATen/Parallel:\n\tat::get_num_threads() : {get_num_threads()}\n"
        f"\tat::get_num_interop_threads() : {get_num_interop_threads()}\nATen parallel backend: XLA\n"
    )
