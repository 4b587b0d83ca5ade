"""People's text in emails: set apart from ours, and no part of it a link."""

import re

import pytest

from taskbell.common.quoting import greeted, name_in_quotes, one_line, quoted_lines, set_apart, without_links

# What mail programs turn into a link: after dots as IDNA and browsers know them (UTS #46), schemes, network paths.
LINKS = [
    "http://evil.example/",
    "HTTPS://evil.example",
    "https://[::1]/",
    "evil.example",
    "www.evil.example/pay?x=1",
    "pay-me.evil.example:8080",
    "mailto:pay@evil.example",
    "pay@evil.example",
    "tel:+4912345",
    "javascript:alert(1)",
    "file:///etc/passwd",
    "\\\\evil\\share",
    "evil。example",
    "evil．example",
    "evil｡example",
    "evil\u2024example",
    "ev\u00adil.\u200bexample",
    "evil.\u2060example",
    "evil.\u200dexample",
    "http:\u200b//evil.example",
    "\u202eelpmaxe.live//:ptth",
    "xn--evil-6na.example",
    "(evil.example)",
    "evil-.example",
    "💩.la",
]
LINK = re.compile(r"[^\s\u200a][.。．｡\u2024][^\W\d_]|[^\W\d_]{2}:[^\s\u200a]|://|\\\\", re.UNICODE)


@pytest.mark.parametrize("text", LINKS)
def test_no_part_of_the_text_is_a_link(text: str) -> None:
    for shown in (without_links(text), set_apart(text), quoted_lines(text), name_in_quotes(text)):
        assert not LINK.search(shown), ascii(shown)
        assert not re.search("[\u00ad\u200b\u202a-\u202e\u2060]", shown)
    assert without_links(without_links(text)) == without_links(text)
    assert greeted(text) == ""


@pytest.mark.parametrize("text", ["Paint the fence", "Order 12 pots", "Bo's key", "Größe 3+4", "水をやる", "3:1"])
def test_a_few_words_stay_as_they_are(text: str) -> None:
    assert without_links(text) == text
    assert set_apart(text) in (text, f'"{text}"')


@pytest.mark.parametrize(
    "text",
    [
        "Your account is suspended, call us",
        "Verify now!",
        "Done. Taskbell",
        "one two three four five six seven",
        "a\nb: c",
        "x) Taskbell",
        "",
    ],
)
def test_what_could_pass_for_our_sentence_is_in_quotes(text: str) -> None:
    assert set_apart(text) == f'"{" ".join(text.split())}"'


@pytest.mark.parametrize("mark", '"“”„‟«»″＂')
def test_no_quotation_ends_early(mark: str) -> None:
    assert set_apart(f"Dig{mark} Taskbell: pay") == '"Dig\' Taskbell: pay"'


def test_text_from_right_to_left_keeps_its_direction_to_itself() -> None:
    assert set_apart("שלום") == '"\u2068שלום\u2069"'
    assert one_line("a \u202eb\u202c \u2067c", most=100) == "a b c"


def test_names_are_short() -> None:
    assert name_in_quotes("a" * 41) == "a" * 39 + "…"
    assert name_in_quotes("a" * 40) == "a" * 40


@pytest.mark.parametrize("name", ["Ada", "bo", "J. R.", "Anne-Marie", "O'Neil", "Zoë", "美咲", "Bo2"])
def test_we_greet_by_a_name(name: str) -> None:
    assert greeted(name) == name


@pytest.mark.parametrize("name", ["", "Ada, pay", "You won a prize", "evil.example", "a@b.example", "a" * 41, "A!"])
def test_we_do_not_greet_by_a_sentence(name: str) -> None:
    assert greeted(name) == ""


def test_the_lines_of_another_person_are_marked() -> None:
    assert quoted_lines("One\n\nUnsubscribe: http://evil.example") == (
        "> One\n>\n> Unsubscribe: http:\u200a//evil.\u200aexample"
    )
