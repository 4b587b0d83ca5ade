"""People of the version before projects, who read lists and change tasks, in a process of their own.

The code of that version is gone; its statements are here. Writes a line when ready, and then, for each statement, its
name, when it began, how many milliseconds it took, and `refused` if the database did not let it.
"""

import select
import sys
from collections.abc import Callable
from random import Random
from threading import Event, Lock, Thread
from time import monotonic, sleep

from django.db import DatabaseError, OperationalError, connection

from benchmarks.measure import Row, Sizes, milliseconds
from taskbell.common.sql import execute, fetch

PAUSE = 0.01  # a busy team, not a load test
# A page of the tasks that a person has created or is assigned to.
MINE = """
    SELECT id, title, stage, priority, due_at FROM tasks_task WHERE id IN (
        SELECT id FROM (
            SELECT * FROM (SELECT id FROM tasks_task
                WHERE created_by_id = %s AND deleted_at IS NULL ORDER BY id DESC LIMIT 50) AS created
            UNION
            SELECT * FROM (SELECT id FROM tasks_task
                WHERE assigned_to_id = %s AND deleted_at IS NULL ORDER BY id DESC LIMIT 50) AS assigned
        ) AS mine ORDER BY id DESC LIMIT 50
    ) ORDER BY id DESC
"""
NEWEST = "SELECT id, title, stage FROM tasks_task WHERE deleted_at IS NULL ORDER BY id DESC LIMIT 50"
CHANGE = "UPDATE tasks_task SET version = version + 1 WHERE id = %s"
NOT_COPIED = ("id", "series", "source", "source_id")


def run(sizes: Sizes) -> list[Row]:
    """Lists of one person after the other and of everybody; changes and new tasks."""
    Meanwhile(sizes).go_on()
    return []


class Meanwhile:
    """Somebody who reads, and somebody who writes."""

    def __init__(self, sizes: Sizes) -> None:
        self.sizes = sizes
        self.over, self.speaking = Event(), Lock()
        self.columns = _columns()

    def go_on(self) -> None:
        """Until the input ends."""
        threads = [Thread(target=self._repeat, args=(act,)) for act in (self._read, self._write)]
        self._say("ready")
        for thread in threads:
            thread.start()
        select.select([sys.stdin], [], [])
        self.over.set()
        for thread in threads:
            thread.join()

    def _repeat(self, act: Callable[[Random], None]) -> None:
        random = Random(7)  # noqa: S311 - to be the same every time
        while not self.over.wait(PAUSE):
            act(random)
        connection.close()

    def _read(self, random: Random) -> None:
        person = random.randrange(1, self.sizes.people + 1)
        self._timed("read", lambda: fetch(MINE, [person, person]))
        self._timed("read", lambda: fetch(NEWEST))

    def _write(self, random: Random) -> None:
        task = random.randrange(1, self.sizes.tasks + 1)
        copy = f"INSERT INTO tasks_task ({self.columns}) SELECT {self.columns} FROM tasks_task WHERE id = %s"  # noqa: S608
        self._timed("change", lambda: execute(CHANGE, [task]))
        self._timed("create", lambda: execute(copy, [task]))

    def _timed(self, name: str, act: Callable[[], object]) -> None:
        begin, end = monotonic(), ""

        def until_it_may() -> None:
            nonlocal end
            while True:
                try:
                    act()
                except OperationalError:  # SQLite has been busy for too long; people try again
                    sleep(PAUSE)
                except DatabaseError:
                    end = " refused"
                    return
                else:
                    return

        took = milliseconds(until_it_may)
        self._say(f"{name} {begin} {took}{end}")

    def _say(self, line: str) -> None:
        with self.speaking:
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()


def _columns() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM tasks_task LIMIT 0")
        return ", ".join(column[0] for column in cursor.description or () if column[0] not in NOT_COPIED)
