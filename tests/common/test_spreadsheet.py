"""Cells are text for every spreadsheet, and come back as they were."""

import csv
import io
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from taskbell.common.spreadsheet import BEGINS_FORMULA, FORMULA_SIGNS, csv_chunks, guarded, unguarded

TEXT = st.text(st.sampled_from(f"{BEGINS_FORMULA}'\",;a1 ä") | st.characters(exclude_categories=["Cs"]))


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t1", "\r1", "\n1", "＝1", "'=1", "''@x"])
def test_what_could_be_a_formula_gets_an_apostrophe(text: str) -> None:
    assert guarded(text) == f"'{text}"


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("a;=1+1", "a;'=1+1"),
        ("a; =1;-2;b", "a;' =1;'-2;b"),
        ('a;"=1"', 'a;\'"=1"'),
        ("Milk\n- eggs\r\n@x", "Milk\n'- eggs\r\n'@x"),
        ("a\t+1", "a\t'+1"),
        ("\t=1", "'\t'=1"),
        ("\r=1", "'\r'=1"),
        ("\n=1", "'\n'=1"),
        ("a;'=1", "a;''=1"),
        ("=1;=1", "'=1;'=1"),
    ],
)
def test_no_part_of_a_cell_becomes_a_formula_where_another_character_separates(text: str, cell: str) -> None:
    assert guarded(text) == cell
    assert unguarded(cell) == text


@given(TEXT, st.sampled_from([";", "\t"]))
def test_a_row_split_by_another_character_has_no_formula(text: str, separator: str) -> None:
    """A program that takes no notice of our quotes sees a part after each separator and line break."""
    written = b"".join(csv_chunks([[1, text]])).decode()
    parts = re.split(f"[{separator}\r\n]", written)
    assert not [part for part in parts if (shown := part.lstrip(' "')) and shown[0] in FORMULA_SIGNS]


@pytest.mark.parametrize(
    "text", ["", "1+1", "a;b=1", "a; b", "a\n\nb", "a,=1", "a=b", "'tis", "'", "\u200b", " =1", "ä"]
)
def test_other_text_stays_as_it_is(text: str) -> None:
    assert guarded(text) == text == unguarded(text)


@given(TEXT)
@example("'=1")
@example("''=1")
@example("'")
def test_guarding_is_undone_exactly(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert guarded(text)[:1] not in frozenset(BEGINS_FORMULA)


@given(st.lists(st.lists(TEXT, min_size=2, max_size=3), max_size=5))
def test_a_table_is_read_back_as_it_was(rows: list[list[str]]) -> None:
    written = b"".join(csv_chunks(rows)).decode()
    read = csv.reader(io.StringIO(written, newline=""))
    assert [[unguarded(cell) for cell in row] for row in read] == rows


def test_it_is_csv_as_the_rfc_has_it() -> None:
    rows = [["id", "title"], [1, 'Say "hi", twice'], [2, "two\nlines"], [3, None]]
    assert b"".join(csv_chunks(rows)) == b'id,title\r\n1,"Say ""hi"", twice"\r\n2,"two\nlines"\r\n3,\r\n'
