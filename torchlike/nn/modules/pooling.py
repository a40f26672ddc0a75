"""Pooling layers."""

from __future__ import annotations

from collections.abc import Sequence

from torchlike._arguments import legacy_keywords
from torchlike.nn import functional as F
from torchlike.nn._sizes import ntuple
from torchlike.nn.modules.module import Module
from torchlike.tensor import Tensor


class _MaxPoolNd(Module):
    """The largest element of each window.

    Args:
        kernel_size, padding, dilation: of the windows, in each dimension, or one for all.
        stride: from a window to the next, `kernel_size` by default.
        return_indices: whether the places of the elements are returned, too, as `MaxUnpool2d` wants them.
        ceil_mode: whether a last window may begin inside and end outside.
    """

    def __init__(
        self,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] | None = None,
        padding: int | Sequence[int] = 0,
        dilation: int | Sequence[int] = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size, self.stride = kernel_size, kernel_size if stride is None else stride
        self.padding, self.dilation = padding, dilation
        self.return_indices, self.ceil_mode = return_indices, ceil_mode

    def forward(self, input: Tensor):
        """``(N, C, *)`` to ``(N, C, *)``, with the places if `return_indices`."""
        return self._function(
            input, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices
        )

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, dilation={self.dilation}, "
            f"ceil_mode={self.ceil_mode}"
        )


class MaxPool1d(_MaxPoolNd):
    __doc__ = str(_MaxPoolNd.__doc__).replace("window.", "window of ``(N, C, L)``.", 1)
    _function = staticmethod(F.max_pool1d)


class MaxPool2d(_MaxPoolNd):
    __doc__ = str(_MaxPoolNd.__doc__).replace("window.", "window of ``(N, C, H, W)``.", 1)
    _function = staticmethod(F.max_pool2d)


class MaxPool3d(_MaxPoolNd):
    __doc__ = str(_MaxPoolNd.__doc__).replace("window.", "window of ``(N, C, D, H, W)``.", 1)
    _function = staticmethod(F.max_pool3d)


class _MaxUnpoolNd(Module):
    """Puts the elements of a max pooling back to their places, 0 elsewhere.

    Args:
        kernel_size, stride, padding: those of the pooling.
    """

    _dims: int

    def __init__(
        self,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] | None = None,
        padding: int | Sequence[int] = 0,
    ) -> None:
        super().__init__()
        self.kernel_size = ntuple(kernel_size, self._dims)
        self.stride = ntuple(kernel_size if stride is None else stride, self._dims)
        self.padding = ntuple(padding, self._dims)

    def forward(self, input: Tensor, indices: Tensor, output_size: list[int] | None = None) -> Tensor:
        """The elements `input` at the places `indices`; `output_size` tells what the pooling's settings leave open."""
        return self._function(input, indices, self.kernel_size, self.stride, self.padding, output_size)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxUnpool1d(_MaxUnpoolNd):
    __doc__ = str(_MaxUnpoolNd.__doc__).replace("a max pooling", "a `MaxPool1d`")
    _dims, _function = 1, staticmethod(F.max_unpool1d)


class MaxUnpool2d(_MaxUnpoolNd):
    __doc__ = str(_MaxUnpoolNd.__doc__).replace("a max pooling", "a `MaxPool2d`")
    _dims, _function = 2, staticmethod(F.max_unpool2d)


class MaxUnpool3d(_MaxUnpoolNd):
    __doc__ = str(_MaxUnpoolNd.__doc__).replace("a max pooling", "a `MaxPool3d`")
    _dims, _function = 3, staticmethod(F.max_unpool3d)


