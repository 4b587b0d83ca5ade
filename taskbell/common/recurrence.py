"""Recurrence rules (RFC 5545 §3.3.10).

A rule is expanded in local wall time, and the time zone is applied to each occurrence afterwards, so that
"every day at 9:00" stays 9:00 across clock changes. Unlike the RFC, a day that a month does not have means the
month's last day, and later months use the original day again; with SKIP (RFC 7529), a rule says otherwise. The
start is always the first occurrence, even if it does not match the rule, and COUNT includes it.

We expand rules ourselves: python-dateutil 2.9 reads `BYDAY=MO,1TU` as "both at once", miscounts week 53 and BYSETPOS
in a first week, and always walks from the start; ours begins at the requested period.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import chain, islice, takewhile

from django.utils.translation import gettext as _

from taskbell.common.clock import LATEST, instant, wall_time
from taskbell.common.rule_days import Days

MAX_RULE_LENGTH = 512
MAX_COUNT = 10_000
# How far ahead a rule is searched: one that does not match within fifty years never does.
HORIZON = timedelta(days=50 * 366)
DAY = timedelta(days=1)
MAX_OFFSET = timedelta(days=3)  # wall time and UTC, and both ends of a clock change, are less than this apart
# The largest INTERVAL of each frequency that stays within the horizon.
INTERVALS = {"DAILY": 18_000, "WEEKLY": 2_600, "MONTHLY": 600, "YEARLY": 50}
COMMON_PARTS = {"RSCALE", "FREQ", "SKIP", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYMONTH", "BYDAY"}
# The parts allowed with each frequency (RFC 5545 §3.3.10, the table), except those of a daily rule that a monthly rule
# can express as well.
PARTS = {
    "DAILY": COMMON_PARTS,
    "WEEKLY": COMMON_PARTS | {"BYSETPOS"},
    "MONTHLY": COMMON_PARTS | {"BYSETPOS", "BYMONTHDAY"},
    "YEARLY": COMMON_PARTS | {"BYSETPOS", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO"},
}
MAX_NUMBERS = {"BYMONTH": 12, "BYMONTHDAY": 31, "BYYEARDAY": 366, "BYWEEKNO": 53, "BYSETPOS": 366}
SKIPS = ("OMIT", "BACKWARD", "FORWARD")
Occurrence = tuple[datetime, datetime]  # wall time and UTC instant
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@dataclass(frozen=True)
class Rule:
    """A valid rule; `parts` is everything but COUNT and UNTIL."""

    text: str
    parts: Days
    count: int | None = None
    until: date | datetime | None = None

    def occurrences(self, start: datetime, zone: str, *, since: datetime | None = None) -> Iterator[Occurrence]:
        """Wall time and UTC instant of each occurrence, in order, starting at the naive wall time `start`.

        Occurrences before the instant `since` may be left out, which is cheaper. Occurrences that a time zone change
        moves to the same instant count once; a day that the zone skips entirely becomes the next day.
        """
        first = start.date() if since is None or since.date() <= start.date() else since.date() - MAX_OFFSET
        previous = datetime.min.replace(tzinfo=UTC)
        for local in self._wall_times(start, max(first, start.date())):
            at = instant(local.date(), local.time(), zone)
            if self._is_over(local, at):
                return
            if at > previous:
                yield _on_a_real_day(local, at, zone), at
                previous = at

    def number_between(self, start: date, first: date, last: date) -> int:
        """How many days from `first` to `last`, both after the start, have an occurrence if the rule does not end."""
        return self.parts.starting(start).count(start, first, last)

    def _wall_times(self, start: datetime, since: date) -> Iterator[datetime]:
        begin = start.date()
        last = min(since, LATEST - HORIZON) + HORIZON
        days = self.parts.starting(begin).between(begin, max(since, begin + DAY), last)
        left = self.count
        if since == begin:
            days = chain([begin], days)
        elif left is not None:
            left = max(0, left - 1 - self.number_between(begin, begin + DAY, since - DAY))
        return (datetime.combine(day, start.time()) for day in islice(days, left))

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


def _on_a_real_day(local: datetime, at: datetime, zone: str) -> datetime:
    """The wall time; on a day that the zone skips entirely, that of the next day, which is the same instant."""
    shown = wall_time(at, zone)
    return shown if shown.date() != local.date() and shown.time() == local.time() else local


@lru_cache(maxsize=1024)
def parse_rule(text: str) -> Rule:
    """The parsed rule. Raises ValueError, with a message for people, if it is invalid, too costly or sub-daily."""
    _check_length(text)
    if not text.isascii():  # upper() would turn a dotless i into I
        raise ValueError(_("A rule must consist of plain letters and digits (RFC 5545 §3.3.10)."))
    given = split_rule(text.strip().upper().removeprefix("RRULE:"))
    days = _days(given)
    count = _number(given, "COUNT", MAX_COUNT)
    if "COUNT" in given and "UNTIL" in given:
        raise ValueError(_("A rule can't have both COUNT and UNTIL."))
    if not days.ever_match():
        raise ValueError(_("No day ever matches this rule."))
    # RFC 7529 §4.1: SKIP comes with RSCALE.
    written = join_rule({"RSCALE": "GREGORIAN"} | given if "SKIP" in given else given)
    _check_length(written)
    return Rule(
        text=written,
        parts=days,
        count=count if "COUNT" in given else None,
        until=_until(given["UNTIL"]) if "UNTIL" in given else None,
    )


def following(rule: Rule, start: datetime, zone: str, *, after: datetime) -> Occurrence | None:
    """Wall time and instant of the first occurrence after `after`; None if the rule has ended."""
    return next((found for found in rule.occurrences(start, zone, since=after) if found[1] > after), None)


def between(rule: Rule, start: datetime, zone: str, *, first: datetime, last: datetime) -> list[datetime]:
    """The instants of the occurrences from `first` to `last`, inclusive."""
    instants = (at for _, at in rule.occurrences(start, zone, since=first))
    return [at for at in takewhile(lambda at: at <= last, instants) if at >= first]


def from_other_program(text: str, start: date | None, *, skip: str = "OMIT") -> str:
    """The rule as we store it if it comes from another program, with its start.

    `skip` is what that program does in a month that lacks the day; most follow RFC 5545 and have no occurrence there.
    The rule gets SKIP only if that can happen. Raises ValueError.
    """
    rule = parse_rule(text)
    if rule.parts.skip or not rule.parts.may_lack_a_day(start):
        return rule.text
    return parse_rule(f"{rule.text};SKIP={skip}").text


def for_other_programs(text: str, start: date | None) -> str:
    """A stored rule, with its start, as other programs read it (RFC 5545): SKIP says where we differ (RFC 7529)."""
    rule = parse_rule(text)
    if not rule.parts.may_lack_a_day(start):
        return rule.text
    if rule.parts.skip == "OMIT":  # what every program does without it
        parts = split_rule(rule.text).items()
        return join_rule({name: value for name, value in parts if name not in ("RSCALE", "SKIP")})
    return rule.text if rule.parts.skip else f"RSCALE=GREGORIAN;{rule.text};SKIP=BACKWARD"


def _check_length(text: str) -> None:
    if len(text) > MAX_RULE_LENGTH:
        raise ValueError(_("A rule can have at most %(rule_length)s characters.") % {"rule_length": MAX_RULE_LENGTH})


def join_rule(parts: Mapping[str, str]) -> str:
    """The text of a rule with these parts."""
    return ";".join(f"{name}={value}" for name, value in parts.items())


def split_rule(text: str, *, example: str = "FREQ=WEEKLY;BYDAY=MO") -> dict[str, str]:
    """The parts of a rule by name. Raises ValueError, with a message for people that shows the example."""
    pairs = [pair.partition("=") for pair in text.split(";")]
    parts = {name.strip(): ",".join(one.strip(" ") for one in value.strip().split(",")) for name, _sign, value in pairs}
    if len(parts) != len(pairs) or not all(value for value in parts.values()):
        raise ValueError(_("A rule must be a list such as %(example)s, with each name once.") % {"example": example})
    return parts


def _days(given: Mapping[str, str]) -> Days:
    frequency = given.get("FREQ", "")
    if frequency not in PARTS:
        raise ValueError(_("FREQ must be DAILY, WEEKLY, MONTHLY or YEARLY."))
    unknown = sorted(given.keys() - PARTS[frequency])
    if unknown:
        raise ValueError(
            _("%(unknown)s is not allowed in a %(frequency)s rule.")
            % {"unknown": unknown[0][:20], "frequency": frequency}
        )
    interval = _number(given, "INTERVAL", INTERVALS[frequency])
    if frequency == "DAILY" and "BYDAY" in given and interval % 7 == 0:
        raise ValueError(_("Use WEEKLY for a rule with days of the week."))
    if "BYSETPOS" in given and not any(name.startswith("BY") for name in given.keys() - {"BYSETPOS"}):
        raise ValueError(_("BYSETPOS needs another part to choose from, such as BYDAY."))
    if given.get("RSCALE", "GREGORIAN") != "GREGORIAN":
        raise ValueError(_("RSCALE must be GREGORIAN, because no other calendar is supported."))
    if given.get("SKIP", "OMIT") not in SKIPS:
        raise ValueError(_("SKIP must be OMIT, BACKWARD or FORWARD (RFC 7529 §4.1)."))
    if given.get("WKST", "MO") not in WEEKDAYS:
        raise ValueError(_("WKST must be one of MO, TU, WE, TH, FR, SA and SU."))
    months, month_days, year_days, weeks, positions = (_numbers(given, name) for name in MAX_NUMBERS)
    week_start = WEEKDAYS.index(given.get("WKST", "MO"))
    weekdays = _weekdays(given, may_count=frequency in ("MONTHLY", "YEARLY") and not weeks)
    skip = given.get("SKIP", "OMIT" if "RSCALE" in given else "")
    return Days(frequency, interval, week_start, months, month_days, year_days, weeks, weekdays, positions, skip)


def _number(given: Mapping[str, str], name: str, largest: int) -> int:
    raw = given.get(name, "1")
    if not re.fullmatch("[0-9]{1,6}", raw) or not 1 <= int(raw) <= largest:
        raise ValueError(_("%(name)s must be a number from 1 to %(largest)s.") % {"name": name, "largest": largest})
    return int(raw)


def _numbers(given: Mapping[str, str], name: str) -> frozenset[int]:
    raws = given[name].split(",") if name in given else []
    sign, largest = "" if name == "BYMONTH" else "[+-]?", MAX_NUMBERS[name]
    if not all(re.fullmatch(sign + "[0-9]{1,3}", raw) and 1 <= abs(int(raw)) <= largest for raw in raws):
        values = {"name": name, "largest": largest}
        if sign:
            form = _("%(name)s must be a list of numbers from 1 to %(largest)s, or negative to count from the end.")
        else:
            form = _("%(name)s must be a list of numbers from 1 to %(largest)s.")
        raise ValueError(form % values)
    return frozenset(map(int, raws))


def _weekdays(given: Mapping[str, str], *, may_count: bool) -> frozenset[tuple[int, int]]:
    found = set()
    for raw in given["BYDAY"].split(",") if "BYDAY" in given else ():
        match = re.fullmatch(r"([+-]?[0-9]{1,2})?([A-Z]{2})", raw)
        if not match or match[2] not in WEEKDAYS or (match[1] and not 1 <= abs(int(match[1])) <= 53):
            raise ValueError(_("BYDAY must be a list of weekdays such as MO or, in a MONTHLY or YEARLY rule, -1MO."))
        if match[1] and not may_count:
            raise ValueError(_("Numbered weekdays such as 2MO need a MONTHLY or YEARLY rule without BYWEEKNO."))
        found.add((int(match[1] or 0), WEEKDAYS.index(match[2])))
    return frozenset(found)


def _until(text: str) -> date | datetime:
    try:
        if re.fullmatch("[0-9]{8}(T[0-9]{6}Z?)?", text):
            moment = datetime.fromisoformat(text.removesuffix("Z"))
            return moment.replace(tzinfo=UTC if text[-1] == "Z" else None) if "T" in text else moment.date()
    except ValueError:
        pass
    raise ValueError(_("UNTIL must be a date such as 20271231 or an instant such as 20271231T090000Z."))
