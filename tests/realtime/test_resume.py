"""A client that reconnects gets exactly what it missed, once and in order, and then everything without a gap."""

import socket
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest

from tests.realtime.conftest import Newcomer
from tests.realtime.live import Screen, Somebody

WRITERS, TASKS = 4, 30


def titles(screen: Screen) -> list[str]:
    return [event["title"] for event in screen.heard if "title" in event]


def test_what_was_missed_comes_once_and_in_order_before_anything_new(bo: Somebody) -> None:
    with bo.screen() as screen:
        cursor = screen.connected()
    for number in range(3):
        bo.create(f"Missed {number}")
    with bo.screen() as screen:
        screen.connected()
        screen.say({"resume": cursor})
        screen.until("Missed 2")
        bo.create("New")
        screen.until("New")
        assert titles(screen) == ["Missed 0", "Missed 1", "Missed 2", "New"]


def test_what_happens_before_the_client_resumes_is_not_told_twice(bo: Somebody) -> None:
    with bo.screen() as screen:
        cursor = screen.connected()
    bo.create("Missed")
    with bo.screen() as screen:
        screen.connected()
        bo.create("Meanwhile")
        screen.say({"resume": cursor})
        bo.create("Afterwards")
        screen.until("Afterwards")
        assert titles(screen) == ["Missed", "Meanwhile", "Afterwards"]


def test_who_resumes_nothing_hears_all_that_happens_from_the_greeting_on(bo: Somebody) -> None:
    with bo.screen() as screen:
        screen.connected()
        bo.create("At once")
        assert screen.next()["title"] == "At once"


def test_the_cursor_of_any_event_will_do(bo: Somebody) -> None:
    with bo.screen() as screen:
        screen.listening()
        for number in range(3):
            bo.create(f"Number {number}")
        events = screen.until("Number 2")
    with bo.screen() as screen:
        screen.connected()
        screen.say({"resume": events[0]["cursor"]})
        assert screen.until("Number 2") == events[1:]
        screen.say({"resume": events[1]["cursor"]})
        assert screen.next() == events[2], "one may go back on the same connection as well"


def test_the_missed_is_told_as_it_is_now(bo: Somebody, newcomer: Newcomer) -> None:
    di = newcomer("di")
    with di.screen() as screen:
        screen.listening()
        task = bo.create("Shared", assigned_to=di.id)
        assert {screen.next()["event"], screen.next()["event"]} == {"task.created", "notification.created"}
        cursor = screen.heard[-1]["cursor"]
    bo.change(task, title="Secret")
    bo.change(task, assigned_to=None)
    with di.screen() as screen:
        screen.connected()
        screen.say({"resume": cursor})
        di.create("End")
        *missed, _ = screen.until("End")
        received = [event for event in missed if event["event"].startswith("task.")]
        assert {event["event"] for event in received} == {"task.deleted"}
        assert not any("title" in event for event in missed)


def test_a_cursor_of_another_run_of_the_history_asks_for_a_fresh_start(bo: Somebody) -> None:
    with bo.screen() as screen:
        _, _, rest = screen.connected().partition(".")
        screen.say({"resume": f"0123456789abcdef.{rest}"})
        answer = screen.next()
        assert answer["resync"] is True
        bo.create("From here on")
        assert screen.next()["title"] == "From here on"


def test_a_cursor_that_we_did_not_sign_asks_for_a_fresh_start(bo: Somebody) -> None:
    """An older position is a longer read: nobody can make one up. Earlier versions did not sign cursors."""
    bo.create("Before")
    with bo.screen() as screen:
        content, _, signature = screen.connected().partition("~")
        epoch, access, position = content.split(".")
        older = f"{epoch}.{access}.{int(position) - 1}"
        forged = [content, f"{older}~{signature}", f"{content}~{signature[::-1]}", f"{content}~{signature}~", older]
        for cursor in (*forged, f"{epoch}.{access}.0"):
            screen.say({"resume": cursor})
            assert screen.next()["resync"] is True, cursor
            if not cursor.endswith("~"):
                assert bo.http.get("changes/", params={"since": cursor}).json()["resync"] is True, cursor
        screen.say({"resume": f"{content}~{signature}"})
        bo.create("After")
        assert screen.next()["title"] == "After"


def test_one_cursor_serves_those_who_ask_and_those_who_listen(bo: Somebody, cy: Somebody) -> None:
    first = bo.http.get("changes/?limit=1").json()["cursor"]
    assert first.count(".") == 3, "in the middle of the first copy"
    with bo.screen() as screen:
        screen.listening()
        bo.create("Sent twice")
        heard = screen.next()["cursor"]
    bo.create("Missed")

    def asked(since: str) -> list[str]:
        changes = bo.http.get(f"changes/?since={since}").json()["changes"]
        return [change["task"]["title"] for change in changes if "task" in change]

    assert asked(heard) == ["Missed"]
    with bo.screen() as screen:
        screen.connected()
        screen.say({"resume": bo.http.get(f"changes/?since={heard}").json()["cursor"]})
        bo.create("New")
        assert screen.next()["title"] == "New"
        for strange in (first, cy.http.get("changes/").json()["cursor"]):
            screen.say({"resume": strange})
            assert screen.next()["resync"] is True, "half an answer, or somebody else's"


def test_who_sees_more_or_less_than_before_begins_anew(ada: Somebody, newcomer: Newcomer) -> None:
    eva = newcomer("eva")
    with eva.screen() as screen:
        cursor = screen.connected()
        assert ada.http.patch(f"users/{eva.id}/", json={"role": "MANAGER"}).status_code == 200
        answer = screen.next()
        assert answer["resync"] is True
        screen.say({"resume": cursor})
        assert screen.next()["resync"] is True
        ada.create("For managers")
        assert screen.next()["title"] == "For managers"
        screen.say({"resume": screen.heard[-1]["cursor"]})
        ada.create("Again")
        assert screen.next()["title"] == "Again"
    assert eva.http.get(f"changes/?since={cursor}").json()["resync"] is True


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nothing_is_lost_or_doubled_under_writers_and_broken_connections(newcomer: Newcomer, seed: int) -> None:
    random, eva = Random(seed), newcomer("eva")
    with eva.screen() as screen:
        begin = cursor = screen.connected()
    heard: list[tuple[str, str]] = []
    with ThreadPoolExecutor(WRITERS) as writers:
        names = [f"{writer}.{number}" for number in range(TASKS) for writer in range(WRITERS)]
        written = writers.map(eva.create, names)
        while len(heard) < len(names):
            with eva.screen() as screen:
                screen.connected()
                screen.say({"resume": cursor})
                for _ in range(min(random.randrange(12), len(names) - len(heard))):
                    event = screen.next()
                    heard.append((event["cursor"], event["title"]))
                    cursor = event["cursor"]
                if random.random() < 0.5:
                    screen.socket.socket.shutdown(socket.SHUT_RDWR)  # without a word
        assert len(list(written)) == len(names)
    assert sorted(title for _, title in heard) == sorted(names)
    with eva.screen() as screen:
        screen.connected()
        screen.say({"resume": begin})
        assert [(event["cursor"], event["title"]) for event in (screen.next() for _ in names)] == heard
