"""Many clients write to SQLite at once: how long the slowest wait, with turns and with SQLite's own waiting."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from django.db import connection

from benchmarks.databases import filled
from benchmarks.http import Side, rates_and_waits
from benchmarks.measure import Goal, Row, Sizes
from benchmarks.server import Kind, installation
from benchmarks.serving import PROCESSES, cache, started, wait_for
from tests.processes import free_port

SIDES = {"turns": "taskbell.config.settings", "SQLite's own waiting": "benchmarks.peers.unfair_settings"}
WRITERS = (8, 50)
SOONER, AS_MANY = Goal("ratio", 0.1), Goal("speed", 0.95)


def run(sizes: Sizes) -> list[Row]:
    """New tasks by 8 and by 50 clients of two web processes, with a tenth of the tasks."""
    if connection.vendor != "sqlite":
        return []
    rows = []
    with ExitStack() as stack:
        sides = {name: stack.enter_context(_side(settings, sizes)) for name, settings in SIDES.items()}
        for writers in WRITERS:
            for side in sides.values():
                side.connections = writers
            rates, late = rates_and_waits(sides, sizes)
            ours, other = SIDES
            rows += [
                Row(f"new tasks by {writers} clients, 99th", late[ours], late[other], other, SOONER),
                Row(f"new tasks by {writers} clients", rates[ours], rates[other], other, AS_MANY, "/s"),
            ]
    return rows


@contextmanager
def _side(settings: str, sizes: Sizes) -> Iterator[Side]:
    with installation(Kind.SQLITE) as env, cache() as broker:
        requests = filled(env, sizes)["new task"]
        port = free_port()
        own = {"PORT": str(port), "WEB_CONCURRENCY": PROCESSES, "TASKBELL_LOG_LEVEL": "ERROR"}
        with started(
            [sys.executable, "-m", "taskbell", "web"], env | broker | own | {"DJANGO_SETTINGS_MODULE": settings}
        ):
            wait_for(f"http://localhost:{port}/healthz")
            yield Side(port, lambda: requests, 201, sizes.seconds)
