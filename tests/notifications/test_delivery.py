"""From a due reminder to the mail server's answer, against a real SMTP server."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections

from taskbell.accounts.actions import Client
from taskbell.accounts.models import User
from taskbell.activity.models import Activity
from taskbell.notifications import delivery
from taskbell.notifications.actions import mail_password_reset
from taskbell.notifications.models import Notification, State
from taskbell.reminders.delivery import deliver_due
from taskbell.reminders.models import Reminder
from taskbell.reminders.schedule import ReminderPlan
from taskbell.tasks.actions import Wish, create_task, delete_task, update_task
from taskbell.tasks.models import Stage, Task
from tests.conftest import NOW
from tests.mail import Accepted, SmtpSink, running_sink

AT = NOW + timedelta(hours=1)


@pytest.fixture
def sink(settings: Any) -> Iterator[SmtpSink]:
    with running_sink() as sink:
        settings.MAIL = settings.MAIL | {"host": "127.0.0.1", "port": sink.port}
        yield sink


def reminded_task(by: User, *, to: User | None = None, title: str = "Water the plants", **plan: Any) -> Task:
    fields = {"title": title, "assigned_to_id": to.pk if to else None}
    return create_task(Wish(fields, reminders=[ReminderPlan(at=AT, **plan)]), by=by, now=NOW)


def send_at(now: datetime) -> int:
    return delivery.send_waiting(clock=lambda: now)


def fire_and_send(now: datetime = AT) -> None:
    deliver_due(now)
    send_at(now)


def reminders_in(sink: SmtpSink) -> list[Accepted]:
    return [mail for mail in sink.accepted if str(mail.message["Subject"]).startswith("Reminder")]


def the_mail() -> Notification:
    return Notification.objects.get()


def test_a_reminder_goes_out_at_its_time_and_never_again(bo: User, sink: SmtpSink) -> None:
    reminded_task(bo)
    fire_and_send(AT - timedelta(microseconds=1))
    assert sink.accepted == []
    for _ in range(3):
        fire_and_send(AT)
    assert sink.subjects() == ["Reminder: Water the plants"]
    mail = the_mail()
    assert (mail.state, mail.sent_at, mail.smtp_reply) == (State.SENT, AT, "250 accepted")


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
    update_task(task.pk, Wish({"stage": stage}), by=bo, now=NOW)
    fire_and_send()
    assert sink.accepted == []
    assert Reminder.objects.get().state == "skipped"


def finish(task: Task, bo: User) -> None:
    update_task(task.pk, Wish({"stage": Stage.COMPLETED}), by=bo, now=AT)


def remove(task: Task, bo: User) -> None:
    delete_task(task.pk, by=bo, now=AT)


def leave(task: Task, bo: User) -> None:
    User.objects.filter(pk=bo.pk).update(is_active=False)


@pytest.mark.parametrize(
    ("happening", "reason"),
    [
        (finish, "The task is finished."),
        (remove, "The person may not see the task any more."),
        (leave, "The account is not active."),
    ],
)
def test_it_is_asked_again_right_before_sending(bo: User, sink: SmtpSink, happening: Any, reason: str) -> None:
    task = reminded_task(bo)
    deliver_due(AT)
    happening(task, bo)
    send_at(AT)
    assert sink.accepted == []
    assert (the_mail().state, the_mail().reason) == (State.CANCELLED, reason)


def test_somebody_who_lost_the_task_hears_nothing_of_it(bo: User, cy: User, sink: SmtpSink) -> None:
    task = reminded_task(bo, to=cy)
    deliver_due(AT)
    update_task(task.pk, Wish({"assigned_to_id": None}), by=bo, now=AT)
    send_at(AT)
    assert [mail.recipient for mail in sink.accepted] == ["bo@example.org"]


def test_after_an_outage_everything_missed_goes_out_once_and_says_that_it_is_late(bo: User, sink: SmtpSink) -> None:
    reminded_task(bo)
    fire_and_send(AT + timedelta(days=2))
    (mail,) = sink.accepted
    text = mail.message.get_body(("plain",))
    assert text is not None
    assert "This reminder is late. It was due on Saturday, 21 November 2026, 10:00" in text.get_content()


@pytest.mark.parametrize("trouble", ["450 not now", "drop"])
def test_trouble_before_the_dot_is_followed_by_another_try_under_the_same_name(
    bo: User, sink: SmtpSink, trouble: str
) -> None:
    reminded_task(bo)
    sink.on_rcpt = [trouble]
    fire_and_send()
    assert (the_mail().state, the_mail().not_before) == (State.PENDING, AT + timedelta(seconds=30))
    assert send_at(AT + timedelta(seconds=29)) == 0
    assert send_at(AT + timedelta(seconds=30)) == 1
    assert [mail.message["Message-ID"] for mail in sink.accepted] == [the_mail().message_id]


@pytest.mark.parametrize("step", ["on_rcpt", "on_data"])
def test_a_mail_that_was_refused_for_hours_says_that_it_is_late_and_what_the_task_is_called_by_then(
    bo: User, sink: SmtpSink, step: str
) -> None:
    task = reminded_task(bo)
    setattr(sink, step, ["450 not now"])
    fire_and_send()
    Task.objects.filter(pk=task.pk).update(title="Water all plants")
    assert send_at(AT + timedelta(hours=3)) == 1
    text = sink.accepted[0].message.get_body(("plain",)).get_content()
    assert "This reminder is late" in text
    assert "Water all plants" in text


def test_distances_grow_and_end_after_three_days_in_a_loud_failure(bo: User, sink: SmtpSink) -> None:
    reminded_task(bo)
    deliver_due(AT)
    sink.on_rcpt = ["450 not now"] * 200
    now, pauses = AT, []
    while the_mail().state == State.PENDING:
        now = the_mail().not_before
        send_at(now)
        next_try = the_mail().not_before
        pauses += [(next_try - now).total_seconds()] if next_try else []
    assert pauses[:7] == [30, 60, 120, 300, 600, 1800, 3600]
    assert now - AT > timedelta(hours=72)
    assert (the_mail().state, the_mail().smtp_reply) == (State.FAILED, "450 not now")


def test_a_mail_that_cannot_be_made_keeps_no_other_waiting(bo: User, cy: User, sink: SmtpSink) -> None:
    reminded_task(bo, to=cy)
    User.objects.filter(pk=bo.pk).update(email=f"bo@{'ü' * 70}.example.org")
    fire_and_send()
    assert {mail.recipient for mail in sink.accepted} == {"cy@example.org"}
    waiting = Notification.objects.get(recipient=bo)
    assert (waiting.state, waiting.attempt, waiting.not_before) == (State.PENDING, 1, AT + timedelta(seconds=30))
    assert waiting.smtp_reply.startswith("It cannot be made: ")


def test_a_title_that_looks_encoded_adds_nothing_to_the_head(bo: User, sink: SmtpSink) -> None:
    title = "=?utf-8?q?a=0D=0ABcc:_all=0D=0A=0D=0AHello?="
    reminded_task(bo, title=title)
    fire_and_send()
    (mail,) = sink.accepted
    assert (mail.message["Subject"], mail.message["Bcc"]) == (f"Reminder: {title}", None)
    assert b"\r\nBcc" not in mail.raw


def test_a_server_that_never_answers_gets_a_mail_five_times_and_not_for_ever(bo: User, sink: SmtpSink) -> None:
    reminded_task(bo)
    deliver_due(AT)
    sink.on_data = ["drop after"] * 9
    for minutes in range(0, 200, 12):
        send_at(AT + timedelta(minutes=minutes))
    assert len(sink.accepted) == 5
    mail = the_mail()
    assert (mail.state, mail.reason, mail.ambiguous) == (State.FAILED, delivery.HELD, True)


def test_a_server_that_falls_silent_gets_one_mail_at_a_time(bo: User, sink: SmtpSink) -> None:
    for number in range(60):
        reminded_task(bo, title=f"Task {number}")
    deliver_due(AT)
    in_doubt = Notification.objects.exclude(dot_at=None).filter(state=State.LEASED)
    sink.on_data = 3 * ["250 accepted"] + 60 * ["drop after"]  # to one mail, then to two, then to none
    assert send_at(AT) == 3
    assert in_doubt.count() == 4 + 1
    assert send_at(AT) == 0
    assert in_doubt.count() == 4 + 1 + 1
    sink.on_data = []
    assert send_at(AT) == 60 - 3 - 6


def test_an_answer_that_got_lost_holds_nobody_up(bo: User, sink: SmtpSink) -> None:
    for number in range(60):
        reminded_task(bo, title=f"Task {number}")
    deliver_due(AT)
    sink.on_data = 20 * ["250 accepted"] + ["drop after"]
    assert send_at(AT) == 59


def test_a_week_without_taskbell_is_no_attempt(bo: User, sink: SmtpSink) -> None:
    reminded_task(bo)
    sink.on_rcpt = ["450 not now"]
    back = AT + timedelta(days=7)
    deliver_due(back)
    send_at(back)
    assert the_mail().state == State.PENDING
    assert send_at(back + timedelta(seconds=30)) == 1


def test_a_permanent_refusal_is_loud_and_final(bo: User, sink: SmtpSink) -> None:
    reminded_task(bo)
    sink.on_rcpt = ["550 no such user"]
    fire_and_send()
    assert (the_mail().state, the_mail().smtp_reply) == (State.FAILED, "550 no such user")
    assert send_at(AT + timedelta(days=1)) == 0


def test_a_refusal_after_the_dot_clears_the_mark_and_backs_off(bo: User, sink: SmtpSink) -> None:
    reminded_task(bo)
    sink.on_data = ["452 disk full"]
    fire_and_send()
    assert (the_mail().state, the_mail().dot_at) == (State.PENDING, None)
    assert send_at(AT + timedelta(seconds=30)) == 1
    assert not the_mail().ambiguous


def test_an_answer_never_heard_is_asked_for_again_after_eleven_minutes_and_flagged(bo: User, sink: SmtpSink) -> None:
    reminded_task(bo)
    sink.on_data = ["drop after"]
    fire_and_send()
    assert (the_mail().state, the_mail().dot_at) == (State.LEASED, AT)
    assert send_at(AT + timedelta(minutes=10)) == 0
    assert send_at(AT + timedelta(minutes=11, seconds=1)) == 1
    assert the_mail().ambiguous
    first, second = sink.accepted
    assert first.raw == second.raw


def test_a_sender_that_died_before_the_dot_is_followed_by_another(bo: User, sink: SmtpSink) -> None:
    reminded_task(bo)
    deliver_due(AT)
    assert len(delivery.claim(AT, limit=5)) == 1  # and then the sender dies
    assert send_at(AT + timedelta(seconds=59)) == 0
    assert send_at(AT + timedelta(seconds=61)) == 1
    assert not the_mail().ambiguous


def test_a_sender_that_was_overtaken_hangs_up_before_the_dot(bo: User, sink: SmtpSink) -> None:
    reminded_task(bo)
    deliver_due(AT)
    (mine,) = delivery.claim(AT, limit=5)
    Notification.objects.update(lease_token=uuid4())
    sender = delivery.Sender(delivery.open_transport(), lambda: AT)
    sender.send([mine])
    sender.transport.close()
    assert sender.accepted == 0
    assert sink.accepted == []


def test_a_server_that_is_away_delays_the_whole_batch(bo: User, settings: Any) -> None:
    settings.MAIL = settings.MAIL | {"host": "127.0.0.1", "port": 9}
    for number in range(3):
        reminded_task(bo, title=f"Task {number}")
    fire_and_send()
    assert {mail.state for mail in Notification.objects.all()} == {State.PENDING}
    assert {mail.not_before for mail in Notification.objects.all()} == {AT + timedelta(seconds=30)}


def test_told_to_stop_it_finishes_those_in_flight_and_hands_back_the_rest(bo: User, sink: SmtpSink) -> None:
    for number in range(5):
        reminded_task(bo, title=f"Task {number}")
    deliver_due(AT)
    assert delivery.send_waiting(clock=lambda: AT, should_stop=lambda: len(sink.accepted) >= 2) == 3
    assert Notification.objects.filter(state=State.PENDING, lease_token=None).count() == 2
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
    reminded_task(bo, title=title)
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
    create_task(Wish(fields, reminders=[ReminderPlan(at=AT)]), by=bo, now=NOW)
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
