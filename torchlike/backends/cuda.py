"""``torch.backends.cuda``: what is said of the GPU's libraries, and allowed to them."""

from __future__ import annotations

from typing import Any

from torchlike._switches import determinism
from torchlike._switches.attention import cudnn_sdp_enabled as cudnn_sdp_enabled
from torchlike._switches.attention import enable_cudnn_sdp as enable_cudnn_sdp
from torchlike._switches.attention import enable_flash_sdp as enable_flash_sdp
from torchlike._switches.attention import enable_math_sdp as enable_math_sdp
from torchlike._switches.attention import enable_mem_efficient_sdp as enable_mem_efficient_sdp
from torchlike._switches.attention import flash_sdp_enabled as flash_sdp_enabled
from torchlike._switches.attention import math_sdp_enabled as math_sdp_enabled
from torchlike._switches.attention import mem_efficient_sdp_enabled as mem_efficient_sdp_enabled
from torchlike._switches.attention import sdp_kernel as sdp_kernel
from torchlike._types.public import publish as _publish
from torchlike.cuda import is_available


def is_built() -> bool:
    """Whether a GPU can be used here."""
    return is_available()


def is_flash_attention_available() -> bool:
    """Whether PyTorch's FlashAttention is there: no, XLA has its own kernels."""
    return False


_ALLOWED = {
    "allow_fp16_reduced_precision_reduction": True,
    "allow_bf16_reduced_precision_reduction": True,
    "allow_fp16_accumulation": False,
}


class _Matmul:
    """What products may do to be quicker. They are as precise as if they might not.

    Attributes:
        allow_tf32: compute float32 in TF32; `torch.set_float32_matmul_precision` says the same.
        allow_fp16_reduced_precision_reduction, allow_bf16_reduced_precision_reduction: add up halves in halves.
        allow_fp16_accumulation: accumulate float16 in float16.
    """

    def __init__(self) -> None:
        vars(self).update(_ALLOWED)

    @property
    def allow_tf32(self) -> bool:
        return determinism.get_float32_matmul_precision() != "highest"

    @allow_tf32.setter
    def allow_tf32(self, allowed: bool) -> None:
        determinism.set_float32_matmul_precision("high" if allowed else "highest")

    def __getattr__(self, name: str):
        raise AttributeError("Unknown attribute " + name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name != "allow_tf32" and name not in _ALLOWED:
            raise AttributeError("Unknown attribute " + name)
        super().__setattr__(name, value)


matmul = _Matmul()

_publish(globals())
