"""Tensors to try functions on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from torchlike._functions.creation import empty
from torchlike._functions.randoms import randint
from torchlike._functions.views import view_as_real
from torchlike._programs.explain import warn
from torchlike._programs.tracebacks import gate
from torchlike._types import dtypes
from torchlike._types.limits import finfo, iinfo

if TYPE_CHECKING:
    from torchlike.types import Device

_EQUAL = (
    "Passing `low==high` to `torch.testing.make_tensor` for floating or complex types is deprecated since 2.1 and will be "
    "removed in 2.3. Use `torch.full(...)` instead."
)


@gate
def make_tensor(
    *shape: Any,
    dtype: dtypes.dtype,
    device: Device,
    low: float | None = None,
    high: float | None = None,
    requires_grad: bool = False,
    noncontiguous: bool = False,
    exclude_zero: bool = False,
    memory_format: Any = None,
):
    """A tensor of random numbers, uniform in ``[low, high)``.

    Args:
        shape: its sizes.
        dtype: its dtype.
        device: where it is.
        low: the least number; -9 by default, 0 for bools and for unsigned integers.
        high: the number that all are below; 9 by default, 10 for integers, 2 for bools.
        requires_grad: whether its gradient is wanted.
        noncontiguous: whether its elements lie apart.
        exclude_zero: whether zeros are replaced: by one, or the least number that is not subnormal.
        memory_format: how its elements lie.

    Raises:
        ValueError: there are no such numbers, or a gradient is wanted of integers, or two orders in memory.
        TypeError: the dtype is another.

    Example:
        >>> torch.testing.make_tensor(2, 3, dtype=torch.float32, device="cpu").shape
        torch.Size([2, 3])
    """
    sizes = tuple(shape[0]) if len(shape) == 1 and isinstance(shape[0], Sequence) else shape
    if noncontiguous and memory_format is not None:
        raise ValueError(
            "The parameters `noncontiguous` and `memory_format` are mutually exclusive, "
            f"but got {noncontiguous=} and {memory_format=}"
        )
    is_real = dtype.is_floating_point or dtype.is_complex
    if requires_grad and not is_real:
        raise ValueError(f"`requires_grad=True` is not supported for boolean and integral dtypes, but got {dtype=}")
    noncontiguous = noncontiguous and math.prod(sizes) > 1
    if noncontiguous:
        sizes = (*sizes[:-1], 2 * sizes[-1])
    low, high = _bounds(low, high, dtype)
    if is_real:
        made = _uniform(sizes, low, high, dtype, device)
    else:
        made = randint(math.ceil(low), math.ceil(high), sizes, device=device, dtype=dtype)
    if noncontiguous:
        made = made[..., 1::2]
    elif memory_format is not None:
        made = made.clone(memory_format=memory_format)
    if exclude_zero:
        made[made == 0] = finfo(dtype).tiny if is_real else 1
    if is_real:
        made.requires_grad = requires_grad
    return made


def _bounds(low: float | None, high: float | None, dtype: dtypes.dtype) -> tuple[float, float]:
    """The bounds, within what the dtype holds.

    Raises:
        ValueError: there is nothing between them.
    """
    is_real = dtype.is_floating_point or dtype.is_complex
    if dtype is dtypes.bool_:
        least, most, defaults = 0, 2, (0, 2)
    elif is_real:
        least, most, defaults = finfo(dtype).min, finfo(dtype).max, (-9, 9)
    else:
        least, most, defaults = iinfo(dtype).min, iinfo(dtype).max + (dtype is not dtypes.int64), (-9, 10)
    low, high = [own if given is None else given for given, own in zip((low, high), defaults, strict=True)]
    if any([isinstance(each, float) and math.isnan(each) for each in (low, high)]):
        raise ValueError(f"`low` and `high` cannot be NaN, but got {low=} and {high=}")
    if low == high and is_real:
        warn(_EQUAL, FutureWarning)
    elif low >= high:
        raise ValueError(f"`low` must be less than `high`, but got {low} >= {high}")
    elif high < least or low >= most:
        raise ValueError(
            f"The value interval specified by `low` and `high` is [{low}, {high}), "
            f"but {dtype} only supports [{least}, {most})"
        )
    return min(max(low, least), most), min(max(high, least), most)


def _uniform(sizes: tuple, low: float, high: float, dtype: dtypes.dtype, device: Device):
    is_tiny = dtype.itemsize == 1
    made = empty(sizes, device=device, dtype=dtypes.float32 if is_tiny else dtype)
    parts = view_as_real(made) if dtype.is_complex else made
    if high - low >= finfo(parts.dtype).max:
        parts.uniform_(low / 2, high / 2).mul_(2)  # the width itself would be infinite
    else:
        parts.uniform_(low, high)
    return made.to(dtype) if is_tiny else made
