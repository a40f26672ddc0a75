"""Grad modes, a flag for each thread: ``no_grad``, ``enable_grad``, ``inference_mode``, ``set_grad_enabled``."""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast, overload

F = TypeVar("F", bound=Callable[..., Any])


class _State(threading.local):
    enabled: bool | None = True  # None in inference mode
    inference = False
    anomaly = False
    check_nan = True
    saved_hooks: tuple = ()  # pairs (pack, unpack), the innermost last
    no_saved_hooks: str | None = None  # why there may be none
    allows_mutation = False
    collectors: tuple = ()  # called with each new node
    run: Any = None  # the walk of the tape that is going on


state = _State()


def is_grad_enabled() -> bool:
    """Whether operations are recorded for differentiation in this thread.

    Example:
        >>> with torch.no_grad():
        ...     torch.is_grad_enabled()
        False
    """
    return bool(state.enabled)


def is_inference_mode_enabled() -> bool:
    """Whether `inference_mode` is on in this thread.

    Example:
        >>> with torch.inference_mode():
        ...     torch.is_inference_mode_enabled()
        True
    """
    return state.inference


class _Mode:
    """A context manager that is a decorator too, for functions and for generators."""

    if TYPE_CHECKING:

        def __enter__(self) -> Any:
            """Set the mode."""

        def __exit__(self, *exc: Any) -> None:
            """Put back what was there."""

    def __call__(self, fn: F) -> F:
        if inspect.isclass(fn):
            fn.__init__ = self(fn.__init__)
            return cast(F, fn)
        if inspect.isgeneratorfunction(fn):
            return cast(F, self._decorate_generator(fn))

        @functools.wraps(fn)
        def wrapped(*args: Any, **kwargs: Any):
            with self.clone():
                return fn(*args, **kwargs)

        return cast(F, wrapped)

    def _decorate_generator(self, fn: Any):
        """The mode holds while the generator runs, not while its caller does."""

        @functools.wraps(fn)
        def wrapped(*args: Any, **kwargs: Any):
            generator = fn(*args, **kwargs)
            resume = functools.partial(next, generator)
            while True:
                try:
                    with self.clone():
                        got = resume()
                except StopIteration as end:
                    return end.value
                try:
                    resume = functools.partial(generator.send, (yield got))
                except GeneratorExit:
                    with self.clone():
                        generator.close()
                    raise
                except BaseException as error:
                    resume = functools.partial(generator.throw, error)

        return wrapped

    def clone(self):
        """A fresh manager of the same mode: one object may decorate and nest."""
        return type(self)()


class _Switch(_Mode):
    """Sets the flag on entry and puts back what was there on exit."""

    _enables = False

    def __init__(self) -> None:
        self.previous = state.enabled

    def __enter__(self) -> None:
        self.previous = state.enabled
        state.enabled = self._enables

    def __exit__(self, *exc: object) -> None:
        state.enabled = self.previous


class no_grad(_Switch):
    """Record nothing for differentiation: a context manager and a decorator.

    Example:
        >>> x = torch.ones(2, requires_grad=True)
        >>> with torch.no_grad():
        ...     y = x * 2
        >>> y.requires_grad
        False
    """

    @overload
    def __new__(cls, orig_func: None = None) -> Self: ...
    @overload
    def __new__(cls, orig_func: F) -> F: ...
    def __new__(cls, orig_func: Any = None) -> Any:
        return super().__new__(cls) if orig_func is None else cls()(orig_func)

    if TYPE_CHECKING:

        def __init__(self, orig_func: Any = None) -> None: ...


class enable_grad(no_grad):
    """Record for differentiation, within a `no_grad`: a context manager and a decorator."""

    _enables = True


class set_grad_enabled(_Mode):
    """Switch recording for differentiation on or off: a function, a context manager, a decorator.

    Args:
        mode: True to record.
    """

    def __init__(self, mode: bool) -> None:
        self.previous, self.mode = state.enabled, bool(mode)
        state.enabled = self.mode

    def __call__(self, fn: F) -> F:
        state.enabled = self.previous
        return super().__call__(fn)

    def __enter__(self) -> None:
        state.enabled = self.mode

    def __exit__(self, *exc: object) -> None:
        state.enabled = self.previous

    def clone(self):
        return type(self)(self.mode)


class inference_mode(_Mode):
    """`no_grad` for code that never differentiates what it made.

    Args:
        mode: False switches it off within the block.
    """

    @overload
    def __new__(cls, mode: bool = True) -> Self: ...
    @overload
    def __new__(cls, mode: F) -> F: ...
    def __new__(cls, mode: Any = True) -> Any:
        return super().__new__(cls) if isinstance(mode, bool) else cls()(mode)

    def __init__(self, mode: Any = True) -> None:
        self.mode: bool = mode

    def __enter__(self) -> None:
        self.previous = state.enabled, state.inference
        state.enabled, state.inference = (None, True) if self.mode else (bool(state.enabled), False)

    def __exit__(self, *exc: object) -> None:
        state.enabled, state.inference = self.previous

    def clone(self):
        return type(self)(self.mode)


for _public in (is_grad_enabled, is_inference_mode_enabled, no_grad, enable_grad, set_grad_enabled, inference_mode):
    _public.__module__ = "torchlike"
