"""Notifications about changes of tasks, and their kinds. Nobody is notified of their own actions."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from taskbell.accounts.models import User
from taskbell.common.quoting import set_apart, short_name
from taskbell.common.wording import DAY, in_words
from taskbell.notifications.kinds import Kind
from taskbell.notifications.messages import Message, notify
from taskbell.notifications.models import Delivery, Notification
from taskbell.projects.audience import project_name_for
from taskbell.tasks.models import Task
from taskbell.tasks.update_mail import changes_in_words, gather_changes

# Several changes, or comments, within this time become one email.
GATHER = timedelta(minutes=1)
IN_A_DIGEST = ("created_by_id", "assigned_to_id", "project__name", "project__inbox_of_id")
FINISHED = gettext_noop("Cancelled because the task is finished.")


def _unless_unblocked(notification: Notification) -> str | None:
    task = notification.task
    if task is None or not task.is_open:
        return FINISHED
    is_blocked = Task.objects.filter(pk=task.pk).blocked().exists()
    return gettext_noop("Cancelled because the task is blocked again.") if is_blocked else None


def _unless_overdue(notification: Notification) -> str | None:
    task = notification.task
    if task is None or not task.is_open:
        return FINISHED
    return None if task.due_at == notification.due_at else gettext_noop("Cancelled because the due date has changed.")


def _overdue_since(notification: Notification) -> dict[str, str]:
    """For a task without a due time, the day instead of the midnight that ends it, which belongs to the next day."""
    task = notification.task
    if task is None or task.due_date is None or task.due_time is not None:
        return {}
    return {"due_words": _("the end of %(day)s") % {"day": in_words(task.due_date, DAY)}, "zone": task.timezone}


def _unless_changed(notification: Notification) -> str | None:
    return None if gather_changes(notification) else gettext_noop("Cancelled because the changes were undone.")


def _unless_tasks_are_left(digest: Notification) -> str | None:
    return None if any(open_tasks(digest).values()) else gettext_noop("Cancelled because nothing is left to do.")


def _digest(digest: Notification) -> dict[str, Any]:
    sections, more = open_tasks(digest), digest.data.get("more_overdue", 0)
    return {**sections, "more_overdue": more, "all_overdue": len(sections["overdue"]) + more}


TASK_ASSIGNED = Kind(
    "task_assigned",
    title=gettext_noop("Task assigned"),
    switch=gettext_noop("A task is assigned to me"),
    compiled=True,
    is_gathered=True,
)
TASK_UPDATED = Kind(
    "task_updated",
    title=gettext_noop("Task updated"),
    switch=gettext_noop("Someone else changes a task of mine"),
    reason_not_to_send=_unless_changed,
    context=lambda notification: {"changes": changes_in_words(notification)},
    is_gathered=True,
)
UNBLOCKED = Kind(
    "unblocked",
    title=gettext_noop("Unblocked"),
    switch=gettext_noop("A task of mine is no longer blocked"),
    reason_not_to_send=_unless_unblocked,
    compiled=True,
    is_gathered=True,
)
OVERDUE = Kind(
    "overdue",
    title=gettext_noop("Overdue"),
    switch=gettext_noop("A task of mine is overdue"),
    is_own=lambda notice: notice.task is not None and notice.task.created_by_id == notice.recipient_id,
    reason_not_to_send=_unless_overdue,
    context=_overdue_since,
    has_buttons=True,
    compiled=True,
)
DUE_DIGEST = Kind(
    "due_digest",
    title=gettext_noop("Daily digest"),
    switch=gettext_noop("Tasks are due today"),
    reason_not_to_send=_unless_tasks_are_left,
    context=_digest,
)
KINDS = (TASK_ASSIGNED, TASK_UPDATED, UNBLOCKED, OVERDUE, DUE_DIGEST)


def people_of(task: Task, *, but: User | None = None) -> list[int]:
    """Creator and assignee, each once, without the person who acted."""
    return sorted(task.people - {but.pk if but else None})


def notify_assigned(task: Task, *, by: User, now: datetime) -> None:
    """Notifies the assignee that the task is theirs now."""
    notify(assigned_messages(task, by=by, now=now), now=now)


def assigned_messages(task: Task, *, by: User, now: datetime) -> list[Message]:
    """To the assignee: the task is theirs now."""
    if task.assigned_to_id is None or task.assigned_to_id == by.pk:
        return []
    people, data = [task.assigned_to_id], {"by": by.name}
    return _messages(TASK_ASSIGNED, task, people, task.version, due_at=now, by=by.pk, data=data)


def notify_updated(task: Task, *, by: User, now: datetime, but: set[int]) -> None:
    """Notifies the others of a change, a minute later, together with what else has changed by then.

    The email gathers the history since `data.since` when it is rendered, so a later change needs no second one.
    The caller has locked the task, so that two changes can't both find no waiting email.
    """
    recipients = set(people_of(task, but=by)) - but
    if not recipients:
        return
    people = sorted(recipients - Delivery.objects.gathering(TASK_UPDATED.name, task.pk, now))
    data = {"since": now.isoformat()}
    notify(_messages(TASK_UPDATED, task, people, task.version, due_at=now + GATHER, by=by.pk, data=data), now=now)


def unblocked_messages(task: Task, *, by: User | None, now: datetime) -> list[Message]:
    """To creator and assignee: they can start."""
    causer = by.pk if by else None
    return _messages(UNBLOCKED, task, people_of(task, but=by), now.isoformat(), due_at=now, by=causer)


def overdue_messages(task: Task) -> list[Message]:
    """At most one message per person and due date. Those to the assignee are caused by the creator."""
    if task.due_at is None:
        return []
    by = task.created_by_id
    return _messages(OVERDUE, task, people_of(task), task.due_at.isoformat(), due_at=task.due_at, by=by)


def _messages(
    kind: Kind,
    task: Task,
    people: Iterable[int],
    once_for: int | str,
    *,
    due_at: datetime,
    by: int | None,
    data: dict[str, Any] | None = None,
) -> list[Message]:
    """A message to each of these people, caused by one: only one for the same `once_for`."""
    return [
        Message(
            person,
            kind,
            f"{kind.name}:{task.pk}:{once_for}:{person}",
            due_at,
            task_id=task.pk,
            data=data or {},
            caused_by=by,
        )
        for person in people
    ]


def open_tasks(digest: Notification) -> dict[str, list[dict[str, Any]]]:
    """The tasks in the digest, due and overdue, without those finished or reassigned since."""
    assert digest.recipient is not None  # noqa: S101 - digests are for people
    listed = {section: digest.data.get(section, []) for section in ("tasks", "overdue")}
    ids = [task["id"] for tasks in listed.values() for task in tasks]
    open_ones = Task.objects.visible_to(digest.recipient).open().in_use().filter(pk__in=ids)
    theirs = {task.pk: task for task in open_ones.select_related("project").only(*IN_A_DIGEST)}
    return {
        section: [_line(task, theirs[task["id"]], digest.recipient) for task in tasks if task["id"] in theirs]
        for section, tasks in listed.items()
    }


def _line(line: dict[str, Any], task: Task, reader: User) -> dict[str, Any]:
    title = line["title"] if task.people == {reader.pk} else set_apart(line["title"])
    return line | {"title": title, "project": short_name(project_name_for(reader, task.project))}
