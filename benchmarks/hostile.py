"""What others notice while somebody attacks: a member's writes, the health check, reminders, and memory.

Taskbell runs as people start it. One attack after the other goes on for a while, ten times at once; beside it, another
member creates tasks, a monitor asks for the health, and a reminder is due every second. First the same without attack.
"""

import logging
import os
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from threading import Event
from time import monotonic, perf_counter, sleep
from typing import Any

import httpx
from django.conf import settings

from benchmarks.measure import Goal, Row, Sizes
from benchmarks.requests import asker
from benchmarks.seed import load_search_texts, load_tasks, seed_people, settle
from benchmarks.shape import COLUMNS, tasks
from taskbell.accounts.models import User
from taskbell.common.clock import utc_now
from tests.processes import RunningTaskbell

ATTACKER, OTHER = 2, 3
ATTACKERS = 10
WATCHED = 3  # times `Sizes.seconds`
MIB = 1024 * 1024
WRITES, HEALTH, LATE, MEMORY = Goal("max", 1000), Goal("max", 100), Goal("max", 2000), Goal("max", 600, " MiB")


@dataclass
class Site:
    """The running installation, and the tokens of two people."""

    running: RunningTaskbell
    attacker: str
    other: str
    over: Event = field(default_factory=Event)

    def client(self, token: str = "") -> httpx.Client:
        """A program of this person; of a stranger without a token."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(base_url=self.running.base_url, headers=headers, timeout=120)

    def repeat(self, method: str, path: str, *, token: str = "", **given: Any) -> None:
        """The same request, until the watch is over."""
        with self.client(token) as program:
            while not self.over.is_set():
                with suppress(httpx.HTTPError):
                    program.request(method, path, **given)

    @contextmanager
    def sockets(self, count: int, data: bytes) -> Iterator[None]:
        """Connections that have sent this much, and wait."""
        opened: list[socket.socket] = []
        try:
            for _ in range(count):
                with suppress(OSError):
                    opened.append(connection := socket.create_connection(("127.0.0.1", self.running.port), timeout=5))
                    connection.sendall(data)
            yield
        finally:
            for connection in opened:
                connection.close()


Attack = Callable[[Site], None]


def _asks(method: str, path: str, **given: Any) -> Attack:
    return lambda site: site.repeat(method, path, token=site.attacker, **given)


def _stranger_asks(method: str, path: str, **given: Any) -> Attack:
    return lambda site: site.repeat(method, path, **given)


def _holds(count: int, data: str) -> Attack:
    def hold(site: Site) -> None:
        head = data.replace("TOKEN", site.attacker).replace("\n", "\r\n").encode()
        while not site.over.is_set():
            with site.sockets(count, head):
                site.over.wait(5)

    return hold


JSON, CSV, CALENDAR = ({"Content-Type": kind} for kind in ("application/json", "text/csv", "text/calendar"))
EMPTY_LISTS = b"[" + b"[]," * 1_700_000 + b"[]]"  # 5 MiB
REMINDERS = [{"at": f"2031-01-01T{minute // 60:02}:{minute % 60:02}:00Z"} for minute in range(50)]
NEVER_DUE = {"title": "x", "due_date": "2031-01-01", "recurrence": "FREQ=YEARLY;BYWEEKNO=10;BYSETPOS=366"}
BRACKETS = b'[{"id":1,"title":"x","tasks":[{"id":1,"title":"x","description":"' + b"<" * 200_000 + b'"}]}]'
EMPTY_LINES = b"BEGIN:VCALENDAR\nBEGIN:VTODO\nSUMMARY:x\n" + b"\n" * 200_000 + b"END:VTODO\nEND:VCALENDAR\n"
UNREAD = "GET /api/tasks/export/ HTTP/1.1\nHost: localhost\nAuthorization: Bearer TOKEN\n\n"
UNFINISHED = (
    "POST /api/tasks/import/ HTTP/1.1\nHost: localhost\nAuthorization: Bearer TOKEN\n"
    "Content-Type: text/csv\nContent-Length: 9999999\n\ntitle\nx\n"
)
BULK, IMPORT = "/api/tasks/bulk/", "/api/tasks/import/"
ATTACKS: dict[str, Attack] = {
    "wrong passwords": _stranger_asks("POST", "/api/token/", json={"username": "person2", "password": "guess"}),
    "5 MiB of empty lists": _stranger_asks("POST", "/api/register/", content=EMPTY_LISTS, headers=JSON),
    "5 MiB of empty lists from a member": _asks("POST", BULK, content=EMPTY_LISTS, headers=JSON),
    "idle connections": _holds(110, ""),
    "heads without an end": _holds(20, "GET /healthz HTTP/1.1\nHost: localhost\nX-Long: "),
    "exports that nobody reads": _holds(2, UNREAD),
    "imports that don't end": _holds(2, UNFINISHED),
    "searches": _asks("GET", "/api/tasks/?q=%C3%BCzz&page_size=200"),
    "series with a search": _asks("GET", "/api/reports/insights/?q=%C3%BCz&group=day"),
    "rules that never match": _asks("POST", BULK, json={"create": [NEVER_DUE] * 1000}),
    "50,000 reminders": _asks("POST", BULK, json={"create": [{"title": "x", "reminders": REMINDERS}] * 1000}),
    "an import of 300,000 rows": _asks("POST", IMPORT, content=b"title\n" + b"Sow\n" * 300_000, headers=CSV),
    "a file of brackets": _asks("POST", f"{IMPORT}?format=vikunja", content=BRACKETS, headers=JSON),
    "a calendar of empty lines": _asks("POST", f"{IMPORT}?format=ical", content=EMPTY_LINES, headers=CALENDAR),
}


def run(sizes: Sizes) -> list[Row]:
    """A third of the tasks belong to the one who attacks."""
    logging.getLogger("httpx").setLevel(logging.WARNING)
    _seed(max(sizes.tasks // 3, 100), sizes.people)
    env = {"SECRET_KEY": settings.SECRET_KEY, "DATABASE_URL": os.environ["DATABASE_URL"]}
    askers = [asker(User.objects.get(pk=pk), now=utc_now()).ours for pk in (ATTACKER, OTHER)]
    seconds = WATCHED * sizes.seconds
    with (
        TemporaryDirectory(prefix="taskbell-hostile-") as folder,
        RunningTaskbell(Path(folder) / "data", env=env) as on,
    ):
        calm = Watch(Site(on, *askers)).through(None, seconds)
        watches = {name: Watch(Site(on, *askers)).through(attack, seconds) for name, attack in ATTACKS.items()}
    rows = [row for name, watch in watches.items() for row in watch.rows(name, calm)]
    most = max(watch.memory for watch in watches.values())
    return [*rows, Row("memory of all processes, at most", [most], [calm.memory], "calm", MEMORY, " MiB")]


def _seed(count: int, people: int) -> None:
    now, place = utc_now(), COLUMNS.index("created_by")
    seed_people(max(people, OTHER), now=now)
    rows = ((*row[:place], ATTACKER, *row[place + 1 :]) for row in tasks(count, people=max(people, OTHER), now=now))
    load_tasks(rows, total=count)
    load_search_texts()
    settle()


class Watch:
    """What others notice, in milliseconds, and the memory in MiB."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.writes: list[float] = []
        self.health: list[float] = []
        self.late: list[float] = []
        self.memory = 0.0

    def through(self, attack: Attack | None, seconds: float) -> "Watch":
        """Watches for so long, with ten of the attack at once."""
        with ThreadPoolExecutor(ATTACKERS + 3) as threads:
            reminded, count = self._be_reminded(seconds)
            running = [threads.submit(attack, self.site) for _ in range(ATTACKERS if attack else 0)]
            ends = monotonic() + seconds
            for watching in [threads.submit(one, ends) for one in (self._write, self._check, self._weigh)]:
                watching.result()
            self.site.over.set()
            for one in running:
                one.result()
        self._read_lateness(reminded, count)
        return self

    def rows(self, name: str, calm: "Watch") -> list[Row]:
        """Each beside the same without an attack."""
        return [
            Row(f"{name}: create, p99", [_p99(self.writes)], [_p99(calm.writes)], "calm", WRITES),
            Row(f"{name}: health, p99", [_p99(self.health)], [_p99(calm.health)], "calm", HEALTH),
            Row(f"{name}: reminders late, at most", [max(self.late)], [max(calm.late)], "calm", LATE),
        ]

    def _be_reminded(self, seconds: float) -> tuple[int, int]:
        begin = utc_now().replace(microsecond=0) + timedelta(seconds=2)
        moments = [begin + timedelta(seconds=number) for number in range(min(max(int(seconds), 1), 50))]
        body = {"title": "Water", "reminders": [{"at": moment.isoformat()} for moment in moments]}
        with self.site.client(self.site.other) as program:
            return program.post("/api/tasks/", json=body).raise_for_status().json()["id"], len(moments)

    def _read_lateness(self, task: int, count: int) -> None:
        with self.site.client(self.site.other) as program:
            deadline = monotonic() + 90
            while True:
                past = program.get(f"/api/tasks/{task}/schedule/").raise_for_status().json()["past"]
                self.late = [one["lateness_seconds"] * 1000 for one in past if one["lateness_seconds"] is not None]
                if len(self.late) == count:
                    return
                if monotonic() > deadline:
                    raise RuntimeError(f"Only {len(self.late)} of {count} reminders have been sent.")
                sleep(0.5)

    def _write(self, ends: float) -> None:
        with self.site.client(self.site.other) as program:
            while not self.writes or monotonic() < ends:
                begin = perf_counter()
                while program.post("/api/tasks/", json={"title": "Water the plants"}).status_code != 201:
                    sleep(0.05)  # and try again: what counts is when it has succeeded
                self.writes.append((perf_counter() - begin) * 1000)
                sleep(0.05)

    def _check(self, ends: float) -> None:
        with self.site.client() as program:
            while not self.health or monotonic() < ends:
                begin = perf_counter()
                program.get("/healthz").raise_for_status()
                self.health.append((perf_counter() - begin) * 1000)
                sleep(0.05)

    def _weigh(self, ends: float) -> None:
        while True:
            self.memory = max(self.memory, self.site.running.memory() / MIB)
            if monotonic() >= ends:
                return
            sleep(0.5)


def _p99(times: list[float]) -> float:
    return quantiles(times, n=100)[-1] if len(times) > 1 else max(times, default=0.0)
