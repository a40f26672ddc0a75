"""Which of PyTorch's kernels for attention may be used. XLA has its own: that none may is all that is heeded."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager

from torchlike._programs.explain import warn

_OLD = (
    "`torch.backends.cuda.sdp_kernel()` is deprecated. In the future, this context manager will be removed. Please see "
    "`torch.nn.attention.sdpa_kernel()` for the new context manager, with updated signature."
)
allowed: dict[str, bool] = dict.fromkeys(("flash", "mem_efficient", "math", "cudnn", "overrideable"), True)
priority = [1, 2, 0, 3, 4]  # the order in which they are tried, by `torch.nn.attention.SDPBackend`
_NONE = (
    "No viable backend for scaled_dot_product_attention was found. This is likely due to turning off both the math kernel "
    "and the fused kernels."
)


def check_viable(device: str) -> None:
    """Refuse attention where none of the kernels that PyTorch has for a kind of device may be used.

    Raises:
        RuntimeError: none may.
    """
    if not (allowed["math"] or allowed["flash"] or device != "cpu" and (allowed["mem_efficient"] or allowed["cudnn"])):
        raise RuntimeError(_NONE)


def _asks(name: str, about: str) -> Callable[[], bool]:
    def ask() -> bool:
        return allowed[name]

    ask.__name__ = ask.__qualname__ = f"{name}_sdp_enabled"
    ask.__doc__ = f"Whether {about} may be used for attention."
    return ask


def _sets(name: str, about: str) -> Callable[[bool], None]:
    def choose(enabled: bool) -> None:
        allowed[name] = bool(enabled)

    choose.__name__ = choose.__qualname__ = f"enable_{name}_sdp"
    choose.__doc__ = f"Set whether {about} may be used for attention."
    return choose


flash_sdp_enabled, enable_flash_sdp = _asks("flash", "FlashAttention"), _sets("flash", "FlashAttention")
mem_efficient_sdp_enabled = _asks("mem_efficient", "what is sparing of memory")
enable_mem_efficient_sdp = _sets("mem_efficient", "what is sparing of memory")
math_sdp_enabled, enable_math_sdp = _asks("math", "plain products"), _sets("math", "plain products")
cudnn_sdp_enabled, enable_cudnn_sdp = _asks("cudnn", "cuDNN"), _sets("cudnn", "cuDNN")


@contextmanager
def sdp_kernel(
    enable_flash: bool = True, enable_math: bool = True, enable_mem_efficient: bool = True, enable_cudnn: bool = True
) -> Generator[None]:
    """Within the block these may be used; deprecated: `torch.nn.attention.sdpa_kernel` is what it is called now."""
    warn(_OLD, FutureWarning)
    before = dict(allowed)
    allowed.update(flash=enable_flash, math=enable_math, mem_efficient=enable_mem_efficient, cudnn=enable_cudnn)
    try:
        yield
    finally:
        allowed.update(before)
