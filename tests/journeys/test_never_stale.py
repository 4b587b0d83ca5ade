"""Nobody reads a list that is older than what they were told is done, whichever process answers, cache or not."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random

import orjson
import pytest

from tests.journeys.facts import (
    BLOCKED,
    BY_REMINDER,
    DONE,
    INSIGHTS,
    LIST,
    PROJECTS,
    Oracle,
    Rows,
    lies,
    reworded,
    rows_of,
)
from tests.journeys.wires import PROCESSES, Person
from tests.journeys.writers import ADMIN, Writer
from tests.prepared import prepared
from tests.processes import RunningTaskbell, eventually
from tests.services import fresh_database

ENOUGH = 10_000  # on each database
BETWEEN_WRITES = 250  # reads of everybody, for each writer; else hardly any answer would come from the cache
BETWEEN_ROLES = 1000
PATHS = (LIST, DONE, BLOCKED, BY_REMINDER, PROJECTS, INSIGHTS)


class Run:
    """Everybody, and how much has been read."""

    def __init__(self, tree: RunningTaskbell) -> None:
        self.tree, self.oracle = tree, Oracle()
        self.people = [Person(name, tree).register() for name in (ADMIN, "bert", "cleo", "dora", "eric")]
        _, *members = self.people
        pairs = zip(members, [*members[1:], members[0]], strict=True)
        self.writers = [Writer(me.again(), of, self.oracle, seed=me.id) for me, of in pairs]
        self.turncoat, self.chief = Person("fred", tree).register(), self.people[0].again()
        self.numbers = count(1)
        self.reads, self.kept, self.stale = [0] * (len(self.people) + 1), 0, list[str]()
        self.is_over = threading.Event()

    def until(self, reads: int) -> None:
        """Everybody writes and reads, until so much has been read."""
        self.is_over.clear()
        work: list[Callable[[], None]] = [lambda writer=writer: self.write(writer) for writer in self.writers]
        work += [lambda number=number: self.read(number) for number in range(len(self.people))]
        work += [self.change_sides]
        with ThreadPoolExecutor(len(work)) as pool:
            jobs = [pool.submit(self.guarded, job) for job in work]
            while sum(self.reads) < reads and not self.stale and not self.is_over.is_set():
                time.sleep(0.02)
            self.is_over.set()
        for job in jobs:
            job.result()

    def close(self) -> None:
        for person in (*self.people, self.turncoat):
            person.leave()

    def guarded(self, job: Callable[[], None]) -> None:
        try:
            job()
        finally:
            self.is_over.set()  # also for the others, where it failed

    def wait_for_reads(self, reads: int) -> None:
        goal = sum(self.reads) + reads
        while sum(self.reads) < goal and not self.is_over.is_set():
            time.sleep(0.01)

    def write(self, writer: Writer) -> None:
        while not self.is_over.is_set():
            for deed in writer.deeds:
                deed()
                self.wait_for_reads(BETWEEN_WRITES)

    def read(self, number: int) -> None:
        """One list after the other, from both processes, with and without what they have had."""
        person, chance = self.people[number], Random(number)
        had: dict[str, tuple[str, Rows]] = {}
        person.connect()
        path = LIST
        while not self.is_over.is_set():
            path = path if chance.random() < 0.9 else chance.choice((LIST, *PATHS))
            tag, rows = had.get(path, ("", {}))
            before = self.oracle.before(person.name, path)
            known = tag if chance.random() < 0.8 else ""
            status, tag, body = person.ask(chance.randrange(PROCESSES), path, tag=known)
            if status == 200:
                rows = rows_of(path, orjson.loads(body))
                had[path] = tag, rows
            else:
                assert status == 304, (status, body)
                self.kept += 1
            self.stale += [f"{person.name}, {status}: {lie}" for lie in lies(rows, before)]
            self.reads[number] += 1

    def change_sides(self) -> None:
        """Fred sees everything and then nothing, and moves round the world."""
        fred = self.turncoat
        border = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S")
        recent = f"/api/tasks/?page_size=200&updated_since={border}"
        while not self.is_over.is_set():
            turn = next(self.numbers)
            is_manager, is_far = turn % 2 == 0, turn % 4 < 2
            zone = "Pacific/Auckland" if is_far else "Etc/GMT+12"  # there, the border is yesterday; here, tomorrow
            self.chief.done("PATCH", f"/api/users/{fred.id}/", {"role": "MANAGER" if is_manager else "MEMBER"})
            fred.done("PATCH", "/api/profile/", {"timezone": zone})
            fred.connect()
            for wire in range(PROCESSES):
                for path, is_full in ((LIST, is_manager), (recent, is_manager and is_far)) * 2:
                    status, _, body = fred.ask(wire, path)
                    found = orjson.loads(body)["count"]
                    if status != 200 or bool(found) != is_full:
                        self.stale.append(f"fred, {status}: {path} in {zone} has {found}, manager: {is_manager}")
                    self.reads[-1] += 1
            self.wait_for_reads(BETWEEN_ROLES)

    def compare(self) -> None:
        """At rest, what is kept is byte for byte what is made anew: the same question in words nobody has used."""
        eventually(lambda: all(writer.clock_has_acted() for writer in self.writers), within=60)
        for person in (*self.people, self.turncoat):
            person.connect()
            for path in PATHS:
                wanted = person.ask(0, reworded(path, next(self.numbers)))
                for wire in (0, 1, 0):
                    status, _, body = person.ask(wire, path)
                    assert (status, body) == (200, wanted[2]), (person.name, path)


@pytest.mark.no_cover  # of the processes nothing is measured, and this one would be slower
def test_what_was_acknowledged_is_read_from_every_process_and_without_the_cache(tmp_path: Path) -> None:
    env = {"WEB_CONCURRENCY": str(PROCESSES), "TASKBELL_REGISTRATION": "open", "TASKBELL_OVERDUE_SWEEP_SECONDS": "1"}
    with RunningTaskbell(prepared(tmp_path / "data"), env=fresh_database() | env) as tree, closing(Run(tree)) as run:
        for is_killed in (False, True):
            old = tree.kill("valkey") if is_killed else None
            run.until(sum(run.reads) + ENOUGH // 2)
            assert run.stale == []
            if old:
                tree.wait_until_restarted("valkey", old=old)
            run.compare()
        assert sum(run.reads) >= ENOUGH
        assert run.kept > ENOUGH / 10, "304 was hardly ever the answer"
