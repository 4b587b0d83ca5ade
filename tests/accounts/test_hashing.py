"""How passwords are hashed: what one costs, and how many at once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher, identify_hasher, make_password

from taskbell.accounts import hashing
from taskbell.accounts.actions import Client, sign_in
from taskbell.accounts.models import User
from taskbell.common.errors import Busy
from tests.conftest import NOW, PASSWORD, Program
from tests.web.conftest import Browser


@pytest.fixture
def real_hasher(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["taskbell.accounts.hashing.ScarceArgon2"]


@pytest.mark.usefixtures("real_hasher")
def test_a_hash_takes_19_mib() -> None:
    assert make_password(PASSWORD).startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")


@pytest.mark.usefixtures("real_hasher")
def test_of_ten_at_once_two_are_computed_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    lock, running, most = threading.Lock(), 0, 0
    third = threading.Event()

    def watched(self: Any, password: str, encoded: str) -> bool:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
            if running > 2:
                third.set()
        third.wait(0.05)  # a chance for a third to begin
        with lock:
            running -= 1
        return False

    monkeypatch.setattr(Argon2PasswordHasher, "verify", watched)
    hasher, encoded = hashing.ScarceArgon2(), make_password(PASSWORD)
    with ThreadPoolExecutor(10) as threads:
        assert list(threads.map(lambda _: hasher.verify("wrong", encoded), range(10))) == [False] * 10
    assert most == 2


@pytest.mark.usefixtures("real_hasher")
def test_a_sign_in_that_waits_too_long_is_refused_for_now(bo: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashing, "MAX_WAIT_SECONDS", 0)
    monkeypatch.setattr(hashing, "places", threading.Semaphore(0))
    with pytest.raises(Busy):
        make_password(PASSWORD)
    program: Any = Program().post("/api/token/", {"username": "bo", "password": PASSWORD})
    page = Browser().sign_in("bo", PASSWORD)
    for answer in (program, page):
        assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert program.json()["title"] == "Temporarily unavailable"


@pytest.mark.usefixtures("real_hasher")
def test_an_older_hash_is_replaced_at_the_next_sign_in(bo: User) -> None:
    class Former(Argon2PasswordHasher):
        memory_cost = 1024

    User.objects.filter(pk=bo.pk).update(password=Former().encode(PASSWORD, Former().salt()))
    for _ in range(2):
        assert sign_in("bo", PASSWORD, client=Client(), now=NOW)
        bo.refresh_from_db()
        assert bo.password.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
        assert not identify_hasher(bo.password).must_update(bo.password)
