"""Recurrence rules in words, such as "every Monday and Thursday at 09:00, 10 times"."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime

from django.utils.dateformat import format as date_format
from django.utils.dates import WEEKDAYS as WEEKDAY_NAMES
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext, pgettext

from taskbell.common.clock import last_of_month
from taskbell.common.recurrence import PARTS, WEEKDAYS
from taskbell.common.wording import DATE, in_words

UNITS = {"MINUTELY": "minute", "HOURLY": "hour", "DAILY": "day", "WEEKLY": "week", "MONTHLY": "month", "YEARLY": "year"}
EVERY = {
    "minute": lambda n: ngettext("every minute", "every %(n)d minutes", n),
    "hour": lambda n: ngettext("every hour", "every %(n)d hours", n),
    "day": lambda n: ngettext("every day", "every %(n)d days", n),
    "week": lambda n: ngettext("every week", "every %(n)d weeks", n),
    "month": lambda n: ngettext("every month", "every %(n)d months", n),
    "year": lambda n: ngettext("every year", "every %(n)d years", n),
}
WORKING_DAYS = frozenset(["MO", "TU", "WE", "TH", "FR"])
ORDINALS = {
    1: gettext_noop("first"),
    2: gettext_noop("second"),
    3: gettext_noop("third"),
    4: gettext_noop("fourth"),
    5: gettext_noop("fifth"),
}
FROM_THE_END = {
    1: gettext_noop("the last"),
    2: gettext_noop("the second to last"),
    3: gettext_noop("the third to last"),
    4: gettext_noop("the fourth to last"),
    5: gettext_noop("the fifth to last"),
}
SHORT_MONTHS = {
    "OMIT": gettext_noop("(not in months without it)"),
    "BACKWARD": gettext_noop("(or the day before)"),
    "FORWARD": gettext_noop("(or the day after)"),
    "": gettext_noop("(or the last day)"),
}


def rule_in_words(text: str, *, at: str = "") -> str:
    """The rule for people; `at` is the time of day, in words. A rule that we have no words for is shown as written."""
    return _in_words(text, _at(at) if at else "")


def rule_with_time(text: str, first: datetime, *, day: date | None = None) -> str:
    """The rule with the time of day of its first occurrence, which is in the reader's time zone.

    Around midnight the rule's Monday can be the reader's Sunday. The text then names the task's time zone instead of
    the time. `day` is the date of that occurrence in the task's zone; without it, the days in the rule decide.
    """
    is_same = _is_on(_parts(text), first.date()) if day is None else day == first.date()
    return _in_words(text, _at(f"{first:%H:%M}") if is_same else _("in the task's time zone"))


def _at(time: str) -> str:
    return _("at %(time)s") % {"time": time}


def _in_words(text: str, time: str) -> str:
    parts = _parts(text)
    if parts.get("FREQ") not in UNITS or parts.keys() - PARTS["YEARLY"]:
        return _("by the rule %(rule)s") % {"rule": text}
    if parts["FREQ"] in ("HOURLY", "MINUTELY"):
        time = ""
    return " ".join(filter(None, (_period(parts), _months(parts), time))) + _end(parts)


def _parts(text: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in text.upper().removeprefix("RRULE:").split(";") if "=" in part)


def _is_on(parts: Mapping[str, str], day: date) -> bool:
    """True if the day is one of the weekdays, days of the month and months that the rule names."""
    last = last_of_month(day).day
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
        return _("every %(days)s") % {"days": days}
    every = [EVERY[unit](interval) % {"n": interval}]
    weeks = _listed(parts["BYWEEKNO"].split(",")) if "BYWEEKNO" in parts else ""
    if weeks:
        every.append(_("in week %(weeks)s") % {"weeks": weeks})
    is_each = days in (*map(str, WEEKDAY_NAMES.values()), _("weekday")) and unit in ("month", "year") and not weeks
    if days:
        every.append((_("on every %(days)s") if is_each else _("on %(days)s")) % {"days": days})
    return " ".join(every)


def _days(parts: Mapping[str, str]) -> str:
    """The days of the period: "Monday and Thursday", "the last day", "the first weekday"."""
    weekdays = _weekdays(parts.get("BYDAY", ""))
    if "BYSETPOS" in parts:
        nth = _listed(_nth(int(number)) for number in parts["BYSETPOS"].split(","))
        if weekdays == _("weekday"):
            return f"{nth} {weekdays}"
        return _("%(nth)s of the days: %(days)s") % {"nth": nth, "days": weekdays or _dates(parts)}
    dates = _dates(parts)
    if dates and weekdays:
        either = _weekdays(parts["BYDAY"], joined=_("%(most)s or %(last)s"))
        return _("%(dates)s if it is a %(weekdays)s") % {"dates": dates, "weekdays": either}
    return dates or weekdays


def _dates(parts: Mapping[str, str]) -> str:
    if "BYYEARDAY" in parts:
        days = map(int, parts["BYYEARDAY"].split(","))
        listed = _listed(_("day %(n)d") % {"n": day} if day > 0 else _nth_day(day) for day in days)
        return _("%(days)s of the year") % {"days": listed}
    numbers = [int(number) for number in parts.get("BYMONTHDAY", "").split(",") if number]
    dates = _listed(_numbered(number) if number > 0 else _nth_day(number) for number in numbers)
    if max(numbers, default=0) <= 28:
        return dates
    skip = parts.get("SKIP", "")
    return f"{dates} {_(SHORT_MONTHS[skip if skip in SHORT_MONTHS else ''])}"


def _weekdays(text: str, *, joined: str = "") -> str:
    found = [re.fullmatch(r"([+-]?\d+)?([A-Z]{2})", part) for part in text.split(",") if part]
    days = [(match[1], match[2]) for match in found if match and match[2] in WEEKDAYS]
    if {day for _number, day in days} == WORKING_DAYS and not any(number for number, _day in days):
        return _("weekday")
    names = {day: str(WEEKDAY_NAMES[place]) for place, day in enumerate(WEEKDAYS)}
    return _listed((f"{_nth(int(number))} {names[day]}" if number else names[day] for number, day in days), joined)


def _months(parts: Mapping[str, str]) -> str:
    months = [_month(date(2000, int(number), 1)) for number in parts.get("BYMONTH", "").split(",") if number]
    if not months:
        return ""
    return (_("of %(months)s") if "BYMONTHDAY" in parts else _("in %(months)s")) % {"months": _listed(months)}


def _month(day: date) -> str:
    return date_format(day, "F")


def _end(parts: Mapping[str, str]) -> str:
    if "COUNT" in parts:
        number = int(parts["COUNT"])
        return ngettext(", once", ", %(n)d times", number) % {"n": number}
    if "UNTIL" in parts:
        return _(", until %(day)s") % {"day": in_words(date.fromisoformat(parts["UNTIL"][:8]), DATE)}
    return ""


def _nth(number: int) -> str:
    if -number in FROM_THE_END:
        return _(FROM_THE_END[-number])
    ordinal = _(ORDINALS[number]) if number in ORDINALS else _with_suffix(abs(number))
    return (_("the %(nth)s to last") if number < 0 else _("the %(nth)s")) % {"nth": ordinal}


def _nth_day(number: int) -> str:
    return _("%(nth)s day") % {"nth": _nth(number)}


def _numbered(number: int) -> str:
    return _("the %(nth)s") % {"nth": _with_suffix(number)}


def _with_suffix(number: int) -> str:
    forms = {
        "st": pgettext("ordinal, as 1st", "%(n)dst"),
        "nd": pgettext("ordinal, as 2nd", "%(n)dnd"),
        "rd": pgettext("ordinal, as 3rd", "%(n)drd"),
        "th": pgettext("ordinal, as 4th", "%(n)dth"),
    }
    suffix = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return forms[suffix] % {"n": number}


def _listed(words: Iterable[str], joined: str = "") -> str:
    *most, last = list(words) or [""]
    return (joined or _("%(most)s and %(last)s")) % {"most": ", ".join(most), "last": last} if most else last
