"""A rule that cannot be kept is refused when it is written, with a sentence and at once."""

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from taskbell.common.recurrence import INTERVALS, MAX_COUNT, MAX_RULE_LENGTH, PARTS, Rule, parse_rule

SECONDS = 5  # generous: an ordinary refusal takes a thousandth of one

WRONG = {
    "A rule can have at most 512 characters.": [
        "FREQ=DAILY;BYDAY=" + ",".join(["MO"] * 200),
        "x" * 10_000_000,
        "FREQ=YEARLY;SKIP=OMIT;BYMONTHDAY=" + ",".join(["31"] * 158),
    ],
    "A rule must consist of plain letters and digits (RFC 5545 §3.3.10).": [
        *(
            "FREQ=DAıLY",
            "FREQ=WEEKLY;WKST=ſU",
            "FREQ=MONTHLY;BYMONTHDAY=١",
            "FREQ=DAILY;UNTIL=２０２７１２３１",
            "\ud800",
        ),
    ],
    "A rule must be a list such as FREQ=WEEKLY;BYDAY=MO, with each name once.": [
        *("", " ", ";", "=", "FREQ", "FREQ=", "FREQ=DAILY;", "FREQ=DAILY;FREQ=DAILY", "FREQ=DAILY;freq=WEEKLY"),
        *("FREQ=DAILY;COUNT=1;COUNT=2", "FREQ=WEEKLY;BYDAY=MO;BYDAY=TU", "FREQ=DAILY; ;COUNT=1", "RRULE:"),
    ],
    "FREQ must be DAILY, WEEKLY, MONTHLY or YEARLY.": [
        *("FREQ=HOURLY", "FREQ=MINUTELY", "FREQ=SECONDLY", "FREQ=SOMETIMES", "BYDAY=MO", "RRULE:RRULE:FREQ=DAILY"),
        *("FREQ=DAILY\x00", "\x00=\x00", "FREQ=DAILY,WEEKLY", "FREQ==DAILY", "DTSTART:20260101\nRRULE:FREQ=DAILY"),
    ],
    "BYHOUR is not allowed in a DAILY rule.": ["FREQ=DAILY;BYHOUR=9", "FREQ=DAILY;BYHOUR=9;BYMINUTE=0"],
    "BYMONTHDAY is not allowed in a WEEKLY rule.": ["FREQ=WEEKLY;BYMONTHDAY=1"],
    "BYMONTHDAY is not allowed in a DAILY rule.": ["FREQ=DAILY;BYMONTHDAY=30;BYMONTH=2"],
    "BYYEARDAY is not allowed in a MONTHLY rule.": ["FREQ=MONTHLY;BYYEARDAY=1"],
    "BYWEEKNO is not allowed in a MONTHLY rule.": ["FREQ=MONTHLY;BYWEEKNO=1"],
    "BYEASTER is not allowed in a YEARLY rule.": ["FREQ=YEARLY;BYEASTER=0"],
    "X\x00 is not allowed in a DAILY rule.": ["FREQ=DAILY;X\x00=1"],
    "A rule can't have both COUNT and UNTIL.": ["FREQ=DAILY;COUNT=3;UNTIL=20271231"],
    "COUNT must be a number from 1 to 10000.": [
        f"FREQ=DAILY;COUNT={n}" for n in ("0", "-1", "+1", "10001", "1.5", "x", "1_0", "9" * 400, "1\n2")
    ],
    "INTERVAL must be a number from 1 to 50.": [
        f"FREQ=YEARLY;INTERVAL={n}" for n in ("0", "-1", "51", "1e1", "9" * 400)
    ],
    "Use WEEKLY for a rule with days of the week.": ["FREQ=DAILY;INTERVAL=7;BYDAY=MO"],
    "BYSETPOS needs another part to choose from, such as BYDAY.": ["FREQ=MONTHLY;BYSETPOS=1"],
    "RSCALE must be GREGORIAN, because no other calendar is supported.": ["RSCALE=CHINESE;FREQ=YEARLY"],
    "SKIP must be OMIT, BACKWARD or FORWARD (RFC 7529 §4.1).": [
        f"RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP={skip}" for skip in ("YES", "OMIT,BACKWARD", "1")
    ],
    "WKST must be one of MO, TU, WE, TH, FR, SA and SU.": [
        f"FREQ=WEEKLY;WKST={day}" for day in ("XX", "MO,TU", "1", "MON", "MO\nDTSTART:20200101T000000")
    ],
    "BYMONTH must be a list of numbers from 1 to 12.": [
        f"FREQ=YEARLY;BYMONTH={months}" for months in ("0", "13", "-1", "1,13", "1,,2", "1,", "JAN", "+1", "1 2")
    ],
    "BYMONTHDAY must be a list of numbers from 1 to 31, or negative to count from the end.": [
        f"FREQ=MONTHLY;BYMONTHDAY={days}"
        for days in ("0", "32", "-32", "1,32", "1_0", "9" * 400, "--1", "1\x00", "1=1")
    ],
    "BYYEARDAY must be a list of numbers from 1 to 366, or negative to count from the end.": [
        "FREQ=YEARLY;BYYEARDAY=367"
    ],
    "BYWEEKNO must be a list of numbers from 1 to 53, or negative to count from the end.": ["FREQ=YEARLY;BYWEEKNO=0"],
    "BYSETPOS must be a list of numbers from 1 to 366, or negative to count from the end.": [
        "FREQ=YEARLY;BYDAY=MO;BYSETPOS=0"
    ],
    "BYDAY must be a list of weekdays such as MO or, in a MONTHLY or YEARLY rule, -1MO.": [
        f"FREQ=YEARLY;BYDAY={days}" for days in ("XX", "0MO", "54MO", "MO(+1)", "MO,,TU", "MONDAY", "1", "+MO", "1 MO")
    ],
    "Numbered weekdays such as 2MO need a MONTHLY or YEARLY rule without BYWEEKNO.": [
        *("FREQ=WEEKLY;BYDAY=2MO", "FREQ=DAILY;BYDAY=-1FR", "FREQ=YEARLY;BYWEEKNO=3;BYDAY=1MO"),
    ],
    "UNTIL must be a date such as 20271231 or an instant such as 20271231T090000Z.": [
        f"FREQ=DAILY;UNTIL={moment}"
        for moment in (
            *("0", "2027", "20271301", "20270229", "00000101", "202711T000000", "2027-12-31", "tomorrow", "2" * 400),
            *("20271231Z", "20271231T240000", "20271231T090000+0100", "20271231T235960Z", "99991232"),
        )
    ],
    "No day ever matches this rule.": [
        *("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;SKIP=OMIT", "RSCALE=GREGORIAN;FREQ=MONTHLY;BYMONTH=4;BYMONTHDAY=31"),
        *("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;BYDAY=MO", "FREQ=MONTHLY;BYDAY=6MO", "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6"),
        *(
            "FREQ=YEARLY;BYYEARDAY=366;BYMONTH=1",
            "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-30",
            "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=2",
        ),
        *(
            "FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6",
            "FREQ=YEARLY;BYWEEKNO=30;BYYEARDAY=1",
            "FREQ=YEARLY;BYDAY=53MO;BYMONTH=1",
        ),
        *("FREQ=YEARLY;BYWEEKNO=30;BYMONTHDAY=1,2;BYMONTH=1;BYSETPOS=" + ",".join(str(n) for n in range(1, 120)),),
    ],
}

