"""The verbs of categories. Each verb checks its own rules."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from taskbell.accounts.models import User
from taskbell.activity.actions import Entry, TaskOfProject, record_entries
from taskbell.common.errors import Conflict, NotFound, invalid
from taskbell.common.locks import in_batches
from taskbell.common.text import folded
from taskbell.common.values import read_field
from taskbell.tasks.models import Category, Task
from taskbell.tasks.policy import check_may_change_shared, check_may_create_category
from taskbell.tasks.quotas import check_room_for
from taskbell.tasks.shared_names import delete_if_unused, lock_shared, name_entry, read_unique_name

TAKEN = gettext_noop("A category with this name already exists.")
MAX_NAME = 100  # characters
TASKS_AT_ONCE = 500


def read_category_name(value: object) -> str:
    """The name as it is stored. Raises BadValue."""
    return read_unique_name(value, most=MAX_NAME)


def create_category(name: str, *, by: User, now: datetime) -> Category:
    """Creates a category. Raises NotAllowed, Invalid, or Conflict if the name is taken."""
    check_may_create_category(by)
    check_room_for("categories", by)
    name = read_field("name", read_category_name, name)
    try:
        with transaction.atomic():
            category = Category.objects.create(name=name, key=folded(name), created_by=by, created_at=now)
            record_entries([name_entry(category, "created", by=by, at=now)])
    except IntegrityError as error:
        raise Conflict(_(TAKEN)) from error
    return category


@transaction.atomic
def rename_category(pk: int, name: str, *, by: User, now: datetime) -> Category:
    """Renames the category. Raises NotFound, NotAllowed, Invalid, Conflict."""
    category = lock_shared(Category, pk, by=by)
    if category.name == name:
        return category
    category.name = read_field("name", read_category_name, name)
    category.key = folded(category.name)
    try:
        with transaction.atomic():
            category.save(update_fields=["name", "key", "name_sort"])
    except IntegrityError as error:
        raise Conflict(_(TAKEN)) from error
    record_entries([name_entry(category, "updated", by=by, at=now)])
    return category


def delete_category(pk: int, *, move_to: int | None, by: User, now: datetime) -> None:
    """Deletes the category and moves its tasks to `move_to`, some at a time, so that others can write in between.

    Raises NotFound, NotAllowed, Invalid, or Conflict if it has tasks and there is no `move_to`.
    """
    tasks = Task.objects.filter(category=pk)
    in_batches(
        lambda: _move_some(pk, move_to, by=by, now=now) or not delete_if_unused(Category, pk, tasks, by=by, now=now)
    )


@transaction.atomic
def _move_some(pk: int, move_to: int | None, *, by: User, now: datetime) -> bool:
    """Moves some of the tasks. Returns whether there may be more."""
    # no_key: writers of a task, which may be waiting for us, need not wait for its category to use it.
    locked = Category.objects.select_for_update(no_key=True).order_by("pk").in_bulk([pk, move_to or pk])
    if pk not in locked:
        raise NotFound
    check_may_change_shared(by, locked[pk])
    tasks = Task.objects.filter(category=pk)
    if move_to is None:
        if tasks.filter(deleted_at=None).exists():
            raise Conflict(_("Can't delete this category, because it has tasks. Send move_to to move them."))
    elif move_to == pk or move_to not in locked:
        raise invalid("move_to", "does_not_exist", _("There is no other category with this id."))
    locked_tasks = tasks.order_by("pk").select_for_update(no_key=True).values_list("pk", "project_id")
    some = [TaskOfProject(*row) for row in locked_tasks[:TASKS_AT_ONCE]]
    record_entries(Entry(task, "updated", by=by, at=now, field="category", old=pk, new=move_to) for task in some)
    Task.objects.filter(pk__in=[task.pk for task in some]).write(now, category=move_to)
    return len(some) == TASKS_AT_ONCE
