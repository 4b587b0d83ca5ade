"""Days: `tomorrow`, `next friday`, `24.12.`, `in 3 days`, `am Wochenende`. 12/24 is not read: it can mean two days."""

import re
from collections.abc import Callable
from datetime import date, timedelta

from django.utils.dateformat import format as date_format
from django.utils.translation import gettext as _

from taskbell.common.clock import LATEST, day_of, in_months, last_of_month
from taskbell.quick_add.calendar_words import CLEAR_WEEKDAYS, MONTHS, SHORT_ENGLISH, SHORT_GERMAN, WEEKDAYS
from taskbell.quick_add.dates import DATE, MONTH, next_of, read_date
from taskbell.quick_add.moments import DAY, DayAndTime, Moment
from taskbell.quick_add.phrases import END, Phrase
from taskbell.quick_add.words import DAYS, MONTHLY, NEAR_DAYS, NUMBERS, PARTS, UNITS, WEEKS, number, one_of

UNTIL = ("until", "till", "til", "bis zum", "bis am", "bis")
BY = (*UNTIL, "by", "due", "for", "from", "starting", "ab", "ab dem", "fur")
IN_GERMAN = ("spatestens", "bis spatestens", "am", "zum", "diesen", "kommenden", "bis", "bis zum", "ab", "fur")
ON = (*BY, *IN_GERMAN, "on", "this", "coming", "starting on")
NEXT = r"(?:next|nachste[nrsm]?|naechste[nrsm]?)"
NEXT_WEEK = r"(?:next week|nachste woche|naechste woche|nachster woche|naechster woche)"
THE = r"(?:(?:the|den|dem|der) )?"
BY_OR_NOT, ON_OR_NOT = rf"(?:(?P<by>{one_of(BY)}) )?", rf"(?:(?P<by>{one_of(ON)}) )?"
PART = rf"(?:(?: (?:in the |at |am )?)?(?P<part>{one_of(PARTS)}))?"
WEEKDAY, CLEAR = one_of(WEEKDAYS), one_of(CLEAR_WEEKDAYS)
ENGLISH, GERMAN = one_of(SHORT_ENGLISH), one_of(SHORT_GERMAN)
COUNT = rf"(?P<count>\d{{1,4}}|{one_of(NUMBERS)})"
NEAR_A_TIME = r"(?=\.?,? (?:at |um )?(?:\d{1,2}[:.]\d\d|\d{1,2} ?(?:uhr|[ap]m))\b)"


def read_near(match: re.Match[str], moment: Moment) -> date:
    return moment.today + NEAR_DAYS[match["near"]] * DAY


def read_weekday(match: re.Match[str], moment: Moment) -> date:
    """The coming one; its own name means in a week."""
    return moment.today + ((WEEKDAYS[match["weekday"]] - moment.today.weekday() - 1) % 7 + 1) * DAY


def read_next_weekday(match: re.Match[str], moment: Moment) -> date:
    return _next_monday(moment) + WEEKDAYS[match["weekday"]] * DAY


def _next_monday(moment: Moment) -> date:
    return moment.today + (7 - moment.today.weekday()) * DAY


def read_next(match: re.Match[str], moment: Moment) -> date | None:
    """Monday of next week, or the first of next month or year."""
    unit, today = UNITS[match["unit"]], moment.today
    if unit == WEEKS:
        return _next_monday(moment)
    if unit == MONTHLY:
        return in_months(today.replace(day=1), 1)
    return None if unit == DAYS else day_of(today.year + 1, 1, 1)


def read_span(match: re.Match[str], moment: Moment) -> date | None:
    count, unit = number(match["count"]), UNITS[match["unit"]]
    if unit in (DAYS, WEEKS):
        days = timedelta(days=count * (7 if unit == WEEKS else 1))
        return moment.today + days if days <= LATEST - moment.today else None
    return in_months(moment.today, count * (1 if unit == MONTHLY else 12))


def read_weekend(match: re.Match[str], moment: Moment) -> date:
    """Its Saturday."""
    if match["next"]:
        return _next_monday(moment) + 5 * DAY
    return moment.today + (5 - moment.today.weekday()) % 7 * DAY


def read_end(match: re.Match[str], moment: Moment) -> date:
    """The last day of this month or year, or of the named month."""
    first = moment.today.replace(day=1)
    if match["of_year"] or match["name"]:
        named = MONTHS[match["name"]] if match["name"] else 12
        first = date(first.year + (named < first.month), named, 1)
    return last_of_month(first)


