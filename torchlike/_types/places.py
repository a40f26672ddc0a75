"""Places: where an array lies, on a device or cut over a mesh of them."""

from __future__ import annotations

from typing import Any, cast

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from torchlike._types import devices
from torchlike._types.devices import CPU, META, device


class Place:
    """Where an array lies: on a device, or over a mesh of devices, cut or repeated as XLA finds best.

    Interned: equal ones are one object. What is recorded at one place becomes one program.

    Attributes:
        device: what its tensors show, of a mesh the first device.
        mesh: the mesh, if it is one.
        is_host: whether its arrays are in the host's memory, in one piece, where NumPy may compute.
    """

    __slots__ = ("device", "mesh", "is_host")

    def __init__(self, shown: device, mesh: Mesh | None = None) -> None:
        self.device, self.mesh = shown, mesh
        self.is_host = shown is CPU and mesh is None

    def __repr__(self) -> str:
        return str(self.device) if self.mesh is None else f"{self.device}*{self.mesh.size}"

    @property
    def jax_device(self) -> Any:
        """The JAX device that makes what comes from nowhere."""
        return devices.jax_device(self.device) if self.mesh is None else self.mesh.devices.flat[0]

    @property
    def target(self) -> Any:
        """Where JAX puts an array that is to lie here; over a mesh it is repeated."""
        return self.jax_device if self.mesh is None else NamedSharding(self.mesh, PartitionSpec())


HOST = Place(CPU)
NOWHERE = Place(META)
_places: dict[device | Mesh, Place] = {CPU: HOST, META: NOWHERE}


def place_of(where: device) -> Place:
    """The place that is a device."""
    found = _places.get(where)
    return _places.setdefault(where, Place(where)) if found is None else found


def received(array: jax.Array | np.ndarray) -> tuple[jax.Array | np.ndarray, Place]:
    """An array from outside, and where it lies. How it is cut over a mesh is left to XLA from then on."""
    if type(array) is np.ndarray or not isinstance(array, jax.Array):  # asking JAX takes as long as the rest
        return array, HOST
    sharding = array.sharding
    if len(sharding.device_set) == 1:
        return array, place_of(devices.shown_as(*sharding.device_set))
    if isinstance(sharding, NamedSharding):
        mesh = Mesh(cast(np.ndarray, sharding.mesh.devices), sharding.mesh.axis_names)
        array = jax.device_put(array, NamedSharding(mesh, sharding.spec))
    else:
        mesh = Mesh(np.array(sorted(sharding.device_set, key=lambda each: each.id)), ("all",))
    found = _places.get(mesh)
    return array, found or _places.setdefault(mesh, Place(devices.shown_as(mesh.devices.flat[0]), mesh))
