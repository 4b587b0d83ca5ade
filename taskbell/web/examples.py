"""Three tasks to try things out with, in a project of their own that goes away with one button."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from taskbell.accounts.models import Profile, User
from taskbell.common.clock import utc_now, wall_time
from taskbell.common.errors import NotFound
from taskbell.projects.models import Colour
from taskbell.sharing.deleting import delete_project
from taskbell.sharing.projects import create_project
from taskbell.tasks.actions import create_task
from taskbell.tasks.patch import TaskPatch
from taskbell.web.door import done, person_of, signed_in


@transaction.atomic
def add_examples(*, by: User, now: datetime) -> None:
    """Creates the project and its tasks, as the person would. Raises NotAllowed, QuotaReached."""
    today = wall_time(now, by.profile.timezone).date()
    project = create_project({"name": _("First steps"), "colour": Colour.TEAL.value}, by=by, now=now)
    fields: dict[str, Any] = {"project_id": project.pk, "due_date": today}
    title = _("Press Q and type: Water the plants in 2 minutes ~1m")
    first = create_task(TaskPatch(title=title, **fields), by=by, now=now)
    title = _("This one is blocked until you complete the first")
    create_task(TaskPatch(title=title, pre_tasks=[first.pk], **fields), by=by, now=now)
    title = _("Look at the week ahead")
    create_task(TaskPatch(title=title, recurrence="FREQ=WEEKLY", **fields), by=by, now=now)
    _remember(by, project.pk)


def _remember(person: User, project: int | None) -> None:
    Profile.objects.filter(pk=person.pk).update(examples=project)


@signed_in
@require_POST
def add(request: HttpRequest) -> HttpResponse:
    """Adds the examples."""
    add_examples(by=person_of(request), now=utc_now())
    return done(request, _("Three examples are there. Complete them, change them, or remove them."), to="/")


@signed_in
@require_POST
def remove(request: HttpRequest) -> HttpResponse:
    """Puts the project with the examples in the trash."""
    person, now = person_of(request), utc_now()
    try:
        if person.profile.examples is not None:
            delete_project(person.profile.examples, move_to=None, by=person, now=now)
    except NotFound:
        pass  # it was deleted by hand
    _remember(person, None)
    return done(request, _("The examples are in the trash."), to="/")
