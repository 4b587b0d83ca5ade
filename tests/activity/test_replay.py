"""The history is complete: replaying it gives the task as it is."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from taskbell.accounts.models import User
from taskbell.activity.models import Activity
from taskbell.common.errors import Refusal
from taskbell.people.leaving import deactivate_person
from taskbell.tasks.actions import create_task, delete_task, restore_task, skip_task, update_task
from taskbell.tasks.categories import create_category, delete_category
from taskbell.tasks.history import snapshot
from taskbell.tasks.kinds import OVERDUE, Basis, Priority, Stage
from taskbell.tasks.label_actions import delete_label, rename_label
from taskbell.tasks.label_models import Label
from taskbell.tasks.labels import names_of_labels
from taskbell.tasks.models import Category, Prerequisite, Task
from taskbell.tasks.patch import UNSET, TaskPatch
from taskbell.tasks.scheduled import mark_overdue
from tests.conftest import NOW
from tests.services import examples
from tests.undoing import undone

LinkAction = Callable[[dict[str, Any], datetime], Any]
DAYS = st.sampled_from([None, *(NOW.date() + timedelta(days=n) for n in range(-2, 4))])
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "title": st.sampled_from(["Water the plants", "Order soil", "Ärger mit 🦊"]),
        "description": st.sampled_from(["", "All of it.\n\tTwice."]),
        "stage": st.sampled_from(Stage.values),
        "priority": st.sampled_from(Priority.values),
        "category_id": st.sampled_from([None, "garden", "house"]),
        "due_date": DAYS,
        "due_time": st.sampled_from([None, time(8, 30), time(23, 59, 59, 999_999)]),
        "timezone": st.sampled_from(["UTC", "Asia/Tokyo", "America/Los_Angeles"]),
        "assigned_to_id": st.sampled_from([None, "bo", "cy"]),
        "recurrence": st.sampled_from(["", "FREQ=DAILY", "FREQ=WEEKLY;COUNT=3"]),
        "recurrence_from": st.sampled_from(Basis.values),
        "labels": st.lists(st.sampled_from(["Yard", "yard ", "Urgent", "Week 2", "Week 10"]), max_size=3),
    },
)
LINKS = st.none() | st.lists(st.sampled_from(["first", "second", "third"]), unique=True)


def patch(names: dict[str, Any], fields: dict[str, Any], links: list[str] | None) -> TaskPatch:
    """What somebody asks for, with ids in the place of names."""
    found = {name: names.get(value, value) if name.endswith("_id") else value for name, value in fields.items()}
    gone = found.get("category_id") is not None and not Category.objects.filter(pk=found["category_id"]).exists()
    kept = {name: value for name, value in found.items() if not (gone and name == "category_id")}
    return TaskPatch(**kept, pre_tasks=UNSET if links is None else [names[link] for link in links])


def edits(fields: dict[str, Any], links: list[str] | None, force: bool) -> LinkAction:
    return lambda names, now: update_task(
        names["task"], patch(names, fields, links), force=force, by=names["mia"], now=now
    )


def finishes(link: str) -> LinkAction:
    return lambda names, now: update_task(names[link], TaskPatch(stage="COMPLETED"), by=names["mia"], now=now)


def deletes(what: str) -> LinkAction:
    return lambda names, now: delete_task(names[what], by=names["mia"], now=now)


def restores(what: str) -> LinkAction:
    return lambda names, now: restore_task(names[what], by=names["mia"], now=now)


def moves(category: str, to: str | None) -> LinkAction:
    return lambda names, now: delete_category(names[category], move_to=to and names[to], by=names["mia"], now=now)


def merges(name: str, into: str | None) -> LinkAction:
    def act(names: dict[str, Any], now: datetime) -> None:
        for label in Label.objects.filter(name=name):
            if into is None:
                delete_label(label.pk, by=names["mia"], now=now)
            elif Label.objects.filter(name=into).exists():  # otherwise it is a rename, which has no line for each task
                rename_label(label.pk, into, by=names["mia"], now=now)

    return act


def skips(names: dict[str, Any], now: datetime) -> None:
    skip_task(names["task"], by=names["mia"], now=now)


def leaves(names: dict[str, Any], now: datetime) -> None:
    deactivate_person(User.objects.get(pk=names["cy"]), hand_to=None, by=names["ada"], now=now)


def lets_the_clock_tick(names: dict[str, Any], now: datetime) -> None:
    mark_overdue(now)


EDITS = st.builds(edits, FIELDS, LINKS, st.booleans())
OTHERS = st.one_of(
    st.just(lets_the_clock_tick),
    st.just(leaves),
    st.just(skips),
    st.builds(finishes, st.sampled_from(["first", "second"])),
    st.builds(deletes, st.sampled_from(["task", "first"])),
    st.builds(restores, st.sampled_from(["task", "first"])),
    st.builds(merges, st.sampled_from(["Yard", "Urgent"]), st.sampled_from([None, "Urgent", "Week 2"])),
    st.builds(moves, st.sampled_from(["garden", "house"]), st.sampled_from([None, "garden", "house"])),
)
STEPS = st.lists(st.tuples(EDITS | OTHERS, st.sampled_from([timedelta(minutes=1), timedelta(hours=20)])), max_size=12)


def played_back(task_id: int) -> dict[str, Any]:
    """The task as its history tells it. Every line must continue where the one before it ended."""
    created, *lines = Activity.objects.of_tasks().filter(task=task_id).order_by("id")
    assert (created.action, created.old_value) == ("created", None)
    state = {"pre_tasks": [], "labels": [], "deleted": False} | created.new_value
    for line in lines:
        if line.action in ("deleted", "withdrawn", "restored"):
            state["deleted"] = line.action != "restored"
        if line.field not in state:
            continue
        assert line.old_value == state[line.field], f"{line.field} was {state[line.field]}, not {line.old_value}"
        assert line.old_value != line.new_value
        state[line.field] = line.new_value
        if line.field == "status" and line.new_value != OVERDUE:
            state["stage"] = line.new_value
    if state["deleted"]:
        state["status"] = state["stage"]  # what is in the trash is not late for anything
    return state


def present(task_id: int) -> dict[str, Any]:
    """The task as it is."""
    task = Task.objects.get(pk=task_id)
    links = Prerequisite.objects.filter(task=task).order_by("needs_id").values_list("needs_id", flat=True)
    labels = names_of_labels(Label.objects.filter(links__task=task))
    state = snapshot(task) | {"pre_tasks": list(links), "labels": labels, "deleted": task.deleted_at is not None}
    plain: dict[str, Any] = orjson.loads(orjson.dumps(state, default=str))
    return plain


def cast(ada: User, mia: User, bo: User, cy: User) -> dict[str, Any]:
    """Everybody and everything that plays a part, by name."""
    made = {name: create_task(TaskPatch(title=name), by=bo, now=NOW).pk for name in ("first", "second", "third")}
    labels = {name: create_category(name, by=bo, now=NOW).pk for name in ("garden", "house")}
    return made | labels | {"ada": ada, "mia": mia, "bo": bo.pk, "cy": cy.pk}


@settings(max_examples=examples(150), deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(fields=FIELDS, links=LINKS, steps=STEPS)
def test_history_played_back_is_the_task_as_it_is(
    ada: User, mia: User, bo: User, cy: User, fields: Any, links: Any, steps: Any
) -> None:
    with undone():
        names, now = cast(ada, mia, bo, cy), NOW
        mia.role = "MANAGER"
        try:
            names["task"] = create_task(patch(names, {"title": "x"} | fields, links), by=mia, now=now).pk
        except Refusal:
            return
        for step, pause in steps:
            now += pause
            try:
                step(names, now)
            except Refusal:
                continue  # and what was refused has left no line
            assert played_back(names["task"]) == present(names["task"])
        for pk in Task.objects.values_list("pk", flat=True):
            assert played_back(pk) == present(pk)


def test_an_overdue_task_that_is_finished_and_taken_up_again_keeps_its_stage_in_the_history(bo: User) -> None:
    task = create_task(TaskPatch(title="x", due_date=date(2026, 11, 1)), by=bo, now=NOW)
    mark_overdue(NOW)
    for stage in (Stage.COMPLETED, Stage.IN_PROGRESS):
        update_task(task.pk, TaskPatch(stage=stage), by=bo, now=NOW)
    assert present(task.pk)["status"] == OVERDUE
    assert played_back(task.pk) == present(task.pk)


def test_the_next_occurrence_that_was_late_and_comes_back_on_time_tells_so(bo: User) -> None:
    fields = {"title": "x", "due_date": date(2026, 11, 1), "recurrence": "FREQ=DAILY"}
    task = create_task(TaskPatch(**fields), by=bo, now=NOW)
    update_task(task.pk, TaskPatch(stage=Stage.COMPLETED), by=bo, now=NOW)
    mark_overdue(NOW)
    for stage in (Stage.PENDING, Stage.COMPLETED):
        update_task(task.pk, TaskPatch(stage=stage), by=bo, now=NOW)
        for pk in Task.objects.values_list("pk", flat=True):
            assert played_back(pk) == present(pk)


def test_the_history_of_the_next_occurrence_has_its_labels(bo: User) -> None:
    fields = {"title": "x", "due_date": date(2026, 12, 1), "recurrence": "FREQ=DAILY", "labels": ["Yard", "Urgent"]}
    task = create_task(TaskPatch(**fields), by=bo, now=NOW)
    update_task(task.pk, TaskPatch(stage=Stage.COMPLETED), by=bo, now=NOW)
    for pk in Task.objects.values_list("pk", flat=True):
        assert played_back(pk) == present(pk)
    update_task(task.pk, TaskPatch(stage=Stage.PENDING, labels=["Week 2", "Urgent"]), by=bo, now=NOW)
    update_task(task.pk, TaskPatch(stage=Stage.COMPLETED), by=bo, now=NOW)
    for pk in Task.objects.values_list("pk", flat=True):
        assert played_back(pk) == present(pk)


def test_skipping_what_is_late_tells_that_it_is_late_no_more(bo: User) -> None:
    fields = {"title": "x", "due_date": date(2026, 11, 1), "recurrence": "FREQ=MONTHLY"}
    task = create_task(TaskPatch(**fields), by=bo, now=NOW)
    mark_overdue(NOW)
    skip_task(task.pk, by=bo, now=NOW)
    assert present(task.pk)["status"] == "PENDING"
    assert played_back(task.pk) == present(task.pk)
