"""``torch.save`` and ``torch.load``, in PyTorch's formats: what is written here PyTorch reads, and the other way round."""

from __future__ import annotations

import io
import os
import pickle
import re
import sys
import threading
import warnings
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, cast

import numpy as np

from torchlike._programs.tracebacks import gate
from torchlike._serialization import legacy
from torchlike._serialization.archive import ALIGNMENT, Reader, Writer, is_archive, name_of, replacing
from torchlike._serialization.pickler import Memories, dumped
from torchlike._serialization.places import default_restore_location as default_restore_location
from torchlike._serialization.places import location_tag as location_tag
from torchlike._serialization.places import register_package as register_package
from torchlike._serialization.places import restorer
from torchlike._serialization.rebuilding import _get_layout as _get_layout
from torchlike._serialization.unpickler import WeightsUnpickler, allowed, globals_in, marked, unpickler_class
from torchlike._serialization.unpickler import add_safe_globals as add_safe_globals
from torchlike._serialization.unpickler import clear_safe_globals as clear_safe_globals
from torchlike._serialization.unpickler import get_safe_globals as get_safe_globals
from torchlike._serialization.unpickler import safe_globals as safe_globals
from torchlike._tensor.storages import TypedStorage, UntypedStorage
from torchlike._types import dtypes

if TYPE_CHECKING:
    from torchlike.types import FileLike

DEFAULT_PROTOCOL = 2
UNSAFE_MESSAGE = (
    "In PyTorch 2.6, we changed the default value of the `weights_only` argument in `torch.load` "
    "from `False` to `True`. Re-running `torch.load` with `weights_only` set to `False` will likely succeed, "
    "but it can result in arbitrary code execution. Do it only if you got the file from a trusted source."
)
_DOCS = (
    "\n\nCheck the documentation of torch.load to learn more about types accepted by default with weights_only "
    "https://pytorch.org/docs/stable/generated/torch.load.html."
)
_NOT_SEEKABLE = (
    ". You can only torch.load from a file that is seekable. Please pre-load the data into a buffer like io.BytesIO and "
    "try to load from it instead."
)
_TRUE = ("1", "y", "yes", "true")


def _is_path(f: Any) -> bool:
    return isinstance(f, (str, os.PathLike))


class _Skipping(threading.local):
    """Whether tensors' memory is left out, in this thread."""

    is_on = False


_skipping = _Skipping()


class skip_data:
    """Within the block `save` leaves room for the memory of tensors, and `load` makes it: both leave it zero.

    Args:
        materialize_fake_tensors: there are none.

    Example:
        >>> import io
        >>> buffer = io.BytesIO()
        >>> with torch.serialization.skip_data():
        ...     torch.save(torch.ones(2), buffer)
        >>> _ = buffer.seek(0)
        >>> torch.load(buffer)
        tensor([0., 0.])
    """

    def __init__(self, materialize_fake_tensors: bool = False) -> None:
        self.materialize_fake_tensors = materialize_fake_tensors

    def __enter__(self) -> None:
        self._before, _skipping.is_on = _skipping.is_on, True

    def __exit__(self, *error: object) -> None:
        _skipping.is_on = self._before


# ---------------------------------------------------------------------- save


@gate
def save(
    obj: object,
    f: FileLike,
    pickle_module: Any = pickle,
    pickle_protocol: int = DEFAULT_PROTOCOL,
    _use_new_zipfile_serialization: bool = True,
    _disable_byteorder_record: bool = False,
) -> None:
    """Write an object with its tensors into a file, as PyTorch does and reads it.

    Tensors that share memory still do so when they are loaded. A file takes the place of an older one of this name when
    it is whole.

    Args:
        obj: anything that can be pickled.
        f: a path, or a file-like object with ``write`` and ``flush``.
        pickle_module: pickles all but the tensors' memory.
        pickle_protocol: the pickle's protocol.

    Raises:
        AttributeError: `f` is neither.
        RuntimeError: there is no such folder, or memory was seen as two dtypes, or is to be left out of the older format.

    Example:
        >>> import io
        >>> buffer = io.BytesIO()
        >>> torch.save({"weight": torch.ones(2)}, buffer)
        >>> _ = buffer.seek(0)
        >>> torch.load(buffer)
        {'weight': tensor([1., 1.])}
    """
    if not _is_path(f) and not hasattr(f, "write"):
        raise AttributeError("expected 'f' to be string, path, or a file-like object with a 'write' attribute")
    if _skipping.is_on and not _use_new_zipfile_serialization:
        raise RuntimeError("Cannot use skip_data=True with _use_new_zipfile_serialization=False")
    with _written_to(f) as file:
        if _use_new_zipfile_serialization:
            writer = Writer(file, name_of(os.fspath(cast(str, f))) if _is_path(f) else "archive")
            _save(obj, writer, pickle_module, pickle_protocol, _disable_byteorder_record)
        else:
            legacy.save(obj, file, pickle_module, pickle_protocol)


