"""Dates as people say them: Today 16:30, Tomorrow, Fri 4 Dec, 4 Mar 2027."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any, Self
from zoneinfo import ZoneInfo

from django.utils.dateformat import format as date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

MONDAY = 0
CLOCKS = {"12": "g:i A", "24": "G:i"}
CLOCKS_WITH_SECONDS = {"12": "g:i:s A", "24": "G:i:s"}
NEAR = timedelta(days=180)


@dataclass(frozen=True)
class ReaderDates:
    """Formats dates for one reader, at one instant."""

    zone: ZoneInfo
    now: datetime
    first_weekday: int = MONDAY
    clock: str = ""

    @classmethod
    def of(cls, person: Any, now: datetime) -> Self:
        """Formats dates for this person, by their profile."""
        profile = person.profile
        weekday = MONDAY if profile.first_weekday is None else profile.first_weekday
        return cls(ZoneInfo(profile.timezone), now, weekday, profile.clock)

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

    def time(self, at: datetime | time, *, seconds: bool = False) -> str:
        """The time of day, perhaps to the second."""
        shown = at.astimezone(self.zone) if isinstance(at, datetime) else at
        if seconds:
            return date_format(shown, CLOCKS_WITH_SECONDS.get(self.clock) or pgettext("time", "G:i:s"))
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

    def exact(self, at: datetime) -> str:
        """The moment to the second, with its zone."""
        local = at.astimezone(self.zone)
        return f"{date_format(local, pgettext('far date', 'j M Y'))} {self.time(at, seconds=True)} {local:%Z}"
