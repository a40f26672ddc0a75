"""The zip archive of a checkpoint: every record as it is, its bytes at a multiple of 64."""

from __future__ import annotations

import os
import tempfile
import zipfile
import zlib
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from stat import S_IMODE, S_ISREG
from struct import pack, unpack
from typing import IO, Any, cast

import numpy as np

ALIGNMENT = 64
_LOCAL, _NAMES = 30, 26  # bytes of a local header, and where the lengths of its two last fields stand
_ZIP64 = 20  # bytes that `zipfile` puts before the extra field of a large record
_WHEN = (1980, 1, 1, 0, 0, 0)
NO_ARCHIVE = "PytorchStreamReader failed reading zip archive: failed finding central directory"


class Writer:
    """Writes the records of an archive, one after the other.

    Args:
        file: where to, a file-like object.
        name: the folder in which all records are.
    """

    def __init__(self, file: IO[bytes], name: str) -> None:
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_STORED)
        self._name, self._sum = name, 0

    def write(self, name: str, data: Any) -> None:
        """Append a record: bytes, or what has them in memory."""
        view = memoryview(data).cast("B")
        record = zipfile.ZipInfo(f"{self._name}/{name}", _WHEN)
        record.file_size = len(view)
        begin = self._zip.start_dir + _LOCAL + len(record.filename.encode()) + 4
        begin += _ZIP64 * (record.file_size * 1.05 > zipfile.ZIP64_LIMIT)
        padding = -begin % ALIGNMENT
        record.extra = b"FB" + pack("<H", padding) + b"Z" * padding
        self._zip.writestr(record, view)
        self._sum = zlib.crc32(record.filename.encode(), self._sum ^ record.CRC)

    def finish(self) -> None:
        """Write what stands at the end."""
        self.write("version", b"3\n")
        self.write(".data/serialization_id", b"%020d%020d" % (zlib.crc32(self._name.encode()), self._sum))
        self._zip.close()


class Reader:
    """Reads the records of an archive.

    Args:
        file: a file-like object that can seek.
        path: its path, if its records are to be mapped into memory.

    Raises:
        RuntimeError: it is no archive, or is cut off.
    """

    def __init__(self, file: IO[bytes], path: str | None = None) -> None:
        self._path = path
        try:
            self._zip = zipfile.ZipFile(file)
            first = self._zip.namelist()[0]
        except (zipfile.BadZipFile, ValueError, IndexError, OSError, NotImplementedError, UnicodeDecodeError) as error:
            raise RuntimeError(NO_ARCHIVE) from error
        self._name = first.partition("/")[0]

    def has(self, name: str) -> bool:
        """Whether there is such a record."""
        return f"{self._name}/{name}" in self._zip.NameToInfo

    def read(self, name: str) -> bytes:
        """A record.

        Raises:
            RuntimeError: there is none, or it is damaged.
        """
        return self.array(name, self._record(name).file_size).tobytes()

    def array(self, name: str, size: int) -> np.ndarray:
        """A record as so many bytes in memory.

        Raises:
            RuntimeError: there is none, it has another size, or it is damaged.
        """
        record = self._record(name)
        if record.file_size != size or (record.compress_type == zipfile.ZIP_STORED and record.compress_size != size):
            raise RuntimeError(
                f"PytorchStreamReader failed reading file {name}: it has {record.file_size} bytes where {size} are expected"
            )
        try:
            if self._path is not None and record.compress_type == zipfile.ZIP_STORED and size:
                return np.memmap(self._path, np.uint8, "c", self._begin(record), (size,))
            array = np.empty(size, np.uint8)
            with self._zip.open(record) as file:
                if not record.CRC:  # PyTorch was told to write no sum
                    cast(Any, file)._expected_crc = None
                _fill(file, memoryview(cast(Any, array)))
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            OSError,
            ValueError,
            NotImplementedError,
            RuntimeError,
        ) as error:
            raise RuntimeError(f"PytorchStreamReader failed reading file {name}: file read failed") from error
        return array

    def _record(self, name: str) -> zipfile.ZipInfo:
        try:
            return self._zip.getinfo(f"{self._name}/{name}")
        except KeyError:
            raise RuntimeError(f"PytorchStreamReader failed locating file {name}: file not found") from None

    def _begin(self, record: zipfile.ZipInfo) -> int:
        """Where a record's bytes begin in the file."""
        file: Any = self._zip.fp
        file.seek(record.header_offset + _NAMES)
        return record.header_offset + _LOCAL + sum(unpack("<HH", file.read(4)))


def _fill(file: IO[bytes], view: memoryview) -> None:
    """Read as much as there is room, and look whether that is all and undamaged."""
    while view:
        count = file.readinto(view)  # type: ignore[attr-defined]
        if not count:
            raise EOFError
        view = view[count:]
    if file.read(1):
        raise EOFError


def is_archive(file: IO[bytes]) -> bool:
    """Whether what comes next in a file is a zip archive; the file stays where it is."""
    place = file.tell()
    try:
        return file.read(4) == b"PK\x03\x04"
    finally:
        file.seek(place)


@contextmanager
def replacing(path: str) -> Generator[IO[bytes]]:
    """A new file that takes the place of another when all is written; until then the old one stays as it is.

    Raises:
        RuntimeError: there is no such folder.
        OSError: it cannot be written to.
    """
    target = os.path.realpath(path)
    if not os.path.isdir(os.path.dirname(target)):
        raise RuntimeError(f"Parent directory {os.path.dirname(path) or '.'} does not exist.")
    mode = os.stat(target).st_mode if os.path.exists(target) else None
    if (mode is not None and not S_ISREG(mode)) or not os.access(os.path.dirname(target), os.W_OK):
        with open(target, "wb") as file:  # a device or a pipe, or a folder that takes no other file
            yield file
        return
    if mode is not None and not os.access(target, os.W_OK):
        raise PermissionError(13, "Permission denied", path)
    number, made = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=os.path.dirname(target))
    try:
        with open(number, "wb") as file:
            yield file
            file.flush()
            os.fsync(number)
        os.chmod(made, _allowed() if mode is None else S_IMODE(mode))
        os.replace(made, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(made)
        raise


def _allowed() -> int:
    """The mode of a new file."""
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def name_of(path: str) -> str:
    """The folder in an archive of this path."""
    return Path(path).stem or "archive"
