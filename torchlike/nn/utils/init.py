"""``torch.nn.utils.init``: modules without initial values."""

from __future__ import annotations

import inspect
from typing import Any

from torchlike.nn.modules.module import Module


def skip_init(module_cls: type[Module], *args: Any, **kwargs: Any) -> Module:
    """A module whose parameters and buffers are not initialized.

    Args:
        module_cls: a class that takes ``device``.
        args, kwargs: what it is made with.

    Raises:
        RuntimeError: it is no class of modules, or takes no ``device``.

    Example:
        >>> torch.nn.utils.skip_init(torch.nn.Linear, 2, 3)
        Linear(in_features=2, out_features=3, bias=True)
    """
    if not issubclass(module_cls, Module):
        raise RuntimeError(f"Expected a Module; got {module_cls}")
    if "device" not in inspect.signature(module_cls).parameters:
        raise RuntimeError("Module must support a 'device' arg to skip initialization")
    device = kwargs.pop("device", "cpu")
    return module_cls(*args, **kwargs, device="meta").to_empty(device=device)
