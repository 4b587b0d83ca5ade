"""Each safeguard holds something up: with it a scene ends well, and without it the checks find what went wrong."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import count
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.db.models import Q

from taskbell.accounts.models import User
from taskbell.common import leases
from taskbell.notifications import messages
from taskbell.notifications.channels.mail import delivery, doubts, outbox
from taskbell.notifications.channels.mail.transport import Answer, DeliveryProblem, Envelope
from taskbell.notifications.models import DOT_LEASE, Delivery, DeliveryQuerySet, DeliveryState, Notification
from taskbell.reminders import firing as reminders
from taskbell.reminders.schedule import ReminderPlan
from taskbell.tasks.actions import create_task
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch
from tests.conftest import NOW
from tests.faults.checks import History, Known, Notice, Promise, Row, complaints
from tests.faults.sink import Entry

AT = NOW + timedelta(hours=1)
LATER = AT + delivery.LEASE + timedelta(seconds=1)
MUCH_LATER = AT + DOT_LEASE + timedelta(minutes=2)


class Killed(BaseException):
    """The sender is dead: nothing of it runs after this, not even its handlers."""


class Scene:
    """A mail server and a clock without processes; `before_dot` and `after_dot` happen once, where they say."""

    def __init__(self) -> None:
        self.book: list[Entry] = []
        self.now = AT
        self.capacity = 1
        self.prepared: dict[str, Envelope] = {}
        self.doubts = 0
        self.before_dot: Callable[[], None] | None = None
        self.after_dot: Callable[[], None] | None = None

    def prepare(self, envelopes: Sequence[Envelope]) -> Mapping[str, DeliveryProblem]:
        """As the real transport does it."""
        self.prepared |= {envelope.message_id: envelope for envelope in envelopes}
        self._let_happen("before_dot")
        return {}

    def commit(self, message_ids: Collection[str]) -> Iterator[Mapping[str, Answer]]:
        """As the real transport does it."""
        for envelope in [self.prepared[message_id] for message_id in message_ids]:
            at = self.now.timestamp()
            digest = sha256(envelope.mime).hexdigest()
            self.book.append(Entry("accepted", at, envelope.message_id, envelope.recipient, digest))
            self._let_happen("after_dot")
            yield {envelope.message_id: "250 taken"}

    def _let_happen(self, when: str) -> None:
        happening = getattr(self, when)
        setattr(self, when, None)
        if happening:
            happening()

    def close(self) -> None:
        """There is no connection."""

    def fire(self) -> None:
        """The clock ticks."""
        reminders.deliver_due(self.now)

    def send(self, at: datetime | None = None) -> None:
        """A sender works until nothing waits or it is killed."""
        self.now = at or self.now
        try:
            delivery.send_waiting(clock=lambda: self.now)
        except Killed:
            self.doubts += self.capacity

    def complaints(self, person: User) -> list[str]:
        """What the checks find at the end, once everything that can still be sent was."""
        self.send(MUCH_LATER)
        self.send(MUCH_LATER + DOT_LEASE)
        tasks = list(Task.objects.values_list("pk", "title"))
        return complaints(
            History(
                promises=[Promise(pk, title, AT, frozenset({person.pk})) for pk, title in tasks],
                tasks=tasks,
                rows=[row_of(message) for message in Notification.objects.all()],
                book=self.book,
                doubts=self.doubts,
            )
        )


def row_of(message: Notification) -> Row:
    mail = message.deliveries.first() or Delivery(state="not there")
    about = message.task_id, message.recipient_id, message.kind
    return Row(message.pk, *about, mail.message_id, mail.state, mail.ambiguous, message.due_at)


@pytest.fixture
def scene(bo: User, monkeypatch: pytest.MonkeyPatch) -> Scene:
    for number in range(3):
        create_task(TaskPatch(title=f"Task {number}", reminders=[ReminderPlan(at=AT)]), by=bo, now=NOW)
    scene = Scene()
    monkeypatch.setattr(delivery, "open_transport", lambda: scene)
    return scene


def die() -> None:
    raise Killed


def two_senders_at_once(scene: Scene) -> None:
    scene.fire()
    scene.after_dot = scene.send
    scene.send()


def a_sender_sleeps_beyond_its_lease(scene: Scene) -> None:
    """A second sender takes the mail over and sends it; then the first wakes up, right before its final dot."""
    scene.fire()
    scene.before_dot = lambda: scene.send(LATER)
    scene.send()


def a_sender_dies_after_the_dot(scene: Scene) -> None:
    scene.fire()
    scene.after_dot = die
    scene.send()
    scene.send(LATER)


def what_a_dead_sender_had_is_handed_back(scene: Scene) -> None:
    """One email may be past its final dot and stays in doubt; the others go out at once."""
    scene.fire()
    scene.after_dot = die
    scene.send()
    delivery.hand_back(leases.PROCESS, now=scene.now)
    scene.send(AT + timedelta(seconds=1))
    assert len(scene.book) == 3, "none waits for the end of a lease"


def what_a_living_sender_has_is_handed_back(scene: Scene) -> None:
    """A second sender takes it all over right before the first sends its final dot."""

    def hand_back_and_send() -> None:
        delivery.hand_back(leases.PROCESS, now=scene.now)
        scene.send(AT + timedelta(seconds=1))

    scene.fire()
    scene.before_dot = hand_back_and_send
    scene.send()


def a_clock_dies_between_two_steps(scene: Scene) -> None:
    """What it had not committed is undone; its work is taken up by the next."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reminders, "_save_outcomes", lambda *_: die())
        with pytest.raises(Killed):
            scene.fire()
    scene.fire()
    scene.send()


