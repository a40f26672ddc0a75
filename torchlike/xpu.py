"""``torch.xpu``: there are no GPUs of Intel's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from typing import NoReturn as _NoReturn

if TYPE_CHECKING:
    from torchlike.tensor import Tensor
    from torchlike.types import Device

_ABSENT = "Torch not compiled with XPU enabled"


def _refuse(name: str, doc: str):
    def call(*args: Any, **kwargs: Any) -> _NoReturn:
        raise AssertionError(_ABSENT)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"{doc}\n\nRaises:\n    AssertionError: always, as there is none."
    return call


current_device = _refuse("current_device", "The index of the one that is used where none is named.")
set_device = _refuse("set_device", "Use one where none is named.")
get_device_name = _refuse("get_device_name", "The name of one.")
get_device_capability = _refuse("get_device_capability", "What one can do.")
get_device_properties = _refuse("get_device_properties", "What one is.")
synchronize = _refuse("synchronize", "Wait until one has done what it was given.")
mem_get_info = _refuse("mem_get_info", "Bytes that are free on one, and all bytes.")
get_rng_state = _refuse("get_rng_state", "The state of a generator.")
set_rng_state = _refuse("set_rng_state", "Set the state of a generator.")
initial_seed = _refuse("initial_seed", "The seed of a generator.")


def set_rng_state_all(new_states: Iterable[Tensor]) -> None:
    """Set the states of all generators: of none."""
    for each in new_states:
        set_rng_state(each)


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
