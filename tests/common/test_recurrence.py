# ruff: noqa: DTZ001 - wall times have no zone
"""What comes again comes when the calendar and the clock of the place say so (RFC 5545 §3.3.10)."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise, takewhile
from typing import Any
from zoneinfo import available_timezones

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from taskbell.common.clock import instant, wall_time
from taskbell.common.recurrence import Rule, between, following, parse_rule
from tests.common.oracle import FIRST_DAY, LAST_DAY, NAMES, Said, as_text, changes, occurrences, wall_times

ZONES = sorted(available_timezones())
DAY, MICROSECOND = timedelta(days=1), timedelta(microseconds=1)
INTERVALS = {"DAILY": 800, "WEEKLY": 110, "MONTHLY": 30, "YEARLY": 4}
BERLIN = "Europe/Berlin"
SKIPS: list[Said] = [{}, {}, {"RSCALE": "GREGORIAN"}, *({"SKIP": skip} for skip in ("OMIT", "BACKWARD", "FORWARD"))]

settings.register_profile("calendar", deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
calendar = settings(settings.get_profile("calendar"), max_examples=200)

# Rules as people and programs may write them


def numbers(largest: int, *, negative: bool = True) -> st.SearchStrategy[list[int]]:
    """A few numbers, the ends of the range more often than the others."""
    edges = st.sampled_from([1, 2, largest - 2, largest - 1, largest])
    one = edges | st.integers(1, largest)
    return st.lists(one | one.map(lambda n: -n) if negative else one, min_size=1, max_size=4)


def weekdays(*, largest: int) -> st.SearchStrategy[list[str]]:
    plain = st.sampled_from(NAMES)
    counted = st.builds("{}{}".format, numbers(largest).map(lambda ns: ns[0]), plain)
    signed = st.builds("+{}{}".format, st.integers(1, 2), plain)
    return st.lists(plain | counted | signed if largest else plain, min_size=1, max_size=4)


@st.composite
def rules(draw: st.DrawFn) -> Said:
    """Any rule that may be said; whether it ever fits is another question."""
    frequency = draw(st.sampled_from(list(INTERVALS)))
    counts_weeks = frequency == "YEARLY" and draw(st.integers(0, 4)) == 0
    counts_weekdays = frequency in ("MONTHLY", "YEARLY") and not counts_weeks
    parts: dict[str, st.SearchStrategy[Any]] = {
        "INTERVAL": st.integers(1, 3) | st.integers(1, INTERVALS[frequency]),
        "WKST": st.sampled_from(NAMES),
        "BYMONTH": numbers(12, negative=False),
        "BYDAY": weekdays(largest=5 * counts_weekdays),
    }
    if frequency in ("MONTHLY", "YEARLY"):
        parts["BYMONTHDAY"] = numbers(31)
    if frequency == "YEARLY":
        parts["BYYEARDAY"] = numbers(366)
    if counts_weeks:
        parts["BYWEEKNO"] = numbers(53)
    chosen = draw(st.lists(st.sampled_from(list(parts)), unique=True, max_size=3))
    said = {"FREQ": frequency, **{name: draw(parts[name]) for name in parts if name in chosen}}
    if counts_weeks:
        said["BYWEEKNO"] = draw(parts["BYWEEKNO"])
    if frequency != "DAILY" and any(name.startswith("BY") for name in said) and draw(st.booleans()):
        said["BYSETPOS"] = draw(numbers(3) | numbers(366))
    if said.get("INTERVAL", 1) % 7 == 0 and frequency == "DAILY":
        said.pop("BYDAY", None)
    return said | draw(st.sampled_from(SKIPS))


def moments(first: date = FIRST_DAY) -> st.SearchStrategy[datetime]:
    """A wall time: any, or one at which clocks are often changed, on days that months often do not have."""
    days = st.dates(first, LAST_DAY) | st.builds(
        lambda year, month, last: min(date(year + month // 12, month % 12 + 1, 1) - DAY * last, LAST_DAY),
        *(st.integers(first.year, LAST_DAY.year), st.integers(1, 12), st.integers(1, 4)),
    )
    clocks = st.times() | st.builds(time, st.integers(0, 4), st.sampled_from([0, 30]), st.sampled_from([0, 59]))
    return st.builds(datetime.combine, days.map(lambda day: max(first, day)), clocks.map(lambda at: at.replace(fold=0)))


def ends(start: datetime) -> st.SearchStrategy[dict[str, Any]]:
    """COUNT, or UNTIL in one of its three forms, or neither; sometimes exactly on an occurrence of a daily rule."""
    later = moments(start.date()) | st.integers(0, 400).map(lambda days: start + days * DAY)
    whole = later.map(lambda moment: moment.replace(microsecond=0))
    until = st.one_of(whole, whole.map(datetime.date), whole.map(lambda moment: moment.replace(tzinfo=UTC)))
    count = st.integers(1, 5) | st.integers(1, 10_000)
    return st.one_of(st.just({}), count.map(lambda n: {"COUNT": n}), until.map(lambda moment: {"UNTIL": moment}))


zones = st.sampled_from(ZONES) | st.deferred(lambda: st.sampled_from([zone for zone in ZONES if changes(zone)]))
starts_and_ends = moments().flatmap(lambda start: st.tuples(st.just(start), ends(start)))


def parsed(said: Said) -> Rule | None:
    """The rule; None where it never fits."""
    try:
        return parse_rule(as_text(said))
    except ValueError as error:
        if "No day" in str(error):
            return None
        raise


def until_the_end(rule: Rule, start: datetime, zone: str) -> list[tuple[datetime, datetime]]:
    return list(takewhile(lambda found: found[0].date() <= LAST_DAY, rule.occurrences(start, zone)))


# The whole calendar


@pytest.mark.slow
@calendar
@given(rules(), starts_and_ends, zones)
@example({"FREQ": "WEEKLY", "BYDAY": ["MO", "WE"], "BYSETPOS": [2]}, (datetime(2026, 1, 7, 9), {}), BERLIN)
@example({"FREQ": "MONTHLY", "BYDAY": ["MO", "1TU"]}, (datetime(2026, 1, 7, 9), {}), BERLIN)
@example({"FREQ": "MONTHLY", "BYMONTHDAY": [30, 31], "BYSETPOS": [1]}, (datetime(2025, 1, 30, 9), {}), BERLIN)
@example({"FREQ": "MONTHLY", "BYMONTHDAY": [1, 31], "SKIP": "FORWARD"}, (datetime(2025, 1, 30, 9), {}), BERLIN)
@example({"FREQ": "YEARLY", "SKIP": "FORWARD"}, (datetime(2024, 2, 29, 9), {"COUNT": 3}), BERLIN)
@example({"FREQ": "YEARLY", "BYMONTH": [2], "BYMONTHDAY": [30], "SKIP": "FORWARD"}, (datetime(2024, 2, 1), {}), BERLIN)
@example({"FREQ": "MONTHLY", "INTERVAL": 3, "BYMONTH": [2, 5, 8, 11]}, (datetime(2025, 2, 28, 9), {}), BERLIN)
@example({"FREQ": "YEARLY", "BYWEEKNO": [20]}, (datetime(2025, 1, 1, 9), {}), BERLIN)
@example({"FREQ": "YEARLY", "BYWEEKNO": [53, -53], "BYDAY": NAMES}, (datetime(2018, 1, 1, 9), {}), BERLIN)
@example({"FREQ": "YEARLY"}, (datetime(2020, 2, 29, 2, 30), {"COUNT": 9}), "America/New_York")
@example({"FREQ": "DAILY"}, (datetime(2025, 1, 1, 9, 0, 0, 500_000), {}), "Asia/Kathmandu")
@example({"FREQ": "YEARLY", "BYMONTH": [3, 11], "BYDAY": ["2SU", "-1FR"]}, (datetime(2025, 1, 1, 9), {}), BERLIN)
@example({"FREQ": "DAILY"}, (datetime(2025, 3, 28, 2, 30), {"UNTIL": datetime(2025, 3, 30, 1, 30, tzinfo=UTC)}), BERLIN)
@example({"FREQ": "DAILY"}, (datetime(2025, 3, 28, 2, 30), {"UNTIL": datetime(2025, 3, 30, 2, 30)}), BERLIN)
@example({"FREQ": "DAILY"}, (datetime(2025, 3, 28, 2, 30), {"UNTIL": datetime(2025, 3, 27)}), BERLIN)
def test_a_rule_names_the_days_that_the_calendar_says(said: Said, when: tuple[datetime, Said], zone: str) -> None:
    start, end = when
    if rule := parsed({**said, **end}):
        assert until_the_end(rule, start, zone) == occurrences({**said, **end}, start, zone, LAST_DAY)
    else:
        assert list(wall_times({**said, "INTERVAL": 1}, start, LAST_DAY)) == [start]


@pytest.mark.slow
@calendar
@given(rules(), starts_and_ends, zones, moments(FIRST_DAY - 400 * DAY), st.integers(0, 500))
def test_what_follows_and_what_lies_between_is_a_part_of_the_sequence(
    said: Said, when: tuple[datetime, Said], zone: str, moment: datetime, days: int
) -> None:
    start, end = when
    rule = parsed({**said, **end})
    if rule is None:
        return
    sequence = until_the_end(rule, start, zone)
    exact = [at for _, at in (*sequence[:2], *sequence[-2:])]
    for after in (moment.replace(tzinfo=UTC), *exact, *(at - MICROSECOND for at in exact)):
        expected = next((found for found in sequence if found[1] > after), None)
        found = following(rule, start, zone, after=after)
        assert found == expected or (expected is None and found is not None and found[0].date() > LAST_DAY)
        last = min(after + days * DAY, instant(LAST_DAY, time(), zone))
        inside = [at for _, at in sequence if after <= at <= last]
        assert between(rule, start, zone, first=after, last=last) == inside


@calendar
@given(rules(), moments(), zones)
def test_instants_rise_and_the_wall_shows_what_was_meant(said: Said, start: datetime, zone: str) -> None:
    rule = parsed(said)
    if rule is None:
        return
    found = list(islice(rule.occurrences(start, zone), 200))
    assert found[0] == (start, instant(start.date(), start.time(), zone))
    assert all(first[0] < second[0] and first[1] < second[1] for first, second in pairwise(found))
    for local, at in found:
        assert local.time() == start.time()
        assert wall_time(at, zone) >= local


# Every clock change of every zone


def days_to_start_on(zone: str) -> set[date]:
    """The days before clock changes, and those that are not in every month or year."""
    rare = {date(2028, 2, 28), date(2027, 2, 28), date(2025, 12, 30), date(2025, 1, 1)}
    return rare | {change.before.date() - DAY for change in changes(zone) if change.at.year >= 2025}


def test_every_day_means_every_day_through_all_clock_changes_of_all_zones() -> None:
    daily = parse_rule("FREQ=DAILY;COUNT=4")
    for zone in ZONES:
        for start in {datetime.combine(day, at) for day in days_to_start_on(zone) for at in critical_times(zone)}:
            expected = occurrences({"FREQ": "DAILY", "COUNT": 4}, start, zone, start.date() + 3 * DAY)
            assert list(daily.occurrences(start, zone)) == expected, (zone, start)
            assert len(expected) == 4, (zone, start)


def critical_times(zone: str) -> set[time]:
    """Just before, in and just after each gap and fold of the zone, and midnight."""
    edges = {(min(c.before, c.after), max(c.before, c.after)) for c in changes(zone) if c.at.year >= 2025}
    around = {
        moment.time()
        for first, last in edges
        for moment in (first - MICROSECOND, first, first + (last - first) / 2, last - MICROSECOND, last)
    }
    return around | {time(), time(23, 59, 59, 999_999)}


@pytest.mark.parametrize("zone", ["Africa/Casablanca", "Australia/Lord_Howe", "America/Nuuk", "America/Santiago"])
def test_six_years_of_days_none_left_out_and_none_twice(zone: str) -> None:
    for at in critical_times(zone):
        start = datetime.combine(date(2025, 1, 1), at)
        found = until_the_end(parse_rule("FREQ=DAILY"), start, zone)
        assert found == occurrences({"FREQ": "DAILY"}, start, zone, LAST_DAY)
        assert len(found) == 6 * 365 + 1


# Sentences about people


def days(rule: str, start: datetime, *, many: int = 5) -> list[str]:
    return [f"{local:%y-%m-%d}" for local, _ in islice(parse_rule(rule).occurrences(start, BERLIN), many)]


def test_the_31st_is_the_last_day_of_short_months_and_the_31st_again_afterwards() -> None:
    expected = ["25-01-31", "25-02-28", "25-03-31", "25-04-30", "25-05-31"]
    assert days("FREQ=MONTHLY", datetime(2025, 1, 31, 9)) == expected
    assert days("FREQ=MONTHLY;BYMONTHDAY=31", datetime(2025, 1, 31, 9)) == expected


def test_a_birthday_on_a_leap_day_is_had_every_year() -> None:
    expected = ["24-02-29", "25-02-28", "26-02-28", "27-02-28", "28-02-29"]
    assert days("FREQ=YEARLY", datetime(2024, 2, 29, 9)) == expected


def test_a_friday_the_13th_is_not_moved() -> None:
    assert days("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", datetime(2026, 2, 13)) == [
        *("26-02-13", "26-03-13", "26-11-13", "27-08-13", "28-10-13")
    ]


def test_what_began_long_ago_goes_on() -> None:
    found = following(parse_rule("FREQ=YEARLY"), datetime(1970, 5, 1), "UTC", after=datetime(2026, 1, 1, tzinfo=UTC))
    assert found == (datetime(2026, 5, 1), datetime(2026, 5, 1, tzinfo=UTC))


def test_a_day_that_the_place_left_out_is_not_had_twice() -> None:
    for at in (time(9), time()):
        start = datetime.combine(date(2011, 12, 29), at)
        found = list(islice(parse_rule("FREQ=DAILY").occurrences(start, "Pacific/Apia"), 3))
        assert [local for local, _ in found] == [start, start + 2 * DAY, start + 3 * DAY]  # there was no 30th
        assert [at for _, at in found] == [found[0][1] + n * DAY for n in range(3)]


def test_it_ends_with_the_years_that_dates_may_have() -> None:
    daily = parse_rule("FREQ=DAILY")
    assert [local.day for local, _ in daily.occurrences(datetime(2999, 12, 30, 9), BERLIN)] == [30, 31]
    assert following(daily, datetime(2026, 1, 1), "UTC", after=datetime.max.replace(tzinfo=UTC)) is None
    assert following(daily, datetime(2026, 1, 1), "UTC", after=datetime.min.replace(tzinfo=UTC)) is not None
