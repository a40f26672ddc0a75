"""What a program asks of its GPUs, which are JAX's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from torchlike._arguments import legacy_keywords
from torchlike._functions import generators
from torchlike._switches.devices import synchronized
from torchlike._types import devices

if TYPE_CHECKING:
    from torchlike.tensor import Tensor
    from torchlike.types import Device


def is_available() -> bool:
    """Whether there is a GPU."""
    return bool(devices.jax_devices("cuda"))


def device_count() -> int:
    """How many GPUs there are."""
    return len(devices.jax_devices("cuda"))


def _require() -> None:
    if not is_available():
        raise AssertionError(devices.NO_CUDA)


def current_device() -> int:
    """The index of the GPU that ``"cuda"`` means.

    Raises:
        AssertionError: there is none.
    """
    _require()
    return devices.current.index


def set_device(device: Device) -> None:
    """Let ``"cuda"`` mean this GPU in this thread; a negative index changes nothing.

    Raises:
        AssertionError: there is none.
        RuntimeError: there are not so many.
    """
    if _index(device) >= 0:
        devices.current.index = devices.resolve(devices.device("cuda", _index(device))).index


def _index(device: Device) -> int:
    if device is None:
        return 0 if not is_available() else current_device()
    if isinstance(device, int):
        return device
    found = devices.device(device).index
    return _index(None) if found is None else found


def get_device_name(device: Device = None) -> str:
    """The name of a GPU.

    Raises:
        AssertionError: there is none.
    """
    _require()
    return devices.jax_devices("cuda")[_index(device)].device_kind


def get_device_capability(device: Device = None) -> tuple[int, int]:
    """The compute capability of a GPU, (major, minor).

    Raises:
        AssertionError: there is none.
    """
    _require()
    major, minor = str(devices.jax_devices("cuda")[_index(device)].compute_capability).split(".")
    return int(major), int(minor)


def synchronize(device: Device = None) -> None:
    """Compute what is pending, and wait until all is done.

    Raises:
        AssertionError: there is no GPU.
    """
    _require()
    synchronized()


def empty_cache() -> None:
    """Nothing to do: JAX keeps the memory pool."""


def _memory(device: Device, field: str) -> int:
    if not is_available():
        return 0
    stats = devices.jax_devices("cuda")[_index(device)].memory_stats() or {}
    return int(stats.get(field, 0))


def memory_allocated(device: Device = None) -> int:
    """Bytes in use on a GPU; 0 where there is none."""
    return _memory(device, "bytes_in_use")


def max_memory_allocated(device: Device = None) -> int:
    """The most bytes that were in use on a GPU; 0 where there is none."""
    return _memory(device, "peak_bytes_in_use")


def memory_reserved(device: Device = None) -> int:
    """Bytes that JAX's pool holds on a GPU; 0 where there is none."""
    return _memory(device, "bytes_reserved")


def max_memory_reserved(device: Device = None) -> int:
    """The most bytes that JAX's pool held on a GPU; 0 where there is none."""
    return _memory(device, "peak_bytes_reserved")


def get_rng_state(device: Device = "cuda"):
    """The state of the generator that the GPU's numbers come from: the default one.

    Raises:
        AssertionError: there is no GPU.
    """
    _require()
    return generators.get_rng_state()


def set_rng_state(new_state: Tensor, device: Device = "cuda") -> None:
    """Set the state of the generator that the GPU's numbers come from: of the default one."""
    if is_available():
        generators.set_rng_state(new_state)


def get_rng_state_all() -> list:
    """`get_rng_state` for each GPU."""
    return [get_rng_state(each) for each in range(device_count())]


def set_rng_state_all(new_states: Iterable[Tensor]) -> None:
    """`set_rng_state` for each GPU."""
    for each in new_states:
        set_rng_state(each)


def initial_seed() -> int:
    """The seed of the generator that the GPU's numbers come from.

    Raises:
        AssertionError: there is no GPU.
    """
    _require()
    return generators.initial_seed()


def is_initialized() -> bool:
    """Whether the GPU is in use."""
    return is_available()


def is_tf32_supported() -> bool:
    """Whether the GPU computes in TF32."""
    return is_available() and get_device_capability()[0] >= 8


def is_current_stream_capturing() -> bool:
    """Whether a graph of kernels is being captured: never, XLA makes its own."""
    return False


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """Whether the GPU computes in bfloat16."""
    return is_available()


def manual_seed(seed: int) -> None:
    """Begin the random numbers of the GPU anew: all seeds come from the default generator, set by `torch.manual_seed`."""
    if is_available():
        generators.manual_seed(seed)


def manual_seed_all(seed: int) -> None:
    """See `manual_seed`."""
    manual_seed(seed)


class device:
    """Within the block ``"cuda"`` means this GPU; a negative index changes nothing.

    Args:
        device: its index or name.
    """

    @legacy_keywords(idx="device")
    def __init__(self, device: Device | Any) -> None:
        self.idx = _index(device)

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


for _public in [each for each in globals().values() if getattr(each, "__module__", "") == __name__]:
    _public.__module__ = "torchlike.cuda"
