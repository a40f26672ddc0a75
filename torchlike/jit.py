"""``torch.jit``: as PyTorch's with ``PYTORCH_JIT=0``, where functions stay the Python that they are.

What is recorded is compiled anyway. There are no graphs to look at, to save or to load, and none of the names for it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, TypeVar
from typing import Final as Final

from torchlike._types.public import publish as _publish
from torchlike.nn import Module

_Fn = TypeVar("_Fn", bound=Callable)


def script(
    obj: Any,
    optimize: bool | None = None,
    _frames_up: int = 0,
    _rcb: Any = None,
    example_inputs: Any = None,
):
    """The function, class or module as it is."""
    return obj


def script_method(fn: _Fn) -> _Fn:
    """The method as it is."""
    return fn


def script_if_tracing(fn: _Fn) -> _Fn:
    """The function as it is."""
    return fn


class ScriptModule(Module):
    """A `Module`: the base of modules that were written for ``torch.jit``."""


def export(fn: _Fn) -> _Fn:
    """The method as it is: PyTorch's compiler would be told to compile it, too."""
    return fn


def ignore(drop: Any = False, **kwargs: Any):
    """The function as it is: PyTorch's compiler would be told to leave it as Python.

    Args:
        drop: the function; or whether calling it would be an error, for use as ``@ignore(drop=True)``.

    Raises:
        RuntimeError: `drop` is neither.
    """
    if callable(drop):
        return drop
    if not isinstance(drop, bool):
        raise RuntimeError(f"Argument to @torch.jit.ignore must be a bool or a function but got {drop}")
    on_export = kwargs.pop("drop_on_export", None)
    if on_export or drop:
        warnings.warn(
            f"ignore({'drop_on_export=True' if on_export else True}) has been deprecated. TorchScript will now drop the "
            "function call on compilation. Use torch.jit.unused now. {}",
            FutureWarning,
            stacklevel=2,
        )
    return lambda fn: fn


def unused(fn: _Fn) -> _Fn:
    """The function as it is: PyTorch's compiler would be told to leave it out."""
    return fn


def annotate(the_type: Any, the_value: Any):
    """The value: PyTorch's compiler would be told its type."""
    return the_value


def is_scripting() -> bool:
    """Whether this runs as a compiled script: no."""
    return False


def is_tracing() -> bool:
    """Whether this is being traced: no."""
    return False


_publish(globals())
