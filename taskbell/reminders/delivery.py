"""What the clock does about reminders."""

from datetime import datetime

from django.db import transaction

from taskbell.activity.actions import record
from taskbell.notifications.actions import Message, notify
from taskbell.notifications.models import Kind
from taskbell.reminders.models import Reminder, ReminderState


@transaction.atomic
def deliver_due(now: datetime, *, limit: int = 500) -> int:
    """Fires what is due, each occurrence once whoever competes; says how many reminders were taken up.

    The reminder is put down and its messages are written in one transaction.
    """
    due = Reminder.objects.due(now).select_related("task")
    reminders = list(due.select_for_update(skip_locked=True, of=("self",))[:limit])
    fired = [reminder for reminder in reminders if reminder.task.is_open]
    notify([message for reminder in fired for message in _messages(reminder)], now=now)
    for reminder in fired:
        record(reminder.task_id, "reminded", by=None, at=now, field="reminder", new=reminder.at)
    _put_down(fired, ReminderState.FIRED, now)
    _put_down([reminder for reminder in reminders if not reminder.task.is_open], ReminderState.SKIPPED, now)
    return len(reminders)


def _messages(reminder: Reminder) -> list[Message]:
    occurrence = reminder.at.isoformat()
    return [
        Message(
            recipient_id=person,
            kind=Kind.REMINDER,
            key=f"reminder:{reminder.pk}:{occurrence}:{person}",
            due_at=reminder.at,
            task_id=reminder.task_id,
        )
        for person in sorted(reminder.recipients())
    ]


def _put_down(reminders: list[Reminder], state: ReminderState, now: datetime) -> None:
    keys = [reminder.pk for reminder in reminders]
    Reminder.objects.filter(pk__in=keys).update(next_at=None, state=state, fired_at=now)
