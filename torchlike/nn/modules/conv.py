"""Convolutional layers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from torchlike._functions import creation
from torchlike.nn import functional as F
from torchlike.nn import init
from torchlike.nn._sizes import ntuple
from torchlike.nn.modules.lazy import LazyModuleMixin
from torchlike.nn.modules.module import Module
from torchlike.nn.parameter import Parameter, UninitializedParameter
from torchlike.tensor import Tensor

if TYPE_CHECKING:
    from torchlike._types import dtypes
    from torchlike.types import Device

_MODES = ("zeros", "reflect", "replicate", "circular")


class _ConvNd(Module):
    """What all convolutions share."""

    _dims: int
    weight: Tensor
    bias: Tensor | None

    def _prepare(
        self,
        in_channels: int,
        out_channels: int,
        sizes: dict,
        transposed: bool,
        groups: int,
        bias: bool,
        padding_mode: str,
        device: Device,
        dtype: dtypes.dtype | None,
    ):
        """Check and keep the settings, make the parameters."""
        if groups <= 0:
            raise ValueError("groups must be a positive integer")
        if in_channels % groups != 0:
            raise ValueError("in_channels must be divisible by groups")
        if out_channels % groups != 0:
            raise ValueError("out_channels must be divisible by groups")
        padding, stride = sizes["padding"], sizes["stride"]
        if isinstance(padding, str):
            if padding not in ("same", "valid"):
                raise ValueError(f"Invalid padding string '{padding}', should be one of {{'valid', 'same'}}")
            if padding == "same" and any(each != 1 for each in ntuple(stride, self._dims)):
                raise ValueError("padding='same' is not supported for strided convolutions")
        if padding_mode not in _MODES:
            raise ValueError(f"padding_mode must be one of {set(_MODES)}, but got padding_mode='{padding_mode}'")
        self.in_channels, self.out_channels = in_channels, out_channels
        for name, value in sizes.items():
            setattr(self, name, value if isinstance(value, str) else ntuple(value, self._dims))
        self.transposed, self.groups, self.padding_mode = transposed, groups, padding_mode
        self._reversed_padding_repeated_twice = self._pads()
        self.weight = Parameter(creation.empty(self._weight_shape(), device=device, dtype=dtype))
        if bias:
            self.bias = Parameter(creation.empty(out_channels, device=device, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def _weight_shape(self) -> tuple[int, ...]:
        first, second = self.out_channels, self.in_channels
        if self.transposed:
            first, second = second, first
        return first, second // self.groups, *self.kernel_size

    def _pads(self) -> list[int]:
        """The padding as `F.pad` wants it: before and after, the last dimension first."""
        if not isinstance(self.padding, str):
            return [each for each in reversed(self.padding) for _ in range(2)]
        pads = [0, 0] * self._dims
        if self.padding == "same":
            for place, (dilation, size) in enumerate(zip(self.dilation[::-1], self.kernel_size[::-1], strict=True)):
                total = dilation * (size - 1)
                pads[2 * place : 2 * place + 2] = [total // 2, total - total // 2]
        return pads

    def reset_parameters(self) -> None:
        """Draw weight and bias evenly between ``-1 / sqrt(n)`` and ``1 / sqrt(n)``, for `n` inputs to an output."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            fan_in, _ = init._calculate_fan_in_and_fan_out(self.weight)
            if fan_in != 0:
                bound = 1 / math.sqrt(fan_in)
                init.uniform_(self.bias, -bound, bound)

    def extra_repr(self) -> str:
        said = [f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"]
        if self.padding != (0,) * self._dims:
            said.append(f"padding={self.padding}")
        if self.dilation != (1,) * self._dims:
            said.append(f"dilation={self.dilation}")
        if self.output_padding != (0,) * self._dims:
            said.append(f"output_padding={self.output_padding}")
        if self.groups != 1:
            said.append(f"groups={self.groups}")
        if self.bias is None:
            said.append("bias=False")
        if self.padding_mode != "zeros":
            said.append(f"padding_mode={self.padding_mode}")
        return ", ".join(said)


class _Convolution(_ConvNd):
    """A convolution.

    Args:
        in_channels, out_channels: channels of the input and of the output.
        kernel_size, stride, dilation: in each dimension, or one for all.
        padding: on both sides of each dimension, or ``"valid"`` (none) or ``"same"`` (the size is kept).
        groups: channels are divided into so many groups, each apart from the others.
        bias: whether there is one.
        padding_mode: what is put there: ``"zeros"``, ``"reflect"``, ``"replicate"`` or ``"circular"``.

    Raises:
        ValueError: settings do not fit.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] = 1,
        padding: str | int | Sequence[int] = 0,
        dilation: int | Sequence[int] = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Device = None,
        dtype: dtypes.dtype | None = None,
    ) -> None:
        super().__init__()
        sizes = {
            **{"kernel_size": kernel_size, "stride": stride, "padding": padding},
            **{"dilation": dilation, "output_padding": 0},
        }
        self._prepare(in_channels, out_channels, sizes, False, groups, bias, padding_mode, device, dtype)

    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        padding = self.padding
        if self.padding_mode != "zeros":
            input = F.pad(input, self._reversed_padding_repeated_twice, mode=self.padding_mode)
            padding = 0
        return self._function(input, weight, bias, self.stride, padding, self.dilation, self.groups)

    def forward(self, input: Tensor) -> Tensor:
        """``(N, in_channels, *)`` to ``(N, out_channels, *)``."""
        return self._conv_forward(input, self.weight, self.bias)


class Conv1d(_Convolution):
    __doc__ = str(_Convolution.__doc__).replace("A convolution", "A convolution over one dimension, ``(N, C, L)``")
    _dims, _function = 1, staticmethod(F.conv1d)


class Conv2d(_Convolution):
    __doc__ = str(_Convolution.__doc__).replace("A convolution", "A convolution over two dimensions, ``(N, C, H, W)``")
    _dims, _function = 2, staticmethod(F.conv2d)


class Conv3d(_Convolution):
    __doc__ = str(_Convolution.__doc__).replace(
        "A convolution", "A convolution over three dimensions, ``(N, C, D, H, W)``"
    )
    _dims, _function = 3, staticmethod(F.conv3d)


class _ConvTransposeNd(_ConvNd):
    """A transposed convolution: the gradient of a convolution with respect to its input, as a layer.

    Args:
        in_channels, out_channels: channels of the input and of the output.
        kernel_size, stride, padding, dilation: those of the convolution, in each dimension, or one for all.
        output_padding: added to the size of the output at one side of each dimension.
        groups: channels are divided into so many groups, each apart from the others.
        bias: whether there is one.
        padding_mode: ``"zeros"``.

    Raises:
        ValueError: settings do not fit.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] = 1,
        padding: int | Sequence[int] = 0,
        output_padding: int | Sequence[int] = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: int | Sequence[int] = 1,
        padding_mode: str = "zeros",
        device: Device = None,
        dtype: dtypes.dtype | None = None,
    ) -> None:
        super().__init__()
        if padding_mode != "zeros":
            raise ValueError(f'Only "zeros" padding mode is supported for {type(self).__name__}')
        sizes = {
            **{"kernel_size": kernel_size, "stride": stride, "padding": padding},
            **{"dilation": dilation, "output_padding": output_padding},
        }
        self._prepare(in_channels, out_channels, sizes, True, groups, bias, padding_mode, device, dtype)

    def _missing(self, input: Tensor, output_size: Sequence[int]) -> tuple[int, ...]:
        """The output padding that leads to `output_size`.

        Raises:
            ValueError: none does.
        """
        if output_size is None:
            return self.output_padding
        dims = self._dims
        size = list(output_size)
        if input.dim() == dims + 2 and len(size) == dims + 2 or input.dim() == dims + 1 and len(size) == dims + 1:
            size = size[-dims:]
        if len(size) != dims:
            raise ValueError(
                f"ConvTranspose{dims}D: for {input.dim()}D input, output_size must have {dims} or {input.dim()} "
                f"elements (got {len(size)})"
            )
        least = [
            (n - 1) * s - 2 * p + d * (k - 1) + 1
            for n, s, p, d, k in zip(
                input.shape[-dims:], self.stride, self.padding, self.dilation, self.kernel_size, strict=True
            )
        ]
        most = [low + s - 1 for low, s in zip(least, self.stride, strict=True)]
        if any(not low <= each <= high for low, each, high in zip(least, size, most, strict=True)):
            raise ValueError(
                f"requested an output size of {size}, but valid sizes range from {least} to {most} (for an input of "
                f"{input.size()[2:]})"
            )
        return tuple(each - low for each, low in zip(size, least, strict=True))

    def forward(self, input: Tensor, output_size: list[int] | None = None) -> Tensor:
        """``(N, in_channels, *)`` to ``(N, out_channels, *)``, of `output_size` if that is one that can be."""
        more = self._missing(input, output_size)
        return self._function(
            input, self.weight, self.bias, self.stride, self.padding, more, self.groups, self.dilation
        )


