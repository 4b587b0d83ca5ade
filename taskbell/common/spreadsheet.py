"""Tables that people open in a spreadsheet: CSV as RFC 4180 has it, with cells that no program takes for formulas."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

# What a spreadsheet may take for the beginning of a formula (OWASP, CSV injection), and its full-width twins.
BEGINS_FORMULA = "=+@\t\r\n＝＋－＠-"
RISKY = frozenset(f"'{BEGINS_FORMULA}")
FORMULA = re.compile(f"'*[{BEGINS_FORMULA}]")
GUARDED = re.compile(f"'+[{BEGINS_FORMULA}]")
ROWS_AT_ONCE = 1000


def guarded(text: str) -> str:
    """The text as a cell that is no formula: where it could be one, behind one apostrophe more than it has.

    `unguarded` undoes exactly this.
    """
    return f"'{text}" if text[:1] in RISKY and FORMULA.match(text) else text


def unguarded(cell: str) -> str:
    """The text that `guarded` has made this cell of."""
    return cell[1:] if cell[:1] == "'" and GUARDED.match(cell) else cell


def guarded_row(row: Sequence[Any], words: Iterable[int]) -> list[Any]:
    """The row with its texts in these places guarded; numbers are numbers."""
    cells = list(row)
    for place in words:
        if isinstance(cell := cells[place], str) and cell[:1] in RISKY:
            cells[place] = guarded(cell)
    return cells


def csv_chunks(rows: Iterable[Sequence[Any]], words: Sequence[int] | None = None) -> Iterator[bytes]:
    """The rows as CSV in UTF-8, many at a time; None is an empty cell. The cells are guarded.

    `words` are the places of those that people have written, where the others are known to be no formulas.
    """
    remaining = iter(rows)
    while batch := list(islice(remaining, ROWS_AT_ONCE)):
        text = io.StringIO(newline="")
        safe = (guarded_row(row, range(len(row)) if words is None else words) for row in batch)
        csv.writer(text, lineterminator="\r\n").writerows(safe)
        yield text.getvalue().encode()
