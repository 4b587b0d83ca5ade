"""An installation from before projects gets them while people read its lists, and goes back."""

from time import monotonic, sleep
from typing import NamedTuple

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import F
from rich.console import Console

from benchmarks.beside import beside
from benchmarks.measure import Goal, Row, Sizes
from benchmarks.seed import load, seed, settle
from taskbell.activity.models import Activity, SubjectType
from taskbell.common.clock import utc_now
from taskbell.common.sql import fetch
from taskbell.tasks.counting import recount
from taskbell.tasks.models import Task

BEFORE: list[tuple[str, str | None]] = [
    ("comments", None),
    ("projects", None),
    ("tasks", "0009_finished"),
    ("reports", "0006_imports"),
    ("accounts", "0009_quotas"),
    ("activity", "0003_places"),
]
ENTRY = ("subject_type", "subject_id", "task", "user", "action", "new_value", "timestamp")
KINDS = {"read": "a list", "change": "a change", "create": "a new task"}
READS, SOON = Goal("median", 100), Goal("max", 1000)


def run(sizes: Sizes) -> list[Row]:
    """Back, as a rehearsal; forwards, with people who read and write; and back again. Nothing may get lost."""
    seed(sizes.tasks, people=sizes.people, now=utc_now())
    entries = Task.objects.values_list("pk", "created_by", "created_at").order_by("pk")
    load(Activity, ENTRY, [(SubjectType.TASK.value, pk, pk, person, "created", "{}", at) for pk, person, at in entries])
    back = [_migrate(BEFORE)]
    settle()
    with beside("meanwhile", sizes) as lines:
        sleep(sizes.seconds)
        begin = monotonic()
        forwards = _migrate(MigrationExecutor(connection).loader.graph.leaf_nodes())
        end = monotonic()
    said = [Statement.of(line) for line in lines]
    _check_nothing_is_lost(sizes, said)
    back.append(_migrate(BEFORE))
    if fetch("SELECT COUNT(*) FROM tasks_task")[0][0] != sizes.tasks + _created(said):
        raise RuntimeError("Tasks were lost on the way back.")
    return [
        Row(f"forwards, {sizes.tasks:,} tasks", [forwards], unit=" min"),
        Row(f"back, {sizes.tasks:,} tasks", back, unit=" min"),
        *_rows(said, begin, end),
    ]


class Statement(NamedTuple):
    """A statement of the older version: when it began, in seconds, and how many milliseconds it took."""

    name: str
    begin: float
    took: float
    is_refused: bool

    @classmethod
    def of(cls, line: str) -> "Statement":
        """As `meanwhile.py` writes it."""
        name, begin, took, *refused = line.split()
        return cls(name, float(begin), float(took), bool(refused))


def _migrate(to: list[tuple[str, str | None]]) -> float:
    """Minutes. Says which migrations took longer than a second."""
    begin = last = monotonic()

    def tell(action: str, migration: object = None, fake: bool = False) -> None:
        nonlocal last
        now = monotonic()
        if action.endswith("success") and now - last > 1:
            Console(stderr=True).print(f"{action} {migration}: {now - last:.1f} s", highlight=False)
        last = now

    MigrationExecutor(connection, tell).migrate(to)
    return (monotonic() - begin) / 60


def _check_nothing_is_lost(sizes: Sizes, said: list[Statement]) -> None:
    """Raises RuntimeError unless all tasks are in the Inbox of their creator, all entries are there, and all count."""
    found = {
        "tasks": Task.objects.count() - _created(said),
        "tasks in the Inbox of their creator": Task.objects.filter(project__inbox_of=F("created_by")).count()
        - _created(said),
        "entries": Activity.objects.filter(subject_type=SubjectType.TASK, subject_id=F("task")).count(),
    }
    if set(found.values()) != {sizes.tasks} or recount():
        raise RuntimeError(f"Of {sizes.tasks:,} there are {found}, or they are not counted.")


def _created(said: list[Statement]) -> int:
    return sum(statement.name == "create" and not statement.is_refused for statement in said)


def _rows(said: list[Statement], begin: float, end: float) -> list[Row]:
    rows = []
    for name, what in KINDS.items():
        of_kind = [one for one in said if one.name == name and not one.is_refused]
        before = [one.took for one in of_kind if one.begin + one.took / 1000 < begin]
        during = [one.took for one in of_kind if one.begin + one.took / 1000 >= begin and one.begin < end]
        is_read = name == "read"
        p99s = [[_p99(times)] for times in (during, before)]
        rows += [
            Row(f"{what} meanwhile, 99th percentile", *p99s, "before", READS if is_read else None),
            Row(f"{what} meanwhile, the longest", [max(during)], [max(before)], "before", SOON if is_read else None),
        ]
    refused = [one.begin for one in said if one.is_refused]
    lasted = max(end - min(refused, default=end), 0)
    return [*rows, Row("new tasks of the version before are refused", [lasted], unit=" s")]


def _p99(times: list[float]) -> float:
    return sorted(times)[len(times) * 99 // 100]