@contextmanager
def _written_to(f: Any) -> Generator[IO[bytes]]:
    if _is_path(f):
        with replacing(os.fspath(cast(str, f))) as file:
            yield file
    else:
        yield f
        f.flush()


def _save(obj: Any, writer: Writer, pickle_module: Any, protocol: int, has_no_order: bool) -> None:
    memories, data = Memories(), io.BytesIO()
    dumped(obj, data, pickle_module, protocol, memories.identify)
    writer.write("data.pkl", data.getvalue())
    writer.write(".format_version", b"1")
    writer.write(".storage_alignment", str(ALIGNMENT).encode())
    if not has_no_order:
        writer.write("byteorder", sys.byteorder.encode())
    for key, memory in memories.held.items():
        writer.write(f"data/{key}", np.zeros_like(memory.array) if _skipping.is_on else memory.array)
    writer.finish()


# ---------------------------------------------------------------------- load


@gate
def load(
    f: Any,
    map_location: Any = None,
    pickle_module: Any = None,
    *,
    weights_only: bool | None = None,
    mmap: bool | None = None,
    **options: Any,
):
    """Read what `save`, here or in PyTorch, has written.

    Args:
        f: a path, or a file-like object that can seek.
        map_location: where tensors go: a device, its name, a dictionary from one name to another, or a function that
            gets a storage and the name of its place and gives a storage; where they were if None.
        pickle_module: unpickles, if not only weights are read.
        weights_only: build tensors and plain containers only, and what `torch.serialization.add_safe_globals` allows: the
            file cannot make anything else happen. The default, unless `pickle_module` is named.
        mmap: leave the tensors' memory in the file until it is used.
        options: for the unpickler, such as ``encoding``.

    Raises:
        pickle.UnpicklingError: the file wants more than weights.
        RuntimeError: the file is damaged, or a device is not there.
        AttributeError: `f` is neither a path nor a file.
        FileNotFoundError: there is no such file.

    Example:
        >>> import io
        >>> buffer = io.BytesIO()
        >>> torch.save([torch.ones(2), "two"], buffer)
        >>> _ = buffer.seek(0)
        >>> torch.load(buffer)
        [tensor([1., 1.]), 'two']
    """
    if weights_only is None:
        weights_only = _weights_only(pickle_module)
    elif os.getenv("TORCH_FORCE_WEIGHTS_ONLY_LOAD", "0").lower() in _TRUE:
        weights_only = True
    if weights_only and pickle_module is not None:
        raise RuntimeError("Can not safely load weights when explicit pickle_module is specified")
    if options and weights_only:
        warnings.warn("pickle_load_args only works if `weights_only=False`.", stacklevel=3)
    options.setdefault("encoding", "utf-8")
    with _read_from(f) as file:
        if is_archive(file):
            if mmap and not _is_path(f):
                raise ValueError("f must be a file path in order to use the mmap argument")
            reader = Reader(file, os.fspath(cast(str, f)) if mmap else None)
            if reader.has("constants.pkl"):
                raise RuntimeError(
                    "Cannot use ``weights_only=True`` with TorchScript archives passed to ``torch.load``. "
                    + UNSAFE_MESSAGE
                    if weights_only
                    else "torchlike has no TorchScript: it cannot load an archive of it"
                )
            read = _archived(reader, restorer(map_location))
        elif mmap:
            name = f"{f}, " if isinstance(f, str) else ""
            raise RuntimeError(
                f"mmap can only be used with files saved with `torch.save({name}_use_new_zipfile_serialization=True), "
                "please torch.save your checkpoint with this option in order to use mmap."
            )
        else:

            def read(unpickle: Any):
                return legacy.Reader(file, restorer(map_location), unpickle).read()

        if not weights_only:
            module = pickle_module or pickle
            return read(lambda file, storage: unpickler_class(module, storage)(file, **options).load())
        try:
            return read(lambda file, storage: WeightsUnpickler(file, storage, options["encoding"]).load())
        except pickle.UnpicklingError as error:
            raise pickle.UnpicklingError(_told(str(error))) from None


