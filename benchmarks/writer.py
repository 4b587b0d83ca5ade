"""Somebody who changes one task after another, in a process of their own, until their input ends.

Writes a line when ready, and then for every change when it began and how many milliseconds it took. All processes of
the machine read the same clock.
"""

import select
import sys
from functools import partial
from random import Random
from time import monotonic

from benchmarks import shape
from benchmarks.measure import Row, Sizes, milliseconds
from taskbell.accounts.models import User
from taskbell.common.clock import utc_now
from taskbell.tasks.actions import update_task
from taskbell.tasks.patch import TaskPatch

PAUSE = 0.01  # a busy team, not a load test


def run(sizes: Sizes) -> list[Row]:
    """Gives tasks new titles, in no order, among them many that are about to be marked."""
    manager, random = User.objects.get(pk=shape.MANAGER), Random(5)  # noqa: S311 - to be the same every time
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while not select.select([sys.stdin], [], [], PAUSE)[0]:
        task, begin = random.randrange(1, sizes.due + 1), monotonic()
        patch = TaskPatch(title=f"Call back at {begin}")
        took = milliseconds(partial(update_task, task, patch, by=manager, now=utc_now()))
        sys.stdout.write(f"{begin} {took}\n")
    return []
