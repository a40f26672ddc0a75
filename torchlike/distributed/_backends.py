"""What moves tensors between processes, and how they are put together: names, and which of them are there."""

from __future__ import annotations

import enum
import os
from typing import TYPE_CHECKING, cast

from torchlike._programs.explain import warn
from torchlike._types import devices

if TYPE_CHECKING:
    from torchlike.types import Device

_ABSENT = {
    "mpi": "Distributed package doesn't have MPI built in. MPI is only included if you build PyTorch from source on a host "
    "that has MPI installed.",
    "nccl": "Distributed package doesn't have NCCL built in",
    "ucc": "Distributed package doesn't have UCC built in",
    "xccl": "Distributed package doesn't have XCCL built in",
}


class _Choice(enum.Enum):
    """One of several, which compares with its number."""

    def __int__(self) -> int:
        return self.value

    def __eq__(self, other: object) -> bool:
        return self is other or isinstance(other, int) and self.value == other

    def __hash__(self) -> int:
        return self.value


class RedOpType(_Choice):
    """How the tensors of several processes become one."""

    SUM, AVG, PRODUCT, MIN, MAX, BAND, BOR, BXOR, PREMUL_SUM = range(9)


class ReduceOp:
    """How the tensors of several processes become one: ``ReduceOp.SUM`` and its kin.

    Args:
        op: one of them.
    """

    RedOpType = RedOpType
    SUM, AVG, PRODUCT, MIN, MAX, BAND, BOR, BXOR, PREMUL_SUM = RedOpType

    def __init__(self, op: RedOpType) -> None:
        self.op = op

    def __eq__(self, other: object) -> bool:
        return self.op == (other.op if isinstance(other, ReduceOp) else other)

    def __hash__(self) -> int:
        return hash(self.op)


class _OldNames:
    """``reduce_op``: `ReduceOp` as it was called once."""

    def __getattr__(self, name: str) -> RedOpType:
        text = "`torch.distributed.reduce_op` is deprecated, please use `torch.distributed.ReduceOp` instead"
        warn(text, FutureWarning)
        return getattr(ReduceOp, name)


reduce_op = _OldNames()


def supports_complex(reduceOp: RedOpType) -> bool:
    """Whether complex numbers can be put together so."""
    return reduceOp not in (ReduceOp.MAX, ReduceOp.MIN, ReduceOp.PRODUCT, ReduceOp.BAND, ReduceOp.BOR, ReduceOp.BXOR)


class Backend(str):
    """The name of what moves tensors, in lower case: ``Backend("GLOO") == "gloo"``.

    Args:
        name: it, in any case.

    Raises:
        ValueError: it is no text.
    """

    UNDEFINED = "undefined"
    GLOO = "gloo"
    NCCL = "nccl"
    UCC = "ucc"
    MPI = "mpi"
    XCCL = "xccl"

    backend_list = [UNDEFINED, GLOO, NCCL, XCCL, UCC, MPI]
    default_device_backend_map = {"cpu": GLOO, "cuda": NCCL, "xpu": XCCL, "mps": GLOO}
    backend_capability = {
        GLOO: ["cpu", "cuda"],
        NCCL: ["cuda"],
        XCCL: ["xpu"],
        UCC: ["cpu", "cuda"],
        MPI: ["cpu", "cuda"],
    }

    def __new__(cls, name: str):
        if not isinstance(name, str):
            raise ValueError("Backend constructor parameter must be string-ish")
        return name.lower()


