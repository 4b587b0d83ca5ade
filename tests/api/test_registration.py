"""Getting an account, and who one is afterwards."""

import re
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from taskbell.accounts.invites import token_of
from taskbell.accounts.models import Installation, Profile, User
from taskbell.accounts.policy import Role
from taskbell.common.clock import utc_now
from taskbell.notifications.models import Notification
from taskbell.people.invitations import invite
from tests.conftest import PASSWORD, Program

ZOE = {"email": "zoe@example.org", "password": PASSWORD}
Somebody = Callable[[User], Program]


def test_zoe_registers_with_her_address_alone_and_signs_in(bo: User, anonymous: Program) -> None:
    answer = anonymous.post("/api/register/", ZOE)
    zoe = User.objects.get(email="zoe@example.org")
    assert answer.status_code == 201
    assert answer.json() == {
        "id": zoe.pk,
        "username": "zoe",
        "email": "zoe@example.org",
        "first_name": "",
        "last_name": "",
    }
    assert zoe.role == Role.MEMBER
    for path in ("token/", "login/", "auth/login/"):
        for name in ("username", "email"):
            pair = anonymous.post(f"/api/{path}", {name: "ZOE@example.org", "password": PASSWORD}).json()
            assert pair.keys() == {"access", "refresh"}
            assert Program(pair["access"]).get("/api/profile/").json()["id"] == zoe.pk


@pytest.mark.parametrize("path", ["token/refresh/", "login/refresh/"])
def test_the_refresh_token_gives_the_next_pair(bo: User, anonymous: Program, path: str) -> None:
    pair = anonymous.post("/api/token/", {"username": "bo", "password": PASSWORD}).json()
    fresh = anonymous.post(f"/api/{path}", {"refresh": pair["refresh"]}).json()
    assert fresh["refresh"] != pair["refresh"]
    assert Program(fresh["access"]).get("/api/profile/").status_code == 200


def test_after_signing_out_no_token_works(bo: User, anonymous: Program) -> None:
    pair = anonymous.post("/api/token/", {"username": "bo", "password": PASSWORD}).json()
    program = Program(pair["access"])
    assert program.post("/api/logout/").status_code == 204
    assert program.get("/api/profile/").status_code == 401
    assert anonymous.post("/api/token/refresh/", {"refresh": pair["refresh"]}).status_code == 401


@pytest.mark.parametrize("email", ["bo@example.org", "BO@EXAMPLE.ORG", " Bo@Example.Org ", "ｂｏ@example.org"])
@pytest.mark.parametrize("username", [{}, {"username": "zed"}, {"username": "bo@example.org"}])
def test_a_taken_address_answers_like_a_free_one_and_its_owner_is_notified(
    bo: User, anonymous: Program, email: str, username: dict[str, str]
) -> None:
    free = anonymous.post("/api/register/", ZOE | {"first_name": "Zoe"})
    taken = anonymous.post("/api/register/", ZOE | {"first_name": "Zoe", "email": email} | username)
    after = anonymous.post("/api/register/", ZOE | {"email": "yan@example.org"})
    assert [answer.status_code for answer in (free, taken, after)] == [201] * 3
    assert sorted(taken.headers) == sorted(free.headers)
    body = taken.json()
    assert body.keys() == free.json().keys()
    assert (body["email"], body["first_name"], body["last_name"]) == ("bo@example.org", "Zoe", "")
    assert body["username"] == username.get("username", body["username"]) != "bo"
    assert free.json()["id"] < body["id"] < after.json()["id"], "no id is given twice"
    assert not User.objects.filter(pk=body["id"]).exists()
    assert User.objects.count() == Profile.objects.count() == 3
    assert anonymous.post("/api/token/", {"email": "bo@example.org", "password": PASSWORD}).status_code == 200
    assert list(Notification.objects.filter(kind="account_exists").values_list("address")) == [("bo@example.org",)]
    assert anonymous.post("/api/register/", ZOE | {"email": email}).status_code == 201
    assert Notification.objects.filter(kind="account_exists").count() == 1, "once a day"


