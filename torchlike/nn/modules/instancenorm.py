"""Instance normalization."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from torchlike.nn import functional as F
from torchlike.nn.modules.batchnorm import _LazyNormBase, _NormBase
from torchlike.tensor import Tensor

if TYPE_CHECKING:
    from torchlike._types import dtypes
    from torchlike.types import Device


class _InstanceNorm(_NormBase):
    __doc__ = _NormBase.__doc__

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Device = None,
        dtype: dtypes.dtype | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)

    def forward(self, input: Tensor) -> Tensor:
        """``(N, num_features, *)``, or ``(num_features, *)`` for a single sample, to the same shape."""
        self._check_input_dim(input)
        single = input.dim() == self._dims[0]
        channels = input.shape[0 if single else 1]
        if channels != self.num_features:
            if self.affine:
                raise ValueError(
                    f"expected input's size at dim={0 if single else 1} to match num_features ({self.num_features}), "
                    f"but got: {channels}."
                )
            warnings.warn(
                f"input's size at dim={0 if single else 1} does not match num_features. You can silence this warning "
                "by not passing in num_features, which is not used because affine=False",
                stacklevel=2,
            )
        made = self._apply_to(input.unsqueeze(0) if single else input)
        return made.squeeze(0) if single else made

    def _apply_to(self, input: Tensor) -> Tensor:
        by_input = self.training or not self.track_running_stats
        momentum = 0.0 if self.momentum is None else self.momentum
        mean, var = self.running_mean, self.running_var
        return F.instance_norm(input, mean, var, self.weight, self.bias, by_input, momentum, self.eps)


class InstanceNorm1d(_InstanceNorm):
    __doc__ = str(_NormBase.__doc__).replace(
        "What batch and instance normalization share: weight, bias, running statistics.",
        "Normalizes each channel of each sample of ``(N, C, L)``; see `torch.nn.functional.instance_norm`.",
    )
    _dims = (2, 3)


class InstanceNorm2d(_InstanceNorm):
    __doc__ = str(InstanceNorm1d.__doc__).replace("(N, C, L)", "(N, C, H, W)")
    _dims = (3, 4)


class InstanceNorm3d(_InstanceNorm):
    __doc__ = str(InstanceNorm1d.__doc__).replace("(N, C, L)", "(N, C, D, H, W)")
    _dims = (4, 5)


class LazyInstanceNorm1d(_LazyNormBase, InstanceNorm1d):
    __doc__ = _LazyNormBase.__doc__.replace("A norm", "An `InstanceNorm1d`")
    cls_to_become = InstanceNorm1d


class LazyInstanceNorm2d(_LazyNormBase, InstanceNorm2d):
    __doc__ = _LazyNormBase.__doc__.replace("A norm", "An `InstanceNorm2d`")
    cls_to_become = InstanceNorm2d


class LazyInstanceNorm3d(_LazyNormBase, InstanceNorm3d):
    __doc__ = _LazyNormBase.__doc__.replace("A norm", "An `InstanceNorm3d`")
    cls_to_become = InstanceNorm3d
