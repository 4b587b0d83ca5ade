"""The same list and the same writes on SQLite and on PostgreSQL, in turns: what the simple installation costs."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict
from functools import partial

from django.db import connection

from benchmarks.http import MAX_ROUNDS, Side
from benchmarks.measure import Goal, Row, Sizes, interleaved
from benchmarks.server import Kind, installation
from benchmarks.serving import cache, started, wait_for
from tests.processes import free_port

LEAST = Goal("speed", 0.7)
# The status that is expected, and how many ask at a time.
LOADS = {"list": (200, 8), "new task": (201, 1)}


def run(sizes: Sizes) -> list[Row]:
    """Answers a second of one web process: lists for eight at a time, and one writer. With a tenth of the tasks."""
    if connection.vendor != "postgresql":
        return []
    with installation(Kind.SQLITE) as sqlite, ExitStack() as stack:
        sides: dict[str, Side] = {}
        for kind, env in ((Kind.SQLITE, sqlite), (Kind.POSTGRESQL, dict(os.environ))):
            port, requests = free_port(), filled(env, sizes)
            own = {"PORT": str(port), "WEB_CONCURRENCY": "1", "TASKBELL_LOG_LEVEL": "ERROR"}
            env |= stack.enter_context(cache()) | own
            stack.enter_context(started([sys.executable, "-m", "taskbell", "web"], env))
            wait_for(f"http://localhost:{port}/healthz")
            for what, (status, connections) in LOADS.items():
                asked: Callable[[], list[str]] = partial(list, requests[what])
                sides[f"{what}, {kind}"] = Side(port, asked, status, sizes.seconds, connections=connections)
        rates = interleaved({name: side.rate for name, side in sides.items()}, min(sizes.rounds, MAX_ROUNDS))
    return [
        Row(f"{what} on SQLite", rates[f"{what}, sqlite"], rates[f"{what}, postgresql"], "PostgreSQL", LEAST, "/s")
        for what in LOADS
    ]


def filled(env: dict[str, str], sizes: Sizes) -> dict[str, list[str]]:
    """Fills the database that this environment names; what to ask for there."""
    command = [sys.executable, "-m", "benchmarks.one", "fill", json.dumps(asdict(sizes))]
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603 - our own
    requests: dict[str, list[str]] = json.loads(done.stdout.splitlines()[0])
    return requests
