"""``torch.nn.parallel.distributed``: a model that several processes train, each on its part of the data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from torchlike._autograd.modes import is_grad_enabled
from torchlike._missing import watch as _watch
from torchlike._programs.explain import warn
from torchlike.distributed.distributed_c10d import ProcessGroup, _get_default_group
from torchlike.nn.modules.module import Module
from torchlike.nn.parallel.data_parallel import _number
from torchlike.nn.parallel.scatter_gather import gather, scatter_kwargs

__all__ = ["DistributedDataParallel"]

_OLD_FLAG = (
    "`broadcast_buffers` is deprecated. Use `forward_sync_buffers` instead. IMPORTANT: unlike `broadcast_buffers=False`, "
    "`forward_sync_buffers=False` still syncs buffers at init. If you rely on buffers NOT being synced at init (e.g. "
    "rank-local buffers), keep using `broadcast_buffers=False` until `init_sync_buffers` is available."
)
_BOTH_FLAGS = (
    "Both `broadcast_buffers` and `forward_sync_buffers` were specified. `broadcast_buffers` is deprecated and its value is "
    "ignored when `forward_sync_buffers` is provided."
)


class DistributedDataParallel(Module):
    """A module whose gradients are the mean over all processes; over one they are its own.

    Args:
        module: the model. Its parameters and buffers are then called ``module.weight``.
        device_ids: the GPU that the model is on, as the one element of a list.
        output_device: the GPU that its results are on.
        dim: where inputs are cut.
        broadcast_buffers: deprecated; whether buffers are sent from the first process to the others at each call.
        init_sync: whether parameters are sent so at the beginning.
        process_group: the processes; all by default.
        bucket_cap_mb: how many MiB of gradients are sent at a time.
        find_unused_parameters: whether some parameters may get no gradient.
        check_reduction: deprecated.
        gradient_as_bucket_view: whether gradients may be views of what is sent.
        static_graph: whether each step does the same.
        delay_all_reduce_named_params: parameters whose gradients are sent when that of another is there.
        param_to_hook_all_reduce: the other.
        mixed_precision: dtypes for parameters, gradients and buffers; there are none of one process.
        device_mesh: the processes, as a mesh; there is none.
        skip_all_reduce_unused_params: whether gradients of unused parameters are not sent.
        bucket_cap_mb_list: `bucket_cap_mb` for each bucket.
        batched_grad_copy: whether gradients are copied together.
        forward_sync_buffers: whether buffers are sent at each call; they are by default.

    Raises:
        ValueError: there is no group of processes, or devices are named that the model is not on.
        RuntimeError: no parameter requires a gradient.

    Example:
        >>> import torchlike as torch, torchlike.distributed as dist
        >>> dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
        >>> model = torch.nn.parallel.DistributedDataParallel(torch.nn.Linear(2, 1))
        >>> list(model.state_dict())
        ['module.weight', 'module.bias']
        >>> dist.destroy_process_group()
    """

    def __init__(
        self,
        module: Module,
        device_ids: Sequence | None = None,
        output_device: Any = None,
        dim: int = 0,
        broadcast_buffers: bool | None = None,
        init_sync: bool = True,
        process_group: ProcessGroup | None = None,
        bucket_cap_mb: float | None = None,
        find_unused_parameters: bool = False,
        check_reduction: bool = False,
        gradient_as_bucket_view: bool = False,
        static_graph: bool = False,
        delay_all_reduce_named_params: Sequence | None = None,
        param_to_hook_all_reduce: Any = None,
        mixed_precision: Any = None,
        device_mesh: Any = None,
        skip_all_reduce_unused_params: bool = False,
        bucket_cap_mb_list: list[int] | None = None,
        batched_grad_copy: bool = False,
        forward_sync_buffers: bool | None = None,
    ) -> None:
        super().__init__()
        if (delay_all_reduce_named_params is None) != (param_to_hook_all_reduce is None):
            raise ValueError(
                "delay_all_reduce_named_params and param_to_hook_all_reduce need to be set at the same time."
            )
        if process_group and device_mesh is not None:
            raise RuntimeError("Cannot specify both process_group and device_mesh arguments.")
        if device_mesh is not None or mixed_precision is not None:
            name = "mixed_precision" if device_mesh is None else "device_mesh"
            raise TypeError(f"torchlike's DistributedDataParallel takes no {name}: it is for several processes")
        self.process_group = _get_default_group() if process_group is None else process_group
        self._place(module, device_ids, output_device)
        self.dim, self.module, self.static_graph = dim, module, static_graph
        self._choose_sync(broadcast_buffers, forward_sync_buffers)
        self.find_unused_parameters, self.gradient_as_bucket_view = find_unused_parameters, gradient_as_bucket_view
        self.require_backward_grad_sync = self.require_forward_param_sync = True
        if check_reduction:
            warn(
                "The `check_reduction` argument in `DistributedDataParallel` module is deprecated. Please avoid using it.",
                FutureWarning,
            )

    def _place(self, module: Module, device_ids: Sequence | None, output_device: Any) -> None:
        """Note the devices of the model, and refuse others."""
        ignored = set(getattr(module, "_ddp_params_and_buffers_to_ignore", ()))
        parameters = [each for name, each in module.named_parameters() if name not in ignored]
        if not any([each.requires_grad for each in parameters]):
            raise RuntimeError(
                "DistributedDataParallel is not needed when a module doesn't have any parameter that requires a gradient."
            )
        if device_ids is not None and len(device_ids) > 1:
            raise ValueError("device_ids can only be None or contain a single element.")
        places = {each.device for each in parameters}
        kinds = {each.type for each in places}
        if len(kinds) != 1:
            raise ValueError(
                "DistributedDataParallel's input module must be on the same type of devices, but input module parameters "
                f"locate in {kinds}."
            )
        self.device_type, self.device = kinds.pop(), parameters[0].device
        self.is_multi_device_module = len(places) > 1
        self.device_ids = self.output_device = None
        if not device_ids or self.device_type == "cpu" or self.is_multi_device_module:
            if device_ids or output_device:
                raise ValueError(
                    "DistributedDataParallel device_ids and output_device arguments only work with "
                    "single-device/multiple-device GPU modules or CPU modules, but got device_ids "
                    f"{device_ids}, output_device {output_device}, and module parameters {places}."
                )
            return
        self.device_ids = [_number(each) for each in device_ids]
        self.output_device = self.device_ids[0] if output_device is None else _number(output_device)

    def _choose_sync(self, old: bool | None, new: bool | None) -> None:
        if old is not None:
            warn(_OLD_FLAG if new is None else _BOTH_FLAGS, FutureWarning)
        self.forward_sync_buffers = next((each for each in (new, old) if each is not None), True)

    @property
    def broadcast_buffers(self) -> bool:
        """See `forward_sync_buffers`, which it is called now."""
        return self.forward_sync_buffers

    @broadcast_buffers.setter
    def broadcast_buffers(self, value: bool) -> None:
        self.forward_sync_buffers = value

    def forward(self, *inputs: Any, **kwargs: Any):
        """The module's own result."""
        if self.device_ids:
            (inputs,), (kwargs,) = self.scatter(inputs, kwargs, self.device_ids)
        made = self.module(*inputs, **kwargs)
        self.require_forward_param_sync = is_grad_enabled() and self.require_backward_grad_sync
        return made

    def scatter(self, inputs: tuple, kwargs: dict | None, device_ids: Sequence) -> tuple:
        """The arguments on a GPU; see `torchlike.nn.parallel.scatter`."""
        return scatter_kwargs(inputs, kwargs, device_ids, dim=self.dim)

    def gather(self, outputs: Any, output_device: Any) -> Any:
        """Results put together; see `torchlike.nn.parallel.gather`."""
        return gather(outputs, output_device, dim=self.dim)

    @contextmanager
    def no_sync(self) -> Iterator[None]:
        """Within the block gradients are added up in each process by itself, and not sent."""
        before, self.require_backward_grad_sync = self.require_backward_grad_sync, False
        try:
            yield
        finally:
            self.require_backward_grad_sync = before

    @contextmanager
    def join(
        self, divide_by_initial_world_size: bool = True, enable: bool = True, throw_on_early_termination: bool = False
    ) -> Iterator[None]:
        """Within the block some processes may have fewer batches than others."""
        yield

    def will_sync_module_buffers(self) -> bool:
        """Whether the next call sends buffers."""
        return (
            self.require_forward_param_sync and self.forward_sync_buffers and any(True for _ in self.module.buffers())
        )

    def __getstate__(self) -> dict:
        if self.process_group is not _get_default_group():
            raise RuntimeError(
                "DDP Pickling/Unpickling are only supported when using DDP with the default process group. That is, when "
                "you have called init_process_group and have not passed process_group argument to DDP constructor"
            )
        state = dict(self.__dict__)
        del state["process_group"]
        return state

    def __setstate__(self, state: dict) -> None:
        super().__setstate__(state)
        self.process_group = _get_default_group()


_watch()  # it is imported by those alone who ask for it
