"""Mails that are held, sent once more, gathered, or forgotten after a restore."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from taskbell.accounts.models import Profile, User
from taskbell.notifications.channels.mail import delivery, reasons
from taskbell.notifications.models import Delivery, DeliveryState, Notification
from taskbell.reminders.firing import deliver_due
from taskbell.reminders.models import Reminder
from taskbell.reminders.schedule import ReminderPlan
from taskbell.runtime.restored import forget
from taskbell.tasks.actions import create_task, update_task
from taskbell.tasks.digest import send_digests
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch
from taskbell.tasks.reminder_actions import add_reminder
from taskbell.tasks.scheduled import mark_overdue
from tests.conftest import NOW
from tests.mail import SmtpSink
from tests.notifications.kinds import a_changed_task, message
from tests.notifications.outbox import send_at, the_mail
from tests.reminders.mailbox import Mailbox, mailbox_in, names, part

DAY, HOUR, SECOND = timedelta(days=1), timedelta(hours=1), timedelta(seconds=1)
NO_ANSWER = timedelta(minutes=11, seconds=1)


@pytest.fixture
def mailbox(settings: Any, tmp_path: Any) -> Mailbox:
    return mailbox_in(settings, tmp_path)


def a_reminder(bo: User) -> None:
    create_task(TaskPatch(title="Water the plants", reminders=[ReminderPlan(at=NOW)]), by=bo, now=NOW)
    deliver_due(NOW)


def test_where_doubt_is_held_the_mail_waits_for_an_administrator(bo: User, sink: SmtpSink, settings: Any) -> None:
    settings.TASKBELL_AMBIGUOUS = "hold"
    a_reminder(bo)
    sink.on_data = ["drop after"]
    send_at(NOW)
    assert send_at(NOW + NO_ANSWER - 2 * SECOND) == 0
    assert the_mail().state == DeliveryState.LEASED
    assert send_at(NOW + NO_ANSWER) == 0
    assert (the_mail().state, the_mail().ambiguous, the_mail().reason) == (
        DeliveryState.FAILED,
        True,
        reasons.UNANSWERED,
    )
    assert len(sink.accepted) == 1
    assert delivery.retry(Delivery.objects.all(), now=NOW + HOUR)
    assert send_at(NOW + HOUR) == 1
    first, second = sink.accepted
    assert first.raw == second.raw
    assert (the_mail().state, the_mail().ambiguous) == (DeliveryState.SENT, True)


def test_holding_doubt_holds_nothing_else(bo: User, sink: SmtpSink, settings: Any) -> None:
    settings.TASKBELL_AMBIGUOUS = "hold"
    a_reminder(bo)
    delivery.claim(NOW, limit=1)  # and then the sender dies, before the dot
    assert send_at(NOW + timedelta(seconds=61)) == 1


@pytest.mark.parametrize("state", DeliveryState.values)
def test_only_what_failed_or_was_cancelled_is_tried_once_more(bo: User, mailbox: Mailbox, state: str) -> None:
    a_reminder(bo)
    Delivery.objects.update(state=state, reason="Because.", attempt=7, not_before=NOW + 9 * DAY)
    is_over = state in (DeliveryState.FAILED, DeliveryState.CANCELLED)
    assert delivery.retry(Delivery.objects.all(), now=NOW) == is_over
    assert not delivery.retry(Delivery.objects.none(), now=NOW)
    assert len(mailbox.send(NOW)) == is_over
    if is_over:
        assert (the_mail().state, the_mail().reason, the_mail().attempt) == (DeliveryState.SENT, "", 0)


def test_a_change_that_was_taken_back_within_the_minute_is_no_mail(bo: User, cy: User, mailbox: Mailbox) -> None:
    task = create_task(TaskPatch(title="Water the plants", assigned_to_id=cy.pk), by=bo, now=NOW)
    Notification.objects.all().delete()
    for title in ("Anew", "Water the plants"):
        update_task(task.pk, TaskPatch(title=title), by=bo, now=NOW)
    assert mailbox.send(NOW + HOUR) == []
    assert the_mail().reason == "Cancelled because the changes were undone."


def test_several_changes_arrive_as_one_mail(bo: User, cy: User, mailbox: Mailbox) -> None:
    task = create_task(TaskPatch(title="Water the plants", assigned_to_id=cy.pk), by=bo, now=NOW)
    Notification.objects.all().delete()
    for number, title in enumerate(("Anew", "Water <all>")):
        update_task(task.pk, TaskPatch(title=title, description="x"), by=bo, now=NOW + number * SECOND)
    assert mailbox.send(NOW + 59 * SECOND) == []
    (mail,) = mailbox.send(NOW + 60 * SECOND)
    assert 'Title: Water the plants → "Water <all>" ("Bo")' in part(mail)
    assert "Water &lt;all&gt;" in part(mail, "html")


def test_a_mail_names_no_prerequisite_that_its_reader_may_not_see(
    bo: User, cy: User, mia: User, mailbox: Mailbox
) -> None:
    task, hidden, known = (
        create_task(TaskPatch(title=title, assigned_to_id=to), by=by, now=NOW)
        for title, to, by in (("Water the plants", cy.pk, bo), ("Secret", None, mia), ("Known", cy.pk, mia))
    )
    Notification.objects.all().delete()
    update_task(task.pk, TaskPatch(pre_tasks=[hidden.pk]), by=mia, now=NOW)
    assert mailbox.send(NOW + HOUR) == []
    update_task(task.pk, TaskPatch(pre_tasks=[hidden.pk, known.pk]), by=mia, now=NOW + HOUR)
    (mail,) = [mail for mail in mailbox.send(NOW + 2 * HOUR) if str(mail["To"]).startswith("cy")]
    assert 'Blocked by: nothing → “Known” ("Mia")' in part(mail)
    assert "nothing → “Known”" in part(mail, "html")
    assert "Secret" not in part(mail) + part(mail, "html")


def test_nobody_is_told_of_a_reminder_that_somebody_sets_for_themselves(bo: User, cy: User, mailbox: Mailbox) -> None:
    task = create_task(TaskPatch(title="Water the plants", assigned_to_id=cy.pk), by=bo, now=NOW)
    Notification.objects.all().delete()
    add_reminder(task.pk, ReminderPlan(at=NOW + 9 * DAY, for_me=True), by=cy, now=NOW)
    assert mailbox.send(NOW + HOUR) == []
    add_reminder(task.pk, ReminderPlan(at=NOW + 9 * DAY), by=bo, now=NOW)
    assert names(mailbox.send(NOW + HOUR)) == ["cy"]


def test_after_a_restore_nothing_that_was_due_before_comes_again(
    bo: User, mailbox: Mailbox, capsys: pytest.CaptureFixture[str]
) -> None:
    plans = [
        ReminderPlan(at=NOW + HOUR),
        ReminderPlan(at=NOW + HOUR, repeat="FREQ=DAILY"),
        ReminderPlan(at=NOW + 9 * HOUR),
    ]
    create_task(TaskPatch(title="Water the plants", reminders=plans), by=bo, now=NOW)
    lived_until = NOW + 5 * HOUR
    forget(lived_until.replace(tzinfo=None))
    assert "2 reminders and 0 emails" in capsys.readouterr().out
    assert mailbox.tick(lived_until) == []
    assert names(mailbox.tick(NOW + 9 * HOUR)) == ["bo"]
    assert names(mailbox.tick(NOW + DAY + HOUR)) == ["bo"]
    assert "missed" not in part(mailbox.tick(NOW + 2 * DAY + HOUR)[0])
    assert Reminder.objects.filter(state="fired").count() == 2


def test_after_a_restore_mails_that_waited_then_are_over(bo: User, mia: User, mailbox: Mailbox) -> None:
    task = a_changed_task(bo, mia, at=NOW)
    old, new = (message("unblocked", bo, mia, task, at=at) for at in (NOW, NOW + 9 * HOUR))
    forget(NOW + HOUR)
    assert mailbox.send(NOW + HOUR) == []
    old.refresh_from_db()
    assert (old.state, old.reason) == (
        DeliveryState.CANCELLED,
        "Cancelled because it was sent before the backup was restored.",
    )
    assert len(mailbox.send(new.due_at)) == 1


def test_after_a_restore_neither_digest_nor_overdue_mail_comes_again(bo: User, mailbox: Mailbox) -> None:
    ten = NOW + HOUR
    User.objects.update(date_joined=NOW - 9 * DAY)
    Profile.objects.update(last_digest_on=(NOW - DAY).date())
    for due in (NOW + 2 * HOUR, NOW + 9 * HOUR):
        fields = {"title": f"Due at {due:%H:%M}", "due_date": due.date(), "due_time": due.time(), "timezone": "UTC"}
        create_task(TaskPatch(**fields), by=bo, now=NOW)
    lived_until = NOW + 5 * HOUR
    forget(lived_until)
    send_digests(lived_until + SECOND)
    mark_overdue(lived_until + SECOND)
    assert mailbox.send(lived_until + SECOND) == []
    assert Task.objects.filter(is_overdue=True).count() == 1
    mark_overdue(NOW + 9 * HOUR)
    assert [str(mail["Subject"]) for mail in mailbox.send(NOW + 9 * HOUR)] == ["Overdue: Due at 18:00"]
    profile = Profile.objects.get()
    assert (profile.last_digest_on, profile.next_digest_at) == (ten.date(), ten + DAY)


def test_a_moment_without_a_zone_is_utc(bo: User, capsys: pytest.CaptureFixture[str]) -> None:
    forget(datetime(2026, 11, 21, 9))  # noqa: DTZ001 - as the command line reads it
    forget(datetime(2026, 11, 21, 9, tzinfo=UTC))
    first, second = capsys.readouterr().out.splitlines()
    assert first == second == "Skipped 0 reminders and 0 emails due until 2026-11-21 09:00 UTC."
