"""Whether two results are close, and what is said where they are not."""

from __future__ import annotations

import cmath
import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from torchlike._autograd.modes import no_grad
from torchlike._functions.making import as_tensor, tensor
from torchlike._functions.pointwise import promote_types
from torchlike._programs.explain import warn
from torchlike._programs.tracebacks import gate
from torchlike._types import dtypes
from torchlike.tensor import Tensor

# relative and absolute tolerance by dtype; others must be equal
_TOLERANCES = {
    dtypes.float16: (0.001, 1e-5),
    dtypes.bfloat16: (0.016, 1e-5),
    dtypes.float32: (1.3e-6, 1e-5),
    dtypes.float64: (1e-7, 1e-7),
    dtypes.complex64: (1.3e-6, 1e-5),
    dtypes.complex128: (1e-7, 1e-7),
}
_OLD_TOLERANCES = {dtypes.float16: (1e-3, 1e-3), dtypes.float32: (1e-4, 1e-5), dtypes.float64: (1e-5, 1e-8)}
_OF_NUMBERS = {int: dtypes.int64, float: dtypes.float64, complex: dtypes.complex128}
_UNSIGNED = (dtypes.uint16, dtypes.uint32, dtypes.uint64)
_DEPRECATED = (
    "`torch.testing.assert_allclose()` is deprecated since 1.12 and will be removed in a future release. Please use "
    "`torch.testing.assert_close()` instead. You can find detailed upgrade instructions in "
    "https://github.com/pytorch/pytorch/issues/61844."
)


class _Failure(Exception):
    """What a comparison has found.

    Args:
        kind: the type of the error to be raised.
        text: what it says.
        place: where in nested results.
    """

    def __init__(self, kind: type[Exception], text: str, place: tuple) -> None:
        super().__init__(text)
        self.kind, self.place = kind, place

    def error(self, said: str | Callable[[str], str] | None) -> Exception:
        """The error to be raised, in the user's words if there are any."""
        if isinstance(said, str):
            return self.kind(said)
        text = str(self)
        if self.place:
            text += f"\n\nThe failure occurred for item {''.join(str([each]) for each in self.place)}"
        return self.kind(text if said is None else said(text))


@dataclass
class _Rules:
    """What `assert_close` was told."""

    allow_subclasses: bool
    rtol: float | None
    atol: float | None
    equal_nan: bool
    check_device: bool
    check_dtype: bool
    check_layout: bool
    check_stride: bool

    def tolerances(self, *kinds: Any) -> tuple[float, float]:
        """The relative and the absolute tolerance for these dtypes."""
        if (self.rtol is None) != (self.atol is None):
            lacking = "rtol" if self.rtol is None else "atol"
            raise ValueError(f"Both 'rtol' and 'atol' must be either specified or omitted, but got no {lacking}.")
        if self.rtol is not None and self.atol is not None:
            return self.rtol, self.atol
        return _loosest(kinds, _TOLERANCES)


def _loosest(kinds: Sequence, known: Mapping) -> tuple[float, float]:
    relative, absolute = zip(*[known.get(each, (0.0, 0.0)) for each in kinds], strict=True)
    return max(relative), max(absolute)


def assert_close(
    actual: Any,
    expected: Any,
    *,
    allow_subclasses: bool = True,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = False,
    check_device: bool = True,
    check_dtype: bool = True,
    check_layout: bool = True,
    check_stride: bool = False,
    msg: str | Callable[[str], str] | None = None,
) -> None:
    """Raise an error unless two results are close: ``|actual - expected| <= atol + rtol * |expected|``.

    Results are tensors, what `torchlike.as_tensor` takes, numbers, None, and sequences and mappings of them.

    Args:
        actual: what was computed.
        expected: what it should be.
        allow_subclasses: whether one may be of a subclass of the other's type.
        rtol: relative tolerance; it goes by the dtype where both are left out.
        atol: absolute tolerance.
        equal_nan: whether NaNs are equal.
        check_device: whether the devices must be the same.
        check_dtype: whether the dtypes must be the same.
        check_layout: whether the layouts must be the same.
        check_stride: whether the strides must be the same.
        msg: what the error says; a function makes it of what it would say.

    Raises:
        AssertionError: they are not close, or differ in shape or in what must be the same.
        TypeError: they cannot be compared.
        ValueError: one tolerance is left out.

    Example:
        >>> torch.testing.assert_close(torch.ones(2) / 3, torch.full((2,), 0.33333333))
    """
    __tracebackhide__ = True
    rules = _Rules(allow_subclasses, rtol, atol, equal_nan, check_device, check_dtype, check_layout, check_stride)
    first = None
    with no_grad():
        try:
            found = [_comparison(*each, rules) for each in _pairs(actual, expected, ())]
        except _Failure as failure:
            raise failure.error(None) from None
        for compare in found:
            try:
                compare()
            except _Failure as failure:
                first = first or failure
    if first is not None:
        raise first.error(msg)


