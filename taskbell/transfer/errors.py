"""What is wrong with the rows of a file: all of it is told, and may be longer than the file was."""

from collections.abc import Iterable, Iterator
from tempfile import SpooledTemporaryFile
from weakref import finalize

import orjson

from taskbell.transfer.reading import RowError

PIECE = 64 * 1024


class Errors:
    """Errors in a file of their own, which is gone with this object. One reads them at a time."""

    def __init__(self, errors: Iterable[RowError] = ()) -> None:
        self._file = SpooledTemporaryFile(PIECE)  # noqa: SIM115 - it lives as long as this
        finalize(self, self._file.close)
        for error in errors:  # `writelines` would have all of them in memory
            self._file.write(orjson.dumps(vars(error), option=orjson.OPT_APPEND_NEWLINE))
        self.size = self._file.tell()

    def __iter__(self) -> Iterator[RowError]:
        self._file.seek(0)
        for line in self._file:
            yield RowError(**orjson.loads(line))

    def as_json(self) -> Iterator[bytes]:
        """One list, in pieces."""
        yield b"["
        self._file.seek(0)
        left = max(self.size - 1, 0)  # all but the end of the last line
        while piece := self._file.read(min(PIECE, left)):
            left -= len(piece)
            yield piece.replace(b"\n", b",\n")
        yield b"]"
