"""Which of PyTorch's kernels for attention may be used. XLA has its own; so these are remembered, and change nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from torchlike._programs.explain import warn

_OLD = (
    "`torch.backends.cuda.sdp_kernel()` is deprecated. In the future, this context manager will be removed. Please see "
    "`torch.nn.attention.sdpa_kernel()` for the new context manager, with updated signature."
)
_allowed = {"flash": True, "mem_efficient": True, "math": True, "cudnn": True}


def _asks(name: str, about: str) -> Callable[[], bool]:
    def ask() -> bool:
        return _allowed[name]

    ask.__name__ = ask.__qualname__ = f"{name}_sdp_enabled"
    ask.__doc__ = f"Whether {about} may be used for attention."
    return ask


def _sets(name: str, about: str) -> Callable[[bool], None]:
    def choose(enabled: bool) -> None:
        _allowed[name] = bool(enabled)

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
) -> Iterator[None]:
    """Within the block these may be used; deprecated: `torch.nn.attention.sdpa_kernel` is what it is called now."""
    warn(_OLD, FutureWarning)
    before = dict(_allowed)
    _allowed.update(flash=enable_flash, math=enable_math, mem_efficient=enable_mem_efficient, cudnn=enable_cudnn)
    try:
        yield
    finally:
        _allowed.update(before)
