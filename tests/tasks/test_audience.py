"""Who sees a task: every reader of the rule gives the same answer, and that of the contract."""

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

import taskbell
from taskbell.accounts.models import User
from taskbell.accounts.policy import Role
from taskbell.activity.queries import current_checkpoint
from taskbell.comments.actions import add_comment
from taskbell.common.errors import Conflict
from taskbell.notifications.models import Notification
from taskbell.notifications.policy import reason_not_to_send
from taskbell.projects.audience import EVERYBODY, OVERSEERS, Access, access_of, changed_access, keys_of, ways_to_see
from taskbell.reminders.models import Reminder
from taskbell.reports.actions import finished_report
from taskbell.reports.models import Report, ReportState
from taskbell.sharing.members import remove_member
from taskbell.tasks.actions import delete_task, update_task
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch
from taskbell.tasks.queries import visible_task
from tests.conftest import NOW, Program, make_person
from tests.feed.hearing import heard_by
from tests.sharing.conftest import a_task_in, shared_by
from tests.tasks.conftest import a_task

RULE = "SEE_EVERYTHING"
Somebody = Callable[[User], Program]
ALL, OWN = "all", "own"
MEMBERS = ("member1", "intern1", "member2")  # of the project: its owner, who stays, and who was removed
SEES = {Role.ADMIN: ALL, Role.MANAGER: ALL, Role.MEMBER: OWN, Role.INTERN: OWN}


@pytest.fixture
def people(db: None) -> list[User]:
    return [make_person(f"{role.lower()}{number}", role) for role in Role for number in (1, 2)]


@pytest.fixture
def seen(people: list[User]) -> dict[int, set[int]]:
    """By person, the tasks that they see: with every pair of creator and assignee, one; some that are gone; and some of
    a project with three members, of whom one was removed.
    """
    seen: dict[int, set[int]] = {person.pk: set() for person in people}
    for creator in people:
        if creator.role == Role.INTERN:
            continue
        for assignee in (None, *people):
            task = a_task(creator, assigned_to_id=assignee and assignee.pk)
            for person in people:
                if SEES[Role(person.role)] == ALL or person in (creator, assignee):
                    seen[person.pk].add(task.pk)
        gone = a_task(creator, "Gone", assigned_to_id=people[-1].pk)
        delete_task(gone.pk, by=creator, now=NOW)
    owner, viewer, removed = (next(person for person in people if person.username == name) for name in MEMBERS)
    garden = shared_by(owner, viewer, removed)
    in_garden = {a_task_in(garden, owner, assigned_to_id=removed.pk).pk for _ in range(6)}
    remove_member(garden.pk, removed.pk, by=owner, now=NOW)
    for person in people:
        if SEES[Role(person.role)] == ALL or person in (owner, viewer):
            seen[person.pk] |= in_garden
        person.refresh_from_db()
    return seen


def test_conditions_and_keys_give_the_same_answer(people: list[User], seen: dict[int, set[int]]) -> None:
    tasks = list(Task.objects.all())
    for person in people:
        expected = seen[person.pk]
        assert set(Task.objects.visible_to(person).values_list("pk", flat=True)) == expected
        assert {task.pk for task in tasks if task.is_visible_to(person)} == expected
        living = [task for task in tasks if task.deleted_at is None]
        assert {task.pk for task in living if task.audience.includes(keys_of(person))} == expected
        ways = [Task.objects.filter(way, deleted_at=None) for way in ways_to_see(person)]
        by_way = sorted(task.pk for way in ways for task in way)
        assert by_way == sorted(expected), "a list shows a task twice, or not at all"
        concerning = set(Task.objects.concerning(person).values_list("pk", flat=True))
        assert concerning == {task.pk for task in tasks if task.audience.includes(keys_of(person))}


def test_every_door_shows_the_same(people: list[User], seen: dict[int, set[int]], as_user: Somebody) -> None:
    for person in people:
        program, expected = as_user(person), seen[person.pk]
        assert {row["id"] for row in program.get("/api/tasks/?page_size=200").json()["results"]} == expected
        assert program.get("/api/reports/insights/").json()["total"] == len(expected)
        exported = b"".join(program.get("/api/tasks/export/?format=csv"))  # type: ignore[call-overload]
        assert {int(row["id"]) for row in csv.DictReader(io.StringIO(exported.decode("utf-8-sig")))} == expected
        copied = program.get("/api/changes/?limit=500").json()["changes"]
        assert {change["task_id"] for change in copied} == expected
        logs = {row["task"] for row in program.get("/api/tasks/logs/?page_size=200&action=created").json()["results"]}
        ever = set(Task.objects.values_list("pk", flat=True))
        assert logs == (ever if SEES[Role(person.role)] == ALL else expected)


