"""``torch._dynamo.config``: `recompile_limit` and `disable` do what they say; the others are taken and change nothing."""

from __future__ import annotations

import contextlib
import sys
from types import ModuleType
from typing import Any

from torchlike._compile.options import settings as _settings

_ALIASES = {"cache_size_limit": "recompile_limit", "accumulated_cache_size_limit": "accumulated_recompile_limit"}
_values: dict[str, Any] = {
    "accumulated_recompile_limit": 256,
    "allow_rnn": False,
    "assume_static_by_default": True,
    "automatic_dynamic_shapes": True,
    "capture_dynamic_output_shape_ops": False,
    "capture_func_transforms": True,
    "capture_scalar_outputs": False,
    "compiled_autograd": False,
    "dynamic_shapes": True,
    "error_on_recompile": False,
    "fail_on_recompile_limit_hit": False,
    "force_parameter_static_shapes": True,
    "guard_nn_modules": True,
    "inline_inbuilt_nn_modules": True,
    "log_file_name": None,
    "numpy_default_float": "float64",
    "optimize_ddp": True,
    "replay_record_enabled": False,
    "skip_nnmodule_hook_guards": True,
    "specialize_float": False,
    "specialize_int": False,
    "suppress_errors": False,
    "trace_numpy": True,
    "verbose": False,
    "verify_correctness": False,
}


class _Config(ModuleType):
    """A module whose attributes are settings: it takes those that it knows."""

    def __getattr__(self, name: str) -> Any:
        name = _ALIASES.get(name, name)
        for known in (_settings, _values):
            if name in known:
                return known[name]
        raise AttributeError(f"{__name__}.{name} does not exist")

    def __setattr__(self, name: str, value: Any) -> None:
        name = _ALIASES.get(name, name)
        known = _settings if name in _settings else _values
        if name.startswith("__"):
            super().__setattr__(name, value)
        elif name in known:
            known[name] = value
        else:
            raise AttributeError(f"{__name__}.{name} does not exist")

    @staticmethod
    @contextlib.contextmanager
    def patch(changes: dict[str, Any] | str | None = None, value: Any = None, **more: Any):
        """Other settings within a block, or in a function that is decorated.

        Args:
            changes: the settings by name, or the name of one.
            value: of that one.
        """
        wanted = {**({changes: value} if isinstance(changes, str) else changes or {}), **more}
        own = sys.modules[__name__]
        before = {name: getattr(own, name) for name in wanted}
        try:
            for name, each in wanted.items():
                setattr(own, name, each)
            yield
        finally:
            for name, each in before.items():
                setattr(own, name, each)


sys.modules[__name__].__class__ = _Config
