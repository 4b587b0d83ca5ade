"""Rules that repeat (RFC 5545 §3.3.10), read the way people mean them.

A rule is expanded in local wall time; the time zone is attached to each occurrence afterwards, so that
"every day at 9:00" stays 9:00 over clock changes. Beyond the RFC: a day of the month that a month does
not have means its last day, and the day that was meant is remembered. The start is the first occurrence,
whether it fits the rule or not, and COUNT counts it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from heapq import merge
from itertools import groupby, islice
from typing import cast
from zoneinfo import ZoneInfo

from dateutil.rrule import rrule, rrulestr

from taskbell.common.clock import instant

LONGEST = 512
MOST_COUNT = 10_000
# How far a rule is looked into the future: one that does not fit within fifty years never does.
HORIZON = timedelta(days=50 * 366)
# The largest INTERVAL of each frequency that stays within the horizon.
INTERVALS = {"DAILY": 18_000, "WEEKLY": 2_600, "MONTHLY": 600, "YEARLY": 50}
ALWAYS = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYMONTH", "BYDAY"}
# What else a rule of each frequency may say (RFC 5545 §3.3.10, the table), but for a daily rule what a monthly
# one says as well: the parser would look for the 30th of February day by day up to the year 9999.
PARTS = {
    "DAILY": ALWAYS,
    "WEEKLY": ALWAYS | {"BYSETPOS"},
    "MONTHLY": ALWAYS | {"BYSETPOS", "BYMONTHDAY"},
    "YEARLY": ALWAYS | {"BYSETPOS", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO"},
}
# Beside these, a day of the month is one condition among others and not a day that is meant.
CONDITIONS = {"BYDAY", "BYSETPOS", "BYWEEKNO", "BYYEARDAY"}


@dataclass(frozen=True)
class Rule:
    """A rule that was found good; `parts` is what it says without COUNT and UNTIL."""

    text: str
    parts: Mapping[str, str]
    count: int | None = None
    until: date | datetime | None = None

    def occurrences(self, start: datetime, zone: str) -> Iterator[tuple[datetime, datetime]]:
        """Wall time and UTC instant of each occurrence, in order, from the naive wall time `start` on.

        Occurrences that a change of the zone's calendar lays on one instant are one.
        """
        previous = datetime.min.replace(tzinfo=UTC)
        for local in self._wall_times(start):
            at = instant(local.date(), local.time(), zone)
            if self._is_over(local, at):
                return
            if at > previous:
                yield local, at
                previous = at

    def _wall_times(self, start: datetime) -> Iterator[datetime]:
        expanded = merge(*(_expand(variant, start) for variant in _variants(self.parts, start)))
        later = (moment for moment, _ in groupby(expanded) if moment > start)
        yield start
        yield from later if self.count is None else islice(later, self.count - 1)

    def _is_over(self, local: datetime, at: datetime) -> bool:
        match self.until:
            case None:
                return False
            case datetime(tzinfo=None) as until:
                return local > until
            case datetime() as until:
                return at > until
            case until:
                return local.date() > until


def parse_rule(text: str) -> Rule:
    """The rule. Raises ValueError, with a sentence, for one that is wrong, costly, or faster than daily."""
    if len(text) > LONGEST:
        raise ValueError(f"A rule has at most {LONGEST} characters.")
    parts = _split(text.strip().upper().removeprefix("RRULE:"))
    frequency = parts.get("FREQ", "")
    if frequency not in INTERVALS:
        raise ValueError("FREQ is DAILY, WEEKLY, MONTHLY or YEARLY.")
    unknown = sorted(parts.keys() - PARTS[frequency])
    if unknown:
        raise ValueError(f"{unknown[0][:20]} is not a part of a {frequency} rule.")
    interval = _number(parts, "INTERVAL", 1)
    if not 1 <= interval <= INTERVALS[frequency]:
        raise ValueError(f"INTERVAL is a number from 1 to {INTERVALS[frequency]}.")
    if frequency == "DAILY" and "BYDAY" in parts and interval % 7 == 0:
        raise ValueError("Say WEEKLY for a rule that names days of the week.")
    if "COUNT" in parts and "UNTIL" in parts:
        raise ValueError("COUNT and UNTIL exclude each other.")
    count = _number(parts, "COUNT", 1)
    if not 1 <= count <= MOST_COUNT:
        raise ValueError(f"COUNT is a number from 1 to {MOST_COUNT}.")
    rule = Rule(
        text=";".join(f"{name}={value}" for name, value in parts.items()),
        parts={name: value for name, value in parts.items() if name not in ("COUNT", "UNTIL")},
        count=count if "COUNT" in parts else None,
        until=_until(parts["UNTIL"]) if "UNTIL" in parts else None,
    )
    _check_fits(rule)
    return rule


def following(rule: Rule, start: datetime, zone: str, *, after: datetime) -> tuple[datetime, datetime] | None:
    """Wall time and instant of the first occurrence later than `after`; None where the rule has ended."""
    for local, at in rule.occurrences(start, zone):
        if at > after:
            return local, at
    return None


def between(rule: Rule, start: datetime, zone: str, *, first: datetime, last: datetime) -> list[datetime]:
    """The instants of the occurrences from `first` to `last`, both included."""
    found = []
    for _, at in rule.occurrences(start, zone):
        if at > last:
            break
        if at >= first:
            found.append(at)
    return found


def wall_time(at: datetime, zone: str) -> datetime:
    """What a clock in the zone shows at this instant, as a naive time."""
    return at.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)


def _split(text: str) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in text.split(";")]
    parts = {name.strip(): value.strip() for name, _, value in pairs}
    if len(parts) != len(pairs) or not all(value for value in parts.values()):
        raise ValueError("A rule is a list such as FREQ=WEEKLY;BYDAY=MO, each name once.")
    return parts


def _number(parts: Mapping[str, str], name: str, default: int) -> int:
    raw = parts.get(name, str(default))
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 7 else 0


def _until(text: str) -> date | datetime:
    for form, zone in (("%Y%m%dT%H%M%SZ", UTC), ("%Y%m%dT%H%M%S", None)):
        try:
            return datetime.strptime(text, form).replace(tzinfo=zone)
        except ValueError:
            continue
    try:
        return date.fromisoformat(f"{text[:4]}-{text[4:6]}-{text[6:]}")
    except ValueError as error:
        raise ValueError("UNTIL is a date such as 20271231 or an instant such as 20271231T090000Z.") from error


def _check_fits(rule: Rule) -> None:
    """Raises ValueError for a rule that the parser refuses or that never fits."""
    start = datetime(2024, 1, 1)  # noqa: DTZ001 - a wall time
    endless = Rule(rule.text, rule.parts)
    try:
        fits = any(islice(endless._wall_times(start), 1, None))
    except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
        raise ValueError("This is not a rule (RFC 5545 §3.3.10).") from error
    if not fits:
        raise ValueError("No day ever fits this rule.")


def _expand(parts: Mapping[str, str], start: datetime) -> Iterator[datetime]:
    text = ";".join(f"{name}={value}" for name, value in parts.items())
    end = min(start + HORIZON, datetime(2999, 12, 31))  # noqa: DTZ001 - a wall time
    return iter(cast(rrule, rrulestr(text, dtstart=start)).replace(until=end))


def _variants(parts: Mapping[str, str], start: datetime) -> list[dict[str, str]]:
    """Rules that say together what the rule means: one for each day that some months do not have.

    "The 31st" becomes "the last of the 28th to the 31st that there is".
    """
    rule = dict(parts)
    if rule["FREQ"] not in ("MONTHLY", "YEARLY") or rule.keys() & CONDITIONS:
        return [rule]
    days = rule.pop("BYMONTHDAY", str(start.day)).split(",")
    if rule["FREQ"] == "MONTHLY":
        return [rule | _day_of_month(day) for day in days]
    months = rule.pop("BYMONTH", str(start.month) if "BYMONTHDAY" not in parts else _ALL_MONTHS).split(",")
    return [rule | {"BYMONTH": month} | _day_of_month(day) for month in months for day in days]


_ALL_MONTHS = ",".join(str(month) for month in range(1, 13))


def _day_of_month(day: str) -> dict[str, str]:
    number = int(day)
    if number <= 28:
        return {"BYMONTHDAY": day}
    return {"BYMONTHDAY": ",".join(str(n) for n in range(28, number + 1)), "BYSETPOS": "-1"}