def read_day_of_month(match: re.Match[str], moment: Moment) -> date | None:
    first = moment.today.replace(day=1)
    months = filter(None, (in_months(first, months) for months in range(3)))
    return next_of((day_of(one.year, one.month, int(match["number"])) for one in months), moment)


def _weekday_of(day: date) -> str:
    return _("%(day)s is a %(weekday)s.") % {"day": day, "weekday": date_format(day, "l")}


def _phrase(
    pattern: re.Pattern[str],
    read: Callable[[re.Match[str], Moment], date | None],
    *,
    is_weak: bool = False,
    is_capital: bool = False,
) -> Phrase[DayAndTime]:
    def read_when(match: re.Match[str], moment: Moment) -> DayAndTime | None:
        day, groups = read(match, moment), match.groupdict()
        if day is None:
            return None
        part, named = groups.get("part"), groups.get("named")
        is_wrong = named is not None and WEEKDAYS[named] != day.weekday()
        return DayAndTime(day, PARTS.get(part or ""), bool(part), _weekday_of(day) if is_wrong else "")

    return Phrase(pattern, read_when, is_weak, is_capital)


PHRASES = (
    _phrase(re.compile(rf"{BY_OR_NOT}(?P<near>{one_of(NEAR_DAYS)}){PART}{END}"), read_near),
    _phrase(re.compile(rf"to(?P<part>night){END}"), lambda _, moment: moment.today),
    _phrase(re.compile(rf"(?:this |heute )(?P<part>{one_of(PARTS)}){END}"), lambda _, moment: moment.today),
    _phrase(re.compile(rf"{ON_OR_NOT}{THE}(?P<weekday>{CLEAR})\.?{PART}{END}"), read_weekday),
    _phrase(re.compile(rf"(?P<by>{one_of(ON)}) (?P<weekday>{ENGLISH})\.?{PART}{END}"), read_weekday),
    _phrase(re.compile(rf"(?P<by>{one_of(IN_GERMAN)}) (?P<weekday>{GERMAN})\.?{PART}{END}"), read_weekday),
    _phrase(re.compile(rf"(?P<weekday>{ENGLISH}|{GERMAN}){NEAR_A_TIME}\.?{END}"), read_weekday),
    _phrase(re.compile(rf"(?<!the )(?P<weekday>{ENGLISH})\.?{END}"), read_weekday, is_weak=True),
    _phrase(re.compile(rf"(?P<weekday>{GERMAN})\.?{END}"), read_weekday, is_weak=True, is_capital=True),
    _phrase(re.compile(rf"{ON_OR_NOT}{THE}{NEXT} (?P<weekday>{WEEKDAY})\.?{PART}{END}"), read_next_weekday),
    _phrase(re.compile(rf"{ON_OR_NOT}(?P<weekday>{WEEKDAY})\.?,? {NEXT_WEEK}{END}"), read_next_weekday),
    _phrase(re.compile(rf"{NEXT_WEEK},? (?:on |am )?(?P<weekday>{WEEKDAY})\.?{PART}{END}"), read_next_weekday),
    _phrase(re.compile(rf"{ON_OR_NOT}{NEXT} (?P<unit>{one_of(UNITS)}){END}"), read_next),
    _phrase(re.compile(rf"in {COUNT} (?P<unit>{one_of(UNITS)}){END}"), read_span),
    _phrase(
        re.compile(
            rf"(?:(?:at|on|over|this|by|for|am|ubers|furs|bis zum) )(?:the |this )?(?P<next>{NEXT} )?"
            rf"(?:weekend|wochenende){END}"
        ),
        read_weekend,
    ),
    _phrase(re.compile(rf"(?P<next>{NEXT} )(?:weekend|wochenende){END}"), read_weekend),
    _phrase(re.compile(rf"(?P<next>\b\B)?(?:weekend|wochenende){END}"), read_weekend, is_weak=True),
    _phrase(
        re.compile(
            rf"{ON_OR_NOT}(?:at )?(?:the )?(?:eom|monatsende|(?:end of(?: the)?|ende des|ende) (?:month|monats?)"
            rf"|(?P<of_year>eoy|jahresende|(?:end of(?: the)?|ende des) (?:year|jahres))"
            rf"|(?:end of|ende) (?P<name>{MONTH})){END}"
        ),
        read_end,
    ),
    _phrase(re.compile(rf"{ON_OR_NOT}(?:(?P<named>{WEEKDAY})\.?,? )?{THE}{DATE}{PART}{END}"), read_date),
    _phrase(
        re.compile(rf"(?P<by>{one_of(ON)}) {THE}(?P<number>\d{{1,2}})(?:st|nd|rd|th|\.){END}"),
        read_day_of_month,
        is_weak=True,
    ),
)
