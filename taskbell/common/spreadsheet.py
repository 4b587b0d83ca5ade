"""CSV for spreadsheets (RFC 4180), with cells that no spreadsheet runs as formulas."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

# Characters that can start a formula in a spreadsheet (OWASP, CSV injection), and their full-width variants.
BEGINS_FORMULA = "=+@\t\r\n＝＋－＠-"
RISKY = frozenset(f"'{BEGINS_FORMULA}")
FORMULA = re.compile(f"'*[{BEGINS_FORMULA}]")
GUARDED = re.compile(f"'+[{BEGINS_FORMULA}]")
CHUNK_ROWS = 1000


def guarded(text: str) -> str:
    """The text as a cell that is never a formula: if it could be one, an apostrophe is prepended.

    `unguarded` reverses this exactly.
    """
    return f"'{text}" if text[:1] in RISKY and FORMULA.match(text) else text


def unguarded(cell: str) -> str:
    """The original text of a cell made by `guarded`."""
    return cell[1:] if cell[:1] == "'" and GUARDED.match(cell) else cell


def guarded_row(row: Sequence[Any], columns: Iterable[int]) -> list[Any]:
    """The row with the text in these columns guarded; numbers stay numbers."""
    cells = list(row)
    for column in columns:
        if isinstance(cell := cells[column], str) and cell[:1] in RISKY:
            cells[column] = guarded(cell)
    return cells


def csv_chunks(rows: Iterable[Sequence[Any]], text_columns: Sequence[int] | None = None) -> Iterator[bytes]:
    """The rows as guarded CSV in UTF-8, in chunks; None becomes an empty cell.

    `text_columns` are the indexes of columns with text from people; all others are known not to be formulas.
    """
    remaining = iter(rows)
    while batch := list(islice(remaining, CHUNK_ROWS)):
        text = io.StringIO(newline="")
        safe = (guarded_row(row, range(len(row)) if text_columns is None else text_columns) for row in batch)
        csv.writer(text, lineterminator="\r\n").writerows(safe)
        yield text.getvalue().encode()
