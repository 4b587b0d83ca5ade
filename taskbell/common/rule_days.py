"""The days that match a recurrence rule (RFC 5545 §3.3.10), without COUNT, UNTIL and the clock.

The days of a year are the bits of a number, 1 January the lowest. So a rule costs some dozens of operations a year,
whatever it says, and its days can be counted without walking them.
"""

from calendar import isleap, monthrange
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache, reduce
from itertools import accumulate, pairwise
from operator import or_

WEEK, LONGEST_YEAR = 7, 366  # days
# In 28 years, each first weekday meets each combination of leap years around it.
EVERY_KIND_OF_YEAR = range(2001, 2029)


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

    def between(self, start: date, first: date, last: date) -> Iterator[date]:
        """The matching days from `first` to `last`, in order, of every INTERVALth period counted from `start`."""
        for begin, days in self._years(start, first, last):
            for number in _numbers(days):
                yield date.fromordinal(begin + number)

    def count(self, start: date, first: date, last: date) -> int:
        """How many days `between` would yield."""
        return sum(days.bit_count() for _, days in self._years(start, first, last))

    def ever_match(self) -> bool:
        """True if a day matches for some start."""
        start = date(2024, 1, 1)
        every = replace(self.starting(start), interval=1)
        if every.weekdays == self.weekdays:
            years = EVERY_KIND_OF_YEAR if self.frequency != "WEEKLY" else [start.year]
            return any(every._in_year(start, year) for year in years)
        weekdays = [_every(1, WEEK, day) for day in range(WEEK)]
        masks = (self._matching(year) for year in EVERY_KIND_OF_YEAR) if self.weeks else [_ones(WEEK)]
        return any(self._chosen(days & weekday) for days in masks for weekday in weekdays)

    def _years(self, start: date, first: date, last: date) -> Iterator[tuple[int, int]]:
        """The first day of each year, as a number, and the matching days of the year from `first` to `last`."""
        for year in range(first.year, last.year + 1):
            begin = _begin(year)
            before, until = max(0, first.toordinal() - begin), max(0, last.toordinal() + 1 - begin)
            yield begin, (self._in_year(start, year) & _ones(until)) >> before << before

    def _in_year(self, start: date, year: int) -> int:
        """The days of this year that match, in every INTERVALth period from that of `start` on, or before it."""
        if self.frequency == "DAILY":
            return self._matching(year) & _every(1, self.interval, start.toordinal() - _begin(year))
        if self.frequency == "WEEKLY":
            return self._in_weeks(start, year)
        past = 12 * (year - start.year)  # months
        if self.frequency == "YEARLY":
            return 0 if past // 12 % self.interval else self._chosen(self._matching(year))
        first = (start.month - 1 - past) % self.interval
        return self._matching(year, _months(isleap(year))[first :: self.interval])

    def _in_weeks(self, start: date, year: int) -> int:
        begin, length = _begin(year), _length(year)
        first, step = start.toordinal() - (start.weekday() - self.week_start) % WEEK - begin, self.interval * WEEK
        if not self.positions:
            return self._matching(year) & _every(WEEK, step, first)
        # A week can begin in the year before and end in the next.
        days = self._matching(year - 1) >> (_length(year - 1) - WEEK) | self._matching(year) << WEEK
        days |= (self._matching(year + 1) & _ones(WEEK)) << (length + WEEK)
        weeks = range((first + WEEK) % step, length + WEEK, step)
        return _union(self._chosen(days >> week & _ones(WEEK)) << week for week in weeks) >> WEEK & _ones(length)

    def _matching(self, year: int, periods: Iterable[int] = (-1,)) -> int:
        """The days of these months, or of the whole year, that match; with months, BYSETPOS chooses in each."""
        is_leap, others = isleap(year), _ones(_length(year))
        if self.year_days:
            others &= _bits(self.year_days, _length(year))
        if self.weeks:
            others &= _of_weeks(self.weeks, self.week_start, year)
        if self.weekdays:
            by_month = bool(self.months) or self.frequency == "MONTHLY"
            others &= _on_weekdays(self.weekdays, by_month, is_leap, _begin(year) % WEEK)
        months = _of_months(self.months, is_leap)
        found, ends = others & months, 0
        if self.month_days:
            ends = _last_days_before(max(self.month_days), is_leap) & months
            # By the house rule, a day of the month that is just one more condition is not moved to the last day.
            is_moved = self.skip == "BACKWARD" or (not self.skip and self._is_alone)
            found &= _of_month_days(self.month_days, is_leap) | (ends if is_moved else 0)
        if self.skip != "FORWARD":
            ends = 0
        if periods == (-1,):
            return found | ends << 1 & others
        return _union(self._chosen(found & span | (ends & span) << 1 & others) for span in periods)

    def _chosen(self, days: int) -> int:
        """Those at the positions of BYSETPOS; all of them without it."""
        return _at_positions(self.positions, days) if self.positions else days

    @property
    def _is_alone(self) -> bool:
        return not (self.weekdays or self.weeks or self.year_days)


