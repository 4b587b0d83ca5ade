"""How much one web process does, and how much two do: small answers, and a mixed load."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

from benchmarks.databases import filled
from benchmarks.http import Side, rates_and_waits
from benchmarks.measure import Goal, Row, Sizes
from benchmarks.serving import PROCESSES, cache, started, wait_for
from tests.processes import free_port

LOADS = {"one task": 8, "a mixed load": 50}  # how many ask at a time
FASTER, SOONER = Goal("speed", 1.0), Goal("ratio", 1.0)


def run(sizes: Sizes) -> list[Row]:
    """A tenth of the tasks. Of a mixed load, one request in ten changes a task; the clients use a core, too."""
    requests, rows = filled(dict(os.environ), sizes), list[Row]()
    with ExitStack() as stack:
        ports = {number: stack.enter_context(_web(number)) for number in ("1", PROCESSES)}
        for what, connections in LOADS.items():
            asked: Callable[[], list[str]] = partial(list, requests[what])
            sides = {
                number: Side(port, asked, seconds=sizes.seconds, connections=connections)
                for number, port in ports.items()
            }
            rates, late = rates_and_waits(sides, sizes)
            beside = "one process"
            rows += [
                Row(f"{what}, {PROCESSES} web processes", rates[PROCESSES], rates["1"], beside, FASTER, "/s"),
                Row(f"{what}, {PROCESSES} web processes, 99th", late[PROCESSES], late["1"], beside, SOONER),
            ]
    return rows


@contextmanager
def _web(number: str) -> Iterator[int]:
    """The port of a web server with this many processes."""
    port = free_port()
    own = {"PORT": str(port), "WEB_CONCURRENCY": number, "TASKBELL_LOG_LEVEL": "ERROR"}
    with cache() as broker, started([sys.executable, "-m", "taskbell", "web"], broker | own):
        wait_for(f"http://localhost:{port}/healthz")
        yield port
