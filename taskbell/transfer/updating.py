"""Updates the tasks that are here already with what the file has, by the verb that people's changes use."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from django.db import transaction

from taskbell.comments.quotas import check_room_for_comments
from taskbell.common.errors import FieldError, Invalid, Refusal
from taskbell.common.loading import load_rows
from taskbell.common.sql import fetch
from taskbell.common.text import folded
from taskbell.reminders.models import Reminder
from taskbell.reminders.schedule import plan_of
from taskbell.tasks.actions import update_task
from taskbell.tasks.label_models import TaskLabel
from taskbell.tasks.models import Prerequisite, Task
from taskbell.tasks.patch import UNSET, SeriesDates, TaskPatch
from taskbell.tasks.queries import lock_task_in_use
from taskbell.transfer.checking import Checker, plan_for
from taskbell.transfer.columns import read_cells
from taskbell.transfer.findings import mark_bad
from taskbell.transfer.known_comments import add_missing_comments, count_missing_comments
from taskbell.transfer.stages import stage_of
from taskbell.transfer.staging import ERROR_COLUMNS, LINKED

CHUNK_ROWS = 500
KNOWN = """
SELECT task.id, task.number, task.line, category.id, task.assigned_to_id, project.id, task.cells
FROM staged_task task LEFT JOIN staged_category category ON category.number = task.category
LEFT JOIN staged_project project ON project.number = task.project
WHERE task.is_known AND NOT task.is_bad AND task.id > %s ORDER BY task.id LIMIT %s
"""
LINKS = f"SELECT link.number, needed.id FROM {LINKED} WHERE link.number IN ({{}})"  # noqa: S608 - names of our own
SAME_NAMES = ("title", "description", "priority", "recurrence", "recurrence_from", "timezone")


class KnownRow(NamedTuple):
    """A row whose task is here: ids of the task, category, assignee and project, and the cells."""

    pk: int
    number: int
    line: int
    category: int | None
    assignee: int | None
    project: int | None
    cells: str


def update_known(checker: Checker, *, now: datetime, rows: int = CHUNK_ROWS, rehearse: bool = False) -> Iterator[int]:
    """Updates so many rows each time it is advanced, and yields how many tasks have changed. Refused rows become bad.

    A rehearsal changes no task; it only finds out which rows would be refused.
    """
    for batch in _batches(rows):
        with transaction.atomic():
            updated, refused = _update(batch, checker, now=now, rehearse=rehearse)
            transaction.set_rollback(rehearse)
        for number, line, refusal in refused:
            inner = refusal.errors if isinstance(refusal, Invalid) else []
            errors = inner or [FieldError("", "refused", refusal.detail)]
            found = [(number, line, error.field, error.code, error.message) for error in errors]
            load_rows("staged_error", ERROR_COLUMNS, found)
            mark_bad(str(number))
        yield updated


def _update(
    batch: list[KnownRow], checker: Checker, *, now: datetime, rehearse: bool
) -> tuple[int, list[tuple[int, int, Refusal]]]:
    """How many tasks have changed, and the number and line of each refused row with the refusal."""
    updated, refused = 0, []
    needed = _prerequisites([row.pk for row in batch])
    patches = _patches(batch, needed, checker, only=" AND needed.is_known" if rehearse else "")
    same, missing = _unchanged(patches, needed, checker), count_missing_comments([row.number for row in batch])
    commented = list[int]()
    for row in batch:
        if row.pk in same and row.number not in missing:
            continue
        try:
            if row.number in missing:
                task, elsewhere = lock_task_in_use(row.pk, by=checker.by), sum(missing[number] for number in commented)
                check_room_for_comments(checker.by, task, more=missing[row.number], elsewhere=elsewhere)
            if row.pk not in same:
                update_task(row.pk, patches[row.pk], force=True, by=checker.by, now=now)
        except Refusal as refusal:
            refused.append((row.number, row.line, refusal))
        else:
            updated += 1
            commented += [row.number] if row.number in missing else []
    add_missing_comments(commented, by=checker.by, now=now)
    return updated, refused


def _batches(rows: int) -> Iterator[list[KnownRow]]:
    """In the order of the tasks, so that two writers of many tasks never deadlock."""
    last = 0
    while batch := [KnownRow(*row) for row in fetch(KNOWN, [last, rows])]:
        yield batch
        last = batch[-1].pk


def _prerequisites(ids: list[int]) -> dict[int, set[int]]:
    """The prerequisites of each task, by id."""
    found: dict[int, set[int]] = {pk: set() for pk in ids}
    for task, needed in Prerequisite.objects.filter(task__in=ids).values_list("task", "needs"):
        found[task].add(needed)
    return found


def _patches(
    batch: list[KnownRow], present: dict[int, set[int]], checker: Checker, *, only: str
) -> dict[int, TaskPatch]:
    """What the file has of each task, by id. Prerequisites are added to the present ones: a file may lack some."""
    places = {row.number: row.pk for row in batch}
    needs = {pk: set(needed) for pk, needed in present.items()}
    for number, needed in fetch(LINKS.format(", ".join(map(str, places))) + only):
        needs[places[number]].add(needed)
    return {row.pk: _patch(row, checker, sorted(needs[row.pk])) for row in batch}


def _patch(row: KnownRow, checker: Checker, needs: list[int]) -> TaskPatch:
    found, _ = read_cells(orjson.loads(row.cells))
    checker.find_day(found)
    fields = {name: found[name] for name in SAME_NAMES if name in found}
    zone = found.setdefault("timezone", checker.zone)
    if "due_date" in found:
        fields |= {"due_date": found["due_date"], "due_time": found.get("due_time"), "timezone": zone}
    if "recurrence" in found and "anchor_date" in found:
        planned = [found.get(name) if "planned_date" in found else None for name in ("planned_date", "planned_time")]
        fields["series_dates"] = SeriesDates(found["anchor_date"], *planned)
    if "stage" in found or "status" in found:
        fields["stage"] = stage_of(found)
    if "category" in found:
        fields["category_id"] = row.category
    if row.assignee is not None:  # none of the file, or somebody who can't be the assignee
        fields["assigned_to_id"] = row.assignee
    if row.project is not None:
        fields["project_id"] = row.project
    if "labels" in found:
        fields["labels"] = found["labels"]
    if "reminders" in found:
        plans = [plan_for(row, zone) for row in found["reminders"] if not row.is_snooze]
        fields["reminders"] = list(dict.fromkeys(plans))
    if "pre_tasks" in found:
        fields["pre_tasks"] = needs
    return TaskPatch(**fields)


def _unchanged(patches: dict[int, TaskPatch], needed: dict[int, set[int]], checker: Checker) -> set[int]:
    """The tasks that are as the file has them: most of them, usually."""
    reminders: dict[int, set[Any]] = {pk: set() for pk in patches}
    for one in Reminder.objects.visible_to(checker.by).filter(task__in=patches, is_snooze=False):
        reminders[one.task_id].add(plan_of(one))
    labels: dict[int, set[Any]] = {pk: set() for pk in patches}
    for pk, key in TaskLabel.objects.filter(task__in=patches).values_list("task", "label__key"):
        labels[pk].add(key)
    return {
        task.pk
        for task in Task.objects.filter(pk__in=patches)
        if all(getattr(task, name) == value for name, value in patches[task.pk].columns().items())
        and _is_same(patches[task.pk].reminders, reminders[task.pk])
        and _is_same(patches[task.pk].pre_tasks, needed[task.pk])
        and _is_same(_keys(patches[task.pk].labels), labels[task.pk])
    }


def _is_same(wanted: Any, present: set[Any]) -> bool:
    return wanted is UNSET or set(wanted) == present


def _keys(names: Any) -> Any:
    return names if names is UNSET else map(folded, names)
