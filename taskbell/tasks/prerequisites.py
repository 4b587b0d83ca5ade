"""Prerequisites: a directed graph of tasks without cycles."""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db.models import Count, Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from taskbell.accounts.models import User
from taskbell.activity.actions import Change, Entry, record_entries
from taskbell.common.errors import Conflict, invalid
from taskbell.common.locks import one_at_a_time
from taskbell.common.sql import fetch, marks
from taskbell.common.wording import grouped
from taskbell.notifications.messages import notify
from taskbell.tasks.finished import Finished
from taskbell.tasks.models import Prerequisite, Task, TaskQuerySet
from taskbell.tasks.notifications import unblocked_messages
from taskbell.tasks.policy import check_may_edit

MAX_PREREQUISITES = 200  # of a task
MAX_DEPENDENTS = 1000  # tasks that a prerequisite blocks
MAX_PATH_SHOWN = 20  # the middle of a longer path is left out of the message
MAX_LINKS_READ = 50_000  # to name the path of a cycle
FEW = 1000
TOO_MANY_DEPENDENTS = gettext_noop("Can't block this task by task {}, which blocks {} others already.")
TOO_MANY_LINKED = gettext_noop(
    "Can't check these prerequisites for cycles, because too many tasks are linked. Link fewer tasks."
)

# The tasks that can be reached over the links, each once, however many links and paths lead to it.
REACHED = """
WITH RECURSIVE reached(id) AS (
    SELECT {start} FROM tasks_prerequisite WHERE {start} IN ({placeholders})
    UNION
    SELECT link.{to} FROM tasks_prerequisite link JOIN reached ON link.{start} = reached.id
)
"""

LINKS = "SELECT task_id, needs_id FROM tasks_prerequisite WHERE task_id IN (SELECT id FROM reached) LIMIT %s"


@dataclass
class Effort:
    """How much the changes of one transaction may still cost beyond their own rows, so that others can write soon."""

    reach: int = 12_000  # tasks that the search for cycles may look at
    free: int = 500  # blocked tasks that are looked at at once; more are left to the clock


class Waiting(NamedTuple):
    """Tasks that were blocked; or, if there are too many, the prerequisites whose dependents the clock looks at."""

    tasks: frozenset[int]
    left_to_clock: Sequence[int]


class Blocked(Conflict):
    """The task is blocked by others."""

    title = "Blocked"

    def __init__(self, blockers: Sequence[Task], hidden: int) -> None:
        super().__init__(_("Can't complete this task, because it is blocked. Finish its prerequisites first."))
        self.blockers = blockers
        self.hidden = hidden

    def members(self) -> dict[str, object]:
        blockers = [{"id": task.pk, "title": task.title, "status": task.status} for task in self.blockers]
        return {"blockers": blockers, "hidden_blockers": self.hidden}


def replace_prerequisites(
    task: Task, wanted: Iterable[int], *, is_new: bool = False, effort: Effort, by: User
) -> dict[str, Change]:
    """Replaces the prerequisites that `by` can see; others stay.

    Raises Invalid for a task that `by` can't see, for one that blocks too many already, and for a cycle, naming its
    path. Nothing is blocked by a new task. Returns the change for the history, if any.
    """
    wanted = set(wanted)
    one_at_a_time("prerequisites")
    present = set() if is_new else set(Prerequisite.objects.filter(task=task).values_list("needs_id", flat=True))
    concerned = present | wanted
    visible = set(Task.objects.visible_to(by).filter(pk__in=concerned).values_list("pk", flat=True))
    if wanted != present & visible:
        check_may_edit(by, task)
    missing = wanted - visible
    if missing:
        raise invalid(
            "pre_tasks",
            "does_not_exist",
            _("There is no task %(missing)s that you can see.") % {"missing": min(missing)},
        )
    gone, new = (present & visible) - wanted, wanted - present
    if not gone and not new:
        return {}
    if new:
        _refuse_too_many_dependents(new)
    if new and not is_new:
        _refuse_cycle(task, new, effort=effort, by=by)
    Prerequisite.objects.filter(task=task, needs__in=gone).delete()
    Prerequisite.objects.bulk_create(Prerequisite(task=task, needs_id=needs) for needs in sorted(new))
    return {"pre_tasks": (sorted(present), sorted(present - gone | new))}