def a_clock_dies_between_message_and_delivery(scene: Scene) -> None:
    """A message without a delivery would be read in the app and never mailed."""
    insert, calls = messages.insert_rows, count()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(messages, "insert_rows", lambda *a, **k: insert(*a, **k) if next(calls) == 0 else die())
        with pytest.raises(Killed):
            scene.fire()
    scene.fire()
    scene.send()


def a_sender_dies_before_the_dot(scene: Scene) -> None:
    scene.fire()
    scene.before_dot = die
    scene.send()


def a_sender_dies_in_the_middle_of_a_round(scene: Scene) -> None:
    """Three mails go out side by side; the first was accepted and written down, the second accepted."""
    scene.fire()
    scene.capacity = 3
    scene.after_dot = lambda: setattr(scene, "after_dot", die)
    scene.send()
    scene.send(LATER)


SCENES = [
    *(two_senders_at_once, a_sender_sleeps_beyond_its_lease, a_sender_dies_after_the_dot),
    *(a_sender_dies_in_the_middle_of_a_round, a_sender_dies_before_the_dot, a_clock_dies_between_two_steps),
    *(a_clock_dies_between_message_and_delivery, what_a_dead_sender_had_is_handed_back),
    what_a_living_sender_has_is_handed_back,
]


@pytest.mark.parametrize("happening", SCENES)
def test_with_its_safeguards_every_scene_ends_well(happening: Any, scene: Scene, bo: User) -> None:
    happening(scene)
    assert scene.complaints(bo) == []


def without_lease(patch: pytest.MonkeyPatch) -> None:
    """Whoever comes takes every mail that is not sent, whether somebody has it or not."""

    def claimable(self: DeliveryQuerySet, now: datetime) -> DeliveryQuerySet:
        return self.unsent().filter(Q(not_before__lte=now)).order_by("not_before", "id")

    patch.setattr(DeliveryQuerySet, "claimable", claimable)


def without_fencing(patch: pytest.MonkeyPatch) -> None:
    """The final dot goes out whoever owns the mail by now."""

    def mark(batch: Sequence[Delivery], *, now: datetime) -> set[int]:
        keys = {mail.pk for mail in batch}
        Delivery.objects.filter(pk__in=keys).update(final_dot_at=now)
        return keys

    patch.setattr(outbox, "mark", mark)


def without_mark(patch: pytest.MonkeyPatch) -> None:
    """Nobody writes down that the final dot goes out."""
    patch.setattr(outbox, "mark", lambda batch, now: {mail.pk for mail in batch})


def without_recovery(patch: pytest.MonkeyPatch) -> None:
    """Nobody looks after the mails of a sender that has died."""

    def claimable(self: DeliveryQuerySet, now: datetime) -> DeliveryQuerySet:
        return self.filter(state=DeliveryState.PENDING, not_before__lte=now)

    patch.setattr(DeliveryQuerySet, "claimable", claimable)


def without_flag(patch: pytest.MonkeyPatch) -> None:
    """A mail in doubt is sent again as if nothing had happened."""

    def settle_silently(now: datetime, **_: int) -> list[doubts.Doubt]:
        Delivery.objects.unanswered(now).update(final_dot_at=None)
        return []

    patch.setattr(doubts, "settle", settle_silently)


def without_stored_bytes(patch: pytest.MonkeyPatch) -> None:
    """Each attempt renders the mail anew."""
    sealed = delivery._envelope

    def rendered_anew(mail: Delivery, *, now: datetime) -> Envelope:
        mail.mime = None
        return sealed(mail, now=now)

    patch.setattr(delivery, "_envelope", rendered_anew)


BROKEN = [
    (without_lease, two_senders_at_once, "doubled without a flag"),
    (without_fencing, a_sender_sleeps_beyond_its_lease, "doubled without a flag"),
    (without_fencing, what_a_living_sender_has_is_handed_back, "doubled without a flag"),
    (without_mark, a_sender_dies_after_the_dot, "doubled without a flag"),
    (without_mark, a_sender_dies_in_the_middle_of_a_round, "doubled without a flag"),
    (without_recovery, a_sender_dies_before_the_dot, "stuck"),
    (without_flag, a_sender_dies_after_the_dot, "doubled without a flag"),
    (without_stored_bytes, a_sender_dies_after_the_dot, "two mails under one name"),
]


