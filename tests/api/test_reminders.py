"""Reminders through the API: one by one, read and put back, snoozed, skipped."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from taskbell.accounts.models import User
from taskbell.common.clock import utc_now
from taskbell.reminders.firing import deliver_due
from taskbell.reminders.models import Reminder
from taskbell.tasks.models import Task
from tests.conftest import Program
from tests.tasks.conftest import Somebody

AT = "2027-03-31T09:00:00+02:00"
WISHES = [
    {"at": AT},
    {"at": "2027-03-31T09:00:00"},
    {"before_due": "PT24H"},
    {"before_due": "PT0S"},
    {"at": AT, "repeat": "FREQ=WEEKLY;BYDAY=WE"},
    {"before_due": "P1DT30M", "repeat": "FREQ=DAILY;COUNT=3", "for_me": True},
]
BASE: dict[str, Any] = {"title": "Write", "timezone": "Europe/Berlin", "due_date": "2027-03-31", "due_time": "17:30:00"}


@pytest.fixture
def program(bo: User, as_user: Somebody) -> Program:
    """Speaks for Bo."""
    return as_user(bo)


@pytest.fixture
def cys(cy: User, as_user: Somebody) -> Program:
    """Speaks for Cy."""
    return as_user(cy)


def made(program: Program, **fields: Any) -> dict[str, Any]:
    answer = program.post("/api/tasks/", BASE | fields)
    assert answer.status_code == 201, answer.content
    return dict(answer.json())


def of(task: dict[str, Any]) -> str:
    return f"/api/tasks/{task['id']}/reminders/"


def errors(answer: Any) -> list[str]:
    assert answer.status_code == 400, answer.content
    return [error["field"] for error in answer.json()["errors"]]


@pytest.mark.parametrize("patch", WISHES)
def test_a_reminder_is_added_read_and_taken_back(program: Program, patch: dict[str, Any]) -> None:
    task = made(program)
    answer = program.post(of(task), patch)
    assert answer.status_code == 201
    reminder = answer.json()
    path = f"{of(task)}{reminder['id']}/"
    assert program.get(of(task)).json() == [reminder]
    assert program.get(path).json() == reminder
    assert program.get(f"/api/tasks/{task['id']}/").json()["reminders"] == [reminder]
    assert program.delete(path).status_code == 204
    assert program.get(of(task)).json() == []
    assert program.get(path).status_code == program.delete(path).status_code == 404


def test_a_relative_one_shows_its_instant_and_what_it_hangs_on(program: Program) -> None:
    task = made(program)
    reminder = program.post(of(task), {"before_due": "PT24H"}).json()
    shown = {name: reminder[name] for name in ("at", "before_due", "next_at", "state", "repeat", "for_me")}
    assert shown == {
        "at": "2027-03-30T17:30:00+02:00",
        "before_due": "PT24H",
        "next_at": "2027-03-30T15:30:00Z",
        "state": "armed",
        "repeat": None,
        "for_me": False,
    }


def test_what_was_read_can_be_put_back_and_changes_nothing(program: Program) -> None:
    task = made(program, reminders=WISHES, recurrence="FREQ=YEARLY", assigned_to=None, description="x")
    Reminder.objects.filter(before_due="PT0S").update(state="fired", next_at=None)
    path = f"/api/tasks/{task['id']}/"
    before = program.get(path).json()
    rows = list(Reminder.objects.order_by("id").values())
    assert program.put(path, before).json() == before
    assert program.put(path, {name: value for name, value in before.items() if name != "remind_at"}).json() == before
    assert list(Reminder.objects.order_by("id").values()) == rows
    assert program.patch(path, {"reminders": before["reminders"]}).json() == before


def test_a_title_is_changed_in_what_was_read_however_much_the_clock_did_meanwhile(program: Program) -> None:
    task = made(program, reminders=[{"at": "2020-01-01T09:00:00Z"}, {"at": AT, "repeat": "FREQ=DAILY"}])
    path = f"/api/tasks/{task['id']}/"
    read = program.get(path).json()
    deliver_due(utc_now())
    Reminder.objects.exclude(repeat="").update(next_at="2027-04-01T07:00:00Z")
    kept = list(Reminder.objects.order_by("id").values())
    answer = program.put(path, read | {"title": "Read"})
    assert (answer.status_code, answer.json()["title"]) == (200, "Read")
    assert program.patch(path, read | {"title": "Write"}).status_code == 200
    assert list(Reminder.objects.order_by("id").values()) == kept


@pytest.mark.parametrize(
    ("reminders", "remind_at"),
    [
        ([{"at": AT}], AT),
        ([{"at": "2027-03-31T09:00:00"}, {"before_due": "PT0S"}], AT),
        ([{"before_due": "PT24H"}], "2027-03-30T17:30:00"),
        ([{"before_due": "PT24H"}], "2027-03-30T15:30:00Z"),
        ([], None),
    ],
)
def test_remind_at_may_say_what_the_reminders_beside_it_say(
    program: Program, reminders: list[Any], remind_at: str | None
) -> None:
    task = made(program, reminders=reminders, remind_at=remind_at)
    assert len(task["reminders"]) == len(reminders)
    both = {"reminders": reminders, "remind_at": remind_at}
    bulk = {"create": [BASE | both], "update": [{"id": task["id"]} | both]}
    assert program.post("/api/tasks/bulk/", bulk).status_code == 200


@pytest.mark.parametrize(
    ("reminders", "remind_at"),
    [
        ([{"at": AT}], "2027-03-31T08:00:00+02:00"),
        ([{"at": AT}], None),
        ([{"before_due": "PT24H"}], AT),
        ([], AT),
        ([{"at": AT, "next_at": "soon"}], "2027-04-01T09:00:00Z"),
        ([{"at": AT, "next_at": "2027-04-01T09:00:00"}], "2027-04-01T09:00:00"),
    ],
)
def test_remind_at_and_reminders_that_do_not_agree_are_refused(
    program: Program, reminders: list[Any], remind_at: str | None
) -> None:
    both = {"reminders": reminders, "remind_at": remind_at}
    task = made(program, reminders=[{"at": "2027-02-01T09:00:00Z"}])
    path = f"/api/tasks/{task['id']}/"
    answers = [program.post("/api/tasks/", BASE | both), program.put(path, BASE | both), program.patch(path, both)]
    assert [errors(answer) for answer in answers] == [["remind_at"]] * 3
    assert errors(program.post("/api/tasks/bulk/", {"create": [BASE | both]})) == ["create.0.remind_at"]
    bulk = {"update": [{"id": task["id"]} | both]}
    assert errors(program.post("/api/tasks/bulk/", bulk)) == ["update.0.remind_at"]


def test_remind_at_of_somebody_elses_own_reminder_agrees_with_nothing(program: Program, cy: User, cys: Program) -> None:
    task = made(program, assigned_to=cy.pk)
    cys.post(of(task), {"at": AT, "for_me": True})
    both = {"reminders": [{"before_due": "PT1H"}], "remind_at": AT}
    assert errors(program.patch(f"/api/tasks/{task['id']}/", both)) == ["remind_at"]


def test_putting_back_leaves_the_own_reminders_of_others_alone(
    bo: User, program: Program, cy: User, cys: Program
) -> None:
    task = made(program, assigned_to=cy.pk, reminders=[{"at": AT}])
    cys.post(of(task), {"at": AT, "for_me": True})
    read = program.get(f"/api/tasks/{task['id']}/").json()
    assert len(read["reminders"]) == 1
    program.put(f"/api/tasks/{task['id']}/", {name: value for name, value in read.items() if name != "remind_at"})
    program.patch(f"/api/tasks/{task['id']}/", {"remind_at": None})
    assert [reminder["for_me"] for reminder in cys.get(of(task)).json()] == [True]
    assert program.get(of(task)).json() == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"at": "2027-03-30T09:00:00Z"}, {"at": "2027-03-30T11:00:00+02:00", "before_due": None}),
        ({"before_due": "PT1H"}, {"at": "2027-03-31T16:30:00+02:00", "before_due": "PT1H"}),
        ({"repeat": "FREQ=DAILY"}, {"at": AT, "repeat": "FREQ=DAILY"}),
        ({"for_me": True}, {"at": AT, "for_me": True}),
        ({}, {"at": AT}),
    ],
)
def test_a_change_keeps_what_is_not_sent_and_the_reminder_its_number(
    program: Program, change: dict[str, Any], expected: dict[str, Any]
) -> None:
    task = made(program)
    reminder = program.post(of(task), {"at": AT}).json()
    changed = program.patch(f"{of(task)}{reminder['id']}/", change).json()
    assert changed == reminder | expected | {"next_at": changed["next_at"]}
    assert program.get(f"/api/tasks/{task['id']}/").json()["version"] == (3 if change else 2)


def test_one_that_has_fired_is_armed_by_a_later_time(program: Program) -> None:
    task = made(program, reminders=[{"at": "2020-01-01T00:00:00Z"}])
    deliver_due(utc_now())
    path = f"{of(task)}{task['reminders'][0]['id']}/"
    assert program.get(path).json()["state"] == "fired"
    assert program.patch(path, {"at": AT}).json()["state"] == "armed"


@pytest.mark.parametrize(
    ("patch", "field"),
    [
        ({}, "at"),
        ({"at": None}, "at"),
        ({"at": "soon"}, "at"),
        ({"before_due": "a day"}, "before_due"),
        ({"before_due": "-PT1H"}, "before_due"),
        ({"before_due": "P9999D"}, "before_due"),
        ({"at": AT, "repeat": "FREQ=MINUTELY;INTERVAL=14"}, "repeat"),
        ({"at": AT, "repeat": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30,31;BYDAY=MO"}, "repeat"),
        ({"at": AT, "for_me": "yes"}, "for_me"),
        ({"at": AT, "surprise": 1}, "surprise"),
    ],
)
def test_what_is_no_reminder_is_refused_by_name(program: Program, patch: dict[str, Any], field: str) -> None:
    task = made(program)
    assert errors(program.post(of(task), patch)) == [field]
    assert errors(program.patch(f"/api/tasks/{task['id']}/", {"reminders": [patch]})) == [
        f"reminders.0.{field}" if field != "reminders" else field
    ]


def test_a_change_to_nothing_is_refused(program: Program) -> None:
    task = made(program, reminders=[{"before_due": "PT1H"}])
    path = f"{of(task)}{task['reminders'][0]['id']}/"
    for body in ({"at": None}, {"before_due": None}):
        assert errors(program.patch(path, body)) == ["at"]


def test_two_that_became_the_same_are_taken_back_together(program: Program) -> None:
    task = made(program, reminders=[{"at": AT}, {"before_due": "PT1H"}])
    first, second = (f"{of(task)}{reminder['id']}/" for reminder in task["reminders"])
    assert program.patch(second, {"at": AT}).status_code == 200
    assert program.delete(first).status_code == 204
    assert program.get(first).status_code == 404
    assert program.get(of(task)).json() == []


def test_cy_who_works_on_the_task_may_remind_himself_alone(program: Program, cy: User, cys: Program) -> None:
    task = made(program, assigned_to=cy.pk, reminders=[{"at": AT}])
    shared = f"{of(task)}{task['reminders'][0]['id']}/"
    assert cys.get(shared).status_code == 200
    assert cys.post(of(task), {"at": AT}).status_code == 403
    assert cys.patch(shared, {"for_me": True}).status_code == cys.delete(shared).status_code == 403
    own = cys.post(of(task), {"at": AT, "for_me": True}).json()
    path = f"{of(task)}{own['id']}/"
    assert cys.patch(path, {"for_me": False}).status_code == 403
    assert (
        program.get(path).status_code == program.delete(path).status_code == program.patch(path, {}).status_code == 404
    )
    assert cys.delete(path).status_code == 204


def test_a_stranger_finds_nothing(program: Program, cys: Program) -> None:
    task = made(program, reminders=[{"at": AT}])
    one, all_of_them = f"{of(task)}{task['reminders'][0]['id']}/", of(task)
    answers = [
        cys.get(all_of_them),
        cys.post(all_of_them, {"at": AT}),
        cys.get(one),
        cys.patch(one, {}),
        cys.delete(one),
    ]
    answers += [
        cys.post(f"/api/tasks/{task['id']}/snooze/", {"span": "PT1H"}),
        cys.get(f"/api/tasks/{task['id']}/schedule/"),
    ]
    assert {answer.status_code for answer in answers} == {404}


def test_a_reminder_of_another_task_is_not_found_here(program: Program) -> None:
    task, other = made(program), made(program, reminders=[{"at": AT}])
    assert program.get(f"{of(task)}{other['reminders'][0]['id']}/").status_code == 404


def test_the_same_request_twice_adds_one(program: Program) -> None:
    task = made(program)
    answers = [program.post(of(task), {"at": AT}, **{"Idempotency-Key": "k"}).json() for _ in range(2)]
    assert answers[0] == answers[1]
    assert Reminder.objects.count() == 1


def test_a_snooze_by_a_span_that_is_sent_again_is_one_reminder(program: Program) -> None:
    path = f"/api/tasks/{made(program)['id']}/snooze/"
    first, again = (program.post(path, {"span": "PT1H"}, **{"Idempotency-Key": "k"}) for _ in range(2))
    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
    assert again["Idempotency-Replayed"] == "true"
    assert Reminder.objects.count() == 1
    assert program.post(path, {"span": "PT2H"}, **{"Idempotency-Key": "k"}).status_code == 422
    later = program.post(path, {"span": "PT2H"}).json()
    assert [reminder.pk for reminder in Reminder.objects.all()] == [later["id"]], "it takes the place of the other"


def test_snooze_for_a_while_or_until_then_is_for_me(program: Program, cy: User, cys: Program) -> None:
    task = made(program, assigned_to=cy.pk)
    path, before = f"/api/tasks/{task['id']}/snooze/", utc_now()
    reminder = cys.post(path, {"span": "PT1H"}).json()
    later = datetime.fromisoformat(reminder["next_at"])
    assert before + timedelta(hours=1) <= later <= utc_now() + timedelta(hours=1)
    assert (reminder["for_me"], reminder["state"]) == (True, "armed")
    assert cys.post(path, {"until": "2027-03-31T09:00:00"}).json()["at"] == AT
    assert program.get(of(task)).json() == []
    for body in ({}, {"span": "PT1H", "until": AT}):
        assert errors(cys.post(path, body)) == ["span"]


def test_skip_through_the_api(program: Program, cy: User, cys: Program) -> None:
    task = made(program, recurrence="FREQ=WEEKLY;COUNT=2", assigned_to=cy.pk)
    path = f"/api/tasks/{task['id']}/skip/"
    assert cys.post(path).status_code == 403
    assert program.post(path).json()["due_date"] == "2027-04-07"
    assert program.post(path).status_code == 409
    assert Task.objects.get().version == 2


def test_a_skip_that_is_sent_again_skips_once(program: Program) -> None:
    path = f"/api/tasks/{made(program, recurrence='FREQ=WEEKLY')['id']}/"
    first, again = (program.post(f"{path}skip/", **{"Idempotency-Key": "k"}) for _ in range(2))
    assert (first.status_code, first.json()["due_date"]) == (200, "2027-04-07")
    assert (again.content, again["ETag"], again["Idempotency-Replayed"]) == (first.content, first["ETag"], "true")
    assert program.get(path).json() == first.json()
    assert program.post(f"{path}skip/", **{"Idempotency-Key": "another"}).json()["due_date"] == "2027-04-14"


def test_a_restore_that_is_sent_again_gives_its_first_answer(program: Program) -> None:
    path = f"/api/tasks/{made(program)['id']}/"
    program.delete(path)
    first, again = (program.post(f"{path}restore/", **{"Idempotency-Key": "k"}) for _ in range(2))
    assert (first.status_code, again.status_code, again.json()) == (200, 200, first.json())
    assert program.post(f"{path}restore/").status_code == 404


def test_a_task_that_recurs_needs_a_due_date(program: Program) -> None:
    assert errors(program.post("/api/tasks/", {"title": "x", "recurrence": "FREQ=DAILY"})) == ["recurrence"]


@pytest.mark.parametrize("date", ["2027-03-31", "20270331", "2027-W13-3", " 2027-03-31 "])
def test_a_date_alone_is_no_time_to_be_reminded_at(program: Program, date: str) -> None:
    task = made(program)
    path = f"/api/tasks/{task['id']}/"
    wrong = {
        "remind_at": program.patch(path, {"remind_at": date}),
        "reminders.0.at": program.patch(path, {"reminders": [{"at": date}]}),
        "at": program.post(f"{path}reminders/", {"at": date}),
        "until": program.post(f"{path}snooze/", {"until": date}),
    }
    for field, answer in wrong.items():
        (error,) = answer.json()["errors"]
        assert (answer.status_code, error["field"]) == (400, field)
        assert error["message"] == "Must have a time as well, such as 2027-03-31T09:00."
    assert not Reminder.objects.exists()


@pytest.mark.parametrize(
    "zone", ["localtime", "Factory", "posixrules", "posix/Europe/Berlin", "right/UTC", "leapseconds"]
)
def test_a_zone_that_is_none_of_iana_is_named_by_every_door(program: Program, bo: User, zone: str) -> None:
    task = made(program)
    path = f"/api/tasks/{task['id']}/"
    rule = {"recurrence": "FREQ=DAILY", "due_date": "2027-03-31"}
    answers = [
        program.post("/api/tasks/", {"title": "Sow", "timezone": zone}),
        program.patch(path, {"timezone": zone}),
        program.put(path, task | {"timezone": zone}),
        program.patch("/api/profile/", {"timezone": zone}),
        program.post("/api/recurrence/preview/", rule | {"timezone": zone}),
    ]
    for answer in answers:
        (error,) = answer.json()["errors"]
        assert (answer.status_code, error["field"], error["code"]) == (400, "timezone", "unknown_zone")
    row = {"title": "Sow", "timezone": zone}
    (wrong,) = program.post("/api/tasks/import/?format=json", [row]).json()["errors"]
    assert "timezone" in str(wrong)


def test_a_snooze_is_refused_for_whom_reminders_are_off_and_the_schedule_says_so(program: Program, bo: User) -> None:
    task = made(program, reminders=[{"at": AT}])
    path = f"/api/tasks/{task['id']}/"
    program.patch("/api/profile/", {"mail_preferences": {"reminder": False}})
    refused = program.post(f"{path}snooze/", {"span": "PT1H"})
    assert (refused.status_code, Reminder.objects.count()) == (409, 1)
    assert "because you switched off reminder emails" in refused.json()["detail"]
    assert program.post(f"{path}reminders/", {"before_due": "P1D", "for_me": True}).status_code == 201
    for coming in program.get(f"{path}schedule/").json()["next"]:
        assert coming["reason"].endswith("; not emailed to you, because you switched off reminder emails")
    program.patch("/api/profile/", {"mail_preferences": {"reminder": True}})
    assert program.post(f"{path}snooze/", {"span": "PT1H"}).status_code == 201
