"""Guessing a password, and keeping somebody out by guessing: neither works."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import connections

from taskbell.accounts import lockout
from taskbell.accounts.actions import Client, sign_in
from taskbell.accounts.known_browsers import KnownBrowser
from taskbell.accounts.models import Attempt, Session, User
from taskbell.accounts.scheduled import forget_old_attempts
from taskbell.accounts.throttle import LONGEST_WINDOW, SIGN_IN_PER_ADDRESS
from taskbell.common.clock import utc_now
from taskbell.common.errors import NotSignedIn, TooMany
from taskbell.notifications.models import Notification
from taskbell.people.passwords import reset_password
from taskbell.people.scheduled import notify_locked
from tests.api.test_passwords import codes_of
from tests.conftest import NOW, PASSWORD, Program

HOME = Client("198.51.100.7")
LIMIT = 10


def attempt(identifier: str, password: str = "wrong", *, client: Client | str = "", now: Any = NOW) -> int:
    """The status of the answer."""
    try:
        sign_in(identifier, password, client=Client(client) if isinstance(client, str) else client, now=now)
    except (NotSignedIn, TooMany) as refusal:
        return refusal.status
    return 200


def lock(person: User, *, now: Any = NOW) -> None:
    """What a botnet does."""
    for number in range(LIMIT):
        attempt(person.username, client=f"192.0.2.{number}", now=now)


@pytest.mark.parametrize("names", [("bo", "bo@example.org"), ("BO", " Bo@Example.Org "), ("bo@example.org", "ｂｏ")])
def test_all_names_of_a_person_share_ten_attempts(bo: User, names: tuple[str, str]) -> None:
    answers = [attempt(names[number % 2], client=f"192.0.2.{number}") for number in range(LIMIT + 2)]
    assert answers == [401] * LIMIT + [429] * 2
    assert attempt("bo", PASSWORD, client="203.0.113.1") == 429


@pytest.mark.parametrize("name", ["nobody", "nobody@example.org", "left", "left@example.org"])
def test_names_of_nobody_and_of_those_who_left_have_ten_attempts_too(bo: User, cy: User, name: str) -> None:
    User.objects.filter(pk=cy.pk).update(
        username="left", username_key="left", email="left@example.org", is_active=False
    )
    answers = [attempt(name, client=f"192.0.2.{number}") for number in range(LIMIT + 1)]
    assert answers == [401] * LIMIT + [429]
    assert attempt("bo", PASSWORD) == 200


def test_a_blocked_address_locks_nobody_out(bo: User) -> None:
    answers = Counter(
        attempt(f"name{number}", client="192.0.2.1") for number in range(SIGN_IN_PER_ADDRESS.max_attempts)
    )
    answers += Counter(attempt("bo", client="192.0.2.1") for _ in range(LIMIT * 2))
    assert answers == {401: 100, 429: 20}
    assert attempt("bo", PASSWORD, client="203.0.113.1") == 200
    assert attempt("bo", PASSWORD, client="192.0.2.1") == 429


def test_a_locked_account_blocks_no_address(bo: User, cy: User) -> None:
    lock(bo)
    assert {attempt("bo", client="203.0.113.1") for _ in range(SIGN_IN_PER_ADDRESS.max_attempts + 1)} == {429}
    assert attempt("cy", PASSWORD, client="203.0.113.1") == 200


@pytest.mark.parametrize(
    ("addresses", "attempts"),
    [
        (lambda n: f"2001:db8:1:2::{n:x}", 100),  # in one /64
        (lambda n: f"2001:db8:1:2:{n:x}::1%eth0", 100),
        (lambda n: f"2001:db8:1:{n % 256:x}::1", 200),  # in one /56
        (lambda n: f"2001:db8:1:{n * 256:x}::1", 400),  # in one /48
        (lambda n: f"::ffff:192.0.2.{n % 2}", 200),  # two addresses
        (lambda n: f"junk{n}", 100),
    ],
)
def test_an_ipv6_network_counts_as_one_client(db: None, addresses: Callable[[int], str], attempts: int) -> None:
    SIGN_INS = 250
    answers = Counter(attempt(f"name{n}", client=addresses(n % 256)) for n in range(SIGN_INS))
    assert answers[401] == min(attempts, SIGN_INS)
    assert answers[429] == SIGN_INS - answers[401]


@pytest.mark.parametrize("address", ["198.51.100.7", "2001:db8:1:2::99"])
def test_bo_gets_in_from_where_he_was_before_while_strangers_are_refused(bo: User, address: str) -> None:
    assert attempt("bo", PASSWORD, client=address) == 200
    Session.objects.update(ended_at=NOW)
    lock(bo)
    assert attempt("bo", PASSWORD, client="203.0.113.1") == 429
    neighbour = address.replace("::99", ":7::1")
    assert attempt("bo", PASSWORD, client=neighbour) == 200
    assert [attempt("bo", client=neighbour) for _ in range(LIMIT + 1)] == [401] * LIMIT + [429]


def test_bos_browser_gets_in_even_from_a_blocked_network(bo: User, cy: User) -> None:
    browser = KnownBrowser("b1", (cy.pk, bo.pk))
    for number in range(SIGN_IN_PER_ADDRESS.max_attempts):
        attempt(f"name{number}", client=HOME)
    lock(bo)
    known, stranger = Client(HOME.address, browser=browser), Client(HOME.address, browser=KnownBrowser("b2", (cy.pk,)))
    assert attempt("bo", PASSWORD, client=stranger) == 429
    assert attempt("bo", PASSWORD, client=known) == 200
    assert [attempt("bo", client=known) for _ in range(LIMIT + 1)] == [401] * LIMIT + [429]
    assert attempt("bo", PASSWORD, client=Client(browser=KnownBrowser("b3", (bo.pk,)))) == 200


def test_the_network_of_another_person_is_not_known_to_bo(bo: User, cy: User) -> None:
    assert attempt("cy", PASSWORD, client=HOME) == 200
    lock(bo)
    assert attempt("bo", PASSWORD, client=HOME) == 429


@pytest.mark.parametrize("address", ["", "unknown"])
def test_an_address_that_cannot_be_read_is_never_known(bo: User, address: str) -> None:
    assert attempt("bo", PASSWORD, client=address) == 200
    lock(bo)
    assert attempt("bo", PASSWORD, client=address) == 429


def test_who_has_the_mailed_link_gets_in(bo: User) -> None:
    lock(bo)
    new = "a longer staple"
    codes = codes_of(bo)
    reset_password(codes["uid"], codes["token"], new, now=NOW)
    assert attempt("bo", new, client="203.0.113.1") == 200


@pytest.mark.django_db(transaction=True)
def test_of_thirty_attempts_at_once_ten_are_checked(request: pytest.FixtureRequest) -> None:
    request.getfixturevalue("bo")
    together = Barrier(30)

    def guess(number: int) -> int:
        together.wait()
        try:
            return attempt("bo", client=f"192.0.2.{number}", now=utc_now())
        finally:
            connections.close_all()

    with ThreadPoolExecutor(30) as pool:
        answers = Counter(pool.map(guess, range(30)))
    assert answers[401] <= LIMIT
    assert answers[401] + answers[429] == 30


def test_a_refused_attempt_writes_nothing_and_a_counted_one_little(bo: User, query_budget: Any) -> None:
    lock(bo)
    for number in range(SIGN_IN_PER_ADDRESS.max_attempts):
        attempt(f"name{number}", client="192.0.2.99")
    rows = set(Attempt.objects.values_list("pk"))
    with query_budget(2):  # the person, the network
        assert attempt("bo", client="192.0.2.99") == 429
    assert set(Attempt.objects.values_list("pk")) == rows
    with query_budget(9):
        assert attempt("nobody", client="2001:db8::1") == 401
    assert Attempt.objects.count() == len(rows) + 4  # three networks and the name
    forget_old_attempts(NOW + LONGEST_WINDOW + timedelta(seconds=1))
    assert not Attempt.objects.exists()


def test_known_and_unknown_names_cost_the_same(bo: User, cy: User, monkeypatch: pytest.MonkeyPatch) -> None:
    User.objects.filter(pk=cy.pk).update(is_active=False)
    hashed: list[str] = []
    encode = MD5PasswordHasher.encode

    def counted(self: Any, password: str, salt: str) -> str:
        hashed.append(password)
        return str(encode(self, password, salt))

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    costs = set()
    for name in ("bo", "bo@example.org", "cy", "cy@example.org", "nobody", "nobody@example.org"):
        for password in ("wrong", "café"):
            hashed.clear()
            with connections["default"].execute_wrapper(statements := Statements()):
                assert attempt(name, password, client=f"192.0.2.{len(costs)}") == 401
            costs.add((password, len(hashed), statements.number))
    assert len(costs) == 2, costs


class Statements:
    """Counts what is sent to the database."""

    number = 0

    def __call__(self, execute: Any, *arguments: Any) -> Any:
        self.number += 1
        return execute(*arguments)


def test_bo_is_notified_once_a_lock_by_the_clock(bo: User, cy: User) -> None:
    attempt("bo", PASSWORD, client=HOME)
    for _ in range(LIMIT - 1):
        attempt("bo", client="192.0.2.1")
    notify_locked(NOW)
    assert not Notification.objects.exists()
    for _ in range(5):
        attempt("bo", client="192.0.2.1")
        notify_locked(NOW)
    assert [(notice.recipient, notice.kind) for notice in Notification.objects.all()] == [(bo, "sign_in_locked")]
    later = NOW + timedelta(hours=23)
    lock(bo, now=later)
    notify_locked(later)
    assert Notification.objects.count() == 1
    later = NOW + timedelta(hours=25)
    lock(bo, now=later)
    notify_locked(later)
    assert Notification.objects.count() == 2


def test_those_who_left_and_names_of_nobody_cause_no_mail(bo: User) -> None:
    lock(bo)
    for number in range(LIMIT):
        attempt("nobody", client=f"192.0.2.{number}")
    User.objects.filter(pk=bo.pk).update(is_active=False)
    notify_locked(NOW)
    assert not Notification.objects.exists()


def test_guesses_from_a_network_that_bo_knows_notify_him(bo: User) -> None:
    attempt("bo", PASSWORD, client=HOME)
    for _ in range(LIMIT):
        attempt("bo", client=HOME)
    assert lockout.people_under_attack(now=NOW) == {bo.pk}


@pytest.mark.parametrize("path", ["token/", "login/", "auth/login/"])
def test_every_path_of_the_api_counts(bo: User, anonymous: Program, path: str) -> None:
    for number in range(LIMIT):
        name = ({"username": "bo"}, {"email": "bo@example.org"})[number % 2]
        assert anonymous.post(f"/api/{path}", name | {"password": "wrong"}).status_code == 401
    answer = anonymous.post("/api/token/", {"username": "bo", "password": PASSWORD})
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0
