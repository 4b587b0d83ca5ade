"""Whether a mail that was to be sent still should be: asked again right before it is."""

from datetime import datetime, timedelta
from typing import Any

from taskbell.activity.queries import FieldChange, changes_since
from taskbell.common.clock import instant
from taskbell.common.recurrence import wall_time
from taskbell.notifications.models import Kind, Notification

# Mails that people wait for with their hand on the mouse.
URGENT = {Kind.PASSWORD_RESET, Kind.SESSION_ENDED, Kind.INVITE}


def reason_not_to_send(notification: Notification) -> str | None:
    """Why the mail must not go out any more, or None when it should."""
    person, task = notification.recipient, notification.task
    if person is None:
        return None
    if not person.is_active:
        return "The account is not active."
    if not person.email:
        return "The person has no e-mail address."
    if task is not None and not task.is_visible_to(person):
        return "The person may not see the task any more."
    if not person.profile.wants(notification.kind):
        return "The person does not want mails of this kind."
    if task is not None and (over := _over(notification, task)):
        return over
    if notification.kind == Kind.DUE_DIGEST and not still_to_do(notification):
        return "Nothing of it is left to do."
    if notification.kind == Kind.TASK_UPDATED and not gathered(notification):
        return "What was changed has been changed back."
    return None


def _over(notification: Notification, task: Any) -> str | None:
    """Why what the mail says of the task is not so any more."""
    if notification.kind in (Kind.REMINDER, Kind.OVERDUE, Kind.UNBLOCKED) and not task.is_open:
        return "The task is finished."
    if notification.kind == Kind.OVERDUE and task.due_at != notification.moment:
        return "The task is due at another time now."
    if notification.kind == Kind.UNBLOCKED and type(task).objects.filter(pk=task.pk).blocked().exists():
        return "The task waits for another one again."
    return None


def gathered(update: Notification) -> list[FieldChange]:
    """What others have changed on the task since the first change that the mail is about, as the reader may know it."""
    assert update.recipient is not None  # noqa: S101 - such mails are for people
    assert update.task_id is not None  # noqa: S101 - and about tasks
    changes = changes_since(update.task_id, datetime.fromisoformat(update.data["since"]), but=update.recipient)
    links = [change for change in changes if change.field == "pre_tasks"]
    if links:
        tasks: Any = Notification._meta.get_field("task").related_model
        named = {pk for change in links for pk in (*change.old, *change.new)}
        known = set(tasks.objects.concerning(update.recipient).filter(pk__in=named).values_list("pk", flat=True))
        for change in links:
            change.old, change.new = ([pk for pk in value if pk in known] for value in (change.old, change.new))
    _call_by_name(changes)
    return [change for change in changes if change.old != change.new and change.field != "next_task"]


def _call_by_name(changes: list[FieldChange]) -> None:
    """Categories and people by their names, where there still are any."""
    tasks: Any = Notification._meta.get_field("task").related_model
    for change in changes:
        if change.field in ("category", "assigned_to"):
            keys = [key for key in (change.old, change.new) if key is not None]
            named = tasks._meta.get_field(change.field).related_model.objects.in_bulk(keys)
            change.old, change.new = (named[key].name if key in named else key for key in (change.old, change.new))


def still_to_do(digest: Notification) -> list[dict[str, Any]]:
    """What the digest lists, less what has been finished or taken from the person since."""
    listed = digest.data["tasks"]
    tasks: Any = Notification._meta.get_field("task").related_model
    theirs = tasks.objects.visible_to(digest.recipient).open().filter(pk__in=[task["id"] for task in listed])
    keys = set(theirs.values_list("pk", flat=True))
    return [task for task in listed if task["id"] in keys]


def quiet_until(notification: Notification, *, now: datetime) -> datetime | None:
    """When the recipient's quiet hours end, if this mail has to wait for that."""
    person = notification.recipient
    if person is None or notification.kind in URGENT:
        return None
    profile = person.profile
    if notification.kind == Kind.REMINDER and not profile.quiet_reminders:
        return None
    begin, end = profile.quiet_from, profile.quiet_until
    if begin is None or end is None or begin == end:
        return None
    local = wall_time(now, profile.timezone)
    over_midnight = begin > end
    is_quiet = (local.time() >= begin or local.time() < end) if over_midnight else begin <= local.time() < end
    if not is_quiet:
        return None
    last_day = local.date() + timedelta(days=over_midnight and local.time() >= begin)
    return max(instant(last_day, end, profile.timezone), now + timedelta(seconds=1))
