"""Firing due reminders."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_noop

from taskbell.activity.actions import Entry, record_entries
from taskbell.common.measures import REMINDER_LATENESS
from taskbell.notifications.messages import Message, notify
from taskbell.notifications.models import Delivery, DeliveryState
from taskbell.projects.audience import load_keys
from taskbell.reminders.models import Reminder, ReminderState
from taskbell.reminders.notifications import REMINDER
from taskbell.reminders.repeats import is_frequent
from taskbell.reminders.schedule import Firing, firing_of

REPLACED = gettext_noop("Cancelled because the reminder has fired again since.")


def deliver_due(now: datetime, *, limit: int = 500) -> int:
    """Fires due reminders, each occurrence once even among competing workers; returns how many it processed."""
    if not Reminder.objects.due(now).exists():
        return 0
    processed, fired_at = _fire(now, limit)
    for due_at in fired_at:
        REMINDER_LATENESS.observe((now - due_at).total_seconds())
    return processed


@transaction.atomic
def _fire(now: datetime, limit: int) -> tuple[int, list[datetime]]:
    """Writes messages, history and outcomes in one transaction. Returns how many, and when those fired were due."""
    due = (
        Reminder.objects.due(now).select_related("task__project", "recipient", "created_by").defer("task__description")
    )
    reminders = list(due.select_for_update(skip_locked=True, of=("self",))[:limit])
    load_keys([reminder.recipient for reminder in reminders if reminder.recipient])
    wanted = [reminder for reminder in reminders if reminder.task.is_open and reminder.recipient_may_see_task]
    passed = {reminder: firing_of(reminder, now=now) for reminder in wanted}
    # One that repeats goes on in an archived project, and fires again once the project is back.
    firings = {reminder: firing for reminder, firing in passed.items() if reminder.task.project.archived_at is None}
    _cancel_waiting([reminder for reminder in firings if is_frequent(reminder)])
    notify([message for reminder, firing in firings.items() for message in _messages(reminder, firing)], now=now)
    record_entries(_line(reminder, firings.get(reminder), now) for reminder in reminders)
    _save_outcomes(reminders, passed, firings, now)
    return len(reminders), [firing.occurrence for firing in firings.values()]


def _cancel_waiting(frequent: list[Reminder]) -> None:
    """Cancels emails delayed by quiet hours or the mail server: hourly ones must not arrive eight at once."""
    if frequent:
        waiting = Delivery.objects.filter(
            state=DeliveryState.PENDING,
            notification__kind=REMINDER.name,
            notification__task__in={reminder.task_id for reminder in frequent},
            notification__data__reminder__in=[reminder.pk for reminder in frequent],
        )
        waiting.finish(DeliveryState.CANCELLED, reason=REPLACED)


@transaction.atomic
def forget_fired_until(moment: datetime) -> int:
    """After a backup is restored, marks reminders due by then as fired. Returns how many."""
    reminders = list(Reminder.objects.due(moment).select_for_update(of=("self",)))
    passed = {reminder: firing_of(reminder, now=moment) for reminder in reminders}
    _save_outcomes(reminders, passed, passed, moment)
    return len(reminders)


def _messages(reminder: Reminder, firing: Firing) -> list[Message]:
    occurrence = firing.occurrence.isoformat()
    return [
        Message(
            recipient_id=person,
            kind=REMINDER,
            key=f"reminder:{reminder.pk}:{occurrence}:{person}",
            due_at=firing.occurrence,
            task_id=reminder.task_id,
            data={"reminder": reminder.pk, "missed": firing.missed, "for_me": reminder.recipient_id is not None}
            | ({"is_own": True} if reminder.created_by_id == person else {"by": reminder.created_by.name}),
            caused_by=reminder.created_by_id,
        )
        for person in sorted(reminder.recipient_ids())
    ]


def _line(reminder: Reminder, firing: Firing | None, now: datetime) -> Entry:
    """The line of history; visible only to the recipient if the reminder is private."""
    action, occurrence = ("reminded", firing.occurrence) if firing else ("not_reminded", reminder.next_at)
    own = reminder.recipient_id
    return Entry(reminder.task, action, by=None, at=now, field="reminder", new=occurrence, person_id=own)


def _save_outcomes(
    reminders: list[Reminder], passed: Mapping[Reminder, Firing], fired: Collection[Reminder], now: datetime
) -> None:
    """Saves the new state of each reminder, and when it fires next."""
    outcomes = defaultdict(list)
    for reminder in reminders:
        next_at = passed[reminder].next_at if reminder in passed else None
        final = ReminderState.FIRED if reminder in fired else ReminderState.SKIPPED
        outcomes[ReminderState.ARMED if next_at else final, next_at].append(reminder.pk)
    for (state, next_at), keys in outcomes.items():
        Reminder.objects.filter(pk__in=keys).update(state=state, next_at=next_at, fired_at=now)
