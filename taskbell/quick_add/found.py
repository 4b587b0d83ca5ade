"""The phrases of a line. They are taken in a fixed order: "every friday" is a rule before "friday" is a day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from typing import Any

from taskbell.quick_add import days, ends, reminders, rules, times
from taskbell.quick_add.ends import End
from taskbell.quick_add.lines import Line
from taskbell.quick_add.moments import DayAndTime, Moment
from taskbell.quick_add.phrases import Found, Phrase, take
from taskbell.quick_add.reading import TypedReminder
from taskbell.quick_add.repetitions import TypedRule

NOON = 12  # o'clock
PHRASES: Mapping[str, Sequence[Phrase[Any]]] = {
    "reminder": reminders.PHRASES,
    "repeat": rules.PHRASES,
    "end": ends.PHRASES,
    "day": (*days.PHRASES, times.IN_A_WHILE),
    "clock": times.PHRASES,
    "part": times.PARTS_OF_DAY,
}


@dataclass
class FoundPhrases:
    """The phrases of a line, by what they are about."""

    reminder: Found[TypedReminder] | None = None
    repeat: Found[TypedRule] | None = None
    end: Found[End] | None = None
    day: Found[DayAndTime] | None = None
    clock: Found[DayAndTime] | None = None
    part: Found[DayAndTime] | None = None

    def can_have(self, about: str) -> bool:
        """Only a repetition ends. A clock can make the part of a day exact, but not the other way round."""
        if about == "end":
            return self.repeat is not None
        if about == "clock":
            return self.day is None or self.day.value.at is None or self.day.value.is_vague
        return about != "part" or self.due_time() is None

    @property
    def vague(self) -> time | None:
        """The time that the part of a day stands for."""
        known = [one.value for one in (self.day, self.part) if one] + ([self.repeat.value.when] if self.repeat else [])
        return next((when.at for when in known if when.at is not None and when.is_vague), None)

    def due_time(self) -> time | None:
        """The time of the clock, after noon if the part of the day is; or else that of the part."""
        vague = self.vague
        exact = self.clock.value.at if self.clock else self.day.value.at if self.day else None
        if exact is None or vague is None or not self.clock:
            return vague if exact is None else exact
        return exact.replace(hour=exact.hour + NOON) if vague.hour >= NOON and 0 < exact.hour < NOON else exact


def take_phrases(line: Line, moment: Moment) -> FoundPhrases:
    """The strong phrases, each once; then the weak ones, which may come in any order at the end of the line."""
    found = FoundPhrases()
    for about in PHRASES:
        _take(about, found, line, moment)
    while any(_take(about, found, line, moment, weak=True) for about in PHRASES):
        pass
    return found


def _take(about: str, found: FoundPhrases, line: Line, moment: Moment, *, weak: bool = False) -> bool:
    if getattr(found, about) is not None or not found.can_have(about):
        return False
    since = found.repeat.span[1] if about == "end" and found.repeat else 0
    setattr(found, about, take(PHRASES[about], line, moment, since=since, weak=weak))
    return getattr(found, about) is not None
