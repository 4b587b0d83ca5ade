"""From a due reminder to the mail server's answer, against a real SMTP server."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connections

from taskbell.accounts.actions import Client
from taskbell.accounts.models import User
from taskbell.activity.models import Activity
from taskbell.notifications.channels.mail import delivery
from taskbell.notifications.models import Delivery, DeliveryState
from taskbell.people.passwords import mail_password_reset
from taskbell.reminders.firing import deliver_due
from taskbell.reminders.models import Reminder
from taskbell.reminders.schedule import ReminderPlan
from taskbell.tasks.actions import create_task, delete_task, update_task
from taskbell.tasks.kinds import Stage
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch
from tests.conftest import NOW
from tests.mail import SmtpSink
from tests.notifications.outbox import AT, fire_and_send, reminded_task, reminders_in, send_at, the_mail


def test_a_reminder_goes_out_at_its_time_and_never_again(bo: User, sink: SmtpSink) -> None:
    reminded_task(bo)
    fire_and_send(AT - timedelta(microseconds=1))
    assert sink.accepted == []
    for _ in range(3):
        fire_and_send(AT)
    assert sink.subjects() == ["Reminder: Water the plants"]
    mail = the_mail()
    assert (mail.state, mail.sent_at, mail.server_reply) == (DeliveryState.SENT, AT, "250 accepted")


def test_assignee_and_creator_are_told_once_each(bo: User, cy: User, sink: SmtpSink) -> None:
    reminded_task(bo, to=cy)
    reminded_task(bo, to=bo, title="Order soil")
    fire_and_send()
    assert sorted((mail.recipient, mail.message["Subject"]) for mail in reminders_in(sink)) == [
        ("bo@example.org", "Reminder: Order soil"),
        ("bo@example.org", "Reminder: Water the plants"),
        ("cy@example.org", "Reminder: Water the plants"),
    ]


def test_a_reminder_for_me_tells_only_me(bo: User, cy: User, sink: SmtpSink) -> None:
    reminded_task(bo, to=cy, for_me=True)
    fire_and_send()
    assert [mail.recipient for mail in reminders_in(sink)] == ["bo@example.org"]


def test_the_firing_is_in_the_history(bo: User) -> None:
    task = reminded_task(bo)
    deliver_due(AT)
    assert Activity.objects.filter(task=task, action="reminded", user=None, timestamp=AT).count() == 1


@pytest.mark.parametrize("stage", [Stage.COMPLETED, Stage.ARCHIVED])
def test_nobody_is_reminded_of_what_is_done(bo: User, sink: SmtpSink, stage: Stage) -> None:
    task = reminded_task(bo)
    update_task(task.pk, TaskPatch(stage=stage), by=bo, now=NOW)
    fire_and_send()
    assert sink.accepted == []
    assert Reminder.objects.get().state == "skipped"


def finish(task: Task, bo: User) -> None:
    update_task(task.pk, TaskPatch(stage=Stage.COMPLETED), by=bo, now=AT)


def remove(task: Task, bo: User) -> None:
    delete_task(task.pk, by=bo, now=AT)


def leave(task: Task, bo: User) -> None:
    User.objects.filter(pk=bo.pk).update(is_active=False)


@pytest.mark.parametrize(
    ("happening", "reason"),
    [
        (finish, "Cancelled because the task is finished."),
        (remove, "Cancelled because the person no longer has access to the task."),
        (leave, "Cancelled because the account is deactivated."),
    ],
)
def test_it_is_asked_again_right_before_sending(bo: User, sink: SmtpSink, happening: Any, reason: str) -> None:
    task = reminded_task(bo)
    deliver_due(AT)
    happening(task, bo)
    send_at(AT)
    assert sink.accepted == []
    assert (the_mail().state, the_mail().reason) == (DeliveryState.CANCELLED, reason)


def test_somebody_who_lost_the_task_hears_nothing_of_it(bo: User, cy: User, sink: SmtpSink) -> None:
    task = reminded_task(bo, to=cy)
    deliver_due(AT)
    update_task(task.pk, TaskPatch(assigned_to_id=None), by=bo, now=AT)
    send_at(AT)
    assert [mail.recipient for mail in sink.accepted] == ["bo@example.org"]


def test_after_an_outage_everything_missed_goes_out_once_and_says_that_it_is_late(bo: User, sink: SmtpSink) -> None:
    reminded_task(bo)
    fire_and_send(AT + timedelta(days=2))
    (mail,) = sink.accepted
    text = mail.message.get_body(("plain",))
    assert text is not None
    assert "This reminder is late. It was due on Saturday, 21 November 2026, 10:00" in text.get_content()


def test_a_title_that_looks_encoded_adds_nothing_to_the_head(bo: User, sink: SmtpSink) -> None:
    title = "=?utf-8?q?a=0D=0ABcc:_all=0D=0A=0D=0AHello?="
    reminded_task(bo, title=title)
    fire_and_send()
    (mail,) = sink.accepted
    assert (mail.message["Subject"], mail.message["Bcc"]) == (f"Reminder: {title}", None)
    assert b"\r\nBcc" not in mail.raw


def test_told_to_stop_it_finishes_those_in_flight_and_hands_back_the_rest(bo: User, sink: SmtpSink) -> None:
    for number in range(5):
        reminded_task(bo, title=f"Task {number}")
    deliver_due(AT)
    assert delivery.send_waiting(clock=lambda: AT, should_stop=lambda: len(sink.accepted) >= 2) == 3
    assert Delivery.objects.filter(state=DeliveryState.PENDING, lease_token=None).count() == 2
    assert send_at(AT) == 2


@pytest.mark.parametrize(("mails", "connections"), [(1, 1), (3, 2), (45, 4)])
def test_connections_are_kept_and_few(bo: User, sink: SmtpSink, settings: Any, mails: int, connections: int) -> None:
    settings.MAIL = settings.MAIL | {"connections": 4}
    for number in range(mails):
        reminded_task(bo, title=f"Task {number}")
    fire_and_send()
    assert len(sink.accepted) == mails
    assert sink.connections == connections


@pytest.mark.django_db(transaction=True)
def test_competing_clocks_and_senders_send_each_mail_once(request: pytest.FixtureRequest, sink: SmtpSink) -> None:
    bo = request.getfixturevalue("bo")
    for number in range(60):
        reminded_task(bo, title=f"Task {number}")
    together = Barrier(6)

    def compete(_: int) -> None:
        together.wait()
        try:
            while deliver_due(AT, limit=7):
                send_at(AT)
            send_at(AT)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(compete, range(6)))
    send_at(AT)
    assert len(sink.accepted) == 60
    assert set(sink.message_ids.values()) == {1}


def test_what_people_write_cannot_become_a_header_or_markup(bo: User, sink: SmtpSink) -> None:
    title = 'Buy <b>milk</b> & "bread"\tBcc: all@example.org'
    reminded_task(bo)
    Task.objects.update(title=title)  # as an older version let people write it
    fire_and_send()
    (mail,) = sink.accepted
    assert mail.recipient == "bo@example.org"
    assert mail.message["Bcc"] is None
    assert mail.message["Subject"] == 'Reminder: Buy <b>milk</b> & "bread" Bcc: all@example.org'
    html, text = mail.message.get_body(("html",)), mail.message.get_body(("plain",))
    assert html is not None
    assert text is not None
    assert "<b>milk" not in html.get_content()
    assert "Buy <b>milk</b> &" in text.get_content()


def test_a_line_that_starts_with_a_dot_arrives_as_it_was(bo: User, sink: SmtpSink) -> None:
    fields = {"title": "Dots", "description": ".hidden\n..\n.\nend"}
    create_task(TaskPatch(**fields, reminders=[ReminderPlan(at=AT)]), by=bo, now=NOW)
    fire_and_send()
    text = sink.accepted[0].message.get_body(("plain",))
    assert text is not None
    assert ".hidden\n..\n.\nend" in text.get_content().replace("\r\n", "\n")


def test_mails_become_files_where_no_server_is_named(bo: User, settings: Any, tmp_path: Any) -> None:
    settings.MAIL = settings.MAIL | {"host": None, "folder": str(tmp_path / "mail")}
    reminded_task(bo)
    fire_and_send()
    (file,) = (tmp_path / "mail").iterdir()
    assert file.suffix == ".eml"
    assert b"Subject: Reminder: Water the plants" in file.read_bytes()


def test_a_mail_is_not_kept_once_it_is_out(bo: User, sink: SmtpSink) -> None:
    mail_password_reset("BO@example.org", client=Client(address="192.0.2.1"), now=NOW)
    mail_password_reset("nobody@example.org", client=Client(address="192.0.2.1"), now=NOW)
    assert send_at(NOW) == 1
    assert the_mail().mime is None
    assert "/password/reset/" in str(sink.accepted[0].message.get_body(("plain",)))
