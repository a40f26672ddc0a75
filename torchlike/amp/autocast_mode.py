"""``torch.amp.autocast_mode``: autocast for a block, for a function, for a derivative of one's own."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from torchlike._autocast import state
from torchlike._autograd.variable import TensorBase
from torchlike._switches import autocast as switches
from torchlike._switches.autocast import is_autocast_available as is_autocast_available
from torchlike._types import devices, dtypes
from torchlike._types.public import publish as _publish

if TYPE_CHECKING:
    from types import TracebackType


def autocast_decorator(autocast_instance: autocast, func: Callable) -> Callable:
    """A function that runs within a block of autocast."""

    @functools.wraps(func)
    def decorate_autocast(*args: Any, **kwargs: Any):
        with autocast_instance:
            return func(*args, **kwargs)

    return decorate_autocast


class autocast:
    """A block, or a decorator, in which some operations cast their inputs: matrix products and convolutions to a lower
    precision, what needs it to float32.

    Operations on tensors of float64, in place, or with ``out=`` cast nothing.

    Args:
        device_type: the kind of device of the tensors that are cast, ``"cuda"`` or ``"cpu"``.
        dtype: the lower precision; by default float16 on a GPU, bfloat16 on the CPU.
        enabled: False switches it off within the block.
        cache_enabled: whether weights that were cast may be kept until the outermost block ends.

    Raises:
        RuntimeError: there is no such kind of device, or no autocast for it.
        ValueError: the kind is no string.

    Example:
        >>> with torch.autocast("cpu"):
        ...     torch.mm(torch.ones(2, 2), torch.ones(2, 2)).dtype
        torch.bfloat16
    """

    def __init__(
        self,
        device_type: str,
        dtype: dtypes.dtype | None = None,
        enabled: bool = True,
        cache_enabled: bool | None = None,
    ) -> None:
        if not isinstance(device_type, str):
            raise ValueError(f"Expected `device_type` of type `str`, got: `{type(device_type)}`")
        self.fast_dtype = switches.get_autocast_dtype(device_type) if dtype is None else dtype
        self.device = device_type
        if not is_autocast_available(device_type):
            raise RuntimeError(f"User specified an unsupported autocast device_type '{device_type}'")
        self._cache_enabled = state.is_cached if cache_enabled is None else cache_enabled
        why = _unsupported(device_type, self.fast_dtype) if enabled else None
        if why is not None:
            warnings.warn(why, stacklevel=2 + (type(self) is not autocast))
        self._enabled = enabled and why is None

    def __enter__(self):
        self.prev_cache_enabled = state.is_cached
        self.prev = switches.is_autocast_enabled(self.device)
        self.prev_fastdtype = switches.get_autocast_dtype(self.device)
        self._switch(self._enabled, self.fast_dtype, self._cache_enabled)
        switches.autocast_increment_nesting()
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> bool:
        switches.autocast_decrement_nesting()
        self._switch(self.prev, self.prev_fastdtype, self.prev_cache_enabled)
        return False

    def _switch(self, enabled: bool, dtype: dtypes.dtype | None, is_cached: bool) -> None:
        switches.set_autocast_enabled(self.device, enabled)
        switches.set_autocast_dtype(self.device, dtype)
        switches.set_autocast_cache_enabled(is_cached)

    def __call__(self, func: Callable) -> Callable:
        if not callable(func):
            raise TypeError(
                f"autocast()(func) requires a callable, but got {type(func).__name__}. Did you mean to use autocast as a "
                "context manager? For example:\n    with torch.autocast(device_type=...):\n        output = model(input)"
            )
        return autocast_decorator(self, func)


def _unsupported(kind: str, dtype: dtypes.dtype) -> str | None:
    """Why autocast stays off."""
    if kind == "cuda":
        return (
            None
            if devices.jax_devices("cuda")
            else "CUDA is not available or torch_xla is imported. Disabling autocast."
        )
    if dtype in dtypes.HALVES:
        return None
    return (
        f"In {kind.upper()} autocast, but the target dtype is not supported. Disabling autocast.\n{kind.upper()} Autocast "
        "only supports dtypes of torch.bfloat16, torch.float16 currently."
    )


# ---------------------------------------------------------------------- derivatives of one's own


def custom_fwd(fwd: Any = None, *, device_type: str, cast_inputs: dtypes.dtype | None = None) -> Any:
    """Make the ``forward`` of a `torch.autograd.Function` know of autocast.

    Args:
        device_type: the kind of device.
        cast_inputs: where autocast is on, the dtype that floating point inputs are cast to; `fwd` runs with it off then.

    Raises:
        ValueError: the kind is no string.
    """
    _check_kind(device_type)
    if fwd is None:
        return functools.partial(custom_fwd, device_type=device_type, cast_inputs=cast_inputs)

    @functools.wraps(fwd)
    def decorate_fwd(*args: Any, **kwargs: Any):
        ctx, is_on = args[0], switches.is_autocast_enabled(device_type)
        ctx._dtype = switches.get_autocast_dtype(device_type)
        ctx._fwd_used_autocast = is_on and cast_inputs is None
        if cast_inputs is None or not is_on:
            return fwd(*args, **kwargs)
        with autocast(device_type=device_type, enabled=False):
            return fwd(*_cast(args, device_type, cast_inputs), **_cast(kwargs, device_type, cast_inputs))

    return decorate_fwd


def custom_bwd(bwd: Any = None, *, device_type: str) -> Any:
    """Let the ``backward`` of a `torch.autograd.Function` run with autocast as its ``forward`` did.

    Raises:
        ValueError: the kind is no string.
    """
    _check_kind(device_type)
    if bwd is None:
        return functools.partial(custom_bwd, device_type=device_type)

    @functools.wraps(bwd)
    def decorate_bwd(*args: Any, **kwargs: Any):
        with autocast(device_type=device_type, enabled=args[0]._fwd_used_autocast, dtype=args[0]._dtype):
            return bwd(*args, **kwargs)

    return decorate_bwd


def _check_kind(device_type: Any) -> None:
    if not isinstance(device_type, str):
        raise ValueError(f"Expected `device_type` of type `str`, got: `{type(device_type)}`")


def _cast(value: Any, kind: str, dtype: dtypes.dtype) -> Any:
    """Floating point tensors of a kind of device in another dtype, in containers too; float64 stays."""
    if isinstance(value, TensorBase):
        aval = value._aval
        fits = aval.dtype.is_floating_point and aval.device.type == kind and aval.dtype is not dtypes.float64
        return value.to(dtype) if fits else value
    if isinstance(value, (str, bytes, np.ndarray)):
        return value
    if isinstance(value, Mapping):
        return {_cast(key, kind, dtype): _cast(each, kind, dtype) for key, each in value.items()}
    if isinstance(value, Iterable):
        parts = (_cast(each, kind, dtype) for each in value)
        return type(value)(parts) if isinstance(value, (list, tuple)) else parts
    return value


_publish(globals())
