"""Series for charts: whole local days, weeks and months, with what happened in them."""

from datetime import UTC, date, datetime, timedelta
from statistics import median
from typing import Any

import pytest

from taskbell.accounts.models import User
from taskbell.reports.series import Periods, default_first, series
from taskbell.tasks.kinds import Stage
from taskbell.tasks.models import Task
from tests.reports.oracle import local_day

BERLIN = "Europe/Berlin"


def a_task(by: User, created: str, completed: str | None = None, due: str | None = None, late: bool = False) -> Task:
    """A task with these moments (UTC), as the database has it."""
    moments = [datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None for text in (created, completed, due)]
    created_at, completed_at, due_at = moments
    stage = Stage.COMPLETED if completed else Stage.PENDING
    fields: dict[str, Any] = {
        "stage": stage,
        "completed_at": completed_at,
        "due_at": due_at,
        "is_overdue": late,
    }
    return Task.objects.create(
        title="x",
        timezone="UTC",
        created_by=by,
        project=by.inbox,
        created_at=created_at,
        updated_at=created_at,
        **fields,
    )


def told(group: str, first: str, last: str, zone: str = BERLIN) -> list[dict[str, Any]]:
    periods = Periods(group, date.fromisoformat(first), date.fromisoformat(last), zone)
    return series(Task.objects.all(), periods)


def column(points: list[dict[str, Any]], name: str) -> list[Any]:
    return [point[name] for point in points]


def test_a_day_is_the_persons_own_also_where_it_has_23_hours(bo: User) -> None:
    for created in ("2027-03-27T22:59:59", "2027-03-27T23:00:00", "2027-03-28T21:59:59", "2027-03-28T22:00:00"):
        a_task(bo, created)
    points = told("day", "2027-03-27", "2027-03-29")
    assert column(points, "from") == [date(2027, 3, 27), date(2027, 3, 28), date(2027, 3, 29)]
    assert column(points, "created") == [1, 2, 1]
    assert column(told("day", "2027-03-27", "2027-03-29", "UTC"), "created") == [2, 2, 0]


@pytest.mark.parametrize(
    "zone", ["America/Havana", "Asia/Beirut", "America/Asuncion", "Pacific/Apia", "Asia/Kathmandu"]
)
def test_days_fit_together_where_clocks_change_at_midnight(bo: User, zone: str) -> None:
    begin = datetime(2026, 3, 1, tzinfo=UTC)
    made = [begin + timedelta(hours=hours) for hours in range(24 * 40)]
    fields = {"title": "x", "timezone": "UTC", "created_by": bo, "project": bo.inbox}
    Task.objects.bulk_create(Task(created_at=at, updated_at=at, **fields) for at in made)
    points = told("day", "2026-03-02", "2026-04-08", zone)
    days = [local_day(at, zone) for at in made]
    assert column(points, "created") == [days.count(day) for day in column(points, "from")]


def test_weeks_begin_on_monday_and_months_on_their_first_and_are_whole(bo: User) -> None:
    for created in ("2026-12-27T12:00", "2026-12-28T12:00", "2027-01-03T12:00", "2027-01-04T12:00", "2027-02-28T12:00"):
        a_task(bo, created)
    weeks = told("week", "2026-12-31", "2027-01-05")
    assert [(point["from"].isoformat(), point["created"]) for point in weeks] == [("2026-12-28", 2), ("2027-01-04", 1)]
    months = told("month", "2026-12-31", "2027-02-01")
    assert column(months, "from") == [date(2026, 12, 1), date(2027, 1, 1), date(2027, 2, 1)]
    assert column(months, "created") == [2, 2, 1]


@pytest.mark.parametrize("hours", [[], [5], [5, 1], [5, 1, 2], [9, 9, 1, 2], [1, 2, 3, 4, 100]])
def test_the_median_is_the_one_in_the_middle_or_lies_between_the_two(bo: User, hours: list[int]) -> None:
    for took in hours:
        a_task(bo, "2027-03-01T00:00", f"2027-03-{1 + took // 24:02}T{took % 24:02}:00")
    (point,) = told("month", "2027-03-01", "2027-03-31", "UTC")
    assert point["completed"] == len(hours)
    assert point["median_seconds_to_complete"] == (median(hours) * 3600 if hours else None)


def test_missed_tasks_count_in_the_period_they_were_due_in_also_when_finished_later(bo: User) -> None:
    a_task(bo, "2027-03-01T00:00", due="2027-03-02T12:00", late=True)
    a_task(bo, "2027-03-01T00:00", "2027-03-05T00:00", due="2027-03-02T12:00", late=True)
    a_task(bo, "2027-03-01T00:00", "2027-03-02T00:00", due="2027-03-02T12:00")
    points = told("day", "2027-03-01", "2027-03-05", "UTC")
    assert column(points, "overdue") == [0, 2, 0, 0, 0]
    assert column(points, "completed") == [0, 1, 0, 0, 1]


@pytest.mark.parametrize(("group", "first"), [("day", "2026-10-23"), ("week", "2026-08-31"), ("month", "2025-12-01")])
def test_a_series_usually_has_thirty_days_twelve_weeks_or_twelve_months(group: str, first: str) -> None:
    last = date(2026, 11, 21)
    assert default_first(group, last).isoformat() == first
    assert len(Periods(group, default_first(group, last), last, "UTC").starts()) == {"day": 30}.get(group, 12)