def _weights_only(pickle_module: Any) -> bool:
    """What is done where the call does not say.

    Raises:
        RuntimeError: the environment says both.
    """
    forced, forced_off = (
        os.getenv(f"TORCH_FORCE_{name}_LOAD", "0").lower() in _TRUE for name in ("WEIGHTS_ONLY", "NO_WEIGHTS_ONLY")
    )
    if forced and forced_off:
        raise RuntimeError(
            "Only one of `TORCH_FORCE_WEIGHTS_ONLY_LOAD` or `TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD` should be set, but both "
            "were set."
        )
    if forced_off:
        warnings.warn(
            "Environment variable TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD detected, since the"
            "`weights_only` argument was not explicitly passed to `torch.load`, forcing weights_only=False.",
            UserWarning,
            stacklevel=4,
        )
    return forced or (pickle_module is None and not forced_off)


@contextmanager
def _read_from(f: Any) -> Generator[IO[bytes]]:
    if _is_path(f):
        with open(f, "rb") as file:
            yield file
        return
    for name in ("seek", "tell", "read", "readline"):
        try:
            getattr(f, name)
            if name == "tell":
                f.seek(f.tell())
        except (io.UnsupportedOperation, AttributeError) as error:
            raise type(error)(str(error) + _NOT_SEEKABLE) from None
    yield f


def _archived(reader: Reader, restore: Callable) -> Callable:
    """A function that reads an archive's object, with an unpickler."""
    order = reader.read("byteorder") if reader.has("byteorder") else b"little"
    if order not in (b"little", b"big"):
        raise ValueError("Unknown endianness type: " + order.decode(errors="replace"))
    known: dict = {}

    def storage(saved: Any):
        if not isinstance(saved, tuple):
            raise AssertionError(f"saved_id must be a tuple, got {type(saved).__name__}")
        kind, storage_type, key, location, count = saved
        if kind not in ("storage", b"storage"):
            raise AssertionError(f"Unknown typename for persistent_load, expected 'storage' but got '{kind}'")
        if key not in known:
            is_untyped = storage_type is UntypedStorage
            dtype = dtypes.uint8 if is_untyped else storage_type.dtype
            size = count * dtype.itemsize
            array = np.zeros(size, np.uint8) if _skipping.is_on else reader.array(f"data/{key}", size)
            array = array.view(dtype.np)
            if order.decode() != sys.byteorder:
                array = array.byteswap()
            known[key] = _at_place(array, is_untyped, restore, location)
        return known[key]

    return lambda unpickle: unpickle(io.BytesIO(reader.read("data.pkl")), storage)


def _at_place(array: np.ndarray, is_untyped: bool, restore: Callable, location: Any):
    """A storage of an array's elements where it is to be."""
    cls = UntypedStorage if is_untyped else TypedStorage
    location = location.decode("ascii") if isinstance(location, bytes) else location
    if location == "cpu" and restore is default_restore_location:
        return cls._of_array(array)
    before = UntypedStorage._of_array(array.view(np.uint8))
    found = restore(before, location)
    if found is before or found.device.type == "cpu":
        return cls._of_array(array)
    return cls._of(cls._of_array(array)._flat.to(found.device))


def _told(message: str) -> str:
    """PyTorch's advice around what went wrong with weights."""
    if re.search(r"GLOBAL (\S+) was not an allowed global by default.", message):
        return (
            "Weights only load failed. This file can still be loaded, to do so you have two options, "
            "\033[1mdo those steps only if you trust the source of the checkpoint\033[0m. "
            f"\n\t(1) {UNSAFE_MESSAGE}\n\t(2) Alternatively, to load with `weights_only=True` please check the recommended "
            f"steps in the following error message.\n\tWeightsUnpickler error: {message}{_DOCS}"
        )
    told = f"Weights only load failed. {UNSAFE_MESSAGE}\n"
    if not re.search(r"whose module (\S+) is blocked", message):
        told += (
            "Please file an issue with the following so that we can make `weights_only=True` compatible with your use "
            "case: WeightsUnpickler error: "
        )
    return f"{told}\n\n{message}{_DOCS}"


def get_unsafe_globals_in_checkpoint(f: Any) -> list[str]:
    """The functions and classes that a file names and ``load(weights_only=True)`` would refuse.

    Args:
        f: a path, or a file-like object that can seek.

    Raises:
        ValueError: it is no file of `save`.
    """
    with _read_from(f) as file:
        if not is_archive(file):
            raise ValueError("Expected input to be a checkpoint returned by torch.save")
        reader = Reader(file)
        if reader.has("constants.pkl"):
            raise ValueError(
                "Expected input to be a checkpoint returned by torch.save but got a torchscript checkpoint"
            )
        return list(globals_in(reader.read("data.pkl")).difference(allowed(), marked()))
