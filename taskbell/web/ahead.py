"""Beside Today: the person's reminders of today and tomorrow, and tasks of others that block theirs."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.db.models import DateTimeField, F, Q
from django.utils.translation import gettext as _

from taskbell.accounts.models import User
from taskbell.common.compiled_query import CompiledModelQuery, Param, names_of
from taskbell.projects.audience import sees_everything
from taskbell.reminders.models import Reminder
from taskbell.tasks.kinds import OPEN_STAGES
from taskbell.tasks.models import Task
from taskbell.tasks.queries import ViewerParam
from taskbell.web.dates import Dates, day_bounds
from taskbell.web.rows import PERSON

MAX_AHEAD, MAX_BLOCKERS = 8, 5


@dataclass(frozen=True)
class Ahead:
    """A reminder that will fire."""

    day: str
    is_today: bool
    at: datetime
    time: str
    task: Task
    words: str


@cache
def _reminders(sees_everything: bool) -> CompiledModelQuery:
    person: Any = ViewerParam(sees_everything)
    open_tasks = Q(task__deleted_at=None, task__stage__in=OPEN_STAGES, task__project__archived_at=None)
    people = Q(recipient=person) | Q(Q(task__created_by=person) | Q(task__assigned_to=person), recipient=None)
    now, until = (Param(name, DateTimeField()) for name in ("now", "until"))

    def build() -> Any:
        found = Reminder.objects.filter(people, open_tasks, next_at__gt=now, next_at__lt=until)
        return found.filter(task__in=Task.objects.visible_to(person)).order_by("next_at", "id")[:MAX_AHEAD]

    return CompiledModelQuery(build, {"": names_of(Reminder), "task": names_of(Task)})


@cache
def _blockers(sees_everything: bool) -> CompiledModelQuery:
    person: Any = ViewerParam(sees_everything)

    def build() -> Any:
        waiting = Task.objects.to_do_by(person).values("pk")
        found = Task.objects.visible_to(person).open().filter(needed_by__task__in=waiting).exclude(assigned_to=person)
        found = found.exclude(assigned_to=None, created_by=person).annotate(holds_up=F("needed_by__task__title"))
        return found.order_by(F("due_at").asc(nulls_last=True), "id")[:MAX_BLOCKERS]

    return CompiledModelQuery(build, {"": names_of(Task), "assigned_to": PERSON}, annotations=["holds_up"])


def reminders_ahead(person: User, dates: Dates) -> list[Ahead]:
    """The next reminders that reach this person, today and tomorrow: one query."""
    until = day_bounds(dates, dates.today + timedelta(days=1))[1]
    found = _reminders(sees_everything(person))(person=person.pk, now=dates.now, until=until)
    return [_ahead(one, dates) for one in found]


def _ahead(one: Reminder, dates: Dates) -> Ahead:
    assert one.next_at is not None  # noqa: S101 - asked for
    day, due = one.next_at.astimezone(dates.zone).date(), dates.due(one.task)
    words = _("Only you") if one.recipient_id else due and _("Due %(due)s") % {"due": dates.in_sentence(due)}
    return Ahead(dates.day(day), day == dates.today, one.next_at, dates.time(one.next_at), one.task, words)


def blocked_by_others(person: User, dates: Dates) -> list[Any]:
    """Open tasks of others that block this person's: one query."""
    found = _blockers(sees_everything(person))(person=person.pk)
    return [{"task": task, "due": dates.due(task)} for task in found]
