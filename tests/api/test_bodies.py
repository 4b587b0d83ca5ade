"""Bodies and headers that cost more than they look like are refused before they are read."""

import base64
import codecs
import io
import json
import time
from collections.abc import Callable
from http import cookies
from typing import Any

import pytest

from taskbell.accounts.models import User
from taskbell.common import strict_json
from taskbell.common.cautious_request import CautiousRequest
from taskbell.common.cookies import cookies_of
from taskbell.common.errors import Invalid
from taskbell.config.wsgi import application
from tests.conftest import Program

Somebody = Callable[[User], Program]


def request_with(**environ: Any) -> CautiousRequest:
    plain = {"REQUEST_METHOD": "POST", "PATH_INFO": "/", "wsgi.input": io.BytesIO(), "SERVER_NAME": "localhost"}
    return CautiousRequest(plain | environ)


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (b'{"title": "x", "title": "y"}', "title"),
        (b'{"title": "x", "\\u0074itle": "y"}', "title"),
        (b'{"a": {"b": 1}, "c": [{"d": 1, "d": 1}]}', "d"),
        (b'{"": 1, "": 2}', ""),
        (b'{"a:\\"b": 1, "a:\\"b": ":"}', 'a:"b'),
        (b'{"' + b"k" * 300 + b'": 1, "' + b"k" * 300 + b'": 1}', "k" * 100),
    ],
)
def test_a_key_that_an_object_has_twice_is_refused_by_name(body: bytes, name: str) -> None:
    with pytest.raises(Invalid) as refusal:
        strict_json.parse(body)
    (error,) = refusal.value.errors
    assert (error.field, error.code) == (name, "twice")


@pytest.mark.parametrize(
    "text",
    [
        '{"a:b": "c, d: {[", "e": "\\"", "f": "\\\\", "g": "\\\\\\"", "h": [{"a:b": 1}, {"a:b": 2}]}',
        '"a: \\" b"',
        "[]",
        "12",
        '{"a": {"a": {"a": 1}}}',
    ],
)
def test_punctuation_in_texts_is_no_structure(text: str) -> None:
    assert strict_json.parse(text.encode()) == json.loads(text)


@pytest.mark.parametrize(
    "body",
    [
        b"[" + b"[]," * 150_000 + b"[]]",
        b"[" + b'"",' * 250_000 + b'""]',
        b"{" + b'"a":1,' * 150_000 + b'"a":1}',
        b'"' * 1_000_000,
        b"[" * 1_000_000,
    ],
)
def test_a_body_of_too_many_values_is_refused_unparsed(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strict_json, "orjson", None)
    with pytest.raises(Invalid) as refusal:
        strict_json.parse(body)
    assert refusal.value.errors[0].code == "too_many_values"


def test_a_long_text_full_of_commas_is_no_list() -> None:
    text = 'a, b: [c] {d} \\" ' * 100_000
    assert strict_json.parse(json.dumps([text]).encode()) == [text]


@pytest.mark.parametrize("path", ["token/", "register/", "password/reset/"])
def test_strangers_get_the_same_refusals(anonymous: Program, path: str, db: None) -> None:
    twice = anonymous.post(f"/api/{path}", b'{"email": "a@example.org", "email": "b@example.org"}')
    many = anonymous.post(f"/api/{path}", b"[" + b"[]," * 150_000 + b"[]]")
    assert [answer.json()["errors"][0]["code"] for answer in (twice, many)] == ["twice", "too_many_values"]  # type: ignore[attr-defined]
    assert (twice.status_code, many.status_code) == (400, 400)


