"""``torch._C``: what programs take from PyTorch's C++ part by its private name."""

from __future__ import annotations

from torchlike._overrides import TorchFunctionState as _TorchFunctionState
from torchlike._overrides import disabled as _disabled_torch_function_impl
from torchlike._overrides import state as _state
from torchlike.overrides import has_torch_function as _has_torch_function
from torchlike.overrides import has_torch_function_unary as _has_torch_function_unary
from torchlike.overrides import has_torch_function_variadic as _has_torch_function_variadic


class _Level:
    """A block in which less of ``__torch_function__`` is heard.

    Attributes:
        level: how much.
    """

    level: _TorchFunctionState

    def __enter__(self) -> None:
        self._before, _state.level = _state.level, self.level

    def __exit__(self, *exc: object) -> None:
        _state.level = self._before


class DisableTorchFunctionSubclass(_Level):
    """A block in which subclasses of `Tensor` override nothing; modes still do."""

    level = _TorchFunctionState.SUBCLASSES_DISABLED


class DisableTorchFunction(_Level):
    """A block in which nobody overrides anything."""

    level = _TorchFunctionState.ALL_DISABLED


class _EnableTorchFunction(_Level):
    """A block in which overrides are heard again."""

    level = _TorchFunctionState.ENABLED


def _is_torch_function_enabled() -> bool:
    """Whether subclasses override functions."""
    return _state.level is _TorchFunctionState.ENABLED


def _is_torch_function_all_disabled() -> bool:
    """Whether nobody does."""
    return _state.level is _TorchFunctionState.ALL_DISABLED


def _is_torch_function_mode_enabled() -> bool:
    """Whether a mode does."""
    return bool(_state.modes) and _state.level is not _TorchFunctionState.ALL_DISABLED


def _get_torch_function_state() -> _TorchFunctionState:
    """How much is heard."""
    return _state.level


def _set_torch_function_state(state: _TorchFunctionState) -> None:
    """Set how much is heard."""
    _state.level = state


def _len_torch_function_stack() -> int:
    """How many modes there are."""
    return len(_state.modes)


def _get_function_stack_at(place: int):
    """The mode at a place, the outermost first."""
    return _state.modes[place]
