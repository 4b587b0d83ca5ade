"""CSV for spreadsheets (RFC 4180), with cells that no spreadsheet runs as formulas."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

# Characters that can start a formula in a spreadsheet (OWASP, CSV injection), and their full-width variants.
FORMULA_SIGNS = "=+@＝＋－＠-"  # in a class of a pattern, the hyphen stays last
BEGINS_FORMULA = f"\t\r\n{FORMULA_SIGNS}"
RISKY = frozenset(f"'{BEGINS_FORMULA}")
# Where a spreadsheet of another locale splits a cell. It doesn't respect our quotes, so line breaks count as well, and
# what follows may begin with spaces and quotes that it drops.
SEPARATORS = ";\t\r\n"
FORMULA = re.compile(rf"\A(?='*[{BEGINS_FORMULA}])|[{SEPARATORS}](?=[ \"']*[{FORMULA_SIGNS}])")
GUARDED = re.compile(rf"\A'(?='*[{BEGINS_FORMULA}])|([{SEPARATORS}])'(?=[ \"']*[{FORMULA_SIGNS}])")
CHUNK_ROWS, CHUNK_CHARACTERS = 1000, 1024 * 1024  # whichever comes first


def is_risky(text: str) -> bool:
    """True for text that `guarded` has to look into; cheap, because an export calls it for every cell with text."""
    return text[:1] in RISKY or ";" in text or "\n" in text or "\t" in text or "\r" in text


def guarded(text: str) -> str:
    """The text as a cell that is never a formula, not even in part: an apostrophe goes before each possible one.

    `unguarded` reverses this exactly.
    """
    return FORMULA.sub(r"\g<0>'", text) if is_risky(text) else text


def unguarded(cell: str) -> str:
    """The original text of a cell made by `guarded`."""
    return GUARDED.sub(r"\g<1>", cell) if "'" in cell else cell


def guarded_row(row: Sequence[Any], columns: Iterable[int]) -> list[Any]:
    """The row with the text in these columns guarded; numbers stay numbers."""
    cells = list(row)
    for column in columns:
        if isinstance(cell := cells[column], str) and is_risky(cell):
            cells[column] = guarded(cell)
    return cells


def csv_chunks(rows: Iterable[Sequence[Any]], text_columns: Sequence[int] | None = None) -> Iterator[bytes]:
    """The rows as guarded CSV in UTF-8, in chunks; None becomes an empty cell.

    `text_columns` are the indexes of columns with text from people; all others are known not to be formulas.
    """
    remaining = iter(rows)
    while True:
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\r\n").writerows(_some(remaining, text, text_columns))
        if not text.tell():
            return
        yield text.getvalue().encode()


def _some(rows: Iterator[Sequence[Any]], text: io.StringIO, columns: Sequence[int] | None) -> Iterator[list[Any]]:
    """As many guarded rows as belong in one chunk, to which they are written meanwhile."""
    for row in islice(rows, CHUNK_ROWS):
        yield guarded_row(row, range(len(row)) if columns is None else columns)
        if text.tell() > CHUNK_CHARACTERS:
            return
