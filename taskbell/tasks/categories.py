"""What people do with categories."""

from datetime import datetime

from django.db import IntegrityError, transaction

from taskbell.accounts.models import User
from taskbell.activity.actions import Line, record_lines
from taskbell.common.errors import Conflict, NotFound, invalid
from taskbell.common.text import folded
from taskbell.tasks.models import Category, Task
from taskbell.tasks.policy import check_may_change_category, check_may_create_category

TAKEN = "There is already a category of this name."


def create_category(name: str, *, by: User, now: datetime) -> Category:
    """A new category. Raises NotAllowed, or Conflict where the name is taken."""
    check_may_create_category(by)
    try:
        with transaction.atomic():
            return Category.objects.create(name=name, key=folded(name), created_by=by, created_at=now)
    except IntegrityError as error:
        raise Conflict(TAKEN) from error


def rename_category(pk: int, name: str, *, by: User) -> Category:
    """Gives it another name. Raises NotFound, NotAllowed, Conflict."""
    category = _found(pk)
    check_may_change_category(by, category)
    category.name, category.key = name, folded(name)
    try:
        with transaction.atomic():
            category.save(update_fields=["name", "key"])
    except IntegrityError as error:
        raise Conflict(TAKEN) from error
    return category


@transaction.atomic
def delete_category(pk: int, *, move_to: int | None, by: User, now: datetime) -> None:
    """Deletes it; its tasks go to `move_to`. Raises NotFound, NotAllowed, Invalid, or Conflict while it is in use."""
    category = _found(pk)
    check_may_change_category(by, category)
    tasks = Task.objects.filter(category=category)
    if move_to is None:
        if tasks.filter(deleted_at=None).exists():
            raise Conflict("Tasks are in this category. Say with move_to which category they go to.")
    elif move_to == pk or not Category.objects.filter(pk=move_to).exists():
        raise invalid("move_to", "does_not_exist", "There is no other category with this id.")
    moved = list(tasks.values_list("pk", flat=True))
    record_lines(Line(task, "updated", by=by, at=now, field="category", old=pk, new=move_to) for task in moved)
    tasks.update(category=move_to)
    category.delete()


def _found(pk: int) -> Category:
    category = Category.objects.select_for_update().filter(pk=pk).first()
    if category is None:
        raise NotFound
    return category
