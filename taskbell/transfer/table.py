"""Reads CSV as spreadsheets write it, row by row and in constant memory."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import IO

from django.utils.translation import gettext as _

from taskbell.common.spreadsheet import unguarded
from taskbell.transfer.cells import CellReader
from taskbell.transfer.encodings import WINDOWS, Recoded
from taskbell.transfer.headers import MAX_SHOWN, Header, is_known, read_header
from taskbell.transfer.parser_words import parser_words
from taskbell.transfer.reading import Notice, Remark, Row, Unreadable, lines_of

DELIMITERS = ",;\t|"
UTF_8 = ("utf-8", "utf-8-sig")
ENCODING_NAMES = {WINDOWS: "Windows-1252"}
DELIMITER_LINE = "sep="  # Excel's way to name the delimiter, in a line of its own


class Table:
    """The records of a CSV file (RFC 4180), each with the line it begins on.

    The delimiter is the one that Excel's first line names, or else the one that makes most of the first line into
    `known` headers.
    """

    def __init__(self, stream: IO[bytes], known: Callable[[str], bool] = is_known) -> None:
        self._bytes = Recoded(stream)
        self._known = known

    @property
    def encoding(self) -> str:
        """What the file was in, as far as it has been read."""
        return self._bytes.encoding

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """All records that have a cell. Raises Unreadable."""
        text = io.TextIOWrapper(io.BufferedReader(self._bytes), "utf-8", errors="surrogateescape", newline="")
        lines = lines_of(text)
        first, line = next(lines, ""), 1
        if delimiter := _named_delimiter(first):
            first, line = next(lines, ""), 2
        above = line - 1
        try:
            reader = csv.reader(chain([first], lines), delimiter=delimiter or self._delimiter(first), strict=True)
            for record in reader:
                if record:
                    yield line, record
                line = above + reader.line_num + 1
        except csv.Error as error:
            raise Unreadable(line, _("Must be CSV: %(error)s.") % {"error": parser_words(error)}) from error

    def _delimiter(self, line: str) -> str:
        return max(DELIMITERS, key=lambda delimiter: self._fit(line, delimiter))

    def _fit(self, line: str, delimiter: str) -> tuple[int, int]:
        names = next(csv.reader([line], delimiter=delimiter), [])
        return sum(map(self._known, names)), len(names)


def _named_delimiter(line: str) -> str:
    text = line.strip("\r\n").replace('"', "")
    return text[len(DELIMITER_LINE) :] if text[:-1].lower() == DELIMITER_LINE else ""


def csv_rows(stream: IO[bytes], *, columns: Mapping[str, str] | None = None, order: str = "") -> Iterator[Row | Notice]:
    """The rows of a spreadsheet, and how it was read. Raises Unreadable.

    `columns` are those that people name for headers, and `order` is that of day and month in dates with slashes.
    """
    table = Table(stream)
    records = table.records()
    line, names = next(records, (1, []))
    header, reader = read_header(names, line, columns or {}), CellReader(order)
    for name in header.left_out:
        yield Remark(line, name[:MAX_SHOWN], _("Left out, as the map says."))
    is_noted = False
    for line, record in records:
        if len(record) > 1 and not any(record):
            continue  # spreadsheets write rows of nothing but delimiters
        if not is_noted and table.encoding not in UTF_8:
            is_noted = True
            yield Remark(
                line,
                "",
                _("Read as %(encoding)s.") % {"encoding": ENCODING_NAMES.get(table.encoding, table.encoding.upper())},
            )
        row = _row(line, record, header)
        yield from reader.read(line, row.cells)
        yield row


def _row(line: int, record: list[str], header: Header) -> Row:
    columns = header.columns
    if any(record[len(columns) :]) or len(record) < len(columns):
        sentence = _("Must have %(columns)s cells, one for each column, not %(record)s.") % {
            "columns": len(columns),
            "record": len(record),
        }
        return Row.wrong(line, "", "cells", sentence)
    cells = {}
    for name, column, cell in zip(header.names, columns, record, strict=False):
        if column:
            cells[column] = unguarded(cell)
        elif cell and not name:
            return Row.wrong(
                line,
                "",
                "cells",
                _("Must have a header for the column with %(cell)s.") % {"cell": f"{cell[:MAX_SHOWN]!r}"},
            )
    return Row(line, cells)
