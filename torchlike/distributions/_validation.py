"""Looking at values: whether they satisfy constraints."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from torchlike._autograd.modes import state
from torchlike._ops.joining import stack
from torchlike._programs import explain
from torchlike._programs.aval import Aval
from torchlike._programs.cache import Cache, remembered
from torchlike._programs.spec import Spec
from torchlike._recorder.checks import Bound, Check, finding, hear
from torchlike._recorder.kinds import ORDINARY
from torchlike._recorder.recorder import recorder
from torchlike.distributions.constraints import Constraint, _takes_arrays
from torchlike.tensor import Tensor

Pairs = list[tuple[Constraint, Tensor]]

_passed: Cache[tuple, int] = Cache()  # when all was as it has to be, by the user's line and what was looked at there


def look(pairs: Pairs, asked: Any, error: Callable[[int], Exception]) -> None:
    """Look whether tensors satisfy constraints, all in one go.

    What is known is looked at by itself, so that nothing of a step that is under way is cut off. What is pending is waited
    for; but not if it has a history, and the same line passed before the last step ended: in a loop the program that
    computes it says what is wrong, as with the values that operations look at. So it is within `vmap`, too.

    Args:
        asked: what is looked at, of several things at one line.
        error: gives what to raise, of the place of the first that does not.

    Raises:
        Exception: what `error` gives.
    """
    if all(_is_plain(constraint, value) for constraint, value in pairs):
        with np.errstate(all="ignore"):
            holds = [bool(constraint.check(value._storage.value.known).all()) for constraint, value in pairs]
        place = None if all(holds) else holds.index(False)
    elif all(_is_known(each) for pair in pairs for each in _tensors(pair)):
        place = recorder.apart("values are looked at", lambda: _first_wrong(pairs))
    elif any(value._value().is_abstract for _, value in pairs):
        return _put_off(pairs, error)
    else:
        frame = explain.users_frame()
        line = asked if frame is None else (frame.f_code, frame.f_lineno, asked)
        if _comes_again(line, pairs):
            return _put_off(pairs, error)
        place = _first_wrong(pairs)
        if place is None:
            _passed[line] = recorder.steps
    if place is not None:
        recorder.flush("a value is not as it has to be")
        hear()  # what was put off before comes first
        raise error(place)


def _comes_again(line: Any, pairs: Pairs) -> bool:
    """Whether a line is that of a loop over steps, and what is looked at belongs to the step."""
    if recorder.kind is not ORDINARY or not state.enabled:
        return False
    passed = _passed[line]
    is_loop = passed is not None and passed < recorder.steps
    return is_loop and all(value.requires_grad or _is_known(value) for _, value in pairs)


def _first_wrong(pairs: Pairs) -> int | None:
    """The place of the first that does not satisfy its constraint."""
    found = [constraint.check(value).all() for constraint, value in pairs]
    if len(found) > 1 and stack(found).all():
        return None
    return next((place for place, holds in enumerate(found) if not holds), None)


def _put_off(pairs: Pairs, error: Callable[[int], Exception]) -> None:
    """Let the program that computes them say which is wrong; after that all is waited for again."""

    def told(place: int) -> Exception:
        _passed.clear()
        return error(place)

    for place, (constraint, value) in enumerate(pairs):
        found = constraint.check(value).all()._operand()
        check = Check(operator.invert, (0,), lambda _, place=place: told(place))
        recorder.look([Bound(check, (0,), lambda found=found: _predicate(found.aval))], [found])


@remembered
def _predicate(known: Aval) -> Spec:
    return Spec("validity", finding(operator.invert, False), (known,))


def _tensors(of: Any) -> Iterator[Tensor]:
    """The tensors that a check looks at: values, and what their bounds are."""
    if isinstance(of, Tensor):
        yield of
    elif isinstance(of, (list, tuple)):
        for each in of:
            yield from _tensors(each)
    elif isinstance(of, Constraint):
        yield from _tensors(list(vars(of).values()))


def _is_plain(constraint: Constraint, value: Tensor) -> bool:
    """Whether NumPy can look at an array where it lies."""
    stored = value._storage.value if isinstance(value, Tensor) else None
    array = None if stored is None or value._view is not None else stored.known
    return array is not None and array.size > 0 and _takes_arrays(constraint) and recorder.kind is ORDINARY


def _is_known(tensor: Tensor) -> bool:
    value = tensor._storage.value
    return value is None or value.known is not None
