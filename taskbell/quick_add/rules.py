"""Repetitions: `every friday`, `alle 2 Wochen`, `every month on the 31st`, and how they end."""

import re
from collections.abc import Callable
from datetime import time

from taskbell.common.clock import day_of
from taskbell.common.recurrence import WEEKDAYS as CODES
from taskbell.common.recurrence import join_rule, parse_rule
from taskbell.quick_add.calendar_words import EVERY_WEEKDAY, WEEKDAYS
from taskbell.quick_add.dates import DATE, month_and_day
from taskbell.quick_add.days import PART, WEEKDAY
from taskbell.quick_add.moments import DayAndTime, Moment
from taskbell.quick_add.phrases import END, Phrase
from taskbell.quick_add.repetitions import TypedRule
from taskbell.quick_add.words import ADVERBS, EVERY_OTHER, LAST, NUMBERS, ORDINALS, PARTS, UNITS, number, one_of

EVERY = r"(?:every|each|jede[nrsm]?|alle)(?P<after>!)? "
ORDINAL = rf"(?:\d(?:st|nd|rd|th|\.)|{one_of([*ORDINALS, *LAST])})"
COUNT = rf"(?:(?P<count>\d{{1,4}}(?:nd|rd|th|\.)?|{one_of([*NUMBERS, *ORDINALS, 'other'])}) )?"
AND = r"(?:, ?|/| and | und | & |, and )"
ONE_WEEKDAY = rf"(?:{one_of([*WEEKDAYS, *EVERY_WEEKDAY])}(?! often)\.?)"
WEEKDAY_LIST = rf"(?P<weekdays>{ONE_WEEKDAY}(?:{AND}{ONE_WEEKDAY}){{0,6}})"
WORKDAYS = (
    r"(?P<workdays>(?:week|work|business )days?|werktags?|arbeitstag|wochentag"
    r"|mon?-fri?|monday to friday|montag bis freitag)"
)
ONE_DATE = r"(?:\d{1,2}(?:st|nd|rd|th|\.)|first|ersten)"
MONTH_DAYS = (
    rf"(?:(?P<last>last day|letzten tag|letzter tag)|(?P<nth>{ORDINAL}) (?P<weekday>{WEEKDAY})"
    rf"|(?P<dates>{ONE_DATE}(?:{AND}(?:the |am )?{ONE_DATE}){{0,9}}))"
)
ON_THE = r"(?:on |am |an |jeweils )?(?:the |dem |den )?"
OF_MONTH = r"(?: (?:of the|of each|in the|im|des) (?:month|monats?))?"
WORD = re.compile(r"[a-z]+")


Parts = dict[str, str] | None


def _span(match: re.Match[str]) -> Parts:
    return _every(UNITS[match["unit"]], _count(match["count"]))


def _weekdays(match: re.Match[str]) -> Parts:
    groups = match.groupdict()
    every = _every("WEEKLY", _count(groups.get("count")))
    if groups.get("workdays"):
        return every | {"BYDAY": "MO,TU,WE,TH,FR"}
    if groups.get("weekend"):
        return every | {"BYDAY": "SA"}
    known = WEEKDAYS | EVERY_WEEKDAY
    listed = sorted({known[word] for word in WORD.findall(match["weekdays"]) if word in known})
    return every | {"BYDAY": ",".join(CODES[day] for day in listed)}


def _month_days(match: re.Match[str]) -> Parts:
    every = _every("MONTHLY", _count(match.groupdict().get("count")))
    if match["last"]:
        return every | {"BYMONTHDAY": "-1"}
    if match["nth"]:
        nth = -1 if match["nth"] in LAST else ORDINALS.get(match["nth"]) or int(match["nth"][0])
        return every | {"BYDAY": f"{nth}{CODES[WEEKDAYS[match['weekday']]]}"} if nth <= 5 else None
    dates = sorted({int(one) if one.isdecimal() else 1 for one in re.findall(r"\d+|first|ersten", match["dates"])})
    return every | {"BYMONTHDAY": ",".join(map(str, dates))}


