"""What the clock does about reminders."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from taskbell.activity.actions import Entry, record_entries
from taskbell.common.compiled_query import AnyOf, CompiledModelQuery, IdArray
from taskbell.notifications.actions import Message, notify
from taskbell.reminders.models import Reminder, ReminderState
from taskbell.reminders.notifications import REMINDER
from taskbell.reminders.schedule import Firing, firing_of

ASKED = {
    "": ("id", "task_id", "recipient_id", "repeat", "wall_date", "wall_time", "timezone", "next_at"),
    "task": ("id", "created_by_id", "assigned_to_id", "stage", "deleted_at"),
    "recipient": ("id", "role", "is_active"),
}


def deliver_due(now: datetime, *, limit: int = 500) -> int:
    """Fires what is due, each occurrence once whoever competes; says how many reminders were taken up."""
    return _fire(now, limit) if Reminder.objects.due(now).exists() else 0


@transaction.atomic
def _fire(now: datetime, limit: int) -> int:
    """The reminders are put down and their messages are written in one transaction."""
    due = Reminder.objects.due(now).select_for_update(skip_locked=True)
    reminders = reminders_of(ids=list(due.values_list("pk", flat=True)[:limit]))
    wanted = [reminder for reminder in reminders if reminder.task.is_open and reminder.is_to_be_told]
    firings = {reminder: firing_of(reminder, now=now) for reminder in wanted}
    notify([message for reminder, firing in firings.items() for message in _messages(reminder, firing)], now=now)
    record_entries(_line(reminder, firings.get(reminder), now) for reminder in reminders)
    _put_down(reminders, firings, now)
    return len(reminders)


reminders_of = CompiledModelQuery(
    lambda: Reminder.objects.filter(AnyOf("id", IdArray("ids"))).order_by("next_at", "id"), ASKED
)


@transaction.atomic
def forget_fired_until(moment: datetime) -> int:
    """After a backup was restored: takes what was due by then for fired. Says how many reminders those are."""
    reminders = list(Reminder.objects.due(moment).select_for_update(of=("self",)))
    _put_down(reminders, {reminder: firing_of(reminder, now=moment) for reminder in reminders}, moment)
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
            data={"reminder": reminder.pk, "missed": firing.missed, "for_me": reminder.recipient_id is not None},
        )
        for person in sorted(reminder.recipients())
    ]


def _line(reminder: Reminder, firing: Firing | None, now: datetime) -> Entry:
    """What became of the reminder; of one that is somebody's own, for them alone."""
    action, occurrence = ("reminded", firing.occurrence) if firing else ("not_reminded", reminder.next_at)
    own = reminder.recipient_id
    return Entry(reminder.task_id, action, by=None, at=now, field="reminder", new=occurrence, person_id=own)


def _put_down(reminders: list[Reminder], firings: Mapping[Reminder, Firing], now: datetime) -> None:
    """Says of each reminder what became of it, and when it fires again if it does."""
    outcomes = defaultdict(list)
    for reminder in reminders:
        firing = firings.get(reminder)
        next_at = firing.next_at if firing else None
        over = ReminderState.FIRED if firing else ReminderState.SKIPPED
        outcomes[ReminderState.ARMED if next_at else over, next_at].append(reminder.pk)
    for (state, next_at), keys in outcomes.items():
        Reminder.objects.filter(pk__in=keys).update(state=state, next_at=next_at, fired_at=now)
