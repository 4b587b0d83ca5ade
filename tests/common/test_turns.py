"""Writers of an SQLite file take turns: nobody is passed over, and a process that ends gives its turn back."""

import fcntl
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from taskbell.accounts.models import User
from taskbell.common.deadline import deadline
from taskbell.common.locks import PAUSE_SECONDS, let_others_write
from taskbell.common.sqlite3.turns import Turns, turns_of
from tests.processes import eventually
from tests.services import IS_POSTGRES

ON_SQLITE = pytest.mark.skipif(IS_POSTGRES, reason="PostgreSQL has many writers at a time")
FORK = multiprocessing.get_context("fork")


@pytest.fixture
def turns(tmp_path: Path) -> Iterator[Turns]:
    turns = Turns(str(tmp_path / "db"))
    yield turns
    turns.close()


def take_turns(path: str, pipe: Connection) -> None:
    """Another process: takes a turn, says so, and gives it back when it reads a line."""
    turns = turns_of(path)
    while pipe.recv() != "end":
        turns.take(10)
        pipe.send("taken")
        pipe.recv()
        turns.give_back()


@pytest.fixture
def other(tmp_path: Path) -> Iterator[tuple[Connection, Any]]:
    here, there = FORK.Pipe()
    process = FORK.Process(target=take_turns, args=(str(tmp_path / "db"), there))
    process.start()
    yield here, process
    process.kill()
    process.join()


def test_the_writers_of_a_process_get_their_turns_in_order_of_arrival(turns: Turns) -> None:
    came: list[int] = []

    def write(number: int) -> None:
        turns.take(10)
        came.append(number)
        turns.give_back()

    turns.take(10)
    writers = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for number, writer in enumerate(writers):
        writer.start()
        eventually(lambda number=number: len(turns._waiting) == number + 1, within=10)  # type: ignore[misc]
    turns.give_back()
    for writer in writers:
        writer.join()
    assert came == list(range(8))


def test_a_waiting_process_comes_before_the_one_that_has_just_written(
    turns: Turns, other: tuple[Connection, Any]
) -> None:
    pipe, _process = other
    turns.take(10)
    pipe.send("take it")
    eventually(lambda: _is_in_line(turns), within=10)
    order: list[str] = []

    def again() -> None:
        turns.give_back()
        turns.take(10)
        order.append("we")

    thread = threading.Thread(target=again)
    thread.start()
    assert pipe.recv() == "taken"
    order.append("they")
    pipe.send("give it back")
    thread.join()
    turns.give_back()
    assert order == ["they", "we"]


def _is_in_line(turns: Turns) -> bool:
    """True while somebody waits for the turn."""
    try:
        fcntl.flock(turns._line, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    fcntl.flock(turns._line, fcntl.LOCK_UN)
    return False


def test_a_process_that_is_killed_gives_its_turn_back(turns: Turns, other: tuple[Connection, Any]) -> None:
    pipe, process = other
    pipe.send("take it")
    assert pipe.recv() == "taken"
    os.kill(process.pid, signal.SIGKILL)
    turns.take(10)
    turns.give_back()


def test_a_forked_process_does_not_have_the_turn_of_its_parent(tmp_path: Path) -> None:
    mine = turns_of(str(tmp_path / "db"))
    mine.take(10)
    here, there = FORK.Pipe()
    child = FORK.Process(target=take_turns, args=(str(tmp_path / "db"), there))
    child.start()
    here.send("take it")
    eventually(lambda: _is_in_line(mine), within=10)
    assert not here.poll(), "its parent is writing"
    mine.give_back()
    assert here.recv() == "taken"
    here.send("give it back")
    here.send("end")
    child.join()


def test_a_writer_that_waits_too_long_is_refused_and_those_behind_still_get_their_turn(turns: Turns) -> None:
    turns.take(10)
    with pytest.raises(OperationalError, match="locked"):
        turns.take(0.01)
    turns.give_back()
    turns.take(0.01)
    turns.give_back()


def test_the_turn_is_free_while_neither_this_process_nor_another_writes(
    turns: Turns, other: tuple[Connection, Any]
) -> None:
    pipe, _process = other
    assert turns.is_free()
    turns.take(10)
    assert not turns.is_free()
    pipe.send("take it")
    eventually(lambda: _is_in_line(turns), within=10)
    turns.give_back()
    assert pipe.recv() == "taken"
    assert not turns.is_free()
    pipe.send("give it back")
    eventually(turns.is_free, within=10)
    turns.take(0.01)
    turns.give_back()


@ON_SQLITE
@pytest.mark.django_db(transaction=True)
def test_long_work_pauses_while_others_write_and_only_then(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("taskbell.common.locks.time.sleep", pauses.append)
    turns = turns_of(str(connection.settings_dict["NAME"]))
    let_others_write()
    with transaction.atomic():
        let_others_write()
    assert pauses == []
    turns.take(10)
    let_others_write()
    turns.give_back()
    assert pauses == [PAUSE_SECONDS]


@ON_SQLITE
@pytest.mark.django_db(transaction=True)
def test_transactions_and_single_statements_give_their_turn_back_whatever_happens(bo: User) -> None:
    turns = turns_of(str(connection.settings_dict["NAME"]))
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        1 / 0  # noqa: B018
    User.objects.filter(pk=bo.pk).update(first_name="Bo C.")
    with pytest.raises(OperationalError), deadline(0), transaction.atomic():
        pass
    with transaction.atomic():
        connection.close()
    turns.take(0.01)
    turns.give_back()
