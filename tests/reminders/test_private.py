"""Private reminders are hidden: nothing that others read shows that there is one."""

from collections.abc import Callable
from typing import Any

import pytest

from taskbell.accounts.models import User
from taskbell.activity.models import Activity
from taskbell.activity.queries import current_checkpoint
from taskbell.feed.events import events_after
from taskbell.notifications.models import Notification
from taskbell.projects.audience import keys_of
from taskbell.reminders.models import Reminder
from tests.conftest import Program
from tests.tasks.conftest import Somebody

AT, LATER = "2027-03-31T09:00:00+02:00", "2027-04-01T09:00:00+02:00"
BASE: dict[str, Any] = {"title": "Write", "timezone": "Europe/Berlin", "due_date": "2027-03-31"}
OWN, OTHER_OWN = {"at": AT, "for_me": True}, {"before_due": "P1D", "for_me": True}
Change = Callable[[Program, str], Any]


@pytest.fixture
def path(bo: User, cy: User, as_user: Somebody) -> str:
    """A task of Bo's that is assigned to Cy: it has a reminder for both, and one for each of them alone."""
    task = as_user(bo).post("/api/tasks/", BASE | {"assigned_to": cy.pk, "reminders": [{"at": AT}, OWN]}).json()
    path = f"/api/tasks/{task['id']}/"
    as_user(cy).post(f"{path}reminders/", OWN)
    Notification.objects.all().delete()
    return path


def own_of(program: Program, path: str) -> str:
    """The path of the program's own private reminder."""
    (own,) = [one for one in program.get(path).json()["reminders"] if one["for_me"]]
    return f"{path}reminders/{own['id']}/"


def put_back(program: Program, path: str, reminders: list[dict[str, Any]]) -> Any:
    return program.patch(path, {"reminders": [one for one in reminders if one.get("for_me")]})


CHANGES: dict[str, Change] = {
    "added": lambda program, path: program.post(f"{path}reminders/", OTHER_OWN),
    "changed": lambda program, path: program.patch(own_of(program, path), {"at": LATER}),
    "deleted": lambda program, path: program.delete(own_of(program, path)),
    "snoozed": lambda program, path: program.post(f"{path}snooze/", {"span": "PT1H"}),
    "replaced": lambda program, path: program.patch(path, {"reminders": [OTHER_OWN]}),
    "removed": lambda program, path: program.patch(path, {"reminders": []}),
    "in bulk": lambda program, path: program.post(
        "/api/tasks/bulk/", {"update": [{"id": int(path.split("/")[3]), "reminders": [OTHER_OWN]}]}
    ),
}
each_change = pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))


def read_by(program: Program, path: str) -> list[Any]:
    """Everything that shows the task."""
    pages = (path, "/api/tasks/", f"{path}logs/", "/api/tasks/logs/", f"{path}reminders/", f"{path}schedule/")
    return [program.get(page).json() for page in pages]


@each_change
def test_others_read_what_they_read_before(path: str, bo: User, cy: User, as_user: Somebody, change: Change) -> None:
    others = as_user(bo)
    before, tag, since = read_by(others, path), others.get(path)["ETag"], others.get("/api/changes/").json()["cursor"]
    answer = change(as_user(cy), path)
    assert answer.status_code < 300, answer.content
    assert Activity.objects.latest("id").field == "own_reminders"
    assert read_by(others, path) == before
    assert others.get(path)["ETag"] == tag
    while (page := others.get(f"/api/changes/?since={since}").json())["more"]:
        since = page["cursor"]
    assert page["changes"] == []
    assert others.patch(path, {"title": "Rewrite"}, **{"If-Match": tag}).status_code == 200
    assert not Notification.objects.filter(recipient=bo).exists()


@each_change
def test_the_owner_reads_it_at_once_everywhere(path: str, cy: User, as_user: Somebody, change: Change) -> None:
    program = as_user(cy)
    page, tag = program.get("/api/tasks/"), program.get(path)["ETag"]
    before = current_checkpoint()
    assert change(program, path).status_code < 300
    now = program.get(path)
    listed = program.get("/api/tasks/", **{"If-None-Match": page["ETag"]})
    assert listed.json()["results"] == [now.json()]
    assert listed.json() != page.json()
    assert now["ETag"] != tag
    assert now.json()["version"] == page.json()["results"][0]["version"]
    (event,) = events_after(before.position).events
    assert event.payload["event"] == "task.updated"
    assert event.audience.includes(keys_of(cy))


@each_change
def test_only_the_owner_has_an_event_of_it(
    path: str, bo: User, mia: User, cy: User, as_user: Somebody, change: Change
) -> None:
    before = current_checkpoint()
    change(as_user(cy), path)
    (event,) = events_after(before.position).events
    assert not any(event.audience.includes(keys_of(person)) for person in (bo, mia))


def test_the_first_entry_of_a_task_does_not_say_that_its_creator_has_a_private_one(path: str) -> None:
    created = Activity.objects.get(action="created", subject_type="task")
    assert "own_reminders" not in created.new_value


def test_a_change_of_the_task_and_of_a_private_reminder_is_one_change_of_the_task(
    path: str, bo: User, as_user: Somebody
) -> None:
    program, version = as_user(bo), as_user(bo).get(path).json()["version"]
    changed = program.patch(path, {"title": "Rewrite", "reminders": [{"at": AT}, OTHER_OWN]}).json()
    assert changed["version"] == version + 1
    assert [line["field"] for line in program.get(f"{path}logs/").json()["results"]][:1] == ["title"]


def test_a_private_reminder_that_becomes_everybodys_is_a_change_of_the_task(
    path: str, bo: User, cy: User, as_user: Somebody
) -> None:
    program, version = as_user(bo), as_user(cy).get(path).json()["version"]
    own = own_of(program, path)
    assert program.patch(own, {"at": LATER, "for_me": False}).status_code == 200
    assert as_user(cy).get(path).json()["version"] == version + 1
    assert program.patch(own, {"for_me": True}).status_code == 200
    assert as_user(cy).get(path).json()["version"] == version + 2


def test_my_own_tag_lets_me_change_the_task(path: str, cy: User, as_user: Somebody) -> None:
    program = as_user(cy)
    tag = program.get(path)["ETag"]
    assert program.patch(path, {"stage": "IN_PROGRESS"}, **{"If-Match": tag}).status_code == 200
    assert program.patch(path, {"stage": "PENDING"}, **{"If-Match": tag}).status_code == 412


@pytest.mark.parametrize("change", [CHANGES["deleted"], CHANGES["removed"]])
def test_the_tag_of_an_answer_is_over_when_a_private_reminder_is(
    path: str, cy: User, as_user: Somebody, change: Change
) -> None:
    program = as_user(cy)
    read = program.patch(path, {"stage": "IN_PROGRESS"})
    assert program.get(path, **{"If-None-Match": read["ETag"]}).status_code == 304
    change(program, path)
    assert program.get(path, **{"If-None-Match": read["ETag"]}).status_code == 200


def test_what_changes_nothing_leaves_no_trace(path: str, cy: User, as_user: Somebody) -> None:
    program, entries = as_user(cy), Activity.objects.count()
    before = program.get(path)
    program.post(f"{path}reminders/", OWN)
    program.patch(own_of(program, path), {"at": AT})
    program.patch(path, {"reminders": [OWN]})
    assert (program.get(path).json(), program.get(path)["ETag"]) == (before.json(), before["ETag"])
    assert (Activity.objects.count(), Reminder.objects.count()) == (entries, 3)
