"""Devices: ``torch.device("cpu")``, ``torch.device("cuda", 0)``."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import jax

KINDS = (
    "cpu, cuda, ipu, xpu, mkldnn, opengl, opencl, ideep, hip, ve, fpga, maia, xla, lazy, vulkan, mps, meta, hpu, mtia, "
    "privateuseone"
)
NO_CUDA = "Torch not compiled with CUDA enabled"
NO_ACCELERATOR = "Cannot access accelerator device when none is available."
NO_SUCH = "CUDA error: invalid device ordinal\nGPU device may be out of range, do you have enough GPUs?\n"


class device:
    """Where a tensor's elements live: a kind (``"cpu"``, ``"cuda"``) and an index.

    Args:
        type: a kind, a string such as ``"cuda:1"``, an index (of the accelerator), or a device.
        index: which device of that kind; ``None`` is the current one.

    Raises:
        RuntimeError: the kind is unknown, the index is not a number, or there is no accelerator.
        TypeError: the arguments are others than these.
    """

    __slots__ = ("type", "index")

    if TYPE_CHECKING:

        def __init__(self, type: str | int | device, index: int | None = None) -> None: ...

    def __new__(cls, *args: Any, **kwargs: Any):
        if kwargs or len(args) != 1 or not isinstance(args[0], (str, device)):
            for look in looks:
                look(args, kwargs)
        given = [*args, *[kwargs[name] for name in ("device", "type", "index") if name in kwargs], None]
        if isinstance(given[0], device):
            return given[0]
        return _of_accelerator(given[0]) if isinstance(given[0], int) else _parse(*given[:2])

    def __repr__(self) -> str:
        return f"device(type='{self.type}'" + (f", index={self.index})" if self.index is not None else ")")

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __reduce__(self):
        return device, (self.type, self.index)

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, device) and (self.type, self.index) == (other.type, other.index)

    def __hash__(self) -> int:
        return hash((self.type, self.index))

    def __enter__(self) -> device:
        _context.append(self)
        return self

    def __exit__(self, *exc: object) -> None:
        _context.pop()


device.__module__ = "torchlike"


looks: list[Callable[[tuple, dict], object]] = []  # what refuses other arguments, in PyTorch's words


def _of_accelerator(index: int) -> device:
    made = _parse("cuda", index)
    if not jax_devices("cuda"):
        raise RuntimeError(NO_ACCELERATOR)
    return made


@functools.lru_cache(maxsize=None, typed=True)
def _parse(kind: str, index: int | None) -> device:
    if not kind:
        raise RuntimeError("Device string must not be empty")
    name, colon, number = kind.partition(":")
    if colon:
        if not number.isdigit() or number != str(int(number)):
            raise RuntimeError(f"Invalid device string: '{kind}'")
        if index is not None:
            raise RuntimeError(f"type (string) must not include an index because index was passed explicitly: {kind}")
        index = int(number)
    if index is not None and index < 0:
        raise RuntimeError("Device index must not be negative")
    if name not in KINDS.split(", "):
        if not name.isidentifier():
            raise RuntimeError(f"Invalid device string: '{kind}'")
        raise RuntimeError(f"Expected one of {KINDS} device type at start of device string: {name}")
    made = object.__new__(device)
    made.type, made.index = name, index
    return made


CPU = device("cpu")
META = device("meta")  # of tensors that have no elements
_context: list[device] = []  # of the blocks that name one, the outermost first; before them the default, if one was set
_has_default = False


class _Current(threading.local):
    """The GPU that ``"cuda"`` means in this thread."""

    index = 0


current = _Current()


@functools.cache
def jax_devices(kind: str) -> tuple:
    """The JAX devices of a PyTorch kind; none where the platform is absent."""
    try:
        return tuple(jax.devices({"cuda": "gpu"}.get(kind, kind)))
    except RuntimeError:
        return ()


def resolve(where: Any = None) -> device:
    """The device that an argument ``device=`` means, with its index filled in.

    Raises:
        AssertionError: there is no GPU.
        RuntimeError: there is none of this index.
    """
    where = default() if where is None else device(where)
    if where.type == "cpu":
        return CPU
    if where.type == "meta":
        return META
    if where.type == "cuda":
        if not jax_devices("cuda"):
            raise AssertionError(NO_CUDA)
        where = where if where.index is not None else device("cuda", current.index)
        if where.index >= len(jax_devices("cuda")):
            raise RuntimeError(NO_SUCH)
        return where
    raise RuntimeError(f"torchlike has no device of type {where.type}")


def is_meta(where: Any = None) -> bool:
    """Whether an argument ``device=`` means the device that has no elements."""
    return (where is not None or bool(_context)) and resolve(where) is META


def default() -> device:
    """The device that tensors are made on when none is named."""
    return _context[-1] if _context else CPU


def set_default(where: device | None) -> None:
    """Make tensors on this device when none is named, within no block that names one; None takes it back."""
    global _has_default
    _context[: int(_has_default)] = [] if where is None else [where]
    _has_default = where is not None


def jax_device(where: device):
    """The JAX device that stands for `where`."""
    return jax_devices(where.type)[where.index or 0]


def shown_as(one: Any) -> device:
    """The device that a JAX device stands for."""
    found = [number for number, each in enumerate(jax_devices("cuda")) if each == one]
    return device("cuda", found[0]) if found else CPU
