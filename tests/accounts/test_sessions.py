"""Being signed in: tokens, their rotation, and how they end."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import pytest
from django.conf import settings
from django.contrib.auth.hashers import MD5PasswordHasher

from taskbell.accounts import tokens
from taskbell.accounts.actions import (
    Client,
    end_sessions,
    open_session,
    sign_in,
)
from taskbell.accounts.models import Attempt, User
from taskbell.accounts.queries import session_of_token
from taskbell.common.errors import NotSignedIn, TooMany
from taskbell.people.passwords import change_password
from taskbell.people.sessions import renew_session
from tests.conftest import NOW, PASSWORD

LATER = NOW + timedelta(minutes=1)


def pair_of(person: User) -> tokens.TokenPair:
    return tokens.pair_for(open_session(person, client=Client(), now=NOW))


def test_bo_signs_in_by_name_or_address_in_any_case(bo: User) -> None:
    for identifier in ("bo", "BO", "Bo@Example.org", " bo@example.org "):
        assert sign_in(identifier, PASSWORD, client=Client(), now=NOW).user == bo


def test_an_unknown_name_and_a_wrong_password_get_the_same_words(bo: User) -> None:
    with pytest.raises(NotSignedIn) as unknown:
        sign_in("nobody", PASSWORD, client=Client(), now=NOW)
    with pytest.raises(NotSignedIn) as wrong:
        sign_in("bo", "not his password", client=Client(), now=NOW)
    assert unknown.value.detail == wrong.value.detail


def test_an_unknown_name_costs_one_password_hash_like_a_known_one(bo: User, monkeypatch: pytest.MonkeyPatch) -> None:

    hashed: list[str] = []
    encode = MD5PasswordHasher.encode

    def counted(self: Any, password: str, salt: str) -> str:
        hashed.append(password)
        return str(encode(self, password, salt))

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    for identifier in ("nobody", "bo"):
        hashed.clear()
        with pytest.raises(NotSignedIn):
            sign_in(identifier, "wrong", client=Client(), now=NOW)
        assert hashed == ["wrong"]


def test_somebody_who_left_cannot_sign_in(bo: User) -> None:
    User.objects.filter(pk=bo.pk).update(is_active=False)
    with pytest.raises(NotSignedIn):
        sign_in("bo", PASSWORD, client=Client(), now=NOW)


def test_after_ten_wrong_passwords_the_account_waits(bo: User) -> None:
    for number in range(10):
        with pytest.raises(NotSignedIn):
            sign_in("bo", "wrong", client=Client(address=f"192.0.2.{number}"), now=NOW)
    with pytest.raises(TooMany) as refusal:
        sign_in("bo", PASSWORD, client=Client(address="192.0.2.99"), now=NOW)
    assert 0 < refusal.value.retry_after <= 15 * 60 + 1
    assert sign_in("bo", PASSWORD, client=Client(), now=NOW + timedelta(minutes=16))


def test_right_passwords_are_not_counted(bo: User) -> None:
    for _ in range(12):
        sign_in("bo", PASSWORD, client=Client(address="192.0.2.1"), now=NOW)
    assert not Attempt.objects.exists()


def test_an_access_token_counts_until_its_session_ends(bo: User) -> None:
    access = pair_of(bo).access
    assert session_of_token(access, now=NOW).user == bo
    end_sessions(bo, now=NOW, because="signed out")
    with pytest.raises(NotSignedIn):
        session_of_token(access, now=NOW)


def test_an_access_token_expires_also_where_it_counted_a_moment_ago(bo: User) -> None:
    access = pair_of(bo).access
    assert session_of_token(access, now=NOW).user == bo
    with pytest.raises(NotSignedIn):
        session_of_token(access, now=NOW + timedelta(minutes=11))


def test_the_person_comes_in_the_same_query(bo: User, query_budget: Any) -> None:
    access = pair_of(bo).access
    with query_budget(1):
        assert session_of_token(access, now=NOW).user.profile.timezone == "UTC"


def test_a_refresh_token_is_no_access_token_and_the_other_way_round(bo: User) -> None:
    pair = pair_of(bo)
    with pytest.raises(NotSignedIn):
        session_of_token(pair.refresh, now=NOW)
    with pytest.raises(NotSignedIn):
        renew_session(pair.access, now=NOW)


@pytest.mark.parametrize(
    "forged",
    [
        {"alg": "none"},
        {"aud": "somebody else"},
        {"iss": "somebody else"},
        {"key": b"another key that is long enough for HMAC"},
    ],
)
def test_a_token_that_is_not_exactly_ours_is_refused(bo: User, forged: dict[str, Any]) -> None:
    claims = jwt.decode(pair_of(bo).access, options={"verify_signature": False})
    changed = claims | {name: forged[name] for name in ("aud", "iss") if name in forged}
    key = forged.get("key", tokens._key(settings.SECRET_KEY))
    algorithm = forged.get("alg", "HS256")
    raw = jwt.encode(changed, None if algorithm == "none" else key, algorithm=algorithm)
    with pytest.raises(NotSignedIn):
        session_of_token(raw, now=NOW)


def test_a_new_password_ends_every_session_but_the_new_one(bo: User) -> None:
    phone, laptop = pair_of(bo), pair_of(bo)
    fresh = change_password(bo, old=PASSWORD, new="a longer staple", client=Client(), now=LATER)
    for pair in (phone, laptop):
        with pytest.raises(NotSignedIn):
            session_of_token(pair.access, now=LATER)
        with pytest.raises(NotSignedIn):
            renew_session(pair.refresh, now=LATER)
    assert session_of_token(tokens.pair_for(fresh).access, now=LATER).user == bo


def test_deactivation_works_at_the_next_request(bo: User, as_user: Callable[[User], Any]) -> None:
    program = as_user(bo)
    assert program.get("/api/profile/").status_code == 200
    User.objects.filter(pk=bo.pk).update(is_active=False)
    assert program.get("/api/profile/").status_code == 401
