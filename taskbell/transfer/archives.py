"""Files within a zip, read within bounds, whatever the archive says."""

import shutil
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import PurePosixPath
from tempfile import SpooledTemporaryFile
from typing import IO
from zipfile import BadZipFile, ZipFile, ZipInfo

from django.conf import settings
from django.utils.translation import gettext as _

from taskbell.common.wording import grouped
from taskbell.transfer.reading import Unreadable

ZIP_MARKS = (b"PK\x03\x04", b"PK\x05\x06")  # the second is that of an empty zip
BROKEN = (BadZipFile, zlib.error, EOFError, NotImplementedError)
MAX_FILES = 2000
CHUNK_BYTES, SPOOLED_BYTES = 64 * 1024, 1024 * 1024  # copied at a time, and kept in memory
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


def members(file: IO[bytes]) -> Iterator[tuple[PurePosixPath, Callable[[], AbstractContextManager[IO[bytes]]]]]:
    """The path of each file of the zip, and what unpacks it into a temporary file. Both raise Unreadable.

    The files that are unpacked have together at most as many bytes as a file may have.
    """
    left = settings.TASKBELL_IMPORT_MEGABYTES * 1024 * 1024

    @contextmanager
    def unpacked(info: ZipInfo) -> Iterator[IO[bytes]]:
        nonlocal left
        with SpooledTemporaryFile(SPOOLED_BYTES) as found:
            with _reading_zip(), archive.open(info) as packed:
                while chunk := packed.read(CHUNK_BYTES):
                    left -= len(chunk)
                    if left < 0:
                        raise Unreadable(
                            1,
                            _("A zip must unpack to at most %(most)s MiB.")
                            % {"most": settings.TASKBELL_IMPORT_MEGABYTES},
                        )
                    found.write(chunk)
            found.seek(0)
            yield found

    with _reading_zip():
        archive = ZipFile(file)
    found = [info for info in archive.infolist() if not info.is_dir() and not info.filename.startswith(IGNORED)]
    if len(found) > MAX_FILES:
        raise Unreadable(1, _("A zip must have at most %(most)s files.") % {"most": grouped(MAX_FILES)})
    for info in found:
        if info.flag_bits & 0x1:
            sentence = _("Can't read %(filename)s, because it needs a password. Send a zip without one.") % {
                "filename": f"{info.filename[:100]!r}"
            }
            raise Unreadable(1, sentence)
        yield PurePosixPath(info.filename), partial(unpacked, info)


@contextmanager
def _reading_zip() -> Iterator[None]:
    try:
        yield
    except BROKEN as error:
        raise Unreadable(1, _("Can't read this zip, because it is broken.")) from error
