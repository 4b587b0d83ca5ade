"""Lines in English and German, each with what is read in it."""

from pathlib import Path

import pytest

from tests.processes import ROOT
from tests.quick_add.reading import examples, in_words, read_line

HERE = Path(__file__).parent
TABLES = [HERE / "lines.txt", HERE / "more_lines.txt", ROOT / "docs" / "quick-add.md"]
LINES = [example for table in TABLES for example in examples(table.read_text())]


@pytest.mark.parametrize(("line", "reading"), LINES, ids=[line for line, _ in LINES])
def test_a_line_is_read_as_the_table_says(line: str, reading: str) -> None:
    assert in_words(read_line(line)) == reading


def test_each_table_has_its_lines() -> None:
    assert [len(examples(table.read_text())) > least for table, least in zip(TABLES, (40, 150, 30), strict=True)] == [
        True,
        True,
        True,
    ]
