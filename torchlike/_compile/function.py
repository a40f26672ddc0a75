"""Compiled functions: which captured call serves, when to capture, when to leave it."""

from __future__ import annotations

import dataclasses
import functools
import threading
import weakref
from collections.abc import Callable
from typing import Any

from torchlike._autograd.levels import levels
from torchlike._autograd.modes import state
from torchlike._autograd.tape import AccumulateGrad
from torchlike._autograd.variable import TensorBase
from torchlike._compile import flags
from torchlike._compile.capture import Before, Capture, StillTracked
from torchlike._compile.guards import TENSOR_STATE, GroupsAreRead, Guards, Unguarded, is_plain_object
from torchlike._compile.replay import MISS, Replay, is_amid_step
from torchlike._compile.watch import ATOMS
from torchlike._programs import explain, forks
from torchlike._recorder.kinds import ORDINARY
from torchlike._recorder.recorder import recorder
from torchlike._types import Size, device, dtype

TRIES = 4  # runs with the same kind of arguments that did not become a replay, before it is recorded for good
_by_value = {*ATOMS, dtype, device, Size}


class Signature:
    """The arguments of a call: what kind they are of (`key`), the tensors in them, the objects known by identity."""

    __slots__ = ("key", "tensors", "objects", "tracked")

    def __init__(self, args: tuple, kwargs: dict) -> None:
        self.key: list = []
        self.tensors: list[TensorBase] = []
        self.objects: list = []
        self.tracked = False
        for each in args:
            self._add(each)
        for name, each in kwargs.items():
            self.key.append(name)
            self._add(each)
        storages = [each._storage for each in self.tensors]
        if len(set(storages)) < len(storages):
            self.key += map(storages.index, storages)

    def _add(self, given: Any) -> None:
        kind = type(given)
        if kind is TensorBase._plain:
            if len(given.__dict__) == 1:
                self.key.append(given._storage.value and given._storage.value.aval or given._aval)
                self.tensors.append(given)
            else:
                self._add_tensor(given)
        elif kind in _by_value:
            self.key += (kind, repr(given) if kind in (float, complex) else given)
        elif kind in (list, tuple) or isinstance(given, tuple):
            self.key += (kind, len(given))
            for each in given:
                self._add(each)
        elif kind is dict:
            self.key += (kind, *given)
            for each in given.values():
                self._add(each)
        elif dataclasses.is_dataclass(given) and is_plain_object(kind):
            self.key += (kind, *given.__dict__)
            for each in given.__dict__.values():
                self._add(each)
        else:
            self.key += (kind, id(given))
            self.objects.append(given)

    def _add_tensor(self, given: TensorBase) -> None:
        edge = given._tracked_edge
        held = given.__dict__
        if edge is None and given._leaf is None and not any(held[name] is not None for name in held.keys() - _PLAIN):
            self.key.append(given._aval)
            if given._view is not None:
                self.key += (given._view.layout._replace(offset=0), given._view.origin)
            self.tensors.append(given)
        elif edge is None or isinstance(edge[0], AccumulateGrad):
            self.key += (type(given), id(given))
            self.objects.append(given)
        else:
            self.key.append("tracked")
            self.tracked = True


_PLAIN = TENSOR_STATE - {"_leaf", "_retains", "_frozen"}


class Case:
    """The calls with one kind of arguments.

    Attributes:
        replays: the captured ones, the last that served first.
        draft: a capture that another one must confirm.
        misses: runs that did not become a replay, since one did.
        why: what stood in the way at last.
    """

    __slots__ = ("replays", "draft", "misses", "why", "objects")

    def __init__(self, objects: list) -> None:
        self.replays: list[Replay] = []
        self.draft: Replay | None = None
        self.misses = 0
        self.why: str | None = None
        self.objects = objects  # whose identities stand in the key


# how user's code comes by the numbers of an optimizer's groups
_OF_GROUPS = {"param_groups", "defaults"}


class _Stance:
    """What compiled functions do: see `set_stance`."""

    name = "default"


stance = _Stance()


