"""Who answers a call in a function's stead: subclasses of tensors, other objects with ``__torch_function__``, modes.

Operations take tensors of the classes in `tensors` as they are, functions arguments of those in `plain`. All others are
looked at, on the slow path, by `overriding`. While anything wants to see every call (a mode, autocast) both are empty.
"""

from __future__ import annotations

import contextlib
import inspect
import threading
import warnings
from collections.abc import Callable, Generator, Iterable
from enum import Enum
from inspect import Parameter
from types import EllipsisType, NoneType
from typing import Any

import numpy as np

from torchlike import _signatures as signatures
from torchlike._types import Size, device, dtype

tensors: set[type] = set()
plain: set[type] = set()
watched: set[str] = set()  # what is watched: calls, casts
_lock = threading.Lock()
_tensors: set[type] = set()  # `Tensor` and `Parameter`
_others = {bool, int, float, complex, str, NoneType, EllipsisType, slice, Size, device, dtype, np.ndarray}
_watchers = {"calls": 0, "casts": 0}


class TorchFunctionState(Enum):
    """What of ``__torch_function__`` is heard: all, modes alone, or nothing."""

    ENABLED = 0
    SUBCLASSES_DISABLED = 1
    ALL_DISABLED = 2


class _State(threading.local):
    level = TorchFunctionState.ENABLED
    modes: tuple = ()  # the innermost last
    skips = False  # whether the next call is answered by nobody


state = _State()


# ---------------------------------------------------------------------- who looks


def take_plainly(kind: type) -> None:
    """Let operations take tensors of this class as they are."""
    _tensors.add(kind)
    _refill()


def watch(what: str, change: int) -> None:
    """Begin (1) or end (-1) to look at every argument.

    Args:
        what: ``"calls"``, for modes, or ``"casts"``: tensors alone, for autocast.
    """
    with _lock:
        _watchers[what] += change
        _refill()


def _refill() -> None:
    tensors.clear()
    plain.clear()
    watched.clear()
    watched.update([what for what, count in _watchers.items() if count])
    if not _watchers["calls"]:
        known = () if _watchers["casts"] else _tensors
        tensors.update(known)
        plain.update(_others, known)


def push(mode: Any) -> None:
    """Let a mode see every call of this thread first."""
    state.modes = (*state.modes, mode)
    watch("calls", 1)


def pop() -> Any:
    """Take off the innermost mode, and return it."""
    *outer, mode = state.modes
    state.modes = tuple(outer)
    watch("calls", -1)
    return mode


@contextlib.contextmanager
def without_innermost() -> Generator[Any]:
    """The innermost mode, taken off for the while."""
    modes = state.modes
    state.modes = modes[:-1]
    try:
        yield modes[-1]
    finally:
        state.modes = modes


@contextlib.contextmanager
def at_level(level: TorchFunctionState) -> Generator[None]:
    """Hear so much of ``__torch_function__`` within the block."""
    before, state.level = state.level, level
    try:
        yield
    finally:
        state.level = before


@contextlib.contextmanager
def skipped_once() -> Generator[None]:
    """Let nobody answer the first call in the block; what that calls can be answered again."""
    state.skips = True
    try:
        yield
    finally:
        state.skips = False


# ---------------------------------------------------------------------- who answers


def disabled(func: Callable, types: Iterable[type], args: tuple = (), kwargs: dict | None = None) -> Any:
    """The ``__torch_function__`` of classes that do not override anything, as `Parameter`."""
    with at_level(max(state.level, TorchFunctionState.SUBCLASSES_DISABLED, key=lambda each: each.value)):
        return func(*args, **(kwargs or {}))


def is_overriding(kind: type) -> bool:
    """Whether a class's instances answer in the stead of functions."""
    return kind not in _tensors and getattr(kind, "__torch_function__", disabled) is not disabled


def sees(given: Any) -> bool:
    """Whether a call with this argument is answered by somebody else."""
    if type(given) in _tensors and not state.modes:
        return False
    if state.level is TorchFunctionState.ALL_DISABLED:
        return False
    return bool(state.modes) or state.level is TorchFunctionState.ENABLED and is_overriding(type(given))


def overriding(args: tuple, kwargs: dict) -> list | None:
    """The arguments, elements of lists among them too, that answer a call in their order; None where nobody does.

    One of each class, subclasses before the classes that they come from, else from left to right.
    """
    if state.level is TorchFunctionState.ALL_DISABLED or state.skips:
        state.skips = False
        return None
    found = []
    if state.level is TorchFunctionState.ENABLED:
        found = in_order([each for each in _flat((*args, *kwargs.values())) if is_overriding(type(each))])
    return found if found or state.modes else None


