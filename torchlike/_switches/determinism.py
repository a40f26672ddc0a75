"""Determinism and precision: switches that allow PyTorch to be quicker, or forbid it to be different each time.

Here the same program gives the same bits each time, and float32 is multiplied as float32; so these are remembered, and
nothing else need follow.
"""

from __future__ import annotations

import warnings

_MODES = {"default": 0, "warn": 1, "error": 2}
_PRECISIONS = ("highest", "high", "medium")


class _State:
    """What the program has set."""

    debug_mode = 0
    precision = "highest"


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Ask for the same results each time.

    Args:
        mode: whether to.
        warn_only: whether PyTorch would warn, rather than raise an error, where it cannot.

    Raises:
        TypeError: `mode` or `warn_only` is no bool.

    Example:
        >>> torch.use_deterministic_algorithms(True)
        >>> torch.are_deterministic_algorithms_enabled()
        True
        >>> torch.use_deterministic_algorithms(False)
    """
    for place, (name, given) in enumerate((("mode", mode), ("warn_only", warn_only))):
        if not isinstance(given, bool):
            at = "" if place else " (position 1)"
            raise TypeError(
                f"_set_deterministic_algorithms(): argument '{name}'{at} must be bool, not {type(given).__name__}"
            )
    _State.debug_mode = (1 if warn_only else 2) if mode else 0


def are_deterministic_algorithms_enabled() -> bool:
    """Whether `use_deterministic_algorithms` asked for the same results each time.

    Example:
        >>> torch.are_deterministic_algorithms_enabled()
        False
    """
    return _State.debug_mode > 0


def is_deterministic_algorithms_warn_only_enabled() -> bool:
    """Whether it asked for warnings rather than errors.

    Example:
        >>> torch.is_deterministic_algorithms_warn_only_enabled()
        False
    """
    return _State.debug_mode == 1


def set_deterministic_debug_mode(debug_mode: int | str) -> None:
    """`use_deterministic_algorithms` by a number or a name: 0 ``"default"``, 1 ``"warn"``, 2 ``"error"``.

    Raises:
        TypeError: it is neither.
        RuntimeError: it is another.

    Example:
        >>> torch.set_deterministic_debug_mode("warn")
        >>> torch.get_deterministic_debug_mode()
        1
        >>> torch.set_deterministic_debug_mode("default")
    """
    if not isinstance(debug_mode, (int, str)):
        raise TypeError(f"debug_mode must be str or int, but got {type(debug_mode)}")
    if isinstance(debug_mode, str):
        if debug_mode not in _MODES:
            raise RuntimeError(
                f"invalid value of debug_mode, expected one of `default`, `warn`, `error`, but got {debug_mode}"
            )
        debug_mode = _MODES[debug_mode]
    if debug_mode not in (0, 1, 2):
        raise RuntimeError(f"invalid value of debug_mode, expected 0, 1, or 2, but got {debug_mode}")
    _State.debug_mode = debug_mode


def get_deterministic_debug_mode() -> int:
    """0, 1 or 2; see `set_deterministic_debug_mode`.

    Example:
        >>> torch.get_deterministic_debug_mode()
        0
    """
    return _State.debug_mode


def set_float32_matmul_precision(precision: str) -> None:
    """Allow products of float32 to be less precise: ``"highest"``, ``"high"``, ``"medium"``. They are not.

    Raises:
        RuntimeError: it is no text.

    Example:
        >>> torch.set_float32_matmul_precision("high")
        >>> torch.get_float32_matmul_precision()
        'high'
        >>> torch.set_float32_matmul_precision("highest")
    """
    if not isinstance(precision, str):
        raise RuntimeError(f"set_float32_matmul_precision expects a str, but got {type(precision).__name__}")
    if precision not in _PRECISIONS:
        warnings.warn(
            f"{precision} is not one of 'highest', 'high', or 'medium'; the currentsetFloat32MatmulPrecision call has no "
            "effect.",
            stacklevel=2,
        )
        return
    _State.precision = precision


def get_float32_matmul_precision() -> str:
    """How precise products of float32 must be; see `set_float32_matmul_precision`.

    Example:
        >>> torch.get_float32_matmul_precision()
        'highest'
    """
    return _State.precision
