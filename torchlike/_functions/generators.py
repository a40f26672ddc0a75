"""Generators of random numbers, and the one that is used where none is named."""

from __future__ import annotations

import collections.abc
import contextlib
import copyreg
import numbers
from collections.abc import Iterable
from typing import TYPE_CHECKING

from torchlike._autograd.variable import TensorBase
from torchlike._functions.making import wrapped
from torchlike._programs.marks import breaks_capture
from torchlike._random import default
from torchlike._random.engine import Engine
from torchlike._types import devices, dtypes

if TYPE_CHECKING:
    from torchlike.tensor import Tensor
    from torchlike.types import Device

    pass


class Generator:
    """A source of random numbers: mt19937, as PyTorch's on the CPU.

    Args:
        device: where the tensors lie that it draws for.

    Example:
        >>> torch.rand(1, generator=torch.Generator().manual_seed(0))
        tensor([0.4963])
    """

    def __init__(self, device: Device = "cpu") -> None:
        self.device = devices.resolve(device)
        self._engine = Engine()

    @breaks_capture
    def manual_seed(self, seed: int) -> Generator:
        """Begin anew from a seed of 64 bits; returns the generator.

        Raises:
            RuntimeError: it is no integer.
            ValueError: it has more bits.
        """
        if not isinstance(seed, numbers.Integral) or isinstance(seed, bool):
            raise RuntimeError(f"manual_seed expected a long, but got {type(seed).__name__}")
        self._engine.seed(int(seed))
        return self

    @breaks_capture
    def seed(self) -> int:
        """Begin anew from a seed nobody knows; returns it."""
        return self._engine.reseed()

    @breaks_capture
    def initial_seed(self) -> int:
        """The seed that it began from."""
        return self._engine.initial_seed

    def get_state(self):
        """The state, a uint8 tensor of 5056 bytes."""
        return wrapped(self._engine.get_state())

    def set_state(self, new_state: Tensor) -> Generator:
        """Go on from a state that `get_state` gave.

        Raises:
            TypeError: it is no uint8 tensor.
            RuntimeError: it has another size.
        """
        if not isinstance(new_state, TensorBase):
            raise TypeError(f"expected a torch.ByteTensor, but got {type(new_state).__name__}")
        if new_state.dtype is not dtypes.uint8:
            raise TypeError(f"expected a torch.ByteTensor, but got {new_state.type()}")
        self._engine.set_state(new_state.numpy(force=True))
        return self

    def clone_state(self) -> Generator:
        """A generator that goes on from the same state."""
        made = Generator(self.device)
        made._engine = self._engine.clone()
        return made

    def __getstate__(self) -> dict:
        return {"device": self.device, "state": self._engine.get_state()}

    def __setstate__(self, state: dict) -> None:
        self.device, self._engine = state["device"], Engine()
        self._engine.set_state(state["state"])


Generator.__module__ = "torchlike"


class _DefaultGenerator(Generator):
    """The generator that is used where none is named."""

    def __init__(self) -> None:
        self.device, self._engine = devices.CPU, default.engine

    def __reduce__(self):
        # a copy draws for itself
        return copyreg.__newobj__, (Generator,), self.__getstate__()  # type: ignore[attr-defined]


default_generator = _DefaultGenerator()


@breaks_capture
def manual_seed(seed: int) -> Generator:
    """Begin all random numbers anew from a seed; returns the default generator.

    Raises:
        ValueError: it has more than 64 bits.

    Example:
        >>> _ = torch.manual_seed(0)
        >>> torch.rand(2)
        tensor([0.4963, 0.7682])
    """
    return default_generator.manual_seed(int(seed))


@breaks_capture
def seed() -> int:
    """Begin all random numbers anew from a seed nobody knows; returns it.

    Example:
        >>> torch.seed() == torch.initial_seed()
        True
    """
    return default_generator.seed()


@breaks_capture
def initial_seed() -> int:
    """The seed that the default generator began from.

    Example:
        >>> _ = torch.manual_seed(7)
        >>> torch.initial_seed()
        7
    """
    return default_generator.initial_seed()


@breaks_capture
def get_rng_state():
    """The default generator's state, a uint8 tensor of 5056 bytes.

    Example:
        >>> torch.get_rng_state().shape
        torch.Size([5056])
    """
    return default_generator.get_state()


@breaks_capture
def set_rng_state(new_state: Tensor) -> None:
    """Let the default generator go on from a state that `get_rng_state` gave.

    Example:
        >>> state = torch.get_rng_state()
        >>> first = torch.rand(3)
        >>> torch.set_rng_state(state)
        >>> torch.equal(torch.rand(3), first)
        True
    """
    default_generator.set_state(new_state)


@contextlib.contextmanager
@breaks_capture
def fork_rng(
    devices: Iterable[Device] | None = None,
    enabled: bool = True,
    _caller: str = "fork_rng",
    _devices_kw: str = "devices",
    device_type: str = "cuda",
) -> collections.abc.Generator[None]:
    """Within the block draw as one likes: afterwards the generator goes on from where it was."""
    before = default_generator._engine.get_state()
    try:
        yield
    finally:
        if enabled:
            default_generator._engine.set_state(before)


def engine_of(generator: Generator | None, device: Device = None) -> Engine:
    """The engine of a generator, or of the default one, for numbers on a device.

    Raises:
        RuntimeError: the generator is another kind of device's.
    """
    if generator is None:
        return default.engine
    kind, own = devices.resolve(device).type, generator.device.type
    if own != kind:
        raise RuntimeError(f"Expected a '{kind}' device type for generator but found '{own}'")
    return generator._engine


# ---------------------------------------------------------------------- new tensors
