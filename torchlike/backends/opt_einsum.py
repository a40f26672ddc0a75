"""``torch.backends.opt_einsum``: the library that orders products in `einsum`, which JAX uses."""

from __future__ import annotations

from types import ModuleType

enabled = True  # is kept, and changes nothing: the order is always chosen
strategy: str | None = "auto"


def is_available() -> bool:
    """Whether it is used: yes."""
    return True


def get_opt_einsum() -> ModuleType:
    """The library itself."""
    import opt_einsum

    return opt_einsum
