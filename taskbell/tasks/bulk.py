"""Bulk changes: all or none."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from taskbell.accounts.models import User
from taskbell.common.errors import FieldError, Invalid, Refusal, TooMany, invalid
from taskbell.common.locks import let_others_write
from taskbell.common.wording import grouped
from taskbell.tasks.actions import create_tasks, delete_task, update_task
from taskbell.tasks.assignees import assignees_of, lock_assignees
from taskbell.tasks.labels import labels_of
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch
from taskbell.tasks.policy import check_may_create
from taskbell.tasks.prerequisites import Effort

MAX_CHANGES = 1000
MAX_ROWS = 5000  # tasks with their reminders, prerequisites and labels: all are written in one transaction
TOO_MANY_ROWS = gettext_noop(
    "Must have at most {} rows: tasks, reminders, prerequisites and labels together. This has {}. "
    "Send it in several requests."
)
LARGE = 200  # changes
ANOTHER_ONE = gettext_noop("Another large bulk request of yours is in progress. Wait until it has finished.")
_large: set[int] = set()
_lock_of_large = Lock()


@dataclass(frozen=True)
class Batch:
    """What to create, change and delete, in that order. A change comes with the version it expects, or None."""

    create: Sequence[TaskPatch]
    update: Sequence[tuple[int, TaskPatch, int | None]]
    delete: Sequence[int]

    @property
    def rows(self) -> int:
        """How many reminders, prerequisites and labels the tasks get."""
        lists = ((patch.reminders, patch.pre_tasks, patch.labels) for patch in self.patches)
        return sum(len(one) for some in lists for one in some if isinstance(one, Sequence))

    @property
    def patches(self) -> list[TaskPatch]:
        """What tasks are created and changed to."""
        return [*self.create, *(patch for _pk, patch, _version in self.update)]


class BatchRefused(Refusal):
    """One of the changes was refused, so none was made."""

    def __init__(self, place: str, refusal: Refusal) -> None:
        super().__init__(f"{place}: {refusal.detail}")
        self.status = refusal.status  # type: ignore[misc]
        self.title = refusal.title  # type: ignore[misc]
        self.place = place
        self.refusal = refusal

    def members(self) -> dict[str, object]:
        inner = self.refusal.errors if isinstance(self.refusal, Invalid) else []
        errors = [vars(FieldError(f"{self.place}.{error.field}", error.code, error.message)) for error in inner]
        alone = vars(FieldError(self.place, "refused", self.refusal.detail))
        return self.refusal.members() | {"errors": errors or [alone]}


def check_size(changes: int, rows: int) -> None:
    """Raises Invalid for more changes, or more rows of their lists, than one transaction may have."""
    if not 0 < changes <= MAX_CHANGES:
        raise invalid("", "size", _("Must have 1 to %(changes)s changes.") % {"changes": grouped(MAX_CHANGES)})
    if changes + rows > MAX_ROWS:
        raise invalid("", "rows", _(TOO_MANY_ROWS).format(grouped(MAX_ROWS), grouped(changes + rows)))


@contextmanager
def one_at_a_time_of(person: User, *, changes: int) -> Iterator[None]:
    """Around a large bulk request: of one person, each process does one at a time. Raises TooMany."""
    if changes < LARGE:
        yield
        return
    with _lock_of_large:
        if person.pk in _large:
            raise TooMany(_(ANOTHER_ONE), retry_after=1)
        _large.add(person.pk)
    try:
        yield
        let_others_write()
    finally:
        _large.discard(person.pk)


@transaction.atomic
def change_many(
    batch: Batch, *, force: bool = False, catch_up: bool = False, by: User, now: datetime
) -> tuple[list[int], list[int]]:
    """Makes all changes; returns the ids of created and of changed tasks. `force` and `catch_up` apply to all.

    Raises NotAllowed, Invalid for too many changes, and BatchRefused, which names the position of the first refused
    change.
    """
    if batch.create:
        check_may_create(by)
    check_size(len(batch.create) + len(batch.update) + len(batch.delete), batch.rows)
    lock_assignees(assignees_of(batch.patches))
    labels_of(batch.patches, by=by, now=now)
    known = Task.objects.filter(pk__in=[*(pk for pk, _, _ in batch.update), *batch.delete])
    list(known.order_by("pk").select_for_update(no_key=True).values_list("pk"))  # so that two batches never deadlock
    changed, effort, created = [], Effort(), list[Task]()
    if batch.create:
        created = create_tasks(batch.create, naming=lambda place: named(f"create.{place}"), by=by, now=now)
    for place, (pk, patch, version) in enumerate(batch.update):
        with named(f"update.{place}"):
            task = update_task(
                pk, patch, version=version, force=force, catch_up=catch_up, effort=effort, by=by, now=now
            )
            changed.append(task.pk)
    for place, pk in enumerate(batch.delete):
        with named(f"delete.{place}"):
            delete_task(pk, effort=effort, by=by, now=now)
    return [task.pk for task in created], changed


@contextmanager
def named(place: str) -> Iterator[None]:
    """Adds the position of the change to its refusal. Raises BatchRefused."""
    try:
        yield
    except Refusal as refusal:
        raise BatchRefused(place, refusal) from refusal
