"""A backup is restored while clients are connected: their cursors are void, and they are asked to start over."""

import asyncio
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection

from taskbell.activity.actions import begin_epoch, record
from taskbell.activity.models import Position, Subject, SubjectType
from taskbell.activity.queries import current_checkpoint
from taskbell.common.clock import utc_now
from taskbell.projects.audience import EVERYBODY, Access
from taskbell.realtime.follower import Follower
from taskbell.realtime.subscribers import Subscriber, Subscribers
from tests.prepared import prepared
from tests.processes import RunningTaskbell, taskbell
from tests.realtime.live import Somebody
from tests.services import fresh_database


def write(entries: int) -> None:
    """So many entries of history that everybody may see."""
    for number in range(entries):
        record(Subject(SubjectType.CATEGORY, number), "created", by=None, at=utc_now())
    connection.close()


def restore(begin: int, length: int, *, epoch: bool) -> None:
    """What the restoring of a backup does to the history: another epoch, and a length that can be anything."""
    Position.objects.filter(position__gt=begin + length).delete()
    write(max(length - 10, 0))
    if epoch:
        begin_epoch()
    connection.close()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("epoch", "length"), [(False, 3), (True, 3), (True, 20)])
def test_listeners_begin_anew_and_hear_what_comes_then(epoch: bool, length: int) -> None:
    received: list[str] = []
    begin = current_checkpoint().position
    if not begin:  # positions go on counting from where other tests ended
        write(1)
        begin = current_checkpoint().position
    write(10)

    async def listen() -> tuple[int, int]:
        subscribers = Subscribers()
        follower = Follower(subscribers)
        await follower.go_to_end()
        session: Any = SimpleNamespace(pk=None, user_id=1)
        subscriber = Subscriber(
            session,
            access=Access("1o", frozenset({1, EVERYBODY})),
            position=follower.position,
            close=lambda _: None,
            resync=lambda: received.append("resync"),
        )
        subscribers.enter(subscriber)
        await asyncio.to_thread(restore, begin, length, epoch=epoch)
        await follower.read_on()
        restored_to = follower.position
        await follower.catch_up(subscriber, lambda _: asyncio.sleep(0))
        await asyncio.to_thread(write, 1)
        await follower.read_on()
        return restored_to, (await asyncio.wait_for(subscriber.next(), 5)).position

    restored_to, heard = asyncio.run(listen())
    assert restored_to == begin + length
    assert heard == current_checkpoint().position > restored_to
    assert received == ["resync"]


def test_open_screens_are_told_to_begin_anew(tmp_path: Path) -> None:
    env = fresh_database()
    with (
        RunningTaskbell(prepared(tmp_path / "data"), env=env) as house,
        Somebody(house.base_url, "ada") as ada,
        ada.screen() as screen,
    ):
        screen.listening()
        ada.create("Before")
        old = screen.until("Before")[-1]["cursor"]
        lived_until = f"{utc_now() - timedelta(hours=1):%Y-%m-%dT%H:%M:%S}"
        done = taskbell("after-restore", "--sent-until", lived_until, data=house.data, env=env)
        assert done.returncode == 0, done.stderr
        received = screen.next(within=15)
        assert received["resync"] is True
        assert received["cursor"].split(".")[0] != old.split(".")[0]
        ada.create("After")
        assert screen.until("After")[-1]["event"] == "task.created"
