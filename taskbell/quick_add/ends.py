"""How a repetition ends: `until 24.12.`, `10 times`, `10 mal`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from taskbell.common.recurrence import MAX_COUNT
from taskbell.quick_add import days
from taskbell.quick_add.days import UNTIL
from taskbell.quick_add.moments import DayAndTime, Moment
from taskbell.quick_add.phrases import END, Phrase
from taskbell.quick_add.words import NUMBERS, number, one_of


@dataclass(frozen=True)
class End:
    """How a repetition ends."""

    parts: Mapping[str, str]
    last: date | None = None


def _read_times(match: re.Match[str], _: Moment) -> End | None:
    count = number(match["count"])
    return End({"COUNT": str(count)}) if 1 <= count <= MAX_COUNT else None


def _until(phrase: Phrase[DayAndTime]) -> Phrase[End]:
    def read(match: re.Match[str], moment: Moment) -> End | None:
        when = phrase.read(match, moment) if match.groupdict().get("by") in UNTIL else None
        if when is None or when.day is None or when.day < moment.today:
            return None
        return End({"UNTIL": f"{when.day:%Y%m%d}"}, when.day)

    return Phrase(phrase.pattern, read, phrase.is_weak, phrase.is_capital)


PHRASES = (
    Phrase(re.compile(rf"(?:for )?(?P<count>\d{{1,5}}|{one_of(NUMBERS)}) ?(?:times|x|mal){END}"), _read_times),
    *map(_until, days.PHRASES),
)
