"""``torch.backends.cpu``: what the processor can do."""

from __future__ import annotations

import platform

from numpy._core._multiarray_umath import __cpu_features__ as _features

_LEVELS = {"AVX512": ("AVX512F", "AVX512_SKX"), "AVX2": ("AVX2", "FMA3")}


def get_cpu_capability() -> str:
    """The widest instructions that it has: ``"AVX512"``, ``"AVX2"``, or ``"DEFAULT"`` for others."""
    if platform.machine() not in ("x86_64", "AMD64"):
        return "DEFAULT"
    return next((name for name, wanted in _LEVELS.items() if all(map(_features.get, wanted))), "DEFAULT")
