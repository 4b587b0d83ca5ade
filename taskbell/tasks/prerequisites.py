"""Prerequisites: a directed graph of tasks without cycles."""

from collections import deque
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import connection

from taskbell.accounts.models import User
from taskbell.activity.actions import Change, record
from taskbell.common.errors import Conflict, invalid
from taskbell.common.locks import one_at_a_time
from taskbell.tasks.models import Prerequisite, Task
from taskbell.tasks.notifications import notify_unblocked
from taskbell.tasks.policy import check_may_edit

MAX_PREREQUISITES = 200
MAX_PATH_SHOWN = 20  # the middle of a longer path is left out of the message

# Every link reachable from the new ones, each once, however many paths lead to it.
REACHABLE = """
WITH RECURSIVE reachable(task_id, needs_id) AS (
    SELECT task_id, needs_id FROM tasks_prerequisite WHERE task_id IN ({placeholders})
    UNION
    SELECT link.task_id, link.needs_id FROM tasks_prerequisite link JOIN reachable ON link.task_id = reachable.needs_id
)
SELECT task_id, needs_id FROM reachable
"""


class Blocked(Conflict):
    """The task is blocked by others."""

    title = "Blocked"

    def __init__(self, blockers: Sequence[Task], hidden: int) -> None:
        super().__init__("Can't complete this task, because it is blocked. Finish its prerequisites first.")
        self.blockers = blockers
        self.hidden = hidden

    def members(self) -> dict[str, object]:
        blockers = [{"id": task.pk, "title": task.title, "status": task.status} for task in self.blockers]
        return {"blockers": blockers, "hidden_blockers": self.hidden}


def replace_prerequisites(task: Task, wanted: Iterable[int], *, by: User) -> dict[str, Change]:
    """Replaces the prerequisites that `by` can see; others stay.

    Raises Invalid for a task that `by` can't see, and for a cycle, naming its path.
    Returns the change for the history, if any.
    """
    wanted = set(wanted)
    one_at_a_time("prerequisites")
    present = set(Prerequisite.objects.filter(task=task).values_list("needs_id", flat=True))
    concerned = present | wanted
    visible = set(Task.objects.visible_to(by).filter(pk__in=concerned).values_list("pk", flat=True))
    if wanted != present & visible:
        check_may_edit(by, task)
    missing = wanted - visible
    if missing:
        raise invalid("pre_tasks", "does_not_exist", f"There is no task {min(missing)} that you can see.")
    gone, new = (present & visible) - wanted, wanted - present
    if not gone and not new:
        return {}
    if new:
        _refuse_cycle(task, new, by=by)
    Prerequisite.objects.filter(task=task, needs__in=gone).delete()
    Prerequisite.objects.bulk_create(Prerequisite(task=task, needs_id=needs) for needs in sorted(new))
    return {"pre_tasks": (sorted(present), sorted(present - gone | new))}


def _refuse_cycle(task: Task, new: set[int], *, by: User) -> None:
    path = [task.pk, task.pk] if task.pk in new else _path_to_itself(task.pk, new)
    if path:
        shown = (
            path if len(path) <= MAX_PATH_SHOWN else [*path[: MAX_PATH_SHOWN // 2], 0, *path[-MAX_PATH_SHOWN // 2 :]]
        )
        seen = set(Task.objects.visible_to(by).filter(pk__in=shown).values_list("pk", flat=True))
        text = " → ".join(str(pk) if pk in seen else "…" for pk in shown)
        raise invalid("pre_tasks", "circle", f"A task can't block itself: {text}.")


def _path_to_itself(start: int, new: set[int]) -> list[int]:
    """The shortest path from the task over a new link back to itself; empty if there is none."""
    links: dict[int, list[int]] = {start: sorted(new)}
    with connection.cursor() as cursor:
        cursor.execute(REACHABLE.format(placeholders=", ".join(["%s"] * len(new))), sorted(new))
        for task_id, needs_id in cursor.fetchall():
            links.setdefault(task_id, []).append(needs_id)
    came_from: dict[int, int] = {}
    queue = deque([start])
    while queue:
        here = queue.popleft()
        for there in links.get(here, ()):
            if there == start:
                return _traced_back(came_from, here, start)
            if there not in came_from:
                came_from[there] = here
                queue.append(there)
    return []


def _traced_back(came_from: dict[int, int], last: int, start: int) -> list[int]:
    path = [start, last]
    while path[-1] != start:
        path.append(came_from[path[-1]])
    return path[::-1]


def check_not_blocked(task: Task, *, by: User) -> None:
    """Raises Blocked, naming the blockers that the person can see and counting the others."""
    blockers = Prerequisite.objects.blocking().filter(task=task).values_list("needs_id", flat=True)
    total = len(blockers)
    if total:
        seen = list(Task.objects.visible_to(by).filter(pk__in=list(blockers)).order_by("pk"))
        raise Blocked(seen, hidden=total - len(seen))


def blocked_by(task_ids: Iterable[int]) -> set[int]:
    """The blocked tasks among those that have any of these as a prerequisite.

    Takes a lock if there are any: of two people who finish the last two blockers at once, one must see the task free.
    """
    waiting = Task.objects.open().filter(needs__needs__in=list(task_ids)).blocked()
    found = set(waiting.values_list("pk", flat=True))
    if found:
        one_at_a_time("prerequisites")
    return found


def notify_unblocked_by(blocked_before: set[int], *, by: User | None, now: datetime) -> None:
    """Records which of these tasks are no longer blocked, and notifies their people."""
    if not blocked_before:
        return
    for task in Task.objects.open().filter(pk__in=blocked_before).free().order_by("pk"):
        record(task.pk, "unblocked", by=by, at=now, field="is_blocked", old=True, new=False)
        notify_unblocked(task, by=by, now=now)
