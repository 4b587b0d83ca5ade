"""Pages of other sites call the API only where the owner has named their site."""

import os
from typing import Any

import pytest
from django.http import HttpResponse
from pydantic import ValidationError

from taskbell.accounts.models import User
from taskbell.config import settings as of_taskbell
from taskbell.config.env import Environment
from tests.conftest import Program

APP = "https://app.example.org"


def environment(origins: str) -> Environment:
    return Environment(_env_file=None, TASKBELL_CORS_ORIGINS=origins)  # type: ignore[call-arg]


@pytest.fixture
def cors(settings: Any) -> None:
    """The settings of an installation that has named one site."""
    settings.CORS_ALLOWED_ORIGINS = [APP]
    settings.CORS_URLS_REGEX = of_taskbell.CORS_URLS_REGEX
    settings.CORS_ALLOW_HEADERS = of_taskbell.CORS_ALLOW_HEADERS
    settings.CORS_EXPOSE_HEADERS = of_taskbell.CORS_EXPOSE_HEADERS
    settings.MIDDLEWARE = [settings.MIDDLEWARE[0], "corsheaders.middleware.CorsMiddleware", *settings.MIDDLEWARE[1:]]


def preflight(anonymous: Program, origin: str = APP, path: str = "/api/tasks/1/") -> HttpResponse:
    return anonymous(
        "OPTIONS",
        path,
        Origin=origin,
        **{
            "Access-Control-Request-Method": "PATCH",
            "Access-Control-Request-Headers": "authorization,if-match,idempotency-key",
        },
    )


@pytest.mark.usefixtures("cors", "db")
def test_a_page_of_a_named_site_may_send_its_token_and_a_version(anonymous: Program) -> None:
    answer = preflight(anonymous)
    assert answer.status_code == 200
    assert answer["Access-Control-Allow-Origin"] == APP
    assert "PATCH" in answer["Access-Control-Allow-Methods"]
    allowed = answer["Access-Control-Allow-Headers"].split(", ")
    assert {"authorization", "content-type", "if-match", "if-none-match", "idempotency-key"} == set(allowed)
    assert "Access-Control-Allow-Credentials" not in answer, "a cookie would be sent along"


@pytest.mark.usefixtures("cors")
def test_it_can_read_the_version_also_of_an_error(bo: User, as_user: Any, anonymous: Program) -> None:
    for program, status in ((as_user(bo), 201), (anonymous, 401)):
        answer = program.post("/api/tasks/", {"title": "x"}, Origin=APP)
        assert answer.status_code == status
        assert answer["Access-Control-Allow-Origin"] == APP
        assert {"ETag", "Location", "Retry-After"} <= set(answer["Access-Control-Expose-Headers"].split(", "))
        assert "origin" in answer["Vary"].lower()


@pytest.mark.usefixtures("cors", "db")
@pytest.mark.parametrize("origin", ["https://evil.example.org", "http://app.example.org", f"{APP}.evil.org", "null"])
def test_others_may_not(anonymous: Program, origin: str) -> None:
    assert "Access-Control-Allow-Origin" not in preflight(anonymous, origin)


@pytest.mark.usefixtures("cors", "db")
@pytest.mark.parametrize("path", ["/", "/sign-in/", "/admin/", "/healthz"])
def test_pages_are_for_no_other_site(anonymous: Program, path: str) -> None:
    assert "Access-Control-Allow-Origin" not in anonymous.get(path, Origin=APP)


@pytest.mark.usefixtures("db")
def test_without_the_setting_no_site_may(anonymous: Program) -> None:
    assert "Access-Control-Allow-Origin" not in preflight(anonymous)
    assert environment("").TASKBELL_CORS_ORIGINS == []
    if not os.environ.get("TASKBELL_CORS_ORIGINS"):
        assert "corsheaders.middleware.CorsMiddleware" not in of_taskbell.MIDDLEWARE


def test_an_origin_is_read_as_browsers_write_it() -> None:
    given = " HTTPS://App.Example.org:443, http://localhost:5173,http://[::1]:80 ,"
    assert environment(given).TASKBELL_CORS_ORIGINS == [APP, "http://localhost:5173", "http://[::1]"]


@pytest.mark.parametrize(
    "given",
    [
        *("*", "null", "app.example.org", "https://", "https://app.example.org/", "https://app.example.org/path"),
        *("https://*.example.org", "ftp://app.example.org", "https://ada@app.example.org", "https://app.example.org?x"),
        *("https://app.example.org:0", "https://app.example.org:x", "https://bücher.example", f"{APP};{APP}x"),
        *(f"{APP} http://localhost", "https://[::1"),
    ],
)
def test_what_is_no_origin_is_refused_at_the_start(given: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        environment(given)
    (error,) = refusal.value.errors()
    assert error["loc"] == ("TASKBELL_CORS_ORIGINS",)
    assert error["msg"].startswith("Value error, must ")
