"""``torch.nn.utils.memory_format``: the order in memory of convolutions' weights."""

from __future__ import annotations

from torchlike._types.formats import memory_format as Format
from torchlike.nn.modules.conv import Conv2d, Conv3d, ConvTranspose2d, ConvTranspose3d
from torchlike.nn.modules.module import Module


def convert_conv2d_weight_memory_format(module: Module, memory_format: Format) -> Module:
    """Give the weights of all two-dimensional convolutions in a module an order in memory; returns the module.

    Raises:
        RuntimeError: there is none such for four dimensions.
    """
    return _convert(module, memory_format, (Conv2d, ConvTranspose2d))


def convert_conv3d_weight_memory_format(module: Module, memory_format: Format) -> Module:
    """Give the weights of all three-dimensional convolutions in a module an order in memory; returns the module.

    Raises:
        RuntimeError: there is none such for five dimensions.
    """
    return _convert(module, memory_format, (Conv3d, ConvTranspose3d))


def _convert(module: Module, memory_format: Format, kinds: tuple[type[Module], ...]) -> Module:
    for each in module.modules():
        if isinstance(each, kinds):
            each.weight.data = each.weight.detach().clone(memory_format=memory_format)
    return module
