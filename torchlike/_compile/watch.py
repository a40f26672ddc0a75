"""What a function does while it is captured: the code that runs, and what a replay could not do again.

Python's profiling hook tells of every call. Code of the user's is noted, so that what it reads can be guarded; a call
into C that may do more than compute is a *break*: the function is then recorded at every call, as any other code.
"""

from __future__ import annotations

import abc
import builtins
import collections
import functools
import math
import operator
import sys
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path
from types import BuiltinMethodType, CodeType, FrameType, MethodDescriptorType, ModuleType
from typing import Any

from torchlike._programs.marks import BREAKING, UNWATCHED

_PACKAGE = str(Path(__file__).resolve().parent.parent)
_STANDARD = tuple({sysconfig.get_path(each) for each in ("stdlib", "platstdlib", "purelib", "platlib")})
# the library itself; what it calls, unless it is the user's; all else
LIBRARY, NEUTRAL, USER = "library", "neutral", "user"
_kinds: dict[str, str] = {}


def kind_of(code: CodeType, names: dict) -> str:
    """Whose code it is, by its file, or its globals'; what lies outside the user's program may serve either."""
    name = code.co_filename
    if name[0] == "<":  # made at run time: by `dataclass`, by `namedtuple`, or it is the user's
        name = names.get("__file__") or name
        if names.get("__name__", "").startswith("namedtuple_"):
            return NEUTRAL
    known = _kinds.get(name)
    if known is None:
        if name.startswith(_PACKAGE):
            known = LIBRARY
        else:
            known = NEUTRAL if name.startswith((*_STANDARD, "<frozen")) else USER
        _kinds[name] = known
    return known


def _serves_user(frame: FrameType | None) -> bool:
    """Whether a frame runs for the user's code, not for the library's."""
    while frame is not None:
        kind = kind_of(frame.f_code, frame.f_globals)
        if kind is not NEUTRAL:
            return kind is USER
        frame = frame.f_back
    return False


# ---------------------------------------------------------------------- calls into C

_PURE = set(
    """abs all any ascii bin callable chr delattr divmod format getattr hasattr hex isinstance issubclass iter len max
    min next oct ord pow repr round setattr sorted sum""".split()
)
_FUNCTIONS = {getattr(builtins, name) for name in _PURE} | {
    each for module in (math, operator, abc) for each in vars(module).values() if isinstance(each, BuiltinMethodType)
}
_FUNCTIONS.add(functools.reduce)
_BY_NAME = {getattr, setattr, delattr, hasattr}  # the name of an attribute may be made up
_ALL_NAMES = {"__dict__", "__getattribute__", "attrgetter"}  # what gives any attribute
# containers and atoms: what their methods change is compared, where anybody else can see it
CONTAINERS = (list, dict, set, collections.OrderedDict, collections.defaultdict, collections.deque)
ATOMS = (type(None), bool, int, float, complex, str, bytes, type(...), range, slice, CodeType)
_VIEWS = (type({}.keys()), type({}.values()), type({}.items()))
_METHODS_OF = {*CONTAINERS, *ATOMS, *_VIEWS, tuple, frozenset, object}


def _is_pure(function: Any) -> bool:
    """Whether a function written in C computes from what it is given, and changes nothing but containers."""
    if isinstance(function, MethodDescriptorType):
        return function.__objclass__ in _METHODS_OF
    owner = getattr(function, "__self__", None)
    if isinstance(owner, ModuleType) or owner is None:
        return function in _FUNCTIONS
    if function.__name__ in ("__new__", "__init__", "__setattr__", "__init_subclass__"):
        return True
    if isinstance(owner, type):
        return owner in _METHODS_OF
    return not _METHODS_OF.isdisjoint(type(owner).__mro__[:-1])


# ---------------------------------------------------------------------- what runs


def _texts(constants: tuple) -> Iterator[str]:
    for each in constants:
        if type(each) is str:
            yield each
        elif type(each) is tuple:
            yield from _texts(each)


class Watch:
    """Notes what runs between `start` and `stop`.

    Args:
        on_break: called with what a replay could not do again, and the frame where it was done.

    Attributes:
        codes: the user's code that has run, and its globals.
        words: the names in all code that has run, in the library's too; `None` among them if one was made up.
    """

    def __init__(self, on_break: Callable[[str, FrameType], None]) -> None:
        self.codes: dict[CodeType, dict] = {}
        self.words: set[str | None] = set()
        self._on_break = on_break
        self._known: set[CodeType] = set()

    def start(self) -> bool:
        """Begin; False if somebody else profiles this thread."""
        if sys.getprofile() is not None:
            return False
        sys.setprofile(self._event)
        return True

    def stop(self) -> None:
        """End."""
        sys.setprofile(None)

    def _event(self, frame: FrameType, event: str, arg: Any) -> None:
        if event == "call":
            code = frame.f_code
            if code not in self._known:
                self._enter(frame, code)
        elif event == "c_call":
            if kind_of(frame.f_code, frame.f_globals) is LIBRARY:
                if getattr(arg, "__name__", "") == "warn":
                    self._on_break("a warning is given", frame)
            elif (arg in _BY_NAME or not _is_pure(arg)) and _serves_user(frame):
                if arg in _BY_NAME:
                    self.words.add(None)
                else:
                    self._on_break(f"`{getattr(arg, '__qualname__', arg)}` is called", frame)

    def _look_away(self, until: FrameType) -> None:
        """Note nothing until a frame is left."""

        def wait(frame: FrameType, event: str, arg: Any) -> None:
            if event == "return" and frame is until:
                sys.setprofile(self._event)

        sys.setprofile(wait)

    def _enter(self, frame: FrameType, code: CodeType) -> None:
        if kind_of(code, frame.f_globals) is LIBRARY:
            if code in UNWATCHED:
                self._look_away(frame)
                return
            if code in BREAKING:
                self._on_break(f"`{code.co_name}` is called", frame)
                return
            self._note(code)
        elif _serves_user(frame):
            self._note(code)
            if not _ALL_NAMES.isdisjoint(code.co_names):
                self.words.add(None)
            self.codes[code] = frame.f_globals

    def _note(self, code: CodeType) -> None:
        self._known.add(code)
        self.words.update(code.co_names, _texts(code.co_consts))
