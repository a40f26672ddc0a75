"""``torch.mtia``: there are no accelerators of Meta's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchlike._absent import refusing as _refusing

if TYPE_CHECKING:
    from torchlike.types import Device

default_generators: tuple = ()


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
    """Whether such a device computes in bfloat16: yes."""
    return True


def manual_seed(seed: int) -> None:
    """Nothing to do: there is no generator."""


def manual_seed_all(seed: int) -> None:
    """Nothing to do: there is no generator."""


def seed() -> None:
    """Nothing to do: there is no generator."""


def seed_all() -> None:
    """Nothing to do: there is no generator."""


def get_rng_state_all() -> list:
    """The states of all generators: none."""
    return []


def memory_allocated(device: Device = None) -> int:
    """Bytes in use: none."""
    return 0


def max_memory_allocated(device: Device = None) -> int:
    """The most bytes that were in use: none."""
    return 0


def memory_stats(device: Device = None) -> dict:
    """Figures of memory: none."""
    return {}


def reset_peak_memory_stats(device: Device = None) -> None:
    """Nothing to do."""


_refusing(
    globals(),
    RuntimeError,
    "Cannot execute {}() without MTIA backend.",
    current_device="getCurrentDevice|The index of the one that is used where none is named.",
    current_stream="getCurrentDevice|What one computes in order.",
    default_stream="getCurrentDevice|What one computes in order.",
    set_device="setCurrentDevice|Use one where none is named.",
    synchronize="getCurrentDevice|Wait until one has done what it was given.",
    get_device_capability="getCurrentDevice|What one can do.",
    get_device_properties="getCurrentDevice|What one is.",
    empty_cache="emptyCache|Give unused memory back.",
    snapshot="memorySnapshot|What lies in memory.",
)
_refusing(
    globals(),
    AssertionError,
    "Torch not compiled with MTIA enabled. Ensure you have `import mtia.host_runtime.torch_mtia.dynamic_library` in your "
    "python src file and include `//mtia/host_runtime/torch_mtia:torch_mtia` as your target dependency!",
    init="See that there is one.",
    get_rng_state="The state of a generator.",
    initial_seed="The seed of a generator.",
)
