"""Dates, times and repetitions in English words, as to-do apps take them: `tomorrow 5pm`, `every! 3 days at 9`.

The whole text must be understood; nothing is skipped or guessed.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from django.utils.translation import gettext as _

from taskbell.common import written_dates
from taskbell.common.clock import day_of, in_months, last_of_month
from taskbell.common.recurrence import WEEKDAYS, following, from_other_program, parse_rule
from taskbell.common.values import BadValue
from taskbell.common.written_dates import NotADate, month_number, read_written_date, read_written_time, weekday_number

DAYS = {
    **dict.fromkeys(("today", "tod"), 0),
    **dict.fromkeys(("tomorrow", "tom", "tmr"), 1),
    "day after tomorrow": 2,
    "yesterday": -1,
}
CLOCKS = {"morning": time(9), "evening": time(19), "night": time(20)}
NUMBER_WORDS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
UNITS = {"day": "DAILY", "week": "WEEKLY", "month": "MONTHLY", "year": "YEARLY"}
ADVERBS = {
    "daily": "day",
    "weekly": "week",
    "biweekly": "2 weeks",
    "monthly": "month",
    "quarterly": "3 months",
    "yearly": "year",
    "annually": "year",
}
WORKDAYS = "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"
ORDINAL = r"(\d{1,2})(?:st|nd|rd|th)?"
AT_END = re.compile(
    r"(?P<rest>.*?),? ?(?:(?:\bat|@) ?(?P<hour>\d{1,2})|(?:(?:\bat|@) ?)?(?P<clock>\d{1,2}[:.]\d\d(?: ?[ap]\.?m\.?)?"
    r"|\d{1,2} ?[ap]\.?m\.?|noon)|\b(?:in the |at )?(?P<part>morning|evening|night))",
    re.ASCII,
)
REPEATS = re.compile(r"(?:every(?P<bang>!)? ?|(?P<after>after )|ev(?P<evbang>!)? )(?P<what>.+)", re.ASCII)
BOUNDS = ("starting", "from", "until", "ending")
SPAN = re.compile(r"(?:in |\+)?(?P<count>\d{1,3}|[a-z]+) (?P<unit>day|week|month|year)s?", re.ASCII)
TOO_OFTEN = re.compile(r"(?:\d+ )?(?:hour|hr|minute|min)s?|hourly", re.ASCII)


@dataclass(frozen=True)
class When:
    """What the words mean. The rule is one of RFC 5545; its start is the day."""

    day: date
    at: time | None = None
    rule: str = ""
    from_completion: bool = False


def read_when(text: str, now: datetime) -> When:
    """What the words mean at this wall time. Raises BadValue."""
    words = written_dates.words_of(text)
    try:
        when = _read_repetition(words, now) or _read_single(words, now)
    except (ValueError, OverflowError) as error:
        raise (
            error if isinstance(error, BadValue) else BadValue(_("Can't be read: %(error)s") % {"error": error})
        ) from error
    if when is None:
        raise BadValue(
            _("Can't be read: %(text)s. Write a date such as 2027-03-31, or words such as 'every day'.")
            % {"text": text[:100]}
        )
    return when


def _read_single(words: str, now: datetime) -> When | None:
    if day := _read_day(words, now.date()):
        return When(day)
    rest, at = _split_time(words)
    if at is None:
        return _written(words)
    if not rest:
        return When(now.date() if at > now.time() else now.date() + timedelta(days=1), at)
    day = _read_day(rest, now.date())
    return _written(words) if day is None else When(day, at)


def _written(words: str) -> When | None:
    try:
        found = read_written_date(words)
    except NotADate:
        return None
    return When(found.day, found.at)


def _split_time(words: str) -> tuple[str, time | None]:
    """The words before the time, and the time."""
    if words == "tonight":
        return "today", CLOCKS["night"]
    match = AT_END.fullmatch(words)
    if match is None:
        return words, None
    rest = match["rest"].removesuffix(" at").strip(" ,")
    if match["part"]:
        return rest, CLOCKS[match["part"]]
    if match["hour"]:
        return (rest, time(int(match["hour"]))) if int(match["hour"]) < 24 else (words, None)
    return rest, read_written_time(match["clock"])[0]


def _read_day(words: str, today: date) -> date | None:
    """The next day that the words can mean."""
    if words in DAYS:
        return today + timedelta(days=DAYS[words])
    if words == "next week":
        return today + timedelta(days=7 - today.weekday())
    if words in ("weekend", "this weekend", "at the weekend"):
        return today + timedelta(days=(5 - today.weekday()) % 7)
    if words in ("end of month", "end of the month", "eom"):
        return last_of_month(today)
    return _read_weekday(words, today) or _read_span(words, today) or _read_month_day(words, today)


def _read_weekday(words: str, today: date) -> date | None:
    words = words.removeprefix("on ").removeprefix("this ")
    weekday = weekday_number(words.removeprefix("next "))
    if weekday is None:
        return None
    if words.startswith("next "):
        return today + timedelta(days=7 - today.weekday() + weekday)
    return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)


def _read_span(words: str, today: date) -> date | None:
    match = SPAN.fullmatch(words)
    count = match and _count(match["count"])
    if not match or count is None:
        return None
    if match["unit"] in ("day", "week"):
        return today + timedelta(days=count * (7 if match["unit"] == "week" else 1))
    return in_months(today, count * (12 if match["unit"] == "year" else 1))


def _read_month_day(words: str, today: date) -> date | None:
    """`4 Jan`, `Jan 4th`, `the 15th`: the next such day."""
    found = _month_and_day(words.removeprefix("on "))
    if found is None:
        return None
    month, day = found
    for year, some in ((today.year + step // 12, step % 12 + 1) for step in range(today.month - 1, today.month + 96)):
        if month in (None, some) and (meant := day_of(year, some, day)) and meant >= today:
            return meant
    return None


def _month_and_day(words: str) -> tuple[int | None, int] | None:
    if match := re.fullmatch(r"(?:the )?(\d{1,2})(?:st|nd|rd|th)(?: of the month)?", words, re.ASCII):
        return None, int(match[1])
    match = re.fullmatch(rf"{ORDINAL}(?: of)? ?([a-z]+)\.?", words, re.ASCII)
    day, name = match.groups() if match else (None, None)
    if match is None and (match := re.fullmatch(rf"([a-z]+)\.? ?{ORDINAL}", words, re.ASCII)):
        name, day = match.groups()
    month = month_number(name) if name else None
    return (month, int(day)) if month and day else None


def _count(word: str) -> int | None:
    return int(word) or None if word.isdigit() else NUMBER_WORDS.get(word)


def _read_repetition(words: str, now: datetime) -> When | None:
    first, _space, others = words.partition(" ")
    if first in ADVERBS:
        words = f"every {ADVERBS[first]} {others}".strip()
    match = REPEATS.fullmatch(words)
    if match is None:
        return None
    what, start, until = match["what"], now.date(), ""
    while bound := _split_bound(what):
        what, kind, words = bound
        day = _bound(words, now)
        start, until = (day, until) if kind in ("starting", "from") else (start, f";UNTIL={day:%Y%m%d}")
    what, at = _split_time(what)
    what = what.strip() or "day"
    if TOO_OFTEN.fullmatch(what):
        raise BadValue(_("Can't repeat more often than daily."))
    rule = next(filter(None, (read(what) for read in RULE_READERS)), None)
    if rule is None:
        return None
    when = When(start, at, rule + until, bool(match["bang"] or match["evbang"] or match["after"]))
    return replace(when, day=_first(when, now))


def _split_bound(what: str) -> tuple[str, str, str] | None:
    """What repeats, the last word that names a bound, and the day after it."""
    words = what.split(" ")
    place = next((place for place in range(len(words) - 2, 0, -1) if words[place] in BOUNDS), 0)
    days = words[place + 1 :]
    days = days[1:] if len(days) > 1 and days[0] == "on" else days
    return (" ".join(words[:place]), words[place], " ".join(days)) if place else None


def _bound(words: str, now: datetime) -> date:
    found = _read_single(words, now)
    if found is None:
        raise BadValue(_("Can't be read: %(words)s.") % {"words": words[:100]})
    return found.day


def _first(when: When, now: datetime) -> date:
    """The first day of the rule; today only if its time is still to come."""
    begin = datetime.combine(when.day, when.at or time())
    least = begin if when.at is None or begin > now else now
    rule, start = when.rule, begin
    if "BY" in rule:  # the start is an occurrence of every rule, so it lies before
        rule, start = re.sub(";INTERVAL=[0-9]+", "", rule), begin - timedelta(days=1)
    strict = parse_rule(from_other_program(rule, None))
    found = following(strict, start, "UTC", after=(least - timedelta(seconds=1)).replace(tzinfo=UTC))
    if found is None:
        raise BadValue(_("Can't repeat, because it ends before it starts."))
    return found[0].date()


def _every_span(what: str) -> str | None:
    match = re.fullmatch(r"(?:(\d{1,3}|other|[a-z]+) )?(day|week|month|year)s?", what, re.ASCII)
    if match is None:
        return "FREQ=MONTHLY;INTERVAL=3" if what == "quarter" else None
    count = 2 if match[1] == "other" else _count(match[1]) if match[1] else 1
    if count is None:
        return None
    return f"FREQ={UNITS[match[2]]}" + (f";INTERVAL={count}" if count > 1 else "")


def _every_weekday(what: str) -> str | None:
    if what in ("weekday", "workday", "weekdays", "workdays"):
        return WORKDAYS
    match = re.fullmatch(r"(?:(other) |(?:(\d{1,3}|other) )?weeks? on )?(.+)", what, re.ASCII)
    if match is None:
        return None
    other, count, names = match.groups()
    days = [_weekday(name) for name in _list(names)]
    if None in days or not days or count == "0":
        return None
    interval = 2 if "other" in (other, count) else int(count or 1)
    codes = ",".join(WEEKDAYS[day] for day in sorted({day for day in days if day is not None}))
    return "FREQ=WEEKLY" + (f";INTERVAL={interval}" if interval > 1 else "") + f";BYDAY={codes}"


def _every_day_of_month(what: str) -> str | None:
    what = re.sub(r"^month(?: on)?(?: the)? | of (?:the|each|every) month$", "", what)
    if what in ("last day", "last"):
        return "FREQ=MONTHLY;BYMONTHDAY=-1"
    if match := re.fullmatch(rf"(?:(\d)(?:st|nd|rd|th)|({'|'.join(ORDINALS)})) ([a-z]+)", what, re.ASCII):
        weekday = weekday_number(match[3])
        position = int(match[1]) if match[1] else ORDINALS[match[2]]
        return None if weekday is None or position > 5 else f"FREQ=MONTHLY;BYDAY={position}{WEEKDAYS[weekday]}"
    days = [re.fullmatch(ORDINAL, name, re.ASCII) for name in _list(what)]
    if not all(days):
        return None
    return "FREQ=MONTHLY;BYMONTHDAY=" + ",".join(str(day) for day in sorted({int(match[1]) for match in days if match}))


def _every_day_of_year(what: str) -> str | None:
    found = _month_and_day(re.sub(r"^year(?: on)?(?: the)? ", "", what))
    if found is None or found[0] is None:
        return None
    return f"FREQ=YEARLY;BYMONTH={found[0]};BYMONTHDAY={found[1]}"


def _weekday(name: str) -> int | None:
    found = weekday_number(name)
    return weekday_number(name.removesuffix("s")) if found is None else found


def _list(words: str) -> list[str]:
    return [name for name in re.split(r",? and |, ?| ", words) if name]


RULE_READERS: tuple[Callable[[str], str | None], ...] = (
    _every_span,
    _every_weekday,
    _every_day_of_month,
    _every_day_of_year,
)