def _union(parts: Iterable[int]) -> int:
    return reduce(or_, parts, 0)


def _ones(length: int) -> int:
    return (1 << length) - 1


def _numbers(days: int) -> list[int]:
    """The numbers of the bits that are set."""
    return [number for number, bit in enumerate(bin(days)[:1:-1]) if bit == "1"]


def _length(year: int) -> int:
    return 365 + isleap(year)


def _begin(year: int) -> int:
    """The number of its first day; day number 1 was a Monday."""
    past = year - 1
    return 365 * past + past // 4 - past // 100 + past // 400 + 1


def _every(length: int, step: int, begin: int) -> int:
    """Blocks of `length` days, one every `step` days, before and after the one that begins at day `begin`."""
    if length == step:
        return _ones(LONGEST_YEAR)
    block = _ones(length)
    if step > LONGEST_YEAR:  # there is room for two, and dividing long numbers takes long
        return (block << step | block) << begin % step >> step
    times = LONGEST_YEAR // step + 2
    return _ones(step * times) // _ones(step) * block << begin % step >> step


def _one_of(number: int, length: int) -> int:
    """A day of a period of this length, counted from its start or its end; nothing if it has no such day."""
    place = number - 1 if number > 0 else length + number
    return 1 << place if 0 <= place < length else 0


@lru_cache(maxsize=1024)
def _bits(numbers: frozenset[int], length: int) -> int:
    """The days with these numbers in a period of this length."""
    return _union(_one_of(number, length) for number in numbers)


@lru_cache(maxsize=1024)
def _at_positions(positions: frozenset[int], days: int) -> int:
    places = _numbers(_bits(positions, days.bit_count()))
    numbers = _numbers(days) if places else []
    return _union(1 << numbers[place] for place in places)


@lru_cache(maxsize=2)
def _months(is_leap: bool) -> list[int]:
    """The days of each month."""
    lengths = (monthrange(2024 if is_leap else 2023, month)[1] for month in range(1, 13))
    return [_ones(end) ^ _ones(begin) for begin, end in pairwise(accumulate(lengths, initial=0))]


@lru_cache(maxsize=256)
def _of_months(months: frozenset[int], is_leap: bool) -> int:
    return _union(_months(is_leap)[month - 1] for month in months) if months else _ones(LONGEST_YEAR)


@lru_cache(maxsize=256)
def _of_month_days(numbers: frozenset[int], is_leap: bool) -> int:
    return _union(_bits(numbers, span.bit_count()) * (span & -span) for span in _months(is_leap))


@lru_cache(maxsize=64)
def _last_days_before(number: int, is_leap: bool) -> int:
    """The last day of each month that ends before a day of this number."""
    return _union(1 << span.bit_length() - 1 for span in _months(is_leap) if span.bit_count() < number)


@lru_cache(maxsize=256)
def _on_weekdays(weekdays: frozenset[tuple[int, int]], by_month: bool, is_leap: bool, begin: int) -> int:
    """The days on these weekdays, in a year that begins with the weekday `begin`; Monday is 1."""
    each = [_every(1, WEEK, weekday + 1 - begin) for weekday in range(WEEK)]
    return _union(each[weekday] & (_sevens(nth, by_month, is_leap) if nth else -1) for nth, weekday in weekdays)


@lru_cache(maxsize=512)
def _sevens(nth: int, by_month: bool, is_leap: bool) -> int:
    """The nth seven days of each month or of the year, from its start or its end; each weekday is among them once."""
    spans = _months(is_leap) if by_month else [_ones(365 + is_leap)]
    begins = ((span, WEEK * (nth - 1) if nth > 0 else span.bit_count() + WEEK * nth) for span in spans)
    sevens = ((span, _ones(WEEK) << begin if begin >= 0 else _ones(max(0, WEEK + begin))) for span, begin in begins)
    return _union(days * (span & -span) & span for span, days in sevens)


@lru_cache(maxsize=256)
def _of_weeks(weeks: frozenset[int], week_start: int, year: int) -> int:
    """The days of these weeks; a week belongs to the year of its fourth day."""
    begins = [_week_one(owner, week_start) - _begin(year - 1) for owner in range(year - 1, year + 3)]
    found = _union(
        _ones(WEEK) << begin + WEEK * week
        for begin, following in pairwise(begins)
        for week in _numbers(_bits(weeks, (following - begin) // WEEK))
        if begin + WEEK * week >= 0
    )
    return found >> _length(year - 1)


def _week_one(year: int, week_start: int) -> int:
    """The first day of its first week, as a number."""
    fourth = _begin(year) + 3
    return fourth - (fourth - 1 - week_start) % WEEK