def _refuse_too_many_dependents(new: set[int]) -> None:
    blocking = Prerequisite.objects.filter(needs__in=new).order_by().values("needs").annotate(number=Count("pk"))
    full = blocking.filter(number__gte=MAX_DEPENDENTS).values_list("needs", flat=True)
    if ids := list(full):
        raise invalid("pre_tasks", "dependents", _(TOO_MANY_DEPENDENTS).format(min(ids), grouped(MAX_DEPENDENTS)))


def _refuse_cycle(task: Task, new: set[int], *, effort: Effort, by: User) -> None:
    if task.pk not in new and not _is_reached(task.pk, new, effort):
        return
    path = [task.pk, task.pk] if task.pk in new else _path_to_itself(task.pk, new)
    shown = path if len(path) <= MAX_PATH_SHOWN else [*path[: MAX_PATH_SHOWN // 2], 0, *path[-MAX_PATH_SHOWN // 2 :]]
    seen = set(Task.objects.visible_to(by).filter(pk__in=shown).values_list("pk", flat=True))
    text = " → ".join(str(pk) if pk in seen else "…" for pk in shown)
    raise invalid("pre_tasks", "circle", _("A task can't block itself: %(text)s.") % {"text": text})


def _is_reached(task_id: int, new: set[int], effort: Effort) -> bool:
    """True if the task is among the prerequisites of the new ones, or theirs. Raises Invalid if there are too many.

    Usually few tasks wait for the task, and it is enough to look at those.
    """
    waiting = _reached("needs_id", "task_id", [task_id], limit=FEW)
    if len(waiting) < FEW:
        return not new.isdisjoint(waiting)
    needed = _reached("task_id", "needs_id", sorted(new), limit=max(effort.reach, 1))
    effort.reach -= len(needed)
    if task_id not in needed and effort.reach <= 0:
        raise invalid("pre_tasks", "too_many_linked", _(TOO_MANY_LINKED))
    return task_id in needed


def _reached(start: str, to: str, ids: Sequence[int], *, limit: int) -> set[int]:
    return {pk for (pk,) in _fetched("SELECT id FROM reached LIMIT %s", start, to, ids, limit=limit)}


def _fetched(query: str, start: str, to: str, ids: Sequence[int], *, limit: int) -> list[tuple[int, ...]]:
    """The first rows of a query about the tasks `reached` from these."""
    return fetch(REACHED.format(start=start, to=to, placeholders=marks(ids)) + query, [*ids, limit])


def _path_to_itself(start: int, new: set[int]) -> list[int]:
    """The shortest path from the task over a new link back to itself; only its ends, with 0 between, in a large graph.

    Call it if there is one.
    """
    links: dict[int, list[int]] = {start: sorted(new)}
    for task_id, needs_id in _fetched(LINKS, "task_id", "needs_id", sorted(new), limit=MAX_LINKS_READ):
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
    return [start, 0, start]


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


def blocked_by(task_ids: Iterable[int], effort: Effort) -> Waiting | None:
    """The blocked tasks among those that have any of these as a prerequisite; None if there are none.

    Takes a lock if there are any: of two people who finish the last two blockers at once, one must see the task free.
    """
    ids = list(task_ids)
    blocked = Task.objects.open().filter(needs__needs__in=ids).blocked().distinct()
    found = set(blocked.values_list("pk", flat=True)[: effort.free + 1])
    if not found:
        return None
    one_at_a_time("prerequisites")
    if len(found) > effort.free:
        return Waiting(frozenset(), ids)
    effort.free -= len(found)
    return Waiting(frozenset(found), ())


def notify_unblocked_by(waiting: Waiting | None, *, by: User | None, now: datetime) -> None:
    """Records which of these tasks are no longer blocked, and notifies their people; of very many, the clock does."""
    if waiting is None:
        return
    if waiting.left_to_clock:
        last = Prerequisite.objects.filter(needs__in=waiting.left_to_clock).aggregate(last=Max("pk"))["last"]
        Finished.objects.bulk_create(
            Finished(task_id=task, finished_by=by, finished_at=now, last_link=last) for task in waiting.left_to_clock
        )
    free_tasks(Task.objects.filter(pk__in=waiting.tasks), by=by, now=now)


def free_tasks(tasks: TaskQuerySet, *, by: User | None, now: datetime) -> None:
    """Records that those of the tasks that are open and not blocked are free now, and notifies their people."""
    free = list(tasks.open().free().order_by("pk"))
    record_entries(Entry(task, "unblocked", by=by, at=now, field="is_blocked", old=True, new=False) for task in free)
    notify([message for task in free for message in unblocked_messages(task, by=by, now=now)], now=now)
