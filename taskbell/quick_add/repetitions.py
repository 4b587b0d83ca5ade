"""A repetition that was read, before its first day is known."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from taskbell.common.recurrence import HORIZON, join_rule, parse_rule
from taskbell.common.recurrence import WEEKDAYS as CODES
from taskbell.quick_add.moments import DayAndTime


@dataclass(frozen=True)
class TypedRule:
    """A rule in parts, without its end. Without days it takes them from its first day."""

    parts: Mapping[str, str]
    from_completion: bool = False
    when: DayAndTime = field(default=DayAndTime())

    @property
    def names_days(self) -> bool:
        return any(name.startswith("BY") for name in self.parts)

    def first(self, day: date) -> date:
        """The first day of the rule, from this one on."""
        if not self.names_days:
            return day
        rule = parse_rule(join_rule({name: value for name, value in self.parts.items() if name != "INTERVAL"}))
        return next(iter(rule.parts.between(day, day, day + HORIZON)), day)

    def starting(self, day: date) -> dict[str, str]:
        """Its parts, with the days of the one that it starts with."""
        on = {
            "WEEKLY": {"BYDAY": CODES[day.weekday()]},
            "MONTHLY": {"BYMONTHDAY": str(day.day)},
            "YEARLY": {"BYMONTH": str(day.month), "BYMONTHDAY": str(day.day)},
        }
        return dict(self.parts) if self.names_days else dict(self.parts) | on.get(self.parts["FREQ"], {})
