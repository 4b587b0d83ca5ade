"""What a sender writes down, when, and what it does where the database goes away or a batch takes long."""

from datetime import timedelta
from itertools import count
from typing import Any
from uuid import uuid4

import pytest
from django.db import OperationalError, connection

from taskbell.accounts.models import User
from taskbell.accounts.policy import Role
from taskbell.notifications.channels.mail import delivery, outbox
from taskbell.notifications.channels.mail.rendering import compose
from taskbell.notifications.models import Channel, Delivery, DeliveryState, Notification
from taskbell.reminders.firing import deliver_due
from taskbell.reminders.schedule import ReminderPlan
from taskbell.tasks.actions import create_task
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch
from tests.conftest import NOW, QueryBudget
from tests.mail import SmtpSink
from tests.services import IS_POSTGRES


@pytest.fixture
def mails(bo: User) -> list[Delivery]:
    """Three that a sender has claimed."""
    for number in range(3):
        create_task(TaskPatch(title=f"Task {number}", reminders=[ReminderPlan(at=NOW)]), by=bo, now=NOW)
    deliver_due(NOW)
    return delivery.claim(NOW, limit=5)


def states() -> list[str]:
    return list(Delivery.objects.order_by("id").values_list("state", flat=True))


def test_mails_side_by_side_are_marked_and_accepted_together_where_they_are_still_ours(
    mails: list[Delivery],
) -> None:
    first, second, third = mails
    Delivery.objects.filter(pk=second.pk).update(lease_token=None)
    assert outbox.mark(mails, now=NOW) == {first.pk, third.pk}
    assert outbox.mark([first], now=NOW) == set(), "it is marked already"
    outbox.accepted({first: "250 taken", second: "250 taken"}, now=NOW)
    assert states() == [DeliveryState.SENT, DeliveryState.LEASED, DeliveryState.LEASED]
    assert Delivery.objects.get(pk=first.pk).server_reply == "250 taken"


def test_everything_that_emails_show_is_loaded_at_once(mails: list[Delivery], query_budget: QueryBudget) -> None:
    with query_budget(0):
        assert all("Task" in compose(mail, now=NOW).text for mail in mails)


def test_what_others_have_taken_over_cannot_be_marked(mails: list[Delivery]) -> None:
    late = NOW + 2 * delivery.LEASE
    assert len(delivery.claim(late, limit=2)) == 2
    assert outbox.mark(mails, now=late) == {mails[2].pk}


def test_an_acceptance_that_the_database_takes_very_late_ends_the_doubt(mails: list[Delivery]) -> None:
    outbox.mark(mails, now=NOW)
    late = NOW + timedelta(minutes=12)
    in_doubt = delivery.claim(late, limit=2)
    outbox.accepted({mails[0]: "250 taken"}, now=late)
    assert outbox.mark(in_doubt, now=late) == {mails[1].pk}
    outbox.accepted({mails[1]: "250 taken"}, now=late)
    assert states() == [DeliveryState.SENT, DeliveryState.LEASED, DeliveryState.LEASED]


