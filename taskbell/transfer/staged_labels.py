"""The labels of the staged rows."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from taskbell.accounts.models import User
from taskbell.activity.actions import record_from
from taskbell.common.loading import insert_from, json_array, json_value, load_rows
from taskbell.common.sql import execute, fetch, locking
from taskbell.common.text import folded
from taskbell.tasks.label_models import Label, TaskLabel
from taskbell.tasks.labels import MAX_LABELS, labels_of
from taskbell.tasks.patch import TaskPatch
from taskbell.transfer.staging import PROJECT_OF

USED = (
    "SELECT DISTINCT named.label FROM staged_label named JOIN staged_task task ON task.number = named.number WHERE {}"
)
STAYING = "SELECT id FROM tasks_label WHERE id IN (SELECT id FROM staged_label_id) ORDER BY id"
LABELLED = (
    "staged_label named JOIN staged_task task ON task.number = named.number"
    " JOIN staged_label_id known ON known.number = named.label JOIN tasks_label label ON label.id = known.id"
)


def load_labels(names: Mapping[str, int], wanted: str, *, may_create: bool, by: User, now: datetime) -> None:
    """Loads the ids of the labels of these rows. Missing ones are created, if the person may. Raises QuotaReached.

    Call it before people, projects and tasks are locked. None of the labels is deleted until the transaction ends.
    """
    if not names:
        return
    used = {number for (number,) in fetch(USED.format(wanted))}
    named = {name: number for name, number in names.items() if number in used}
    if may_create:
        known = labels_of(_patches(list(named)), by=by, now=now)
    else:
        known = {label.key: label for label in Label.objects.filter(key__in=set(map(folded, named)))}
    in_order = sorted(known.values(), key=lambda label: (label.name_sort, label.pk))
    places = {label.pk: place for place, label in enumerate(in_order)}
    found = [(number, known[folded(name)].pk) for name, number in named.items() if folded(name) in known]
    execute("DELETE FROM staged_label_id")
    load_rows("staged_label_id", ("number", "id", "place"), [(number, pk, places[pk]) for number, pk in found])
    fetch(STAYING + locking("KEY SHARE"))


def _patches(names: list[str]) -> Iterator[TaskPatch]:
    """As many labels for each as a task can have."""
    for begin in range(0, len(names), MAX_LABELS):
        yield TaskPatch(labels=names[begin : begin + MAX_LABELS])


def insert_labels(new: str, among: str = "", *, by: User, now: datetime) -> None:
    """Gives the new tasks their labels, with an entry in the history for each task."""
    if not fetch("SELECT 1 FROM staged_label_id LIMIT 1"):
        return
    source = f"{LABELLED} WHERE {new} {among.format('named')}"
    insert_from(TaskLabel, {"task_id": "task.id", "label_id": "label.id"}, f"{source} ORDER BY task.id", given={})
    ordered = f"(SELECT task.id, label.name FROM {source} ORDER BY task.id, known.place) link"  # noqa: S608 - ours
    values = {"task_id": "link.id", "old_value": json_value("'[]'"), "new_value": json_array("link.name")}
    values |= {"project_id": PROJECT_OF.format("link.id")}
    record_from(f"{ordered} GROUP BY link.id", values, "updated", by=by, at=now, field="labels")
