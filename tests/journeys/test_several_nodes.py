"""Two nodes on one PostgreSQL and one Valkey, killed in turn: whoever listens hears everything once, in one order."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from taskbell.config.files import valkey_socket
from tests.processes import RunningTaskbell, eventually
from tests.realtime.live import Event, Screen, Somebody
from tests.services import IS_POSTGRES, fresh_database

SECRET = "the same on every machine, and long"
THE_END = "The end"
KILLS = {10: ("web", 0), 20: ("worker", 1), 25: ("beat", 0), 40: ("web", 1), 50: ("worker", 0), 55: ("beat", 1)}
BROKEN = (OSError, ConnectionClosed, InvalidHandshake)


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[list[RunningTaskbell]]:
    """Each with a web server, a worker and a clock of its own; the first brings the Valkey."""
    env = {"SECRET_KEY": SECRET} | fresh_database()
    first, second = tmp_path / "first", tmp_path / "second"
    with ExitStack() as stack:
        one = stack.enter_context(RunningTaskbell(first, env=env))
        two = RunningTaskbell(second, env=env | {"REDIS_URL": f"unix://{valkey_socket(first)}"})
        stack.callback(two.stop)
        eventually(two.answers, within=40)
        yield [one, two]


def listen(address: str, access: str) -> list[Event]:
    """All events up to the end, over as many connections as it takes."""
    heard: list[Event] = []
    cursor = None
    while not heard or heard[-1].get("title") != THE_END:
        with suppress(*BROKEN), Screen(address, access) as screen:
            greeting = screen.connected()
            cursor = cursor or greeting
            screen.say({"resume": cursor})
            while not heard or heard[-1].get("title") != THE_END:
                heard.append(screen.next(within=20))
                cursor = heard[-1]["cursor"]
    return heard


def create(nodes: list[RunningTaskbell], access: str, number: int, title: str) -> None:
    """A task by one node or the other: whoever gets no answer asks again, under the same key."""
    headers = {"Authorization": f"Bearer {access}", "Idempotency-Key": title}

    def done() -> bool:
        for node in (nodes[number % 2], nodes[(number + 1) % 2]):
            with suppress(httpx.HTTPError):
                answer = httpx.post(f"{node.base_url}/api/tasks/", json={"title": title}, headers=headers, timeout=5)
                return answer.status_code == 201
        return False

    eventually(done, within=30)


@pytest.mark.skipif(not IS_POSTGRES, reason="several nodes need PostgreSQL")
def test_screens_on_two_nodes_hear_the_same_while_everything_is_killed(nodes: list[RunningTaskbell]) -> None:
    with Somebody(nodes[0].base_url, "ada") as ada, ThreadPoolExecutor(2) as screens:
        addresses = [f"{node.base_url.replace('http', 'ws', 1)}/ws/tasks/" for node in nodes]
        with ada.screen() as screen:
            screen.connected()
        listening = [screens.submit(listen, address, ada.access) for address in addresses]
        titles = [f"Number {number}" for number in range(60)]
        for number, title in enumerate(titles):
            create(nodes, ada.access, number, title)
            if number in KILLS:
                name, node = KILLS[number]
                eventually(lambda: nodes[node].pid(name), within=20)  # noqa: B023 - called here and now
                nodes[node].kill(name)
        create(nodes, ada.access, 0, THE_END)
        one, two = (future.result(timeout=90) for future in listening)
    told = [event["title"] for event in one if event["event"] == "task.created"]
    assert one[-len(two) :] == two[-len(one) :]
    assert told[-60:] == [*titles, THE_END][-60:]
    assert len({event["cursor"] for event in one}) == len(one), "nothing twice"
