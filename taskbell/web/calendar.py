"""The calendar: a month or a week of days, each with what is due on it."""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.dateformat import format as date_format
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from taskbell.accounts.models import User
from taskbell.common.clock import EARLIEST, LATEST, utc_now
from taskbell.common.errors import NotFound
from taskbell.projects.audience import sees_everything
from taskbell.search.parameters import Parameters
from taskbell.search.tasks import FILTERS, matching_tasks
from taskbell.sharing.locks import visible_project
from taskbell.tasks.kinds import Stage
from taskbell.web.dates import Dates
from taskbell.web.days import A_DAY, placed_on_days
from taskbell.web.door import person_of, signed_in
from taskbell.web.project_pages import head_of
from taskbell.web.rows import TaskRow, rows_of
from taskbell.web.shell import AppRequest
from taskbell.web.today import whose

PERIOD = re.compile(r"(?P<year>\d{4})-(?:W(?P<week>\d\d)|(?P<month>\d\d))", re.ASCII)
A_WEEK = timedelta(days=7)
MAX_TASKS = 1000
SHOWN, DOTS = 4, 3  # in a day of a month


@dataclass(frozen=True)
class Period:
    """A month or a week: its name, the days that are shown, and the names of the periods beside it."""

    name: str
    head: str
    days: list[date]
    month: int | None
    before: str
    after: str
    other: str  # the same time as a week or as a month


@dataclass
class CalendarDay:
    """A day of the calendar."""

    date: date
    name: str
    is_outside: bool
    is_today: bool
    is_chosen: bool
    rows: list[TaskRow] = field(default_factory=list)

    @property
    def hidden(self) -> int:
        """How many tasks do not fit."""
        return max(0, len(self.rows) - SHOWN)

    @property
    def dots(self) -> list[str]:
        """On a phone, a dot for each task, up to three; those with a reminder are marked."""
        return ["rings" if row.reminder and not row.is_done else "" for row in self.rows[:DOTS]]


def period_of(name: str, first_weekday: int) -> Period:
    """The period of this name, such as 2026-12 or 2026-W49. Raises NotFound."""
    match = PERIOD.fullmatch(name)
    if match is None or not EARLIEST.year < int(match["year"]) < LATEST.year:
        raise NotFound
    year = int(match["year"])
    try:
        if match["week"]:
            return _week(date.fromisocalendar(year, int(match["week"]), 1), first_weekday)
        return _month(date(year, int(match["month"]), 1), first_weekday)
    except ValueError as error:
        raise NotFound from error


def _week(monday: date, first_weekday: int) -> Period:
    begin = monday - timedelta(days=(7 - first_weekday) % 7)
    last = begin + 6 * A_DAY
    short, long = pgettext("day and month", "j M"), pgettext("day, month and year", "j M Y")
    return Period(
        name=_week_name(monday),
        head=f"{date_format(begin, short)} – {date_format(last, long)}",
        days=[begin + ahead * A_DAY for ahead in range(7)],
        month=None,
        before=_week_name(monday - A_WEEK),
        after=_week_name(monday + A_WEEK),
        other=f"{monday:%Y-%m}",
    )


def _month(first: date, first_weekday: int) -> Period:
    begin = first - timedelta(days=(first.weekday() - first_weekday) % 7)
    following = (first + timedelta(days=31)).replace(day=1)
    weeks = -(-(following - begin).days // 7)
    return Period(
        name=f"{first:%Y-%m}",
        head=date_format(first, pgettext("month and year", "F Y")),
        days=[begin + ahead * A_DAY for ahead in range(weeks * 7)],
        month=first.month,
        before=f"{first - A_DAY:%Y-%m}",
        after=f"{following:%Y-%m}",
        other=_week_name(first),
    )


def _week_name(day: date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def placed(
    parameters: Parameters, person: User, dates: Dates, *, only: Collection[int] | None = None
) -> list[tuple[int, str, str]]:
    """The ids of the tasks of the period by the day on which they are due for this person. Raises Invalid."""
    days = period_of(parameters["period"], dates.first_weekday).days
    given = {name: text for name, text in parameters.items() if name in FILTERS}
    given |= {"project": str(parameters["pk"])} if "pk" in parameters else {}
    # A project chosen by the filter is shown even if it is archived.
    tasks = matching_tasks(given, person, archived_too="project" in given).exclude(stage=Stage.ARCHIVED)
    tasks = tasks if given else tasks.filter(whose(parameters, person))
    return placed_on_days(tasks, days, dates, only=only, most=MAX_TASKS)


@signed_in
@require_safe
def this_month(request: HttpRequest, **within: int) -> HttpResponse:
    """Leads to the current month, perhaps of a project."""
    return redirect(f"{request.path}{Dates.of(person_of(request), utc_now()).today:%Y-%m}/")


@signed_in
@require_safe
def calendar(request: HttpRequest, period: str, **within: Any) -> HttpResponse:
    """The page, perhaps of a project."""
    app, parameters = AppRequest(request), request.GET.dict() | within | {"period": period}
    head = head_of(app, visible_project(within["pk"], to=app.person), "calendar") if within else {"here": "calendar"}
    shown = period_of(period, app.dates.first_weekday)
    chosen = _chosen(request.GET.get("day", ""), shown, app.dates)
    days = {str(day): _day(day, shown, app.dates, chosen) for day in shown.days}
    for row in rows_of(placed(parameters, app.person, app.dates), app.person, app.dates):
        days[row.section].rows.append(row)
    context = {
        "period": shown,
        "days": list(days.values()),
        "weekdays": [date_format(day, "D") for day in shown.days[:7]],
        "query": urlencode({name: text for name, text in request.GET.items() if name != "day"}),
        "everyone": parameters.get("everyone") == "true",
        "sees_everything": sees_everything(app.person),
        "this": f"{app.dates.today:%Y-%m}" if shown.month else _week_name(app.dates.today),
    }
    return app.page("app/calendar.html", context | head)


def _chosen(text: str, period: Period, dates: Dates) -> date:
    """The day whose list a phone shows: that of the address, today, or the first."""
    inside = [day for day in period.days if period.month in (None, day.month)]
    named = next((day for day in period.days if str(day) == text), None)
    return named or (dates.today if dates.today in inside else inside[0])


def _day(day: date, period: Period, dates: Dates, chosen: date) -> CalendarDay:
    is_outside = period.month not in (None, day.month)
    return CalendarDay(day, dates.day_with_date(day), is_outside, day == dates.today, day == chosen)
