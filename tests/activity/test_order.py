"""Readers follow the history without a gap, however many write and however long their transactions take."""

import asyncio
import random
import socket
import time
from collections.abc import Callable, Iterator
from threading import Event, Thread
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from taskbell.accounts.models import User
from taskbell.activity.actions import Entry, TaskOfProject, begin_epoch, record, record_entries
from taskbell.activity.models import Activity
from taskbell.activity.queries import current_checkpoint, entries_after
from taskbell.activity.wakeups import Announcer, wakeups
from tests.conftest import NOW, Program
from tests.undoing import undone

WRITERS = 8
IS_POSTGRES = connection.vendor == "postgresql"
LINES_EACH = 2600 if IS_POSTGRES else 400
pytestmark = pytest.mark.django_db(transaction=True)


class Undone(Exception):
    """What this transaction wrote is not to be."""


def write(writer: int, kept: list[tuple[int, int]]) -> None:
    """Transactions of one to forty lines; some are slow, some end in nothing, some commit between two others' lines."""
    chance, number = random.Random(writer), 0
    try:
        while number < LINES_EACH:
            size = min(chance.choice([1, 1, 2, 5, 40]), LINES_EACH - number)
            numbers = range(number, number + size)
            try:
                with transaction.atomic():
                    for part in numbers if size < 5 else [numbers]:
                        some = [part] if isinstance(part, int) else part
                        record_entries(Entry(None, "tested", None, NOW, new=[writer, each]) for each in some)
                    if chance.random() < 0.05:
                        time.sleep(chance.random() / 20)
                    if chance.random() < 0.1:
                        raise Undone
            except Undone:
                continue
            kept += [(writer, each) for each in numbers]
            number += size
    finally:
        connection.close()


def follow(until: Event) -> Iterator[tuple[int, tuple[int, int]]]:
    """Every line as a follower meets it, with its position."""
    position = 0
    while True:
        over = until.is_set()
        places = entries_after(position, 100)
        for place in places:
            value = place.entry.new_value
            assert value is not None
            yield place.position, (value[0], value[1])
            position = place.position
        if over and not places:
            return


def test_a_follower_meets_every_line_once_in_the_order_of_commits_while_eight_write() -> None:
    kept: list[list[tuple[int, int]]] = [[] for _ in range(WRITERS)]
    writers = [Thread(target=write, args=(number, kept[number])) for number in range(WRITERS)]
    over = Event()
    for writer in writers:
        writer.start()
    waiter = Thread(target=lambda: ([writer.join() for writer in writers], over.set()))
    waiter.start()
    seen = list(follow(over))
    waiter.join()
    met = [line for _, line in seen]
    assert len(met) == sum(map(len, kept)) == WRITERS * LINES_EACH
    for number in range(WRITERS):
        assert [line for line in met if line[0] == number] == kept[number]
    positions = [position for position, _ in seen]
    assert positions == sorted(set(positions))
    assert current_checkpoint().position == positions[-1]


def test_who_commits_later_stands_later_although_they_wrote_first() -> None:
    if not IS_POSTGRES:
        pytest.skip("SQLite lets one write at a time")
    wrote, may_commit = Event(), Event()

    def slowly() -> None:
        with transaction.atomic():
            record(None, "slow", by=None, at=NOW)
            wrote.set()
            assert may_commit.wait(10)
        connection.close()

    slow = Thread(target=slowly)
    slow.start()
    assert wrote.wait(10)
    record(None, "quick", by=None, at=NOW)
    assert [place.entry.action for place in entries_after(0, 9)] == ["quick"]
    may_commit.set()
    slow.join()
    assert [place.entry.action for place in entries_after(0, 9)] == ["quick", "slow"]


def test_what_is_rolled_back_moves_nothing(bo: User) -> None:
    record(None, "tested", by=bo, at=NOW)
    before = current_checkpoint()
    with undone():
        record(None, "tested", by=bo, at=NOW)
    assert current_checkpoint() == before


def test_a_restored_backup_begins_another_epoch(db: None) -> None:
    before = current_checkpoint()
    assert current_checkpoint() == before
    begin_epoch()
    assert current_checkpoint().epoch != before.epoch


def test_lines_of_before_places_were_invented_have_one() -> None:
    call_command("migrate", "activity", "0002", verbosity=0)
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO activity_activity (task_id, action, field, timestamp) VALUES (1, 'old', '', %s)", [NOW]
            )
    finally:
        call_command("migrate", "activity", verbosity=0)
    record(None, "new", by=None, at=NOW)
    assert [place.entry.action for place in entries_after(0, 9)] == ["old", "new"]
    assert Activity.objects.count() == 2


def test_a_private_line_is_in_nobodys_log(bo: User, ada: User) -> None:
    record_entries([Entry(TaskOfProject(1, None), "progress", None, NOW, new={"percent": 5}, person_id=bo.pk)])
    assert [place.entry.person_id for place in entries_after(0, 9)] == [bo.pk]
    assert list(Activity.objects.of_tasks()) == []


def test_a_commit_wakes_those_who_listen_and_a_lost_hint_only_costs_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("taskbell.activity.wakeups.CHANNEL", "of this test")  # others run beside it, on one broker

    async def listen() -> list[float]:
        woken, begin = [], time.monotonic()
        async for _ in wakeups(at_least_every=3):
            woken.append(time.monotonic() - begin)
            if len(woken) == 2:  # subscribed
                begin = time.monotonic()
                await asyncio.to_thread(commit)
            if len(woken) == 4:
                return woken
        return woken

    def commit() -> None:
        record(None, "tested", by=None, at=NOW)
        connection.close()

    first, _, after_commit, by_the_clock = asyncio.run(listen())
    assert first < 1
    assert after_commit < 2
    assert 2.5 < by_the_clock - after_commit < 4


def test_no_answer_waits_for_a_broker_that_does_not_answer(
    settings: Any, bo: User, as_user: Callable[[User], Program], monkeypatch: pytest.MonkeyPatch
) -> None:
    program = as_user(bo)
    monkeypatch.setattr("taskbell.activity.actions.announce", Announcer())
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.REDIS_URL = f"redis://127.0.0.1:{silent.getsockname()[1]}"
        begin = time.monotonic()
        for _ in range(3):
            assert program.post("/api/tasks/", {"title": "Water the plants"}).status_code == 201
        assert time.monotonic() - begin < 1.5
        silent.accept()[0].close()  # it did try