class BackendConfig:
    """Which backend moves the tensors of which device.

    Args:
        backend: one for all the devices that it knows, or ``"cpu:gloo,cuda:nccl"``.

    Raises:
        ValueError: a pair of the list is none, or a device comes twice.
    """

    def __init__(self, backend: str) -> None:
        name = str(backend).lower()
        self.device_backend_map: dict[str, str] = {}
        if name == Backend.UNDEFINED:
            kind = "cuda" if devices.jax_devices("cuda") else "cpu"
            self.device_backend_map[kind] = Backend.default_device_backend_map[kind]
        elif name in Backend.backend_list:
            self.device_backend_map = dict.fromkeys(Backend.backend_capability[name], name)
        elif ":" in name:
            self._read(name, backend)
        else:
            raise AssertionError(f"Unknown backend type {backend}")

    def _read(self, name: str, backend: str) -> None:
        told = (
            f"The custom backend string argument is invalid: {backend}.\n"
            "                Custom backend string is an experimental feature where the backend string must be in the "
            "format:\n                \"<device_type1>:<backend1>,<device_type2>:<backend2>...\". e.g. 'cpu:gloo,cuda:nccl'"
        )
        gap = " " * 37
        for pair in name.split(","):
            parts = pair.split(":")
            if len(parts) != 2:
                raise ValueError(f"Invalid device:backend pairing: {gap}{pair}. {told}")
            if parts[0] in self.device_backend_map:
                raise ValueError(f"Duplicate device type {parts[0]} {gap}in backend string: {parts[1]}. {told}")
            self.device_backend_map[parts[0]] = parts[1]

    def __repr__(self) -> str:
        return ",".join(f"{device}:{backend}" for device, backend in self.device_backend_map.items())

    def get_device_backend_map(self) -> dict[str, str]:
        """The backend of each kind of device."""
        return self.device_backend_map


def check_there(config: BackendConfig) -> None:
    """Refuse backends that are not there.

    Raises:
        RuntimeError: one is not.
        AssertionError: one is unknown.
    """
    for name in config.device_backend_map.values():
        if name not in Backend.backend_list:
            raise AssertionError(f"Unknown backend type {name}")
        if not is_backend_available(name):
            raise RuntimeError(_ABSENT[name])


def is_available() -> bool:
    """Whether processes can work together: a group of one can."""
    return True


def is_gloo_available() -> bool:
    """Whether the tensors of CPUs can be moved: yes."""
    return True


def is_nccl_available() -> bool:
    """Whether the tensors of GPUs can be moved: where there is one."""
    return bool(devices.jax_devices("cuda"))


def is_mpi_available() -> bool:
    """Whether MPI can be used: no."""
    return False


def is_ucc_available() -> bool:
    """Whether UCC can be used: no."""
    return False


def is_xccl_available() -> bool:
    """Whether XCCL can be used: no."""
    return False


def is_backend_available(backend: str) -> bool:
    """Whether a backend is there, or all of ``"cpu:gloo,cuda:nccl"``."""
    if ":" in backend:
        return all([is_backend_available(each) for each in BackendConfig(backend).device_backend_map.values()])
    return {"gloo": True, "undefined": True, "nccl": is_nccl_available()}.get(backend.lower(), False)


def get_default_backend_for_device(device: Device) -> str:
    """The backend that moves a device's tensors where none is named.

    Raises:
        ValueError: there is none for it.
    """
    found = Backend.default_device_backend_map.get(devices.device(cast(str, device)).type)
    if found is None:
        raise ValueError(f"Default backend not registered for device : {device}")
    return found


class DebugLevel(_Choice):
    """How much is told of what processes do together."""

    OFF, INFO, DETAIL = range(3)


class _Debug:
    level = DebugLevel.OFF


def get_debug_level() -> DebugLevel:
    """How much is told of what processes do together; a group of one has nothing to tell."""
    return _Debug.level


def set_debug_level(level: DebugLevel) -> None:
    """Set how much is told of what processes do together."""
    _Debug.level = DebugLevel(level)


def set_debug_level_from_env() -> None:
    """Set it to what ``TORCH_DISTRIBUTED_DEBUG`` says.

    Raises:
        RuntimeError: it says something else.
    """
    said = os.environ.get("TORCH_DISTRIBUTED_DEBUG", "OFF").upper()
    if said not in DebugLevel.__members__:
        raise RuntimeError("The value of TORCH_DISTRIBUTED_DEBUG must be OFF, INFO, or DETAIL.")
    _Debug.level = DebugLevel[said]


set_debug_level_from_env()
