"""What happened day by day, week by week or month by month, for charts."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from statistics import fmean
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, DateField, F, Q, Window
from django.db.models.functions import RowNumber, Trunc

from taskbell.common.clock import end_of_day, instant
from taskbell.tasks.models import TaskQuerySet

# How many periods there are unless somebody says from when on.
USUAL = {"day": 30, "week": 12, "month": 12}
GROUPS = list(USUAL)
MOST = 400


@dataclass(frozen=True)
class Span:
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


def usual_first(group: str, last: date) -> date:
    """The first day of the first period, where nobody has said which one it is."""
    first = _start(last, group)
    for _ in range(USUAL[group] - 1):
        first = _start(first - timedelta(days=1), group)
    return first


def series(tasks: TaskQuerySet, span: Span) -> list[dict[str, Any]]:
    """For each period: tasks created in it, completed in it with the median of how long that took, and missed in it.

    Missed are tasks whose due moment passed in the period while they were open, also those that were finished later.
    """
    created = _per_period(tasks, "created_at", span)
    overdue = _per_period(tasks.filter(is_overdue=True), "due_at", span)
    completed, medians = _completed(tasks, span)
    return [
        {
            "from": start,
            "created": created.get(start, 0),
            "completed": completed.get(start, 0),
            "overdue": overdue.get(start, 0),
            "median_seconds_to_complete": medians.get(start),
        }
        for start in span.starts()
    ]


def _within(tasks: TaskQuerySet, column: str, span: Span) -> Any:
    """Those of the whole periods, with the first day of the period that the moment in the column lies in."""
    starts = span.starts()
    begin = instant(starts[0], time(), span.zone)
    end = end_of_day(_after(starts[-1], span.group) - timedelta(days=1), span.zone)
    start = Trunc(column, span.group, output_field=DateField(), tzinfo=ZoneInfo(span.zone))
    inside = {f"{column}__gte": begin, f"{column}__lt": end}
    return tasks.order_by().filter(**inside).annotate(start=start)


def _per_period(tasks: TaskQuerySet, column: str, span: Span) -> dict[date, int]:
    rows = _within(tasks, column, span).values("start").annotate(n=Count("pk"))
    return dict(rows.values_list("start", "n"))


def _completed(tasks: TaskQuerySet, span: Span) -> tuple[dict[date, int], dict[date, float]]:
    """How many were completed in each period, and the median of how many seconds it took from their creation.

    The database numbers them by how long they took; the one in the middle, or the two, are all that is fetched.
    """
    took = F("completed_at") - F("created_at")
    period = [F("start")]
    numbered = _within(tasks, "completed_at", span).annotate(
        took=took,
        place=Window(RowNumber(), partition_by=period, order_by=["took"]),
        n=Window(Count("pk"), partition_by=period),
    )
    middle = numbered.filter(Q(place=(F("n") + 1) / 2) | Q(place=(F("n") + 2) / 2))
    counts: dict[date, int] = {}
    spans: dict[date, list[timedelta]] = {}
    for start, n, span_of_one in middle.values_list("start", "n", "took"):
        counts[start] = n
        spans.setdefault(start, []).append(span_of_one)
    return counts, {start: fmean(took.total_seconds() for took in both) for start, both in spans.items()}


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
