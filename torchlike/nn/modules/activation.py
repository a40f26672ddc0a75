"""Activation layers."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from torchlike._functions import creation
from torchlike.nn import functional as F
from torchlike.nn import init
from torchlike.nn.modules._attention import MultiheadAttention as MultiheadAttention
from torchlike.nn.modules.module import Module
from torchlike.nn.parameter import Parameter
from torchlike.tensor import Tensor

if TYPE_CHECKING:
    from torchlike._types import dtypes
    from torchlike.types import Device


class _Elementwise(Module):
    """A function of each element, without settings."""

    def forward(self, input: Tensor) -> Tensor:
        """``(*)`` to ``(*)``."""
        return self._function(input)


class _MaybeInplace(Module):
    """A function of each element.

    Args:
        inplace: whether the input itself is changed.
    """

    inplace: bool

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """``(*)`` to ``(*)``."""
        return self._function(input, self.inplace)

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""


class Sigmoid(_Elementwise):
    """See `torch.nn.functional.sigmoid`."""

    _function = staticmethod(F.sigmoid)


class Tanh(_Elementwise):
    """See `torch.nn.functional.tanh`."""

    _function = staticmethod(F.tanh)


class LogSigmoid(_Elementwise):
    """See `torch.nn.functional.logsigmoid`."""

    _function = staticmethod(F.logsigmoid)


class Softsign(_Elementwise):
    """See `torch.nn.functional.softsign`."""

    _function = staticmethod(F.softsign)


class Tanhshrink(_Elementwise):
    """See `torch.nn.functional.tanhshrink`."""

    _function = staticmethod(F.tanhshrink)


class ReLU(_MaybeInplace):
    """See `torch.nn.functional.relu`."""

    _function = staticmethod(F.relu)


class SELU(_MaybeInplace):
    """See `torch.nn.functional.selu`."""

    _function = staticmethod(F.selu)


class SiLU(_MaybeInplace):
    """See `torch.nn.functional.silu`."""

    _function = staticmethod(F.silu)


class Mish(_MaybeInplace):
    """See `torch.nn.functional.mish`."""

    _function = staticmethod(F.mish)


class Hardswish(_MaybeInplace):
    """See `torch.nn.functional.hardswish`."""

    _function = staticmethod(F.hardswish)


class Hardsigmoid(_MaybeInplace):
    """See `torch.nn.functional.hardsigmoid`."""

    _function = staticmethod(F.hardsigmoid)


class Threshold(Module):
    """See `torch.nn.functional.threshold`."""

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        super().__init__()
        self.threshold, self.value, self.inplace = threshold, value, inplace

    def forward(self, input: Tensor) -> Tensor:
        """``(*)`` to ``(*)``."""
        return F.threshold(input, self.threshold, self.value, self.inplace)

    def extra_repr(self) -> str:
        return f"threshold={self.threshold}, value={self.value}" + (", inplace=True" if self.inplace else "")


class RReLU(Module):
    """See `torch.nn.functional.rrelu`."""

    def __init__(self, lower: float = 1.0 / 8, upper: float = 1.0 / 3, inplace: bool = False) -> None:
        super().__init__()
        self.lower, self.upper, self.inplace = lower, upper, inplace

    def forward(self, input: Tensor) -> Tensor:
        """``(*)`` to ``(*)``."""
        return F.rrelu(input, self.lower, self.upper, self.training, self.inplace)

    def extra_repr(self) -> str:
        return f"lower={self.lower}, upper={self.upper}" + (", inplace=True" if self.inplace else "")


class Hardtanh(Module):
    """See `torch.nn.functional.hardtanh`.

    Args:
        min_val, max_val: where the input is cut.
        inplace: whether the input itself is changed.
        min_value, max_value: older names of `min_val` and `max_val`.

    Raises:
        AssertionError: `max_val` is not above `min_val`.
    """

    def __init__(
        self,
        min_val: float = -1.0,
        max_val: float = 1.0,
        inplace: bool = False,
        min_value: float | None = None,
        max_value: float | None = None,
    ) -> None:
        super().__init__()
        if min_value is not None:
            warnings.warn(
                "keyword argument `min_value` is deprecated and renamed to `min_val`", FutureWarning, stacklevel=2
            )
            min_val = min_value
        if max_value is not None:
            warnings.warn(
                "keyword argument `max_value` is deprecated and renamed to `max_val`", FutureWarning, stacklevel=2
            )
            max_val = max_value
        self.min_val, self.max_val, self.inplace = min_val, max_val, inplace
        if self.max_val <= self.min_val:
            raise AssertionError(f"max_val ({self.max_val}) must be larger than min_val ({self.min_val})")

    def forward(self, input: Tensor) -> Tensor:
        """``(*)`` to ``(*)``."""
        return F.hardtanh(input, self.min_val, self.max_val, self.inplace)

    def extra_repr(self) -> str:
        return f"min_val={self.min_val}, max_val={self.max_val}" + (", inplace=True" if self.inplace else "")


class ReLU6(Hardtanh):
    """See `torch.nn.functional.relu6`."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(0.0, 6.0, inplace)

    def forward(self, input: Tensor) -> Tensor:
        """``(*)`` to ``(*)``."""
        return F.relu6(input, self.inplace)

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""


