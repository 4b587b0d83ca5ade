"""Every address of the app, by name: pages to read, and verbs that are posted."""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from taskbell.accounts.models import User
from taskbell.common.clock import utc_now
from taskbell.projects.models import Project
from taskbell.sharing.projects import create_project
from taskbell.tasks.actions import create_task
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch

# Of people who are signed in. A page about something has its id.
PAGES: dict[str, str] = {
    **dict.fromkeys(("home", "upcoming", "board", "tasks", "filter-form", "view-form", "bulk", "quick-add"), ""),
    **dict.fromkeys(("search", "keys", "palette", "more", "trash", "import", "projects", "project-new"), ""),
    **dict.fromkeys(("reports", "activity", "people", "notifications"), ""),
    **dict.fromkeys(("settings", "settings-mail", "settings-security", "email-change", "password-change"), ""),
    "calendar-period": "period",
    **dict.fromkeys(("task", "task-edit", "task-story"), "task"),
    **dict.fromkeys(("project", "project-board", "project-edit", "project-end"), "project"),
    **dict.fromkeys(("project-activity", "project-members"), "project"),
    "project-calendar-period": "project period",
}
FOR_ADMINS = {"deliveries": "", "person-deactivate": "person"}
VERBS: dict[str, str] = {
    **dict.fromkeys(("task-complete", "task-reopen", "task-stage", "task-move", "task-delete", "task-restore"), "task"),
    **dict.fromkeys(("tasks-to-today", "undo", "view-delete", "quick-read", "notifications-read", "person-invite"), ""),
    **dict.fromkeys(("project-archive", "project-restore", "member-add"), "project"),
    **dict.fromkeys(("member-change", "member-remove"), "project person"),
    **dict.fromkeys(("task-skip", "task-duplicate", "task-needs", "task-snooze", "task-reminders"), "task"),
    **dict.fromkeys(("task-reminder-delete", "task-comments"), "task"),
    **dict.fromkeys(("task-comment", "task-comment-delete"), "task other"),
    **dict.fromkeys(("examples-add", "examples-remove", "settings-zone", "workbook"), ""),
    "project-uninvite": "project other",
    **dict.fromkeys(("person-role", "person-reactivate"), "person"),
    **dict.fromkeys(("invite-withdraw", "notification-read", "delivery-again", "undo-kept"), "other"),
}
EVERYTHING = PAGES | FOR_ADMINS | VERBS
# The form is a page, and the same address is the verb.
FORMS = ["view-form", "bulk", "quick-add", "project-new", "project-edit", "project-end", "person-deactivate"]


@dataclass
class World:
    """Somebody's project, task and so on, by which addresses are filled in."""

    project: Project
    task: Task
    person: int
    period: str = "2026-12"
    other: int = 9

    def address(self, name: str, **instead: Any) -> str:
        """The address of this name; `instead` of our own, with these ids."""
        return reverse(name, args=[instead.get(need, self._own(need)) for need in EVERYTHING[name].split()])

    def _own(self, need: str) -> Any:
        found = getattr(self, need)
        return getattr(found, "pk", found)


def world_of(person: User) -> World:
    """A project and a task of this person, whom the addresses are about."""
    project = create_project({"name": "Garden of " + person.username}, by=person, now=utc_now())
    task = create_task(TaskPatch(title="Rose of " + person.username, project_id=project.pk), by=person, now=utc_now())
    return World(project, task, person.pk)
