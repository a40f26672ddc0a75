"""``torch.xpu``: there are no GPUs of Intel's."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any
from typing import NoReturn as _NoReturn

from torchlike._absent import refusing as _refusing

if TYPE_CHECKING:
    from torchlike.types import Device

_refusing(
    globals(),
    AssertionError,
    "Torch not compiled with XPU enabled",
    init="See that there is one.",
    current_device="The index of the one that is used where none is named.",
    set_device="Use one where none is named.",
    get_device_name="The name of one.",
    get_device_capability="What one can do.",
    get_device_properties="What one is.",
    synchronize="Wait until one has done what it was given.",
    current_stream="What one computes in order.",
    set_stream="Let a stream be the current one.",
    can_device_access_peer="Whether one reaches another's memory.",
    mem_get_info="Bytes that are free on one, and all bytes.",
    get_per_process_memory_fraction="How much memory may be used.",
    set_per_process_memory_fraction="Set how much memory may be used.",
    get_rng_state="The state of a generator.",
    set_rng_state="Set the state of a generator.",
    initial_seed="The seed of a generator.",
)

default_generators: tuple = ()


class device:
    """Within the block one is used where none is named.

    Args:
        device: its index or name.

    Raises:
        NotImplementedError: always, as there is none.
    """

    def __init__(self, device: Device) -> None:
        self.idx = device

    def __enter__(self) -> _NoReturn:
        raise NotImplementedError("PyTorch was compiled without XPU support")

    def __exit__(self, *exc: object) -> None:
        """There is nothing to take back."""


def set_rng_state_all(new_states: Any) -> None:
    """Set the states of all generators: of none.

    Raises:
        AssertionError: there are states.
    """
    if list(new_states):
        raise AssertionError("Torch not compiled with XPU enabled")


def is_available() -> bool:
    """Whether there is one: no."""
    return False


def device_count() -> int:
    """How many there are: none."""
    return 0


def is_initialized() -> bool:
    """Whether one is in use: no."""
    return False


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """Whether it computes in bfloat16: no."""
    return False


def is_tf32_supported() -> bool:
    """Whether it computes in TF32: no."""
    return False


def get_arch_list() -> list[str]:
    """The architectures that kernels were made for: none."""
    return []


def empty_cache() -> None:
    """Nothing to do."""


def manual_seed(seed: int) -> None:
    """Nothing to do: there is no generator."""


def manual_seed_all(seed: int) -> None:
    """Nothing to do: there is no generator."""


def get_rng_state_all() -> list:
    """The states of all generators: none."""
    return []


def memory_allocated(device: Device = None) -> int:
    """Bytes in use: none."""
    return 0


def memory_reserved(device: Device = None) -> int:
    """Bytes held: none."""
    return 0


def max_memory_allocated(device: Device = None) -> int:
    """The most bytes that were in use: none."""
    return 0


def max_memory_reserved(device: Device = None) -> int:
    """The most bytes that were held: none."""
    return 0


def seed() -> None:
    """Nothing to do: there is no generator."""


def seed_all() -> None:
    """Nothing to do: there is no generator."""


def get_gencode_flags() -> str:
    """The flags by which kernels were made: none."""
    return ""


def memory_stats(device: Device = None) -> OrderedDict:
    """Figures of memory: none."""
    return OrderedDict()


def memory_stats_as_nested_dict(device: Device = None) -> dict:
    """Figures of memory: none."""
    return {}


def memory_snapshot(mempool_id: Any = None) -> list:
    """What lies in memory: nothing."""
    return []
