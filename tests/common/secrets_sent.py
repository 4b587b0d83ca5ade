"""Secrets sent by all doors while everything breaks: none of them may be logged or reported."""

import json
from typing import Any

import pytest
from rest_framework.views import APIView

from taskbell.accounts import actions, tokens
from taskbell.accounts.models import User
from taskbell.common.clock import utc_now
from taskbell.common.middleware import Deadline
from tests.conftest import PASSWORD, Program

IN_PATH = "pathsecret123:abc-def_ghi"
IN_QUERY = "querysecret123"
IN_BODY = "bodysecret123"
IN_COOKIE = "cookiesecret123"
ADDRESS = "secret.address@example.org"
LINKS = (
    *(f"/mail/{IN_PATH}/", f"/invite/{IN_PATH}/", f"/setup/{IN_PATH}/", f"/projects/join/{IN_PATH}/"),
    *(f"/email/confirm/{IN_PATH}/", f"/password/reset/Mw/{IN_PATH}/", f"/calendar/{IN_PATH}/"),
)
SECRETS = (IN_PATH, IN_QUERY, IN_BODY, IN_COOKIE, ADDRESS, PASSWORD, "pathsecret", "correct horse")


class Quoting(Exception):
    """An error whose message quotes what people have sent."""


def break_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on, views and what they call raise errors that quote the request."""

    def fail(request: Any) -> Any:
        raise Quoting(f"{request.META} {request.COOKIES} {request.body!r} {SECRETS}")

    def process_view(_: Deadline, request: Any, *__: Any) -> None:
        if not request.path_info.startswith("/api/"):
            fail(request)

    monkeypatch.setattr(Deadline, "process_view", process_view)
    monkeypatch.setattr(APIView, "initial", lambda _, request, *__, **___: fail(request._request))


def send_everywhere(person: User) -> tuple[list[str], list[int]]:
    """Sends secrets by header, cookie, body, query and path. Returns the signed secrets, and the answers' statuses."""
    pair = tokens.pair_for(actions.open_session(person, client=actions.Client(), now=utc_now()))
    statuses = []
    for program in (Program(), Program(pair.access)):
        http = program.http
        http.cookies["sessionid"] = IN_COOKIE
        headers = {"Authorization": f"Bearer {program.access}"} if program.access else {}
        body = {
            "title": IN_BODY,
            "password": PASSWORD,
            "email": ADDRESS,
            "identifier": ADDRESS,
            "refresh": pair.refresh,
        }
        for path in (*LINKS, "/sign-in/", "/sign-up/", "/api/tasks/", "/api/auth/login/", f"/nowhere/{IN_PATH}/"):
            query = f"?token={IN_QUERY}&email={ADDRESS}"
            statuses.append(http.get(path + query, headers=headers).status_code)
            statuses.append(http.post(path + query, body, headers=headers).status_code)
            data = json.dumps(body)
            answer = http.post(path + query, data, content_type="application/json", headers=headers)
            statuses.append(answer.status_code)
    return [pair.access, pair.refresh], statuses
