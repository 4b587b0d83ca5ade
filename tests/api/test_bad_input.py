"""Whatever arrives is answered, in the same way on every database, and changes nothing unless it is right."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse

from taskbell.accounts.models import Session, User
from taskbell.activity.models import Activity
from taskbell.common.strict_json import MAX_DEPTH
from taskbell.notifications.models import Notification
from taskbell.reminders.models import Reminder
from taskbell.tasks.models import Task
from tests.conftest import PASSWORD, Program

MIB = 1024 * 1024
HUGE = 10**40
NOT_TEXT = [None, True, 7, 2**63, HUGE, 1.5, [], ["a"], {}, {"a": "b"}, "a\x00b", "a\x07b", "a\x9fb"]
NOT_A_NAME = [*NOT_TEXT, "", "OVERDUE", "low", "x" * 100_000, "PENDING\n"]
NOT_A_DAY = [
    *(True, 7, HUGE, 1.5, [], {}, "", "x", "0001-01-01", "1969-12-31", "3000-01-01", "9999-12-31", "10000-01-01"),
    *("2027-02-30", "2027-13-01", "tomorrow", "2027-03-31\x00", "2027-03-31T10:00:00Z"),
]
NOT_A_TIME = [True, 7, HUGE, 1.5, [], {}, "", "x", "25:00", "10:61", "10:00+02:00", "10:00Z", "10:00\x00", "-1:00"]
NOT_A_MOMENT = [
    *(True, 7, HUGE, 1.5, [], {}, "", "x", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "10000-01-01T00:00:00Z"),
    *("2027-03-31T25:00:00Z", "2027-03-31T10:00:00+99:00", "2027-03-31T10:00:00\x00", "1969-12-31T23:59:59Z"),
]
NOT_A_PERSON = [True, 1.0, 1.5, HUGE, 2**63, 2**64, -1, 0, [], {}, "", "x", "1\x00", 999_999]
NOT_REMINDERS = [
    *(None, True, 7, "x", {}, [None], [7], ["x"], [[]], [{}], [{"at": None}], [{"at": "x"}], [{"for_me": True}]),
    [{"at": "2027-03-31T10:00:00Z", "for_me": "yes"}],
    [{"at": "2027-03-31T10:00:00Z", "for_me": None}],
    [{"at": "2027-03-31T10:00:00Z", "surprise": 1}],
    [{"at": f"2027-03-{day:02}T{hour:02}:00:00Z"} for day in range(1, 4) for hour in range(17)],
]
WRONG: dict[str, list[Any]] = {
    "title": [*NOT_TEXT, "", "   ", "x" * 256, "x" * 1_000_000],
    "description": [*NOT_TEXT, "x" * 20_001],
    "status": NOT_A_NAME,
    "stage": NOT_A_NAME,
    "priority": NOT_A_NAME,
    "due_date": NOT_A_DAY,
    "due_time": NOT_A_TIME,
    "timezone": [*NOT_TEXT, "", "Mars/Olympus", "europe/berlin", "../../etc/passwd", "x" * 100_000],
    "assigned_to": NOT_A_PERSON,
    "reminders": NOT_REMINDERS,
    "remind_at": NOT_A_MOMENT,
    "reminder_time": NOT_A_MOMENT,
    "schedule_time": NOT_A_MOMENT,
}
CASES = [
    pytest.param(field, value, id=f"{field}-{position}-{repr(value)[:30].encode('ascii', 'replace').decode()}")
    for field, values in WRONG.items()
    for position, value in enumerate(values)
]
NAMES_READ = {"reminder_time": "remind_at", "schedule_time": "remind_at"}

Somebody = Callable[[User], Program]


def everything() -> dict[str, Any]:
    """What a refused request must leave as it was."""
    tables = (User, Session, Task, Reminder, Activity, Notification)
    return {table.__name__: list(table.objects.order_by("pk").values()) for table in tables}


def fields_of(answer: HttpResponse) -> set[str]:
    return {error["field"].split(".")[0] for error in json.loads(answer.content)["errors"]}


@pytest.fixture
def program(bo: User, as_user: Somebody) -> Program:
    """Speaks for Bo."""
    return as_user(bo)


@pytest.fixture
def path(program: Program) -> str:
    """A task of Bo's with a reminder."""
    body = {"title": "Water the plants", "due_date": "2027-03-31", "remind_at": "2027-03-31T07:00:00Z"}
    return str(program.post("/api/tasks/", body)["Location"])


@pytest.mark.parametrize(("field", "value"), CASES)
def test_a_wrong_field_of_a_task_is_named_and_nothing_changes(
    program: Program, path: str, field: str, value: Any
) -> None:
    before = everything()
    answers = [
        program.post("/api/tasks/", {"title": "x", field: value}),
        program.put(path, {"title": "x", field: value}),
        program.patch(path, {field: value}),
    ]
    assert [answer.status_code for answer in answers] == [400, 400, 400]
    for answer in answers:
        assert fields_of(answer) == {NAMES_READ.get(field, field)}
    assert everything() == before


