"""One line of text shows what it says: nothing empty, hidden or turned around, and everything that people write."""

import unicodedata

import pytest

from taskbell.common.text import forms_of, is_of_one_script, opaque
from taskbell.common.values import BadValue, read_line, read_text

NOTHING = [
    *("", "\u200b", "\u3164", "\u2800", "\ufeff", "\u00ad", "\u115f\u1160", "\uffa0", "\u180e", "\u034f", "\ufe0f"),
    *("\U000e0041", "\U000e0100", "\u061c", "\u2063", "\u202e", "\U0001d159", "\u17b4", " \u3000\u00a0\u2007"),
]
BROKEN = {
    "line_break": ["a\nb", "a\rb", "a\r\nb", "a\x0bb", "a\x0cb", "a\x1cb", "a\x85b", "a\u2028b", "a\u2029b"],
    "unprintable": [
        "a\x00b",
        "a\tb",
        "a\x07b",
        "a\x1bb",
        "a\x7fb",
        "a\x9fb",
        "a\ud800b",
        "a\uffffb",
        "\ufdd0",
        "\U0010fffe",
    ],
    "invisible": [
        *("a\u202eb", "a\u202ab\u202c", "a\u2066b\u2069", "a\u200bb", "a\u200cb", "a\u200db", "a\u200eb", "a\u00adb"),
        *(
            "a\ufeffb",
            "a\u2060b",
            "a\u2061b",
            "a\U000e0041",
            "👩\u200d",
            "\u200d👩",
            "👩\u200dx",
            "\U0001f3f4\U000e0067",
        ),
        *("क\u200d", "س\u202eب"),
    ],
}
ENGLAND = "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
WRITTEN = [
    *(
        "👨‍👩‍👧‍👦",
        "👩🏽‍💻",
        "🏳️‍🌈",
        "❤️‍🔥",
        "👁️‍🗨️",
        "🧑🏿‍🤝‍🧑🏻",
        "🇩🇪",
        "1️⃣",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f x",
    ),
    *("می\u200cخواهم", "क्\u200dष", "ශ්\u200dරී", "שלום\u200f (x)", "\u200fעברית", "ไทย\u200bไทย", "\u0600١٢"),
    *("Café", "e\u0301", "葛\U000e0100", "日本\u3000語", "a\u00a0b", "a  b", "ᠠ\u180eᠠ", "½ ™ №"),
]


@pytest.mark.parametrize("text", NOTHING)
def test_what_shows_nothing_is_empty(text: str) -> None:
    with pytest.raises(BadValue) as refusal:
        read_line(text, most=255)
    assert refusal.value.code == "blank"
    assert read_line(text, most=255, blank=True) == ""


@pytest.mark.parametrize(("code", "text"), [(code, text) for code, texts in BROKEN.items() for text in texts])
def test_what_breaks_hides_or_turns_a_line_is_refused(code: str, text: str) -> None:
    with pytest.raises(BadValue) as refusal:
        read_line(text, most=255)
    assert refusal.value.code == code
    if code == "invisible":
        assert "U+" in str(refusal.value), "nobody could find a character that they can't see"


@pytest.mark.parametrize("text", WRITTEN)
def test_what_people_write_stays_as_it_is(text: str) -> None:
    assert read_line(text, most=255) == text


@pytest.mark.parametrize("space", [*" \t\n\r\v\f\x1c\x85\u00a0\u2003\u2028\u3000\u200b\ufeff"])
def test_space_around_a_line_goes(space: str) -> None:
    assert read_line(f"{space}a b{space}", most=3) == "a b"


def test_further_text_keeps_its_lines_however_they_end() -> None:
    assert read_text("a\r\nb\rc\n\n\td\n", most=100) == "a\nb\nc\n\n\td"
    with pytest.raises(BadValue):
        read_text("a\x07b", most=100)


@pytest.mark.parametrize(
    "name",
    ["bo", "Müller", "zoe\u0301", "Ада", "Ελένη", "שרה", "عمر", "नीता", "田中tarou", "たなかx", "김bo", "bo.b+c-d_1"],
)
def test_a_name_of_one_script_is_that(name: str) -> None:
    assert is_of_one_script(name)


@pytest.mark.parametrize("name", ["pаypal", "Αda", "bо", "Адa", "bo١", "かな김", "ᏚᎢaa", "աda"])
def test_a_name_that_mixes_letters_that_look_alike_is_not(name: str) -> None:
    assert not is_of_one_script(name)


def test_a_password_is_compared_in_one_form() -> None:
    assert opaque("caf\u00e9 \u00a0\u3000x") == opaque("cafe\u0301   x") == "caf\u00e9   x"
    assert opaque("\u212b") == "\u00c5", "canonical forms are equal"
    assert opaque("ｂｏ") != "bo", "compatibility forms are not (RFC 8265 §4.2.2)"
    assert forms_of("ascii only") == ("ascii only",)
    decomposed = unicodedata.normalize("NFD", "blåbærgrød")
    assert forms_of(decomposed) == (unicodedata.normalize("NFC", decomposed), decomposed)
