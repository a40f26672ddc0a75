"""Copies of a module on other devices, whose gradients come back."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from torchlike.nn.modules.module import Module
from torchlike.nn.parallel.scatter_gather import _gpu


def replicate(network: Module, devices: Sequence, detach: bool = False) -> list[Module]:
    """Copies of a module, one on each device.

    Args:
        network: the module.
        devices: devices, or their numbers.
        detach: whether the copies' parameters have no history.
    """
    return [_replica(network, _gpu(where), detach, {}) for where in devices]


def _replica(module: Module, where: Any, detach: bool, memo: dict) -> Module:
    if module in memo:
        return memo[module]
    made = memo[module] = copy.copy(module)
    made.__dict__ = {**module.__dict__, "_parameters": {}, "_buffers": {}, "_modules": {}}
    moved = {}
    for name, each in module._parameters.items():
        moved[name] = None if each is None else (each.detach() if detach else each).to(where)
    made.__dict__.update(moved)  # they are no parameters: a parameter is a leaf
    made._buffers.update({name: None if each is None else each.to(where) for name, each in module._buffers.items()})
    made._modules.update(
        {name: None if each is None else _replica(each, where, detach, memo) for name, each in module._modules.items()}
    )
    return made
