"""The verbs check the rules of a task themselves: no door stands between these tests and them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from taskbell.accounts.models import User
from taskbell.activity.models import Activity
from taskbell.common.durations import Duration
from taskbell.common.errors import Invalid, NotAllowed, Refusal
from taskbell.notifications.models import Notification
from taskbell.people.leaving import deactivate_person
from taskbell.reminders.models import Reminder
from taskbell.reminders.schedule import MAX_BEFORE_DUE, ReminderPlan
from taskbell.tasks.actions import create_task, update_task
from taskbell.tasks.bulk import MAX_CHANGES, Batch, BatchRefused, change_many
from taskbell.tasks.categories import create_category, rename_category
from taskbell.tasks.kinds import Stage
from taskbell.tasks.models import Category, Prerequisite, Task
from taskbell.tasks.patch import TaskPatch
from taskbell.tasks.prerequisites import MAX_PREREQUISITES
from tests.conftest import NOW, QueryBudget
from tests.tasks.conftest import a_task

AT = datetime(2027, 3, 31, 9, tzinfo=UTC)
DAILY = ReminderPlan(at=AT, repeat="FREQ=DAILY")
GOOD = TaskPatch(title="Water the plants")
LEFT, NOBODY = "somebody who has left", "nobody"
Verb = Callable[[TaskPatch, Task, User], Any]

WRONG: list[tuple[str, str, dict[str, Any]]] = [
    ("title", "blank", {"title": ""}),
    ("title", "blank", {"title": " \t\n\u3000"}),
    ("title", "blank", {"title": "\u200b\u200d\ufeff"}),
    ("title", "blank", {"title": "\u2800\u3164\ufe0f"}),
    ("title", "max_length", {"title": "x" * 256}),
    ("title", "unprintable", {"title": "a\x00b"}),
    ("title", "unprintable", {"title": "a\x9fb"}),
    ("title", "unprintable", {"title": "a\ud800b"}),
    ("description", "max_length", {"description": "x" * 50_000}),
    ("description", "unprintable", {"description": "a\x07b"}),
    ("stage", "invalid_choice", {"stage": "OVERDUE"}),
    ("stage", "invalid_choice", {"stage": "pending"}),
    ("priority", "min_value", {"priority": 0}),
    ("priority", "max_value", {"priority": 5}),
    ("category", "does_not_exist", {"category_id": 999_999}),
    ("category", "min_value", {"category_id": 0}),
    ("category", "max_value", {"category_id": 2**63}),
    ("assigned_to", "does_not_exist", {"assigned_to_id": NOBODY}),
    ("assigned_to", "does_not_exist", {"assigned_to_id": LEFT}),
    ("assigned_to", "max_value", {"assigned_to_id": 2**63}),
    ("due_date", "out_of_range", {"due_date": date(1, 1, 1)}),
    ("due_date", "out_of_range", {"due_date": date(9999, 12, 31)}),
    ("due_time", "needs_date", {"due_time": time(9)}),
    ("timezone", "unknown_zone", {"timezone": "Mars/Olympus"}),
    ("timezone", "unknown_zone", {"timezone": ""}),
    ("timezone", "unknown_zone", {"timezone": "localtime"}),
    ("timezone", "unknown_zone", {"timezone": "../../etc/passwd"}),
    ("recurrence", "rule", {"recurrence": "now and then", "due_date": date(2027, 1, 1)}),
    ("recurrence", "rule", {"recurrence": "FREQ=SECONDLY", "due_date": date(2027, 1, 1)}),
    ("recurrence", "rule", {"recurrence": "FREQ=YEARLY;BYWEEKNO=1;BYMONTH=6", "due_date": date(2027, 1, 1)}),
    ("recurrence", "rule", {"recurrence": "FREQ=DAILY;COUNT=99999", "due_date": date(2027, 1, 1)}),
    ("recurrence", "needs_date", {"recurrence": "FREQ=DAILY"}),
    ("recurrence_from", "invalid_choice", {"recurrence_from": "never"}),
    ("reminders.0.at", "required", {"reminders": [ReminderPlan()]}),
    ("reminders.0.at", "out_of_range", {"reminders": [ReminderPlan(at=datetime(9999, 12, 31, tzinfo=UTC))]}),
    (
        "reminders.1.before_due",
        "duration",
        {"reminders": [ReminderPlan(at=AT), ReminderPlan(before_due=Duration(-1))]},
    ),
    ("reminders.0.before_due", "duration", {"reminders": [ReminderPlan(before_due=Duration(MAX_BEFORE_DUE.days + 1))]}),
    ("reminders.0.repeat", "rule", {"reminders": [ReminderPlan(at=AT, repeat="FREQ=SECONDLY")]}),
    ("reminders", "max_length", {"reminders": [ReminderPlan(at=AT + timedelta(hours=n)) for n in range(51)]}),
    ("pre_tasks", "max_length", {"pre_tasks": range(1, MAX_PREREQUISITES + 2)}),
    ("pre_tasks", "does_not_exist", {"pre_tasks": [999_999]}),
    ("pre_tasks.0", "min_value", {"pre_tasks": [-1]}),
    ("pre_tasks.0", "max_value", {"pre_tasks": [2**63]}),
    # Values of a wrong type, which only code can send.
    ("title", "invalid", {"title": 5}),
    ("priority", "invalid", {"priority": "HIGH"}),
    ("assigned_to", "invalid", {"assigned_to_id": [1]}),
    ("due_date", "invalid", {"due_date": "2027-01-01"}),
    ("due_date", "invalid", {"due_date": AT}),
    ("due_time", "invalid", {"due_date": date(2027, 1, 1), "due_time": "09:00"}),
    ("due_time", "invalid", {"due_date": date(2027, 1, 1), "due_time": time(9, tzinfo=UTC)}),
    ("recurrence", "rule", {"recurrence": None}),
    ("reminders", "invalid", {"reminders": None}),
    ("reminders.0.at", "required", {"reminders": [{"at": AT}]}),
    ("reminders.0.at", "invalid", {"reminders": [ReminderPlan(at=AT.replace(tzinfo=None))]}),
    ("reminders.0.wall", "invalid", {"reminders": [ReminderPlan(at=AT, wall=AT)]}),
    ("reminders.0.before_due", "duration", {"reminders": [ReminderPlan(before_due="PT1H")]}),  # type: ignore[arg-type]
    ("pre_tasks", "invalid", {"pre_tasks": "12"}),
]
CASES = [
    pytest.param(field, code, fields, id=f"{field}-{code}-{number}")
    for number, (field, code, fields) in enumerate(WRONG)
]


def create(patch: TaskPatch, _: Task, by: User) -> None:
    create_task(patch, by=by, now=NOW)


def update(patch: TaskPatch, task: Task, by: User) -> None:
    update_task(task.pk, patch, by=by, now=NOW)


def bulk_create(patch: TaskPatch, _: Task, by: User) -> None:
    within(Batch([GOOD, patch], [], []), "create.1", by)


def bulk_update(patch: TaskPatch, task: Task, by: User) -> None:
    within(Batch([GOOD], [(task.pk, patch, None)], []), "update.0", by)


def within(batch: Batch, place: str, by: User) -> None:
    """Raises what was refused within the batch, after a look at the place that it names."""
    with pytest.raises(BatchRefused) as refused:
        change_many(batch, by=by, now=NOW)
    assert refused.value.place == place
    raise refused.value.refusal


def everything() -> dict[str, Any]:
    """What a refused verb must leave as it was."""
    tables = (Task, Category, Prerequisite, Reminder, Activity, Notification)
    return {table.__name__: list(table.objects.order_by("pk").values()) for table in tables}


@pytest.fixture
def gone(ada: User, cy: User) -> User:
    """Cy, who has left."""
    deactivate_person(cy, hand_to=None, by=ada, now=NOW)
    return cy


@pytest.mark.parametrize("verb", [create, update, bulk_create, bulk_update])
@pytest.mark.parametrize(("field", "code", "fields"), CASES)
def test_the_verb_names_what_breaks_a_rule_and_writes_nothing(
    bo: User, gone: User, verb: Verb, field: str, code: str, fields: dict[str, Any]
) -> None:
    assignee = {LEFT: gone.pk, NOBODY: 999_999}
    given = {name: assignee.get(value, value) if isinstance(value, str) else value for name, value in fields.items()}
    task = a_task(bo)
    before = everything()
    with pytest.raises(Invalid) as refused:
        verb(replace(GOOD, **given), task, bo)
    assert [(error.field, error.code) for error in refused.value.errors] == [(field, code)]
    assert refused.value.detail == refused.value.errors[0].message
    assert everything() == before


def test_all_that_is_wrong_is_named_at_once(bo: User) -> None:
    patch = TaskPatch(title="", description="x" * 50_000, category_id=999_999, assigned_to_id=999_999, timezone="Mars")
    with pytest.raises(Invalid) as refused:
        create_task(patch, by=bo, now=NOW)
    assert {error.field for error in refused.value.errors} == {
        *("title", "description", "category", "assigned_to", "timezone")
    }


def test_a_new_task_needs_a_title(bo: User) -> None:
    with pytest.raises(Invalid) as refused:
        create_task(TaskPatch(description="x"), by=bo, now=NOW)
    assert [error.field for error in refused.value.errors] == ["title"]
    assert not Task.objects.exists()


def test_a_field_that_does_not_exist_is_no_patch() -> None:
    with pytest.raises(TypeError, match="titel"):
        TaskPatch(titel="Water the plants")  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        TaskPatch({"title": "Water the plants"})  # type: ignore[misc]


@pytest.mark.parametrize("title", ["x", "水", "🌱", "👩‍🌾", "e\u0301", "x" * 255, "0"])
def test_a_title_that_shows_something_is_taken(bo: User, title: str) -> None:
    assert create_task(TaskPatch(title=f"  {title}\n"), by=bo, now=NOW).title == title


def test_values_are_stored_in_their_one_form(bo: User) -> None:
    patch = TaskPatch(title="x", description=" a\n", recurrence="rrule:freq=daily", due_date=date(2027, 1, 1))
    task = create_task(patch, by=bo, now=NOW)
    assert (task.description, task.recurrence) == ("a", "FREQ=DAILY")
    assert update_task(task.pk, TaskPatch(recurrence="freq=daily", title=" x "), by=bo, now=NOW).version == 1


def test_what_is_unchanged_is_accepted_although_it_breaks_a_rule_by_now(bo: User, ada: User, cy: User) -> None:
    task = a_task(bo, assigned_to_id=cy.pk, stage=Stage.COMPLETED)
    deactivate_person(cy, hand_to=None, by=ada, now=NOW)
    Task.objects.update(title="\u200b", timezone="US/Long-Gone")
    patch = TaskPatch(title="\u200b", timezone="US/Long-Gone", assigned_to_id=cy.pk, description="new")
    after = update_task(task.pk, patch, by=bo, now=NOW)
    assert (after.description, after.assigned_to_id, after.version) == ("new", cy.pk, 2)


def test_who_may_not_change_the_task_is_told_so_before_anything_about_the_values(bo: User, cy: User) -> None:
    task = a_task(bo, assigned_to_id=cy.pk)
    with pytest.raises(NotAllowed):
        update_task(task.pk, TaskPatch(title="", timezone="Mars"), by=cy, now=NOW)


def test_an_intern_hears_of_the_role_before_the_values(ivo: User) -> None:
    with pytest.raises(NotAllowed):
        create_task(TaskPatch(title=""), by=ivo, now=NOW)


@pytest.mark.parametrize("size", [0, MAX_CHANGES + 1])
def test_a_batch_has_at_least_one_change_and_at_most_a_thousand(bo: User, size: int) -> None:
    with pytest.raises(Invalid) as refused:
        change_many(Batch([GOOD] * size, [], []), by=bo, now=NOW)
    assert refused.value.errors[0].code == "size"
    assert not Task.objects.exists()


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "blank"),
        ("\u200b", "blank"),
        ("x" * 101, "max_length"),
        ("ﷺ" * 100, "max_length"),
        ("a\x00", "unprintable"),
    ],
)
def test_the_verbs_of_categories_check_the_name(bo: User, name: str, code: str) -> None:
    garden = create_category(" Garden ", by=bo, now=NOW)
    before = everything()
    for verb in (
        lambda: create_category(name, by=bo, now=NOW),
        lambda: rename_category(garden.pk, name, by=bo, now=NOW),
    ):
        with pytest.raises(Refusal) as refused:
            verb()
        assert isinstance(refused.value, Invalid)
        assert [(error.field, error.code) for error in refused.value.errors] == [("name", code)]
    assert everything() == before
    assert garden.name == "Garden"


def test_rules_take_one_statement_for_the_assignee_and_one_for_the_category(
    bo: User, query_budget: QueryBudget
) -> None:
    garden = create_category("Garden", by=bo, now=NOW)
    assert bo.profile.timezone
    with query_budget(6):  # savepoint twice, the project, the task, its search text, its history
        create_task(GOOD, by=bo, now=NOW)
    with query_budget(8):  # and the assignee, the category
        create_task(replace(GOOD, assigned_to_id=bo.pk, category_id=garden.pk), by=bo, now=NOW)


def test_the_database_takes_no_task_without_a_project(bo: User) -> None:
    with pytest.raises(IntegrityError, match="project_id"), transaction.atomic():
        Task.objects.create(title="Lost", timezone="UTC", created_by=bo, created_at=NOW, updated_at=NOW)
