"""What will happen on a task, and what became of what should have."""

from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q

from taskbell.accounts.models import User
from taskbell.common.recurrence import parse_rule
from taskbell.notifications.models import Notification, NotificationQuerySet, State
from taskbell.reminders.models import Reminder, ReminderState
from taskbell.reminders.notifications import REMINDER
from taskbell.reminders.schedule import taken_up_at
from taskbell.tasks.models import Task
from taskbell.tasks.policy import may_edit

MOST_COMING, MOST_PAST = 10, 100
Row = dict[str, Any]

QUIET = "It waits for the end of the recipient's quiet hours."
FINISHED = "The task was finished by then."
AWAY = "The task was finished or in the trash by then, or not to be seen by the person."
TOO_LATE = "It was too late already when it was set, or when the task was moved or opened again."
NO_MAIL = "It has fired; there is no mail of it that you may see."


def reminder_timeline(task: Task, person: User, *, now: datetime) -> dict[str, list[Row]]:
    """What will come of each reminder that the person sees, and what has: the mails that concern them, or why not.

    Those who may edit the task see what became of everybody's mails, the others of their own. When
    somebody reminds themselves is theirs to know.
    """
    reminders = list(Reminder.objects.visible_to(person).filter(task=task))
    mails = Notification.objects.filter(task=task)
    concerning = Q(recipient=person)
    if may_edit(person, task):
        concerning |= ~Q(pk__in=mails.filter(data__for_me=True))
    mails = mails.filter(concerning)
    told = [_told(mail, now) for mail in mails.defer("mime").order_by("-due_at", "-id")[:MOST_PAST]]
    past = [*told, *_untold(reminders, mails, task)]
    return {"next": _next(reminders, task), "past": sorted(past, key=lambda row: row["due_at"], reverse=True)}


def _next(reminders: list[Reminder], task: Task) -> list[Row]:
    """The first firings of all, and of each reminder at least its own first; at last those that wait for a due date."""
    coming = [firing for reminder in reminders for firing in _coming(reminder, task)]
    coming.sort(key=lambda firing: (firing["at"] is None, firing["at"]))
    first = {firing["reminder"]: firing for firing in reversed(coming)}
    return [firing for place, firing in enumerate(coming) if place < MOST_COMING or firing is first[firing["reminder"]]]


def _coming(reminder: Reminder, task: Task) -> list[Row]:
    zone = ZoneInfo(reminder.timezone)
    who = "for one person" if reminder.recipient_id else "for everybody on the task"
    why = f"{reminder.before_due} before due" if reminder.before_due is not None else "at a moment"
    by_rule = f", by {reminder.repeat}" if reminder.repeat else ""
    dateless = "; not before the task has a due date" if reminder.at is None else ""
    quiet = "" if task.is_open else "; not sent while the task is finished"
    reason = f"{why}{by_rule}, {who}{dateless}{quiet}"
    return [
        {"at": at, "local": at and at.astimezone(zone), "reminder": reminder.pk, "reason": reason}
        for at in _instants(reminder)
    ]


def _instants(reminder: Reminder) -> Sequence[datetime | None]:
    if reminder.next_at is None:
        return [] if reminder.at else [None]
    if not reminder.repeat or reminder.wall is None:
        return [reminder.next_at]
    first, rule = reminder.next_at, parse_rule(reminder.repeat)
    occurrences = (at for _, at in rule.occurrences(reminder.wall, reminder.timezone, since=first))
    return list(islice((at for at in occurrences if at >= first), MOST_COMING))


def _untold(reminders: list[Reminder], mails: NotificationQuerySet, task: Task) -> list[Row]:
    """The reminders that will not fire any more, and of which no mail tells what became."""
    over = [reminder for reminder in reminders if reminder.next_at is None and reminder.at is not None]
    skipped = [_reminder(one, _why_skipped(one, task)) for one in over if one.state == ReminderState.SKIPPED]
    fired = [one for one in over if one.state == ReminderState.FIRED]
    if fired:
        named = mails.filter(kind=REMINDER.name).order_by().values_list("data__reminder", flat=True)
        shown = set(named.distinct())
        return skipped + [_reminder(one, NO_MAIL) for one in fired if one.pk not in shown]
    return skipped


def _why_skipped(reminder: Reminder, task: Task) -> str:
    if reminder.fired_at is None:
        return TOO_LATE
    return FINISHED if task.completed_at is not None and task.completed_at <= reminder.fired_at else AWAY


def _reminder(reminder: Reminder, reason: str) -> Row:
    return {
        "kind": REMINDER.name,
        "reminder": reminder.pk,
        "recipient": reminder.recipient_id,
        "due_at": taken_up_at(reminder),
        "state": reminder.state,
        "next_try_at": None,
        "sent_at": None,
        "lateness_seconds": None,
        "server_said": "",
        "reason": reason,
        "attempts": 0,
        "ambiguous": False,
    }


def _told(mail: Notification, now: datetime) -> Row:
    late = (mail.sent_at - mail.due_at).total_seconds() if mail.sent_at else None
    waits = mail.state == State.PENDING
    # What quiet hours hold has kept its own moment, and is due when they end.
    is_held = waits and mail.not_before == mail.due_at > max(mail.moment, now)
    return {
        "kind": mail.kind,
        "reminder": mail.data.get("reminder"),
        "recipient": mail.recipient_id,
        "due_at": mail.due_at,
        "state": mail.state,
        "next_try_at": mail.not_before if waits else None,
        "sent_at": mail.sent_at,
        "lateness_seconds": late,
        "server_said": mail.smtp_reply,
        "reason": QUIET if is_held else mail.reason,
        "attempts": mail.attempt,
        "ambiguous": mail.ambiguous,
    }
