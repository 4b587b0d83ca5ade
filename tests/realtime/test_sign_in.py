"""Which clients may connect, how they sign in, and how the others are refused."""

import socket
from time import monotonic
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import InvalidStatus

from tests.realtime.conftest import Newcomer
from tests.realtime.live import Screen, Somebody


def assert_listens(screen: Screen, somebody: Somebody) -> None:
    """The screen is signed in as this person, who sees what they create."""
    screen.listening()
    somebody.create(title := f"For {somebody.name}")
    assert screen.next()["title"] == title


def test_a_program_comes_with_an_authorization_header(bo: Somebody) -> None:
    with Screen(bo.address(), headers={"Authorization": f"bearer {bo.access}"}) as screen:
        assert_listens(screen, bo)


def test_the_final_slash_is_optional(bo: Somebody) -> None:
    with Screen(bo.address(slash=""), bo.access) as screen:
        assert_listens(screen, bo)


def test_a_page_of_another_server_comes_with_a_subprotocol(bo: Somebody) -> None:
    with Screen(bo.address(), subprotocols=["bearer", bo.access]) as screen:
        assert screen.socket.subprotocol == "bearer", "the token is not said back"
        assert_listens(screen, bo)


def test_a_program_says_its_token_in_the_first_frame(bo: Somebody) -> None:
    with Screen(bo.address()) as screen:
        screen.say({"token": bo.access})
        assert_listens(screen, bo)


def test_the_first_frame_may_say_where_to_resume_as_well(bo: Somebody) -> None:
    with bo.screen() as screen:
        cursor = screen.connected()
    bo.create("Missed")
    with Screen(bo.address()) as screen:
        screen.say({"token": bo.access, "resume": cursor})
        screen.connected()
        assert screen.next()["title"] == "Missed"


def test_a_browser_comes_with_its_cookie_from_our_page(bo: Somebody) -> None:
    with Screen(bo.address(), headers={"Cookie": bo.cookie()}, origin=bo.base_url) as screen:
        assert_listens(screen, bo)


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://localhost:1", "http://localhost.evil.example", "null", None]
)
def test_a_cookie_does_not_count_on_other_pages(bo: Somebody, origin: str | None) -> None:
    with Screen(bo.address(), headers={"Cookie": bo.cookie()}, origin=origin) as screen:
        assert screen.close_code() == 4403
        assert screen.heard == []


def test_a_page_cannot_make_itself_ours_by_another_host_name(bo: Somebody) -> None:
    address = urlsplit(bo.address())
    elsewhere, headers = f"ws://evil.example:{address.port}{address.path}", {"Cookie": bo.cookie()}
    origin = f"http://evil.example:{address.port}"
    here = socket.create_connection(("localhost", address.port or 0))
    with Screen(elsewhere, headers=headers, origin=origin, sock=here) as screen:
        assert screen.close_code() == 4403


def test_a_token_counts_wherever_the_page_is_from(bo: Somebody) -> None:
    with Screen(bo.address(), bo.access, origin="https://board.example") as screen:
        assert_listens(screen, bo)


def test_who_says_nothing_is_put_off_after_five_seconds(bo: Somebody) -> None:
    begin = monotonic()
    with Screen(bo.address()) as screen:
        assert screen.close_code() == 4401
    assert 4 < monotonic() - begin < 8


@pytest.mark.parametrize("frame", ['{"token": "nonsense"}', '{"token": 5}', "{}", "[]", "null", "nonsense", '"token"'])
def test_a_first_frame_without_a_valid_token_ends_the_connection(bo: Somebody, frame: str) -> None:
    with Screen(bo.address()) as screen:
        screen.say(frame)
        assert screen.close_code() == 4401


@pytest.mark.parametrize(
    "how",
    [
        {"headers": {"Authorization": "Bearer nonsense"}},
        {"headers": {"Authorization": "Bearer"}},
        {"subprotocols": ["bearer", "nonsense"]},
        {"subprotocols": ["bearer"]},
    ],
)
def test_a_wrong_token_ends_the_connection(bo: Somebody, how: dict[str, object]) -> None:
    with Screen(bo.address(), **how) as screen:
        assert screen.close_code() == 4401
        assert screen.heard == []


@pytest.mark.parametrize("name", ["token", "access_token", "Authorization"])
def test_a_token_in_the_address_is_refused_even_beside_a_right_one(bo: Somebody, name: str) -> None:
    with Screen(bo.address(f"?{name}={bo.access}"), bo.access) as screen:
        assert screen.close_code() == 4401


def test_the_refresh_token_opens_nothing(bo: Somebody) -> None:
    form = {"email": f"{bo.name}@example.org", "password": "correct horse battery"}
    refresh = bo.http.post("token/", json=form).json()["refresh"]
    with Screen(bo.address(), refresh) as screen:
        assert screen.close_code() == 4401


def test_a_signed_out_browser_is_told_to_sign_in(newcomer: Newcomer) -> None:
    di = newcomer("di")
    cookie = di.cookie()
    assert di.http.delete("sessions/").status_code < 300
    with Screen(di.address(), headers={"Cookie": cookie}, origin=di.base_url) as screen:
        assert screen.close_code() == 4401


def test_there_is_no_other_live_address(bo: Somebody) -> None:
    with pytest.raises(InvalidStatus):
        Screen(bo.address(slash="/1/"), bo.access)
