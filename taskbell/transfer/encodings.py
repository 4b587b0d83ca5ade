"""The text of files in the encodings that spreadsheets write: UTF-8, UTF-16 and Windows-1252."""

import codecs
import io
import re
from typing import IO

from django.utils.translation import gettext as _

from taskbell.transfer.reading import Unreadable

CHUNK_BYTES = 64 * 1024
BY_MARK = (  # the longer mark first
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8-sig"),
)
WINDOWS = "windows-1252"
# Two characters of Windows-1252 that nobody writes next to each other, but UTF-8 does for one letter.
LOOKS_LIKE_UTF8 = re.compile(rb"[\xc2\xc3][\x80-\xbf]|\xe2[\x80-\xbf]{2}")


class Recoded(io.RawIOBase):
    """The stream in UTF-8. `encoding` is what it was in, as far as it has been read.

    Text is UTF-8 if all of it can be. If the first bytes that aren't ASCII can't be UTF-8, it is Windows-1252. Other
    bytes that aren't UTF-8 become characters that every column refuses.
    """

    def __init__(self, source: IO[bytes]) -> None:
        self._read = getattr(source, "read1", source.read)
        self._decoder: codecs.IncrementalDecoder | None = None
        self._is_ascii, self._has_ended = True, False
        self._ready = memoryview(b"")
        self.encoding = "utf-8"

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._ready and not self._has_ended:
            chunk = self._read(CHUNK_BYTES)
            self._has_ended = not chunk
            self._ready = memoryview(self._decode(chunk).encode("utf-8", "surrogateescape"))
        count = min(len(buffer), len(self._ready))
        buffer[:count], self._ready = self._ready[:count], self._ready[count:]
        return count

    def _decode(self, chunk: bytes) -> str:
        if self._decoder is None:
            self.encoding = encoding_of(chunk)
            self._decoder = codecs.getincrementaldecoder(self.encoding)()
        if self.encoding == WINDOWS and LOOKS_LIKE_UTF8.search(chunk):
            raise Unreadable(1, _("Must have one encoding, but mixes UTF-8 and Windows-1252. Save it as UTF-8."))
        try:
            text = self._decoder.decode(chunk, self._has_ended)
        except UnicodeDecodeError as error:
            text = self._decode_otherwise(error)
        self._is_ascii = self._is_ascii and text.isascii()
        return text

    def _decode_otherwise(self, error: UnicodeDecodeError) -> str:
        data, start = error.object, error.start
        if not self.encoding.startswith("utf-8"):
            sentence = _("Must be %(encoding)s, as its first bytes say. Save it as UTF-8.") % {
                "encoding": self.encoding.upper()
            }
            raise Unreadable(1, sentence) from error
        if self.encoding == "utf-8" and self._is_ascii and data[:start].isascii() and not LOOKS_LIKE_UTF8.search(data):
            self.encoding = WINDOWS
        codec = "cp1252" if self.encoding == WINDOWS else "utf-8"
        self._decoder = codecs.getincrementaldecoder(codec)("surrogateescape")
        return self._decoder.decode(data, self._has_ended)


def encoding_of(chunk: bytes) -> str:
    """The encoding by its mark; without one, by the zeros that ASCII in UTF-16 has in every other byte."""
    for mark, name in BY_MARK:
        if chunk.startswith(mark):
            return name
    if chunk[1:2] == chunk[3:4] == b"\0" != chunk[:1]:
        return "utf-16-le"
    if chunk[:1] == chunk[2:3] == b"\0" != chunk[1:2]:
        return "utf-16-be"
    return "utf-8"
