"""What will happen on a task, and what became of what should have."""

from datetime import datetime
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q

from taskbell.accounts.models import User
from taskbell.common.recurrence import parse_rule
from taskbell.notifications.models import Kind, Notification
from taskbell.reminders.models import Reminder
from taskbell.tasks.models import Task
from taskbell.tasks.policy import may_edit

MOST_COMING, MOST_PAST = 10, 100


def outlook(task: Task, person: User, *, now: datetime) -> dict[str, list[dict[str, Any]]]:
    """The next firings of the reminders that the person sees, and the mails about the task that concern them.

    Those who may edit the task see what became of everybody's mails, the others of their own. When
    somebody reminds themselves is theirs to know.
    """
    reminders = Reminder.objects.visible_to(person).filter(task=task).exclude(next_at=None)
    coming = [firing for reminder in reminders for firing in _coming(reminder, task)]
    mails = Notification.objects.filter(task=task, due_at__lte=now)
    concerning = Q(recipient=person)
    if may_edit(person, task):
        concerning |= ~Q(pk__in=mails.filter(data__for_me=True))
    mails = mails.filter(concerning)
    return {
        "next": sorted(coming, key=lambda firing: firing["at"])[:MOST_COMING],
        "past": [_past(mail) for mail in mails.order_by("-due_at", "-id")[:MOST_PAST]],
    }


def _coming(reminder: Reminder, task: Task) -> list[dict[str, Any]]:
    zone = ZoneInfo(reminder.timezone)
    who = "for one person" if reminder.recipient_id else "for everybody on the task"
    why = f"{reminder.before_due} before due" if reminder.before_due is not None else "at a moment"
    by_rule = f", by {reminder.repeat}" if reminder.repeat else ""
    quiet = "" if task.is_open else "; not sent while the task is finished"
    return [
        {"at": at, "local": at.astimezone(zone), "reminder": reminder.pk, "reason": f"{why}{by_rule}, {who}{quiet}"}
        for at in _instants(reminder)
    ]


def _instants(reminder: Reminder) -> list[datetime]:
    if reminder.next_at is None:
        return []
    if not reminder.repeat or reminder.wall is None:
        return [reminder.next_at]
    first, rule = reminder.next_at, parse_rule(reminder.repeat)
    occurrences = (at for _, at in rule.occurrences(reminder.wall, reminder.timezone, since=first))
    return list(islice((at for at in occurrences if at >= first), MOST_COMING))


def _past(mail: Notification) -> dict[str, Any]:
    late = (mail.sent_at - mail.due_at).total_seconds() if mail.sent_at else None
    return {
        "kind": Kind(mail.kind).value,
        "recipient": mail.recipient_id,
        "due_at": mail.due_at,
        "state": mail.state,
        "sent_at": mail.sent_at,
        "lateness_seconds": late,
        "server_said": mail.smtp_reply,
        "reason": mail.reason,
        "attempts": mail.attempt,
        "ambiguous": mail.ambiguous,
    }