assert_close = gate(assert_close)


@gate
def assert_allclose(
    actual: Any,
    expected: Any,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = True,
    msg: str = "",
) -> None:
    """`assert_close` with other defaults; deprecated.

    Raises:
        AssertionError: they are not close.
    """
    warn(_DEPRECATED, FutureWarning)
    actual = actual if isinstance(actual, Tensor) else tensor(actual)
    expected = expected if isinstance(expected, Tensor) else tensor(expected, dtype=actual.dtype)
    if rtol is None and atol is None:
        rtol, atol = _loosest((actual.dtype, expected.dtype), _OLD_TOLERANCES)
    assert_close(actual, expected, rtol=rtol, atol=atol, equal_nan=equal_nan, check_dtype=False, msg=msg or None)


# ---------------------------------------------------------------------- what is compared with what


def _pairs(actual: Any, expected: Any, place: tuple) -> Iterator[tuple[Any, Any, tuple]]:
    """What is to be compared, with its place in nested results.

    Raises:
        _Failure: one has more than the other.
    """
    both = (actual, expected)
    if all([isinstance(each, Sequence) and not isinstance(each, str) for each in both]):
        if len(actual) != len(expected):
            text = f"The length of the sequences mismatch: {len(actual)} != {len(expected)}"
            raise _Failure(AssertionError, text, place)
        for number, pair in enumerate(zip(*both, strict=True)):
            yield from _pairs(*pair, (*place, number))
    elif all([isinstance(each, Mapping) for each in both]):
        if set(actual) != set(expected):
            raise _Failure(
                AssertionError,
                "The keys of the mappings do not match:\n"
                f"Missing keys in the actual mapping: {sorted(set(expected) - set(actual))}\n"
                f"Additional keys in the actual mapping: {sorted(set(actual) - set(expected))}",
                place,
            )
        keys = list(actual)
        with contextlib.suppress(TypeError):
            keys = sorted(keys)
        for key in keys:
            yield from _pairs(actual[key], expected[key], (*place, key))
    else:
        yield actual, expected, place


def _comparison(actual: Any, expected: Any, place: tuple, rules: _Rules) -> Callable[[], None]:
    """What compares two results.

    Raises:
        _Failure: nothing can.
    """

    def fail(kind: type[Exception], text: str) -> NoReturn:
        raise _Failure(kind, text, place)

    both: tuple[Any, Any] = (actual, expected)
    try:
        if any([each is None for each in both]):
            return lambda: _compare_none(*both, fail)
        if all([isinstance(each, (bool, np.bool_)) for each in both]):
            return lambda: _compare_bools(bool(both[0]), bool(both[1]), fail)
        if all([isinstance(each, (int, float, complex, np.number)) for each in both]):
            left, right = [each.item() if isinstance(each, np.number) else each for each in both]
            tolerances = rules.tolerances(*[_OF_NUMBERS[_kind(each)] for each in (left, right)])
            return lambda: _compare_numbers(left, right, tolerances, rules, fail)
        tensors = _as_tensors(actual, expected, rules)
        if tensors is not None:
            limits = rules.tolerances(*[each.dtype for each in tensors])
            return lambda: _compare_tensors(tensors[0], tensors[1], limits, rules, fail)
    except ValueError as error:
        fail(ValueError, str(error))
    fail(
        TypeError,
        f"No comparison pair was able to handle inputs of type {type(actual)} and {type(expected)}.",
    )


def _kind(number: complex) -> type:
    return next(each for each in (int, float, complex) if isinstance(number, each))


def _as_tensors(actual: Any, expected: Any, rules: _Rules) -> list[Tensor] | None:
    related = isinstance(actual, type(expected)) or isinstance(expected, type(actual))
    if not related or not rules.allow_subclasses and type(actual) is not type(expected):
        return None
    made = []
    for each in (actual, expected):
        try:
            made.append(each if isinstance(each, Tensor) else as_tensor(each))
        except (TypeError, ValueError, RuntimeError):
            return None
    return made


# ---------------------------------------------------------------------- comparing


def _compare_none(actual: Any, expected: Any, fail: Callable) -> None:
    if not (actual is None and expected is None):
        fail(AssertionError, f"None mismatch: {actual} is not {expected}")


def _compare_bools(actual: bool, expected: bool, fail: Callable) -> None:
    if actual is not expected:
        fail(AssertionError, f"Booleans mismatch: {actual} is not {expected}")


