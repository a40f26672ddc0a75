"""What the numbers of a dtype can be: ``torch.finfo`` and ``torch.iinfo``."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np

from torchlike._types import dtypes

_WRONG = "torch.{0}() requires {1} input type. Use torch.{2} to handle 'torch.{0}'"


class _Limits:
    """Equal where the dtypes' limits are the same."""

    _shown: tuple[str, ...] = ()
    dtype: str

    def __repr__(self) -> str:
        numbers = "".join(f"{name}={getattr(self, name):g}, " for name in self._shown)
        return f"{type(self).__name__}({numbers}dtype={self.dtype})"

    def __eq__(self, other: Any) -> bool:
        return type(other) is type(self) and other.dtype == self.dtype

    __hash__ = None  # type: ignore[assignment]


def _checked(type: Any, name: str) -> dtypes.dtype:
    type = dtypes.OF_PYTHON.get(type, type)
    if not isinstance(type, dtypes.dtype):
        given = type.__class__.__name__
        raise TypeError(f"{name}(): argument 'type' (position 1) must be torch.dtype, not {given}")
    return type


class finfo(_Limits):
    """The limits of a floating point dtype; of a complex one those of its parts.

    Args:
        type: the dtype, the default one if it is left out.

    Attributes:
        bits: of a number.
        eps: from 1 to the next number.
        max, min: the largest and the smallest finite number.
        smallest_normal, tiny: the smallest positive number with all digits.
        resolution: ten to the power of minus the decimal digits that are exact.
        dtype: the dtype's name.

    Raises:
        TypeError: the dtype is neither floating point nor complex.

    Example:
        >>> torch.finfo(torch.float16).max
        65504.0
    """

    _shown = ("resolution", "min", "max", "eps", "smallest_normal", "tiny")

    def __init__(self, type: dtypes.dtype | None = None) -> None:
        known = dtypes.get_default_dtype() if type is None else _checked(type, "finfo")
        if known.rank < 2:
            raise TypeError(_WRONG.format("finfo", "a floating point", "iinfo"))
        numbers = ml_dtypes.finfo(known.np)
        self.bits = int(numbers.bits)
        self.dtype = dtypes.of_numpy(numbers.dtype).name
        self.eps, self.max, self.min = float(numbers.eps), float(numbers.max), float(numbers.min)
        self.smallest_normal = self.tiny = float(numbers.smallest_normal)
        self.resolution = 10.0 ** -int(numbers.precision)


class iinfo(_Limits):
    """The limits of an integer dtype.

    Args:
        type: the dtype.

    Attributes:
        bits: of a number.
        max, min: the largest and the smallest number.
        dtype: the dtype's name.

    Raises:
        TypeError: the dtype is not an integer one.

    Example:
        >>> torch.iinfo(torch.int8).max
        127
    """

    _shown = ("min", "max")

    def __init__(self, type: dtypes.dtype) -> None:
        known = _checked(type, "iinfo")
        if known.rank == 0:
            raise TypeError("torch.bool is not supported by torch.iinfo")
        if known.rank > 1:
            raise TypeError(_WRONG.format("iinfo", "an integer", "finfo"))
        numbers = np.iinfo(known.np)
        self.bits, self.max, self.min, self.dtype = int(numbers.bits), int(numbers.max), int(numbers.min), known.name
