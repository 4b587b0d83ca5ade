"""A backup is restored under open screens: what they have heard counts no more, and they are told."""

import asyncio
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from taskbell.common.clock import utc_now
from taskbell.realtime.follower import Follower, Page
from taskbell.realtime.subscribers import Event, Subscriber, Subscribers
from tests.processes import RunningTaskbell, taskbell
from tests.realtime.live import Somebody
from tests.services import fresh_database


class History:
    """As many events as one says, for everybody."""

    def __init__(self, length: int) -> None:
        self.length = length
        self.name = self.epoch = "first"

    def latest(self) -> int:
        self.epoch = self.name
        return self.length

    def after(self, position: int) -> Page:
        told = [Event(number, f'{{"n":{number}}}', None) for number in range(position + 1, self.length + 1)]
        return Page(told, max(position, self.length))

    def scope(self, person: int) -> str:
        return ""

    def cursor(self, position: int, scope: str) -> str:
        return ""

    def position(self, cursor: str, scope: str) -> int | None:
        return None


@pytest.mark.parametrize(("name", "length"), [("first", 3), ("second", 3), ("second", 20)])
def test_listeners_begin_anew_and_hear_what_comes_then(name: str, length: int) -> None:
    told: list[str] = []

    async def listen() -> int:
        history, room = History(10), Subscribers()
        follower = Follower(history, room)
        await follower.go_to_end()
        session: Any = SimpleNamespace(pk=None, user_id=1)
        subscriber = Subscriber(
            session, scope="", position=10, close=lambda _: None, resync=lambda: told.append("anew")
        )
        room.enter(subscriber)
        history.name, history.length = name, length
        await follower.read_on()
        await follower.catch_up(subscriber, lambda _: asyncio.sleep(0))
        history.length += 1
        await follower.read_on()
        return (await asyncio.wait_for(subscriber.next(), 5)).position

    assert asyncio.run(listen()) == length + 1
    assert told == ["anew"]


def test_open_screens_are_told_to_begin_anew(tmp_path: Path) -> None:
    env = fresh_database()
    with (
        RunningTaskbell(tmp_path / "data", env=env) as house,
        Somebody(house.base_url, "ada") as ada,
        ada.screen() as screen,
    ):
        screen.listening()
        ada.create("Before")
        old = screen.until("Before")[-1]["cursor"]
        lived_until = f"{utc_now() - timedelta(hours=1):%Y-%m-%dT%H:%M:%S}"
        done = taskbell("after-restore", "--sent-until", lived_until, data=house.data, env=env)
        assert done.returncode == 0, done.stderr
        told = screen.next(within=15)
        assert told["resync"] is True
        assert told["cursor"].split(".")[0] != old.split(".")[0]
        ada.create("After")
        assert screen.until("After")[-1]["event"] == "task.created"