def test_a_single_task_is_found_by_those_who_see_it(
    people: list[User], seen: dict[int, set[int]], as_user: Somebody
) -> None:
    tasks = list(Task.objects.order_by("pk"))[::5]
    for person in people:
        program = as_user(person)
        for task in tasks:
            is_seen = task.pk in seen[person.pk]
            assert program.get(f"/api/tasks/{task.pk}/").status_code == (200 if is_seen else 404)
            if is_seen:
                assert visible_task(task.pk, to=person) == task


def test_who_is_told_is_who_sees(people: list[User], seen: dict[int, set[int]]) -> None:
    for person in people:
        told = [event for event in heard_by(person, 0) if event["event"] == "task.created"]
        assert {event["task_id"] for event in told} == seen[person.pk]


def test_comments_are_read_and_heard_by_who_sees_the_task(
    people: list[User], seen: dict[int, set[int]], as_user: Somebody
) -> None:
    tasks = list(Task.objects.filter(deleted_at=None).select_related("created_by").order_by("pk"))[::5]
    since = current_checkpoint().position
    names = " ".join(f"@{person.username}" for person in people)
    comments = {task.pk: add_comment(task.pk, names, by=task.created_by, now=NOW) for task in tasks}
    for person in people:
        theirs = comments.keys() & seen[person.pk]
        program = as_user(person)
        read = {pk for pk in comments if program.get(f"/api/tasks/{pk}/comments/").status_code == 200}
        heard = {event["task_id"] for event in heard_by(person, since) if event["event"] == "comment.created"}
        reached = {pk for pk, comment in comments.items() if person.pk in comment.mentions}
        told = set(person.notifications.filter(kind="mentioned").values_list("task", flat=True))
        own = {task.pk for task in tasks if task.created_by == person}
        assert read == heard == reached == theirs
        assert told == theirs - own


def test_a_mail_goes_to_who_sees_the_task_when_it_is_sent(people: list[User], seen: dict[int, set[int]]) -> None:
    gone = "Cancelled because the person no longer has access to the task."
    for person in people:
        for task in list(Task.objects.order_by("pk"))[::5]:
            mail = Notification(recipient=person, task=task, kind="task_assigned", data={}, due_at=NOW)
            reminder = Reminder(task=task, recipient=person, created_by=person)
            is_seen = task.pk in seen[person.pk]
            assert (reason_not_to_send(mail) == gone) is not is_seen
            assert reminder.recipient_may_see_task is is_seen


def test_who_oversees_is_asked_of_the_database_as_of_the_person(people: list[User]) -> None:
    access = changed_access({person.pk: "" for person in people})
    for person in people:
        assert access[person.pk] == Access(access_of(person), keys_of(person))
        assert (OVERSEERS in keys_of(person)) is (SEES[Role(person.role)] == ALL)
        assert {person.pk, EVERYBODY} <= keys_of(person)
    User.objects.filter(pk=people[0].pk).update(is_active=False)
    assert OVERSEERS not in changed_access({people[0].pk: access[people[0].pk].text})[people[0].pk].keys


def test_who_loses_the_role_gets_nothing_from_any_door(mia: User, bo: User, as_user: Somebody) -> None:
    task = a_task(bo)
    program = as_user(mia)
    cursor = program.get("/api/changes/").json()["cursor"]
    cursor = program.get(f"/api/changes/?since={cursor}").json()["cursor"]
    assert program.get("/api/tasks/").json()["count"] == 1
    access, since = access_of(mia), current_checkpoint().position
    report = Report.objects.create(
        person=mia, kind="export", format="csv", query={}, created_at=NOW, state=ReportState.DONE, keys=[OVERSEERS]
    )
    User.objects.filter(pk=mia.pk).update(role=Role.MEMBER)
    mia.refresh_from_db()
    update_task(task.pk, TaskPatch(title="Secret"), by=bo, now=NOW + timedelta(minutes=1))
    assert heard_by(mia, since) == []
    assert program.get(f"/api/changes/?since={cursor}").json()["resync"] is True
    assert program.get("/api/tasks/").json()["count"] == 0
    assert program.get(f"/api/tasks/{task.pk}/").status_code == 404
    assert access_of(mia) != access
    with pytest.raises(Conflict):
        finished_report(mia, report.pk)


def test_the_rule_is_written_in_one_place() -> None:
    package = Path(taskbell.__file__).parent
    said = [path.relative_to(package).as_posix() for path in package.rglob("*.py") if RULE in path.read_text()]
    assert sorted(said) == ["accounts/policy.py", "projects/audience.py"]
