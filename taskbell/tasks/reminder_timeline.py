"""The timeline of a task's reminders: upcoming, sent and skipped, each with its reason."""

from collections.abc import Sequence
from datetime import date, datetime
from itertools import islice
from typing import Annotated, TypedDict
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from taskbell.accounts.models import User
from taskbell.common.rule_words import rule_in_words
from taskbell.common.wording import TIME, in_words
from taskbell.notifications.models import Delivery, DeliveryState, Notification, NotificationQuerySet
from taskbell.reminders.models import Reminder, ReminderState
from taskbell.reminders.notifications import REMINDER
from taskbell.reminders.repeats import repeat_of
from taskbell.reminders.schedule import last_fired_occurrence
from taskbell.tasks.history_words import before_due_in_words
from taskbell.tasks.models import Task
from taskbell.tasks.occurrences import coming_due_dates
from taskbell.tasks.policy import may_edit

MAX_UPCOMING, MAX_PAST = 10, 100


class ComingOut(TypedDict):
    """What a reminder will do."""

    at: Annotated[datetime | None, "Null: it waits for the task to have a due date."]
    local: datetime | None
    reminder: int
    before_due: Annotated[str | None, "How long before the task is due, as it was written."]
    repeat: Annotated[str | None, "The rule that it repeats by."]
    reason: Annotated[str, "The same in words."]


class PastOut(TypedDict):
    """The outcome of a reminder, or of another email about the task."""

    kind: str
    reminder: Annotated[int | None, "The reminder it comes from, if any."]
    recipient: Annotated[int | None, "Null: everybody on the task."]
    due_at: datetime
    state: Annotated[str, "Of the email; `skipped` or `fired` of a reminder without one."]
    next_try_at: Annotated[datetime | None, "When an email that waits goes out."]
    sent_at: datetime | None
    lateness_seconds: float | None
    server_said: str
    reason: Annotated[str, "Why there was no email, or why it waits."]
    attempts: int
    ambiguous: bool


class ScheduleOut(TypedDict):
    """The reminders of a task: future firings and the outcome of past ones, and its next due dates."""

    due_dates: Annotated[list[date], "When the task is due after this, if it repeats."]
    next: list[ComingOut]
    past: list[PastOut]


QUIET = gettext_noop("Waiting until the recipient's quiet hours end.")
FINISHED = gettext_noop("The task was already finished.")
AWAY = gettext_noop("The task was finished or in the trash, or its recipient could no longer see it.")
TOO_LATE = gettext_noop("Its time had already passed when it was set, or when the task was rescheduled or reopened.")
NO_MAIL = gettext_noop("It fired, but no email about it is visible to you.")


def reminder_timeline(
    task: Task, person: User, *, reminders: Sequence[Reminder] | None = None, now: datetime
) -> ScheduleOut:
    """The upcoming firings of the reminders that the person sees, and past emails or the reason why there are none.

    People who may edit the task see everybody's emails, except those of private reminders; others see their own.
    `reminders` are those that the person sees, if they are loaded already.
    """
    if reminders is None:
        reminders = list(Reminder.objects.visible_to(person).filter(task=task))
    messages = Notification.objects.filter(task=task)
    concerning = Q(recipient=person)
    if may_edit(person, task):
        concerning |= ~Q(pk__in=messages.filter(data__for_me=True))
    messages = messages.filter(concerning)
    mails = Delivery.objects.filter(notification__in=messages).select_related("notification").defer("mime")
    sent = [_email(mail, now) for mail in mails.order_by("-due_at", "-id")[:MAX_PAST]]
    past = [*sent, *_without_email(reminders, sent, messages, task, now)]
    return {
        "due_dates": coming_due_dates(task, now=now, most=MAX_UPCOMING),
        "next": _next(reminders, task, person),
        "past": sorted(past, key=lambda row: row["due_at"], reverse=True),
    }


def _next(reminders: Sequence[Reminder], task: Task, person: User) -> list[ComingOut]:
    """The next firings, at least one for each reminder; those without a date come last."""
    coming = [firing for reminder in reminders for firing in _coming(reminder, task, person)]
    coming.sort(key=lambda firing: (firing["at"] is None, firing["at"]))
    first = {firing["reminder"]: firing for firing in reversed(coming)}
    return [
        firing
        for position, firing in enumerate(coming)
        if position < MAX_UPCOMING or firing is first[firing["reminder"]]
    ]