def test_a_taken_and_a_free_address_cost_the_same(bo: User, anonymous: Program, monkeypatch: Any) -> None:
    hashed = Counter[str]()
    email, encode = "", MD5PasswordHasher.encode

    def counted(self: Any, password: str, salt: str) -> str:
        hashed[email] += 1
        return str(encode(self, password, salt))

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    statements = {}
    for email in ("bo@example.org", "free@example.org"):
        with CaptureQueriesContext(connection) as queries:
            assert (
                anonymous.post("/api/register/", ZOE | {"email": email, "username": "x" + email[:2]}).status_code == 201
            )
        statements[email] = len(queries)
    assert hashed == {"bo@example.org": 1, "free@example.org": 1}
    assert abs(statements["bo@example.org"] - statements["free@example.org"]) <= 5, statements


def test_a_taken_username_is_refused_whether_or_not_the_address_is_taken(bo: User, anonymous: Program) -> None:
    for email in ("bo@example.org", "zoe@example.org"):
        answer = anonymous.post("/api/register/", ZOE | {"email": email, "username": "BO"})
        assert answer.status_code == 409
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["detail"] == "An account with this username already exists."
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("email", "username"),
    [
        ("Zoe.M+x_1-y@example.org", "zoe.m+x_1-y"),
        ("zoe/m!#$@example.org", "zoem"),
        ("-._+@example.org", "person"),
        ("'@example.org", "person"),
        ('"a@b"@example.org', "ab"),
        ("ｚｏｅ@example.org", "zoe"),
        (f"{'z' * 64}@example.org", "z" * 64),
    ],
)
def test_a_username_is_made_of_the_address(bo: User, anonymous: Program, email: str, username: str) -> None:
    answer = anonymous.post("/api/register/", ZOE | {"email": email})
    assert (answer.status_code, answer.json().get("username")) == (201, username)
    assert anonymous.post("/api/token/", {"username": username, "password": PASSWORD}).status_code == 200
    assert anonymous.post("/api/token/", {"email": email, "password": PASSWORD}).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_of_eight_with_the_same_local_part_each_gets_a_username() -> None:
    Installation.claim(utc_now())
    together = Barrier(8)

    def register(number: int) -> Any:
        together.wait()
        try:
            return Program().post("/api/register/", ZOE | {"email": f"zoe@{number}.example.org"})
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(register, range(8)))
    assert [answer.status_code for answer in answers] == [201] * 8
    names = {answer.json()["username"] for answer in answers}
    assert len(names) == User.objects.count() == 8
    assert "zoe" in names
    assert all(re.fullmatch(r"zoe(-\d{4,})?", name) for name in names)


def test_nobody_reads_an_address_in_the_directory(bo: User, anonymous: Program, as_user: Somebody) -> None:
    anonymous.post("/api/register/", ZOE)
    page = as_user(bo).get("/api/users/")
    assert "zoe" in [row["username"] for row in page.json()["results"]]
    assert "zoe@example.org" not in page.content.decode()


@pytest.mark.parametrize(
    "email", ["zoe", "zoe@", "=?utf-8?q?a?=@example.org", "zoe@אa.example.org", f"zoe@{'ü' * 60}.example.org"]
)
def test_what_no_mail_can_be_addressed_to_is_no_address(db: None, anonymous: Program, email: str) -> None:
    answer = anonymous.post("/api/register/", ZOE | {"email": email})
    assert (answer.status_code, [error["field"] for error in answer.json()["errors"]]) == (400, ["email"])
    assert not User.objects.filter(username=ZOE.get("username", "zoe")).exists()


@pytest.mark.parametrize("username", ["bo", "BO", "ｂｏ", " bo "])
def test_a_username_is_taken_however_it_is_written(bo: User, anonymous: Program, username: str) -> None:
    assert anonymous.post("/api/register/", ZOE | {"username": username}).status_code == 409
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    "username",
    ["bo@example.org", "BO@example.org", "ｂｏ@example.org", "bo＠example.org", "else@example.org", "a b", "a/b"],
)
def test_the_address_of_another_is_no_username(bo: User, anonymous: Program, username: str) -> None:
    answer = anonymous.post("/api/register/", ZOE | {"username": username})
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == ["username"]


