"""Times of day: `9:00`, `9am`, `16 Uhr`, `noon`, `in the evening`, `in 45 minutes`."""

import re
from datetime import time, timedelta
from functools import partial

from taskbell.common.clock import instant, wall_time
from taskbell.quick_add.moments import DayAndTime, Moment
from taskbell.quick_add.phrases import END, Phrase
from taskbell.quick_add.words import ALONE, CLOCKS, NUMBERS, PARTS, number, one_of

AT = r"(?:at|um|by|bis|gegen|ab|from|von)"
CLOCK = (
    rf"(?:(?P<hour>\d{{1,2}})(?:(?P<dot>[:.])(?P<minute>\d\d))?"
    rf"(?: ?(?P<half>[ap])\.?m\b\.?)?(?P<uhr> o'clock| ?uhr(?: (?P<past>\d\d))?)?"
    rf"|(?P<named>{one_of(CLOCKS)}))"
)
SHIFTS = {"half past": 30, "halb": -30, "quarter past": 15, "viertel nach": 15, "quarter to": -15, "viertel vor": -15}
HALF_HOUR, HOUR, MINUTE = timedelta(minutes=30), timedelta(hours=1), timedelta(minutes=1)


def read_clock(match: re.Match[str], *, is_bare: bool = False) -> time | None:
    """The time of a CLOCK; None for an hour alone, unless it may be bare, and for one with a dot and nothing else."""
    if match["named"]:
        return CLOCKS[match["named"]]
    hour, minute, half = int(match["hour"]), int(match["minute"] or match["past"] or 0), match["half"]
    if not (is_bare or half or match["uhr"] or match["dot"] == ":"):
        return None
    if half and not 1 <= hour <= 12:
        return None
    if half:
        hour = hour % 12 + 12 * (half == "p")
    return time(hour, minute) if hour < 24 and minute < 60 else None


def _read_time(match: re.Match[str], _: Moment, *, is_bare: bool = False) -> DayAndTime | None:
    at = read_clock(match, is_bare=is_bare)
    return DayAndTime(at=at) if at is not None else None


def _read_shifted(match: re.Match[str], _: Moment) -> DayAndTime | None:
    """Some minutes before or after an hour: "halb 10" is 9:30."""
    minutes = number(match["hour"]) * 60 + SHIFTS[match["shift"]]
    return DayAndTime(at=time(*divmod(minutes, 60))) if 0 <= minutes < 24 * 60 else None


def _read_part(match: re.Match[str], _: Moment) -> DayAndTime:
    return DayAndTime(at=PARTS[match["part"]], is_vague=True)


def _read_exact(match: re.Match[str], moment: Moment) -> DayAndTime | None:
    """That long after now, in whole minutes. A wall time that comes twice and has passed once is an hour later."""
    unit = MINUTE if match["minutes"] else HOUR
    length = HALF_HOUR if match["half_hour"] else number(match["count"]) * unit
    target = moment.now + length
    if target.second or target.microsecond:
        target = target.replace(second=0, microsecond=0) + MINUTE
    wall = wall_time(target, moment.zone)
    late = target - instant(wall.date(), wall.time(), moment.zone)
    return DayAndTime((wall + late).date(), (wall + late).time())


PHRASES = (
    Phrase(re.compile(rf"(?:{AT} )?{CLOCK}{END}"), _read_time),
    Phrase(
        re.compile(rf"(?:{AT} )?(?P<shift>{one_of(SHIFTS)}) (?P<hour>\d{{1,2}}|{one_of(NUMBERS)}){END}"), _read_shifted
    ),
    Phrase(re.compile(rf"(?:at|um) {CLOCK}{END}"), partial(_read_time, is_bare=True), is_weak=True),
)
PARTS_OF_DAY = (
    Phrase(re.compile(rf"(?P<part>{one_of(ALONE)}){END}"), _read_part),
    Phrase(re.compile(rf"(?:in the|at|am|in der|zu) (?P<part>{one_of(PARTS)}){END}"), _read_part),
)
IN_A_WHILE = Phrase(
    re.compile(
        rf"in (?:(?P<half_hour>(?:half an|einer halben) (?:hour|stunde))"
        rf"|(?P<count>\d{{1,4}}|{one_of(NUMBERS)}) ?"
        rf"(?:(?P<minutes>m|mins?|minute[ns]?)|h|hrs?|std|hours?|stunden?)){END}"
    ),
    _read_exact,
)
