"""What people want to hear by mail, and when: preferences and quiet hours."""

from datetime import datetime, time, timedelta
from typing import Any

import pytest
from django.test import RequestFactory

from taskbell.accounts.models import User
from taskbell.accounts.preferences import MAIL_SWITCHES
from taskbell.accounts.profile import update_profile
from taskbell.api import health, metrics
from taskbell.common import metrics as metrics_of_process
from taskbell.notifications.kinds import registered
from taskbell.notifications.models import Delivery, DeliveryState, Notification
from taskbell.notifications.policy import quiet_until
from taskbell.tasks.actions import update_task
from taskbell.tasks.models import Prerequisite
from taskbell.tasks.patch import TaskPatch
from tests.conftest import NOW, Program
from tests.notifications.kinds import a_changed_task, message
from tests.reminders.mailbox import Mailbox, mailbox_in, names, part
from tests.tasks.conftest import Somebody, a_task

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
NIGHT = {"quiet_from": time(22), "quiet_until": time(7)}
LATE = NOW.replace(hour=23)
MORNING = LATE + 8 * HOUR
KINDS = {kind.name for kind in registered()}
URGENT = {"invite", "project_invite", "password_reset", "session_ended", "sign_in_locked", "account_exists"}
URGENT |= {"confirm_email", "email_changed", "account_changed"}
PATIENT = sorted(KINDS - URGENT - {"reminder"})


@pytest.fixture
def mailbox(settings: Any, tmp_path: Any) -> Mailbox:
    return mailbox_in(settings, tmp_path)


def tell(kind: str, reader: User, by: User, at: datetime = NOW) -> Delivery:
    return message(kind, reader, by, a_changed_task(reader, by, at=at), at=at)


def test_every_kind_that_nobody_waits_for_can_be_switched_off() -> None:
    assert set(MAIL_SWITCHES) == KINDS - URGENT - {"summary"}, "a summary lists only what is switched on"


@pytest.mark.parametrize("kind", MAIL_SWITCHES)
def test_a_kind_that_is_switched_off_sends_no_mail_and_is_still_to_be_read_in_the_app(
    bo: User, mia: User, as_user: Somebody, mailbox: Mailbox, kind: str
) -> None:
    answer = as_user(bo).patch("/api/profile/", {"mail_preferences": {kind: False}})
    assert answer.json()["mail_preferences"] == {other: other != kind for other in MAIL_SWITCHES}
    row = tell(kind, bo, mia)
    assert mailbox.send(NOW) == []
    row.refresh_from_db()
    assert (row.state, row.reason) == (
        DeliveryState.CANCELLED,
        "Cancelled because the person switched off emails of this kind.",
    )
    assert (row.notification.recipient, row.notification.read_at) == (bo, None)


@pytest.mark.parametrize("kind", MAIL_SWITCHES)
def test_the_other_kinds_still_come(bo: User, mia: User, mailbox: Mailbox, kind: str) -> None:
    update_profile(bo, now=NOW, mail_preferences=dict.fromkeys(set(MAIL_SWITCHES) - {kind}, False))
    tell(kind, bo, mia)
    assert names(mailbox.send(NOW)) == ["bo"]


@pytest.mark.parametrize("kind", sorted(URGENT))
def test_mails_about_the_account_cannot_be_switched_off(
    bo: User, mia: User, as_user: Somebody, mailbox: Mailbox, kind: str
) -> None:
    answer = as_user(bo).patch("/api/profile/", {"mail_preferences": {kind: False}})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == f"mail_preferences.{kind}"
    tell(kind, bo, mia)
    assert names(mailbox.send(NOW)) == ["bo"]


@pytest.mark.parametrize("kind", PATIENT)
def test_in_the_night_mails_wait_for_the_morning(bo: User, mia: User, mailbox: Mailbox, kind: str) -> None:
    update_profile(bo, now=NOW, **NIGHT)
    row = tell(kind, bo, mia, LATE)
    assert mailbox.send(LATE) == mailbox.send(MORNING - SECOND) == []
    row.refresh_from_db()
    assert (row.state, row.not_before, row.attempt) == (DeliveryState.PENDING, MORNING, 0)
    assert names(mailbox.send(MORNING)) == ["bo"]


@pytest.mark.parametrize("kind", sorted(URGENT | {"reminder"}))
def test_reminders_and_mails_about_the_account_come_in_the_night(
    bo: User, mia: User, mailbox: Mailbox, kind: str
) -> None:
    update_profile(bo, now=NOW, **NIGHT)
    tell(kind, bo, mia, LATE)
    assert names(mailbox.send(LATE)) == ["bo"]


def test_reminders_keep_quiet_for_those_who_want_that_and_are_not_called_late(
    bo: User, mia: User, mailbox: Mailbox
) -> None:
    update_profile(bo, now=NOW, **NIGHT, quiet_reminders=True)
    tell("reminder", bo, mia, LATE)
    assert mailbox.send(LATE) == []
    (mail,) = mailbox.send(MORNING)
    assert "This reminder was set for 23:00 on 21 November 2026." in part(mail)
    assert "late" not in part(mail)


def test_overdue_since_is_the_moment_itself_not_the_end_of_the_night(bo: User, mia: User, mailbox: Mailbox) -> None:
    update_profile(bo, now=NOW, **NIGHT)
    tell("overdue", bo, mia, LATE)
    mailbox.send(LATE)
    assert "overdue since Saturday, 21 November 2026, 23:00" in part(mailbox.send(MORNING)[0])


