"""Requests as bytes, made before anybody looks at the watch, and who sends them."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any
from urllib.request import Request, urlopen

import jwt
from django.conf import settings

from taskbell.accounts.models import Session, User
from taskbell.accounts.tokens import pair_for

DAY = timedelta(days=1)
NARROWED = "stage=PENDING,IN_PROGRESS&priority=MEDIUM,HIGH&due_date_lte=2029-12-31"


@dataclass(frozen=True)
class Asker:
    """A person with a token for each side."""

    pk: int
    ours: str
    plain: str


def asker(person: User, *, now: datetime) -> Asker:
    """Somebody who has signed in on both sides, for as long as the benchmark takes."""
    session = Session.objects.create(
        user=person, created_at=now, last_used_at=now, refreshed_at=now + DAY, expires_at=now + 2 * DAY
    )
    said = {"token_type": "access", "jti": "1", "user_id": str(person.pk), "iat": now, "exp": now + DAY}
    return Asker(person.pk, pair_for(session).access, jwt.encode(said, settings.SECRET_KEY, "HS256"))


def request(method: str, path: str, token: str = "", body: Any = None, **headers: str) -> str:
    """The bytes of a request, as text of their values."""
    content = b"" if body is None else json.dumps(body).encode()
    lines = {"Host": "localhost", "Accept": "*/*", **{name.replace("_", "-"): text for name, text in headers.items()}}
    if token:
        lines["Authorization"] = f"Bearer {token}"
    if content:
        lines |= {"Content-Type": "application/json", "Content-Length": str(len(content))}
    head = "".join(f"{name}: {text}\r\n" for name, text in lines.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n{content.decode()}"


def days(count: int) -> list[str]:
    """Days from which on the list is asked for; each makes another question of it."""
    return [str(datetime.now(UTC).date() - timedelta(days=number)) for number in range(count)]


def lists(askers: list[Asker], side: str, dates: list[str], more: str = "") -> list[str]:
    """The list of each person from each day on: with four filters, each a question of its own."""
    return [
        request("GET", f"/api/tasks/?{NARROWED}&due_date_gte={date}{more}", getattr(asker, side))
        for date, asker in product(dates, askers)
    ]


def fetched(port: int, path: str, token: str) -> tuple[Any, str]:
    """The answer and its ETag, asked for as `request` does: an answer names its own address."""
    asked = Request(f"http://localhost:{port}{path}", headers={"Host": "localhost", "Authorization": f"Bearer {token}"})
    with urlopen(asked, timeout=30) as answer:  # noqa: S310 - our own servers
        return json.load(answer), answer.headers.get("ETag", "")


def meaning(value: Any) -> Any:
    """What JSON says, whichever of its ways of writing an instant it has taken."""
    if isinstance(value, dict):
        return {name: meaning(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [meaning(inner) for inner in value]
    if isinstance(value, str) and "T" in value and value[:4].isdigit():
        return datetime.fromisoformat(value).timestamp()
    return value
