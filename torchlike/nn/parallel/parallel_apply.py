"""Modules called side by side: what is recorded for several devices runs at the same time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torchlike.nn.modules.module import Module


def parallel_apply(
    modules: Sequence[Module],
    inputs: Sequence,
    kwargs_tup: Sequence[dict] | None = None,
    devices: Sequence | None = None,
) -> list[Any]:
    """Call each module with its own arguments.

    Args:
        modules: one for each device.
        inputs: for each a tensor or a tuple of arguments.
        kwargs_tup: for each its keywords.
        devices: where the modules are.

    Raises:
        AssertionError: there are more of one than of another.
    """
    for name, each in (("inputs", inputs), ("kwargs_tup", kwargs_tup), ("devices", devices)):
        if each is not None and len(modules) != len(each):
            raise AssertionError(
                f"The number of modules {len(modules)} is not equal to the number of {name} {len(each)}"
            )
    outputs = []
    for module, given, named in zip(modules, inputs, kwargs_tup or [{}] * len(modules), strict=True):
        outputs.append(module(*(given if isinstance(given, (list, tuple)) else (given,)), **named))
    return outputs
