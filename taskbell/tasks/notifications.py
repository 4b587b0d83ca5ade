"""Who hears of what happens to a task. Nobody is told of what they did themselves."""

from datetime import datetime, timedelta

from taskbell.accounts.models import User
from taskbell.notifications.actions import Message, notify
from taskbell.notifications.models import Kind, Notification, State
from taskbell.tasks.models import Task

# Several changes within this time become one mail.
GATHER = timedelta(minutes=1)


def people_of(task: Task, *, but: User | None = None) -> list[int]:
    """Creator and assignee, each once, without the one who acted."""
    return sorted(task.people - {but.pk if but else None})


def notify_assigned(task: Task, *, by: User, now: datetime) -> None:
    """Tells the assignee that the task is theirs now."""
    if task.assigned_to_id is None or task.assigned_to_id == by.pk:
        return
    key = f"task_assigned:{task.pk}:{task.version}:{task.assigned_to_id}"
    data = {"by": by.name}
    notify([Message(task.assigned_to_id, Kind.TASK_ASSIGNED, key=key, due_at=now, task_id=task.pk, data=data)], now=now)


def notify_updated(task: Task, *, by: User, now: datetime, but: set[int]) -> None:
    """Tells the others of a change, a minute later, with what else has changed by then.

    The mail gathers the history since `data.since` when it is rendered, so a later change needs no second one.
    The caller holds the task, which keeps two changes from both seeing no mail under way.
    """
    recipients = set(people_of(task, but=by)) - but
    if not recipients:
        return
    under_way = Notification.objects.filter(
        task=task, kind=Kind.TASK_UPDATED, recipient__in=recipients, state=State.PENDING, mime=None, not_before__gt=now
    ).values_list("recipient_id", flat=True)
    notify(
        [
            Message(
                person,
                Kind.TASK_UPDATED,
                key=f"task_updated:{task.pk}:{task.version}:{person}",
                due_at=now + GATHER,
                task_id=task.pk,
                data={"since": now.isoformat()},
            )
            for person in sorted(recipients - set(under_way))
        ],
        now=now,
    )


def notify_unblocked(task: Task, *, by: User | None, now: datetime) -> None:
    """Tells creator and assignee that they can begin."""
    notify(
        [
            Message(
                person,
                Kind.UNBLOCKED,
                key=f"unblocked:{task.pk}:{now.isoformat()}:{person}",
                due_at=now,
                task_id=task.pk,
            )
            for person in people_of(task, but=by)
        ],
        now=now,
    )


def overdue_messages(task: Task) -> list[Message]:
    """At most one message a person and due moment."""
    if task.due_at is None:
        return []
    moment = task.due_at
    return [
        Message(
            person,
            Kind.OVERDUE,
            key=f"overdue:{task.pk}:{moment.isoformat()}:{person}",
            due_at=moment,
            task_id=task.pk,
        )
        for person in people_of(task)
    ]