RIGHT = [
    *("FREQ=DAILY", "RRULE:FREQ=DAILY", "  rrule:freq=daily  ", "FREQ=DAILY;INTERVAL=18000", "COUNT=10000;FREQ=DAILY"),
    *("FREQ=MONTHLY;INTERVAL=3;BYMONTH=2,5,8,11", "FREQ=MONTHLY;BYDAY=MO,1TU", "FREQ=MONTHLY;BYMONTHDAY=1,1,1"),
    *("FREQ=YEARLY;BYWEEKNO=53;BYMONTH=1", "FREQ=YEARLY;BYDAY=+20MO,-53SU", "FREQ=YEARLY;INTERVAL=28;BYWEEKNO=53"),
    *("RSCALE=GREGORIAN;FREQ=MONTHLY", "rscale=gregorian;freq=monthly;skip=omit", "FREQ=MONTHLY;SKIP=FORWARD"),
    *("freq=weekly; byday = mo, tu ,we", "FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR"),
    *("FREQ=DAILY;UNTIL=20271231", "FREQ=DAILY;UNTIL=20271231T090000", "FREQ=DAILY;UNTIL=20271231T090000Z"),
    *("FREQ=YEARLY;BYMONTHDAY=" + ",".join(["31"] * 160), "FREQ=YEARLY;BYYEARDAY=366;BYDAY=FR"),
]


