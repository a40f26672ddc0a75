"""``torch.cuda.random``: the generator that the GPU's numbers come from, which is the default one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torchlike._functions import generators
from torchlike._types.public import publish as _publish
from torchlike.cuda._calls import device_count, is_available, require

if TYPE_CHECKING:
    from torchlike.types import Device


def get_rng_state(device: Device = "cuda"):
    """The state of the generator that the GPU's numbers come from: the default one.

    Raises:
        AssertionError: there is no GPU.
    """
    require()
    return generators.get_rng_state()


def set_rng_state(new_state: Any, device: Device = "cuda") -> None:
    """Set the state of the generator that the GPU's numbers come from: of the default one."""
    if is_available():
        generators.set_rng_state(new_state)


def get_rng_state_all() -> list:
    """`get_rng_state` for each GPU."""
    return [get_rng_state(each) for each in range(device_count())]


def set_rng_state_all(new_states: Any) -> None:
    """`set_rng_state` for each GPU."""
    for each in new_states:
        set_rng_state(each)


def initial_seed() -> int:
    """The seed of the generator that the GPU's numbers come from.

    Raises:
        AssertionError: there is no GPU.
    """
    require()
    return generators.initial_seed()


def manual_seed(seed: int) -> None:
    """Begin the random numbers of the GPU anew: all seeds come from the default generator, set by `torch.manual_seed`."""
    if is_available():
        generators.manual_seed(seed)


def manual_seed_all(seed: int) -> None:
    """See `manual_seed`."""
    manual_seed(seed)


def seed() -> None:
    """Begin the random numbers of the GPU anew, from a seed that nobody knows."""
    if is_available():
        generators.seed()


def seed_all() -> None:
    """See `seed`."""
    seed()


_publish(globals())
