"""Assignees: an open task is only ever assigned to an active person, and in a shared project only to a member.

That holds even while people leave, because both lock the person's row: an assignment takes a shared lock until its
transaction ends, leaving an exclusive one. The person's row is locked before any task, so that the two never deadlock.
"""

from collections import defaultdict
from collections.abc import Container, Iterable, Sequence
from datetime import datetime
from itertools import chain
from typing import Any, NamedTuple

from taskbell.accounts.models import User
from taskbell.activity.actions import Entry, record_entries
from taskbell.common.sql import fetch, locking, marks
from taskbell.common.values import MAX_ID
from taskbell.notifications.messages import notify
from taskbell.projects.queries import lock_members
from taskbell.tasks.models import Task
from taskbell.tasks.notifications import assigned_messages
from taskbell.tasks.patch import TaskPatch

Pair = tuple[int, int | None]  # project and person
ACTIVE_PEOPLE = "SELECT id FROM accounts_user WHERE id IN ({}) AND is_active ORDER BY id"
ACTIVE = """
WITH pair(project, person) AS (VALUES {})
SELECT project.id, person.id, inbox_of_id IS NOT NULL FROM pair
JOIN projects_project AS project ON project.id = pair.project
JOIN accounts_user AS person ON person.id = pair.person AND is_active
"""


def assignees_of(patches: Iterable[TaskPatch]) -> set[int]:
    """The people to whom the patches assign tasks."""
    named = (patch.assigned_to_id for patch in patches)
    return {pk for pk in named if isinstance(pk, int) and 0 < pk <= MAX_ID}


def lock_assignees(ids: set[int]) -> set[int]:
    """The active ones of these people. None of them can leave until the transaction ends."""
    wanted = sorted(ids)
    if not wanted:
        return set()
    return {pk for (pk,) in fetch(ACTIVE_PEOPLE.format(marks(wanted)) + locking("SHARE"), wanted)}


class Reassignment(NamedTuple):
    """The project that a task, which the caller has locked, will be in, and the people who may get it, the best first.

    With `people` None, it keeps its assignee.
    """

    task: Task
    project: int
    people: Sequence[int | None] | None


def hand_over_many(tasks: Sequence[Task], to: int | None, *, by: User, now: datetime) -> None:
    """Assigns the tasks, which the caller has locked, to another person, or else to their creators, or to nobody.

    None of them keeps its assignee. A person gets only tasks that they may have.
    """
    people = {task.pk: [one for one in (to, task.created_by_id) if one != task.assigned_to_id] for task in tasks}
    _carry_out([Reassignment(task, task.project_id, people[task.pk]) for task in tasks], by=by, now=now)


def unassign(tasks: Sequence[Task], *, by: User, now: datetime) -> None:
    """Assigns the tasks, which the caller has locked, to nobody."""
    _carry_out([Reassignment(task, task.project_id, ()) for task in tasks], by=by, now=now)


def refit_assignees(tasks: Sequence[Task], *, by: User, now: datetime) -> None:
    """Hands over the open tasks whose assignee may not have them. The caller has locked the tasks."""
    move_many([(task, task.project_id) for task in tasks], by=by, now=now)


def move_many(moves: Sequence[tuple[Task, int]], *, heir: int | None = None, by: User, now: datetime) -> None:
    """Puts the tasks, which the caller has locked, into other projects.

    An open task whose assignee may not have it there goes to the heir, or else to its creator, or to nobody.
    """
    _carry_out([Reassignment(task, project, _heirs(task, heir)) for task, project in moves], by=by, now=now)


def fitting_assignee(task: Task) -> int | None:
    """The assignee of an open task if they may have it, else its creator if they may; None if neither may."""
    return _chosen(plan := Reassignment(task, task.project_id, _heirs(task)), _allowed([plan]))


def _heirs(task: Task, heir: int | None = None) -> Sequence[int | None] | None:
    is_assigned = task.is_open and task.assigned_to_id is not None
    return (task.assigned_to_id, heir, task.created_by_id) if is_assigned else None


def _carry_out(plans: Sequence[Reassignment], *, by: User, now: datetime) -> None:
    """Saves what changes of the tasks, as one version, and writes the history."""
    allowed, ids, entries, handed = _allowed(plans), defaultdict[Any, list[int]](list), list[Entry](), list[Task]()
    for plan in plans:
        task, old = plan.task, (plan.task.project_id, plan.task.assigned_to_id)
        new = (plan.project, _chosen(plan, allowed))
        if new == old:
            continue
        task.project_id, task.assigned_to_id = new
        task.version, task.updated_at = task.version + 1, now
        ids[new].append(task.pk)
        if old[0] != new[0]:
            entries.append(Entry(task, "updated", by, now, "project", old[0], new[0]))
        if old[1] != new[1]:
            entries.append(Entry(task, "assigned", by, now, "assigned_to", old[1], new[1]))
            handed.append(task)
    for (project, assignee), some in ids.items():
        Task.objects.filter(pk__in=some).write(now, project=project, assigned_to=assignee)
    record_entries(entries)
    notify([message for task in handed for message in assigned_messages(task, by=by, now=now)], now=now)


def _chosen(plan: Reassignment, allowed: Container[Pair]) -> int | None:
    if plan.people is None:
        return plan.task.assigned_to_id
    return next((person for person in plan.people if (plan.project, person) in allowed), None)


def _allowed(plans: Iterable[Reassignment]) -> set[Pair]:
    """Of the projects and people in these plans, those where the person is active and, unless it is an Inbox, a member.

    These memberships can't end before the transaction does.
    """
    asked = sorted({(plan.project, person) for plan in plans for person in plan.people or () if person is not None})
    if not asked:
        return set()
    rows = fetch(ACTIVE.format(", ".join(["(%s, %s)"] * len(asked))), list(chain.from_iterable(asked)))
    shared = {(project, person) for project, person, is_inbox in rows if not is_inbox}
    members = lock_members({project for project, _ in shared}, {person for _, person in shared})
    return {(project, person) for project, person, is_inbox in rows if is_inbox} | (shared & members)
