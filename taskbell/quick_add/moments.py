"""Now, in a time zone, and the days around it."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property

from taskbell.common.clock import instant, wall_time

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Moment:
    """Now, in a time zone."""

    now: datetime
    zone: str

    @cached_property
    def today(self) -> date:
        return wall_time(self.now, self.zone).date()

    def is_ahead(self, day: date, at: time) -> bool:
        """True if this wall time has not come yet."""
        return instant(day, at, self.zone) > self.now

    def next_day(self, at: time | None) -> date:
        """Today if the time is still to come, else tomorrow."""
        return self.today if at is None or self.is_ahead(self.today, at) else self.today + DAY


@dataclass(frozen=True)
class DayAndTime:
    """A day, a time, or both. A vague time is the part of a day, such as its evening."""

    day: date | None = None
    at: time | None = None
    is_vague: bool = False
    note: str = ""
