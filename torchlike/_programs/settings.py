"""The few settings of the mechanism, read from the environment once, changeable at run time."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import gc
import importlib.util
import os
import sys
import threading
from collections.abc import Callable, Generator
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

import jax
from jax.experimental.compilation_cache.compilation_cache import reset_cache

from torchlike._programs.marks import breaks_capture
from torchlike._types.places import HOST, Place

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

    @breaks_capture
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
def execution_mode(name: str) -> Generator[None]:
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


# ---------------------------------------------------------------------- JAX's settings, for us alone

R = TypeVar("R")
HAS_GPU = any(importlib.util.find_spec(f"jax_cuda{number}_plugin") for number in (12, 13))


def ours(place: Place = HOST) -> contextlib.AbstractContextManager[Any]:
    """JAX as the package needs it, in a block of this thread that traces, compiles or runs: with types of 64 bits.

    What is made of nothing lies at the place, products beside a GPU are those of float32. The user's own JAX goes on as
    he has set it.
    """
    return jax.enable_x64(True) if place.is_host and not HAS_GPU else _at(place)


def call_ours(place: Place, do: Callable[..., R], *args: Any) -> R:
    """Call a function in a block of `ours`: in a fifth of the time, and whatever exception comes, JAX is set back."""
    if HAS_GPU or not place.is_host:
        with _at(place):
            return do(*args)
    before = jax.enable_x64.swap_local(True)
    try:
        return do(*args)
    finally:
        jax.enable_x64.set_local(before)


@contextlib.contextmanager
def _at(place: Place) -> Generator[None]:
    device = _cpu() if place.is_host else place.jax_device
    with jax.enable_x64(True), jax.default_device(device), jax.default_matmul_precision("float32"):
        yield


@functools.cache
def _cpu() -> Any:
    return jax.local_devices(backend="cpu")[0]


def put(array: Any, target: Any = None, place: Place = HOST, copies: bool = False) -> jax.Array:
    """`jax.device_put` that leaves dtypes as they are.

    Args:
        target: a JAX device or sharding; where JAX puts arrays by itself at this place, if there is none.
        copies: whether the array gets memory of its own.
    """
    with ours(place):
        return jax.device_put(array, target, may_alias=False if copies else None)


@contextlib.contextmanager
def tracing() -> Generator[None]:
    """`ours`, and arithmetic as our operations are written for it, whatever the user has made of it."""
    with ours(), jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        yield


def _compiler_options() -> dict[str, str] | None:
    """Keep XLA from handing the CPU's convolutions without padding to YNNPACK, its default since 0.10.

    Measured on 2 cores, NHWC, batch 64: 3x3 on 26x26, 32 to 64 channels: 11.6 ms there, 3.9 ms in XLA's own code, the
    weight's gradient 12.4 and 5.9 ms; 64 to 32 channels: 48 and 4.5 ms. A step of the classic MNIST ConvNet takes 36.8
    and 25.7 ms, and 25.7 ms in PyTorch 2.13. Products and sums stay there: without the sums a GPT's step takes 7 % longer.

    XLA refuses an option that it does not know: so this goes by its version.
    """
    name = "xla_cpu_experimental_ynn_fusion_type"
    if not version("jaxlib").startswith("0.10.") or name in os.environ.get("XLA_FLAGS", ""):
        return None
    return {name: "LIBRARY_FUSION_TYPE_INDIVIDUAL_DOT,LIBRARY_FUSION_TYPE_REDUCE"}


COMPILER_OPTIONS = _compiler_options()


def _default_folder() -> str:
    try:
        return str(Path.home() / ".cache" / "torchlike")
    except RuntimeError:  # a user who has no home: nothing is kept
        return ""


def _cache_settings() -> dict[str, Any]:
    """Where compiled programs are kept: all of them, since a small one costs as much to lower as to load."""
    folder = os.environ.get("TORCHLIKE_CACHE_DIR")
    if folder is None:
        folder = _default_folder()
    if not folder:
        return {}
    return {
        "jax_compilation_cache_dir": folder,
        "jax_persistent_cache_min_compile_time_secs": 0.0,
        "jax_persistent_cache_min_entry_size_bytes": -1,
    }


_CACHE = _cache_settings()
_cache_lock = threading.RLock()


@contextlib.contextmanager
def cached(place: Place = HOST) -> Generator[None]:
    """`ours` for a block that compiles: programs are kept in our folder, unless the user has one of his own.

    JAX has one folder for the process, and opens it once: so the settings are changed for as long as the block takes.
    """
    with ours(place):
        if not _CACHE or jax.config.jax_compilation_cache_dir is not None:
            yield
            return
        with _cache_lock:
            before = {name: getattr(jax.config, name) for name in _CACHE}
            _set_cache(_CACHE)
            try:
                yield
            finally:
                _set_cache(before)


def _set_cache(values: dict[str, Any]) -> None:
    for name, value in values.items():
        jax.config.update(name, value)
    reset_cache()


# ---------------------------------------------------------------------- the process


def keep_memory() -> None:
    """Tell glibc to keep freed memory: XLA takes its buffers anew at each run, and every page would fault.

    All of it lies in one arena. A thread's own holds 64 MiB at most; what is larger, as most programs' temporaries are,
    is mapped anew, whatever else was said: 72,000 faults in a step of a ResNet-18, 31,000 in one of a small GPT.

    ``TORCHLIKE_KEEP_MEMORY=0`` leaves the allocator as it is, and so do settings of the user's own.
    """
    asked = os.environ.get("TORCHLIKE_KEEP_MEMORY", "1") != "0" and sys.platform.startswith("linux")
    if not asked or any(name.startswith("MALLOC_") or name == "GLIBC_TUNABLES" for name in os.environ):
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


def freeze_imports(before: int, collects: bool) -> None:
    """Keep Python's garbage collector from going through what the imports have made, which lives as long as the process.

    JAX alone makes 100,000 objects: with them one full collection takes 90 ms, without them 20 ms, and a program that
    records much runs several in its first seconds.

    What was there before would be kept, too: so nothing is frozen if that is much, or if the user has changed the
    collector himself. ``TORCHLIKE_FREEZE=0`` freezes nothing.

    Args:
        before: how many objects there were before the imports.
        collects: whether the collector was on; so it is again.
    """
    untouched = collects and not gc.get_freeze_count() and gc.get_threshold() == _THRESHOLD
    if untouched and before < MANY and os.environ.get("TORCHLIKE_FREEZE", "1") != "0":
        gc.freeze()
    if collects:
        gc.enable()


_THRESHOLD = (700, 10, 10) if sys.version_info < (3, 12) else gc.get_threshold()  # Python's own
MANY = 250_000  # objects: JAX's and some libraries' more
