"""Reads files row by row, in constant memory."""

import io
import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Any

from django.utils.translation import gettext as _

from taskbell.common.errors import Refusal
from taskbell.common.strict_json import inside
from taskbell.common.text import printable
from taskbell.common.wording import grouped
from taskbell.transfer.columns import COLUMNS
from taskbell.transfer.parser_words import parser_words

MAX_ROW_CHARACTERS = 1024 * 1024
MAX_OBJECT_CHARACTERS = 16 * MAX_ROW_CHARACTERS  # in JSON, which has all comments on a task
MAX_NESTED = 50  # lists and objects of JSON within one another
CHUNK_CHARACTERS = 64 * 1024
SPACE = re.compile(r"[ \t\r\n]*")


@dataclass(frozen=True)
class RowError:
    """An error in a column of the row that begins on this line."""

    line: int
    field: str
    code: str
    message: str


@dataclass(frozen=True)
class Notice:
    """Something in the file that a task of ours can't have, and what happened to it. The row is imported."""

    line: int
    field: str
    message: str


class Remark(Notice):
    """How something in the file was read. Nothing is lost, so that a strict import accepts it."""


def losses(notices: Iterable[Notice]) -> list[Notice]:
    """The notices about what is lost."""
    return [notice for notice in notices if not isinstance(notice, Remark)]


@dataclass(frozen=True)
class Row:
    """A row of the file: its cells by column, or why it can't be read.

    Readers of other programs' files say more. `source` and `source_id` are the program and its id of the task, so that
    a second import knows it. `called` names the row to people: its ids are made up, or many rows share a line.
    `names` are the names of the tasks that `pre_tasks` refers to. A value in one of the `lenient` columns that doesn't
    fit becomes a notice, not an error.
    """

    line: int
    cells: dict[str, Any] = field(default_factory=dict)
    error: RowError | None = None
    called: str | None = None
    source: str = ""
    source_id: str = ""
    notices: list[Notice] = field(default_factory=list)
    names: Mapping[int, str] = field(default_factory=dict)
    lenient: Collection[str] = ()

    @classmethod
    def wrong(cls, line: int, column: str, code: str, message: str, *, called: str | None = None) -> "Row":
        """A row that can't be read."""
        return cls(line, error=RowError(line, column, code, message), called=called)


class Unreadable(Refusal):
    """The file does not have the expected format; nothing after this line can be read."""

    title = "Unreadable file"

    def __init__(self, line: int, message: str, *, column: str = "") -> None:
        self.error = RowError(line, printable(column), "unreadable", printable(message))
        super().__init__(_("Line %(line)s: %(message)s") % {"line": line, "message": self.error.message})

    def members(self) -> dict[str, Any]:
        return {"errors": [vars(self.error)]}


@contextmanager
def as_text(stream: IO[bytes]) -> Iterator[io.TextIOWrapper]:
    """The stream as text. Bytes that are not UTF-8 become characters that every column refuses."""
    text = io.TextIOWrapper(stream, "utf-8-sig", errors="surrogateescape", newline="")
    try:
        yield text
    finally:
        text.detach()


def lines_of(text: IO[str]) -> Iterator[str]:
    """The lines with their ends. Raises Unreadable for a line that is longer than any row."""
    for number, line in enumerate(iter(lambda: text.readline(MAX_ROW_CHARACTERS), ""), start=1):
        if len(line) == MAX_ROW_CHARACTERS:
            raise Unreadable(
                number,
                _("A line must have at most %(most)s characters.") % {"most": grouped(MAX_ROW_CHARACTERS)},
            )
        yield line


def json_rows(stream: IO[bytes]) -> Iterator[Row]:
    """The rows of Taskbell's own JSON: one array, or one object after the other (NDJSON). Raises Unreadable."""
    for line, value in json_values(stream, longest=MAX_OBJECT_CHARACTERS):
        if not isinstance(value, dict):
            yield Row.wrong(line, "", "not_an_object", _("Must be an object."))
        elif unknown := sorted(value.keys() - set(COLUMNS)):
            sentence = _("Unknown field. The fields are %(columns)s.") % {"columns": ", ".join(COLUMNS)}
            yield Row.wrong(line, unknown[0][:100], "unknown", sentence)
        else:
            yield Row(line, value)


