"""Two nodes on one PostgreSQL and one Valkey, killed in turn: whoever listens shows what is so, and hears it once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier
from threading import Event as Flag
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from taskbell.config.files import valkey_socket
from tests.prepared import prepared
from tests.processes import RunningTaskbell, eventually
from tests.realtime.live import Event, Screen, Somebody
from tests.services import IS_POSTGRES, fresh_database

SECRET = "the same on every machine, and long"
THE_END = "The end"
REMINDED = (5, 29, 47)
KILLS = {10: ("web", 0), 20: ("worker", 1), 25: ("worker", 0), 40: ("web", 1), 50: ("worker", 0), 55: ("worker", 1)}
BROKEN = (OSError, ConnectionClosed, InvalidHandshake)


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[list[RunningTaskbell]]:
    """Each with a web server, and a worker with a clock of its own; the first brings the Valkey."""
    env = {"SECRET_KEY": SECRET} | fresh_database()
    first, second = prepared(tmp_path / "first"), prepared(tmp_path / "second")
    with ExitStack() as stack:
        one = stack.enter_context(RunningTaskbell(first, env=env))
        two = RunningTaskbell(second, env=env | {"REDIS_URL": f"unix://{valkey_socket(first)}"})
        stack.callback(two.stop)
        eventually(two.answers, within=40)
        yield [one, two]


def listen(address: str, access: str, are_there: Barrier, over: Flag) -> list[Event]:
    """All events up to the end, over as many connections as it takes."""
    heard: list[Event] = []
    cursor = None
    while not over.is_set() and (not heard or heard[-1].get("title") != THE_END):
        with suppress(*BROKEN), Screen(address, access) as screen:
            greeting = screen.connected()
            if cursor is None:
                are_there.wait(timeout=30)
            cursor = cursor or greeting
            screen.say({"resume": cursor})
            while not heard or heard[-1].get("title") != THE_END:
                heard.append(screen.next(within=20))
                cursor = heard[-1]["cursor"]
    return heard


def shown(events: list[Event]) -> dict[int, str]:
    """The tasks that a screen shows after these events, by their titles."""
    tasks: dict[int, str] = {}
    for event in events:
        if event["event"] == "task.deleted":
            tasks.pop(event["task_id"], None)  # who was away for its whole life hears of its end alone
        elif event["event"].startswith("task."):
            tasks[event["task_id"]] = event["title"]
    return tasks


@dataclass
class Program:
    """Asks one node, and the other where it gets no answer; again and again, under the same key."""

    nodes: list[RunningTaskbell]
    access: str

    def ask(self, method: str, path: str, number: int, **json: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.access}", "Idempotency-Key": f"{method} {path} {number}"}

        def answer() -> httpx.Response | None:
            for node in (self.nodes[number % 2], self.nodes[(number + 1) % 2]):
                with suppress(httpx.HTTPError):
                    said = httpx.request(
                        method, f"{node.base_url}/api/{path}", json=json or None, headers=headers, timeout=5
                    )
                    return said if said.status_code < 500 else None
            return None

        found: httpx.Response = eventually(answer, within=30)
        return found.json() if found.content else None

    def create(self, number: int, title: str) -> int:
        """A task; of some, their creator is reminded soon."""
        soon = {"remind_at": (datetime.now(UTC) + timedelta(seconds=1)).isoformat()} if number in REMINDED else {}
        return int(self.ask("POST", "tasks/", number, title=title, **soon)["id"])


@pytest.mark.skipif(not IS_POSTGRES, reason="several nodes need PostgreSQL")
def test_screens_on_two_nodes_show_what_is_so_while_everything_is_killed(nodes: list[RunningTaskbell]) -> None:
    over = Flag()
    with Somebody(nodes[0].base_url, "ada") as ada, ThreadPoolExecutor(2) as screens, ExitStack() as at_last:
        at_last.callback(over.set)  # whatever fails, the screens end
        addresses = [f"{node.base_url.replace('http', 'ws', 1)}/ws/tasks/" for node in nodes]
        are_there, program = Barrier(3), Program(nodes, ada.access)
        listening = [screens.submit(listen, address, ada.access, are_there, over) for address in addresses]
        are_there.wait(timeout=30)
        tasks = []
        for number in range(60):
            tasks.append(program.create(number, f"Number {number}"))
            if number in KILLS:
                name, node = KILLS[number]
                eventually(lambda: nodes[node].pid(name), within=20)  # noqa: B023 - called here and now
                nodes[node].kill(name)
            if number % 3 == 2:
                program.ask("PATCH", f"tasks/{tasks[number - 1]}/", number, title=f"Number {number - 1}, anew")
                program.ask("DELETE", f"tasks/{tasks[number - 2]}/", number)
        eventually(lambda: program.ask("GET", "notifications/", 0)["count"] == len(REMINDED), within=60)
        program.create(60, THE_END)
        one, two = (future.result(timeout=90) for future in listening)
        so = {task["id"]: task["title"] for task in program.ask("GET", "tasks/?page_size=200", 0)["results"]}
    assert shown(one) == shown(two) == so
    assert len(so) == 41
    assert len({event["cursor"] for event in one}) == len(one), "nothing twice"
    assert sum(event["event"] == "reminder.fired" for event in one) == len(REMINDED)