@pytest.mark.parametrize("username", ["\ufdfa" * 33, "ß" * 150, "zoé", "李雷", "a.b+c-d_e"])
def test_letters_of_every_script_make_a_username(bo: User, anonymous: Program, username: str) -> None:
    assert anonymous.post("/api/register/", ZOE | {"username": username}).status_code == 201
    assert anonymous.post("/api/token/", {"username": username, "password": PASSWORD}).status_code == 200


def test_a_username_that_spells_out_too_long_is_refused_on_every_database(bo: User, anonymous: Program) -> None:
    answer = anonymous.post("/api/register/", ZOE | {"username": "\ufdfa" * 150})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "username"


@pytest.mark.parametrize("field", ["role", "is_staff", "is_superuser", "id", "setup_token", "is_active"])
def test_nobody_gives_themselves_a_role(bo: User, anonymous: Program, field: str) -> None:
    answer = anonymous.post("/api/register/", ZOE | {field: "ADMIN"})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == field
    program = Program(anonymous.post("/api/token/", {"username": "bo", "password": PASSWORD}).json()["access"])
    program.patch("/api/profile/", {field: "ADMIN"})
    bo.refresh_from_db()
    assert bo.role == Role.MEMBER
    assert bo.is_active


@pytest.mark.parametrize("password", ["short", "12345678", "password", "zoe@example", "x" * 1025, "", "aaaaaaa"])
def test_a_poor_password_is_refused_with_its_reason(bo: User, anonymous: Program, password: str) -> None:
    answer = anonymous.post("/api/register/", ZOE | {"password": password})
    assert answer.status_code == 400
    assert {error["field"] for error in answer.json()["errors"]} == {"password"}
    assert not User.objects.filter(email=ZOE["email"]).exists()


@pytest.mark.parametrize("password", ["  spaces all around  ", "пароль и ещё слова", "🦊🦊🦊🦊🦊🦊🦊🦊", "x y " * 256])
def test_a_password_is_taken_as_it_is(bo: User, anonymous: Program, password: str) -> None:
    anonymous.post("/api/register/", ZOE | {"password": password})
    for attempt, status in ((password, 200), (password.strip() + "!", 401)):
        answer = anonymous.post("/api/token/", {"email": ZOE["email"], "password": attempt})
        assert answer.status_code == status


@pytest.mark.parametrize("mode", ["invite", "closed"])
def test_where_accounts_are_by_invitation_registering_is_refused_first(
    bo: User, anonymous: Program, settings: Any, mode: str
) -> None:
    settings.TASKBELL_REGISTRATION = mode
    for body in (ZOE, {}, b"{"):
        assert anonymous.post("/api/register/", body).status_code == 403
    assert User.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_ten_people_who_register_first_exactly_one_becomes_admin() -> None:
    Installation.objects.all().delete()
    Installation.objects.create(pk=1)
    together = Barrier(10)

    def register(number: int) -> int:
        together.wait()
        try:
            return Program().post("/api/register/", ZOE | {"email": f"zoe{number}@example.org"}).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(register, range(10)))
    assert answers == [201] * 10
    assert User.objects.filter(role=Role.ADMIN).count() == 1
    assert User.objects.filter(role=Role.MEMBER).count() == 9
    assert Profile.objects.count() == 10
    assert Program().post("/api/register/", ZOE).status_code == 201
    assert User.objects.filter(role=Role.ADMIN).count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_ten_who_register_the_same_address_one_gets_it() -> None:
    together = Barrier(10)

    def register(number: int) -> int:
        together.wait()
        try:
            return (
                Program()
                .post("/api/register/", ZOE | {"email": ("zoe@example.org", "ZOE@example.org")[number % 2]})
                .status_code
            )
        finally:
            connections.close_all()

    with ThreadPoolExecutor(10) as pool:
        answers = sorted(pool.map(register, range(10)))
    assert answers == [201] * 10
    assert User.objects.count() == Profile.objects.count() == 1


