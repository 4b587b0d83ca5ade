"""What has to be done first: a directed graph of tasks without circles."""

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

MOST_PREREQUISITES = 200
LONGEST_WAY = 20  # of a longer way round, the middle is left out where it is told

# Every link that can be reached from the new ones, each once, whatever the number of ways to it.
REACHABLE = """
WITH RECURSIVE reachable(task_id, needs_id) AS (
    SELECT task_id, needs_id FROM tasks_prerequisite WHERE task_id IN ({placeholders})
    UNION
    SELECT link.task_id, link.needs_id FROM tasks_prerequisite link JOIN reachable ON link.task_id = reachable.needs_id
)
SELECT task_id, needs_id FROM reachable
"""


class Blocked(Conflict):
    """The task waits for others."""

    title = "Blocked"

    def __init__(self, blockers: Sequence[Task], hidden: int) -> None:
        super().__init__("Finish the tasks this one waits for first.")
        self.blockers = blockers
        self.hidden = hidden

    def members(self) -> dict[str, object]:
        blockers = [{"id": task.pk, "title": task.title, "status": task.status} for task in self.blockers]
        return {"blockers": blockers, "hidden_blockers": self.hidden}


def replace_prerequisites(task: Task, wanted: Iterable[int], *, by: User) -> dict[str, Change]:
    """Makes these the task's prerequisites, of those that `by` can see; the others stay.

    Raises Invalid for one that cannot be seen, and for a circle, naming the way round.
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
        _refuse_circle(task, new, by=by)
    Prerequisite.objects.filter(task=task, needs__in=gone).delete()
    Prerequisite.objects.bulk_create(Prerequisite(task=task, needs_id=needs) for needs in sorted(new))
    return {"pre_tasks": (sorted(present), sorted(present - gone | new))}


def _refuse_circle(task: Task, new: set[int], *, by: User) -> None:
    path = [task.pk, task.pk] if task.pk in new else _way_back(task.pk, new)
    if path:
        told = path if len(path) <= LONGEST_WAY else [*path[: LONGEST_WAY // 2], 0, *path[-LONGEST_WAY // 2 :]]
        seen = set(Task.objects.visible_to(by).filter(pk__in=told).values_list("pk", flat=True))
        way = " → ".join(str(pk) if pk in seen else "…" for pk in told)
        raise invalid("pre_tasks", "circle", f"A task cannot wait for itself: {way}.")


def _way_back(start: int, new: set[int]) -> list[int]:
    """The shortest way from the task over a new link back to itself; empty where there is none."""
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
                return _unwound(came_from, here, start)
            if there not in came_from:
                came_from[there] = here
                queue.append(there)
    return []


def _unwound(came_from: dict[int, int], last: int, start: int) -> list[int]:
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
    """Of the open tasks that wait for any of these, those that are blocked now.

    Two who finish the last two blockers at once come one after the other, so that one of them sees the task free.
    """
    waiting = Task.objects.open().filter(needs__needs__in=list(task_ids)).blocked()
    found = set(waiting.values_list("pk", flat=True))
    if found:
        one_at_a_time("prerequisites")
    return found


def notify_unblocked_by(were_blocked: set[int], *, by: User | None, now: datetime) -> None:
    """Writes the history of tasks that nothing blocks any more, and tells their people."""
    if not were_blocked:
        return
    for task in Task.objects.open().filter(pk__in=were_blocked).free().order_by("pk"):
        record(task.pk, "unblocked", by=by, at=now, field="is_blocked", old=True, new=False)
        notify_unblocked(task, by=by, now=now)