@pytest.mark.parametrize("value", ["1970-01-01", "2999-12-31"])
def test_the_first_and_the_last_day_are_taken_in_every_zone(program: Program, value: str) -> None:
    for zone in ("Pacific/Kiritimati", "Etc/GMT+12", "UTC"):
        body = {"title": "x", "due_date": value, "timezone": zone, "remind_at": f"{value}T00:00:00"}
        answer = program.post("/api/tasks/", body)
        assert answer.status_code == 201
        path = answer["Location"]
        assert program.get(path).json() == answer.json()


@pytest.mark.parametrize("field", ["title", "status", "assigned_to", "reminders", "timezone", "surprise"])
@pytest.mark.parametrize("depth", [MAX_DEPTH, 500, 950, 1020, 100_000])
def test_endless_nesting_is_refused(program: Program, field: str, depth: int) -> None:
    for left, right in ((b"[", b"]"), (b'{"a":', b"}")):
        body = b'{"title": "x", "%s": %s1%s}' % (field.encode(), left * depth, right * depth)
        assert program.post("/api/tasks/", body).status_code == 400
    assert not Task.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        *(b"{", b"nonsense", b"\x00", b"\xff\xfe", b"{'title': 'x'}", b'{"title": "x",}', b'{"title": x}'),
        *(b'{"title": NaN}', b'{"title": Infinity}', b'{"title": "x", "assigned_to": 1e400}', b'{"title": "x"} {}'),
        b'\xef\xbb\xbf{"title": "x"}',
        b'{"title": "\xff"}',
        b'{"title": "\xed\xa0\x80"}',  # the bytes of a lone surrogate
        b'{"title": "\\ud800"}',
        b'{"title": "\\udc00\\ud800"}',
        b'{"\\ud800": "x"}',
        b'{"title": "a\x01b"}',
        "\x7b\x22title\x22: \x22x\x22\x7d".encode("utf-16"),
        *(b"[]", b'[{"title": "x"}]', b"7", b'"title"', b"null", b"true", b"[" * 100_000),
    ],
)
def test_a_body_that_is_no_json_object_is_refused(program: Program, path: str, body: bytes) -> None:
    before = everything()
    for method, where in (("POST", "/api/tasks/"), ("PUT", path), ("PATCH", path), ("POST", "/api/logout/")):
        answer = program(method, where, body)
        assert answer.status_code == 400, (method, where)
        assert answer.json()["errors"]
    assert everything() == before


def test_no_body_lacks_its_fields(program: Program) -> None:
    assert fields_of(program.post("/api/tasks/")) == {"title"}


def test_a_key_that_comes_twice_is_refused_by_name(program: Program) -> None:
    answer = program.post("/api/tasks/", b'{"title": "one", "title": "two"}')
    assert answer.status_code == 400
    assert fields_of(answer) == {"title"}
    assert not Task.objects.exists()


@pytest.mark.parametrize(
    "name", ["surprise", "", "id ", "Title", "_title", "__proto__", "created_by_id", "x" * 100_000]
)
def test_an_unknown_field_is_named(program: Program, path: str, name: str) -> None:
    before = everything()
    for method, where in (("POST", "/api/tasks/"), ("PUT", path), ("PATCH", path)):
        answer = program(method, where, {"title": "x", name: 1})
        assert answer.status_code == 400
        assert fields_of(answer) == {name[:100]}
    assert everything() == before


def test_of_very_many_unknown_fields_some_are_named(program: Program) -> None:
    answer = program.post("/api/tasks/", {f"field {number}": 1 for number in range(50_000)})
    assert answer.status_code == 400
    assert len(answer.content) < 5_000


@pytest.mark.parametrize("size", [5 * MIB + 1, 6 * MIB])
def test_a_huge_body_is_refused_and_named_as_such(program: Program, path: str, size: int) -> None:
    before = everything()
    body = b'{"title": "%s"}' % (b"x" * size)
    for method, where in (("POST", "/api/tasks/"), ("PUT", path), ("PATCH", path), ("POST", "/api/logout/")):
        assert program(method, where, body).status_code == 413
    assert everything() == before


def test_a_body_of_four_mebibytes_is_read(program: Program) -> None:
    assert fields_of(program.post("/api/tasks/", {"title": "x" * 4 * MIB})) == {"title"}


@pytest.mark.parametrize(
    "content_type",
    [
        *("text/plain", "text/json", "application/x-www-form-urlencoded", "multipart/form-data", "application/xml"),
        *("multipart/form-data; boundary=x", "nonsense", "", "/", ";", "application/json/x", "application/jsön"),
    ],
)
def test_another_content_type_is_refused(program: Program, content_type: str) -> None:
    answer = program.post("/api/tasks/", b'{"title": "x"}', content_type=content_type)
    assert answer.status_code == 415
    assert answer["Content-Type"] == "application/problem+json"
    assert not Task.objects.exists()


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8", "APPLICATION/JSON"])
def test_json_by_any_of_its_names_is_read(program: Program, content_type: str) -> None:
    answer = program.post("/api/tasks/", '{"title": "Bücher"}'.encode(), content_type=content_type)
    assert answer.json()["title"] == "Bücher"


