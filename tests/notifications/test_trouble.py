"""A mail server that refuses, breaks off, or says nothing, and senders that die or are overtaken."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from taskbell.accounts.models import User
from taskbell.notifications.channels.mail import delivery, reasons, rendering
from taskbell.notifications.channels.mail.transport import without_text
from taskbell.notifications.models import Delivery, DeliveryState
from taskbell.reminders.firing import deliver_due
from taskbell.tasks.models import Task
from tests.mail import SmtpSink
from tests.notifications.outbox import AT, fire_and_send, reminded_task, send_at, the_mail


@pytest.mark.parametrize("trouble", ["450 not now", "drop"])
def test_trouble_before_the_dot_is_followed_by_another_try_under_the_same_name(
    bo: User, sink: SmtpSink, trouble: str
) -> None:
    reminded_task(bo)
    sink.on_rcpt = [trouble]
    fire_and_send()
    assert (the_mail().state, the_mail().not_before) == (DeliveryState.PENDING, AT + timedelta(seconds=30))
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
    while the_mail().state == DeliveryState.PENDING:
        now = the_mail().not_before
        send_at(now)
        next_try = the_mail().not_before
        pauses += [(next_try - now).total_seconds()] if next_try else []
    assert pauses[:7] == [30, 60, 120, 300, 600, 1800, 3600]
    assert now - AT > timedelta(hours=72)
    assert (the_mail().state, the_mail().server_reply) == (DeliveryState.FAILED, "450 not now")


def test_a_mail_that_cannot_be_made_keeps_no_other_waiting(bo: User, cy: User, sink: SmtpSink) -> None:
    reminded_task(bo, to=cy)
    User.objects.filter(pk=bo.pk).update(email=f"bo@{'ü' * 70}.example.org")
    fire_and_send()
    assert {mail.recipient for mail in sink.accepted} == {"cy@example.org"}
    waiting = Delivery.objects.get(notification__recipient=bo)
    assert (waiting.state, waiting.attempt, waiting.not_before) == (
        DeliveryState.PENDING,
        1,
        AT + timedelta(seconds=30),
    )
    assert waiting.server_reply.startswith("Can't be rendered: ")


def test_a_server_that_never_answers_gets_a_mail_five_times_and_not_for_ever(bo: User, sink: SmtpSink) -> None:
    reminded_task(bo)
    deliver_due(AT)
    sink.on_data = ["drop after"] * 9
    for minutes in range(0, 200, 12):
        send_at(AT + timedelta(minutes=minutes))
    assert len(sink.accepted) == 5
    mail = the_mail()
    assert (mail.state, mail.reason, mail.ambiguous) == (DeliveryState.FAILED, reasons.UNANSWERED, True)


def test_a_server_that_falls_silent_gets_one_mail_at_a_time(bo: User, sink: SmtpSink) -> None:
    for number in range(60):
        reminded_task(bo, title=f"Task {number}")
    deliver_due(AT)
    in_doubt = Delivery.objects.exclude(final_dot_at=None).filter(state=DeliveryState.LEASED)
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
    assert the_mail().state == DeliveryState.PENDING
    assert send_at(back + timedelta(seconds=30)) == 1


def test_a_permanent_refusal_is_loud_and_final(bo: User, sink: SmtpSink) -> None:
    reminded_task(bo)
    sink.on_rcpt = ["550 no such user"]
    fire_and_send()
    assert (the_mail().state, the_mail().server_reply) == (DeliveryState.FAILED, "550 no such user")
    assert send_at(AT + timedelta(days=1)) == 0


def test_a_refusal_after_the_dot_clears_the_mark_and_backs_off(bo: User, sink: SmtpSink) -> None:
    reminded_task(bo)
    sink.on_data = ["452 disk full"]
    fire_and_send()
    assert (the_mail().state, the_mail().final_dot_at) == (DeliveryState.PENDING, None)
    assert send_at(AT + timedelta(seconds=30)) == 1
    assert not the_mail().ambiguous


def test_an_answer_never_heard_is_asked_for_again_after_eleven_minutes_and_flagged(bo: User, sink: SmtpSink) -> None:
    reminded_task(bo)
    sink.on_data = ["drop after"]
    fire_and_send()
    assert (the_mail().state, the_mail().final_dot_at) == (DeliveryState.LEASED, AT)
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
    Delivery.objects.update(lease_token=uuid4())
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
    assert {mail.state for mail in Delivery.objects.all()} == {DeliveryState.PENDING}
    assert {mail.not_before for mail in Delivery.objects.all()} == {AT + timedelta(seconds=30)}


def test_the_log_has_the_code_of_a_refusal_and_the_page_of_deliveries_its_text(
    bo: User, sink: SmtpSink, caplog: pytest.LogCaptureFixture
) -> None:
    reminded_task(bo)
    said = "550 5.1.1 Nobody called Bo in Secret Street"
    sink.on_rcpt = [said]
    fire_and_send()
    assert the_mail().server_reply == said
    [record] = [one for one in caplog.records if the_mail().message_id in one.getMessage()]
    assert record.getMessage().endswith(f"{reasons.REFUSED} 550 5.1.1")
    assert record.levelname == "WARNING", "nothing in Taskbell is broken, so no error is reported"


def test_a_template_that_fails_does_not_quote_the_task(
    bo: User, sink: SmtpSink, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def render(mail: Delivery, **_: Any) -> bytes:
        raise ValueError(f"can't render {mail.notification.task}")

    monkeypatch.setattr(rendering, "render", render)
    reminded_task(bo, title="Divorce")
    fire_and_send()
    assert the_mail().server_reply == "Can't be rendered: ValueError"
    assert not [record for record in caplog.records if "Divorce" in record.getMessage()]


@pytest.mark.parametrize(
    ("problem", "logged"),
    [
        ("450 4.7.1 <bo@example.org>: greylisted", "450 4.7.1"),
        ("550 No such Bo", "550"),
        ("mail.example.org: 535 5.7.8 Wrong password for ada", "mail.example.org: 535 5.7.8"),
        ("::1: 535 Wrong password for ada", "::1: 535"),
        ("Not an answer: 999 Bo", "Not an answer: 999"),
        ("Not an answer: -1 Bo", "Not an answer: -1"),
        ("192.0.2.1: [Errno 111] Connection refused", "192.0.2.1: [Errno 111] Connection refused"),
        ("No answer within ten minutes.", "No answer within ten minutes."),
    ],
)
def test_only_replies_are_left_out(problem: str, logged: str) -> None:
    assert without_text(problem) == logged
