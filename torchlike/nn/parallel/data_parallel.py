"""``DataParallel``: each device computes a part of the batch."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

from torchlike._autograd.modes import is_grad_enabled
from torchlike._types import devices
from torchlike._types.devices import device
from torchlike.nn.modules.module import Module
from torchlike.nn.parallel.parallel_apply import parallel_apply
from torchlike.nn.parallel.replicate import replicate
from torchlike.nn.parallel.scatter_gather import gather, scatter_kwargs


def _numbers(device_ids: Sequence | None) -> list[int]:
    """The numbers of GPUs, of all if none are named."""
    if device_ids is None:
        return list(range(len(devices.jax_devices("cuda"))))
    return [_number(each) for each in device_ids]


def _number(where: Any) -> int:
    return where if isinstance(where, int) else device(where).index or 0


def _check_place(module: Module, first: device) -> None:
    for each in chain(module.parameters(), module.buffers()):
        if each.device != first:
            raise RuntimeError(
                f"module must have its parameters and buffers on device {first} (device_ids[0]) but found one of them on "
                f"device: {each.device}"
            )


class DataParallel(Module):
    """A module that cuts its inputs along a dimension, and lets each GPU compute a part.

    Without GPUs it is the module alone.

    Args:
        module: what is computed. It is on the first of the devices.
        device_ids: which GPUs, all if None.
        output_device: where the results are put together; the first GPU if None.
        dim: where inputs are cut and results put together.

    Raises:
        RuntimeError: when it is called, parts of `module` are not on the first GPU.

    Example:
        >>> model = torch.nn.DataParallel(torch.nn.Linear(3, 2))
        >>> model(torch.ones(4, 3)).shape
        torch.Size([4, 2])
    """

    def __init__(
        self, module: Module, device_ids: Sequence | None = None, output_device: Any = None, dim: int = 0
    ) -> None:
        super().__init__()
        self.module, self.device_ids = module, []
        if not devices.jax_devices("cuda"):
            return
        self.dim, self.device_ids = dim, _numbers(device_ids)
        self.output_device = self.device_ids[0] if output_device is None else _number(output_device)
        self.src_device_obj = device("cuda", self.device_ids[0])
        if len(self.device_ids) == 1:
            self.module.to(self.src_device_obj)

    def forward(self, *inputs: Any, **kwargs: Any):
        """The module's own result, of all parts."""
        if not self.device_ids:
            return self.module(*inputs, **kwargs)
        _check_place(self.module, self.src_device_obj)
        scattered, named = self.scatter(inputs, kwargs, self.device_ids)
        if not scattered and not named:
            scattered, named = ((),), ({},)
        if len(self.device_ids) == 1:
            return self.module(*scattered[0], **named[0])
        replicas = self.replicate(self.module, self.device_ids[: len(scattered)])
        return self.gather(self.parallel_apply(replicas, scattered, named), self.output_device)

    def replicate(self, module: Module, device_ids: Sequence) -> list[Module]:
        """Copies of the module; see `torchlike.nn.parallel.replicate`."""
        return replicate(module, device_ids, not is_grad_enabled())

    def scatter(self, inputs: tuple, kwargs: dict | None, device_ids: Sequence) -> tuple:
        """The parts of the arguments; see `torchlike.nn.parallel.scatter`."""
        return scatter_kwargs(inputs, kwargs, device_ids, dim=self.dim)

    def parallel_apply(self, replicas: Sequence[Module], inputs: Sequence, kwargs: Any) -> list:
        """What the copies give; see `torchlike.nn.parallel.parallel_apply`."""
        return parallel_apply(replicas, inputs, kwargs, self.device_ids[: len(replicas)])

    def gather(self, outputs: Any, output_device: Any) -> Any:
        """The parts put together; see `torchlike.nn.parallel.gather`."""
        return gather(outputs, output_device, dim=self.dim)


def data_parallel(
    module: Module,
    inputs: Any,
    device_ids: Sequence | None = None,
    output_device: Any = None,
    dim: int = 0,
    module_kwargs: dict | None = None,
) -> Any:
    """`DataParallel` as a function.

    Args:
        module: what is computed.
        inputs: a tensor, or a tuple of arguments.
        device_ids: which GPUs, all if None.
        output_device: where the results are put together.
        dim: where inputs are cut.
        module_kwargs: the module's keywords.

    Raises:
        RuntimeError: there is no GPU, or parts of `module` are not on the first.
    """
    if not devices.jax_devices("cuda"):
        raise RuntimeError("device type could not be determined")
    made = DataParallel(module, device_ids, output_device, dim)
    given = inputs if isinstance(inputs, tuple) else () if inputs is None else (inputs,)
    return made(*given, **(module_kwargs or {}))
