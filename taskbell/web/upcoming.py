"""Upcoming: the next days, each with what is due on it."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from taskbell.accounts.models import User
from taskbell.projects.audience import sees_everything
from taskbell.search.parameters import Parameters, whole_number
from taskbell.tasks.models import Task
from taskbell.web.dates import Dates
from taskbell.web.days import placed_on_days
from taskbell.web.door import signed_in
from taskbell.web.rows import TaskRow, rows_of
from taskbell.web.shell import AppRequest
from taskbell.web.today import whose

DAYS, MAX_DAYS = 14, 90
MAX_TASKS = 300


@dataclass
class UpcomingDay:
    """A day with its tasks."""

    date: date
    head: str
    rows: list[TaskRow] = field(default_factory=list)


def placed(
    parameters: Parameters, person: User, dates: Dates, *, only: Collection[int] | None = None
) -> list[tuple[int, str, str]]:
    """The ids of open tasks by the day on which they are due for this person. Raises Invalid."""
    days = _days(parameters, dates)
    tasks = Task.objects.visible_to(person).open().in_use().filter(whose(parameters, person))
    return placed_on_days(tasks, days, dates, only=only, most=MAX_TASKS)


def _days(parameters: Parameters, dates: Dates) -> list[date]:
    number = whole_number(parameters, "days", default=DAYS, most=MAX_DAYS)
    return [dates.today + timedelta(days=ahead) for ahead in range(number)]


@signed_in
@require_safe
def upcoming(request: HttpRequest) -> HttpResponse:
    """The page."""
    app, parameters = AppRequest(request), request.GET.dict()
    days = {str(day): UpcomingDay(day, app.dates.day_with_date(day)) for day in _days(parameters, app.dates)}
    for row in rows_of(placed(parameters, app.person, app.dates), app.person, app.dates):
        days[row.section].rows.append(row)
    context = {
        "days": list(days.values()),
        "further": min(len(days) + DAYS, MAX_DAYS) if len(days) < MAX_DAYS else None,
        "everyone": parameters.get("everyone") == "true",
        "sees_everything": sees_everything(app.person),
        "here": "upcoming",
    }
    return app.page("app/upcoming.html", context)
