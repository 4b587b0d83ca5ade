"""Undoing a change of tasks: the toast has their values from before, signed for the person who made the change.

Values that are too long for an address, or private, stay on the server (activity/undo.py).
"""

from collections.abc import Sequence
from datetime import date, time
from typing import Any
from urllib.parse import urlencode

from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from taskbell.accounts.models import User
from taskbell.activity.undo import verb_of
from taskbell.comments.actions import DELETE, undo_delete_comment
from taskbell.common.clock import utc_now
from taskbell.common.errors import Conflict, NotFound
from taskbell.common.rows import plain
from taskbell.tasks.bulk import Batch, change_many
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch
from taskbell.tasks.skipping import undo_skip
from taskbell.web.door import done, person_of, signed_in

SALT = "taskbell.web.undo"
LIFETIME = 3600  # seconds
MAX_TASKS = 200  # more would make the address too long
READ = {"due_date": date.fromisoformat, "due_time": time.fromisoformat}


def undo_of(before: Sequence[Task], patch: TaskPatch, *, by: User) -> str:
    """The address that takes back the patch for this person; empty for too many tasks."""
    if len(before) > MAX_TASKS:
        return ""
    names = list(patch.columns())
    rows = [[task.pk, *(plain(getattr(task, name)) for name in names)] for task in before]
    token = signing.dumps([by.pk, names, rows], salt=SALT, compress=True)
    return f"{reverse('undo')}?{urlencode({'token': token})}"


@signed_in
@require_POST
def undo(request: HttpRequest) -> HttpResponse:
    """Undoes what the token says."""
    person = person_of(request)
    try:
        whose, names, rows = signing.loads(request.GET.get("token", ""), salt=SALT, max_age=LIFETIME)
    except signing.BadSignature as error:
        raise Conflict(_("Can't undo this, because too much time has passed. Change it by hand.")) from error
    if whose != person.pk:
        raise NotFound
    update = [(pk, TaskPatch(**_read(names, values)), None) for pk, *values in rows]
    change_many(Batch([], update, []), force=True, by=person, now=utc_now())
    return done(request, _("Undone."), touched=[pk for pk, *_rest in rows])


@signed_in
@require_POST
def undo_kept(request: HttpRequest, pk: int) -> HttpResponse:
    """Undoes a verb with what the server has kept."""
    person, now = person_of(request), utc_now()
    if verb_of(pk, by=person) == DELETE:
        comment = undo_delete_comment(pk, by=person, now=now)
        return done(request, _("Comment restored."), touched=[comment.task_id])
    task = undo_skip(pk, by=person, now=now)
    return done(request, _("Undone."), touched=[task.pk])


def _read(names: list[str], values: list[Any]) -> dict[str, Any]:
    return {
        name: READ[name](value) if name in READ and value is not None else value
        for name, value in zip(names, values, strict=True)
    }
