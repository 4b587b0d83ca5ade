"""What limits a large installation first: how many changes commit in a second, and what a task takes on the disk."""

from functools import partial
from threading import Thread
from time import perf_counter

import psycopg
from django.db import connection

from benchmarks.measure import Row, Sizes, interleaved
from benchmarks.seed import seed
from taskbell.activity.actions import Entry, record_entries
from taskbell.activity.models import SubjectType
from taskbell.common.clock import utc_now
from taskbell.tasks.models import Task

CONNECTIONS = (1, 4, 16)
ENTRIES = 10_000
OF_TASKS = ("tasks_task", "tasks_searchtext", "tasks_taskcount", "tasks_prerequisite", "reminders_reminder")
OF_HISTORY = ("activity_activity", "activity_place")
CHANGE = f"""
INSERT INTO activity_activity (subject_type, subject_id, task_id, action, user_id, timestamp, field)
VALUES ('{SubjectType.TASK}', 1, 1, 'changed', 1, now(), 'title')
"""  # noqa: S608 - a constant
ADDRESS = ("dbname", "user", "password", "host", "port")
BARE = "INSERT INTO bare_row (task_id, action, at) VALUES (1, 'changed', now())"


def run(sizes: Sizes) -> list[Row]:
    """A tenth of the tasks. A change here is its entry in the history alone, so that only the commit counts."""
    if connection.vendor != "postgresql":
        return []
    now = utc_now()
    seed(sizes.tasks // 10, people=sizes.people, now=now)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bare_row (id bigserial PRIMARY KEY, task_id bigint, action text, at timestamptz)")
        cursor.execute("VACUUM FULL")
    kib = {"tasks": _size(OF_TASKS) / Task.objects.count()}
    task = Task.objects.order_by("id")[0]
    before = _size(OF_HISTORY)
    record_entries(Entry(task, "changed", None, now, "title", "Water", "Water it") for _ in range(ENTRIES))
    kib["entries"] = (_size(OF_HISTORY) - before) / ENTRIES
    rows = [
        Row("a task on the disk, with all its indexes", [kib["tasks"]], unit=" KiB"),
        Row("an entry of the history on the disk", [kib["entries"]], unit=" KiB"),
    ]
    for number in CONNECTIONS:
        sides = {one: partial(_commits, one, number, sizes.seconds) for one in (CHANGE, BARE)}
        said = interleaved(sides, sizes.rounds)
        rows.append(Row(f"changes committed, {number} at a time", said[CHANGE], said[BARE], "a bare row", unit="/s"))
    return rows


def _size(tables: tuple[str, ...]) -> float:
    """Together with their indexes, in KiB."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(pg_total_relation_size(relid)) FROM unnest(%s::text[]) name, pg_partition_tree(name::regclass)",
            [list(tables)],
        )
        return float(cursor.fetchone()[0]) / 1024


def _commits(statement: str, at_once: int, seconds: float) -> float:
    """How many transactions a second."""
    done = [0] * at_once
    begin = perf_counter()
    threads = [Thread(target=_write, args=(statement, done, one, begin + seconds)) for one in range(at_once)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done) / (perf_counter() - begin)


def _write(statement: str, done: list[int], own: int, until: float) -> None:
    given = connection.get_connection_params()
    address = {name: given[name] for name in ADDRESS if given.get(name)}
    with psycopg.connect(**address, autocommit=True) as opened:
        while perf_counter() < until:
            opened.execute(statement, prepare=True)
            done[own] += 1
