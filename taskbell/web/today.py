"""Today: what is overdue, due and in progress, upcoming reminders, and what others block."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db.models import Case, CharField, DateTimeField, F, Q, Value, When
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy

from taskbell.accounts.addresses import pending_email
from taskbell.accounts.models import User
from taskbell.common.compiled_query import AnyOf, CompiledQuery, IdArray, Param
from taskbell.projects.audience import sees_everything
from taskbell.search.parameters import Parameters
from taskbell.tasks.kinds import OPEN_STAGES, Stage
from taskbell.tasks.models import Task, is_for
from taskbell.tasks.queries import ViewerParam
from taskbell.web.ahead import Ahead, blocked_by_others, reminders_ahead
from taskbell.web.dates import Dates, day_bounds
from taskbell.web.dayline import DayLine, day_line
from taskbell.web.rows import TaskRow, rows_of
from taskbell.web.shell import AppRequest

MAX_TASKS = 200
HEADS = {
    "overdue": gettext_lazy("Overdue"),
    "due": gettext_lazy("Due today"),
    "progress": gettext_lazy("In progress"),
    "done": gettext_lazy("Done today"),
}


@dataclass(frozen=True)
class Section:
    """Some rows under a head."""

    key: str
    head: Any
    rows: list[TaskRow]


@cache
def _placed(sees_everything: bool, everyone: bool, few: bool) -> CompiledQuery:
    """The tasks of the day; of a `few` ids, those."""
    person: Any = ViewerParam(sees_everything)
    now, begin, end = (Param(name, DateTimeField()) for name in ("now", "begin", "end"))
    is_open = Q(stage__in=OPEN_STAGES)
    day = Case(
        When(is_open & Q(due_at__lte=now), then=Value("overdue")),
        When(is_open & Q(due_at__lte=end), then=Value("due")),
        When(is_open, then=Value("progress")),
        default=Value("done"),
        output_field=CharField(),
    )
    shown = (
        Q(is_open, due_at__lte=end)
        | Q(stage=Stage.IN_PROGRESS, due_at=None)
        | Q(stage=Stage.COMPLETED, completed_at__gte=begin, completed_at__lt=end)
    )

    def build() -> Any:
        tasks = Task.objects.visible_to(person).in_use().filter(Q() if everyone else is_for(person), shown)
        tasks = tasks.filter(AnyOf("id", IdArray("ids"))) if few else tasks
        found = tasks.annotate(part=day).order_by(F("due_at").asc(nulls_last=True), "-priority", "id")
        return found.values_list("pk", "part")[:MAX_TASKS]

    return CompiledQuery(build, replan=not few)


def placed(
    parameters: Parameters, person: User, dates: Dates, *, only: Collection[int] | None = None
) -> list[tuple[int, str, str]]:
    """The ids of the tasks of the day, each with section and sort key; `only` these tasks, if any."""
    begin, end = day_bounds(dates, dates.today)
    find = _placed(sees_everything(person), _shows_everyone(parameters, person), only is not None)
    found = find(person=person.pk, now=dates.now, begin=begin, end=end, ids=only)
    return [(pk, part, "") for pk, part in found]


def whose(parameters: Parameters, person: User) -> Q:
    """Whose tasks the page shows: the person's own, or everybody's, for those who see everything."""
    return Q() if _shows_everyone(parameters, person) else is_for(person)


def _shows_everyone(parameters: Parameters, person: User) -> bool:
    return parameters.get("everyone") == "true" and sees_everything(person)


def today(request: HttpRequest) -> HttpResponse:
    """The page."""
    app = AppRequest(request)
    parameters = request.GET.dict()
    rows = rows_of(placed(parameters, app.person, app.dates), app.person, app.dates)
    sections = [Section(key, head, [row for row in rows if row.section == key]) for key, head in HEADS.items()]
    ahead = reminders_ahead(app.person, app.dates)
    context = {
        "sections": sections,
        "is_empty": not rows,
        "day": dates_line(rows, ahead, app.dates),
        "ahead": ahead,
        "blocked": blocked_by_others(app.person, app.dates),
        "everyone": parameters.get("everyone") == "true",
        "sees_everything": sees_everything(app.person),
        "day_name": app.dates.long_day(app.dates.today),
        "link_sent_to": link_sent_to(app),
        "here": "today",
    }
    return app.page("app/today.html", context)


def link_sent_to(app: AppRequest) -> str:
    """Where the link went that confirms the person's address: a new address first. Empty once it is confirmed."""
    is_waiting = not app.person.email_confirmed
    return (pending_email(app.person, now=app.now) or app.person.email) if is_waiting else ""


def dates_line(rows: list[TaskRow], ahead: list[Ahead], dates: Dates) -> DayLine:
    """The line of the day: reminders, due times, and now."""
    due = [row.task.due_at for row in rows if row.section == "due" and row.task.due_time]
    return day_line([one.at for one in ahead if one.at < day_bounds(dates, dates.today)[1]], due, dates)