class ConvTranspose1d(_ConvTransposeNd):
    __doc__ = str(_ConvTransposeNd.__doc__).replace("A transposed convolution", "A transposed `Conv1d`")
    _dims, _function = 1, staticmethod(F.conv_transpose1d)


class ConvTranspose2d(_ConvTransposeNd):
    __doc__ = str(_ConvTransposeNd.__doc__).replace("A transposed convolution", "A transposed `Conv2d`")
    _dims, _function = 2, staticmethod(F.conv_transpose2d)


class ConvTranspose3d(_ConvTransposeNd):
    __doc__ = str(_ConvTransposeNd.__doc__).replace("A transposed convolution", "A transposed `Conv3d`")
    _dims, _function = 3, staticmethod(F.conv_transpose3d)


# ---------------------------------------------------------------------- of which the channels are not known yet


class _LazyConvXdMixin(LazyModuleMixin):
    """What convolutions share that take `in_channels` from their first input."""

    def _leave_open(self, out_channels: int, bias: bool, device: Device, dtype: dtypes.dtype | None) -> None:
        """Put parameters without a shape in the place of the empty ones."""
        self.weight = UninitializedParameter(device=device, dtype=dtype)
        self.out_channels = out_channels
        if bias:
            self.bias = UninitializedParameter(device=device, dtype=dtype)

    def reset_parameters(self) -> None:
        """See `_ConvNd.reset_parameters`; nothing before the channels are known."""
        if not self.has_uninitialized_params() and self.in_channels != 0:
            super().reset_parameters()

    def initialize_parameters(self, input: Tensor, *args: Any, **kwargs: Any) -> None:
        """Take the channels of an input.

        Raises:
            RuntimeError: it has too few or too many dimensions.
            ValueError: the channels cannot be divided into the groups.
        """
        if not self.has_uninitialized_params():
            return
        self.in_channels = self._get_in_channels(input)
        if self.in_channels % self.groups:
            raise ValueError("in_channels must be divisible by groups")
        self.weight.materialize(self._weight_shape())
        if self.bias is not None:
            self.bias.materialize((self.out_channels,))
        self.reset_parameters()

    def _get_in_channels(self, input: Tensor) -> int:
        single, batched = self._dims + 1, self._dims + 2
        if input.dim() not in (single, batched):
            raise RuntimeError(
                f"Expected {single}D (unbatched) or {batched}D (batched) input to {type(self).__name__}, but got input of "
                f"size: {input.shape}"
            )
        return input.shape[1 if input.dim() == batched else 0]

    def _get_num_spatial_dims(self) -> int:
        return self._dims


