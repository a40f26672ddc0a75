"""Storages: the mutable cells that tensors and their views share, and NumPy arrays that share with them."""

from __future__ import annotations

import copy
import itertools
from sys import getrefcount

import numpy as np

from torchlike._programs.aval import Aval, aval
from torchlike._recorder.moves import moved
from torchlike._recorder.recorder import Value, recorder, value_of
from torchlike._recorder.running import at_once
from torchlike._recorder.view import Place
from torchlike._types.devices import device
from torchlike._types.dtypes import of_numpy
from torchlike._types.places import NOWHERE, place_of

_addresses = itertools.count(1)


class Counter:
    """Counts the versions of tensors that do not share their storage's count."""

    version = 0


class Storage:
    """A mutable cell that holds one value: all the elements.

    Attributes:
        value: what it holds; None while a NumPy array is the truth.
        origin: where the elements lie in memory, which they fill; None where they lie in order.
        version: how often it was written to, in whatever way: what was read at another version is old.
        silent: how many of these times PyTorch does not count for those who share the storage.
        quiet: the versions between which all writings were silent, the last that were.
        resizable: whether it may become larger.
        is_pinned: whether it was made to be moved to a GPU.
        inference: whether it was made in inference mode.
        careful: whether what is tracked looks at its tensors first: some were made in inference mode, or a view has lost
            its history.
    """

    origin: Place | None = None
    version = silent = 0
    quiet = (0, 0)
    resizable = True
    is_pinned = False
    inference = careful = False
    _host: np.ndarray | None = None
    _pinned = False
    _address: int | None = None

    def __init__(self, value: Value | None) -> None:
        self.value = value

    @classmethod
    def of_numpy(cls, array: np.ndarray) -> Storage:
        """A storage whose truth is the user's own array, while anybody holds that: contiguous memory."""
        made = cls(None)
        made._host, made.resizable = array, False
        return made

    def infer(self) -> None:
        """Note that it is made in inference mode."""
        self.inference = Storage.careful = True

    @property
    def host(self) -> np.ndarray | None:
        """The NumPy array that shares this memory, if anybody else still holds it."""
        if self._host is not None and not self._pinned and not _is_held(self._host):
            self._take_back(self._host)
        return self._host

    def _take_back(self, host: np.ndarray | None) -> None:
        """Take an array's last contents as the value, unless a signal's handler has done so just now."""
        if host is None:
            return
        value = value_of(np.ascontiguousarray(host).reshape(host.shape))
        if self._host is host:
            self.silence()
            self.version += 1  # whoever held it may have written to it
            at_once([(setattr, self, "value", value), (setattr, self, "_host", None)])

    @property
    def aval(self) -> Aval:
        """Shape, dtype and device of the value, without reading it."""
        host = self.host
        return self.value.aval if host is None else aval(host.shape, of_numpy(host.dtype))

    @property
    def place(self) -> Place:
        """Where the elements lie in memory."""
        return self.origin or Place.whole(self.aval)

    def read(self) -> Value:
        """The value now. Memory shared with NumPy is copied: a later write to it must not change the past."""
        host = self.host
        if host is None:
            return self.value
        return recorder.kind.shared(self) or value_of(np.array(host, order="C"))

    def write(self, value: Value) -> None:
        """Put a new value in the cell, or into the NumPy array that shares it."""
        if self._host is None or self.host is None:
            self.expect(value)
            self.value = value
        else:
            np.copyto(self._host, value.numpy())
            self.version += 1

    def expect(self, value: Value) -> None:
        """A value is about to come into the cell."""
        self.version += 1
        if value.recording is not self.value.recording and value.array is None:
            value.recording.note(self, "value", self.value)

    def share(self) -> np.ndarray:
        """A NumPy array that is the storage's truth as long as it, or a view of it, lives."""
        recorder.kind.interrupt("an array shares the memory")
        if self.host is None:
            known = self.value.numpy()
            host = self._shown(np.empty(known.size, known.dtype), known.shape)
            np.copyto(host, known)
            at_once([(setattr, self, "_host", host), (setattr, self, "value", None)])
        return self._host.view()

    def _shown(self, flat: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        """The elements that fill flat memory, as the value has them."""
        if self.origin is None or not flat.size:
            return flat.reshape(shape)
        order = self.origin.layout.order
        return flat.reshape([shape[dim] for dim in order]).transpose(np.argsort(order))

    @property
    def flat(self) -> np.ndarray:
        """The elements in the order in which they lie in memory, not to be written to."""
        known = self.read().numpy()
        if self.origin is not None and known.size:
            known = known.transpose(self.origin.layout.order)
        return np.ascontiguousarray(known).reshape(-1)

    def part(self, place: Place) -> np.ndarray:
        """The elements at a place of the memory that is shared with NumPy, where they lie."""
        shared, size = self.share(), place.dtype.np.itemsize
        if self.origin is not None and shared.size:
            shared = shared.transpose(self.origin.layout.order)
        flat = shared.reshape(-1)
        if flat.nbytes % size:  # what is left at the end holds no element
            flat = flat.view(np.uint8)[: flat.nbytes // size * size]
        flat = flat.view(place.dtype.np)[place.layout.offset :]
        strides = [each * flat.itemsize for each in place.layout.strides]
        return np.lib.stride_tricks.as_strided(flat, place.layout.shape, strides)

    def write_part(self, place: Place, value: Value) -> None:
        """Put new elements at a place of the memory that is shared with NumPy."""
        self.version += 1
        np.copyto(self.part(place), place.signed(value.numpy()))

    def silence(self) -> None:
        """PyTorch does not count the next writing for those who share the storage."""
        self.silent += 1
        self.quiet = self.quiet[0] if self.quiet[1] == self.version else self.version, self.version + 1

    def was_quiet_since(self, version: int) -> bool:
        """Whether all writings since that version were silent."""
        return self.quiet[1] == self.version and self.quiet[0] <= version

    @property
    def counted(self) -> int:
        """How often it was written to, as PyTorch counts."""
        return self.version - self.silent

    def data_ptr(self) -> int:
        """The address of the first element, from now on for good; an invented one where the memory is no host's."""
        if self.aval.place is NOWHERE:
            return 0
        if self.aval.place.is_host:
            self.share()
            self._pinned = True
            return self._host.ctypes.data
        if self._address is None:
            self._address = next(_addresses) << 20
        return self._address

    # ------------------------------------------------------------------ other sizes, copies

    def grown(self, missing: int) -> Storage:
        """A storage larger by so many bytes, which begins with the elements of this one and shares them; the rest is zero.

        Raises:
            RuntimeError: the memory is not the library's own.
        """
        if not self.resizable:
            raise RuntimeError("Trying to resize storage that is not resizable")
        known = self.read()
        size = known.aval.dtype.itemsize
        array = np.zeros(known.aval.numel - -missing // size, known.aval.dtype.np)
        begin = self._shown(array[: known.aval.numel], known.aval.shape)
        np.copyto(begin, known.numpy())
        self._host, self.value = begin, None
        made = Storage.of_numpy(array)
        made.resizable = True
        return made

    def __copy__(self) -> Storage:
        made = Storage(self.read())  # values are immutable: none is copied
        made.origin = self.origin
        return made

    def __deepcopy__(self, memo: dict) -> Storage:
        return copy.copy(self)

    def __reduce__(self) -> tuple:
        known = self.read()
        return _restored, (np.array(known.numpy(), order="C"), known.aval.device, self.origin)


def _restored(array: np.ndarray, where: device, origin: Place | None) -> Storage:
    """What unpickling calls."""
    made = Storage(moved(value_of(array), place_of(where)))
    made.origin = origin
    return made


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
