"""Tasks by the days on which they are due for a person."""

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from typing import Any

from taskbell.web.dates import Dates, day_bounds

A_DAY = timedelta(days=1)


def placed_on_days(
    tasks: Any, days: Sequence[date], dates: Dates, *, only: Collection[int] | None, most: int
) -> list[tuple[int, str, str]]:
    """The ids of the tasks that are due on these consecutive days, each with its day: one query."""
    # One day more at both ends: a due date without a time is the same day everywhere, but not the same instant.
    begin, end = day_bounds(dates, days[0])[0] - A_DAY, day_bounds(dates, days[-1])[1] + 2 * A_DAY
    tasks = tasks.filter(due_at__gt=begin, due_at__lt=end)
    tasks = tasks if only is None else tasks.filter(pk__in=only)
    found = tasks.order_by("due_at", "-priority", "id").only("due_at", "due_date", "due_time")[:most]
    shown = {day.isoformat() for day in days}
    return [(task.pk, day, "") for task in found if (day := str(dates.due_day(task))) in shown]
