"""A sample of every kind of email as files, to check before people get them."""

from dataclasses import replace
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

from django.db import transaction
from rich.console import Console

from taskbell.accounts.models import AddressChange, User
from taskbell.accounts.policy import Role
from taskbell.comments.actions import add_comment
from taskbell.common.clock import utc_now
from taskbell.common.durations import parse_duration
from taskbell.common.wording import DAY_OF_THE_YEAR, in_words
from taskbell.config.language import gettext as _
from taskbell.notifications.channels.mail.rendering import compose
from taskbell.notifications.kinds import registered
from taskbell.notifications.messages import Message, notify
from taskbell.notifications.models import Delivery, DeliveryQuerySet, Notification
from taskbell.people.invitations import make_invite
from taskbell.projects.models import Project, ProjectRole
from taskbell.reminders.schedule import ReminderPlan
from taskbell.runtime.preparation import migrate_database
from taskbell.sharing.members import add_member
from taskbell.sharing.projects import create_project
from taskbell.tasks.actions import create_task, update_task
from taskbell.tasks.categories import create_category
from taskbell.tasks.kinds import Priority
from taskbell.tasks.models import Category, Task
from taskbell.tasks.patch import TaskPatch


def preview(folder: Path) -> None:
    """Writes subject, text and HTML of every kind of email. The sample data is rolled back afterwards."""
    migrate_database()
    folder.mkdir(parents=True, exist_ok=True)
    with transaction.atomic():
        for mail in _samples():
            letter = compose(mail, now=mail.due_at + timedelta(seconds=1))
            for suffix, text in (("subject.txt", letter.subject), ("txt", letter.text), ("html", letter.html)):
                (folder / f"{mail.notification.kind}.{suffix}").write_text(text)
        transaction.set_rollback(True)
    Console().print(_("Wrote %(n)s kinds of email to %(folder)s") % {"n": len(registered()), "folder": folder})


def _samples() -> list[Delivery]:
    now = utc_now()
    ada, bo = (
        User.objects.create_person(username=f"preview-{name}", email=f"{name}@preview.invalid", password="", **names)
        for name, names in (("ada", {"first_name": "Ada", "role": Role.ADMIN}), ("bo", {"first_name": "Bo"}))
    )
    project = _shared_project(bo, ada, now)
    patch = _sample_patch(project, bo, ada, now)
    task = create_task(patch, by=ada, now=now)
    second = replace(patch, title="Mend the greenhouse tap", priority=Priority.LOW.value)
    other = create_task(second, by=ada, now=now)
    changes = TaskPatch(
        title="Order the seedlings and the pots",
        description=f"{patch.description}\nAnd twenty pots.",
        due_time=time(17, 30),
        priority=Priority.URGENT.value,
        pre_tasks=[other.pk],
        reminders=[ReminderPlan(before_due=parse_duration("P1D"))],
    )
    update_task(task.pk, changes, by=ada, now=now)
    task.refresh_from_db()
    comment = add_comment(task.pk, "@preview-bo, they have **no basil** left.\nThyme instead?", by=ada, now=now)
    add_comment(task.pk, "The pots come on Friday.", by=ada, now=now)
    invitation = make_invite("cy@preview.invalid", Role.MEMBER, by=ada, now=now)
    data: dict[str, dict[str, Any]] = {
        "project_shared": {"by": ada.name, "project": project.pk},
        "project_invite": {"invite": 1, "inviter": ada.name, "project": project.name, "role": ProjectRole.EDITOR},
        **_address_samples(bo, "robert@preview.invalid", now),
        "account_changed": {"what": "role", "by": ada.name, "new": "Manager"},
        "summary": {"by": ada.name, "unsubscribe": "task_assigned"},
        "mentioned": {"by": ada.name, "comment_id": comment.pk},
        "commented": {"since": now.isoformat()},
        "task_assigned": {"by": ada.name},
        "task_updated": {"since": now.isoformat()},
        "invite": {"invite": invitation.pk, "inviter": ada.name, "role": invitation.role.capitalize()},
        "reminder": {"by": ada.name},
        "due_digest": {
            "tasks": [_line(task, f"{in_words(now + timedelta(days=1), DAY_OF_THE_YEAR)}, 17:30")],
            "overdue": [_line(other, in_words(now - timedelta(days=3), DAY_OF_THE_YEAR))],
        },
    }
    notify(
        [
            Message(bo.pk, kind, key=f"preview:{kind.name}", due_at=now, task_id=task.pk, data=data.get(kind.name, {}))
            for kind in registered()
        ],
        now=now,
    )
    return _with_a_full_summary(Delivery.objects.filter(notification__dedupe_key__startswith="preview:"))


def _shared_project(person: User, by: User, now: datetime) -> Project:
    project = create_project({"name": "Spring planting"}, by=by, now=now)
    add_member(project.pk, person.pk, ProjectRole.EDITOR, by=by, now=now)
    return project


def _sample_patch(project: Project, assignee: User, by: User, now: datetime) -> TaskPatch:
    category = Category.objects.filter(key="shopping").first() or create_category("Shopping", by=by, now=now)
    return TaskPatch(
        title="Order the seedlings",
        description="Two trays of tomatoes, one of basil.\nAsk for last year's discount.",
        priority=Priority.HIGH.value,
        due_date=(now + timedelta(days=1)).date(),
        project_id=project.pk,
        category_id=category.pk,
        assigned_to_id=assignee.pk,
    )


def _with_a_full_summary(samples: DeliveryQuerySet) -> list[Delivery]:
    summary = Notification.objects.get(dedupe_key="preview:summary")
    samples.filter(notification__kind__in=["task_assigned", "unblocked", "reminder"]).update(gathered_into=summary)
    return list(samples.select_related("notification__recipient", "notification__task"))


def _address_samples(person: User, new: str, now: datetime) -> dict[str, dict[str, Any]]:
    change = AddressChange.objects.create(user=person, new=new, old=person.email, requested_at=now, made_at=now)
    return {
        "confirm_email": {"change": change.pk, "address": new},
        "email_changed": {"change": change.pk, "new": new, "old": person.email},
    }


def _line(task: Task, due: str) -> dict[str, Any]:
    return {"id": task.pk, "title": task.title, "priority": str(Priority(task.priority).label), "due": due}
