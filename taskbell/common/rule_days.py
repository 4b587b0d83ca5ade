"""The days that match a recurrence rule (RFC 5545 §3.3.10), without COUNT, UNTIL and the clock."""

from calendar import isleap, monthrange
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

# The length of a period: in days for the first two, in months for the others.
LENGTHS = {"DAILY": 1, "WEEKLY": 7, "MONTHLY": 1, "YEARLY": 12}
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Days:
    """The days that match a rule. A part that the rule lacks is an empty set; negative numbers count from the end.

    A weekday is (n, weekday) for the nth one of the period; n = 0 means every one.
    `skip` says what happens to a day that a month does not have, such as the 31st (RFC 7529 §4.1): OMIT leaves it out,
    BACKWARD takes the last day of the month, FORWARD the first of the next. Without it, the house rule applies: the
    last day, unless other parts limit the days as well.
    """

    frequency: str
    interval: int
    week_start: int
    months: frozenset[int]
    month_days: frozenset[int]
    year_days: frozenset[int]
    weeks: frozenset[int]
    weekdays: frozenset[tuple[int, int]]
    positions: frozenset[int]
    skip: str = ""

    @property
    def names_days(self) -> bool:
        """True if the rule says which days it means, as in BYDAY=MO, or which weeks or months of the year."""
        names_day = self.weekdays or self.month_days or self.year_days
        return self.frequency != "DAILY" and bool(names_day or self.weeks or self.months)

    def may_lack_a_day(self, start: date | None) -> bool:
        """True if the house rule and RFC 5545 can differ: some month may not have the day that the rule asks for."""
        wanted = self if start is None else self.starting(start)
        months = wanted.months or range(1, 13)
        shortest = min(monthrange(2023, month)[1] for month in months)
        return wanted._is_alone and max(wanted.month_days, default=0) > shortest

    def starting(self, start: date) -> "Days":
        """With parts that the rule lacks taken from its start."""
        if self.frequency == "DAILY" or self.weekdays or self.month_days or self.year_days:
            return self
        if self.frequency == "WEEKLY" or self.weeks:
            return replace(self, weekdays=frozenset({(0, start.weekday())}))
        months = frozenset({start.month}) if self.frequency == "YEARLY" and not self.months else self.months
        return replace(self, months=months, month_days=frozenset({start.day}))

    def between(self, start: date, since: date, last: date) -> Iterator[date]:
        """The matching days up to `last`, in order, from the period of `start` or that of `since` if later."""
        previous = date.min
        for period in self._periods(start, since, last):
            matching = self._matching(period)
            for index, day in enumerate(matching):
                chosen = not self.positions or not self.positions.isdisjoint(_ends(index + 1, len(matching)))
                if chosen and previous < day <= last:
                    yield day
                    previous = day

    def _matching(self, period: list[date]) -> list[date]:
        """The matching days of a period, in order."""
        found = [day for day in period if self._matches(day)]
        if self.skip != "FORWARD" or not self.month_days:
            return found
        ends = [day + DAY for day in period if self._lacks_days_after(day)]
        return sorted({*found, *filter(self._matches_otherwise, ends)})

    def _periods(self, start: date, since: date, last: date) -> Iterator[list[date]]:
        """The days of every INTERVALth period, counted from the one of `start`: from the one of `since` to `last`."""
        in_days = self.frequency in ("DAILY", "WEEKLY")
        number = date.toordinal if in_days else _month_number
        length = LENGTHS[self.frequency]
        offset = self.week_start + 1 if in_days else 0  # day number 1 was a Monday
        begin = number(start) - (number(start) - offset) % length
        step = self.interval * length
        skipped = max(0, number(since) - begin) // step
        for first in range(begin + skipped * step, number(last) + 1, step):
            units = range(first, first + length)
            yield list(map(date.fromordinal, units)) if in_days else self._days_of_months(units)

    def _days_of_months(self, numbers: range) -> list[date]:
        return [
            date(year, month + 1, day)
            for year, month in (divmod(number, 12) for number in numbers)
            if not self.months or month + 1 in self.months
            for day in range(1, monthrange(year, month + 1)[1] + 1)
        ]

    def _matches(self, day: date) -> bool:
        return (
            (not self.months or day.month in self.months)
            and (not self.month_days or self._matches_month_day(day))
            and self._matches_otherwise(day)
        )

    def _matches_otherwise(self, day: date) -> bool:
        """Whether all parts but the month and its day match."""
        return (
            (not self.year_days or not self.year_days.isdisjoint(_ends(*_in_year(day))))
            and (not self.weeks or not self.weeks.isdisjoint(_ends(*_in_weeks(day, self.week_start))))
            and (not self.weekdays or self._matches_weekday(day))
        )

    def _matches_month_day(self, day: date) -> bool:
        number, last = _in_month(day)
        if not self.month_days.isdisjoint(_ends(number, last)):
            return True
        # By the house rule, a day of the month that is just one more condition is not moved to the last day.
        is_moved = self.skip == "BACKWARD" or (not self.skip and self._is_alone)
        return is_moved and self._lacks_days_after(day)

    @property
    def _is_alone(self) -> bool:
        return not (self.weekdays or self.weeks or self.year_days)

    def _lacks_days_after(self, day: date) -> bool:
        """True for the last day of a month that ends before a day that the rule asks for."""
        number, last = _in_month(day)
        return number == last < max(self.month_days)

    def _matches_weekday(self, day: date) -> bool:
        number, last = _in_month(day) if self.months or self.frequency == "MONTHLY" else _in_year(day)
        which = (0, (number + 6) // 7, -((last - number) // 7 + 1))
        return any((nth, day.weekday()) in self.weekdays for nth in which)


def _ends(number: int, last: int) -> tuple[int, int]:
    """A position counted from the start, and from the end."""
    return number, number - last - 1


def _in_month(day: date) -> tuple[int, int]:
    return day.day, monthrange(day.year, day.month)[1]


def _in_year(day: date) -> tuple[int, int]:
    return day.toordinal() - date(day.year, 1, 1).toordinal() + 1, 365 + isleap(day.year)


def _in_weeks(day: date, week_start: int) -> tuple[int, int]:
    """The day's week number, and the number of weeks in its year; a week belongs to the year of its fourth day."""
    number, last = _in_year(day + timedelta(days=3 - (day.weekday() - week_start) % 7))
    return (number + 6) // 7, (number + 6) // 7 + (last - number) // 7


def _month_number(day: date) -> int:
    return day.year * 12 + day.month - 1