def _coming(reminder: Reminder, task: Task, person: User) -> list[ComingOut]:
    zone, reason = ZoneInfo(reminder.timezone), _reason(reminder, task, person)
    return [
        {
            "at": at,
            "local": at and at.astimezone(zone),
            "reminder": reminder.pk,
            "before_due": None if reminder.before_due is None else str(reminder.before_due),
            "repeat": reminder.repeat or None,
            "reason": reason,
        }
        for at in _instants(reminder)
    ]


def _reason(reminder: Reminder, task: Task, person: User) -> str:
    why = _("at a fixed time") if reminder.before_due is None else before_due_in_words(str(reminder.before_due))
    if reminder.repeat:
        clock = in_words(reminder.at.astimezone(ZoneInfo(reminder.timezone)), TIME) if reminder.at else ""
        why = _("%(why)s, repeating %(rule)s") % {"why": why, "rule": rule_in_words(reminder.repeat, at=clock)}
    parts = [f"{why}, {_('for one person') if reminder.recipient_id else _('for everybody on the task')}"]
    if reminder.at is None:
        parts.append(_("waiting for the task to have a due date"))
    if not task.is_open:
        parts.append(_("not sent while the task is finished"))
    recipients = task.people if reminder.recipient_id is None else {reminder.recipient_id}
    if person.pk in recipients and not person.profile.wants(REMINDER.name):
        parts.append(_("not emailed to you, because you switched off reminder emails"))
    return "; ".join(parts)


def _instants(reminder: Reminder) -> Sequence[datetime | None]:
    if reminder.next_at is None:
        return [] if reminder.at else [None]
    repeat = repeat_of(reminder)
    found = [] if repeat is None else list(islice(repeat.upcoming(reminder.next_at), MAX_UPCOMING))
    return found or [reminder.next_at]  # a rule that ended before its start fires once


def _without_email(
    reminders: Sequence[Reminder], sent: Sequence[PastOut], messages: NotificationQuerySet, task: Task, now: datetime
) -> list[PastOut]:
    """The reminders that are over and have no visible email among the `messages`, the last of which are `sent`."""
    over = [reminder for reminder in reminders if reminder.next_at is None and reminder.at is not None]
    skipped = [_reminder(one, _why_skipped(one, task), now) for one in over if one.state == ReminderState.SKIPPED]
    fired = [one for one in over if one.state == ReminderState.FIRED]
    shown = {mail["reminder"] for mail in sent}
    if fired and len(sent) == MAX_PAST:
        named = messages.filter(kind=REMINDER.name).order_by().values_list("data__reminder", flat=True)
        shown = set(named.distinct())
    return skipped + [_reminder(one, NO_MAIL, now) for one in fired if one.pk not in shown]


def _why_skipped(reminder: Reminder, task: Task) -> str:
    if reminder.fired_at is None:
        return TOO_LATE
    return FINISHED if task.completed_at is not None and task.completed_at <= reminder.fired_at else AWAY


def _reminder(reminder: Reminder, reason: str, now: datetime) -> PastOut:
    """Like an email that was never made."""
    about = Notification(kind=REMINDER.name, recipient_id=reminder.recipient_id, data={"reminder": reminder.pk})
    due_at = last_fired_occurrence(reminder)
    assert due_at is not None  # noqa: S101 - asked of reminders that have an instant
    return _email(Delivery(notification=about, due_at=due_at, state=reminder.state, reason=reason), now)


def _email(mail: Delivery, now: datetime) -> PastOut:
    message = mail.notification
    is_pending = mail.state == DeliveryState.PENDING
    # Quiet hours move the delivery's `due_at` to their end.
    is_quiet = is_pending and mail.not_before == mail.due_at > max(message.due_at, now)
    return {
        "kind": message.kind,
        "reminder": message.data.get("reminder"),
        "recipient": message.recipient_id,
        "due_at": mail.due_at,
        "state": mail.state,
        "next_try_at": mail.not_before if is_pending else None,
        "sent_at": mail.sent_at,
        "lateness_seconds": (mail.sent_at - mail.due_at).total_seconds() if mail.sent_at else None,
        "server_said": mail.server_reply,
        "reason": QUIET if is_quiet else mail.reason,
        "attempts": mail.attempt,
        "ambiguous": mail.ambiguous,
    }
