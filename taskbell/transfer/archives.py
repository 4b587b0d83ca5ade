"""Files within a zip, read within bounds, whatever the archive says."""

import io
import shutil
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from tempfile import SpooledTemporaryFile
from typing import IO, Any
from zipfile import BadZipFile, ZipFile, ZipInfo

from django.conf import settings

from taskbell.transfer.reading import Unreadable

ZIP_MARKS = (b"PK\x03\x04", b"PK\x05\x06")  # the second is that of an empty zip
BROKEN = (BadZipFile, zlib.error, EOFError, NotImplementedError)
MAX_FILES = 2000
SPOOLED_BYTES = 1024 * 1024  # that stay in memory
IGNORED = ("__MACOSX/", ".DS_Store")  # what macOS adds


@contextmanager
def seekable(stream: IO[bytes]) -> Iterator[IO[bytes]]:
    """The stream, if it can be read twice; or else the whole of it in a temporary file."""
    if stream.seekable():
        yield stream
        return
    with SpooledTemporaryFile(SPOOLED_BYTES) as file:
        shutil.copyfileobj(stream, file)
        file.seek(0)
        yield file


def is_zip(file: IO[bytes]) -> bool:
    """True if the file begins like a zip. Afterwards, its position is the beginning again."""
    mark = file.read(4)
    file.seek(0)
    return mark in ZIP_MARKS


def members(file: IO[bytes]) -> Iterator[tuple[PurePosixPath, IO[bytes]]]:
    """Each file of the zip with its path. Raises Unreadable, also for one that unpacks to more than a file may have."""
    budget = Budget(settings.TASKBELL_IMPORT_MEGABYTES)
    try:
        with ZipFile(file) as archive:
            found = [info for info in archive.infolist() if not info.is_dir() and not info.filename.startswith(IGNORED)]
            if len(found) > MAX_FILES:
                raise Unreadable(1, f"A zip must have at most {MAX_FILES:,} files.")
            for info in found:
                with _open(archive, info) as packed:
                    yield PurePosixPath(info.filename), io.BufferedReader(Unpacked(packed, budget))
    except BROKEN as error:
        raise Unreadable(1, f"Can't read this zip, because it is broken: {error}.") from error


def _open(archive: ZipFile, info: ZipInfo) -> IO[bytes]:
    if info.flag_bits & 0x1:
        raise Unreadable(1, f"Can't read {info.filename[:100]!r}, because it needs a password. Send a zip without one.")
    return archive.open(info)


class Budget:
    """How many bytes may still be unpacked from a zip."""

    def __init__(self, megabytes: int) -> None:
        self._megabytes, self._left = megabytes, megabytes * 1024 * 1024

    def spend(self, count: int) -> None:
        """Raises Unreadable if there are too few left."""
        self._left -= count
        if self._left < 0:
            raise Unreadable(1, f"A zip must unpack to at most {self._megabytes} MiB.")


class Unpacked(io.RawIOBase):
    """A file of a zip, unpacked while it is read and counted against the budget."""

    def __init__(self, packed: IO[bytes], budget: Budget) -> None:
        self._packed, self._budget = packed, budget

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            chunk = self._packed.read(len(buffer))
        except BROKEN as error:
            raise Unreadable(1, f"Can't read this zip, because it is broken: {error}.") from error
        self._budget.spend(len(chunk))
        buffer[: len(chunk)] = chunk
        return len(chunk)
