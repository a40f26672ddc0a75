"""Batch normalization."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torchlike._functions import creation, making
from torchlike._types import dtypes
from torchlike.nn import functional as F
from torchlike.nn import init
from torchlike.nn.modules.lazy import LazyModuleMixin
from torchlike.nn.modules.module import Module
from torchlike.nn.parameter import Parameter, UninitializedBuffer, UninitializedParameter
from torchlike.tensor import Tensor

if TYPE_CHECKING:
    from torchlike.types import Device


class _NormBase(Module):
    """What batch and instance normalization share: weight, bias, running statistics.

    Args:
        num_features: how many channels there are.
        eps: added to the variance.
        momentum: how far a batch moves the running statistics; None for their plain average.
        affine: whether each channel has a weight, and a bias if `bias`.
        track_running_stats: whether there are running statistics, used in evaluation.
    """

    _version = 2
    num_features: int
    weight: Tensor | None
    bias: Tensor | None
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Device = None,
        dtype: dtypes.dtype | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        for name, wanted in (("weight", affine), ("bias", affine and bias)):
            made = Parameter(creation.empty(num_features, device=device, dtype=dtype)) if wanted else None
            self.register_parameter(name, made)
        tracked = track_running_stats
        self.register_buffer(
            "running_mean", creation.zeros(num_features, device=device, dtype=dtype) if tracked else None
        )
        self.register_buffer(
            "running_var", creation.ones(num_features, device=device, dtype=dtype) if tracked else None
        )
        count = making.tensor(0, dtype=dtypes.int64, device=device) if tracked else None
        self.register_buffer("num_batches_tracked", count)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Mean zero, variance one, no batch seen."""
        if self.track_running_stats:
            self.running_mean.zero_()
            self.running_var.fill_(1)
            self.num_batches_tracked.zero_()

    def reset_parameters(self) -> None:
        """Weight one, bias zero, running statistics as at first."""
        self.reset_running_stats()
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def _check_input_dim(self, input: Tensor) -> None:
        dims = self._dims
        if input.dim() not in dims:
            words = " or ".join(f"{each}D" for each in dims)
            raise ValueError(f"expected {words} input (got {input.dim()}D input)")

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )

    def _load_from_state_dict(
        self,
        state_dict: dict[str, Any],
        prefix: str,
        local_metadata: dict[str, Any],
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        version = local_metadata.get("version", None)
        name = prefix + "num_batches_tracked"
        if (version is None or version < 2) and self.track_running_stats and name not in state_dict:
            known = self.num_batches_tracked
            state_dict[name] = known if known is not None else making.tensor(0, dtype=dtypes.int64)
        super()._load_from_state_dict(
            state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
        )


class _BatchNorm(_NormBase):
    __doc__ = _NormBase.__doc__

    def forward(self, input: Tensor) -> Tensor:
        """``(N, num_features, *)`` to the same shape."""
        self._check_input_dim(input)
        momentum = 0.0 if self.momentum is None else self.momentum
        mean, var = self.running_mean, self.running_var
        if self.training and self.track_running_stats and self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
            if self.momentum is None:
                # a tensor: the count need not be known yet
                momentum = 1.0 / self.num_batches_tracked.double()
        by_batch = self.training or mean is None and var is None
        if self.training and not self.track_running_stats:
            mean = var = None
        return F.batch_norm(input, mean, var, self.weight, self.bias, by_batch, momentum, self.eps)


class BatchNorm1d(_BatchNorm):
    __doc__ = str(_NormBase.__doc__).replace(
        "What batch and instance normalization share: weight, bias, running statistics.",
        "Normalizes the channels of ``(N, C)`` or ``(N, C, L)``; see `torch.nn.functional.batch_norm`.",
    )
    _dims = (2, 3)


class BatchNorm2d(_BatchNorm):
    __doc__ = str(BatchNorm1d.__doc__).replace("``(N, C)`` or ``(N, C, L)``", "``(N, C, H, W)``")
    _dims = (4,)


class BatchNorm3d(_BatchNorm):
    __doc__ = str(BatchNorm1d.__doc__).replace("``(N, C)`` or ``(N, C, L)``", "``(N, C, D, H, W)``")
    _dims = (5,)


class _LazyNormBase(LazyModuleMixin, _NormBase):
    """A norm that takes `num_features` from its first input.

    Args:
        eps: added to the variance.
        momentum: how far a batch moves the running statistics; None for their plain average.
        affine: whether each channel has a weight, and a bias if `bias`.
        track_running_stats: whether there are running statistics, used in evaluation.
    """

    def __init__(
        self,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Device = None,
        dtype: dtypes.dtype | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(0, eps, momentum, False, False, device, dtype, bias=False)
        self.affine, self.track_running_stats = affine, track_running_stats
        made = {"device": device, "dtype": dtype}
        if affine:
            self.weight = UninitializedParameter(**made)
            if bias:
                self.bias = UninitializedParameter(**made)
        if track_running_stats:
            self.running_mean = UninitializedBuffer(**made)
            self.running_var = UninitializedBuffer(**made)
            self.num_batches_tracked = making.tensor(0, dtype=dtypes.int64, device=device)

    def reset_parameters(self) -> None:
        """See `_NormBase.reset_parameters`; nothing before the channels are known."""
        if not self.has_uninitialized_params() and self.num_features != 0:
            super().reset_parameters()

    def initialize_parameters(self, input: Tensor) -> None:
        """Take the channels of an input."""
        if not self.has_uninitialized_params():
            return
        self.num_features = input.shape[1]
        for each in (self.weight, self.bias, self.running_mean, self.running_var):
            if each is not None:
                each.materialize((self.num_features,))
        self.reset_parameters()


class LazyBatchNorm1d(_LazyNormBase, BatchNorm1d):
    __doc__ = _LazyNormBase.__doc__.replace("A norm", "A `BatchNorm1d`")
    cls_to_become = BatchNorm1d


class LazyBatchNorm2d(_LazyNormBase, BatchNorm2d):
    __doc__ = _LazyNormBase.__doc__.replace("A norm", "A `BatchNorm2d`")
    cls_to_become = BatchNorm2d


class LazyBatchNorm3d(_LazyNormBase, BatchNorm3d):
    __doc__ = _LazyNormBase.__doc__.replace("A norm", "A `BatchNorm3d`")
    cls_to_become = BatchNorm3d


class SyncBatchNorm(_BatchNorm):
    __doc__ = (
        _NormBase.__doc__.replace(
            "What batch and instance normalization share: weight, bias, running statistics.",
            "Normalizes the channels of ``(N, C, *)`` over all processes; see `torch.nn.functional.batch_norm`.",
        )
        + "    process_group: the processes that belong together; there is one.\n"
    )

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        process_group: Any | None = None,
        device: Device = None,
        dtype: dtypes.dtype | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)
        self.process_group = process_group

    def _check_input_dim(self, input: Tensor) -> None:
        if input.dim() < 2:
            raise ValueError(f"expected at least 2D input (got {input.dim()}D input)")
        if input.size(1) == 0:
            raise ValueError("SyncBatchNorm number of input channels should be non-zero")

    @classmethod
    def convert_sync_batchnorm(cls, module: Module, process_group: Any = None) -> Module:
        """A module with this layer in the place of each batch norm in it; these keep their parameters and buffers.

        Args:
            module: changed in place, but for one that is a batch norm itself.
            process_group: the processes that belong together.
        """
        made = module
        if isinstance(module, _BatchNorm):
            settings = module.num_features, module.eps, module.momentum, module.affine, module.track_running_stats
            made = SyncBatchNorm(*settings, process_group, bias=module.bias is not None)
            if module.affine:
                made.weight, made.bias = module.weight, module.bias
            made.running_mean, made.running_var = module.running_mean, module.running_var
            made.num_batches_tracked, made.training = module.num_batches_tracked, module.training
        for name, child in module.named_children():
            made.add_module(name, cls.convert_sync_batchnorm(child, process_group))
        return made
