"""The report as anybody would count it by hand, task by task."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from taskbell.accounts.models import User
from taskbell.accounts.policy import Role
from taskbell.common.folding import sort_key
from taskbell.projects.models import Membership, Project
from taskbell.tasks.kinds import PRIORITY_NAMES, STATUSES, Priority
from taskbell.tasks.models import Task

OVERSEERS = (Role.ADMIN, Role.MANAGER)


def counted_by_hand(tasks: Iterable[Task], *, to: User, now: datetime) -> dict[str, Any]:
    """What the contract promises this person of these tasks, those in the trash left out."""
    there = [task for task in tasks if task.deleted_at is None]
    by_status = Counter(task.status for task in there)
    by_priority = Counter(Priority(task.priority).name for task in there)
    day = timedelta(hours=24)
    coming = [task for task in there if task.is_open and task.due_at and now < task.due_at]
    soon = [task for task in coming if task.due_at and task.due_at <= now + day * (1 if task.due_time else 1.5)]
    return {
        "total": len(there),
        "completed": by_status["COMPLETED"],
        "pending": by_status["PENDING"],
        "tasks_by_priority": {name: by_priority[name] for name in PRIORITY_NAMES},
        "tasks_by_status": {name: by_status[name] for name in STATUSES},
        "tasks_assigned": dict(Counter(task.assigned_to.username for task in there if task.assigned_to)),
        "tasks_created": dict(Counter(task.created_by.username for task in there)),
        "tasks_by_project": _by_project(there, to),
        "tasks_due_soon": len(soon),
    }


def _by_project(tasks: list[Task], to: User) -> list[dict[str, Any]]:
    totals = Counter(task.project_id for task in tasks)
    mine = set(Membership.objects.filter(person=to).values_list("project", flat=True))
    shown = [
        project for project in Project.objects.in_bulk(totals).values() if to.role in OVERSEERS or project.pk in mine
    ]
    by_name = sorted(shown, key=lambda project: (sort_key(project.name), project.pk))
    return [{"id": project.pk, "name": project.name, "total": totals[project.pk]} for project in by_name]


def local_day(at: datetime, zone: str) -> date:
    """The day it is there."""
    return at.astimezone(ZoneInfo(zone)).date()
