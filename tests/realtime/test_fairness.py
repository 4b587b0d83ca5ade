"""What one person or one stranger may take of the live connections, so that others get their part."""

import asyncio
import time
from collections.abc import Coroutine, Mapping
from contextlib import ExitStack
from threading import Lock
from types import SimpleNamespace
from typing import Any

import pytest

from taskbell.projects.audience import ALL, EVERYBODY, Access
from taskbell.realtime import catching_up
from taskbell.realtime.catching_up import MAX_ENTRIES, CatchingUp
from taskbell.realtime.closing import Closed
from taskbell.realtime.frames import Frame, Frames
from taskbell.realtime.handshake import MAX_UNFINISHED
from taskbell.realtime.subscribers import Subscriber
from tests.realtime.live import Screen, Somebody

GREEDY, OTHER = 1, 2


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, 30))


def client(person: int) -> Subscriber:
    session: Any = SimpleNamespace(user_id=person, pk=None)
    return Subscriber(
        session,
        access=Access("", frozenset({person, EVERYBODY})),
        position=0,
        close=lambda why: None,
        resync=lambda: None,
    )


async def take(frame: Frame) -> None:
    """Reads it."""


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many pages were read at once, at each page; a page is a moment's work and has one event for everybody."""
    running, found, lock = [0], [], Lock()

    def read(position: int, known: Mapping[int, str]) -> Frames:
        with lock:
            running[0] += 1
            found.append(running[0])
        time.sleep(0.02)
        with lock:
            running[0] -= 1
        return Frames([Frame(position + 1, "{}", ALL)], position + 1, {})

    monkeypatch.setattr(catching_up, "frames_after", read)
    return found


def test_twenty_connections_of_one_person_read_one_page_at_a_time(pages: list[int]) -> None:
    async def work() -> None:
        here = CatchingUp()
        await asyncio.gather(*(here.send_page(client(GREEDY), take) for _ in range(20)))

    run(work())
    assert pages == [1] * 20


def test_somebody_else_waits_for_one_page_of_theirs_not_for_all(pages: list[int]) -> None:
    ended: list[int] = []

    async def page(here: CatchingUp, person: int) -> None:
        await here.send_page(client(person), take)
        ended.append(person)

    async def work() -> None:
        here = CatchingUp()
        greedy = [asyncio.create_task(page(here, GREEDY)) for _ in range(20)]
        await asyncio.sleep(0)
        await page(here, OTHER)
        await asyncio.gather(*greedy)

    run(work())
    assert len(ended) == 21
    assert ended.index(OTHER) <= 2


def test_who_asks_again_and_again_does_not_read_more_at_once(pages: list[int]) -> None:
    """Each new request of a client ends the one before it, whose page may be half read."""

    async def work() -> None:
        here, one = CatchingUp(), client(GREEDY)
        for _ in range(5):
            asking = asyncio.create_task(here.send_page(one, take))
            await asyncio.sleep(0.005)
            asking.cancel()
        await here.send_page(one, take)

    run(work())
    assert set(pages) == {1}


def test_who_takes_too_much_in_a_minute_starts_over_even_on_new_connections(pages: list[int]) -> None:
    async def work() -> None:
        here = CatchingUp()
        assert here.share(GREEDY).allows(MAX_ENTRIES - 1)
        assert not here.share(GREEDY).allows(2)
        assert here.share(GREEDY).allows(1)
        assert here.share(OTHER).allows(MAX_ENTRIES)

    run(work())


def test_who_does_not_read_a_page_is_closed_and_gives_the_turn_back(
    pages: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catching_up, "PAGE_SECONDS", 0.05)

    async def never(frame: Frame) -> None:
        await asyncio.Event().wait()

    async def work() -> None:
        here = CatchingUp()
        with pytest.raises(Closed) as closed:
            await here.send_page(client(GREEDY), never)
        assert closed.value.code == 1013
        await here.send_page(client(GREEDY), take)

    run(work())


def test_who_connects_and_never_signs_in_takes_no_more_than_a_share(bo: Somebody) -> None:
    with ExitStack() as street:
        for _ in range(MAX_UNFINISHED):
            street.enter_context(Screen(bo.address()))
        with Screen(bo.address()) as refused:
            assert refused.close_code() == 4429
    with bo.screen() as screen:
        screen.connected()
