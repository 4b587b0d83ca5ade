"""The errors and notices of a file: every one is reported, so they may take more space than the file."""

from collections.abc import Iterable, Iterator, Mapping
from tempfile import SpooledTemporaryFile
from typing import Any, Generic, TypeVar
from weakref import finalize

import orjson

CHUNK_BYTES = 64 * 1024
T = TypeVar("T")


class Listed(Generic[T]):
    """Errors or notices in a temporary file, which is deleted with this object. It has one reader at a time."""

    def __init__(self, kind: type[T], found: Iterable[T] = ()) -> None:
        self._kind: Any = kind
        self.count = 0
        self._file = SpooledTemporaryFile(CHUNK_BYTES)  # noqa: SIM115 - it lives as long as this
        finalize(self, self._file.close)
        for one in found:  # `writelines` would keep all of them in memory
            self._file.write(orjson.dumps(vars(one), option=orjson.OPT_APPEND_NEWLINE))
            self.count += 1
        self.size = self._file.tell()

    def __iter__(self) -> Iterator[T]:
        self._file.seek(0)
        for line in self._file:
            yield self._kind(**orjson.loads(line))

    def as_json(self) -> Iterator[bytes]:
        """One JSON list, in chunks."""
        yield b"["
        self._file.seek(0)
        left = max(self.size - 1, 0)  # all but the end of the last line
        while chunk := self._file.read(min(CHUNK_BYTES, left)):
            left -= len(chunk)
            yield chunk.replace(b"\n", b",\n")
        yield b"]"


def with_lists(head: Mapping[str, Any], lists: Mapping[str, Listed[Any]]) -> Iterator[bytes]:
    """A JSON object with these members and lists, in chunks."""
    yield orjson.dumps(head)[:-1]
    for name, found in lists.items():
        yield f',"{name}":'.encode()
        yield from found.as_json()
    yield b"}"
