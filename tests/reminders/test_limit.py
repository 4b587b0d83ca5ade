"""Fifty reminders on a task, whichever way they come."""

from typing import Any

import pytest

from taskbell.accounts.models import User
from taskbell.common.errors import Invalid
from taskbell.reminders.actions import MAX_REMINDERS
from taskbell.reminders.models import Reminder
from taskbell.reminders.schedule import ReminderPlan
from taskbell.tasks.reminder_actions import add_reminder
from tests.conftest import NOW
from tests.reminders.patches import promised
from tests.reminders.test_together import at_once, moment
from tests.tasks.conftest import Somebody

WISH = {"at": "2028-01-01T09:00:00Z"}


def patches(number: int) -> list[dict[str, Any]]:
    return [{"before_due": f"PT{hours}H"} for hours in range(number)]


def sentence(answer: Any) -> tuple[str, str]:
    assert answer.status_code == 400, answer.content
    (error,) = answer.json()["errors"]
    return error["code"], error["message"]


def test_the_fifty_first_is_refused_in_the_same_words_everywhere(bo: User, as_user: Somebody) -> None:
    program = as_user(bo)
    task = program.post("/api/tasks/", {"title": "Write", "reminders": patches(MAX_REMINDERS)}).json()
    path = f"/api/tasks/{task['id']}/"
    more = {"reminders": patches(MAX_REMINDERS + 1)}
    answers = [
        program.post(f"{path}reminders/", WISH),
        program.post(f"{path}snooze/", {"span": "PT1H"}),
        program.post("/api/tasks/", {"title": "Write"} | more),
        program.put(path, {"title": "Write"} | more),
        program.patch(path, more),
        program.post("/api/tasks/bulk/", {"create": [{"title": "Write"} | more]}),
        program.post("/api/tasks/bulk/", {"update": [{"id": task["id"]} | more]}),
    ]
    assert {sentence(answer) for answer in answers} == {
        ("max_length", "A task can have at most 50 reminders, including the private ones of other people.")
    }
    assert Reminder.objects.count() == MAX_REMINDERS
    assert program.put(path, program.get(path).json()).status_code == 200
    assert program.delete(f"{path}reminders/{task['reminders'][0]['id']}/").status_code == 204
    assert program.post(f"{path}reminders/", WISH).status_code == 201


def test_those_of_others_count_and_stay(bo: User, cy: User, as_user: Somebody) -> None:
    task = promised(bo, assigned_to_id=cy.pk)
    for number in range(10):
        add_reminder(task.pk, ReminderPlan(at=moment(number), for_me=True), by=cy, now=NOW)
    path, program = f"/api/tasks/{task.pk}/", as_user(bo)
    assert program.patch(path, {"reminders": patches(41)}).status_code == 400
    assert program.patch(path, {"reminders": patches(40)}).status_code == 200
    assert Reminder.objects.filter(recipient=cy).count() == 10


def test_snoozes_that_have_fired_do_not_fill_it(bo: User, as_user: Somebody) -> None:
    program = as_user(bo)
    path = f"/api/tasks/{promised(bo).pk}/snooze/"
    for _ in range(MAX_REMINDERS + 5):
        assert program.post(path, {"span": "PT1H"}).status_code == 201
        Reminder.objects.update(next_at=None, state="fired")
    assert Reminder.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_many_at_once_do_not_get_past_it(request: pytest.FixtureRequest) -> None:
    bo = request.getfixturevalue("bo")
    task = promised(bo, *(ReminderPlan(at=moment(number)) for number in range(MAX_REMINDERS - 3)))
    refused = []

    def add(which: int) -> None:
        try:
            add_reminder(task.pk, ReminderPlan(at=moment(100 + which)), by=bo, now=NOW)
        except Invalid as refusal:
            refused.append(refusal)

    at_once(add, 12)
    assert (Reminder.objects.count(), len(refused)) == (MAX_REMINDERS, 9)