class AvgPool1d(Module):
    """The mean of each window of ``(N, C, L)``.

    Args:
        kernel_size, padding: of the windows.
        stride: from a window to the next, `kernel_size` by default.
        ceil_mode: whether a last window may begin inside and end outside.
        count_include_pad: whether padding counts as zeros, or not at all.
    """

    def __init__(
        self,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] | None = None,
        padding: int | Sequence[int] = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__()
        self.kernel_size = ntuple(kernel_size, 1)
        self.stride, self.padding = ntuple(kernel_size if stride is None else stride, 1), ntuple(padding, 1)
        self.ceil_mode, self.count_include_pad = ceil_mode, count_include_pad

    def forward(self, input: Tensor) -> Tensor:
        """``(N, C, L)`` to ``(N, C, windows)``."""
        return F.avg_pool1d(input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class _AvgPoolNd(Module):
    """The mean of each window.

    Args:
        kernel_size, padding: of the windows, in each dimension, or one for all.
        stride: from a window to the next, `kernel_size` by default.
        ceil_mode: whether a last window may begin inside and end outside.
        count_include_pad: whether padding counts as zeros, or not at all.
        divisor_override: what the sum of each window is divided by, in place of its size.
    """

    def __init__(
        self,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] | None = None,
        padding: int | Sequence[int] = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size, self.stride, self.padding = kernel_size, kernel_size if stride is None else stride, padding
        self.ceil_mode, self.count_include_pad = ceil_mode, count_include_pad
        self.divisor_override = divisor_override

    def forward(self, input: Tensor) -> Tensor:
        """``(N, C, *)`` to ``(N, C, *)``."""
        return self._function(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
            self.divisor_override,
        )

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool2d(_AvgPoolNd):
    __doc__ = str(_AvgPoolNd.__doc__).replace("window.", "window of ``(N, C, H, W)``.", 1)
    _function = staticmethod(F.avg_pool2d)


class AvgPool3d(_AvgPoolNd):
    __doc__ = str(_AvgPoolNd.__doc__).replace("window.", "window of ``(N, C, D, H, W)``.", 1)
    _function = staticmethod(F.avg_pool3d)


class _LPPoolNd(Module):
    """The p-norm of each window.

    Args:
        norm_type: the `p`.
        kernel_size: of the windows, in each dimension, or one for all.
        stride: from a window to the next, `kernel_size` by default.
        ceil_mode: whether a last window may begin inside and end outside.
    """

    @legacy_keywords(norm_Type="norm_type")
    def __init__(
        self,
        norm_type: float,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] | None = None,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.norm_type, self.kernel_size, self.stride, self.ceil_mode = norm_type, kernel_size, stride, ceil_mode

    def forward(self, input: Tensor) -> Tensor:
        """``(N, C, *)`` to ``(N, C, *)``."""
        return self._function(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)

    def extra_repr(self) -> str:
        return (
            f"norm_type={self.norm_type}, kernel_size={self.kernel_size}, stride={self.stride}, "
            f"ceil_mode={self.ceil_mode}"
        )


class LPPool1d(_LPPoolNd):
    __doc__ = str(_LPPoolNd.__doc__).replace("window.", "window of ``(N, C, L)``.", 1)
    _function = staticmethod(F.lp_pool1d)


class LPPool2d(_LPPoolNd):
    __doc__ = str(_LPPoolNd.__doc__).replace("window.", "window of ``(N, C, H, W)``.", 1)
    _function = staticmethod(F.lp_pool2d)


class LPPool3d(_LPPoolNd):
    __doc__ = str(_LPPoolNd.__doc__).replace("window.", "window of ``(N, C, D, H, W)``.", 1)
    _function = staticmethod(F.lp_pool3d)


class _AdaptiveAvgPoolNd(Module):
    """Means of windows that cover the input evenly.

    Args:
        output_size: how many windows in each dimension, or one number for all; None as many as there are elements.
    """

    def __init__(self, output_size: int | Sequence[int | None] | None) -> None:
        super().__init__()
        self.output_size = output_size

    def forward(self, input: Tensor) -> Tensor:
        """``(N, C, *)`` to ``(N, C, *output_size)``."""
        return self._function(input, self.output_size)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(_AdaptiveAvgPoolNd):
    __doc__ = str(_AdaptiveAvgPoolNd.__doc__).replace("the input", "``(N, C, L)``", 1)
    _function = staticmethod(F.adaptive_avg_pool1d)


class AdaptiveAvgPool2d(_AdaptiveAvgPoolNd):
    __doc__ = str(_AdaptiveAvgPoolNd.__doc__).replace("the input", "``(N, C, H, W)``", 1)
    _function = staticmethod(F.adaptive_avg_pool2d)


class AdaptiveAvgPool3d(_AdaptiveAvgPoolNd):
    __doc__ = str(_AdaptiveAvgPoolNd.__doc__).replace("the input", "``(N, C, D, H, W)``", 1)
    _function = staticmethod(F.adaptive_avg_pool3d)


class _AdaptiveMaxPoolNd(Module):
    """The largest elements of windows that cover the input evenly.

    Args:
        output_size: how many windows in each dimension, or one number for all; None as many as there are elements.
        return_indices: whether the places of the elements are returned, too.
    """

    def __init__(self, output_size: int | Sequence[int | None] | None, return_indices: bool = False) -> None:
        super().__init__()
        self.output_size, self.return_indices = output_size, return_indices

    def forward(self, input: Tensor):
        """``(N, C, *)`` to ``(N, C, *output_size)``, with the places if `return_indices`."""
        return self._function(input, self.output_size, self.return_indices)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveMaxPool1d(_AdaptiveMaxPoolNd):
    __doc__ = str(_AdaptiveMaxPoolNd.__doc__).replace("the input", "``(N, C, L)``", 1)
    _function = staticmethod(F.adaptive_max_pool1d)


class AdaptiveMaxPool2d(_AdaptiveMaxPoolNd):
    __doc__ = str(_AdaptiveMaxPoolNd.__doc__).replace("the input", "``(N, C, H, W)``", 1)
    _function = staticmethod(F.adaptive_max_pool2d)


class AdaptiveMaxPool3d(_AdaptiveMaxPoolNd):
    __doc__ = str(_AdaptiveMaxPoolNd.__doc__).replace("the input", "``(N, C, D, H, W)``", 1)
    _function = staticmethod(F.adaptive_max_pool3d)


class _FractionalMaxPoolNd(Module):
    """The largest elements of windows whose places are drawn.

    Args:
        kernel_size: of the windows, in each dimension, or one for all.
        output_size: how many windows there are in each dimension.
        output_ratio: that number, relative to the input's size.
        return_indices: whether the places of the elements are returned, too.
        _random_samples: numbers in ``[0, 1)`` to place the windows by, drawn by default.

    Raises:
        ValueError: not exactly one of `output_size` and `output_ratio` is given, or a ratio is not within (0, 1).

    Source: Graham, Fractional Max-Pooling, 2014.
    """

    _dims: int

    def __init__(
        self,
        kernel_size: int | Sequence[int],
        output_size: int | Sequence[int] | None = None,
        output_ratio: float | Sequence[float] | None = None,
        return_indices: bool = False,
        _random_samples: Tensor | None = None,
    ) -> None:
        super().__init__()
        dims = self._dims
        self.kernel_size, self.return_indices = ntuple(kernel_size, dims), return_indices
        self.register_buffer("_random_samples", _random_samples)
        self.output_size = None if output_size is None else ntuple(output_size, dims)
        self.output_ratio = None if output_ratio is None else ntuple(output_ratio, dims)
        if output_size is None and output_ratio is None:
            raise ValueError(f"FractionalMaxPool{dims}d requires specifying either an output size, or a pooling ratio")
        if output_size is not None and output_ratio is not None:
            raise ValueError("only one of output_size and output_ratio may be specified")
        if self.output_ratio is not None and not all(0 < each < 1 for each in self.output_ratio):
            raise ValueError(f"output_ratio must be between 0 and 1 (got {output_ratio})")

    def forward(self, input: Tensor):
        """``(N, C, *)`` to ``(N, C, *)``, with the places if `return_indices`."""
        return self._function(
            input, self.kernel_size, self.output_size, self.output_ratio, self.return_indices, self._random_samples
        )


class FractionalMaxPool2d(_FractionalMaxPoolNd):
    __doc__ = str(_FractionalMaxPoolNd.__doc__).replace("windows", "windows of ``(N, C, H, W)``", 1)
    _dims, _function = 2, staticmethod(F.fractional_max_pool2d)


class FractionalMaxPool3d(_FractionalMaxPoolNd):
    __doc__ = str(_FractionalMaxPoolNd.__doc__).replace("windows", "windows of ``(N, C, D, H, W)``", 1)
    _dims, _function = 3, staticmethod(F.fractional_max_pool3d)
