"""An error's traceback ends at the user's line.

A *gate* is a function that users call, with its body in ``try ... except BaseException as error: shorten(error); raise``.
What such a bare ``raise`` passes on does not get the gate's own frame again, and a ``try`` in which nothing is raised
costs nothing: so of all that a gate has called only the user's own frames are left. `gate` makes one of a function that
takes its time anyway.
"""

from __future__ import annotations

import functools
import os
import traceback
from collections.abc import Callable
from types import TracebackType
from typing import Any, TypeVar, cast

from torchlike._programs import memory
from torchlike._programs.settings import settings

F = TypeVar("F", bound=Callable[..., Any])

_OWN = "torchlike"
# what we call: its frames tell users nothing that the error does not
_LIBRARIES = {"jax", "jaxlib", "ml_dtypes", "numpy", "opt_einsum", "optax", "scipy"}
_PYTHONS = (os.path.dirname(os.__file__) + os.sep, "<frozen ")
_JAXS_NOTE = "For simplicity, JAX has removed its internal frames"


def shorten(error: BaseException) -> None:
    """Take our frames out of an error's traceback, and what was raised and handled inside out of its context.

    ``TORCHLIKE_TRACEBACK=full`` leaves all of it but JAX's note.
    """
    notes = getattr(error, "__notes__", [])
    notes[:] = [each for each in notes if _JAXS_NOTE not in each]
    if settings.traceback == "full":
        return
    error.__traceback__ = users_part(error.__traceback__)
    cause = error.__cause__
    if cause is None:
        _drop_inner_context(error)
    elif cause.__traceback__ is not None:
        cause.__traceback__ = users_part(cause.__traceback__)


def gate(fn: F) -> F:
    """A function as a gate. Warnings in it have one more frame between them and the user."""

    @functools.wraps(fn)
    def call(*args: Any, **kwargs: Any):
        try:
            return fn(*args, **kwargs)
        except MemoryError as error:
            raise memory.told(error).with_traceback(users_part(error.__traceback__)) from None
        except BaseException as error:
            shorten(error)
            raise

    return cast(F, call)


def calls_back(trace: TracebackType | None) -> bool:
    """Whether an error that came out of something of ours came from the user's: from a signal's handler, say."""
    inside = True
    for each in entries(trace):
        package = _package_of(each)
        inside = inside and (package == _OWN or package in _LIBRARIES or _is_pythons(each))
    return not inside


def is_librarys(error: BaseException) -> bool:
    """Whether an error was raised by what we call, and so speaks of what users have never heard of."""
    trace = entries(error.__traceback__)
    return bool(trace) and _package_of(trace[-1]) in _LIBRARIES


def users_part(trace: TracebackType | None) -> TracebackType | None:
    """A traceback without our frames and those of what we called, until that calls something of the user's again."""
    if settings.traceback == "full":
        return trace
    frames, inside = [], False
    for each in entries(trace):
        package = _package_of(each)
        inside = package == _OWN or inside and (package in _LIBRARIES or _is_pythons(each))
        if not inside:
            frames.append(each)
    return rebuilt(frames)


def entries(trace: TracebackType | None) -> list[TracebackType]:
    """What a traceback consists of, the outermost first."""
    found = []
    while trace is not None:
        found.append(trace)
        trace = trace.tb_next
    return found


def rebuilt(frames: list[TracebackType]) -> TracebackType | None:
    """A traceback of these entries alone, the outermost first."""
    kept = None
    for each in reversed(frames):
        kept = TracebackType(kept, each.tb_frame, each.tb_lasti, each.tb_lineno)
    return kept


def _package_of(trace: TracebackType) -> str:
    return str(trace.tb_frame.f_globals.get("__name__")).partition(".")[0]


def _is_pythons(trace: TracebackType) -> bool:
    file = trace.tb_frame.f_code.co_filename
    return file.startswith(_PYTHONS) and "site-packages" not in file


def _drop_inner_context(error: BaseException) -> None:
    """Forget the errors that were raised and handled inside, on the way to this one; the user's own context stays."""
    context = first = error.__context__
    while context is not None and _is_inner(context.__traceback__):
        context = context.__context__
    if context is not first:
        # what was raised `from None` inside hid an inner error, and not what the user's program was handling
        error.__context__, error.__suppress_context__ = context, False


def _is_inner(trace: TracebackType | None) -> bool:
    """Whether an error was handled by us or what we called, rather than being handled by our callers still."""
    if trace is None or _package_of(trace) in {_OWN, *_LIBRARIES}:
        return True
    return _is_pythons(trace) and all(frame is not trace.tb_frame for frame, _ in traceback.walk_stack(None))
