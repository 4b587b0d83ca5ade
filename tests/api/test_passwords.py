"""A forgotten password, and a changed one, through the API."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.contrib.auth.tokens import default_token_generator
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils.http import urlsafe_base64_encode

from taskbell.accounts.models import User
from taskbell.notifications.models import Notification
from tests.conftest import PASSWORD, Program

NEW = "a longer staple"
Somebody = Callable[[User], Program]


def codes_of(person: User) -> dict[str, str]:
    """What the mailed link carries."""
    uid = urlsafe_base64_encode(str(person.pk).encode())
    return {"uid": uid, "token": default_token_generator.make_token(person)}


def can_sign_in(password: str) -> bool:
    return Program().post("/api/token/", {"username": "bo", "password": password}).status_code == 200


def test_the_answer_does_not_tell_whether_there_is_such_an_account(bo: User, anonymous: Program) -> None:
    answers = [anonymous.post("/api/password/reset/", {"email": f"{name}@example.org"}) for name in ("bo", "nobody")]
    for answer in answers:
        del answer["X-Request-ID"]  # a new one for each
    known, unknown = [(a.status_code, a.content, sorted(a.headers.items())) for a in answers]
    assert known == unknown
    assert known[0] == 204
    assert [mail.recipient for mail in Notification.objects.all()] == [bo]


def test_an_unknown_address_costs_what_a_known_one_costs(bo: User, anonymous: Program) -> None:
    written = {}
    for name in ("bo", "nobody"):
        with CaptureQueriesContext(connection) as queries:
            assert anonymous.post("/api/password/reset/", {"email": f"{name}@example.org"}).status_code == 204
        written[name] = [query["sql"].split()[:3] for query in queries if query["sql"].startswith("INSERT")]
    assert written["bo"] == written["nobody"]
    assert Notification.objects.count() == 1


def test_the_limit_is_the_same_for_unknown_addresses(bo: User, anonymous: Program) -> None:
    for name in ("bo", "nobody"):
        answers = [anonymous.post("/api/password/reset/", {"email": f"{name}@example.org"}) for _ in range(6)]
        assert [answer.status_code for answer in answers] == [204] * 5 + [429]
        assert int(answers[-1]["Retry-After"]) > 0


def test_the_mailed_code_works_once_and_signs_bo_out_everywhere(
    bo: User, as_user: Somebody, anonymous: Program
) -> None:
    program = as_user(bo)
    body = codes_of(bo) | {"new_password": NEW}
    assert anonymous.post("/api/password/reset/confirm/", body).status_code == 204
    assert program.get("/api/profile/").status_code == 401
    assert can_sign_in(NEW)
    assert not can_sign_in(PASSWORD)
    again = anonymous.post("/api/password/reset/confirm/", body | {"new_password": "yet another staple"})
    assert again.status_code == 400
    assert can_sign_in(NEW)


@pytest.mark.django_db(transaction=True)
def test_of_eight_who_use_the_code_at_once_one_sets_the_password(request: pytest.FixtureRequest) -> None:
    codes = codes_of(request.getfixturevalue("bo"))
    together = Barrier(8)

    def confirm(number: int) -> int:
        together.wait()
        try:
            return (
                Program().post("/api/password/reset/confirm/", codes | {"new_password": f"{NEW} {number}"}).status_code
            )
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(confirm, range(8)))
    assert sorted(answers) == [204] + [400] * 7
    assert can_sign_in(f"{NEW} {answers.index(204)}")


@pytest.mark.parametrize("uid", ["x", "AA", "MQ", "////", "ü", "=", "LTE", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk"])
def test_a_code_of_nobody_is_refused_like_a_used_one(bo: User, anonymous: Program, uid: str) -> None:
    body = codes_of(bo) | {"uid": uid, "new_password": NEW}
    if uid == codes_of(bo)["uid"]:
        body["token"] = "x"
    answer = anonymous.post("/api/password/reset/confirm/", body)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "token"
    assert can_sign_in(PASSWORD)


def test_the_code_of_cy_does_not_open_bos_account(bo: User, cy: User, anonymous: Program) -> None:
    body = codes_of(bo) | {"token": codes_of(cy)["token"], "new_password": NEW}
    assert anonymous.post("/api/password/reset/confirm/", body).status_code == 400


def test_a_poor_new_password_leaves_the_code_good(bo: User, anonymous: Program) -> None:
    body = codes_of(bo)
    assert anonymous.post("/api/password/reset/confirm/", body | {"new_password": "short"}).status_code == 400
    assert anonymous.post("/api/password/reset/confirm/", body | {"new_password": NEW}).status_code == 204


def test_a_changed_password_gives_new_tokens_and_ends_the_old_ones(bo: User, as_user: Somebody) -> None:
    phone, laptop = as_user(bo), as_user(bo)
    pair = laptop.post("/api/password/change/", {"old_password": PASSWORD, "new_password": NEW}).json()
    assert phone.get("/api/profile/").status_code == 401
    assert laptop.get("/api/profile/").status_code == 401
    assert Program(pair["access"]).get("/api/profile/").status_code == 200
    assert can_sign_in(NEW)


def test_a_wrong_old_password_is_named_and_counted(bo: User, as_user: Somebody) -> None:
    program = as_user(bo)
    answers = [program.post("/api/password/change/", {"old_password": "wrong", "new_password": NEW}) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [400] * 10 + [429]
    assert answers[0].json()["errors"][0]["field"] == "old_password"
