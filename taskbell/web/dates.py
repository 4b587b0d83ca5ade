"""Dates of tasks as people say them: Today 16:30, Tomorrow, Fri 4 Dec, 4 Mar 2027."""

from datetime import date, datetime, time, timedelta

from taskbell.common.reader_dates import ReaderDates
from taskbell.tasks.models import Task


class Dates(ReaderDates):
    """Formats dates, and those of tasks, for one person."""

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


def day_bounds(dates: Dates, day: date) -> tuple[datetime, datetime]:
    """The instants at which the person's day begins and ends."""
    return tuple(datetime.combine(one, time(), dates.zone) for one in (day, day + timedelta(days=1)))  # type: ignore[return-value]
