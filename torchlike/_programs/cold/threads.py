"""One thread for NumPy's products: those here are small, and a second thread that must be waited for takes far longer.

Where other processes keep the cores busy, OpenBLAS's own threads made a step of a small network ten times as slow.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController


@cache
def _libraries() -> list[Any]:
    return ThreadpoolController().select(user_api="blas").lib_controllers


class OneThread:
    """Within it BLAS has one thread."""

    def __enter__(self) -> None:
        self._before = [each.get_num_threads() for each in _libraries()]
        for each in _libraries():
            each.set_num_threads(1)

    def __exit__(self, *_) -> None:
        for each, count in zip(_libraries(), self._before, strict=True):
            each.set_num_threads(count)
