"""Three tasks to try things out, in a project of their own, so that all can be removed at once."""

from contextlib import suppress
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from taskbell.accounts.models import Profile, User
from taskbell.common.clock import wall_time
from taskbell.common.errors import NotFound
from taskbell.projects.models import Colour
from taskbell.sharing.deleting import delete_project
from taskbell.sharing.projects import create_project
from taskbell.tasks.actions import create_task
from taskbell.tasks.patch import TaskPatch


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
    title = _("Review the week ahead")
    create_task(TaskPatch(title=title, recurrence="FREQ=WEEKLY", **fields), by=by, now=now)
    _remember(by, project.pk)


def remove_examples(*, by: User, now: datetime) -> None:
    """Puts the project in the trash, unless somebody has deleted it already. Raises NotAllowed."""
    if by.profile.examples is not None:
        with suppress(NotFound):
            delete_project(by.profile.examples, move_to=None, by=by, now=now)
    _remember(by, None)


def _remember(person: User, project: int | None) -> None:
    Profile.objects.filter(pk=person.pk).update(examples=project)
