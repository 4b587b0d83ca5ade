"""Recurrence rules in words, such as "every Monday and Thursday at 09:00, 10 times"."""

import re
from calendar import day_name, monthrange
from collections.abc import Iterable, Mapping
from datetime import date, datetime

from taskbell.common.recurrence import PARTS, WEEKDAYS

UNITS = {"MINUTELY": "minute", "HOURLY": "hour", "DAILY": "day", "WEEKLY": "week", "MONTHLY": "month", "YEARLY": "year"}
DAY_NAMES = dict(zip(WEEKDAYS, day_name, strict=True))
WORKING_DAYS = frozenset(["MO", "TU", "WE", "TH", "FR"])
ORDINALS = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth"}
SHORT_MONTHS = {
    "OMIT": " (not in months without it)",
    "BACKWARD": " (or the day before)",
    "FORWARD": " (or the day after)",
}


def rule_in_words(text: str, *, at: str = "") -> str:
    """The rule for people; `at` is the time of day, in words. A rule that we have no words for is shown as written."""
    return _in_words(text, f" at {at}" if at else "")


def rule_with_time(text: str, first: datetime, *, day: date | None = None) -> str:
    """The rule with the time of day of its first occurrence, which is in the reader's time zone.

    Around midnight the rule's Monday can be the reader's Sunday. The text then names the task's time zone instead of
    the time. `day` is the date of that occurrence in the task's zone; without it, the days in the rule decide.
    """
    is_same = _is_on(_parts(text), first.date()) if day is None else day == first.date()
    return _in_words(text, f" at {first:%H:%M}" if is_same else " in the task's time zone")


def _in_words(text: str, time: str) -> str:
    parts = _parts(text)
    if parts.get("FREQ") not in UNITS or parts.keys() - PARTS["YEARLY"]:
        return f"by the rule {text}"
    if parts["FREQ"] in ("HOURLY", "MINUTELY"):
        time = ""
    return f"{_period(parts)}{_months(parts)}{time}{_end(parts)}"


def _parts(text: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in text.upper().removeprefix("RRULE:").split(";") if "=" in part)


def _is_on(parts: Mapping[str, str], day: date) -> bool:
    """True if the day is one of the weekdays, days of the month and months that the rule names."""
    last = monthrange(day.year, day.month)[1]
    dates = {min(int(number), last) for number in parts.get("BYMONTHDAY", "").split(",") if number}
    months = {int(number) for number in parts.get("BYMONTH", "").split(",") if number}
    weekdays = {part[-2:] for part in parts.get("BYDAY", "").split(",") if part}
    return (
        (not dates or not dates.isdisjoint({day.day, day.day - last - 1}))
        and (not months or day.month in months)
        and (not weekdays or WEEKDAYS[day.weekday()] in weekdays)
    )


def _period(parts: Mapping[str, str]) -> str:
    unit, interval = UNITS[parts["FREQ"]], int(parts.get("INTERVAL", "1"))
    days = _days(parts)
    if unit in ("day", "week") and interval == 1 and days:
        return f"every {days}"
    every = f"every {unit}" if interval == 1 else f"every {interval} {unit}s"
    weeks = f" in week {_listed(parts['BYWEEKNO'].split(','))}" if "BYWEEKNO" in parts else ""
    each = "every " if days in (*DAY_NAMES.values(), "weekday") and unit in ("month", "year") and not weeks else ""
    return f"{every}{weeks}" + (f" on {each}{days}" if days else "")


def _days(parts: Mapping[str, str]) -> str:
    """The days of the period: "Monday and Thursday", "the last day", "the first weekday"."""
    weekdays = _weekdays(parts.get("BYDAY", ""))
    if "BYSETPOS" in parts:
        of = weekdays if weekdays == "weekday" else f"the days: {weekdays or _dates(parts)}"
        return f"{_listed(_nth(int(number)) for number in parts['BYSETPOS'].split(','))} {'of ' * (of != weekdays)}{of}"
    dates = _dates(parts)
    if dates and weekdays:
        return f"{dates} if it is a {weekdays.replace(' and ', ' or ')}"
    return dates or weekdays


def _dates(parts: Mapping[str, str]) -> str:
    if "BYYEARDAY" in parts:
        days = map(int, parts["BYYEARDAY"].split(","))
        return f"{_listed(f'day {day}' if day > 0 else f'{_nth(day)} day' for day in days)} of the year"
    numbers = [int(number) for number in parts.get("BYMONTHDAY", "").split(",") if number]
    short = SHORT_MONTHS.get(parts.get("SKIP", ""), " (or the last day)") if max(numbers, default=0) > 28 else ""
    return (
        _listed(f"the {number}{_suffix(number)}" if number > 0 else f"{_nth(number)} day" for number in numbers) + short
    )


def _weekdays(text: str) -> str:
    found = [re.fullmatch(r"([+-]?\d+)?([A-Z]{2})", part) for part in text.split(",") if part]
    days = [(match[1], match[2]) for match in found if match and match[2] in DAY_NAMES]
    if {day for _, day in days} == WORKING_DAYS and not any(number for number, _ in days):
        return "weekday"
    return _listed(f"{_nth(int(number))} {DAY_NAMES[day]}" if number else DAY_NAMES[day] for number, day in days)


def _months(parts: Mapping[str, str]) -> str:
    months = [f"{date(2000, int(number), 1):%B}" for number in parts.get("BYMONTH", "").split(",") if number]
    return f" {'of' if 'BYMONTHDAY' in parts else 'in'} {_listed(months)}" if months else ""


def _end(parts: Mapping[str, str]) -> str:
    if "COUNT" in parts:
        return ", once" if parts["COUNT"] == "1" else f", {parts['COUNT']} times"
    if "UNTIL" in parts:
        last = date.fromisoformat(parts["UNTIL"][:8])
        return f", until {last.day} {last:%B %Y}"
    return ""


def _nth(number: int) -> str:
    if number == -1:
        return "the last"
    if number < 0:
        return f"the {ORDINALS.get(-number, f'{-number}{_suffix(-number)}')} to last"
    return f"the {ORDINALS.get(number, f'{number}{_suffix(number)}')}"


def _suffix(number: int) -> str:
    return "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")


def _listed(words: Iterable[str]) -> str:
    *most, last = list(words) or [""]
    return f"{', '.join(most)} and {last}" if most else last