class _LazyConvolution(_LazyConvXdMixin):
    """A convolution that takes `in_channels` from its first input.

    Args:
        out_channels: channels of the output.
        kernel_size, stride, padding, dilation, groups, bias, padding_mode: see `Conv2d`.
    """

    def __init__(
        self,
        out_channels: int,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] = 1,
        padding: int | Sequence[int] = 0,
        dilation: int | Sequence[int] = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Device = None,
        dtype: dtypes.dtype | None = None,
    ) -> None:
        super().__init__(0, 0, kernel_size, stride, padding, dilation, groups, False, padding_mode, device, dtype)
        self._leave_open(out_channels, bias, device, dtype)


class LazyConv1d(_LazyConvolution, Conv1d):
    __doc__ = _LazyConvolution.__doc__.replace("A convolution", "A `Conv1d`")
    cls_to_become = Conv1d


class LazyConv2d(_LazyConvolution, Conv2d):
    __doc__ = _LazyConvolution.__doc__.replace("A convolution", "A `Conv2d`")
    cls_to_become = Conv2d


class LazyConv3d(_LazyConvolution, Conv3d):
    __doc__ = _LazyConvolution.__doc__.replace("A convolution", "A `Conv3d`")
    cls_to_become = Conv3d


class _LazyConvTranspose(_LazyConvXdMixin):
    """A transposed convolution that takes `in_channels` from its first input.

    Args:
        out_channels: channels of the output.
        kernel_size, stride, padding, output_padding, groups, bias, dilation, padding_mode: see `ConvTranspose2d`.
    """

    def __init__(
        self,
        out_channels: int,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] = 1,
        padding: int | Sequence[int] = 0,
        output_padding: int | Sequence[int] = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: int | Sequence[int] = 1,
        padding_mode: str = "zeros",
        device: Device = None,
        dtype: dtypes.dtype | None = None,
    ) -> None:
        settings = kernel_size, stride, padding, output_padding, groups, False, dilation, padding_mode
        super().__init__(0, 0, *settings, device, dtype)
        self._leave_open(out_channels, bias, device, dtype)


class LazyConvTranspose1d(_LazyConvTranspose, ConvTranspose1d):
    __doc__ = _LazyConvTranspose.__doc__.replace("A transposed convolution", "A `ConvTranspose1d`")
    cls_to_become = ConvTranspose1d


class LazyConvTranspose2d(_LazyConvTranspose, ConvTranspose2d):
    __doc__ = _LazyConvTranspose.__doc__.replace("A transposed convolution", "A `ConvTranspose2d`")
    cls_to_become = ConvTranspose2d


class LazyConvTranspose3d(_LazyConvTranspose, ConvTranspose3d):
    __doc__ = _LazyConvTranspose.__doc__.replace("A transposed convolution", "A `ConvTranspose3d`")
    cls_to_become = ConvTranspose3d
