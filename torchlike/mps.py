"""``torch.mps``: there is no Metal device."""

from __future__ import annotations

from torchlike._absent import refusing as _refusing


def is_available() -> bool:
    """Whether there is one: no."""
    return False


def device_count() -> int:
    """How many there are: none."""
    return 0


def manual_seed(seed: int) -> None:
    """Nothing to do: there is no generator."""


_refusing(
    globals(),
    RuntimeError,
    "Cannot execute {}() without MPS backend.",
    empty_cache="emptyCache|Give unused memory back.",
    synchronize="deviceSynchronize|Wait until the device has done what it was given.",
    current_allocated_memory="getCurrentAllocatedMemory|Bytes in use.",
    driver_allocated_memory="getDriverAllocatedMemory|Bytes held.",
    recommended_max_memory="getRecommendedMaxMemory|The most bytes that should be used.",
    get_rng_state="getDefaultGenerator|The state of the generator.",
    set_rng_state="getDefaultGenerator|Set the state of the generator.",
    seed="getDefaultGenerator|Begin the random numbers anew.",
    set_per_process_memory_fraction="setMemoryFraction|Set how much memory may be used.",
)
