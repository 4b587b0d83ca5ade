"""A midnight at which very many tasks become overdue: how long it takes, and whether anybody has to wait for it."""

from datetime import UTC, datetime, time, timedelta
from itertools import chain, islice
from time import monotonic, sleep

from benchmarks import shape
from benchmarks.beside import beside
from benchmarks.measure import Goal, Row, Sizes
from benchmarks.seed import load_tasks, seed_people, settle
from taskbell.common.clock import utc_now
from taskbell.tasks.models import Task
from taskbell.tasks.scheduled import mark_overdue

# On SQLite, where one process writes at a time, this bounds the wait to a batch or two.
GOAL = Goal("max", 1000)
NO_DAY, DAY = timedelta(0), timedelta(days=1)
# Tasks of the day before, with their notifications: PostgreSQL checks keys of an empty table by reading all of it.
EARLIER = 1000


def run(sizes: Sizes) -> list[Row]:
    """One sweep, with somebody who writes before it and during it."""
    midnight = datetime.combine(utc_now().date(), time(), UTC)
    seed_people(sizes.people, now=midnight)
    due, before = (shape.tasks_due_at(midnight - days, sizes.due, people=sizes.people) for days in (NO_DAY, DAY))
    earlier = [(sizes.due + number, *row) for number, *row in islice(before, EARLIER)]
    load_tasks(chain(due, earlier), total=sizes.due + len(earlier))
    mark_overdue(midnight - DAY + timedelta(seconds=1))
    settle()
    with beside("writer", sizes) as lines:
        sleep(sizes.seconds)
        begin = monotonic()
        marked = mark_overdue(midnight + timedelta(seconds=1))
        end = monotonic()
    if marked != sizes.due or Task.objects.newly_overdue(utc_now()).exists():
        raise RuntimeError(f"Of {sizes.due:,} tasks {marked:,} were marked.")
    writes = [(float(at), float(took)) for at, took in map(str.split, lines)]
    before = [took for at, took in writes if at + took / 1000 < begin]
    during = [took for at, took in writes if at + took / 1000 >= begin and at < end]
    return [
        Row(f"sweep of {sizes.due:,} tasks", [(end - begin) * 1000]),
        Row("a change during the sweep", during, before, "before it", GOAL),
    ]