def _year_day(match: re.Match[str]) -> Parts:
    if match["iso"] or match["year"] or match["year_after"] or match["last_year"]:
        return None
    month, day = month_and_day(match)
    if day_of(2024, month, day) is None:  # a leap year
        return None
    return _every("YEARLY", _count(match.groupdict().get("count"))) | {"BYMONTH": str(month), "BYMONTHDAY": str(day)}


def _daily(_: re.Match[str]) -> Parts:
    return _every("DAILY", 1)


def _quarterly(_: re.Match[str]) -> Parts:
    return _every("MONTHLY", 3)


def _adverb(match: re.Match[str]) -> Parts:
    return _every(*ADVERBS[match["adverb"]])


def _every(frequency: str, count: int) -> dict[str, str]:
    return {"FREQ": frequency} | ({"INTERVAL": str(count)} if count != 1 else {})


def _count(text: str | None) -> int:
    if text is None:
        return 1
    if text in EVERY_OTHER:
        return 2
    digits = re.match(r"\d{1,4}", text)
    return int(digits[0]) if digits else ORDINALS.get(text) or number(text)


def _phrase(
    pattern: re.Pattern[str], parts_of: Callable[[re.Match[str]], Parts], *, is_weak: bool = False
) -> Phrase[TypedRule]:
    def read(match: re.Match[str], _: Moment) -> TypedRule | None:
        parts, groups = parts_of(match), match.groupdict()
        try:
            parse_rule(join_rule(parts or {}))
        except ValueError:
            return None
        at: time | None = PARTS.get(groups.get("part") or "")
        return TypedRule(parts or {}, bool(groups.get("after")), DayAndTime(at=at, is_vague=at is not None))

    return Phrase(pattern, read, is_weak)


PHRASES = (
    _phrase(re.compile(rf"{EVERY}{COUNT}(?P<unit>{one_of(UNITS)}){END}"), _span),
    _phrase(re.compile(rf"{EVERY}(?:{WORKDAYS}|{WEEKDAY_LIST}){PART}{END}"), _weekdays),
    _phrase(re.compile(rf"{EVERY}(?P<count>{one_of(EVERY_OTHER)}) {WEEKDAY_LIST}{PART}{END}"), _weekdays),
    _phrase(re.compile(rf"{EVERY}{COUNT}(?P<weekend>weekend|wochenende){END}"), _weekdays),
    _phrase(re.compile(rf"{EVERY}{COUNT}(?:weeks?|wochen?) {ON_THE}{WEEKDAY_LIST}{PART}{END}"), _weekdays),
    _phrase(re.compile(rf"{EVERY}{COUNT}(?:months?|monate?) {ON_THE}{MONTH_DAYS}{END}"), _month_days),
    _phrase(re.compile(rf"{EVERY}{MONTH_DAYS}{OF_MONTH}{END}"), _month_days),
    _phrase(re.compile(rf"{ON_THE}{MONTH_DAYS} (?:of every|of each|jedes|jeden) (?:month|monats?){END}"), _month_days),
    _phrase(re.compile(rf"{EVERY}{COUNT}(?:years?|jahre?) {ON_THE}{DATE}{END}"), _year_day),
    _phrase(re.compile(rf"{EVERY}{DATE}{END}"), _year_day),
    _phrase(re.compile(rf"{EVERY}(?:quarter|quartal){END}"), _quarterly),
    _phrase(re.compile(rf"{EVERY}(?P<part>{one_of(PARTS)}){END}"), _daily),
    _phrase(
        re.compile(rf"(?:on )?(?P<weekdays>{one_of(EVERY_WEEKDAY)}(?:{AND}{one_of(EVERY_WEEKDAY)}){{0,6}}){PART}{END}"),
        _weekdays,
    ),
    _phrase(re.compile(rf"(?P<workdays>on weekdays|on workdays|werktags){END}"), _weekdays),
    _phrase(re.compile(rf"(?P<workdays>weekdays|workdays){END}"), _weekdays, is_weak=True),
    _phrase(re.compile(rf"(?P<adverb>{one_of([word for word in ADVERBS if word.endswith('lich')])}){END}"), _adverb),
    _phrase(re.compile(rf"(?P<adverb>{one_of(ADVERBS)}){END}"), _adverb, is_weak=True),
)
