"""What categories and labels have in common: names that everybody shares, and that are unique."""

from datetime import datetime
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from taskbell.accounts.models import User
from taskbell.activity.actions import Entry, record_entries
from taskbell.activity.models import Subject, SubjectType
from taskbell.common.errors import NotFound
from taskbell.common.text import folded
from taskbell.common.values import BadValue, read_line
from taskbell.tasks.label_models import Label
from taskbell.tasks.models import Category
from taskbell.tasks.policy import check_may_change_shared

Shared = TypeVar("Shared", Category, Label)
SUBJECTS = {Category: SubjectType.CATEGORY, Label: SubjectType.LABEL}
MAX_KEY = 400  # characters: NFKC can expand one letter to eighteen


def read_unique_name(value: object, *, most: int) -> str:
    """A name that is compared by its key. Raises BadValue."""
    name = read_line(value, most=most)
    if len(folded(name)) > MAX_KEY:
        raise BadValue(_("Must be shorter: some of its characters expand to several letters."), "max_length")
    return name


def lock_shared(kind: type[Shared], pk: int, *, by: User) -> Shared:
    """The category or label, locked until the transaction ends, for a change. Raises NotFound, NotAllowed."""
    row = kind.objects.select_for_update().filter(pk=pk).first()
    if row is None:
        raise NotFound
    check_may_change_shared(by, row)
    return row


@transaction.atomic
def delete_if_unused(kind: type[Shared], pk: int, uses: QuerySet[Any], *, by: User, now: datetime) -> bool:
    """Deletes the category or label if there are no `uses` of it. Returns whether it did. Raises NotFound, NotAllowed.

    Locks no task: writers of a task wait for the lock on the row, so its holder must not wait for them.
    """
    row = lock_shared(kind, pk, by=by)
    if uses.exists():
        return False
    record_entries([name_entry(row, "deleted", by=by, at=now)])
    row.delete()
    return True


def name_entry(row: Category | Label, action: str, *, old: str | None = None, by: User, at: datetime) -> Entry:
    """One entry for all tasks that show the name."""
    about, new = Subject(SUBJECTS[type(row)], row.pk), {"id": row.pk, "name": row.name}
    return Entry(None, action, by, at, old=old and {"name": old}, new=new, about=about)