def test_a_list_that_is_much_too_long_is_refused_without_an_error_for_each_member(bo: User, as_user: Somebody) -> None:
    wrong: list[Any] = [[]] * 60_000
    program = as_user(bo)
    for path, body in (
        ("tasks/", {"title": "x", "pre_tasks": wrong}),
        ("tasks/bulk/", {"delete": wrong}),
        ("tasks/bulk/", {"create": [{"title": "x", "pre_tasks": wrong}]}),
    ):
        answer = program.post(f"/api/{path}", body)
        assert answer.status_code == 400
        assert len(answer.content) < 200_000


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "headers", "named"),
    [
        ("/api/token/", {"content_type": "application/json; charset=utf-16"}, "UTF-8"),
        ("/api/token/", {"content_type": "application/json; charset=klingon"}, "UTF-8"),
        ("/api/token/", {"Content-Encoding": "gzip"}, "Content-Encoding"),
        ("/api/tasks/import/", {"content_type": "text/csv; charset=klingon"}, "Windows-1252"),
        ("/api/tasks/import/", {"content_type": "text/csv", "Content-Encoding": "br"}, "Content-Encoding"),
        ("/sign-in/", {"content_type": "application/x-www-form-urlencoded; charset=punycode"}, "UTF-8"),
        ("/sign-in/", {"Content-Encoding": "deflate"}, "Content-Encoding"),
    ],
)
def test_a_body_in_an_encoding_that_nothing_reads_is_refused(path: str, headers: dict[str, str], named: str) -> None:
    answer = Program().http.generic("POST", path, b"x", headers.pop("content_type", "text/plain"), headers=headers)
    assert answer.status_code == 415
    assert named in answer.content.decode()
    assert answer["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", '"utf-8"', "us-ascii"])
def test_the_usual_charsets_are_read(bo: User, as_user: Somebody, charset: str) -> None:
    answer = as_user(bo).post(
        "/api/tasks/",
        {"title": "x"},
        content_type=f"application/json; charset={charset}",
        **{"Content-Encoding": "identity"},
    )
    assert answer.status_code == 201


def test_the_server_looks_up_no_charset(monkeypatch: pytest.MonkeyPatch) -> None:
    def looked_up(name: str) -> None:
        raise AssertionError(name)

    monkeypatch.setattr(codecs, "lookup", looked_up)
    assert application.request_class is CautiousRequest
    for content_type in ("text/plain; charset=nowhere", "text/plain; a*=nowhere''%41", "text/plain" + ';"' * 30_000):
        request = request_with(CONTENT_TYPE=content_type)
        assert request.encoding is None


def test_a_name_that_is_much_too_long_is_measured_before_its_characters_are_looked_at(
    bo: User, as_user: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    def looked_at(*text: object) -> bool:
        raise AssertionError

    monkeypatch.setattr("taskbell.common.values.is_invisible", looked_at)
    monkeypatch.setattr("rest_framework.validators.ProhibitSurrogateCharactersValidator.__call__", looked_at)
    program, text = as_user(bo), "x" * 1_000_000
    for path, field in (("profile/", "first_name"), ("tasks/", "title"), ("categories/", "name")):
        send = program.patch if path == "profile/" else program.post
        assert send(f"/api/{path}", {field: text}).status_code == 400


def test_cookies_are_read_as_python_writes_them() -> None:
    written = cookies.SimpleCookie({"a": 'x"; \\y, ü', "b": "plain", "c": ""})
    header = "; ".join(morsel.OutputString() for morsel in written.values())
    assert cookies_of(header) == {"a": 'x"; \\y, ü', "b": "plain", "c": ""}
    assert cookies_of('a="b; c; =d; e=f=g') == {"a": '"b', "": "d", "e": "f=g"}
    assert request_with(HTTP_COOKIE="sessionid=x; csrftoken=y").COOKIES == {"sessionid": "x", "csrftoken": "y"}


def test_a_cookie_of_backslashes_takes_no_time() -> None:
    before = time.thread_time()
    assert cookies_of('a="' + "\\" * 60_000 + '"') == {"a": "\\" * 30_000}
    assert time.thread_time() - before < 2  # Python's own reader: sixteen seconds


def test_a_token_is_not_parsed_where_it_is_longer_than_any_of_ours(anonymous: Program, db: None) -> None:
    token = base64.urlsafe_b64encode(b"[" * 30_000).decode() + ".e30.x"
    assert anonymous.get("/api/tasks/", Authorization=f"Bearer {token}").status_code == 401


@pytest.mark.parametrize("name", ["If-None-Match", "If-Match"])
def test_a_header_of_a_thousand_tags_is_refused(bo: User, as_user: Somebody, name: str) -> None:
    program = as_user(bo)
    task: Any = program.post("/api/tasks/", {"title": "x"})
    answer = program.patch(f"/api/tasks/{task.json()['id']}/", {"title": "y"}, **{name: '"1",' * 20_000})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == name  # type: ignore[attr-defined]


def test_an_order_has_few_names(bo: User, as_user: Somebody) -> None:
    for path in ("tasks/", "tasks/trash/", "tasks/export/"):
        assert as_user(bo).get(f"/api/{path}?ordering={'id,' * 10_000}id").status_code == 400
