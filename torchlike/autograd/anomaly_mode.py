"""Anomaly mode: a backward that gives NaN raises at once."""

from __future__ import annotations

import warnings

from torchlike._autograd.modes import state
from torchlike._autograd.saved import watch_nodes


class detect_anomaly:
    """Within the block, a derivative that gives NaN raises a RuntimeError that names its node.

    Args:
        check_nan: whether NaN is an error.
    """

    def __init__(self, check_nan: bool = True) -> None:
        self._new = True, check_nan
        warnings.warn(
            "Anomaly Detection has been enabled. This mode will increase the runtime and should only be enabled for "
            "debugging.",
            stacklevel=2,
        )
        watch_nodes()

    def __enter__(self) -> None:
        self._before = state.anomaly, state.check_nan
        state.anomaly, state.check_nan = self._new

    def __exit__(self, *exc: object) -> None:
        state.anomaly, state.check_nan = self._before


class set_detect_anomaly(detect_anomaly):
    """Switch anomaly mode on or off: a function or a context manager.

    Args:
        mode: True to switch it on.
        check_nan: whether NaN is an error.
    """

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        self._before = state.anomaly, state.check_nan
        state.anomaly, state.check_nan = mode, check_nan
        watch_nodes()

    def __enter__(self) -> None:
        pass


detect_anomaly.__module__ = set_detect_anomaly.__module__ = "torchlike.autograd.anomaly_mode"
