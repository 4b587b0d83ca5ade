"""Numbers per day, week or month, for charts."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from statistics import fmean
from typing import Annotated, Any, TypedDict

from django.db.models import Case, Count, F, FloatField, Func, IntegerField, Q, Value, When, Window
from django.db.models.functions import RowNumber

from taskbell.common.clock import end_of_day, instant
from taskbell.tasks.models import TaskQuerySet

# The default number of periods.
DEFAULT_PERIODS = {"day": 30, "week": 12, "month": 12}
GROUPS = list(DEFAULT_PERIODS)
MAX_PERIODS = 400


@dataclass(frozen=True)
class Periods:
    """Whole days, weeks or months in a time zone, from the one containing `first` to the one containing `last`."""

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
    """The default first day of the first period."""
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
        "median_seconds_to_complete": Annotated[float | None, "For the tasks completed in this period."],
    },
)
PeriodOut.__doc__ = "One point of a chart."


def series(tasks: TaskQuerySet, periods: Periods) -> list[PeriodOut]:
    """For each period: tasks created, tasks completed with their median time to complete, and tasks missed.

    Missed tasks were open when their due time passed in the period, even if they were finished later.
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
    """The rows within the periods, each with the index of the period that contains the instant in the column."""
    starts = periods.starts()
    begins = [instant(start, time(), periods.zone) for start in starts]
    end = end_of_day(_after(starts[-1], periods.group) - timedelta(days=1), periods.zone)
    inside = {f"{column}__gte": begins[0], f"{column}__lt": end}
    return tasks.order_by().filter(**inside).annotate(period=_period(column, begins))


def _period(column: str, begins: list[datetime], first: int = 0) -> Any:
    """The index of the period that contains the instant, by binary search over the periods' start instants.

    Computing the local day in the database takes longer: SQLite calls Python for every row.
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
    """The number of tasks completed in each period, and the median seconds from their creation.

    The database ranks the tasks by duration; only the middle one or two are fetched.
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
    """The time between two instants, for sorting. SQLite computes it in days, to a ten-thousandth of a second."""

    template, arg_joiner, arity = "(%(expressions)s)", " - ", 2
    output_field = FloatField()

    def as_sqlite(self, compiler: Any, connection: Any, **more: Any) -> Any:
        return self.as_sql(
            compiler, connection, template="(julianday(%(expressions)s))", arg_joiner=") - julianday(", **more
        )


def _start(day: date, group: str) -> date:
    """The first day of the period that contains the day; weeks start on Monday (ISO 8601)."""
    if group == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if group == "month" else day


def _after(start: date, group: str) -> date:
    """The first day of the next period after the one that starts on this day."""
    longest = {"day": 1, "week": 7, "month": 31}[group]
    return _start(start + timedelta(days=longest), group)