@pytest.mark.parametrize(
    ("sentence", "text"), [(sentence, text) for sentence, texts in WRONG.items() for text in texts]
)
def test_a_wrong_rule_is_told_what_is_wrong(sentence: str, text: str) -> None:
    began = time.monotonic()
    with pytest.raises(ValueError, match=r"\.$") as refusal:
        parse_rule(text)
    assert str(refusal.value) == sentence
    assert time.monotonic() - began < SECONDS


@pytest.mark.parametrize("text", RIGHT)
def test_a_right_rule_is_taken_and_reads_the_same_when_it_is_read_again(text: str) -> None:
    rule = parse_rule(text)
    assert parse_rule(rule.text) == rule


def rule_or_sentence(text: str) -> Rule | str:
    """What becomes of the text, at once; any other exception than ValueError passes through."""
    began = time.monotonic()
    try:
        return parse_rule(text)
    except ValueError as error:
        return str(error)
    finally:
        assert time.monotonic() - began < SECONDS


names = st.sampled_from(sorted({name for parts in PARTS.values() for name in parts} | {"BYHOUR", "X"}))
words = st.sampled_from([*INTERVALS, "MO", "-1FR", "0SU", "20271231", "99991231T235959Z", "1", "0", "-1", "31", "366"])
numbers = (
    st.integers().map(str) | st.integers(10**50, 10**60).map(str) | st.sampled_from(["1e9", "٣", "²", "1_0", "+1"])
)
values = st.lists(words | numbers | st.text(max_size=5), min_size=1, max_size=5).map(",".join)
pieces = st.tuples(names | st.text(max_size=8), values).map("=".join)
almost = st.builds(
    lambda frequency, rest, by: by.join([f"FREQ={frequency}", *rest]),
    *(st.sampled_from([*INTERVALS, "HOURLY"]), st.lists(pieces, max_size=6), st.sampled_from([";"] * 5 + ["\n", ";;"])),
)
junk = settings(deadline=None, derandomize=True, max_examples=300, suppress_health_check=list(HealthCheck))


@junk
@given(st.text(max_size=2 * MAX_RULE_LENGTH) | almost)
def test_junk_is_a_refusal_and_nothing_else(text: str) -> None:
    outcome = rule_or_sentence(text)
    if isinstance(outcome, str):
        assert outcome[0].isupper() or outcome.endswith("rule.")
        assert outcome.endswith(".")
        assert len(outcome) < 120
    else:
        assert outcome.text.isascii()
        assert parse_rule(outcome.text) == outcome


@junk
@given(st.dictionaries(names, numbers | words, max_size=6), st.sampled_from(list(INTERVALS)))
def test_rules_of_known_parts_with_any_numbers_are_taken_or_refused(parts: dict[str, str], frequency: str) -> None:
    outcome = rule_or_sentence(";".join(f"{name}={value}" for name, value in {**parts, "FREQ": frequency}.items()))
    if isinstance(outcome, Rule):
        assert outcome.count is None or 1 <= outcome.count <= MAX_COUNT
        assert 1 <= outcome.parts.interval <= INTERVALS[frequency]
