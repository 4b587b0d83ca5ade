"""What undoing a verb needs beyond the history: kept for an hour, for one use by the person who did it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from taskbell.accounts.models import User
from taskbell.activity.models import Undo
from taskbell.common.errors import Conflict

LIFETIME = timedelta(hours=1)
MAX_KEPT = 20  # for each person
OVER = gettext_noop("Can't undo this, because it was undone already or too much time has passed. Change it by hand.")


def keep_undo(verb: str, task_id: int, data: Mapping[str, Any], *, by: User, now: datetime) -> int:
    """Stores the data in the transaction of the verb; returns its id. Each person's oldest ones are deleted."""
    older = Undo.objects.filter(person=by).order_by("-id").values_list("pk", flat=True)
    Undo.objects.filter(pk__in=list(older[MAX_KEPT - 1 :])).delete()
    return Undo.objects.create(person=by, verb=verb, task_id=task_id, data=data, created_at=now).pk


def verb_of(pk: int, *, by: User) -> str:
    """The verb that this undoes. Raises Conflict if it can no longer be undone."""
    verb = Undo.objects.filter(pk=pk, person=by).values_list("verb", flat=True).first()
    if verb is None:
        raise Conflict(_(OVER))
    return verb


def take_undo(pk: int, *, by: User, now: datetime) -> Undo:
    """The stored data. It is used up when the transaction commits. Raises Conflict."""
    found = Undo.objects.select_for_update().filter(pk=pk, person=by, created_at__gt=now - LIFETIME).first()
    if found is None:
        raise Conflict(_(OVER))
    Undo.objects.filter(pk=pk).delete()
    return found


def forget_undo(now: datetime) -> int:
    """Removes what can no longer be undone."""
    return Undo.objects.filter(created_at__lte=now - LIFETIME).delete()[0]
