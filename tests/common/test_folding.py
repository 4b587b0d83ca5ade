"""Text as people look for it and sort it."""

from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskbell.common.folding import MAX_KEY_BYTES, fold, sort_key

EQUAL = [
    *(
        ("cafe", "Café"),
        ("cafe", "CAFE\u0301"),
        ("istanbul", "İstanbul"),
        ("ısparta", "ISPARTA"),
        ("isparta", "Isparta"),
    ),
    *(("strasse", "Straße"), ("STRASSE", "STRAẞE"), ("smorrebrod", "Smørrebrød"), ("lodz", "Łódź"), ("dung", "Đừng")),
    *(("aesir", "Æsir"), ("oeuvre", "Œuvre"), ("thor", "Þór"), ("eidur", "Eiður"), ("hamrun", "Ħamrun")),
    *(("σοφοσ", "ΣΟΦΌΣ"), ("σοφός", "ΣΟΦΟΣ"), ("елка", "Ёлка"), ("שלום", "שָׁלוֹם"), ("محمد", "مُحَمَّد")),
    *(("abc 123", "ＡＢＣ　１２３"), ("fix", "ﬁx"), ("bold", "𝐁𝐨𝐥𝐝"), ("viii", "Ⅷ"), ("カナ", "ｶﾅ"), ("123", "١٢٣")),
    *(("donau", "Do\u00adnau"), ("word", "wo\u200brd"), ("it's", "it’s"), ('"so"', "„so“"), ("a-b", "a–b")),
    ("이름", normalize("NFD", "이름")),
]
DIFFERENT = [("か", "が"), ("は", "ぱ"), ("и", "й"), ("कि", "क"), ("ก", "กี"), ("a", "b"), ("하", "한")]


@pytest.mark.parametrize(("one", "other"), EQUAL)
def test_people_find_a_word_however_it_is_written(one: str, other: str) -> None:
    assert fold(one) == fold(other)
    assert fold(normalize("NFD", other)) == fold(normalize("NFC", other)) == fold(one)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_marks_that_make_another_letter_stay(one: str, other: str) -> None:
    assert fold(one) != fold(other)
    assert fold(normalize("NFD", one)) == fold(one)
    assert fold(normalize("NFD", other)) == fold(other)


@given(st.text())
def test_all_forms_of_a_text_fold_to_one_and_folding_twice_is_folding_once(text: str) -> None:
    once = fold(text)
    assert fold(normalize("NFD", text)) == fold(normalize("NFC", text))
    assert fold(once) == once
    assert fold(text + "é") == once + "e" or not text.isascii()


IN_ORDER = [
    *("“quoted”", "#1", "(a)", "_under", "9 lives", "10 things", "999999999", "1234567890"),
    *("a", "A", "á", "Á", "ab", "Ångström", "apfel", "Apfel", "Äpfel", "Apfelkuchen", "Éclair", "ECLAIRS"),
    *("Ol", "Öl", "Straße 9", "Strasse 10", "Task 1", "Task 1.9", "Task 1.10", "Task 2", "task 010b", "Zebra"),
    *("άλφα", "βήτα", "игра", "ирис", "йод", "かき", "がく"),
]


BACKWARDS = IN_ORDER[::-1]


def test_texts_sort_as_people_sort() -> None:
    assert sorted(BACKWARDS, key=sort_key) == IN_ORDER
    assert sorted(BACKWARDS, key=lambda text: sort_key(text).encode()) == IN_ORDER


@given(st.integers(0, 10**30), st.integers(0, 10**30))
def test_numbers_sort_by_their_value(one: int, other: int) -> None:
    assert (sort_key(f"Task {one}") < sort_key(f"Task {other}")) is (one < other)


@given(st.text(max_size=255))
def test_a_key_fits_into_an_index_and_pages_by_it_begin_where_they_ended(text: str) -> None:
    key = sort_key(text)
    assert len(key.encode()) <= MAX_KEY_BYTES
    assert "\x00" not in key or "\x00" in text


def test_the_longest_expansions_are_cut() -> None:
    assert len(sort_key("\ufdfa" * 255).encode()) <= MAX_KEY_BYTES
