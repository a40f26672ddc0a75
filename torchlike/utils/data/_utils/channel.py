"""How a loader and its workers talk: pickles through a pipe, large arrays in memory that both processes map.

A tensor's memory is written once, by the process that sends it, into a file without a name, whose descriptor goes
through the pipe; the one that receives it maps it privately and closes it. So nothing is left over, whoever dies when,
and what is received belongs to the receiver alone. Where there are no such files everything goes through the pipe.
"""

from __future__ import annotations

import io
import mmap
import os
import pickle
import weakref
from contextlib import suppress
from multiprocessing import reduction
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from torchlike._autograd.variable import TensorBase
from torchlike._recorder.recorder import value_of
from torchlike._recorder.storage import Storage
from torchlike._recorder.view import Layout, Place
from torchlike._tensor.core import _rebuilt
from torchlike._types.dtypes import dtype
from torchlike.tensor import Tensor
from torchlike.utils.data._host import known_array

_SHARES = hasattr(os, "memfd_create")
_LARGE = 1 << 15  # bytes: an array from here on has a file of its own
_MOST_INLINE = 1 << 12  # bytes of a message in the pipe: `MOST_UNREAD` of them must fit in
MOST_UNREAD = 16  # messages that may lie in a pipe, so that nobody waits for them to be read
_WIDEST = 4, 1 << 12  # times, and elements more, that may be sent of a tensor whose elements do not lie side by side
_NOT_A_LEAF = (
    "Cowardly refusing to serialize non-leaf tensor which requires_grad, since autograd does not support crossing "
    "process boundaries.  If you just want to transfer the data, call detach() on the tensor before serializing (e.g., "
    "putting it on the queue)."
)
GONE = (EOFError, BrokenPipeError, ConnectionResetError)  # what says that nobody is at the other end


class Channel:
    """One end of a pipe.

    Attributes:
        connection: the pipe's end, to be waited for.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def send(self, given: Any) -> None:
        """Send an object; nothing of it if it cannot be pickled.

        Raises:
            BrokenPipeError: nobody is at the other end.
        """
        large: list[pickle.PickleBuffer] = []
        stream = _pickled(given, large)
        files: list[int] = []
        try:
            if _SHARES and len(stream) > _MOST_INLINE:
                files.append(_file_of(stream))
                stream = b""
            for each in large:
                files.append(_file_of(each.raw()))
            self.connection.send_bytes(len(files).to_bytes(4, "little") + stream)
            for each in files:
                reduction.send_handle(self.connection, each, None)
        finally:
            for each in files:
                os.close(each)

    def receive(self) -> Any:
        """The next object.

        Raises:
            EOFError, ConnectionResetError: nobody is at the other end.
        """
        message = self.connection.recv_bytes()
        parts = [_mapped(reduction.recv_handle(self.connection)) for _ in range(int.from_bytes(message[:4], "little"))]
        stream = memoryview(message)[4:] if len(message) > 4 else parts.pop(0)
        return pickle.loads(stream, buffers=parts)

    def close(self) -> None:
        """Let the other end know that nobody is here any more."""
        self.connection.close()


class LoadersEnd(Channel):
    """The end that the process with the loader holds, and no process that it forks: else workers would outlive it."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        _held.add(self)


_held: weakref.WeakSet[LoadersEnd] = weakref.WeakSet()


def _let_go() -> None:
    for each in list(_held):
        with suppress(OSError):
            each.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go)


# ---------------------------------------------------------------------- memory


def _file_of(buffer: Any) -> int:
    """The descriptor of a file without a name that holds these bytes."""
    file = os.memfd_create("torchlike-loader")
    try:
        rest = memoryview(buffer)
        while rest:
            rest = rest[os.write(file, rest) :]
    except BaseException:
        os.close(file)
        raise
    return file


def _mapped(file: int) -> mmap.mmap:
    """The contents of such a file, writable for this process alone; closes it."""
    try:
        return mmap.mmap(file, 0, access=mmap.ACCESS_COPY)
    finally:
        os.close(file)


# ---------------------------------------------------------------------- pickles


class _Pickler(reduction.ForkingPickler):
    """Pickles tensors by their memory."""

    def reducer_override(self, obj: Any) -> Any:
        """What a tensor is made of; other objects say it themselves."""
        if isinstance(obj, TensorBase) and type(obj).__reduce_ex__ is Tensor.__reduce_ex__:
            return _made_again, _parts_of(obj)
        return NotImplemented


def _pickled(given: Any, large: list[pickle.PickleBuffer]) -> memoryview | bytes:
    """The pickle without large arrays, which are added to `large`."""

    def stays(buffer: pickle.PickleBuffer) -> bool:
        if not _SHARES or buffer.raw().nbytes < _LARGE:
            return True
        large.append(buffer)
        return False

    stream = io.BytesIO()
    _Pickler(stream, 5, True, stays).dump(given)
    return stream.getbuffer()


def _parts_of(tensor: Any) -> tuple:
    """What `_made_again` makes a tensor of: its class, memory, dtype, shape and strides, and the user's attributes.

    Raises:
        RuntimeError: the tensor has a history.
    """
    if tensor.requires_grad and not tensor.is_leaf:
        raise RuntimeError(_NOT_A_LEAF)
    plain = tensor.detach().resolve_conj().resolve_neg()
    plain._value().compute("a tensor is sent to another process")
    array = known_array(plain)
    array = plain.numpy() if array is None else array
    layout = Layout(tuple(plain.shape), plain.stride())
    if layout.is_contiguous or layout.end > _WIDEST[0] * array.size + _WIDEST[1]:
        memory, strides = np.ascontiguousarray(array), None
    else:
        memory, strides = np.zeros(layout.end, array.dtype), layout.strides
        np.lib.stride_tricks.as_strided(memory, array.shape, [step * memory.itemsize for step in strides])[...] = array
    memory = memory.reshape(-1).view(np.uint8)
    return type(tensor), memory, tensor.dtype, layout.shape, strides, tensor.requires_grad, tensor._own_attributes()


def _made_again(
    cls: type,
    memory: np.ndarray,
    kind: dtype,
    shape: tuple[int, ...],
    strides: tuple[int, ...] | None,
    requires_grad: bool,
    attributes: dict,
):
    """What unpickling calls."""
    array = memory.view(kind.np)
    if strides is None:
        return _rebuilt(cls, Storage(value_of(array.reshape(shape))), None, requires_grad, attributes)
    return _rebuilt(cls, Storage(value_of(array)), Place(Layout(shape, strides), kind), requires_grad, attributes)
