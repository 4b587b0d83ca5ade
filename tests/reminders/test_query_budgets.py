"""Changing one reminder costs the same however many there are, and leaves the others alone."""

from typing import Any

import pytest

from taskbell.accounts.models import User
from taskbell.activity.models import Activity
from taskbell.notifications.models import Notification
from taskbell.reminders.models import Reminder
from taskbell.tasks.models import Task
from tests.conftest import Program, QueryBudget
from tests.tasks.conftest import Somebody

AT, LATER = "2027-03-31T09:00:00+02:00", "2027-04-01T09:00:00+02:00"
BASE: dict[str, Any] = {"title": "Write", "timezone": "Europe/Berlin", "due_date": "2027-03-31", "due_time": "17:30:00"}
FIRST_EMAIL = 3  # the message, its delivery, and its line of history


@pytest.fixture
def program(bo: User, as_user: Somebody) -> Program:
    """Speaks for Bo."""
    return as_user(bo)


@pytest.fixture
def plain(program: Program) -> str:
    """The path of a task with one reminder."""
    return made(program, reminders=[{"at": AT}])


@pytest.fixture
def crowded(program: Program, cy: User, as_user: Somebody) -> str:
    """The path of a task with an assignee, whom an email about a change waits for, and many reminders."""
    needed = program.post("/api/tasks/", BASE).json()["id"]
    shared, own = ([{"before_due": f"PT{n}H", "for_me": for_me} for n in range(5, 25)] for for_me in (False, True))
    path = made(program, assigned_to=cy.pk, pre_tasks=[needed], reminders=[{"at": AT}, *shared, *own])
    as_user(cy).post(f"{path}reminders/", {"at": AT, "for_me": True})
    program.post(f"{path}snooze/", {"span": "PT1H"})
    program.patch(path, {"title": "Rewrite"})
    assert Notification.objects.filter(kind="task_updated", recipient=cy).exists()
    return path


def made(program: Program, **fields: Any) -> str:
    return f"/api/tasks/{program.post('/api/tasks/', BASE | fields).json()['id']}/"


def first_reminder() -> int:
    return Reminder.objects.earliest("id").pk


def add(program: Program, path: str, pk: int) -> Any:
    return program.post(f"{path}reminders/", {"at": LATER})


def change(program: Program, path: str, pk: int) -> Any:
    return program.patch(f"{path}reminders/{pk}/", {"at": LATER})


def remove(program: Program, path: str, pk: int) -> Any:
    return program.delete(f"{path}reminders/{pk}/")


def snooze(program: Program, path: str, pk: int) -> Any:
    return program.post(f"{path}snooze/", {"span": "PT2H"})


def first_private() -> int:
    return Reminder.objects.exclude(recipient=None).earliest("id").pk


def add_private(program: Program, path: str, pk: int) -> Any:
    return program.post(f"{path}reminders/", {"at": LATER, "for_me": True})


def change_private(program: Program, path: str, pk: int) -> Any:
    return program.patch(f"{path}reminders/{first_private()}/", {"at": LATER})


def remove_private(program: Program, path: str, pk: int) -> Any:
    return program.delete(f"{path}reminders/{first_private()}/")


VERBS = [add, change, remove, snooze]
PRIVATE_VERBS = [add_private, change_private, remove_private]


@pytest.mark.parametrize("verb", VERBS)
def test_on_a_plain_task(plain: str, program: Program, query_budget: QueryBudget, verb: Any) -> None:
    pk = first_reminder()
    with query_budget(7):  # session, begin, task locked, task and reminders read, reminder, history, commit
        assert verb(program, plain, pk).status_code < 300


@pytest.mark.parametrize("verb", PRIVATE_VERBS)
def test_private_ones(crowded: str, program: Program, query_budget: QueryBudget, verb: Any) -> None:
    pk = first_private()
    with query_budget(7 + (verb != add_private)):  # and the look for that private one by the test itself
        assert verb(program, crowded, pk).status_code < 300


@pytest.mark.parametrize("verb", VERBS)
def test_on_a_crowded_task(crowded: str, program: Program, query_budget: QueryBudget, verb: Any) -> None:
    pk = first_reminder()
    with query_budget(8):  # and the email that waits already; or the earlier snooze, which goes
        assert verb(program, crowded, pk).status_code < 300
    assert Notification.objects.filter(kind="task_updated").count() == 1


@pytest.mark.parametrize("verb", [add, change, remove])
def test_where_an_email_is_written(crowded: str, program: Program, query_budget: QueryBudget, verb: Any) -> None:
    Notification.objects.all().delete()
    pk = first_reminder()
    with query_budget(8 + FIRST_EMAIL):
        verb(program, crowded, pk)
    assert Notification.objects.filter(kind="task_updated").count() == 1


@pytest.mark.parametrize(("verb", "gone", "versions"), [(add, 0, 1), (change, 1, 1), (remove, 1, 1), (snooze, 1, 0)])
def test_all_other_reminders_stay_as_they_are(
    crowded: str, program: Program, verb: Any, gone: int, versions: int
) -> None:
    before = list(Reminder.objects.values_list())
    version = Task.objects.latest("id").version
    verb(program, crowded, first_reminder())
    assert len(set(before) - set(Reminder.objects.values_list())) == gone
    assert Task.objects.latest("id").version == version + versions


def test_one_that_is_there_is_not_added_again_and_the_task_keeps_its_version(plain: str, program: Program) -> None:
    before, lines = program.get(plain).json(), Activity.objects.count()
    for body in ({"at": AT}, {"at": "2027-03-31T09:00:00"}):
        assert program.post(f"{plain}reminders/", body).json() == before["reminders"][0]
    assert program.patch(f"{plain}reminders/{before['reminders'][0]['id']}/", {"at": AT}).status_code == 200
    assert program.get(plain).json() == before
    assert Activity.objects.count() == lines


def test_history_has_the_shared_reminders_before_and_after(plain: str, program: Program) -> None:
    first, second = "2027-03-31T07:00:00+00:00", "2027-04-01T07:00:00+00:00"
    pk = first_reminder()
    add(program, plain, pk)
    remove(program, plain, pk)
    lines = Activity.objects.filter(field="reminders").order_by("id").values_list("old_value", "new_value")
    assert list(lines) == [([first], [first, second]), ([first, second], [second])]
