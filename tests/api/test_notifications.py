"""What people were told is there to be read in the app, each message by whom it is for."""

from collections.abc import Callable
from typing import Any

import pytest

from taskbell.accounts.actions import Client
from taskbell.accounts.models import User
from taskbell.activity.queries import current_checkpoint
from taskbell.feed.events import events_after
from taskbell.notifications.models import Delivery, DeliveryState, Notification
from taskbell.people.passwords import mail_password_reset
from taskbell.tasks.actions import create_task, update_task
from taskbell.tasks.patch import TaskPatch
from tests.conftest import NOW, Program
from tests.feed.hearing import heard_by

Somebody = Callable[[User], Program]


@pytest.fixture
def program(cy: User, as_user: Somebody) -> Program:
    """Speaks for Cy."""
    return as_user(cy)


@pytest.fixture
def told(bo: User, cy: User) -> list[int]:
    """What Cy was told of, from the first to the last."""
    for number in range(3):
        create_task(TaskPatch(title=f"Task {number}", assigned_to_id=cy.pk), by=bo, now=NOW)
    return list(cy.notifications.order_by("pk").values_list("pk", flat=True))


def test_cy_reads_what_he_was_told_the_newest_first(program: Program, told: list[int], cy: User) -> None:
    page = program.get("/api/notifications/?page_size=2").json()
    assert (page["count"], page["unread"], [row["id"] for row in page["results"]]) == (3, 3, told[:0:-1])
    assert page["next"].endswith("page=2&page_size=2") or page["next"].endswith("page_size=2&page=2")
    row = page["results"][0]
    assert (row["kind"], row["task_title"], row["read"], row["state"]) == ("task_assigned", "Task 2", False, "pending")
    assert program.get(f"/api/notifications/{told[-1]}/").json() == row


def test_one_is_marked_read_and_unread(program: Program, told: list[int]) -> None:
    path = f"/api/notifications/{told[0]}/"
    read = program.patch(path, {"read": True}).json()
    assert (read["read"], read["read_at"] is not None) == (True, True)
    assert program.patch(path, {"read": True}).json() == read
    assert program.get("/api/notifications/?read=true").json()["count"] == 1
    assert program.get("/api/notifications/?read=false").json()["count"] == 2
    assert program.patch(path, {"read": False}).json()["read_at"] is None
    assert program.patch(path, {}).status_code == 200
    for wrong in ({"read": None}, {"read": "yes"}, {"seen": True}):
        assert program.patch(path, wrong).status_code == 400


def test_all_are_marked_read_and_nobody_elses(program: Program, told: list[int], bo: User, cy: User) -> None:
    update_task(Notification.objects.get(pk=told[0]).task_id or 0, TaskPatch(stage="COMPLETED"), by=cy, now=NOW)
    assert program.post("/api/notifications/read/").json() == {"marked": 3}
    assert program.post("/api/notifications/read/").json() == {"marked": 0}
    assert program.get("/api/notifications/").json()["unread"] == 0
    assert bo.notifications.get().read_at is None


def test_other_screens_hear_of_what_was_read(program: Program, told: list[int], bo: User, cy: User) -> None:
    since = current_checkpoint().position
    program.patch(f"/api/notifications/{told[0]}/", {"read": True})
    program.post("/api/notifications/read/")
    assert heard_by(bo, since) == []
    assert heard_by(cy, since) == [
        {"event": "notification.updated", "task_id": None, "id": told[0], "read": True},
        {"event": "notification.updated", "task_id": None, "id": None, "read": True},
    ]


def test_why_a_mail_was_not_sent_is_told(program: Program, told: list[int]) -> None:
    Delivery.objects.filter(notification=told[0]).update(
        state=DeliveryState.FAILED, reason="It was refused.", server_reply="550 No"
    )
    row = program.get(f"/api/notifications/{told[0]}/").json()
    assert (row["state"], row["reason"], row["server_said"]) == ("failed", "It was refused.", "550 No")


def test_the_title_of_a_task_that_is_not_his_any_more_is_not_told(program: Program, told: list[int], bo: User) -> None:
    task = Notification.objects.get(pk=told[0]).task_id
    assert task is not None
    update_task(task, TaskPatch(assigned_to_id=None, title="Secret"), by=bo, now=NOW)
    row = program.get(f"/api/notifications/{told[0]}/").json()
    assert (row["task"], row["task_title"]) == (task, None)


def test_what_is_for_the_mailbox_alone_is_not_there(program: Program, cy: User) -> None:
    mail_password_reset(cy.email, client=Client(), now=NOW)
    assert cy.notifications.count() == 1
    assert program.get("/api/notifications/").json()["count"] == 0
    assert program.get(f"/api/notifications/{cy.notifications.get().pk}/").status_code == 404
    assert events_after(0).events == []


@pytest.mark.parametrize("query", ["read=maybe", "kind=x", "kind=password_reset", "task=x", "colour=red"])
def test_a_filter_that_does_not_fit_is_refused_by_name(program: Program, query: str) -> None:
    answer = program.get(f"/api/notifications/?{query}")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == query.split("=")[0]


@pytest.mark.parametrize("size", [1, 50])
def test_the_list_costs_four(program: Program, told: list[int], query_budget: Any, size: int) -> None:
    with query_budget(4):  # session and person, count, rows with titles, unread
        assert program.get(f"/api/notifications/?page_size={size}&kind=task_assigned").json()["results"]
