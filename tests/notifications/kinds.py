"""A message of every kind, as the actions make them."""

from datetime import datetime
from typing import Any

from taskbell.accounts.models import AddressChange, User
from taskbell.accounts.policy import Role
from taskbell.comments.actions import add_comment
from taskbell.comments.models import Comment
from taskbell.notifications.kinds import find_kind
from taskbell.notifications.messages import Message, notify
from taskbell.notifications.models import Delivery, DeliveryState, Notification
from taskbell.people.invitations import make_invite
from taskbell.sharing.joining import make_project_invite
from taskbell.sharing.members import add_member
from taskbell.sharing.projects import create_project
from taskbell.tasks.actions import create_task, update_task
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch


def a_changed_task(reader: User, by: User, *, at: datetime, **fields: Any) -> Task:
    """A task for the reader that somebody else has just changed, with no message about it yet."""
    patch = {"title": "Water the plants", "due_date": at.date(), "assigned_to_id": reader.pk} | fields
    task = create_task(
        TaskPatch(**({"title": "Before"} | {k: v for k, v in patch.items() if k != "title"})), by=by, now=at
    )
    update_task(task.pk, TaskPatch(title=patch["title"]), by=by, now=at)
    Notification.objects.all().delete()
    task.refresh_from_db()
    return task


def message(kind: str, reader: User, by: User, task: Task, *, at: datetime) -> Delivery:
    """The email of a message of this kind to the reader."""
    data: dict[str, dict[str, Any]] = {
        "summary": {"by": by.name, "unsubscribe": "task_assigned"},
        "task_assigned": {"by": by.name},
        "account_changed": {"what": "role", "by": by.name, "new": "Manager"},
        "task_updated": {"since": at.isoformat()},
        "due_digest": {
            section: [{"id": task.pk, "title": task.title, "priority": "High", "due": "Today"}]
            for section in ("tasks", "overdue")
        },
    }
    if kind == "invite":
        made = make_invite(f"new-{at:%H%M%S}@example.org", Role.MEMBER, by=by, now=at)
        data[kind] = {"invite": made.pk, "inviter": by.name, "role": "Member"}
    if kind in ("confirm_email", "email_changed"):
        new = "robert@example.org"
        change = AddressChange.objects.create(user=reader, new=new, old=reader.email, requested_at=at, made_at=at)
        data[kind] = {"change": change.pk, "address": new, "new": new, "old": reader.email}
    if kind == "project_shared":
        project = create_project({"name": "Garden"}, by=by, now=at)
        add_member(project.pk, reader.pk, "EDITOR", by=by, now=at)
        Notification.objects.filter(kind=kind).delete()
        data[kind] = {"by": by.name, "project": project.pk}
    if kind == "project_invite":
        project = create_project({"name": "Garden"}, by=by, now=at)
        invited = make_project_invite(project, f"new-{at:%H%M%S}@example.org", "EDITOR", by=by, now=at)
        data[kind] = {"invite": invited.pk, "inviter": by.name, "project": "Garden", "role": "EDITOR"}
    if kind == "overdue":
        Task.objects.filter(pk=task.pk).update(due_at=at, due_time=at.time())
    if kind in ("mentioned", "commented"):
        comment = add_comment(task.pk, f"Thyme instead, @{reader.username}?", by=by, now=at)
        Notification.objects.filter(kind__in=("mentioned", "commented")).delete()
        if kind == "commented":
            Comment.objects.filter(pk=comment.pk).update(mentions=[])
        data[kind] = {"by": by.name, "comment_id": comment.pk, "since": at.isoformat()}
    kinds_about_tasks = ("task_assigned", "task_updated", "unblocked", "overdue", "mentioned", "commented")
    about = task.pk if kind in ("reminder", *kinds_about_tasks) else None
    found = find_kind(kind)
    assert found is not None
    key = f"{kind}:{task.pk}:{at.isoformat()}:{reader.pk}"
    notify([Message(reader.pk, found, key=key, due_at=at, task_id=about, data=data.get(kind, {}))], now=at)
    if kind == "summary":
        inside = message("task_assigned", reader, by, task, at=at)
        summary = Notification.objects.get(dedupe_key=key)
        Delivery.objects.filter(pk=inside.pk).finish(DeliveryState.GATHERED, gathered_into=summary)
    mails = Delivery.objects.select_related("notification__recipient__profile", "notification__task")
    return mails.get(notification__dedupe_key=key)
