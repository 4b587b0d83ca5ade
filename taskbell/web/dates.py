"""Dates as people say them: Today 16:30, Tomorrow, Fri 4 Dec, 4 Mar 2027."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from django.utils.dateformat import format as date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from taskbell.accounts.models import User
from taskbell.common.clock import wall_time
from taskbell.tasks.models import Task

MONDAY = 0
CLOCKS = {"12": "g:i A", "24": "G:i"}
NEAR = timedelta(days=180)


@dataclass(frozen=True)
class Dates:
    """Formats dates for one person, at one instant."""

    zone: ZoneInfo
    now: datetime
    first_weekday: int = MONDAY
    clock: str = ""

    @cached_property
    def today(self) -> date:
        """The person's day."""
        return self.now.astimezone(self.zone).date()

    def day(self, day: date) -> str:
        """The day in its shortest clear form."""
        near = {-1: _("Yesterday"), 0: _("Today"), 1: _("Tomorrow")}.get((day - self.today).days)
        if near:
            return near
        is_near = abs(day - self.today) < NEAR
        # Translators: a date of these months, such as Fri 4 Dec; and one further away, such as 4 Mar 2027.
        return date_format(day, pgettext("near date", "D j M") if is_near else pgettext("far date", "j M Y"))

    def in_sentence(self, said: str) -> str:
        """What `day`, `moment` or `due` say, for the middle of a sentence: today, tomorrow 9:00."""
        is_name = said.partition(" ")[0] in (_("Yesterday"), _("Today"), _("Tomorrow"))
        return said[:1].lower() + said[1:] if is_name else said

    def day_with_date(self, day: date) -> str:
        """The day with its weekday and date: Today, Mon 30 Nov."""
        name, exact = self.day(day), date_format(day, pgettext("near date", "D j M"))
        return exact if name == exact else f"{name}, {exact}"

    def time(self, at: datetime | time) -> str:
        """The time of day."""
        shown = at.astimezone(self.zone) if isinstance(at, datetime) else at
        return date_format(shown, CLOCKS.get(self.clock) or pgettext("time", "G:i"))

    def short_moment(self, at: datetime) -> str:
        """Day and time; the time alone if it is today."""
        return self.time(at) if at.astimezone(self.zone).date() == self.today else self.moment(at)

    def moment(self, at: datetime) -> str:
        """Day and time."""
        return f"{self.day(at.astimezone(self.zone).date())} {self.time(at)}"

    def short_day(self, day: date) -> str:
        """Day and month."""
        return date_format(day, pgettext("day and month", "j M"))

    def long_day(self, day: date) -> str:
        """Weekday, day and month in full."""
        return date_format(day, pgettext("long date", "l, j F"))

    def due_day(self, task: Task) -> date | None:
        """The day on which the task is due for this person. A due date without a time is the same day everywhere."""
        if task.due_at is None or task.due_time is None:
            return task.due_date
        return task.due_at.astimezone(self.zone).date()

    def due(self, task: Task) -> str:
        """When the task is due: the day, and the time if it has one."""
        day = self.due_day(task)
        if day is None or task.due_at is None:
            return ""
        return self.day(day) if task.due_time is None else f"{self.day(day)} {self.time(task.due_at)}"

    def due_time(self, task: Task) -> str:
        """The time at which it is due, where the day is clear; empty if it has none."""
        return "" if task.due_at is None or task.due_time is None else self.time(task.due_at)

    def is_late(self, task: Task) -> bool:
        """True once the due time of an open task has passed, also before the clock has marked it."""
        return task.is_open and task.due_at is not None and task.due_at <= self.now

    def until(self, at: datetime) -> str:
        """How long from now: in 42 minutes, in 17 hours."""
        minutes = max(0, round((at - self.now) / timedelta(minutes=1)))
        if minutes < 1:
            return _("now")
        if minutes < 60:
            return ngettext("in %(n)d minute", "in %(n)d minutes", minutes) % {"n": minutes}
        if minutes < 24 * 60:
            hours, rest = divmod(minutes, 60)
            if rest and hours < 3:
                return _("in %(hours)d h %(minutes)d min") % {"hours": hours, "minutes": rest}
            return ngettext("in %(n)d hour", "in %(n)d hours", hours) % {"n": hours}
        days = (at.astimezone(self.zone).date() - self.today).days
        return ngettext("in %(n)d day", "in %(n)d days", days) % {"n": days}


def dates_of(person: User, now: datetime) -> Dates:
    """Formats dates for this person."""
    profile = person.profile
    weekday = MONDAY if profile.first_weekday is None else profile.first_weekday
    return Dates(ZoneInfo(profile.timezone), now, weekday, profile.clock)


def day_bounds(dates: Dates, day: date) -> tuple[datetime, datetime]:
    """The instants at which the person's day begins and ends."""
    return tuple(datetime.combine(one, time(), dates.zone) for one in (day, day + timedelta(days=1)))  # type: ignore[return-value]


def local(at: datetime, dates: Dates) -> datetime:
    """The wall time of the person."""
    return wall_time(at, dates.zone.key)
