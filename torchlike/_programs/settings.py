"""The few settings of the mechanism, read from the environment once, changeable at run time."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib.util
import os
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

import jax

MODES = ("auto", "eager", "whole")


class Settings:
    """How recorded operations run.

    Attributes:
        mode: ``"auto"`` compiles whole what ends a step or comes again, and runs the rest op by op; ``"eager"``
            runs each op at once, to debug; ``"whole"`` compiles every flush whole. ``TORCHLIKE_MODE``.
        max_nodes: pending operations after which the recorder cuts by itself. ``TORCHLIKE_MAX_NODES``.
        max_bytes: live recorded bytes after which it cuts. ``TORCHLIKE_MAX_BYTES``.
        traceback: ``"short"`` ends an error's traceback at the user's line, ``"full"`` shows our own frames, too.
            ``TORCHLIKE_TRACEBACK``.
        tell_after: seconds after which it is said on stderr that something is being compiled; 0 for never.
            ``TORCHLIKE_TELL_AFTER``.
        on_change: called when the mode has changed.
    """

    def __init__(self) -> None:
        self.mode = _checked(os.environ.get("TORCHLIKE_MODE", "auto"))
        self.max_nodes = int(os.environ.get("TORCHLIKE_MAX_NODES", "1000"))
        self.max_bytes = int(os.environ.get("TORCHLIKE_MAX_BYTES", str(2**30)))
        self.traceback = os.environ.get("TORCHLIKE_TRACEBACK", "short")
        self.tell_after = float(os.environ.get("TORCHLIKE_TELL_AFTER", "3"))
        self.on_change: list[Callable[[], None]] = []

    def choose(self, mode: str) -> None:
        """Change the mode, and tell who follows it."""
        self.mode = _checked(mode)
        for follow in self.on_change:
            follow()


def _checked(mode: str) -> str:
    if mode not in MODES:
        raise ValueError(f"mode={mode!r} is none of {', '.join(MODES)}")
    return mode


settings = Settings()


@contextlib.contextmanager
def execution_mode(name: str) -> Iterator[None]:
    """Run what is recorded within the block in one of the three modes.

    Args:
        name: ``"auto"``, ``"eager"`` or ``"whole"``; see `Settings`.

    Raises:
        ValueError: `name` is none of these.

    Example:
        >>> with execution_mode("eager"):
        ...     pass
    """
    before = settings.mode
    settings.choose(name)
    try:
        yield
    finally:
        settings.choose(before)


execution_mode.__module__ = "torchlike"


def configure_jax() -> None:
    """Switch on 64-bit types and the persistent compilation cache."""
    jax.config.update("jax_enable_x64", True)
    if any(importlib.util.find_spec(f"jax_cuda{version}_plugin") for version in (12, 13)):
        # a tensor is on the CPU unless it was moved
        jax.config.update("jax_default_device", jax.local_devices(backend="cpu")[0])
    folder = os.environ.get("TORCHLIKE_CACHE_DIR")
    if folder is None:
        folder = _default_folder()
    if folder and not os.environ.get("JAX_COMPILATION_CACHE_DIR"):
        jax.config.update("jax_compilation_cache_dir", folder)
    if folder:
        # a small program costs as much to lower as to load: keep every one of them
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
        jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


def _default_folder() -> str:
    try:
        return str(Path.home() / ".cache" / "torchlike")
    except RuntimeError:  # a user who has no home: nothing is kept
        return ""


def choose_convolutions() -> None:
    """Keep XLA from handing the CPU's convolutions without padding to YNNPACK, its default since 0.10.

    Measured on 2 cores, NHWC, batch 64: 3x3 on 26x26, 32 to 64 channels: 11.6 ms there, 3.9 ms in XLA's own code, the
    weight's gradient 12.4 and 5.9 ms; 64 to 32 channels: 48 and 4.5 ms. A step of the classic MNIST ConvNet takes 36.8
    and 25.7 ms, and 25.7 ms in PyTorch 2.13.

    XLA ends the process at a flag that it does not know: so this goes by its version.
    """
    flag = "--xla_cpu_experimental_ynn_fusion_type"
    flags = os.environ.get("XLA_FLAGS", "")
    if version("jaxlib").startswith("0.10.") and flag not in flags:
        os.environ["XLA_FLAGS"] = f"{flags} {flag}=-LIBRARY_FUSION_TYPE_INDIVIDUAL_CONVOLUTION".strip()


def keep_memory() -> None:
    """Tell glibc to keep freed memory: XLA takes its buffers anew at each run, and every page would fault.

    All of it lies in one arena. A thread's own holds 64 MiB at most; what is larger, as most programs' temporaries are,
    is mapped anew, whatever else was said: 72,000 faults in a step of a ResNet-18, 31,000 in one of a small GPT.

    ``TORCHLIKE_KEEP_MEMORY=0`` leaves the allocator as it is.
    """
    if os.environ.get("TORCHLIKE_KEEP_MEMORY", "1") == "0" or not sys.platform.startswith("linux"):
        return
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return  # another C library: its allocator has its own rules
    trim_threshold, top_pad, mmap_max, arena_max = -1, -2, -4, -8
    mallopt(arena_max, 1)
    mallopt(mmap_max, 0)
    mallopt(trim_threshold, 2**31 - 1)
    mallopt(top_pad, 64 * 2**20)


def freeze_imports() -> None:
    """Keep Python's garbage collector from going through what the imports have made, which lives as long as the process.

    JAX alone makes 100,000 objects: with them one full collection takes 90 ms, without them 20 ms, and a program that
    records much runs several in its first seconds.
    """
    gc.freeze()