def _compare_numbers(actual: Any, expected: Any, tolerances: tuple, rules: _Rules, fail: Callable) -> None:
    if rules.check_dtype and type(actual) is not type(expected):
        fail(AssertionError, f"The (d)types do not match: {type(actual)} != {type(expected)}.")
    if actual == expected or rules.equal_nan and cmath.isnan(actual) and cmath.isnan(expected):
        return
    difference, (rtol, atol) = abs(actual - expected), tolerances
    if not (cmath.isfinite(difference) and difference <= atol + rtol * abs(expected)):
        fail(AssertionError, _of_scalars(actual, expected, tolerances))


def _compare_tensors(actual: Tensor, expected: Tensor, tolerances: tuple, rules: _Rules, fail: Callable) -> None:
    for name, is_checked in (
        ("shape", True),
        ("layout", rules.check_layout),
        ("stride()", rules.check_stride),
        ("device", rules.check_device),
        ("dtype", rules.check_dtype),
    ):
        mine, other = [each.stride() if name == "stride()" else getattr(each, name) for each in (actual, expected)]
        if is_checked and mine != other:
            fail(AssertionError, f"The values for attribute '{name}' do not match: {mine} != {other}.")
    if "meta" in (actual.device.type, expected.device.type):
        return
    actual, expected = _alike(actual, expected)
    is_tiny = actual.dtype.is_floating_point and actual.dtype.itemsize == 1
    if is_tiny and tolerances != (0.0, 0.0):
        fail(
            AssertionError,
            f"Rtol={tolerances[0]} and atol={tolerances[1]} are not supported for bitwise comparison of low dimensional "
            "floats. Please use rtol=0.0 and atol=0.0.",
        )
    matches = actual.isclose(expected, *tolerances, equal_nan=rules.equal_nan)
    if bool(matches.all()):
        return
    if actual.dim() == 0:
        fail(AssertionError, _of_scalars(actual.item(), expected.item(), tolerances))
    fail(AssertionError, _of_tensors(actual, expected, matches, tolerances, is_tiny))


def _alike(actual: Tensor, expected: Tensor) -> tuple[Tensor, Tensor]:
    """Two tensors on one device and of one dtype."""
    if actual.device != expected.device:
        actual, expected = actual.cpu(), expected.cpu()
    if actual.dtype != expected.dtype:
        kinds = [dtypes.int64 if each.dtype in _UNSIGNED else each.dtype for each in (actual, expected)]
        common = promote_types(*kinds)
        actual, expected = actual.to(common), expected.to(common)
    return actual, expected


# ---------------------------------------------------------------------- what is said


def _of_scalars(actual: Any, expected: Any, tolerances: tuple) -> str:
    absolute = abs(actual - expected)
    relative = float("inf") if expected == 0 else absolute / abs(expected)
    differences = (("Absolute difference", absolute, ""), ("Relative difference", relative, ""))
    return _text("Scalars", f"Expected {expected} but got {actual}.", differences, tolerances)


def _of_tensors(actual: Tensor, expected: Tensor, matches: Tensor, tolerances: tuple, is_tiny: bool) -> str:
    missed, count = matches.numel() - int(matches.sum()), matches.numel()
    told = f"Mismatched elements: {missed} / {count} ({missed / count:.1%})"
    if is_tiny:
        first = tuple((~matches).nonzero()[0].tolist())
        return f"Tensor-likes are not 'equal'!\n\n{told}\nThe first mismatched element is at index {first}."
    flat = [each.flatten() for each in (actual, expected)]
    if not (actual.dtype.is_floating_point or actual.dtype.is_complex):
        flat = [each.to(dtypes.int64) for each in flat]
    absolute = (flat[0] - flat[1]).abs().masked_fill(matches.flatten(), 0)
    relative = (absolute / flat[1].abs()).masked_fill(matches.flatten(), 0)
    differences = []
    for name, values in (("absolute", absolute), ("relative", relative)):
        greatest, place = values.max(0)
        index = tuple([int(each) for each in np.unravel_index(int(place), tuple(matches.shape))])
        differences.append((f"Greatest {name} difference", greatest.item(), f" at index {index}"))
    return _text("Tensor-likes", told, differences, tolerances)


def _text(name: str, told: str, differences: Sequence[tuple[str, float, str]], tolerances: tuple) -> str:
    is_exact = tolerances == (0, 0)
    lines = [f"{name} are not {'equal' if is_exact else 'close'}!\n", told]
    for (title, value, where), limit in zip(differences, reversed(tolerances), strict=True):
        lines.append(f"{title}: {value}{where}" + ("" if is_exact else f" (up to {limit} allowed)"))
    return "\n".join(lines)
