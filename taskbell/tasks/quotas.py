"""How much one person may have. People who may edit everything have no quotas."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from taskbell.accounts.models import Profile, User
from taskbell.accounts.policy import Capability
from taskbell.accounts.throttle import Limit, count
from taskbell.common.errors import Conflict
from taskbell.common.sql import fetch
from taskbell.common.wording import grouped
from taskbell.projects.models import Project
from taskbell.tasks.label_models import Label
from taskbell.tasks.models import Category, Task

MIB = 1024 * 1024
# One scan for everybody, every five minutes, instead of a query for each new task.
USED = """
SELECT created_by_id, COUNT(*), SUM({size}) FROM tasks_task GROUP BY created_by_id
HAVING COUNT(*) >= %s OR SUM({size}) >= %s
"""
SIZE = {
    "postgresql": "octet_length(title) + octet_length(description)",
    "sqlite": "length(CAST(title AS BLOB)) + length(CAST(description AS BLOB))",
}
TASKS, TEXT = "tasks", "text"
TOO_MANY_TASKS = gettext_noop(
    "Can't create more tasks, because a person may have {}, those in the trash included. Delete some and wait until "
    "they have left the trash, or ask an admin for a higher quota."
)
TOO_MUCH_TEXT = gettext_noop(
    "Can't store more text, because a person's titles and descriptions may have {} MiB, those in the trash included. "
    "Shorten some, or ask an admin for a higher quota."
)
TOO_MANY = gettext_noop(
    "Can't create more {}, because you have {}, the most that a person may have. Delete some first."
)
TOO_MANY_LABELS = gettext_noop(
    "Can't create more {}, because a person can create at most {}. Use existing labels, or delete or merge some first."
)
# By the name of the quota. Projects in the trash count as well, an Inbox does not.
CREATED: dict[str, QuerySet[Any]] = {
    gettext_noop("categories"): Category.objects.all(),
    gettext_noop("labels"): Label.objects.all(),
    gettext_noop("projects"): Project.objects.filter(inbox_of=None),
}


class QuotaReached(Conflict):
    """The person has as much as one person may have."""

    title = "Quota reached"


def check_room_for_tasks(person: User, *, more: int = 1) -> None:
    """Raises QuotaReached if the person has too many tasks, or would have with `more`.

    For one more, it trusts what the clock last counted: that needs no query, and a few too many do no harm.
    """
    most = person.profile.task_quota or settings.TASKBELL_QUOTAS[TASKS]
    if person.can(Capability.EDIT_EVERYTHING):
        return
    check_room_for_text(person)
    if person.profile.full_of == TASKS:
        raise QuotaReached(_(TOO_MANY_TASKS).format(grouped(most)))
    if more > 1 and Task.objects.filter(created_by=person).order_by()[: most + 1].count() + more > most:
        raise QuotaReached(_(TOO_MANY_TASKS).format(grouped(most)))


def check_room_for_text(person: User) -> None:
    """Raises QuotaReached if the person's tasks had too much text when the clock last counted."""
    if person.profile.full_of == TEXT and not person.can(Capability.EDIT_EVERYTHING):
        raise QuotaReached(_(TOO_MUCH_TEXT).format(grouped(settings.TASKBELL_QUOTAS[TEXT])))


def check_room_for(name: str, person: User, *, more: int = 1) -> None:
    """Raises QuotaReached if `more` of these would be too many created by the person. See CREATED."""
    most, theirs = settings.TASKBELL_QUOTAS[name], CREATED[name].filter(created_by=person)
    if not person.can(Capability.EDIT_EVERYTHING) and theirs.order_by()[:most].count() + more > most:
        raise QuotaReached(_(TOO_MANY_LABELS if name == "labels" else TOO_MANY).format(_(name), grouped(most)))


def count_import(person: User, *, now: datetime) -> None:
    """Counts one file. Raises TooMany, with the seconds to wait, if the person has imported too many in an hour."""
    if not person.can(Capability.EDIT_EVERYTHING):
        limit = Limit("import", settings.TASKBELL_QUOTAS["imports"], timedelta(hours=1))
        count(limit.of(str(person.pk)), now=now)


def find_full() -> None:
    """Notes who has as many tasks, or as much text, as they may."""
    quota, most_bytes = settings.TASKBELL_QUOTAS[TASKS], settings.TASKBELL_QUOTAS[TEXT] * MIB
    chosen = Profile.objects.exclude(task_quota=None).values_list("pk", "task_quota")
    own = {pk: tasks for pk, tasks in chosen if tasks}
    used = fetch(USED.format(size=SIZE[connection.vendor]), [min([quota, *own.values()]), most_bytes])
    full = {
        TEXT: [pk for pk, _, size in used if size >= most_bytes],
        TASKS: [pk for pk, tasks, size in used if tasks >= own.get(pk, quota) and size < most_bytes],
    }
    for name, people in full.items():
        Profile.objects.filter(pk__in=people).exclude(full_of=name).update(full_of=name)
    Profile.objects.exclude(full_of="").exclude(pk__in=[*full[TEXT], *full[TASKS]]).update(full_of="")
