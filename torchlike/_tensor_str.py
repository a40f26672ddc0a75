"""How tensors are printed."""

from __future__ import annotations

import contextlib
import math
import textwrap
from collections.abc import Generator
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from torchlike._autograd.variable import TensorBase
from torchlike._overrides import is_overriding
from torchlike._recorder.levels import Batched
from torchlike._recorder.meta import NOWHERE
from torchlike._types import dtypes

if TYPE_CHECKING:
    from torchlike.tensor import Tensor


@dataclass(frozen=True)
class PrintOptions:
    """What printing depends on.

    Attributes:
        precision: digits behind the point.
        threshold: tensors with more elements are summarised.
        edgeitems: elements shown at each end of a summarised dimension.
        linewidth: characters in a line.
        sci_mode: scientific notation on, off, or None to decide by the elements.
    """

    precision: int = 4
    threshold: float = 1000
    edgeitems: int = 3
    linewidth: int = 80
    sci_mode: bool | None = None


PROFILES = {
    "default": {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80},
    "short": {"precision": 2, "threshold": 1000, "edgeitems": 2, "linewidth": 80},
    "full": {"precision": 4, "threshold": math.inf, "edgeitems": 3, "linewidth": 80},
}
options = PrintOptions()


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Set how tensors are printed; what is None stays, but for `sci_mode`.

    Args:
        profile: ``"default"``, ``"short"`` or ``"full"``, to begin from.

    Example:
        >>> torch.set_printoptions(precision=2)
        >>> torch.tensor([3.14159])
        tensor([3.14])
        >>> torch.set_printoptions(profile="default")
    """
    global options
    given = dict(PROFILES.get(profile or "", {}))
    named = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    given |= {name: value for name, value in named.items() if value is not None}
    options = replace(options, **given, sci_mode=sci_mode)


def get_printoptions() -> dict:
    """How tensors are printed, as a dictionary."""
    return asdict(options)


@contextlib.contextmanager
def printoptions(**kwargs: Any) -> Generator[None]:
    """Print otherwise within the block; arguments as for `set_printoptions`."""
    global options
    before = options
    set_printoptions(**kwargs)
    try:
        yield
    finally:
        options = before


class _Format:
    """The common format of numbers: their width, whether they have digits behind the point, an exponent."""

    def __init__(self, array: np.ndarray) -> None:
        self.is_float = array.dtype.kind == "f"
        self.is_whole, self.is_scientific, self.width = True, False, 1
        if not self.is_float:
            self.width = max((len(str(each)) for each in array.ravel().tolist()), default=1)
            return
        shown = array.astype(np.float64).ravel()
        shown = shown[np.isfinite(shown) & (shown != 0)]
        if shown.size:
            self._choose(shown)

    def _choose(self, shown: np.ndarray) -> None:
        sizes = np.abs(shown)
        least, most = sizes.min(), sizes.max()
        self.is_whole = bool((shown == np.ceil(shown)).all())
        with np.errstate(over="ignore"):
            wide = most / least > 1000.0 or most > 1.0e8
        self.is_scientific = options.sci_mode
        if self.is_scientific is None:
            self.is_scientific = bool(wide or (not self.is_whole and least < 1.0e-4))
        # only the extremes can be the widest
        digits = options.precision
        ends = [shown.min(), shown.max()] if not self.is_scientific else shown.tolist()
        if self.is_scientific:
            self.width = max(len(f"{each:.{digits}e}") for each in ends)
        elif self.is_whole:
            self.width = max(len(f"{each:.0f}") + 1 for each in ends)
        else:
            self.width = max(len(f"{each:.{digits}f}") for each in ends)

    def __call__(self, value: Any) -> str:
        if not self.is_float:
            text = str(value)
        elif self.is_scientific:
            text = f"{value:{self.width}.{options.precision}e}"
        elif self.is_whole:
            text = f"{value:.0f}"
            if math.isfinite(value):
                text += "."
        else:
            text = f"{value:.{options.precision}f}"
        return text.rjust(self.width)


class _Complex:
    """The common formats of real and imaginary parts."""

    def __init__(self, array: np.ndarray) -> None:
        self.real, self.imag = _Format(np.real(array)), _Format(np.imag(array))
        self.width = self.real.width + self.imag.width + 1

    def __call__(self, value: complex) -> str:
        imaginary = (self.imag(value.imag) + "j").lstrip()
        sign = "" if imaginary[0] in "+-" else "+"
        return self.real(value.real) + sign + imaginary


def _edges(array: np.ndarray) -> np.ndarray:
    """What of a summarised array is shown."""
    count = options.edgeitems
    for axis in range(array.ndim):
        size = array.shape[axis]
        if size > 2 * count:
            keep = np.r_[0:count, size - count : size]
            array = np.take(array, keep, axis)
    return array


def _body(array: np.ndarray, indent: int, summarize: bool, form: Any) -> str:
    if array.ndim == 0:
        return form(array.item())
    count = options.edgeitems
    shortened = summarize and array.shape[0] > 2 * count
    if array.ndim == 1:
        return _row(array, indent, shortened, form)
    if shortened:
        places = [*range(count), None, *range(len(array) - count, len(array))]
    else:
        places = list(range(len(array)))
    parts = ["..." if place is None else _body(array[place], indent + 1, summarize, form) for place in places]
    return "[" + ("," + "\n" * (array.ndim - 1) + " " * (indent + 1)).join(parts) + "]"


def _row(array: np.ndarray, indent: int, shortened: bool, form: Any) -> str:
    count = options.edgeitems
    per_line = max(1, math.floor((options.linewidth - indent) / (form.width + 2)))
    if shortened and not count:
        texts = ["..."]
    elif shortened:
        texts = [*map(form, array[:count].tolist()), " ...", *map(form, array[-count:].tolist())]
    else:
        texts = list(map(form, array.tolist()))
    lines = [", ".join(texts[place : place + per_line]) for place in range(0, len(texts), per_line)]
    return "[" + ("," + "\n" + " " * (indent + 1)).join(lines) + "]"


def contents(array: np.ndarray, indent: int) -> str:
    """The elements of an array as they are printed behind `indent` characters."""
    if not array.size:
        return "[]"
    summarize = array.size > options.threshold
    if array.dtype.kind not in "biufc":
        shown = array.astype(np.float32)  # bfloat16 and its kin
        return contents(shown, indent)
    seen = _edges(array) if summarize else array
    form = _Complex(seen) if array.dtype.kind == "c" else _Format(seen)
    return _body(array, indent, summarize, form)


def tensor_repr(array: np.ndarray, dtype: dtypes.dtype, before: list[str], after: list[str], name: str) -> str:
    """The text of a tensor.

    Args:
        array: its elements.
        dtype: its dtype.
        before, after: what stands before and after the dtype, as ``"requires_grad=True"``.
        name: what it is called: ``"tensor"``.
    """
    prefix = name + "("
    indent = len(prefix)
    default = dtypes.get_default_dtype()
    told: list[str] = []
    if not array.size:
        if array.ndim != 1:
            told.append(f"size={tuple(array.shape)}")
        if dtype is not default:
            told.append(f"dtype={dtype}")
    elif dtype not in (default, dtypes.int64, dtypes.bool_, default.to_complex()):
        told.append(f"dtype={dtype}")
    text = prefix + contents(array, indent)
    last = len(text) - text.rfind("\n") + 1
    for suffix in (*before, *told, *after):
        if last + len(suffix) + 2 > options.linewidth:
            text += ",\n" + " " * indent + suffix
            last = indent + len(suffix)
        else:
            text += ", " + suffix
            last += len(suffix) + 2
    return text + ")"


def _without_elements(tensor: Tensor) -> str:
    parts = [f"device='{tensor.device}'", f"size={tuple(tensor.shape)}"]
    if tensor.dtype not in (dtypes.get_default_dtype(), dtypes.bool_):
        parts.append(f"dtype={tensor.dtype}")
    return f"tensor(..., {', '.join([*parts, *_history(tensor)])})"


def _history(tensor: Tensor) -> list[str]:
    if tensor.grad_fn is not None:
        return [f"grad_fn=<{tensor.grad_fn.name()}>"]
    return ["requires_grad=True"] if tensor.requires_grad else []


def describe(tensor: Tensor) -> str:
    """The text of a tensor, computed now; within a transformed function, of what it consists of."""
    value = tensor._value()
    if value.recording is NOWHERE:
        return _without_elements(tensor)
    if value.is_abstract:
        level = value.recording
        name, more = ("BatchedTensor", ", bdim=0") if type(level) is Batched else ("GradTrackingTensor", "")
        below = describe(TensorBase._wrap(cast(Any, level).parts(value)[0]))
        return f"{name}(lvl={level.depth}{more}, value=\n{textwrap.indent(below, '    ')}\n)"
    before = [f"device='{tensor.device}'"] if tensor.is_cuda else []
    after = _history(tensor)
    name = type(tensor).__name__ if is_overriding(type(tensor)) else "tensor"
    return tensor_repr(value.numpy(), tensor.dtype, before, after, name)


set_printoptions.__module__ = get_printoptions.__module__ = printoptions.__module__ = "torchlike"