@pytest.mark.parametrize(
    "pk", ["0", "-1", "9" * 18, "9" * 19, "9" * 5_000, "1e3", "0x1", "1.0", "١", "1%00", "me", " 1"]
)
def test_a_number_that_no_task_has_leads_nowhere(program: Program, path: str, pk: str) -> None:
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        assert program(method, f"/api/tasks/{pk}/", {"title": "x"}).status_code == 404
    assert Task.objects.filter(deleted_at=None).count() == 1


@pytest.mark.parametrize("name", ["page", "page_size"])
@pytest.mark.parametrize("value", ["", "0", "-1", "1.5", "x", "9" * 30, "1e3", "%00", "١", "%ff", " 1", "+1", "null"])
def test_a_page_that_is_no_number_is_named(program: Program, name: str, value: str) -> None:
    answer = program.get(f"/api/tasks/?{name}={value}")
    assert answer.status_code == 400
    assert fields_of(answer) == {name}


def test_a_page_behind_the_last_one_is_empty(program: Program, path: str) -> None:
    page = program.get("/api/tasks/?page=1000000&page_size=200").json()
    assert page["count"] == 1
    assert page["results"] == []


@pytest.mark.parametrize("query", ["page=1&&&=&x", "page=%", "page=%zz", "\xff\xfe=\xfc", "%ff%00=%ff", "[", "a[]=]"])
def test_a_strange_query_is_no_mistake_of_ours(program: Program, path: str, query: str) -> None:
    assert program.get(f"/api/tasks/?{query}&page_size=1").status_code in (200, 400)


def test_too_many_parameters_are_refused(program: Program) -> None:
    answer = program.get("/api/tasks/?" + "&".join("a=1" for _ in range(2_000)))
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"


TEXTS: dict[str, dict[str, Any]] = {
    "/api/register/": {"email": "dee@example.org", "password": PASSWORD, "username": "dee", "first_name": "Dee"},
    "/api/token/": {"username": "bo", "password": PASSWORD},
    "/api/token/refresh/": {"refresh": "x"},
    "/api/password/reset/": {"email": "bo@example.org"},
    "/api/password/reset/confirm/": {"uid": "x", "token": "x", "new_password": "a longer staple"},
    "/api/password/change/": {"old_password": PASSWORD, "new_password": "a longer staple"},
}


@pytest.mark.parametrize(("where", "field"), [(where, field) for where, body in TEXTS.items() for field in body])
def test_a_wrong_field_of_an_account_is_named_and_nothing_changes(program: Program, where: str, field: str) -> None:
    before = everything()
    wrong = [None, True, 7, HUGE, 1.5, [], {}, "a\x00b", "x" * 100_000, {"a": 1}]
    wrong += [] if field == "first_name" else [""]
    for value in wrong:
        answer = program.post(where, TEXTS[where] | {field: value})
        assert answer.status_code == 400, value
        assert fields_of(answer) == {field}, value
    assert everything() == before


@pytest.mark.parametrize("where", TEXTS)
def test_an_unknown_field_of_an_account_is_named(program: Program, where: str) -> None:
    before = everything()
    answer = program.post(where, TEXTS[where] | {"role": "ADMIN"})
    assert answer.status_code == 400
    assert fields_of(answer) == {"role"}
    assert everything() == before


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("username", [*NOT_TEXT, "", "a b", "cy", "CY", "cy@example.org", "x" * 151, "\ufdfa" * 100]),
        ("email", [*NOT_TEXT, "", "x", "x" * 250 + "@example.org"]),
        ("first_name", [*NOT_TEXT, "x" * 151]),
        ("last_name", [*NOT_TEXT, "x" * 151]),
        ("timezone", WRONG["timezone"]),
        ("language", [*NOT_A_NAME, "tlh"]),
        ("digest_enabled", [None, 0, 1, 1.0, "true", "", [], {}]),
        ("digest_overdue", [None, 0, 1, 1.0, "true", "", [], {}]),
        ("digest_at", [None, *NOT_A_TIME]),
        ("avatar_colour", [*NOT_TEXT, "", "red", "#12345", "#1234567", "#12345g"]),
        ("mail_preferences", [None, 1, "x", [], {"nope": True}, {"reminder": 1}, {"reminder": None}]),
    ],
)
def test_a_wrong_field_of_the_profile_is_refused(program: Program, cy: User, field: str, values: list[Any]) -> None:
    before = everything()
    for value in values:
        for method in ("PUT", "PATCH"):
            proof = {"current_password": PASSWORD} if field == "email" else {}
            answer = program(method, "/api/profile/", {field: value} | proof)
            assert answer.status_code in (400, 409), value
            assert answer.status_code == 409 or fields_of(answer) == {field}, value
    assert everything() == before