@pytest.mark.parametrize(("removed", "happening", "found"), BROKEN)
def test_without_it_the_checks_turn_red(
    removed: Any, happening: Any, found: str, scene: Scene, bo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    removed(monkeypatch)
    happening(scene)
    assert any(found in complaint for complaint in scene.complaints(bo))


def two_clocks_in_turn(scene: Scene) -> None:
    """Both have seen the same reminders due; the second comes to write when the first has committed."""
    from_before = list(reminders.Reminder.objects.due(AT).select_related("task"))
    firings = {reminder: reminders.firing_of(reminder, now=AT) for reminder in from_before}
    scene.fire()
    messages = [message for reminder, firing in firings.items() for message in reminders._messages(reminder, firing)]
    reminders.notify(messages, now=AT)
    scene.send()


def test_the_key_keeps_two_clocks_from_telling_twice(scene: Scene, bo: User) -> None:
    two_clocks_in_turn(scene)
    assert scene.complaints(bo) == []


def test_without_the_key_they_do(scene: Scene, bo: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def notify(given: Any, *, now: datetime) -> None:
        messages.notify([messages.Message(**vars(each) | {"key": f"{each.key}:{uuid4()}"}) for each in given], now=now)

    monkeypatch.setattr(reminders, "notify", notify)
    two_clocks_in_turn(scene)
    found = scene.complaints(bo)
    assert any("was told 2 times in the app" in complaint for complaint in found)
    assert any("doubled under 2 Message-IDs" in complaint for complaint in found)


def test_without_one_transaction_a_message_is_left_without_its_mail(
    scene: Scene, bo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The messages are committed, and the clock dies before it has written their deliveries."""
    insert = messages.insert_rows
    monkeypatch.setattr(
        messages, "insert_rows", lambda model, *a, **k: [] if model is Delivery else insert(model, *a, **k)
    )
    scene.fire()
    scene.send()
    assert any("is not there" in complaint for complaint in scene.complaints(bo))


def test_without_one_transaction_a_dying_clock_loses_a_reminder(scene: Scene, bo: User) -> None:
    """The reminder is put down and committed, and the clock dies before it has written the messages."""
    save_outcomes, due = reminders._save_outcomes, list(reminders.Reminder.objects.due(AT).select_related("task"))
    with transaction.atomic():
        save_outcomes(due, {reminder: reminders.firing_of(reminder, now=AT) for reminder in due}, due, AT)
    scene.fire()
    scene.send()
    assert any("was told 0 times in the app" in complaint for complaint in scene.complaints(bo))


@pytest.mark.parametrize(
    ("known", "found"),
    [
        (Known(1, {7: "as it was"}, {7: "as it is"}, told=[]), "other tasks"),
        (Known(1, {7: "gone"}, {}, told=[]), "other tasks"),
        (Known(1, {}, {}, told=[3]), "has heard of 1 messages, of 0"),
    ],
)
def test_a_copy_that_is_not_what_the_server_shows_is_found(known: Known, found: str) -> None:
    (complaint,) = complaints(History(promises=[], tasks=[], rows=[], book=[], copies=[known]))
    assert found in complaint


def test_the_checks_see_who_is_told_for_nothing_and_who_is_not_told() -> None:
    promise = Promise(1, "In the attic", AT, frozenset({7}))
    row = Row(1, 1, 7, "reminder", "<1@x>", "cancelled", False, AT)
    facts: dict[str, Any] = {"promises": [promise], "tasks": [(1, "In the attic")], "book": []}
    assert complaints(History(**facts, rows=[row], needless={(1, 7)})) == []
    (wrong,) = complaints(History(**facts, rows=[row, replace(row, pk=2, person=8)], needless={(1, 7), (1, 8)}))
    assert "does not concern them" in wrong
    (missing,) = complaints(History(**facts, rows=[row], notices=[Notice(1, 7, "mentioned")], needless={(1, 7)}))
    assert "was told 0 times instead of 1" in missing


def test_a_gathered_email_was_sent_or_refused_with_its_summary_or_not_needed() -> None:
    row = Row(1, 1, 7, "commented", "<1@x>", "gathered", False, AT, summary=2)
    summary = Row(2, None, 7, "summary", "<2@x>", "sent", False, AT)
    taken = Entry("accepted", AT.timestamp(), "<2@x>", "bo@example.com", "0" * 64)

    def said(*rows: Row, **facts: Any) -> list[str]:
        return complaints(History(promises=[], tasks=[], rows=rows, **{"book": [], **facts}))

    assert said(row, summary, book=[taken]) == []
    assert said(row, replace(summary, state="failed"), book=[replace(taken, fate="refused")]) == []
    given_up = replace(summary, state="cancelled")
    assert said(row, given_up, needless={(1, 7), (None, 7)}) == []
    for lost in (
        said(row),
        said(row, given_up, needless={(None, 7)}),
        said(row, replace(summary, kind="reminder"), book=[taken]),
    ):
        assert [complaint for complaint in lost if "gathered into a summary that was not sent" in complaint]
