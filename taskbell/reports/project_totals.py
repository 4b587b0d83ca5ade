"""How many tasks are in each project."""

from typing import Any, TypedDict

from django.db.models import Count, Sum

from taskbell.accounts.models import User
from taskbell.projects.audience import is_visible_project
from taskbell.projects.models import Project
from taskbell.tasks.counting import RECENT, TaskCount
from taskbell.tasks.models import TaskQuerySet


class ProjectTotalOut(TypedDict):
    """How many of the tasks are in a project."""

    id: int
    name: str
    total: int


def totals_of_everything() -> list[ProjectTotalOut]:
    """The totals of all projects with tasks, from the stored counts, without archived projects."""
    used = Project.objects.in_use().filter(archived_at=None)
    return _by_name(TaskCount.objects.filter(section__in=["project", RECENT], project__in=used), Sum("n"))


def totals_of(tasks: TaskQuerySet, *, to: User) -> list[ProjectTotalOut]:
    """The totals of these tasks by project. Tasks in projects that the person doesn't see are not counted."""
    visible = Project.objects.in_use().filter(is_visible_project(to))
    return _by_name(tasks.filter(project__in=visible), Count("pk"))


def _by_name(rows: Any, total: Any) -> list[ProjectTotalOut]:
    in_order = rows.order_by("project__name_sort", "project_id").values_list("project_id", "project__name")
    return [{"id": pk, "name": name, "total": n} for pk, name, n in in_order.annotate(total=total) if n]
