"""What a sender writes down, when, and what it does about slow servers and refusals in between."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from django.db import OperationalError

from taskbell.accounts.models import User
from taskbell.accounts.policy import Role
from taskbell.notifications import delivery, ledger
from taskbell.notifications.ledger import Ledger
from taskbell.notifications.models import Notification, State
from taskbell.notifications.transport import SMTP, Envelope, Refused, TryLater
from taskbell.reminders.delivery import deliver_due
from taskbell.reminders.schedule import ReminderPlan
from taskbell.tasks.actions import Wish, create_task
from taskbell.tasks.models import Task
from tests.conftest import NOW
from tests.mail import SmtpSink, running_sink

HELLO = Envelope("taskbell@localhost", "bo@example.org", "<1@localhost>", b"Subject: hello\r\n\r\nhello\r\n")


@pytest.fixture(params=[False, True], ids=["one by one", "together"])
def sink(settings: Any, request: pytest.FixtureRequest) -> Iterator[SmtpSink]:
    """With and without PIPELINING."""
    with running_sink() as sink:
        sink.offers_pipelining = request.param
        settings.MAIL = settings.MAIL | {"host": "127.0.0.1", "port": sink.port}
        yield sink


@pytest.fixture
def mails(bo: User) -> list[Notification]:
    """Three that a sender has claimed."""
    for number in range(3):
        create_task(Wish({"title": f"Task {number}"}, reminders=[ReminderPlan(at=NOW)]), by=bo, now=NOW)
    deliver_due(NOW)
    return delivery.claim(NOW, limit=5)


def states() -> list[str]:
    return list(Notification.objects.order_by("id").values_list("state", flat=True))


def deliver(transport: SMTP, **hooks: Any) -> str:
    return transport.deliver(HELLO, **{"before_dot": lambda: True, "if_slow": lambda: None} | hooks)


def test_an_acceptance_is_committed_with_the_mark_of_the_next_mail(mails: list[Notification]) -> None:
    first, second, _ = mails
    book = Ledger()
    assert book.mark(first, now=NOW)
    book.accepted(first, "250 taken", now=NOW)
    assert states() == [State.LEASED] * 3
    assert book.mark(second, now=NOW)
    assert states() == [State.SENT, State.LEASED, State.LEASED]
    book.accepted(second, "250 taken", now=NOW)
    book.flush()
    assert states() == [State.SENT, State.SENT, State.LEASED]


def test_it_is_committed_too_where_the_next_mail_belongs_to_somebody_else(mails: list[Notification]) -> None:
    first, second, _ = mails
    book = Ledger()
    book.mark(first, now=NOW)
    book.accepted(first, "250 taken", now=NOW)
    Notification.objects.filter(pk=second.pk).update(lease_token=None)
    assert not book.mark(second, now=NOW)
    assert states()[0] == State.SENT


def test_where_the_database_goes_away_the_acceptance_waits_for_it_and_the_next_mail_is_handed_back(
    mails: list[Notification], sink: SmtpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit, calls = ledger._commit, count()

    def fail_at_the_second(*values: Any) -> int:
        if next(calls) == 1:
            raise OperationalError("gone")
        return commit(*values)

    monkeypatch.setattr(ledger, "_commit", fail_at_the_second)
    sender = delivery.Sender(delivery.open_transport(), lambda: NOW)
    assert not sender.send(mails)
    sender.close()
    assert states() == [State.SENT, State.PENDING, State.PENDING]
    assert delivery.send_waiting(clock=lambda: NOW) == 2
    assert len(sink.accepted) == 3


def test_what_was_accepted_is_written_down_before_waiting_for_a_slow_server(sink: SmtpSink) -> None:
    transport, accepted_by_then = SMTP(), []
    deliver(transport)
    sink.seconds_to_greet = 0.3
    deliver(transport, if_slow=lambda: accepted_by_then.append(len(sink.accepted)))
    transport.close()
    assert accepted_by_then
    assert set(accepted_by_then) == {1}


@pytest.mark.parametrize(("answer", "problem"), [("450 not now", TryLater), ("550 nobody", Refused)])
def test_a_refused_recipient_does_not_spoil_the_next_mail(sink: SmtpSink, answer: str, problem: Any) -> None:
    sink.on_rcpt = [answer]
    transport = SMTP()
    with pytest.raises(problem, match=answer):
        deliver(transport)
    assert deliver(transport) == "250 accepted"
    transport.close()
    assert len(sink.accepted) == 1


def test_after_a_second_the_rest_of_a_batch_is_asked_again(mails: list[Notification], sink: SmtpSink) -> None:
    """The server is slow; meanwhile somebody finishes the tasks that the other mails are about."""
    moments = (NOW + number * timedelta(seconds=0.4) for number in count())

    def clock() -> Any:
        Task.objects.exclude(pk=mails[0].task_id).update(stage="COMPLETED")
        return next(moments)

    sender = delivery.Sender(delivery.open_transport(), clock)
    assert sender.send(mails)
    sender.close()
    assert states() == [State.SENT, State.CANCELLED, State.CANCELLED]
    assert len(sink.accepted) == 1


@pytest.mark.parametrize("role", sorted(Role))
@pytest.mark.parametrize("is_deleted", [False, True])
@pytest.mark.parametrize("relation", ["creator", "assignee", "none"])
def test_a_task_shows_itself_to_those_who_find_it(
    bo: User, cy: User, role: Role, is_deleted: bool, relation: str
) -> None:
    by, to = (cy if relation == "creator" else bo), (cy if relation == "assignee" else None)
    task = create_task(Wish({"title": "Water the plants", "assigned_to_id": to and to.pk}), by=by, now=NOW)
    User.objects.filter(pk=cy.pk).update(role=role)
    Task.objects.filter(pk=task.pk).update(deleted_at=NOW if is_deleted else None)
    cy.refresh_from_db()
    task.refresh_from_db()
    assert task.is_visible_to(cy) == Task.objects.visible_to(cy).filter(pk=task.pk).exists()
