"""The figures: who may read them, and that they are right."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.http import HttpResponse

from taskbell.accounts.models import User
from taskbell.api import health, metrics
from taskbell.notifications.jobs import TICKED_AT
from taskbell.notifications.messages import Message, notify
from taskbell.notifications.models import Delivery, DeliveryState
from taskbell.people.notifications import SESSION_ENDED
from tests.conftest import NOW, PASSWORD, Program

TOKEN = "a token of twenty characters"
ELSEWHERE = "203.0.113.7"


def asked(
    *, path: str = "/metrics", remote: str = ELSEWHERE, program: Program | None = None, **headers: str
) -> HttpResponse:
    """The answer of /metrics to somebody at this address."""
    http = (program or Program()).http
    return http.get(path, headers=headers, REMOTE_ADDR=remote)


def figures() -> dict[str, float]:
    """Each figure by its name and labels."""
    answer = asked(remote="127.0.0.1")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    lines = [line for line in answer.content.decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def mail(person: User, key: str, *, due_at: datetime = NOW, **outcome: Any) -> None:
    notify([Message(person.pk, SESSION_ENDED, key=key, due_at=due_at)], now=due_at)
    Delivery.objects.filter(notification__dedupe_key=key).update(**outcome)


def sent(person: User, *lateness: float) -> None:
    for number, seconds in enumerate(lateness):
        mail(person, f"sent {number}", state=DeliveryState.SENT, sent_at=NOW + timedelta(seconds=seconds))


@pytest.fixture
def at_noon(monkeypatch: pytest.MonkeyPatch) -> datetime:
    """What the clock shows where figures are asked for."""
    noon = NOW.replace(hour=12)
    for module in (health, metrics):
        monkeypatch.setattr(module, "utc_now", lambda: noon)
    return noon


def test_strangers_are_told_nothing(db: None, settings: Any) -> None:
    settings.TASKBELL_METRICS_TOKEN = TOKEN
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer "}, {"Authorization": "Bearer ä"}):
        answer = asked(**headers)
        assert answer.status_code == 401
        assert b"taskbell_" not in answer.content


def test_without_a_token_in_the_settings_none_opens(db: None) -> None:
    for word in ("", "Bearer ", "Bearer None"):
        assert asked(Authorization=word).status_code == 401


def test_the_bearer_of_the_token_may_read_them_from_anywhere(db: None, settings: Any) -> None:
    settings.TASKBELL_METRICS_TOKEN = TOKEN
    answer = asked(Authorization=f"Bearer {TOKEN}")
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]


def test_admins_may_read_them_in_the_browser_and_others_not(ada: User, mia: User, bo: User) -> None:
    for person, status in ((ada, 200), (mia, 401), (bo, 401)):
        program = Program()
        program.http.post("/sign-in/", {"identifier": person.username, "password": PASSWORD})
        assert asked(program=program).status_code == status


@pytest.mark.parametrize(
    ("proxies", "remote", "forwarded", "status"),
    [
        (0, "127.0.0.1", None, 200),
        (0, "::1", None, 200),
        (0, ELSEWHERE, None, 401),
        (0, ELSEWHERE, "127.0.0.1", 401),
        (0, "127.0.0.1", ELSEWHERE, 401),  # a proxy beside us that the settings do not name
        (0, "127.0.0.1", "127.0.0.1", 401),
        (1, "10.0.0.1", ELSEWHERE, 401),
        (1, "127.0.0.1", ELSEWHERE, 401),
        (1, "127.0.0.1", f"127.0.0.1, {ELSEWHERE}", 401),  # what the client says of itself does not count
        (1, "10.0.0.1", "127.0.0.1", 200),
        (2, "10.0.0.1", f"127.0.0.1, {ELSEWHERE}, 10.0.0.2", 401),
    ],
)
def test_this_machine_may_read_them_and_what_a_proxy_asks_for_is_not_of_this_machine(
    db: None, settings: Any, proxies: int, remote: str, forwarded: str | None, status: int
) -> None:
    settings.TASKBELL_PROXIES = proxies
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    assert asked(remote=remote, **headers).status_code == status


@pytest.mark.parametrize("redirects", [False, True])
def test_this_machine_may_ask_without_tls_and_with_or_without_a_slash(db: None, settings: Any, redirects: bool) -> None:
    settings.SECURE_SSL_REDIRECT = redirects
    for path in ("/metrics", "/metrics/"):
        assert asked(path=path, remote="127.0.0.1").status_code == 200
        assert asked(path=path).status_code == 401
    assert asked(path="/metrics//", remote="127.0.0.1").status_code == (301 if redirects else 404)
    assert asked(path="/api/tasks/", remote="127.0.0.1").status_code == (301 if redirects else 401)


def test_the_histogram_counts_each_mail_in_every_bucket_that_is_wide_enough(bo: User) -> None:
    sent(bo, 0, 0.5, 0.500001, 4, 45, 4000, 100_000)
    mail(bo, "waiting")
    buckets = [
        (bound, count)
        for name, count in figures().items()
        for bound in re.findall(r'taskbell_mail_lateness_seconds_bucket{le="(.*)"}', name)
    ]
    assert [bound for bound, _ in buckets] == [*(str(bound) for bound in metrics.BOUNDS), "+Inf"]
    counts = [count for _, count in buckets]
    assert counts == [2, 3, 3, 4, 4, 4, 5, 5, 5, 6, 7]
    assert counts == sorted(counts)
    assert figures()["taskbell_mail_lateness_seconds_count"] == 7
    assert figures()["taskbell_mail_lateness_seconds_sum"] == pytest.approx(104_050.000001)


def test_an_empty_histogram_is_one_too(db: None) -> None:
    found = figures()
    assert found["taskbell_mail_lateness_seconds_count"] == found["taskbell_mail_lateness_seconds_sum"] == 0
    assert found['taskbell_mail_lateness_seconds_bucket{le="+Inf"}'] == 0


def test_mails_are_counted_by_what_became_of_them(bo: User) -> None:
    sent(bo, 1, 2)
    mail(bo, "failed", state=DeliveryState.FAILED, ambiguous=True)
    mail(bo, "cancelled", state=DeliveryState.CANCELLED)
    for number in range(3):
        mail(bo, f"pending {number}")
    found = figures()
    counts = {state: found[f'taskbell_mails{{state="{state}"}}'] for state in DeliveryState.values}
    assert counts == {"pending": 3, "leased": 0, "sent": 2, "gathered": 0, "failed": 1, "cancelled": 1}
    assert found["taskbell_mails_ambiguous_total"] == 1


def test_the_age_of_the_oldest_mail_counts_those_that_are_due(bo: User, at_noon: datetime) -> None:
    mail(bo, "tomorrow", due_at=at_noon + timedelta(days=1))
    assert figures()["taskbell_oldest_due_mail_seconds"] == 0
    mail(bo, "old", due_at=at_noon - timedelta(seconds=90))
    mail(bo, "older, but over", due_at=at_noon - timedelta(hours=1), state=DeliveryState.FAILED)
    assert figures()["taskbell_oldest_due_mail_seconds"] == 90


Ready = Callable[[], dict[str, Any]]


@pytest.fixture
def readiness(at_noon: datetime, monkeypatch: pytest.MonkeyPatch) -> Ready:
    """What /readyz says while the clock ticks."""
    ticked = {TICKED_AT: at_noon.timestamp()}
    monkeypatch.setattr(health, "cache", ticked)

    def ask() -> dict[str, Any]:
        answer = Program().get("/readyz")
        found: dict[str, Any] = answer.json()
        assert answer.status_code == (200 if found["ready"] else 503)
        return found

    return ask


@pytest.mark.parametrize(("seconds", "ready"), [(0, True), (299, True), (300, False), (9000, False)])
@pytest.mark.parametrize("state", [DeliveryState.PENDING, DeliveryState.LEASED])
def test_it_is_not_ready_while_a_mail_waits_too_long(
    bo: User, at_noon: datetime, readiness: Ready, seconds: int, ready: bool, state: DeliveryState
) -> None:
    mail(bo, "old", due_at=at_noon - timedelta(seconds=seconds), state=state)
    found = readiness()
    assert found["ready"] is ready
    assert found["database"] == {"ok": ready, "oldest_unsent_mail_seconds": seconds}


def test_mails_that_are_over_or_to_come_keep_nobody_from_being_ready(
    bo: User, at_noon: datetime, readiness: Ready
) -> None:
    for state in (DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.CANCELLED):
        mail(bo, f"over {state}", due_at=at_noon - timedelta(days=1), state=state)
    mail(bo, "to come", due_at=at_noon + timedelta(days=1))
    assert readiness()["ready"] is True


def test_a_mail_that_the_server_puts_off_again_and_again_is_waiting(
    bo: User, at_noon: datetime, readiness: Ready
) -> None:
    long_ago = at_noon - timedelta(hours=1)
    mail(bo, "put off", due_at=long_ago, attempt=5, not_before=at_noon + timedelta(minutes=10))
    assert readiness()["ready"] is False
