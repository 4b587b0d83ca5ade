"""What holds for every line."""

import re
from itertools import pairwise
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskbell.common.recurrence import parse_rule
from taskbell.quick_add.known import Known
from taskbell.quick_add.lines import Line
from taskbell.quick_add.marks import MAX_NAMES
from taskbell.quick_add.reader import names_to_look_up
from taskbell.quick_add.reading import Reading
from tests.quick_add.reading import KNOWN, read_line

PIECES = r"""
milk today tomorrow morgen heute friday freitag next nächsten every jeden every! alle! day tag week wochen month 2 3.
31st 24.12. 24 dec 2026-12-24 at um 9 9:00 5pm 16 uhr until bis on am the last first ersten monday mo do sun weekend in
wochenende a einer stunde minutes remind me erinnere mich before vorher 1 10 times mal ~1h ~9:00 !high ! !! #Home #new
#"two words" +Greens +g *shop *x @bo @m ^12 ^99 "quoted words" "open \today \ tonight abends noon , . and morning,
friday, 12/24 ßüé 🙂 -
"""
lines = st.lists(st.sampled_from(PIECES.split()), max_size=14).map(" ".join)
anything = st.text(max_size=60) | st.text(alphabet='aä1 .:,!#+*@^~"\\\n', max_size=40)


def words_of(text: str) -> list[str]:
    return re.findall(r"\w+", text)


def refuse_all(text: str) -> Reading:
    """The reading after refusing each chip, and those that then are read instead."""
    refused: list[tuple[int, int]] = []
    while chips := read_line(text, refused=refused).chips:
        refused += [chip.span for chip in chips]
    return read_line(text, refused=refused)


@given(lines | anything)
def test_chips_are_words_of_the_line_and_do_not_overlap(text: str) -> None:
    chips = read_line(text).chips
    assert all(chip.text == text[slice(*chip.span)] and chip.text.strip() for chip in chips)
    assert all(one.span[1] <= other.span[0] for one, other in pairwise(chips))


@given(lines | anything)
def test_every_word_is_in_the_title_or_in_a_chip_and_the_title_keeps_the_order(text: str) -> None:
    reading, rest = read_line(text), list(text)
    for chip in reading.chips:
        rest[slice(*chip.span)] = " " * len(chip.text)
    assert words_of(reading.title) == words_of("".join(rest))


@given(lines | anything)
def test_a_line_whose_chips_are_all_refused_is_its_title(text: str) -> None:
    reading = refuse_all(text)
    assert reading.title == " ".join(word.shown for word in Line(text).words)
    assert words_of(reading.title) == words_of(text)
    assert (reading.due_date, reading.recurrence, reading.priority, reading.reminder) == (None, "", None, None)


@given(lines, st.data())
def test_a_refused_chip_puts_its_words_back(text: str, data: st.DataObject) -> None:
    chips = read_line(text).chips
    if chips:
        chip = data.draw(st.sampled_from(chips))
        reading = read_line(text, refused=[chip.span])
        assert all(other.span[1] <= chip.span[0] or chip.span[1] <= other.span[0] for other in reading.chips)


@given(lines)
def test_what_is_read_is_valid(text: str) -> None:
    reading = read_line(text)
    assert reading.due_date or not (reading.due_time or reading.recurrence)
    assert not reading.recurrence or parse_rule(reading.recurrence)
    kinds = [chip.kind for chip in reading.chips if chip.kind in ("priority", "category", "project", "assignee")]
    assert len(kinds) == len(set(kinds))


@given(lines | anything)
def test_the_names_that_are_looked_up_are_those_that_are_read(text: str) -> None:
    asked = names_to_look_up(text)
    assert all(len(names) <= MAX_NAMES for names in asked.values())
    assert {chip.kind for chip in read_line(text).chips if chip.id} <= asked.keys()


def seconds(text: str) -> float:
    read_line(text)  # fills the caches
    times = []
    for _ in range(5):
        begin = process_time()
        read_line(text)
        times.append(process_time() - begin)
    return min(times)


def test_a_usual_line_takes_less_than_a_millisecond() -> None:
    assert seconds("Pay rent tomorrow 9:00 !high #Finance @bo every month ~1h") < 0.001


@pytest.mark.parametrize(
    "piece",
    [
        *("a", "9", "a ", "the ", "every ", "every 1., ", "every mo,mo and mo ", "mo, ", "1. ", "at 9 ", "24.12. "),
        *("#a ", "*a ", '"a ', '"a" ', "~1 ", "in 1 ", "until ", "remind me ", "ä ", "🙂 "),
    ],
)
def test_the_work_grows_with_the_line_and_no_faster(piece: str) -> None:
    assert seconds((piece * 10_000)[:10_000]) < 0.5


def test_a_name_is_found_exactly_before_by_its_beginning() -> None:
    assert [thing.name for thing in KNOWN.find("project", "greens", by_prefix=True)] == ["Greens"]
    assert len(KNOWN.find("project", "gree", by_prefix=True)) == 2
    assert KNOWN.find("project", "gree") == []


def test_somebody_who_cannot_create_categories_reads_so_before() -> None:
    (chip,) = read_line("Weed #Front", known=Known(may_create=False)).chips
    assert chip.note == "There is no category “Front”, and your role does not let you create one."
