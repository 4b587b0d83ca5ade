"""The verbs of a single task: POSTs that work without JavaScript, and answer a fragment to htmx."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from taskbell.accounts.models import User
from taskbell.common.clock import utc_now, wall_time
from taskbell.common.values import read_date, read_field
from taskbell.tasks import actions
from taskbell.tasks.bulk import MAX_CHANGES, Batch, change_many
from taskbell.tasks.kinds import Stage
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch
from taskbell.tasks.queries import visible_task
from taskbell.web.dates import Dates
from taskbell.web.door import done, local_address, person_of, sent, signed_in
from taskbell.web.undo import undo_of
from taskbell.web.words import quoted

Verb = Callable[..., HttpResponse]


def verb(act: Verb) -> Any:
    """A view that calls the verb with the task, the person and the instant; a refusal is shown and changes nothing."""

    @signed_in
    @require_POST
    def view(request: HttpRequest, pk: int) -> HttpResponse:
        person, now = person_of(request), utc_now()
        return act(request, visible_task(pk, to=person), by=person, now=now)

    return view


@verb
def complete(request: HttpRequest, task: Task, *, by: User, now: datetime) -> HttpResponse:
    """Completes the task. One that repeats goes on to its next occurrence; with `catch_up`, to one in the future."""
    force, catch_up = (sent(request, name) == "true" for name in ("force", "catch_up"))
    actions.update_task(task.pk, TaskPatch(stage=Stage.COMPLETED), force=force, catch_up=catch_up, by=by, now=now)
    said = _("%(task)s completed.") % {"task": quoted(task.title)}
    return done(request, said, undo=undo_of([task], TaskPatch(stage=Stage.COMPLETED), by=by), touched=[task.pk])


@verb
def reopen(request: HttpRequest, task: Task, *, by: User, now: datetime) -> HttpResponse:
    """Opens a completed or archived task again."""
    actions.update_task(task.pk, TaskPatch(stage=Stage.PENDING), by=by, now=now)
    said = _("%(task)s reopened.") % {"task": quoted(task.title)}
    return done(request, said, touched=[task.pk])


@verb
def stage(request: HttpRequest, task: Task, *, by: User, now: datetime) -> HttpResponse:
    """Moves the task to the stage that is sent."""
    wanted, force = sent(request, "stage"), sent(request, "force") == "true"
    actions.update_task(task.pk, TaskPatch(stage=wanted), force=force, by=by, now=now)
    said = _("%(task)s moved to “%(stage)s”.") % {"task": quoted(task.title), "stage": Stage(wanted).label}
    return done(request, said, undo=undo_of([task], TaskPatch(stage=wanted), by=by), touched=[task.pk])


@verb
def delete(request: HttpRequest, task: Task, *, by: User, now: datetime) -> HttpResponse:
    """Puts the task in the trash; `leave` is where the page of the task goes on to."""
    actions.delete_task(task.pk, by=by, now=now)
    said = _("%(task)s moved to the trash.") % {"task": quoted(task.title)}
    undo, to = reverse("task-restore", args=[task.pk]), local_address(request, sent(request, "leave"))
    return done(request, said, undo=undo, touched=[task.pk], to=to or None)


@signed_in
@require_POST
def restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Takes the task out of the trash."""
    task = actions.restore_task(pk, by=person_of(request), now=utc_now())
    return done(request, _("%(task)s restored.") % {"task": quoted(task.title)}, touched=[task.pk])


@verb
def move(request: HttpRequest, task: Task, *, by: User, now: datetime) -> HttpResponse:
    """Gives the task another due date; it keeps its time."""
    day = read_field("due_date", read_date, sent(request, "due_date")) if sent(request, "due_date") else None
    patch = TaskPatch(due_date=day) if day else TaskPatch(due_date=None, due_time=None)
    actions.update_task(task.pk, patch, by=by, now=now)
    said = _("%(task)s rescheduled.") % {"task": quoted(task.title)}
    return done(request, said, undo=undo_of([task], TaskPatch(due_date=None, due_time=None), by=by), touched=[task.pk])


@signed_in
@require_POST
def move_to_today(request: HttpRequest) -> HttpResponse:
    """Makes everything that is overdue for this person due today; times are kept where they are still ahead."""
    person, now = person_of(request), utc_now()
    dates = Dates.of(person, now)
    late = list(Task.objects.to_do_by(person).filter(due_at__lte=now).order_by("pk")[:MAX_CHANGES])
    patches = [(task, _to_today(task, dates)) for task in late]
    if late:
        change_many(Batch([], [(task.pk, patch, None) for task, patch in patches], []), by=person, now=now)
    moved = ngettext("%(n)d task is now due today.", "%(n)d tasks are now due today.", len(late)) % {"n": len(late)}
    undo = undo_of(late, TaskPatch(due_date=None, due_time=None), by=person)
    return done(request, moved, undo=undo, touched=[task.pk for task in late])


def _to_today(task: Task, dates: Dates) -> TaskPatch:
    """Today in the task's zone. A time that has passed there goes."""
    wall = wall_time(dates.now, task.timezone)
    if task.due_time is not None and task.due_time <= wall.time():
        return TaskPatch(due_date=wall.date(), due_time=None)
    return TaskPatch(due_date=wall.date())
