"""Tensors made from nothing: counting, and spaced evenly or by powers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from torchlike._autograd.variable import TensorBase
from torchlike._function import function
from torchlike._functions.creation import dtype_for, finished
from torchlike._functions.making import cast
from torchlike._programs import explain
from torchlike._types import dtypes, formats

if TYPE_CHECKING:
    from torchlike.tensor import Tensor
    from torchlike.types import Device

RANGE = (
    "torch.range is deprecated and will be removed in a future release because its behavior is inconsistent with "
    "Python's range builtin. Instead, use torch.arange, which produces values in [start, end)."
)


def _is_whole(value: Any) -> bool:
    return isinstance(value, (int, np.integer))


def _number(name: str, argument: str, place: int, value: Any):
    if isinstance(value, TensorBase):
        return value.item()
    if not isinstance(value, (bool, int, float, complex, np.number)):
        kind = type(value).__name__
        raise TypeError(f"{name}(): argument '{argument}' (position {place}) must be Number, not {kind}")
    return value


@function(of_modes=True)
def arange(
    *args: Any,
    start: complex | None = None,
    end: complex | None = None,
    step: complex | None = None,
    out: Tensor | None = None,
    dtype: dtypes.dtype | None = None,
    layout: formats.layout | None = None,
    device: Device = None,
    pin_memory: bool | None = False,
    requires_grad: bool | None = False,
) -> Tensor:
    """Numbers from `start` (default 0) up to and without `end`, `step` (default 1) apart.

    Called as ``arange(end)``, ``arange(start, end)`` or ``arange(start, end, step)``. The dtype is int64 if all three
    are integers, else the default one.

    Raises:
        RuntimeError: the step is 0 or leads away from `end`, or a bound is not finite.

    Example:
        >>> torch.arange(5)
        tensor([0, 1, 2, 3, 4])
        >>> torch.arange(1, 2, 0.25)
        tensor([1.0000, 1.2500, 1.5000, 1.7500])
    """
    given = dict(zip(("start", "end", "step"), args if len(args) > 1 else (None, *args), strict=False))
    start, end, step = (
        given.get(name) if given.get(name) is not None else other
        for name, other in (("start", start), ("end", end), ("step", step))
    )
    if end is None:
        raise TypeError("arange() received an invalid combination of arguments - got ()")
    end = _number("arange", "end", 1 if len(args) < 2 else 2, end)
    start = 0 if start is None else _number("arange", "start", 1, start)
    step = 1 if step is None else _number("arange", "step", 3, step)
    dtype = dtype_for("arange", dtype, out)
    if dtype is None:
        dtype = dtypes.int64 if all(map(_is_whole, (start, end, step))) else dtypes.get_default_dtype()
    if dtype.is_complex or dtype.rank == 0:
        raise NotImplementedError(f"\"arange_cpu\" not implemented for '{dtypes.scalar_name(dtype)}'")
    _check_range(start, end, step)
    if dtype.rank == 1:
        if int(step) == 0:
            raise ValueError("step must be nonzero")
        start, end, step = int(start), int(end), int(step)
        count = max(-((start - end) // step), 0)
    else:
        count = math.ceil((end - start) / step)
    return finished("arange", _counted(start, step, count, dtype), device, requires_grad, out)


def _check_range(start: Any, end: Any, step: Any) -> None:
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if not (math.isfinite(start) and math.isfinite(end)):
        raise RuntimeError(f"unsupported range: {_plain(start)} -> {_plain(end)}")
    if (end - start) * step < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")


def _plain(number: Any) -> str:
    return f"{number:g}"


def _counted(start: Any, step: Any, count: int, dtype: dtypes.dtype) -> np.ndarray:
    if dtype.rank == 1:
        return cast(start + step * np.arange(count, dtype=np.int64), dtype)
    return cast(start + step * np.arange(count, dtype=np.float64), dtype)


@function(name="range", of_modes=True)
def inclusive_range(
    start: int = 0,
    end: Any = None,
    step: int = 1,
    *,
    out: Tensor | None = None,
    dtype: dtypes.dtype | None = None,
    layout: formats.layout | None = None,
    device: Device = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
):
    """Numbers from `start` up to and with `end`, `step` apart; deprecated, as it is unlike Python's range.

    Example:
        >>> torch.range(1, 3)
        tensor([1., 2., 3.])
    """
    explain.warn(RANGE)
    if end is None:
        start, end = 0, start
    _check_range(start, end, step)
    dtype = dtype_for("range", dtype, out) or dtypes.get_default_dtype()
    count = int((end - start) / step + 1)
    return finished("range", _counted(start, step, count, dtype), device, requires_grad, out)


def _ends(name: str, start: Any, end: Any) -> tuple:
    if any(isinstance(each, TensorBase) and each._aval.ndim for each in (start, end)):
        dims = [each._aval.ndim if isinstance(each, TensorBase) else 0 for each in (start, end)]
        raise RuntimeError(
            f"{name} only supports 0-dimensional start and end tensors, but got start with {dims[0]} dimension(s) and "
            f"end with {dims[1]} dimension(s)."
        )
    return tuple([each.item() if isinstance(each, TensorBase) else each for each in (start, end)])


def _spaced(start: Any, end: Any, steps: int, wide: np.dtype) -> np.ndarray:
    """Evenly spaced numbers, counted from both ends as PyTorch does."""
    if steps < 2:
        return np.full(steps, start, wide)
    kind = wide.type
    first, last = kind(start), kind(end)
    step = kind((last - first) / kind(steps - 1))
    places = np.arange(steps).astype(wide)
    return np.where(np.arange(steps) < steps // 2, first + step * places, last - step * places[::-1]).astype(wide)


def _check_steps(name: str, steps: int, legacy_steps: int) -> int:
    if steps is None:
        explain.warn(
            f"Not providing a value for {name}'s steps is deprecated and will throw a runtime error in a future "
            f"release. This warning will appear only once per process.",
            FutureWarning,
        )
        return legacy_steps
    if isinstance(steps, float) or not hasattr(steps, "__index__"):
        raise TypeError(f"{name}() received an invalid combination of arguments - got (steps={type(steps).__name__})")
    if steps < 0:
        raise RuntimeError("number of steps must be non-negative")
    return steps.__index__()


def _spaced_dtype(name: str, start: Any, end: Any, dtype: dtypes.dtype | None, out: Tensor | None) -> dtypes.dtype:
    dtype = dtype_for(name, dtype, out)
    if dtype is None:
        default = dtypes.get_default_dtype()
        dtype = default.to_complex() if isinstance(start, complex) or isinstance(end, complex) else default
    if dtype.rank == 0:
        raise NotImplementedError(f"\"{name}_cpu\" not implemented for 'Bool'")
    return dtype


@function(of_modes=True)
def linspace(
    start: Tensor | complex,
    end: Tensor | complex,
    steps: int | None = None,
    *,
    out: Tensor | None = None,
    dtype: dtypes.dtype | None = None,
    layout: formats.layout | None = None,
    device: Device = None,
    pin_memory: bool | None = False,
    requires_grad: bool | None = False,
) -> Tensor:
    """`steps` evenly spaced numbers from `start` to `end`, both included.

    Raises:
        RuntimeError: `steps` is negative.

    Example:
        >>> torch.linspace(0, 1, 5)
        tensor([0.0000, 0.2500, 0.5000, 0.7500, 1.0000])
    """
    start, end = _ends("linspace", start, end)
    steps = _check_steps("linspace", steps, 100)
    dtype = _spaced_dtype("linspace", start, end, dtype, out)
    wide = np.dtype(np.float64) if dtype.rank == 1 or dtype.itemsize == 2 else dtype.np
    if dtype.rank == 1:
        start, end = int(start), int(end)
    return finished("linspace", cast(_spaced(start, end, steps, wide), dtype), device, requires_grad, out)


@function(of_modes=True)
def logspace(
    start: Tensor | complex,
    end: Tensor | complex,
    steps: int | None = None,
    base: float = 10.0,
    *,
    out: Tensor | None = None,
    dtype: dtypes.dtype | None = None,
    layout: formats.layout | None = None,
    device: Device = None,
    pin_memory: bool | None = False,
    requires_grad: bool | None = False,
) -> Tensor:
    """Powers of `base` whose exponents are `steps` evenly spaced numbers from `start` to `end`.

    Raises:
        RuntimeError: `steps` is negative.

    Example:
        >>> torch.logspace(0, 3, 4)
        tensor([   1.,   10.,  100., 1000.])
    """
    start, end = _ends("logspace", start, end)
    base = base.item() if isinstance(base, TensorBase) else base
    steps = _check_steps("logspace", steps, 100)
    dtype = _spaced_dtype("logspace", start, end, dtype, out)
    if dtype.rank < 2:
        start, end = int(start), int(end)
    wide = np.dtype(np.complex128 if dtype.is_complex else np.float64)
    with np.errstate(all="ignore"):
        powers = np.power(wide.type(base), _spaced(start, end, steps, wide))
    return finished("logspace", cast(powers, dtype), device, requires_grad, out)