def json_values(stream: IO[bytes], *, longest: int = MAX_ROW_CHARACTERS) -> Iterator[tuple[int, Any]]:
    """The members of the array in the stream, or its values one after the other, each with its line."""
    with as_text(stream) as text:
        yield from _Values(text, longest).each()


class _Values:
    """Reads JSON value by value. `longest` is the most that a value may have, in characters."""

    def __init__(self, text: IO[str], longest: int) -> None:
        self.text, self.longest = text, longest
        self.buffer, self.place, self.line = "", 0, 1
        self.decoder = json.JSONDecoder(parse_constant=_refuse, object_pairs_hook=_once_each)

    def each(self) -> Iterator[tuple[int, Any]]:
        in_array = self._take("[")
        if in_array and self._take("]"):
            return self._end()
        while self._peek():
            yield self.line, self._value()
            if in_array and not self._take(","):
                if not self._take("]"):
                    raise Unreadable(self.line, _("Must be JSON: a comma is missing."))
                return self._end()
        if in_array:
            raise Unreadable(self.line, _("Must be JSON: it ends within the list."))
        return None

    def _end(self) -> None:
        if self._peek():
            raise Unreadable(self.line, _("Must be JSON: there is more after its end."))

    def _take(self, char: str) -> bool:
        is_there = self._peek() == char
        self.place += is_there
        return is_there

    def _peek(self) -> str:
        """The next character that is not a space; empty at the end."""
        while True:
            space = SPACE.match(self.buffer, self.place)
            self._pass(space.end() if space else self.place)
            if self.place < len(self.buffer):
                return self.buffer[self.place]
            if not self._more():
                return ""

    def _value(self) -> Any:
        while True:
            try:
                value, end = self.decoder.raw_decode(self.buffer, self.place)
            except (ValueError, RecursionError) as error:
                if len(self.buffer) - self.place > self.longest:
                    raise Unreadable(
                        self.line,
                        _("A value must have at most %(longest)s characters.") % {"longest": grouped(self.longest)},
                    ) from error
                if not self._more():
                    raise self._unreadable(error) from error
            else:
                if _is_deep(value):
                    raise Unreadable(
                        self.line,
                        _("Must be JSON with at most %(most)s nested levels.") % {"most": MAX_NESTED},
                    )
                self._pass(end)
                return value

    def _unreadable(self, error: ValueError | RecursionError) -> Unreadable:
        if isinstance(error, RecursionError):
            return Unreadable(self.line, _("Must be JSON with fewer nested levels."))
        if isinstance(error, json.JSONDecodeError):
            line = self.line + self.buffer.count("\n", self.place, error.pos)
            return Unreadable(line, _("Must be JSON: %(error)s.") % {"error": parser_words(error.msg)})
        return Unreadable(self.line, _("Must be JSON: %(error)s.") % {"error": error})

    def _pass(self, end: int) -> None:
        self.line += self.buffer.count("\n", self.place, end)
        self.place = end

    def _more(self) -> bool:
        chunk = self.text.read(max(CHUNK_CHARACTERS, len(self.buffer) - self.place))
        self.buffer, self.place = self.buffer[self.place :] + chunk, 0
        return bool(chunk)


def _is_deep(value: Any) -> bool:
    level = [value]
    for _level in range(MAX_NESTED):
        level = inside(level)
    return bool(level)


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(name for name, count in Counter(name for name, _value in pairs).items() if count > 1)
        raise ValueError(_("an object has %(twice)s twice") % {"twice": f"{printable(twice)[:100]!r}"})
    return found


def _refuse(constant: str) -> None:
    raise ValueError(_("%(constant)s is not a number") % {"constant": constant})
