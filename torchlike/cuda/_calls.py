"""What a program asks of its GPUs, which are JAX's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from torchlike._arguments import legacy_keywords
from torchlike._switches.devices import synchronized
from torchlike._types import devices

if TYPE_CHECKING:
    from torchlike.types import Device


def is_available() -> bool:
    """Whether there is a GPU."""
    return bool(devices.jax_devices("cuda"))


def device_count() -> int:
    """How many GPUs there are."""
    return len(devices.jax_devices("cuda"))


def require() -> None:
    """Refuse what needs a GPU where there is none.

    Raises:
        AssertionError: there is none.
    """
    if not is_available():
        raise AssertionError(devices.NO_CUDA)


def current_device() -> int:
    """The index of the GPU that ``"cuda"`` means.

    Raises:
        AssertionError: there is none.
    """
    require()
    return devices.current.index


def set_device(device: Device) -> None:
    """Let ``"cuda"`` mean this GPU in this thread; a negative index changes nothing.

    Raises:
        AssertionError: there is none.
        RuntimeError: there are not so many.
    """
    if index_of(device) >= 0:
        devices.current.index = devices.resolve(devices.device("cuda", index_of(device))).index


def index_of(device: Device) -> int:
    """The number of a GPU that is given by it, by a name, or by nothing: then it is the current one."""
    if device is None:
        return 0 if not is_available() else current_device()
    if isinstance(device, int):
        return device
    found = devices.device(device).index
    return index_of(None) if found is None else found


def get_device_name(device: Device = None) -> str:
    """The name of a GPU.

    Raises:
        AssertionError: there is none.
    """
    require()
    return devices.jax_devices("cuda")[index_of(device)].device_kind


def get_device_capability(device: Device = None) -> tuple[int, int]:
    """The compute capability of a GPU, (major, minor).

    Raises:
        AssertionError: there is none.
    """
    require()
    major, minor = str(devices.jax_devices("cuda")[index_of(device)].compute_capability).split(".")
    return int(major), int(minor)


@dataclass(frozen=True)
class _CudaDeviceProperties:
    """What a GPU is.

    Attributes:
        name: its name.
        major, minor: its compute capability.
        total_memory: bytes that JAX may take.
        multi_processor_count: how many multiprocessors it has.
    """

    name: str
    major: int
    minor: int
    total_memory: int
    multi_processor_count: int

    def __repr__(self) -> str:
        return (
            f"_CudaDeviceProperties(name='{self.name}', major={self.major}, minor={self.minor}, "
            f"total_memory={self.total_memory // 2**20}MB, multi_processor_count={self.multi_processor_count})"
        )


def get_device_properties(device: Device = None) -> _CudaDeviceProperties:
    """What a GPU is.

    Raises:
        AssertionError: there is none, or none of this index.
    """
    require()
    place = index_of(device)
    if not 0 <= place < device_count():
        raise AssertionError("Invalid device id")
    found = devices.jax_devices("cuda")[place]
    memory = (found.memory_stats() or {}).get("bytes_limit", 0)
    return _CudaDeviceProperties(
        found.device_kind, *get_device_capability(place), int(memory), int(getattr(found, "core_count", 0))
    )


def synchronize(device: Device = None) -> None:
    """Compute what is pending, and wait until all is done.

    Raises:
        AssertionError: there is no GPU.
    """
    require()
    synchronized()


def is_initialized() -> bool:
    """Whether the GPU is in use."""
    return is_available()


def is_tf32_supported() -> bool:
    """Whether the GPU computes in TF32."""
    return is_available() and get_device_capability()[0] >= 8


def init() -> None:
    """See that there is a GPU.

    Raises:
        AssertionError: there is none.
    """
    require()


def get_arch_list() -> list[str]:
    """The architectures that kernels were made for: XLA makes them for the GPU that is there."""
    return ["sm_{}{}".format(*get_device_capability())] if is_available() else []


def get_gencode_flags() -> str:
    """The flags by which kernels were made: none, XLA makes them when they are wanted."""
    return ""


def ipc_collect() -> None:
    """Nothing to do: no memory is shared with other processes.

    Raises:
        AssertionError: there is no GPU.
    """
    require()


def can_device_access_peer(device: Device, peer_device: Device) -> bool:
    """Whether a GPU reaches another's memory: JAX copies between them itself.

    Raises:
        AssertionError: there is no GPU.
    """
    require()
    return index_of(device) != index_of(peer_device)


def is_current_stream_capturing() -> bool:
    """Whether a graph of kernels is being captured: never, XLA makes its own."""
    return False


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """Whether the GPU computes in bfloat16."""
    return is_available()


class device:
    """Within the block ``"cuda"`` means this GPU; a negative index changes nothing.

    Args:
        device: its index or name.
    """

    @legacy_keywords(idx="device")
    def __init__(self, device: Device) -> None:
        self.idx = index_of(device)

    def __enter__(self) -> None:
        self.prev_idx = devices.current.index
        set_device(self.idx)

    def __exit__(self, *exc: object) -> None:
        devices.current.index = self.prev_idx


class device_of(device):
    """Within the block ``"cuda"`` means the GPU of a tensor; a tensor of the CPU changes nothing.

    Args:
        obj: the tensor.
    """

    def __init__(self, obj: Any) -> None:
        super().__init__(obj.get_device() if obj.is_cuda else -1)
