"""``torch.nn.attention``: which kernels attention may use, masks told by a rule, attention with functions of scores."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum

from torchlike._switches import attention as switches

WARN_FOR_UNFUSED_KERNELS = False  # PyTorch tells then why it takes no fused kernel for a `bias`; here there is one way


class SDPBackend(Enum):
    """PyTorch's kernels for `torch.nn.functional.scaled_dot_product_attention`."""

    ERROR = -1
    MATH = 0
    FLASH_ATTENTION = 1
    EFFICIENT_ATTENTION = 2
    CUDNN_ATTENTION = 3
    OVERRIDEABLE = 4

    def __int__(self) -> int:
        return self.value


_NAMES = {
    "cudnn": SDPBackend.CUDNN_ATTENTION,
    "flash": SDPBackend.FLASH_ATTENTION,
    "mem_efficient": SDPBackend.EFFICIENT_ATTENTION,
    "math": SDPBackend.MATH,
    "overrideable": SDPBackend.OVERRIDEABLE,
}


def _cur_sdpa_kernel_backends(with_priority: bool = False) -> list[SDPBackend]:
    found = [each for name, each in _NAMES.items() if switches.allowed[name]]
    return sorted(found, key=lambda each: switches.priority.index(each.value)) if with_priority else found


def _sdpa_kernel(backends: list[SDPBackend], set_priority: bool = False) -> None:
    switches.allowed.update({name: each in backends for name, each in _NAMES.items()})
    if set_priority:
        first = [each.value for each in backends]
        switches.priority[:] = first + [each for each in switches.priority if each not in first]


@contextmanager
def sdpa_kernel(backends: list[SDPBackend] | SDPBackend, set_priority: bool = False) -> Iterator[dict]:
    """Within the block, or the decorated function, attention may use these kernels alone.

    XLA has its own; but where none of PyTorch's would do, attention is refused.

    Args:
        backends: one or several.
        set_priority: whether they are tried in this order.

    Raises:
        AssertionError: `backends` is neither.

    Example:
        >>> with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
        ...     torch.backends.cuda.flash_sdp_enabled()
        False
    """
    if not isinstance(backends, (list, SDPBackend)):
        raise AssertionError(
            "Backend must be an instance of SDPBackend or a list of SDPBackend instances, got "
            f"{type(backends).__name__}"
        )
    chosen = [backends] if isinstance(backends, SDPBackend) else list(dict.fromkeys(backends))
    before = _cur_sdpa_kernel_backends(set_priority)
    try:
        _sdpa_kernel(chosen, set_priority)
        yield {}
    finally:
        _sdpa_kernel(before, set_priority)


# these use what is above
from torchlike.nn.attention import bias as bias  # noqa: E402
from torchlike.nn.attention import flex_attention as flex_attention  # noqa: E402
