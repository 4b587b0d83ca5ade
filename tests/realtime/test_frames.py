"""The frames that clients send, valid and invalid."""

from contextlib import ExitStack

import pytest
from websockets.exceptions import ConnectionClosed

from tests.realtime.live import Somebody


@pytest.mark.parametrize(
    "frame",
    [
        "nonsense",
        "",
        "null",
        "5",
        "[]",
        "{}",
        '{"resume": 5}',
        '{"resume": null}',
        '{"resume": "x", "and": 1}',
        '{"subscribe": "all"}',
        '{"resume": "\\ud800"}',
        "[" * 10_000,
        '{"token": "again"}',
    ],
)
def test_what_is_not_understood_is_answered_and_changes_nothing(bo: Somebody, frame: str) -> None:
    with bo.screen() as screen:
        screen.listening().say(frame)
        assert set(screen.next()) == {"error"}
        bo.create("Still there")
        assert screen.next()["title"] == "Still there"


@pytest.mark.parametrize("cursor", ["", "nonsense", "-1", "99999999999999999999999", "1" * 5000, "\x00", "٣"])
def test_a_cursor_that_means_nothing_asks_for_a_fresh_start(bo: Somebody, cursor: str) -> None:
    with bo.screen() as screen:
        screen.connected()
        screen.say({"resume": cursor})
        assert screen.next()["resync"] is True
        bo.create("From here on")
        assert screen.next()["title"] == "From here on"


def test_bytes_are_refused(bo: Somebody) -> None:
    with bo.screen() as screen:
        screen.say(b'{"resume": "x"}')
        assert screen.close_code() == 1003


def test_what_is_longer_than_64_kib_ends_the_connection(bo: Somebody) -> None:
    with bo.screen() as screen:
        screen.listening().say("x" * 65_537)
        assert screen.close_code() == 1009


def test_who_talks_without_end_is_put_off(bo: Somebody) -> None:
    with bo.screen() as screen:
        with pytest.raises(ConnectionClosed):  # noqa: PT012 - whichever frame is the last
            for _ in range(1000):
                screen.say("{}")
                screen.next()
        assert screen.close_code() == 1008
        assert 30 < len(screen.heard) < 100


def test_a_ping_is_answered(bo: Somebody) -> None:
    with bo.screen() as screen:
        assert screen.socket.ping().wait(5)


def test_a_person_has_many_screens_but_not_any_number(bo: Somebody) -> None:
    with ExitStack() as desk:
        screens = [desk.enter_context(bo.screen()) for _ in range(20)]
        for screen in screens:
            screen.connected()
        assert desk.enter_context(bo.screen()).close_code() == 4429
        bo.create("For everybody")
        assert screens[-1].next()["title"] == "For everybody"
    with bo.screen() as screen:
        screen.connected()


def test_a_request_without_upgrade_is_an_ordinary_page_that_is_not_there(bo: Somebody) -> None:
    assert bo.http.get(f"{bo.base_url}/ws/tasks/").status_code == 404


def test_two_screens_hear_the_same_words(bo: Somebody) -> None:
    with bo.screen() as one, bo.screen() as other:
        one.listening()
        other.listening()
        bo.create("Heard twice")
        assert one.next() == other.next()


def test_an_event_says_what_the_contract_promises(bo: Somebody) -> None:
    with bo.screen() as screen:
        screen.listening()
        task = bo.create("Tidy up", description="The attic", priority="HIGH", due_date="2040-03-30", assigned_to=bo.id)
        event = screen.next()
    said = {name: task[name] for name in ("title", "description", "priority", "status", "due_date", "assigned_to")}
    times = {name: task[name] for name in ("created_at", "updated_at")}
    assert event.pop("cursor")
    assert event == {"event": "task.created", "task_id": task["id"], **said, **times}
