"""Padding layers."""

from __future__ import annotations

from collections.abc import Sequence

from torchlike.nn import functional as F
from torchlike.nn._sizes import ntuple
from torchlike.nn.modules.module import Module
from torchlike.tensor import Tensor


class _PadNd(Module):
    """Puts elements before and after.

    Args:
        padding: (before, after) of the last dimension, then of the one before it, and so on; or one number for all.
    """

    _dims: int
    _mode: str

    def _check_input_dim(self, input: Tensor) -> None:
        """Whatever does not fit is refused by `F.pad`; the circular layers speak first."""

    def __init__(self, padding: int | Sequence[int]) -> None:
        super().__init__()
        self.padding = ntuple(padding, 2 * self._dims)

    def forward(self, input: Tensor) -> Tensor:
        """``(N, C, *)`` to ``(N, C, *)``."""
        self._check_input_dim(input)
        return F.pad(input, self.padding, self._mode)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class _ConstantPadNd(_PadNd):
    """Puts a value before and after.

    Args:
        padding: (before, after) of the last dimension, then of the one before it, and so on; or one number for all.
        value: what is put.
    """

    def __init__(self, padding: int | Sequence[int], value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        """``(N, C, *)`` to ``(N, C, *)``."""
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class ConstantPad1d(_ConstantPadNd):
    __doc__ = str(_ConstantPadNd.__doc__).replace("after.", "after in one dimension.", 1)
    _dims = 1


class ConstantPad2d(_ConstantPadNd):
    __doc__ = str(_ConstantPadNd.__doc__).replace("after.", "after in two dimensions.", 1)
    _dims = 2


class ConstantPad3d(_ConstantPadNd):
    __doc__ = str(_ConstantPadNd.__doc__).replace("after.", "after in three dimensions.", 1)
    _dims = 3


class _ZeroPadNd(_ConstantPadNd):
    """Puts zeros before and after.

    Args:
        padding: (before, after) of the last dimension, then of the one before it, and so on; or one number for all.
    """

    def __init__(self, padding: int | Sequence[int]) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ZeroPad1d(_ZeroPadNd):
    __doc__ = str(_ZeroPadNd.__doc__).replace("after.", "after in one dimension.", 1)
    _dims = 1


class ZeroPad2d(_ZeroPadNd):
    __doc__ = str(_ZeroPadNd.__doc__).replace("after.", "after in two dimensions.", 1)
    _dims = 2


class ZeroPad3d(_ZeroPadNd):
    __doc__ = str(_ZeroPadNd.__doc__).replace("after.", "after in three dimensions.", 1)
    _dims = 3


class ReflectionPad1d(_PadNd):
    __doc__ = str(_PadNd.__doc__).replace(
        "elements before and after", "mirrored elements before and after in one dimension", 1
    )
    _dims, _mode = 1, "reflect"


class ReflectionPad2d(_PadNd):
    __doc__ = str(_PadNd.__doc__).replace(
        "elements before and after", "mirrored elements before and after in two dimensions", 1
    )
    _dims, _mode = 2, "reflect"


class ReflectionPad3d(_PadNd):
    __doc__ = str(_PadNd.__doc__).replace(
        "elements before and after", "mirrored elements before and after in three dimensions", 1
    )
    _dims, _mode = 3, "reflect"


class ReplicationPad1d(_PadNd):
    __doc__ = str(_PadNd.__doc__).replace(
        "elements before and after", "the nearest element before and after in one dimension", 1
    )
    _dims, _mode = 1, "replicate"


class ReplicationPad2d(_PadNd):
    __doc__ = str(_PadNd.__doc__).replace(
        "elements before and after", "the nearest element before and after in two dimensions", 1
    )
    _dims, _mode = 2, "replicate"


class ReplicationPad3d(_PadNd):
    __doc__ = str(_PadNd.__doc__).replace(
        "elements before and after", "the nearest element before and after in three dimensions", 1
    )
    _dims, _mode = 3, "replicate"


class _CircularPadNd(_PadNd):
    __doc__ = _PadNd.__doc__

    _mode = "circular"

    def _check_input_dim(self, input: Tensor) -> None:
        if input.dim() not in (self._dims + 1, self._dims + 2):
            raise ValueError(f"expected {self._dims + 1}D or {self._dims + 2}D input (got {input.dim()}D input)")


class CircularPad1d(_CircularPadNd):
    __doc__ = str(_PadNd.__doc__).replace(
        "elements before and after", "elements of the other end before and after in one dimension", 1
    )
    _dims = 1


class CircularPad2d(_CircularPadNd):
    __doc__ = str(_PadNd.__doc__).replace(
        "elements before and after", "elements of the other end before and after in two dimensions", 1
    )
    _dims = 2


class CircularPad3d(_CircularPadNd):
    __doc__ = str(_PadNd.__doc__).replace(
        "elements before and after", "elements of the other end before and after in three dimensions", 1
    )
    _dims = 3
