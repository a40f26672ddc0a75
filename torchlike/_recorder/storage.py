"""Storages: the mutable cells that tensors and their views share, and NumPy arrays that share with them."""

from __future__ import annotations

import itertools
from sys import getrefcount

import numpy as np

from torchlike._programs.aval import Aval, aval
from torchlike._recorder.recorder import Value, recorder, value_of
from torchlike._types.dtypes import of_numpy

_addresses = itertools.count(1)


class Storage:
    """A mutable cell that holds one value: all the elements, in order.

    Attributes:
        value: what it holds; None while a NumPy array is the truth.
        version: how often it was written to.
    """

    version = 0
    _host: np.ndarray | None = None
    _address: int | None = None

    def __init__(self, value: Value | None) -> None:
        self.value = value

    @classmethod
    def of_numpy(cls, array: np.ndarray) -> Storage:
        """A storage whose truth is the user's own array, while anybody holds that."""
        made = cls(None)
        made._host = array
        return made

    @property
    def host(self) -> np.ndarray | None:
        """The NumPy array that shares this memory, if anybody else still holds it."""
        if self._host is not None and not _is_held(self._host):
            host, self._host = self._host, None
            self.value = value_of(np.ascontiguousarray(host).reshape(host.shape))
        return self._host

    @property
    def aval(self) -> Aval:
        """Shape, dtype and device of the value, without reading it."""
        host = self.host
        return self.value.aval if host is None else aval(host.shape, of_numpy(host.dtype))

    def read(self) -> Value:
        """The value now. Memory shared with NumPy is copied: a later write to it must not change the past."""
        host = self.host
        if host is None:
            return self.value
        if recorder.capture is not None:
            return recorder.capture.shared(self)
        return value_of(np.array(host, order="C"))

    def write(self, value: Value) -> None:
        """Put a new value in the cell, or into the NumPy array that shares it."""
        self.version += 1
        if self._host is None or self.host is None:
            self.value = value
        else:
            np.copyto(self._host, value.numpy())

    def share(self) -> np.ndarray:
        """A NumPy array that is the storage's truth as long as it, or a view of it, lives."""
        if recorder.capture is not None:
            recorder.capture.interrupt("an array shares the memory")
        if self.host is None:
            self._host, self.value = np.array(self.value.numpy()), None
        return self._host.view()

    def data_ptr(self) -> int:
        """An address that tells this storage from others; the memory's own while NumPy shares it."""
        host = self.host
        if host is not None:
            return host.ctypes.data
        if self._address is None:
            self._address = next(_addresses) << 20
        return self._address


def _is_held(array: np.ndarray) -> bool:
    """Whether anybody but one storage holds the array or, where it is a view, the array that owns its memory."""
    # the storage, this call's argument, the call that counts
    if getrefcount(array) > 3:
        return True
    base = array.base
    if base is None:
        return False
    # the view, this variable, the call that counts
    return not isinstance(base, np.ndarray) or base.base is not None or getrefcount(base) > 3
