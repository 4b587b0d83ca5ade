"""What a list cannot understand it refuses, and says which parameter it was."""

import base64
from collections.abc import Callable
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from django.core import signing

from taskbell.accounts.models import User
from tests.api.shelf import Shelf, Slip
from tests.conftest import Program

Somebody = Callable[[User], Program]
LISTS = ["tasks/", "task/", "tasks/trash/", "tasks/logs/", "categories/", "users/"]
PAGING = [
    *(("page", value) for value in ("0", "-1", "x", "", "1.5", "²", "99999999999", " 1")),
    *(("page_size", value) for value in ("0", "201", "-1", "all", "", "1e2")),
    *(("cursor", value) for value in ("x", "é:x", "a:b:c", "=", "null")),
    *(("surprise", value) for value in ("", "1")),
    ("PAGE", "1"),
]
DATES = ["", "tomorrow", "2027-02-29", "2027-3-1x", "31.03.2027", "0001-01-01", "9999-12-31"]
BAD = [
    *(("priority", value) for value in ("", "high", "HIGH,", "HIGH LOW", "3")),
    *(("status", value) for value in ("", "overdue", "DONE", "PENDING,DONE")),
    *(("stage", value) for value in ("", "OVERDUE", "PENDING;COMPLETED")),
    *((f"due_date{end}", value) for end in ("", "_gte", "_gt", "_lte", "_lt") for value in DATES),
    *(("category", value) for value in ("", "garden", "0", "-1", "1,,2", "1;2", "me", "9" * 30)),
    *((name, value) for name in ("assigned_to", "created_by") for value in ("", "bo", "ME", "0", "1.0", "9" * 30)),
    *((name, value) for name in ("blocked", "completed") for value in ("", "yes", "none", "2")),
    *(
        (f"{name}{end}", value)
        for name in ("due_at", "created_at", "completed_at", "remind_at")
        for end in ("_gte", "_gt", "_lte", "_lt")
        for value in ("", "yesterday", "2027-02-29", "2027-13-01T00:00:00Z", "31.03.2027")
    ),
    *(("has_due", value) for value in ("", "yes", "none")),
    *(("updated_since", value) for value in ("", "yesterday", "2027-13-01T00:00:00Z", "1800000000")),
    *(("q", value) for value in ("x" * 501, "a\x00b")),
    *(("ordering", value) for value in ("", "-", "name", "title,", "--title", "password", "Title")),
]


@pytest.fixture
def program(ada: User, as_user: Somebody) -> Program:
    """Speaks for Ada."""
    return as_user(ada)


def refused(program: Program, path: str) -> list[str]:
    """The parameters that are named in the refusal."""
    answer = program.get(path)
    assert answer.status_code == 400, answer.content[:300]
    assert answer["Content-Type"] == "application/problem+json"
    return [error["field"] for error in answer.json()["errors"]]


@pytest.mark.parametrize("where", LISTS)
@pytest.mark.parametrize(("name", "value"), PAGING)
def test_every_list_names_the_parameter_of_paging_it_cannot_use(
    program: Program, where: str, name: str, value: str
) -> None:
    assert refused(program, f"/api/{where}?{name}={quote(value)}") == [name]


@pytest.mark.parametrize(("name", "value"), BAD)
def test_a_bad_value_is_refused_by_name(program: Program, name: str, value: str) -> None:
    assert refused(program, f"/api/tasks/?{name}={quote(value)}") == [name]


def test_every_bad_value_is_named(program: Program) -> None:
    assert refused(program, "/api/tasks/?priority=x&due_date=y&q=fine&category=z") == [
        "priority",
        "due_date",
        "category",
    ]


@pytest.mark.parametrize("query", ["priority=LOW&priority=HIGH", "page=1&page=2", "q=a&q=a", "cursor=&cursor="])
def test_what_is_sent_twice_is_refused_and_not_half_heard(program: Program, query: str) -> None:
    assert refused(program, f"/api/tasks/?{query}") == [query.split("=")[0]]


def cursor_of(program: Program, path: str) -> str:
    """The cursor of the second page."""
    following = program.get(f"{path}&cursor=").json()["next"]
    return parse_qs(urlsplit(following).query)["cursor"][0]


def test_a_cursor_that_was_changed_is_refused(program: Program, shelf: Shelf) -> None:
    shelf.put([Slip() for _ in range(3)])
    path = "/api/tasks/?page_size=1"
    cursor = cursor_of(program, path)
    payload, signature = cursor.split(":")
    forged = base64.urlsafe_b64encode(b'[["-id"],[1]]').rstrip(b"=").decode()
    stranger = signing.dumps([["-id"], [1]], salt="another")
    for wrong in (cursor[:-1], cursor + "A", f"{forged}:{signature}", f"{payload}:", stranger):
        assert refused(program, f"{path}&cursor={quote(wrong)}") == ["cursor"]
    assert program.get(f"{path}&cursor={quote(cursor)}").status_code == 200


def test_a_cursor_of_another_order_is_refused(program: Program, shelf: Shelf) -> None:
    shelf.put([Slip() for _ in range(3)])
    cursor = cursor_of(program, "/api/tasks/?page_size=1&ordering=title")
    for ordering in ("-title", "id", "title,priority"):
        path = f"/api/tasks/?page_size=1&ordering={ordering}&cursor={quote(cursor)}"
        assert refused(program, path) == ["cursor"]


def test_a_page_behind_the_last_is_empty_and_says_how_many_rows_there_are(program: Program, shelf: Shelf) -> None:
    shelf.put([Slip() for _ in range(3)])
    for page in ("3", "1000000"):
        answer = program.get(f"/api/tasks/?page_size=2&page={page}").json()
        assert (answer["count"], answer["results"], answer["next"]) == (3, [], None)


def test_a_page_has_fifty_rows_unless_told_and_two_hundred_at_most(program: Program, shelf: Shelf) -> None:
    shelf.put([Slip() for _ in range(201)])
    assert len(program.get("/api/tasks/").json()["results"]) == 50
    page = program.get("/api/tasks/?page_size=200").json()
    assert len(page["results"]) == 200
    assert page["count"] == 201
    assert page["previous"] is None
    assert page["next"].startswith("http://localhost/api/tasks/?")