def test_bo_reads_and_changes_his_profile(bo: User, as_user: Somebody) -> None:
    program = as_user(bo)
    change = {"timezone": "Europe/Berlin", "digest_at": "07:30:00", "digest_enabled": False, "avatar_colour": "#123abc"}
    assert program.patch("/api/profile/", change | {"first_name": "Böb"}).status_code == 200
    profile = program.get("/api/profile/").json()
    assert profile | change | {"first_name": "Böb"} == profile
    assert (profile["id"], profile["role"], profile["email"]) == (bo.pk, "MEMBER", "bo@example.org")
    assert program.put("/api/profile/", {}).json()["first_name"] == ""


def test_a_name_that_is_taken_is_a_conflict(bo: User, cy: User, as_user: Somebody) -> None:
    """Not an address, which others don't see: its owner gets the email instead of Bo."""
    program = as_user(bo)
    assert program.patch("/api/profile/", {"email": "CY@example.org", "current_password": PASSWORD}).status_code == 200
    assert program.patch("/api/profile/", {"username": "Cy"}).status_code == 409
    assert program.get("/api/profile/").json()["email"] == "bo@example.org"
    sent = Notification.objects.exclude(address="bo@example.org")
    assert list(sent.values_list("address", "kind")) == [("cy@example.org", "account_exists")]


@pytest.mark.parametrize("agent", ["a\x00b", "\x1b[31m", "x" * 10_000, "\x80\x9f\xff", ""])
def test_a_program_may_call_itself_what_it_likes(bo: User, anonymous: Program, agent: str) -> None:
    body = {"username": "bo", "password": PASSWORD}
    assert anonymous.post("/api/token/", body, **{"User-Agent": agent}).status_code == 200


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "ü.ü.ü", "\xff", "e30.e30.e30", "x" * 50_000, "a b c", "null"])
def test_a_token_that_is_none_is_nobody(anonymous: Program, db: None, token: str) -> None:
    assert anonymous.get("/api/tasks/", Authorization=f"Bearer {token}").status_code == 401
    assert anonymous.post("/api/token/refresh/", {"refresh": token}).status_code in (400, 401)


@pytest.mark.parametrize("mode", ["open", "invite", "closed"])
def test_a_program_registers_by_invitation_whatever_the_mode(
    ada: User, anonymous: Program, settings: Any, mode: str
) -> None:
    settings.TASKBELL_REGISTRATION = mode
    sent = invite("cy@example.org", Role.INTERN, by=ada, now=utc_now())
    body = {"email": "cy@example.org", "password": PASSWORD, "invite": token_of(sent.pk)}
    assert anonymous.post("/api/register/", body | {"email": "eve@example.org"}).status_code == 400
    assert anonymous.post("/api/register/", body | {"invite": "x"}).status_code == 400
    assert anonymous.post("/api/register/", body).status_code == 201
    assert User.objects.get(email="cy@example.org").role == Role.INTERN
    assert anonymous.post("/api/register/", body | {"email": "cy2@example.org"}).status_code == 400


@pytest.mark.parametrize("spelling", ['"bo"@example.org', '"b\\o"@example.org', '"\\b\\O"@example.org'])
def test_one_mailbox_is_one_person_however_its_address_is_quoted(bo: User, anonymous: Program, spelling: str) -> None:
    answer = anonymous.post("/api/register/", {"email": spelling, "password": PASSWORD})
    assert (answer.status_code, answer.json()["email"]) == (201, bo.email)
    assert User.objects.count() == 1


def test_an_address_that_needs_its_quotes_keeps_them(db: None, anonymous: Program) -> None:
    for spelling in (r'"a\@b"@example.org', '"a@b"@example.org'):
        answer = anonymous.post("/api/register/", {"email": spelling, "password": PASSWORD})
        assert answer.json()["email"] == '"a@b"@example.org'
    assert User.objects.count() == 1
