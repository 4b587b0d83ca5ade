"""Who may do what with a task. Whether they may see it at all is checked first, by `visible_to`."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from taskbell.accounts.models import User
from taskbell.accounts.policy import Capability
from taskbell.common.errors import Conflict, NotAllowed
from taskbell.projects.models import EDITORS, Membership
from taskbell.projects.policy import may_edit_tasks
from taskbell.reminders.actions import ONLY_FOR_ME
from taskbell.tasks.kinds import Stage
from taskbell.tasks.label_models import Label
from taskbell.tasks.models import Category, Task

STAGES_OF_ASSIGNEE = {Stage.PENDING, Stage.IN_PROGRESS, Stage.COMPLETED}


def check_may_create(person: User) -> None:
    """Raises NotAllowed for people who may only work on tasks assigned to them."""
    if not person.can(Capability.CREATE_TASKS):
        raise NotAllowed(_("Your role does not let you create tasks."))


def check_may_create_category(person: User) -> None:
    """Raises NotAllowed for people who may not create categories."""
    if not person.can(Capability.CREATE_CATEGORIES):
        raise NotAllowed(_("Your role does not let you create categories."))


def check_may_change_shared(person: User, row: Category | Label) -> None:
    """Raises NotAllowed unless the person created the category or label, or may change all of them."""
    is_own = row.created_by_id == person.pk and person.can(Capability.CREATE_CATEGORIES)
    if not is_own and not person.can(Capability.CHANGE_CATEGORIES):
        if isinstance(row, Label):
            raise NotAllowed(_("Only its creator and managers may change the label “%(name)s”.") % {"name": row.name})
        raise NotAllowed(_("Only its creator and managers may change this category."))


def may_edit(person: User, task: Task) -> bool:
    """True for people who may change everything about the task, which was found `with_access` of this person."""
    return may_edit_tasks(person, task.viewer_role)


def editable_by(person: User) -> Q:
    """The condition that a task is one for which `may_edit` is true."""
    if person.can(Capability.EDIT_EVERYTHING):
        return Q()
    projects = Membership.objects.filter(person=person, role__in=EDITORS).values("project")
    return Q(project__in=projects) if person.can(Capability.CREATE_TASKS) else Q(pk__in=[])


def check_may_edit(person: User, task: Task) -> None:
    """Raises NotAllowed for people who may see the task but not change it."""
    if not may_edit(person, task):
        raise NotAllowed(_("Only people who can edit its project can change this task."))


class Archived(Conflict):
    """The project is archived: nobody can change its tasks."""

    title = "Archived"


def check_in_use(task: Task) -> None:
    """Raises Archived if the project of the task is archived."""
    if task.is_archived:
        raise Archived(
            _("Can't change this task, because its project is archived. Take the project out of the archive.")
        )


def check_may_remind_others(person: User, task: Task) -> None:
    """Raises NotAllowed for people who may only remind themselves."""
    if not may_edit(person, task):
        raise NotAllowed(_(ONLY_FOR_ME))


def may_work_on(person: User, task: Task) -> bool:
    """True for people who may change the status of the task: its assignee, and everybody who may edit it."""
    return may_edit(person, task) or task.assigned_to_id == person.pk


def check_may_change(person: User, task: Task, changes: Mapping[str, Any]) -> None:
    """Raises NotAllowed unless the person may give these fields these values.

    The assignee may change the status and hand the task back.
    """
    if not changes or may_edit(person, task):
        return
    if not may_work_on(person, task):
        raise NotAllowed(_("Only its assignee and people who can edit its project can change this task."))
    if "stage" in changes and changes["stage"] not in STAGES_OF_ASSIGNEE:
        raise NotAllowed(_("Only people who can edit its project can archive this task."))
    if "assigned_to_id" in changes and changes["assigned_to_id"] not in (None, task.created_by_id):
        raise NotAllowed(
            _("You can only hand this task back. People who can edit its project can assign it to others.")
        )
    if changes.keys() - {"stage", "assigned_to_id"}:
        raise NotAllowed(_("You can only change this task's status."))
