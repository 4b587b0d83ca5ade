"""What happened day by day, week by week or month by month, for charts."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from statistics import fmean
from typing import Annotated, Any, TypedDict
from zoneinfo import ZoneInfo

from django.db.models import Case, Count, F, FloatField, Func, IntegerField, Q, Value, When, Window
from django.db.models.functions import RowNumber

from taskbell.common.clock import end_of_day, instant
from taskbell.tasks.models import TaskQuerySet

# The number of periods where no first day is given.
DEFAULT_PERIODS = {"day": 30, "week": 12, "month": 12}
GROUPS = list(DEFAULT_PERIODS)
MAX_PERIODS = 400


@dataclass(frozen=True)
class Periods:
    """Whole days, weeks or months, from the one that holds `first` to the one that holds `last`, in a time zone."""

    group: str
    first: date
    last: date
    zone: str

    def starts(self) -> list[date]:
        """The first day of each period."""
        starts = [_start(self.first, self.group)]
        while (following := _after(starts[-1], self.group)) <= self.last:
            starts.append(following)
        return starts


def default_first(group: str, last: date) -> date:
    """The first day of the first period, where none is given."""
    first = _start(last, group)
    for _ in range(DEFAULT_PERIODS[group] - 1):
        first = _start(first - timedelta(days=1), group)
    return first


PeriodOut = TypedDict(
    "PeriodOut",
    {
        "from": date,
        "created": int,
        "completed": int,
        "overdue": Annotated[int, "Tasks that became overdue in this period."],
        "median_seconds_to_complete": Annotated[float | None, "Of the tasks completed in this period."],
    },
)
PeriodOut.__doc__ = "One point of a chart."


def series(tasks: TaskQuerySet, periods: Periods) -> list[PeriodOut]:
    """For each period: tasks created in it, completed in it with the median of how long that took, and missed in it.

    Missed are tasks whose due moment passed in the period while they were open, also those that were finished later.
    """
    created = _per_period(tasks, "created_at", periods)
    overdue = _per_period(tasks.filter(is_overdue=True), "due_at", periods)
    completed, medians = _completed(tasks, periods)
    return [
        {
            "from": start,
            "created": created.get(place, 0),
            "completed": completed.get(place, 0),
            "overdue": overdue.get(place, 0),
            "median_seconds_to_complete": medians.get(place),
        }
        for place, start in enumerate(periods.starts())
    ]


def _within(tasks: TaskQuerySet, column: str, periods: Periods) -> Any:
    """Those of the whole periods, each with the place of the period that the moment in the column lies in."""
    starts = periods.starts()
    begins = [instant(start, time(), periods.zone) for start in starts]
    end = end_of_day(_after(starts[-1], periods.group) - timedelta(days=1), periods.zone)
    inside = {f"{column}__gte": begins[0], f"{column}__lt": end}
    return tasks.order_by().filter(**inside).annotate(period=_period(column, begins))


def _period(column: str, begins: list[datetime], first: int = 0) -> Any:
    """In which of the periods that begin at these moments it lies, found by halving.

    To ask the database which local day it is takes longer: on SQLite, Python says it row by row.
    """
    if len(begins) == 1:
        return Value(first)
    half = len(begins) // 2
    earlier = When(**{f"{column}__lt": begins[half]}, then=_period(column, begins[:half], first))
    return Case(earlier, default=_period(column, begins[half:], first + half), output_field=IntegerField())


def _per_period(tasks: TaskQuerySet, column: str, periods: Periods) -> dict[int, int]:
    rows = _within(tasks, column, periods).values("period").annotate(n=Count("pk"))
    return dict(rows.values_list("period", "n"))


def _completed(tasks: TaskQuerySet, periods: Periods) -> tuple[dict[int, int], dict[int, float]]:
    """How many were completed in each period, and the median of how many seconds it took from their creation.

    The database numbers them by how long they took; the one in the middle, or the two, are all that is fetched.
    """
    period = [F("period")]
    numbered = _within(tasks, "completed_at", periods).annotate(
        took=Took("completed_at", "created_at"),
        place=Window(RowNumber(), partition_by=period, order_by=["took"]),
        n=Window(Count("pk"), partition_by=period),
    )
    middle = numbered.filter(Q(place=(F("n") + 1) / 2) | Q(place=(F("n") + 2) / 2))
    counts: dict[int, int] = {}
    seconds: dict[int, list[float]] = {}
    for place, n, completed_at, created_at in middle.values_list("period", "n", "completed_at", "created_at"):
        counts[place] = n
        seconds.setdefault(place, []).append((completed_at - created_at).total_seconds())
    return counts, {place: fmean(both) for place, both in seconds.items()}


class Took(Func):
    """How long it was between two moments, to be ordered by. SQLite tells it in days, to a ten-thousandth second."""

    template, arg_joiner, arity = "(%(expressions)s)", " - ", 2
    output_field = FloatField()

    def as_sqlite(self, compiler: Any, connection: Any, **more: Any) -> Any:
        return self.as_sql(
            compiler, connection, template="(julianday(%(expressions)s))", arg_joiner=") - julianday(", **more
        )


def _start(day: date, group: str) -> date:
    """The first day of the period that the day lies in; weeks begin on Monday (ISO 8601)."""
    match group:
        case "week":
            return day - timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)
        case _:
            return day


def _after(start: date, group: str) -> date:
    """The first day of the period after the one that begins on this day."""
    longest = {"day": 1, "week": 7, "month": 31}[group]
    return _start(start + timedelta(days=longest), group)


def today(now: datetime, zone: str) -> date:
    """The day it is in the time zone."""
    return now.astimezone(ZoneInfo(zone)).date()