def test_a_quiet_night_alarms_nobody(bo: User, mia: User, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    metrics_of_process.take()  # what other tests have counted
    update_profile(bo, now=NOW, **NIGHT)
    tell("overdue", bo, mia, LATE)
    mailbox.send(LATE)
    for module in (health, metrics):
        monkeypatch.setattr(module, "utc_now", lambda: LATE + 4 * HOUR)
    answer = health.readyz(RequestFactory().get("/readyz"))
    assert b'"database": {"ok": true' in answer.content
    figures = Program().get("/metrics").content.decode()
    assert 'taskbell_oldest_due_seconds{of="mail"} 0.0' in figures
    mailbox.send(MORNING)
    figures = Program().get("/metrics").content.decode()
    assert 'taskbell_mail_lateness_seconds_bucket{kind="overdue",le="0.5"} 1.0' in figures


@pytest.mark.parametrize(
    ("now", "end"),
    [
        ("2026-11-21T20:59:59", None),
        ("2026-11-21T21:00:00", "2026-11-22T06:00:00"),  # 22:00 in Berlin
        ("2026-11-21T23:30:00", "2026-11-22T06:00:00"),  # after midnight
        ("2026-11-22T05:59:59", "2026-11-22T06:00:00"),
        ("2026-11-22T06:00:00", None),
        ("2027-03-27T22:30:00", "2027-03-28T05:00:00"),  # the night in which an hour is skipped
        ("2027-03-28T01:30:00", "2027-03-28T05:00:00"),
        ("2027-10-30T21:30:00", "2027-10-31T06:00:00"),  # the night in which an hour comes twice
        ("2027-10-31T00:30:00", "2027-10-31T06:00:00"),
        ("2027-10-31T01:30:00", "2027-10-31T06:00:00"),
    ],
)
def test_the_night_over_midnight_and_over_clock_changes(bo: User, mia: User, now: str, end: str | None) -> None:
    update_profile(bo, now=NOW, **NIGHT, timezone="Europe/Berlin")
    row = tell("overdue", bo, mia)
    expected = None if end is None else datetime.fromisoformat(f"{end}+00:00")
    assert quiet_until(row.notification, now=datetime.fromisoformat(f"{now}+00:00")) == expected


@pytest.mark.parametrize(
    ("begin", "end", "now", "until"),
    [
        (time(12), time(14), "12:00", "14:00"),
        (time(12), time(14), "11:59", None),
        (time(12), time(14), "14:00", None),
        (time(12), time(12), "12:00", None),
        (None, None, "12:00", None),
    ],
)
def test_a_quiet_noon(bo: User, mia: User, begin: Any, end: Any, now: str, until: str | None) -> None:
    update_profile(bo, now=NOW, quiet_from=begin, quiet_until=end)
    row = tell("overdue", bo, mia)
    found = quiet_until(row.notification, now=datetime.fromisoformat(f"2026-11-21T{now}:00+00:00"))
    assert (found and f"{found:%H:%M}") == until


def test_an_end_that_comes_twice_is_over_when_the_clock_has_passed_it_for_good(bo: User, mia: User) -> None:
    update_profile(bo, now=NOW, quiet_from=time(1), quiet_until=time(2, 30), timezone="Europe/Berlin")
    row = tell("overdue", bo, mia)
    second_quarter_past_two = datetime.fromisoformat("2027-10-31T01:15:00+00:00")
    assert quiet_until(row.notification, now=second_quarter_past_two) == second_quarter_past_two + SECOND
    assert quiet_until(row.notification, now=second_quarter_past_two + HOUR / 4) is None


def test_the_mail_is_asked_for_again_after_the_night(bo: User, mia: User, mailbox: Mailbox) -> None:
    update_profile(bo, now=NOW, **NIGHT)
    row = tell("overdue", bo, mia, LATE)
    mailbox.send(LATE)
    update_profile(bo, now=NOW, mail_preferences={"overdue": False})
    assert mailbox.send(MORNING) == []
    assert Delivery.objects.get(pk=row.pk).state == DeliveryState.CANCELLED


def test_the_two_ends_of_the_night_are_sent_together(bo: User, as_user: Somebody) -> None:
    program = as_user(bo)
    assert program.patch("/api/profile/", {"quiet_from": "22:00"}).status_code == 400
    body = {"quiet_from": "22:00:00", "quiet_until": "07:00:00", "quiet_reminders": True}
    read = program.patch("/api/profile/", body).json()
    assert {name: read[name] for name in body} == body
    assert program.patch("/api/profile/", {"quiet_from": None, "quiet_until": None}).json()["quiet_from"] is None


def test_what_was_put_off_in_the_night_is_not_overdue_in_the_morning(bo: User, mia: User, mailbox: Mailbox) -> None:
    update_profile(bo, now=NOW, **NIGHT)
    row = tell("overdue", bo, mia, LATE)
    assert row.notification.task_id is not None
    mailbox.send(LATE)
    update_task(row.notification.task_id, TaskPatch(due_date=MORNING.date()), by=mia, now=LATE + HOUR)
    Notification.objects.exclude(pk=row.notification_id).delete()
    assert mailbox.send(MORNING) == []
    row.refresh_from_db()
    assert (row.state, row.reason) == (DeliveryState.CANCELLED, "Cancelled because the due date has changed.")


def test_what_waits_again_in_the_morning_is_not_free(bo: User, mia: User, mailbox: Mailbox) -> None:
    update_profile(bo, now=NOW, **NIGHT)
    row = tell("unblocked", bo, mia, LATE)
    mailbox.send(LATE)
    Prerequisite.objects.create(task_id=row.notification.task_id, needs=a_task(mia))
    assert mailbox.send(MORNING) == []
    row.refresh_from_db()
    assert (row.state, row.reason) == (DeliveryState.CANCELLED, "Cancelled because the task is blocked again.")