def test_where_the_database_goes_away_before_the_dots_the_mails_are_handed_back(
    mails: list[Delivery], sink: SmtpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark, calls = outbox.mark, count()

    def fail_at_the_second(*args: Any, **kwargs: Any) -> set[int]:
        if next(calls) == 1:
            raise OperationalError("gone")
        return mark(*args, **kwargs)

    monkeypatch.setattr(outbox, "mark", fail_at_the_second)
    sender = delivery.Sender(delivery.open_transport(), lambda: NOW)
    assert not sender.send(mails)
    sender.transport.close()
    assert states() == [DeliveryState.SENT, DeliveryState.PENDING, DeliveryState.PENDING]
    assert delivery.send_waiting(clock=lambda: NOW) == 2
    assert len(sink.accepted) == 3


def test_where_it_goes_away_after_them_the_acceptances_wait_for_it(
    mails: list[Delivery], sink: SmtpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept, calls = outbox._accept, count()

    def fail_twice(*args: Any) -> set[int]:
        if next(calls) < 2:
            raise OperationalError("gone")
        return accept(*args)

    monkeypatch.setattr(outbox, "_accept", fail_twice)
    monkeypatch.setattr(outbox, "close_old_connections", lambda: None)
    sender = delivery.Sender(delivery.open_transport(), lambda: NOW)
    assert sender.send(mails)
    sender.transport.close()
    assert states() == [DeliveryState.SENT] * 3
    assert len(sink.accepted) == 3


def test_after_a_second_the_rest_of_a_batch_is_asked_again(mails: list[Delivery], sink: SmtpSink) -> None:
    """The server is slow; meanwhile somebody finishes the tasks that the other mails are about."""
    moments = (NOW + number * timedelta(seconds=0.4) for number in count())

    def clock() -> Any:
        Task.objects.exclude(pk=mails[0].notification.task_id).update(stage="COMPLETED")
        return next(moments)

    sender = delivery.Sender(delivery.open_transport(), clock)
    assert sender.send(mails)
    sender.transport.close()
    assert states() == [DeliveryState.SENT, DeliveryState.CANCELLED, DeliveryState.CANCELLED]
    assert len(sink.accepted) == 1


def test_what_is_sent_a_second_later_says_what_is_so_then(mails: list[Delivery], sink: SmtpSink) -> None:
    moments = (NOW + number * timedelta(seconds=0.4) for number in count())

    def clock() -> Any:
        Task.objects.exclude(pk=mails[0].notification.task_id).update(title="Renamed")
        return next(moments)

    sender = delivery.Sender(delivery.open_transport(), clock)
    assert sender.send(mails)
    sender.transport.close()
    subjects = [str(accepted.message["Subject"]) for accepted in sink.accepted]
    assert subjects == ["Reminder: Task 0", "Reminder: Renamed", "Reminder: Renamed"]


@pytest.mark.parametrize("role", sorted(Role))
@pytest.mark.parametrize("is_deleted", [False, True])
@pytest.mark.parametrize("relation", ["creator", "assignee", "none"])
def test_a_task_shows_itself_to_those_who_find_it(
    bo: User, cy: User, role: Role, is_deleted: bool, relation: str
) -> None:
    by, to = (cy if relation == "creator" else bo), (cy if relation == "assignee" else None)
    task = create_task(TaskPatch(title="Water the plants", assigned_to_id=to and to.pk), by=by, now=NOW)
    User.objects.filter(pk=cy.pk).update(role=role)
    Task.objects.filter(pk=task.pk).update(deleted_at=NOW if is_deleted else None)
    cy.refresh_from_db()
    task.refresh_from_db()
    assert task.is_visible_to(cy) == Task.objects.visible_to(cy).filter(pk=task.pk).exists()


def write(begin: int, state: str, *, not_before: Any) -> None:
    """Two thousand mails in this state."""
    given = {"kind": "invite", "address": "a@example.org", "created_at": NOW, "due_at": NOW}
    messages = [Notification(dedupe_key=str(n), **given) for n in range(begin, begin + 2000)]
    outcome = {"state": state, "channel": Channel.MAIL, "due_at": NOW, "not_before": not_before}
    Delivery.objects.bulk_create(
        Delivery(notification=message, message_id=message.dedupe_key, **outcome)
        for message in Notification.objects.bulk_create(messages)
    )


@pytest.fixture
def where_the_outbox_was_empty(db: None) -> None:
    """PostgreSQL has learned about the table when all of it was over; then a burst came."""
    write(0, DeliveryState.SENT, not_before=None)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE notifications_delivery")
    write(2000, DeliveryState.PENDING, not_before=NOW)


@pytest.mark.skipif(not IS_POSTGRES, reason="This is a plan of PostgreSQL.")
@pytest.mark.usefixtures("where_the_outbox_was_empty")
def test_the_mark_looks_its_mails_up_even_where_the_database_remembers_the_outbox_as_empty() -> None:
    statement = outbox.MARK_MANY.replace("%b", "%s")
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {statement}", [NOW, [1, 2], [b"", b""], uuid4()])
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "notifications_delivery_pkey" in plan, plan
    assert "outbox" not in plan, plan


@pytest.mark.skipif(not IS_POSTGRES, reason="This is a plan of PostgreSQL.")
@pytest.mark.usefixtures("where_the_outbox_was_empty")
def test_what_waits_is_found_without_what_is_over() -> None:
    mails = Delivery.objects
    for asked in (mails.claimable(NOW), mails.unanswered(NOW), mails.unsent().filter(not_before__lte=NOW)):
        plan = asked.explain()
        assert "outbox" in plan, plan
        assert "Seq Scan" not in plan, plan


@pytest.mark.skipif(not IS_POSTGRES, reason="PostgreSQL counts how it writes.")
@pytest.mark.django_db(transaction=True)
def test_a_claim_and_a_mark_write_to_no_index(mails: list[Delivery]) -> None:
    def written() -> tuple[int, int]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_force_next_flush()")
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(
                "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'notifications_delivery'"
            )
            return cursor.fetchone()

    Delivery.objects.update(state=DeliveryState.PENDING, lease_token=None)
    before = written()
    claimed = delivery.claim(NOW + timedelta(days=1), limit=2)
    assert len(claimed) == 2
    for mail in claimed:
        mail.mime = b"mime"
    assert outbox.mark(claimed, now=NOW) == {mail.pk for mail in claimed}
    after = written()
    assert (after[0] - before[0], after[1] - before[1]) == (4, 4)