def _flat(given: Iterable) -> list:
    """Arguments, and instead of a list or tuple its elements."""
    found = []
    for each in given:
        found += each if type(each) in (tuple, list) else (each,)
    return found


def in_order(given: list) -> list:
    """One object of each class, subclasses first."""
    found: list = []
    for each in given:
        kind = type(each)
        if all(type(other) is not kind for other in found):
            place = next((at for at, other in enumerate(found) if issubclass(kind, type(other))), len(found))
            found.insert(place, each)
    return found


_AS_METHOD = (
    "Defining your `__torch_function__{} as a plain method is deprecated and will be an error in future, please define it "
    "as a classmethod."
)


def answered(func: Callable, found: list, args: tuple, kwargs: dict) -> Any:
    """What the innermost mode, or else the first of the overriding arguments that knows, makes of a call.

    A function that PyTorch has in Python tells its defaults, too, and counts plain tensors in.

    Raises:
        TypeError: none of them knows the function.
    """
    if not is_in_python(func):
        return answer(func, found, (args, kwargs) if kwargs else (args,), False)
    args, kwargs = _told(func, args, kwargs)
    return answer(func, told_of((*args, *kwargs.values())), (args, kwargs))


def is_in_python(func: Callable) -> bool:
    """Whether PyTorch has a function in Python."""
    return getattr(func, "in_python", False) or signatures.is_in_python(path_of(func))


def _told(func: Callable, args: tuple, kwargs: dict) -> tuple[tuple, dict]:
    """The arguments as PyTorch's Python tells them: those that must be given by position, all others by name."""
    signature = inspect.signature(func)
    bound = signature.bind(*args, **kwargs)
    bound.apply_defaults()
    by_place, by_name = [], {}
    for name, value in bound.arguments.items():
        parameter = signature.parameters[name]
        if parameter.kind is Parameter.VAR_POSITIONAL:
            by_place += value
        elif parameter.kind is Parameter.VAR_KEYWORD:
            by_name |= value
        elif parameter.default is Parameter.empty and parameter.kind is not Parameter.KEYWORD_ONLY:
            by_place.append(value)
        else:
            by_name[name] = value
    return tuple(by_place), by_name


def told_of(given: Iterable) -> list:
    """The arguments that PyTorch's Python tells of as those who answer: plain tensors, too."""
    if state.level is not TorchFunctionState.ENABLED:
        return []
    return in_order(
        [each for each in _flat(given) if getattr(type(each), "__torch_function__", disabled) is not disabled]
    )


def answer(func: Callable, found: list, given: tuple, in_python: bool = True) -> Any:
    """The answer of whoever knows, told arguments as they are.

    Args:
        given: the arguments, and the keyword arguments where these are told.
        in_python: whether it is told in the words of PyTorch's Python, and not of its C++.

    Raises:
        TypeError: none of them knows the function.
    """
    types = tuple(map(type, found))
    if state.modes:
        with without_innermost() as mode:
            result = mode.__torch_function__(func, types, *given)
        if result is not NotImplemented:
            return result
    for each in found:
        method = each.__torch_function__
        if getattr(method, "__self__", None) is each:
            warnings.warn(_AS_METHOD.format("" if in_python else "`"), DeprecationWarning, stacklevel=4)
        result = method(func, types, *given)
        if result is not NotImplemented:
            return result
    raise TypeError(_unanswered(func, types, in_python))


def _unanswered(func: Callable, types: tuple, in_python: bool) -> str:
    mode = state.modes[-1] if state.modes else None
    if in_python:
        name = f"{func.__module__}.{func.__name__}".replace("torchlike", "torch", 1)
        end = f" nor in mode {mode}" if mode is not None else ""
        return f"no implementation found for '{name}' on types that implement __torch_function__: {list(types)}{end}"
    lines = [f"  - mode object {mode!r}\n"] if mode is not None else []
    lines += [f"  - tensor subclass {each!r}\n" for each in types]
    return (
        f"Multiple dispatch failed for '{path_of(func)}'; all __torch_function__ handlers returned NotImplemented:\n\n"
        + "".join(lines)
        + "\nFor more information, try re-running with TORCH_LOGS=not_implemented"
    )


def path_of(func: Callable) -> str:
    """What PyTorch calls a function: ``torch.add``, ``torch.Tensor.add``."""
    name = getattr(func, "__name__", str(func))
    owner = (
        "torchlike.Tensor" if getattr(func, "is_method", False) else getattr(func, "__module__", None) or "torchlike"
    )
    return f"{owner}.{name}".replace("torchlike", "torch", 1)
