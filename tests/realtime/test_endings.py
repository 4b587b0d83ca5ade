"""Connections end with what they rested on: the session, the person, the process; and with patience."""

import os
import signal
from pathlib import Path
from time import monotonic

import pytest

from tests.prepared import prepared
from tests.processes import RunningTaskbell, eventually
from tests.realtime.conftest import Newcomer
from tests.realtime.live import Screen, Somebody
from tests.services import fresh_database

SIGN_OUT_SECONDS, REMOVAL_SECONDS = 30, 10
TRY_LATER = 1013


def test_signing_out_ends_the_screens_of_that_session_alone(newcomer: Newcomer) -> None:
    di = newcomer("di")
    with di.screen() as first:
        first.listening()
        access = di.access
        di.sign_in()
        with di.screen() as second:
            second.listening()
            answer = di.http.post("logout/", headers={"Authorization": f"Bearer {access}"})
            assert answer.status_code < 300
            begin = monotonic()
            assert first.close_code(within=SIGN_OUT_SECONDS) == 4401
            assert monotonic() - begin < SIGN_OUT_SECONDS
            di.create("Still heard")
            assert second.next()["title"] == "Still heard"


def test_who_is_deactivated_is_put_off(newcomer: Newcomer, ada: Somebody) -> None:
    di = newcomer("di")
    with di.screen() as screen:
        screen.listening()
        assert ada.http.delete(f"users/{di.id}/").status_code < 300
        assert screen.close_code(within=SIGN_OUT_SECONDS) == 4401


def test_a_role_counts_from_the_next_event_on(newcomer: Newcomer, ada: Somebody, bo: Somebody) -> None:
    di = newcomer("di")

    def make(role: str) -> None:
        assert ada.http.patch(f"users/{di.id}/", json={"role": role}).status_code == 200
        assert screen.next()["resync"] is True

    with di.screen() as screen:
        screen.listening()
        bo.create("Not for Di")
        di.create("The beginning")
        assert [event["title"] for event in screen.until("The beginning")] == ["The beginning"]
        make("MANAGER")
        bo.create("For all managers")
        assert [event["title"] for event in screen.until("For all managers")] == ["For all managers"]
        make("MEMBER")
        bo.create("Not for Di again")
        di.create("The end")
        assert [event["title"] for event in screen.until("The end")] == ["The end"]


def test_a_removed_member_has_to_resync_and_gets_nothing_more_from_the_project(newcomer: Newcomer) -> None:
    owner, di = newcomer("owner"), newcomer("di")
    project = owner.http.post("projects/", json={"name": "Garden"}).json()["id"]
    members = f"projects/{project}/members/"
    assert owner.http.post(members, json={"person": di.id}).status_code == 201
    task = owner.create("Before", project=project)
    with di.screen() as screen:
        screen.listening()
        owner.change(task, title="Seen")
        screen.until("Seen")
        begin = monotonic()
        assert owner.http.delete(f"{members}{di.id}/").status_code == 204
        assert screen.next()["resync"] is True
        assert monotonic() - begin < REMOVAL_SECONDS
        owner.change(task, title="Secret")
        owner.create("Secret, too", project=project)
        di.create("The end")
        heard = screen.until("The end")
    # The removal itself is an event, unless the new start includes it.
    assert [event["event"] for event in heard if event["event"] != "member.removed"] == ["task.created"]


@pytest.fixture
def small(tmp_path: Path) -> RunningTaskbell:
    return RunningTaskbell(prepared(tmp_path / "data"), env=fresh_database())


def test_a_restart_tells_clients_to_come_back_and_they_miss_nothing(small: RunningTaskbell) -> None:
    with small, Somebody(small.base_url, "ada") as ada:
        with ada.screen() as screen:
            screen.listening()
            ada.create("Before")
            cursor = screen.next()["cursor"]
            old = small.pid("web")
            assert old
            os.kill(old, signal.SIGTERM)
            assert screen.close_code() == 1012
        small.wait_until_restarted("web", old=old)
        eventually(small.answers, within=20)
        ada.create("While nobody listened")
        with ada.screen() as screen:
            screen.connected()
            screen.say({"resume": cursor})
            assert screen.next()["title"] == "While nobody listened"
        with ada.screen() as screen:
            screen.listening()
            small.process.send_signal(signal.SIGTERM)
            assert screen.close_code() == 1012
        assert small.stop() == 0
        assert "Traceback" not in small.output


def test_without_hints_events_come_late_but_come(small: RunningTaskbell) -> None:
    with small, Somebody(small.base_url, "ada") as ada, ada.screen() as screen:
        screen.listening()
        for number in range(3):
            old = small.kill("valkey")
            ada.create(f"Without a broker {number}")
            assert screen.next(within=10)["title"] == f"Without a broker {number}"
            small.wait_until_restarted("valkey", old=old)
        assert hears_promptly(ada, screen), "the subscription has come back"


def hears_promptly(somebody: Somebody, screen: Screen) -> bool:
    """True as soon as an event comes faster than the clock alone would bring it, several times."""

    def three_times() -> bool:
        begin = monotonic()
        for number in range(3):
            somebody.create(f"Prompt {number}")
            screen.until(f"Prompt {number}")
        return monotonic() - begin < 3

    return eventually(three_times, within=60)


def test_who_does_not_read_is_put_off_and_slows_nobody(newcomer: Newcomer) -> None:
    di = newcomer("di")
    with di.screen() as reader, Screen(di.address(), di.access, ping_interval=None) as sleeper:
        reader.listening()
        sleeper.listening()
        for batch in range(3):
            rows = [{"title": f"{batch}.{row}", "description": "x" * 9_000} for row in range(500)]
            assert di.http.post("tasks/bulk/", json={"create": rows}).status_code == 200
            titles = [event["title"] for event in reader.until(f"{batch}.499", within=5)]
            assert titles == [row["title"] for row in rows]
        assert sleeper.close_code() == TRY_LATER
        assert len(sleeper.heard) < 1500
        cursor = sleeper.heard[-1]["cursor"]
    with di.screen() as again:
        again.connected()
        again.say({"resume": cursor})
        again.until("2.499")
        assert len(sleeper.heard) + len(again.heard) == 1500 + 2, "two greetings, and nothing is lost"
