"""The verbs of labels: renaming, merging and deleting. Each verb checks its own rules."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F

from taskbell.accounts.models import User
from taskbell.activity.actions import Entry, TaskOfProject, record_entries
from taskbell.common.errors import Conflict, NotFound
from taskbell.common.locks import in_batches
from taskbell.common.text import folded
from taskbell.common.values import read_field
from taskbell.tasks.label_models import Label, TaskLabel
from taskbell.tasks.labels import label_entry, lock_labels, names_of_labels, read_label_name
from taskbell.tasks.models import Task
from taskbell.tasks.policy import check_may_change_label

TASKS_AT_ONCE = 500
GONE = "Can't merge the labels, because the other one was deleted at the same time. Try again."


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
    label = _locked(pk, by=by)
    if label.name == name:
        return label
    old, label.name = label.name, read_field("name", read_label_name, name)
    label.key = folded(label.name)
    if other := Label.objects.filter(key=label.key).exclude(pk=pk).first():
        check_may_change_label(by, other)
        return other
    label.save(update_fields=["name", "key", "name_sort"])
    record_entries([label_entry(label, "updated", old=old, by=by, at=now)])
    return label


def _remove(pk: int, *, into: int | None, by: User, now: datetime) -> None:
    """Takes the label off its tasks, some at a time, so that others can write in between, and deletes it."""
    in_batches(lambda: not _delete_if_unused(pk, by=by, now=now) and _take_off_some(pk, into, by=by, now=now))


@transaction.atomic
def _delete_if_unused(pk: int, *, by: User, now: datetime) -> bool:
    """Locks no task: writers of a task wait for the lock on the label, so its holder must not wait for them."""
    label = _locked(pk, by=by)
    if TaskLabel.objects.filter(label=label).exists():
        return False
    record_entries([label_entry(label, "deleted", by=by, at=now)])
    label.delete()
    return True


def _locked(pk: int, *, by: User) -> Label:
    """The label, locked until the transaction ends. Raises NotFound, NotAllowed."""
    label = Label.objects.select_for_update().filter(pk=pk).first()
    if label is None:
        raise NotFound
    check_may_change_label(by, label)
    return label


@transaction.atomic
def _take_off_some(pk: int, into: int | None, *, by: User, now: datetime) -> bool:
    """Some of the tasks lose the label, and get the other one. True, as others may be left."""
    chosen = [pk] if into is None else [pk, into]
    # no_key: writers of a task, which may be waiting for us, need not wait for the label to use it.
    labels = Label.objects.select_for_update(no_key=True).order_by("pk").in_bulk(chosen)
    if pk not in labels:
        raise NotFound
    if len(labels) < len(chosen):
        raise Conflict(GONE)
    for label in labels.values():
        check_may_change_label(by, label)
    links = TaskLabel.objects.filter(label=pk).order_by("task").values_list("task", flat=True)
    some = Task.objects.filter(pk__in=list(links[:TASKS_AT_ONCE])).order_by("pk").select_for_update(no_key=True)
    projects = dict(some.values_list("pk", "project"))
    before = _labels_of(list(projects))
    after = {
        task: {one.pk: one for one in present.values() if one.pk != pk} | ({} if into is None else {into: labels[into]})
        for task, present in before.items()
        if pk in present
    }
    TaskLabel.objects.filter(label=pk, task__in=after).delete()
    if into is not None:
        gaining = [task for task in after if into not in before[task]]
        TaskLabel.objects.bulk_create(TaskLabel(task_id=task, label_id=into) for task in gaining)
    Task.objects.filter(pk__in=after).update(updated_at=now, version=F("version") + 1)
    names = {task: [names_of_labels(side[task].values()) for side in (before, after)] for task in after}
    record_entries(
        Entry(TaskOfProject(task, projects[task]), "updated", by, now, "labels", old, new)
        for task, (old, new) in names.items()
    )
    return True


def _labels_of(tasks: Sequence[int]) -> dict[int, dict[int, Label]]:
    """The labels of each task, by their ids."""
    found: dict[int, dict[int, Label]] = {task: {} for task in tasks}
    for link in TaskLabel.objects.filter(task__in=tasks).select_related("label"):
        found[link.task_id][link.label_id] = link.label
    return found
