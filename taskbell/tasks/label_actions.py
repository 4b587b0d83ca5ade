"""The verbs of labels: renaming, merging and deleting. Each verb checks its own rules."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from taskbell.accounts.models import User
from taskbell.activity.actions import Entry, TaskOfProject, record_entries
from taskbell.common.errors import Conflict, NotFound
from taskbell.common.locks import in_batches
from taskbell.common.text import folded
from taskbell.common.values import read_field
from taskbell.tasks.label_models import Label, TaskLabel
from taskbell.tasks.labels import labels_by_task, lock_labels, names_of_labels, read_label_name
from taskbell.tasks.models import Task
from taskbell.tasks.policy import check_may_change_shared
from taskbell.tasks.shared_names import delete_if_unused, lock_shared, name_entry

TASKS_AT_ONCE = 500
GONE = gettext_noop("Can't merge the labels, because the other one was deleted at the same time. Try again.")


def rename_label(pk: int, name: str, *, by: User, now: datetime) -> Label:
    """Renames the label. If another one has this name, the tasks get that one, and this one is deleted.

    Returns the label that remains. Raises NotFound, NotAllowed, Invalid.
    """
    remaining = _rename_or_find(pk, name, by=by, now=now)
    if remaining.pk != pk:
        _remove(pk, into=remaining.pk, by=by, now=now)
    return remaining


def delete_label(pk: int, *, by: User, now: datetime) -> None:
    """Deletes the label, and removes it from its tasks. Raises NotFound, NotAllowed."""
    _remove(pk, into=None, by=by, now=now)


@transaction.atomic
def _rename_or_find(pk: int, name: str, *, by: User, now: datetime) -> Label:
    """The label with its new name, or the other one that has this name."""
    lock_labels()
    label = lock_shared(Label, pk, by=by)
    if label.name == name:
        return label
    old, label.name = label.name, read_field("name", read_label_name, name)
    label.key = folded(label.name)
    if other := Label.objects.filter(key=label.key).exclude(pk=pk).first():
        check_may_change_shared(by, other)
        return other
    label.save(update_fields=["name", "key", "name_sort"])
    record_entries([name_entry(label, "updated", old=old, by=by, at=now)])
    return label


def _remove(pk: int, *, into: int | None, by: User, now: datetime) -> None:
    """Takes the label off its tasks, some at a time, so that others can write in between, and deletes it."""
    links = TaskLabel.objects.filter(label=pk)
    in_batches(
        lambda: not delete_if_unused(Label, pk, links, by=by, now=now) and _take_off_some(pk, into, by=by, now=now)
    )


@transaction.atomic
def _take_off_some(pk: int, into: int | None, *, by: User, now: datetime) -> bool:
    """Takes the label off some tasks, and gives them the other one. Returns True, because others may be left."""
    chosen = [pk] if into is None else [pk, into]
    # no_key: writers of a task, which may be waiting for us, need not wait for the label to use it.
    labels = Label.objects.select_for_update(no_key=True).order_by("pk").in_bulk(chosen)
    if pk not in labels:
        raise NotFound
    if len(labels) < len(chosen):
        raise Conflict(_(GONE))
    for label in labels.values():
        check_may_change_shared(by, label)
    links = TaskLabel.objects.filter(label=pk).order_by("task").values_list("task", flat=True)
    some = Task.objects.filter(pk__in=list(links[:TASKS_AT_ONCE])).order_by("pk").select_for_update(no_key=True)
    projects = dict(some.values_list("pk", "project"))
    before, gone = labels_by_task(projects), labels[pk].key
    new = {} if into is None else {labels[into].key: labels[into]}
    after = {
        task: {key: label for key, label in present.items() if key != gone} | new
        for task, present in before.items()
        if gone in present
    }
    TaskLabel.objects.filter(label=pk, task__in=after).delete()
    gaining = [(task, key) for task in after for key in new if key not in before[task]]
    TaskLabel.objects.bulk_create(TaskLabel(task_id=task, label=new[key]) for task, key in gaining)
    Task.objects.filter(pk__in=after).write(now)
    names = {task: [names_of_labels(side[task].values()) for side in (before, after)] for task in after}
    record_entries(
        Entry(TaskOfProject(task, projects[task]), "updated", by, now, "labels", old, new)
        for task, (old, new) in names.items()
    )
    return True
