"""What is to come on a task, what became of its mails, and what a rule would mean."""

from datetime import timedelta
from typing import Any

import pytest

from taskbell.accounts.models import User
from taskbell.common.clock import utc_now
from taskbell.notifications.models import Delivery, DeliveryState, Notification
from taskbell.reminders.firing import deliver_due
from tests.api.test_reminders import errors, made, of
from tests.conftest import Program
from tests.tasks.conftest import Somebody


@pytest.fixture
def program(bo: User, as_user: Somebody) -> Program:
    """Speaks for Bo."""
    return as_user(bo)


@pytest.fixture
def cys(cy: User, as_user: Somebody) -> Program:
    """Speaks for Cy."""
    return as_user(cy)


def test_the_schedule_shows_the_next_firings_in_local_time_with_the_reason(program: Program) -> None:
    patches = [{"before_due": "PT1H"}, {"at": "2027-03-27T09:00:00", "repeat": "FREQ=DAILY", "for_me": True}]
    task = made(program, reminders=patches)
    coming = program.get(f"/api/tasks/{task['id']}/schedule/").json()["next"]
    assert [firing["local"] for firing in coming[:3]] == [
        *("2027-03-27T09:00:00+01:00", "2027-03-28T09:00:00+02:00", "2027-03-29T09:00:00+02:00")
    ]
    assert len(coming) == 10
    assert coming[0]["at"] == "2027-03-27T08:00:00Z"
    reasons = {firing["reason"] for firing in coming}
    assert reasons == {
        "1 hour before due, for everybody on the task",
        "at a fixed time, repeating every day at 09:00, for one person",
    }
    program.patch(f"/api/tasks/{task['id']}/", {"stage": "COMPLETED"})
    done = program.get(f"/api/tasks/{task['id']}/schedule/").json()["next"]
    assert done[0]["reason"].endswith("; not sent while the task is finished")


def past(program: Program, task: dict[str, Any]) -> list[tuple[str, int]]:
    return [
        (mail["kind"], mail["recipient"]) for mail in program.get(f"/api/tasks/{task['id']}/schedule/").json()["past"]
    ]


def test_the_schedule_tells_what_became_of_each_mail(bo: User, program: Program) -> None:
    task = made(program, reminders=[{"at": f"2020-01-0{day}T09:00:00Z"} for day in (1, 2, 3)])
    deliver_due(utc_now())
    first, second, third = Delivery.objects.order_by("due_at")
    rows = Delivery.objects
    sent_at = first.due_at + timedelta(seconds=90)
    rows.filter(pk=first.pk).update(state=DeliveryState.SENT, sent_at=sent_at, server_reply="250 accepted", attempt=1)
    rows.filter(pk=second.pk).update(state=DeliveryState.CANCELLED, reason="Cancelled because the task is finished.")
    rows.filter(pk=third.pk).update(
        state=DeliveryState.FAILED, reason="The mail server refused it.", server_reply="550 no such user"
    )
    mails = program.get(f"/api/tasks/{task['id']}/schedule/").json()["past"]
    assert [mail["reminder"] for mail in mails] == [one["id"] for one in reversed(task["reminders"])]
    names = ("state", "lateness_seconds", "server_said", "reason")
    assert [tuple(mail[name] for name in names) for mail in mails] == [
        ("failed", None, "550 no such user", "The mail server refused it."),
        ("cancelled", None, "", "Cancelled because the task is finished."),
        ("sent", 90.0, "250 accepted", ""),
    ]
    assert mails[2] | {"sent_at": "2020-01-01T09:01:30Z", "attempts": 1, "ambiguous": False} == mails[2]


def test_others_see_only_their_own_mails_and_nobody_those_of_an_own_reminder(
    bo: User, program: Program, cy: User, cys: Program, mia: User, as_user: Somebody
) -> None:
    task = made(program, assigned_to=cy.pk, reminders=[{"at": "2020-01-01T09:00:00Z"}])
    Notification.objects.all().delete()
    cys.post(of(task), {"at": "2020-01-02T09:00:00Z", "for_me": True})
    deliver_due(utc_now())
    shared = [("reminder", cy.pk), ("reminder", bo.pk)]
    assert sorted(past(program, task)) == sorted(past(as_user(mia), task)) == sorted(shared)
    assert past(cys, task) == [("reminder", cy.pk), ("reminder", cy.pk)]


def preview(program: Program, **body: Any) -> Any:
    return program.post("/api/recurrence/preview/", body)


def test_a_preview_shows_wall_time_over_the_change_of_clocks(program: Program) -> None:
    answer = preview(
        program, recurrence="FREQ=DAILY", due_date="2027-03-27", due_time="02:30", timezone="Europe/Berlin", count=3
    )
    assert answer.json() == {
        "occurrences": [
            {"local": "2027-03-27T02:30:00+01:00", "at": "2027-03-27T01:30:00Z"},
            {"local": "2027-03-28T03:30:00+02:00", "at": "2027-03-28T01:30:00Z"},
            {"local": "2027-03-29T02:30:00+02:00", "at": "2027-03-29T00:30:00Z"},
        ],
        "ends": False,
    }


@pytest.mark.parametrize(("count", "shown", "ends"), [(2, 2, False), (3, 3, True), (10, 3, True)])
def test_a_preview_says_whether_there_is_more(program: Program, count: int, shown: int, ends: bool) -> None:
    answer = preview(program, recurrence="FREQ=WEEKLY;COUNT=3", due_date="2027-01-01", count=count).json()
    assert (len(answer["occurrences"]), answer["ends"]) == (shown, ends)


def test_a_preview_is_in_my_zone_where_none_is_named(program: Program) -> None:
    program.patch("/api/profile/", {"timezone": "Asia/Kolkata"})
    answer = preview(program, recurrence="FREQ=MONTHLY;BYMONTHDAY=31", due_date="2027-01-31", count=2).json()
    assert [occurrence["local"] for occurrence in answer["occurrences"]] == [
        *("2027-01-31T00:00:00+05:30", "2027-02-28T00:00:00+05:30")
    ]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"recurrence": "FREQ=SECONDLY"}, "recurrence"),
        ({"recurrence": ""}, "recurrence"),
        ({"recurrence": None}, "recurrence"),
        ({"due_date": None}, "due_date"),
        ({"due_time": "25:00"}, "due_time"),
        ({"timezone": "Mars/Base"}, "timezone"),
        ({"count": 0}, "count"),
        ({"count": 101}, "count"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_preview_of_nothing_is_refused_by_name(program: Program, change: dict[str, Any], field: str) -> None:
    body = {"recurrence": "FREQ=DAILY", "due_date": "2027-01-01"} | change
    assert errors(preview(program, **body)) == [field]


def test_a_preview_is_for_people_who_have_signed_in(anonymous: Program, db: None) -> None:
    assert preview(anonymous, recurrence="FREQ=DAILY", due_date="2027-01-01").status_code == 401