class Compiled:
    """A function whose calls are captured and replayed.

    Args:
        fn: the function.
        strict: called with (what, line) where a capture breaks, to raise an error; None to record such calls.
        limit: how many captured calls to keep.
    """

    def __init__(self, fn: Callable, strict: Callable | None = None, limit: int = 8) -> None:
        self.fn, self.strict, self.limit = fn, strict, limit
        self.forget()
        _all.add(self)

    def forget(self) -> None:
        """Begin anew."""
        self.cases: dict[tuple, Case] = {}
        self.count = self.misses = 0
        self.leaves_tape = False  # in grad mode its results have a history: a module alone
        self.codes: dict = {}
        self.words: set = set()
        self.lock = threading.Lock()

    def __call__(self, *args: Any, **kwargs: Any):
        if self.leaves_tape and state.enabled:
            return self.fn(*args, **kwargs)
        now = flags.read()
        if (
            now is None
            or levels.stack
            or recorder.kind is not ORDINARY
            or stance.name == "force_eager"
            or forks.is_cut_off
        ):
            return self.fn(*args, **kwargs)
        signature = Signature(args, kwargs)
        try:
            case = self.cases.get(tuple(signature.key))
        except TypeError:  # a key of a dictionary among the arguments that cannot be hashed
            return self.fn(*args, **kwargs)
        if case is not None:
            for replay in case.replays:
                found = replay.run(signature.tensors, now)
                if found is not MISS:
                    return found
        return self._observe(case, signature, now, args, kwargs)

    def _observe(self, case: Case | None, signature: Signature, now: tuple, args: tuple, kwargs: dict):
        """Run the function, and perhaps capture what it does."""
        full = self.count >= self.limit or len(self.cases) > 8 * self.limit
        if case is None and not full:
            case = self.cases[tuple(signature.key)] = Case(signature.objects)
        settled = (
            case is None or case.misses >= TRIES or signature.tracked or (not self.count and self.misses >= 4 * TRIES)
        )
        if stance.name == "fail_on_recompile" and not settled:
            code = getattr(self.fn, "__code__", None) or type(self.fn).__call__.__code__
            raise RuntimeError(
                "Detected recompile when torch.compile stance is 'fail_on_recompile'. filename: "
                f"'{code.co_filename}', function name: '{code.co_name}', line number: {code.co_firstlineno}"
            )
        if full or settled or stance.name == "eager_on_recompile" or is_amid_step():
            return self.fn(*args, **kwargs)
        if not self.lock.acquire(False):  # another thread captures
            return self.fn(*args, **kwargs)
        try:
            return self._capture(case, signature, now, args, kwargs)
        finally:
            self.lock.release()

    def _capture(self, case: Case, signature: Signature, now: tuple, args: tuple, kwargs: dict):
        capture = Capture(getattr(self.fn, "__code__", None), self.strict)
        before = None
        try:
            before = self._before(capture, signature) if self.words else None
        except (Unguarded, RecursionError) as reason:
            self._missed(case, capture, reason)
        known = len(self.codes) + len(self.words)
        if not capture.enter():
            return self.fn(*args, **kwargs)
        try:
            result = self.fn(*args, **kwargs)
            capture.watch.stop()
            self.codes.update(capture.watch.codes)
            self.words |= capture.watch.words
            if capture.broken is not None:
                raise Unguarded(capture.broken[0])
            if before is not None:
                if len(self.codes) + len(self.words) > known:
                    raise Unguarded("other code has run than before")
                self._confirm(case, capture, before, signature, now, (args, kwargs), result)
        except Unguarded as reason:
            self._missed(case, capture, reason)
        finally:
            capture.leave()
        if capture.broken is None:  # else it was cut where a recorded call is
            recorder.flush("a compiled call ended", ends_step=True)
        return result

    def _before(self, capture: Capture, signature: Signature) -> Before:
        named = any(not _OF_GROUPS.isdisjoint(code.co_names) for code in self.codes)
        for free in (False,) if named else (True, False):
            guards = Guards(self.codes, None if None in self.words else self.words, free)
            try:
                guards.visit(self.fn, getattr(self.fn, "__name__", "the function"))
                for each in signature.objects:
                    guards.visit(each, "an argument")
                guards.finish()
            except GroupsAreRead:
                if free:
                    continue
                raise
            return Before(capture, guards, signature.tensors)
        raise AssertionError

    def _confirm(
        self, case: Case, capture: Capture, before: Before, signature: Any, now: tuple, given: tuple, result: Any
    ):
        """Make a replay of the capture once another has agreed with it.

        Raises:
            Unguarded: it cannot be done again.
        """
        changed = before.guards.changed()
        if changed is not None:
            raise Unguarded(f"{changed} is changed by the call")
        if flags.read() != now:
            raise Unguarded("a flag is changed by the call")
        after = Signature(*given)
        if after.key != signature.key or any(map(lambda a, b: a is not b, after.tensors, signature.tensors)):
            raise Unguarded("an argument is changed by the call")
        made = capture.finish(before, now, result)
        draft, case.draft = case.draft, made
        if draft is None:
            return
        differs = draft.difference(made)
        if differs is not None:
            raise Unguarded(f"from call to call it differs in {differs}")
        case.replays.insert(0, made)
        case.draft, case.misses, case.why = None, 0, None
        self.count += 1

    def _missed(self, case: Case, capture: Capture, reason: Exception) -> None:
        if isinstance(reason, StillTracked):
            case.misses, self.leaves_tape = TRIES, not self.count
        case.misses += 1
        case.why = str(reason)
        self.misses += 1
        place = capture.broken[1] if capture.broken is not None else explain.users_place()
        explain.record.breaks[_name_of(self.fn), case.why, place] += 1


def _name_of(fn: Callable) -> str:
    """What a function is called in reports; of a module's call, the module's class."""
    owner = getattr(fn, "__self__", None)
    return type(owner).__qualname__ if owner is not None else getattr(fn, "__qualname__", repr(fn))


_all: weakref.WeakSet[Compiled] = weakref.WeakSet()


def reset() -> None:
    """Forget every captured call."""
    for each in list(_all):
        each.forget()


def keeping_name(fn: Callable) -> Callable:
    """`functools.wraps`, for what is no function as well."""
    names = [name for name in functools.WRAPPER_ASSIGNMENTS if hasattr(fn, name)]
    return functools.wraps(fn, names, ())


def compiled(fn: Callable, strict: Callable | None = None, limit: int = 8) -> Callable:
    """A function that does what `fn` does, and whose calls are captured and replayed."""
    inner = Compiled(fn, strict, limit)

    @keeping_name(fn)
    def call(*args: Any, **kwargs: Any):
        return inner(*args, **kwargs)

    call._torchdynamo_orig_callable = fn
    return call


def disabled(fn: Callable, said: str) -> Callable:
    """A function that is never a part of a captured call.

    Args:
        said: the reason that a capture of it breaks.
    """

    @keeping_name(fn)
    def call(*args: Any, **kwargs: Any):
        recorder.kind.interrupt(said)
        return fn(*args, **kwargs)

    call._torchdynamo_disable = True
    call._torchdynamo_orig_callable = fn
    return call