class _WithAlpha(Module):
    """A function with one setting, `alpha`."""

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.alpha, self.inplace = alpha, inplace

    def forward(self, input: Tensor) -> Tensor:
        """``(*)`` to ``(*)``."""
        return self._function(input, self.alpha, self.inplace)

    def extra_repr(self) -> str:
        return f"alpha={self.alpha}" + (", inplace=True" if self.inplace else "")


class ELU(_WithAlpha):
    """See `torch.nn.functional.elu`."""

    _function = staticmethod(F.elu)


class CELU(_WithAlpha):
    """See `torch.nn.functional.celu`."""

    _function = staticmethod(F.celu)


class LeakyReLU(Module):
    """See `torch.nn.functional.leaky_relu`."""

    negative_slope: float

    def __init__(self, negative_slope: float = 1e-2, inplace: bool = False) -> None:
        super().__init__()
        self.negative_slope, self.inplace = negative_slope, inplace

    def forward(self, input: Tensor) -> Tensor:
        """``(*)`` to ``(*)``."""
        return F.leaky_relu(input, self.negative_slope, self.inplace)

    def extra_repr(self) -> str:
        return f"negative_slope={self.negative_slope}" + (", inplace=True" if self.inplace else "")


class PReLU(Module):
    """The input where it is positive, elsewhere times a learned slope; see `torch.nn.functional.prelu`.

    Args:
        num_parameters: one slope for all, or one for each channel.
        init: what they are at first.
    """

    num_parameters: int

    def __init__(
        self, num_parameters: int = 1, init: float = 0.25, device: Device = None, dtype: dtypes.dtype | None = None
    ) -> None:
        super().__init__()
        self.num_parameters, self.init = num_parameters, init
        self.weight = Parameter(creation.empty(num_parameters, device=device, dtype=dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set the slopes to what they are at first."""
        init.constant_(self.weight, self.init)

    def forward(self, input: Tensor) -> Tensor:
        """``(N, C, *)`` to the same shape."""
        return F.prelu(input, self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"


class GLU(Module):
    """See `torch.nn.functional.glu`."""

    dim: int

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        """The size along `dim` is halved."""
        return F.glu(input, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class GELU(Module):
    """See `torch.nn.functional.gelu`."""

    approximate: str

    def __init__(self, approximate: str = "none") -> None:
        super().__init__()
        self.approximate = approximate

    def forward(self, input: Tensor) -> Tensor:
        """``(*)`` to ``(*)``."""
        return F.gelu(input, approximate=self.approximate)

    def extra_repr(self) -> str:
        return f"approximate={self.approximate!r}"


class Softplus(Module):
    """See `torch.nn.functional.softplus`."""

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__()
        self.beta, self.threshold = beta, threshold

    def forward(self, input: Tensor) -> Tensor:
        """``(*)`` to ``(*)``."""
        return F.softplus(input, self.beta, self.threshold)

    def extra_repr(self) -> str:
        return f"beta={self.beta}, threshold={self.threshold}"


class _Shrink(Module):
    """A function with one setting, `lambd`."""

    lambd: float

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def forward(self, input: Tensor) -> Tensor:
        """``(*)`` to ``(*)``."""
        return self._function(input, self.lambd)

    def extra_repr(self) -> str:
        return str(self.lambd)


class Hardshrink(_Shrink):
    """See `torch.nn.functional.hardshrink`."""

    _function = staticmethod(F.hardshrink)


class Softshrink(_Shrink):
    """See `torch.nn.functional.softshrink`."""

    _function = staticmethod(F.softshrink)


class _Along(Module):
    """A function along one dimension."""

    dim: int | None

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def __setstate__(self, state: dict) -> None:
        super().__setstate__(state)
        self.__dict__.setdefault("dim", None)

    def forward(self, input: Tensor) -> Tensor:
        """``(*)`` to ``(*)``."""
        return self._function(input, self.dim, _stacklevel=5)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class Softmax(_Along):
    """See `torch.nn.functional.softmax`."""

    _function = staticmethod(F.softmax)


class LogSoftmax(_Along):
    """See `torch.nn.functional.log_softmax`."""

    _function = staticmethod(F.log_softmax)


class Softmin(_Along):
    """See `torch.nn.functional.softmin`."""

    _function = staticmethod(F.softmin)


class Softmax2d(Module):
    """Softmax over the channels of ``(N, C, H, W)`` or ``(C, H, W)``.

    Raises:
        ValueError: the input has another number of dimensions.
    """

    def forward(self, input: Tensor) -> Tensor:
        """The same shape."""
        if input.dim() not in (3, 4):
            raise ValueError(f"Softmax2d: expected input to be 3D or 4D, got {input.dim()}D instead")
        return F.softmax(input, -3, _stacklevel=5)
