"""The figures: who may read them, and that they are right."""

import os
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from math import inf
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import redis
from celery import shared_task
from django.conf import settings as settings_of_django
from django.db import InterfaceError, OperationalError, connection
from django.http import HttpResponse

from taskbell.accounts.models import User
from taskbell.api import health, metrics, present_state
from taskbell.common import leases, measures, reporting
from taskbell.common import metrics as metrics_of_process
from taskbell.common.measures import LATENESS
from taskbell.common.postgresql.sessions import sessions_by_state
from taskbell.common.sql import execute
from taskbell.notifications.channels.mail import delivery, outbox
from taskbell.notifications.jobs import TICKED_AT
from taskbell.notifications.messages import Message, notify
from taskbell.notifications.models import Delivery, DeliveryState, Notification
from taskbell.people.notifications import SESSION_ENDED
from taskbell.reminders.firing import deliver_due
from taskbell.reminders.models import Reminder, ReminderState
from taskbell.reports.models import Report
from taskbell.tasks.actions import create_task
from taskbell.tasks.patch import TaskPatch
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


def leased(person: User) -> Delivery:
    mail(person, f"leased {Delivery.objects.count()}", state=DeliveryState.LEASED, lease_token=uuid4())
    return Delivery.objects.select_related("notification").latest("pk")


def accept(person: User, *lateness: float) -> None:
    """The mail server accepts an email with each of these delays."""
    for seconds in lateness:
        outbox.accepted({leased(person): "250 OK"}, now=NOW + timedelta(seconds=seconds))


@pytest.fixture(autouse=True)
def _nothing_counted_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests side by side share the broker, and each empties the first of its databases."""
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) + 1
    own = redis.Redis.from_url(settings_of_django.REDIS_URL, db=number)
    own.flushdb()
    monkeypatch.setattr(reporting, "broker", lambda: own)
    metrics_of_process.take()


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
    accept(bo, 0, 0.5, 0.500001, 4, 45, 4000, 100_000)
    mail(bo, "waiting")
    buckets = {
        bound: count
        for name, count in figures().items()
        for bound in re.findall(r'taskbell_mail_lateness_seconds_bucket{kind="session_ended",le="(.*)"}', name)
    }
    assert list(buckets) == [*(str(bound) for bound in LATENESS), "+Inf"]
    assert list(buckets.values()) == [2, 3, 3, 4, 4, 4, 5, 5, 5, 6, 7]
    assert figures()['taskbell_mail_lateness_seconds_count{kind="session_ended"}'] == 7
    assert figures()['taskbell_mail_lateness_seconds_sum{kind="session_ended"}'] == pytest.approx(104_050.000001)


def test_counters_never_fall_when_their_rows_are_removed(bo: User) -> None:
    accept(bo, 1, 2)
    before = figures()
    Notification.objects.all().delete()
    after = figures()
    assert after['taskbell_mails_total{kind="session_ended",outcome="sent"}'] == 2
    assert {name for name, value in before.items() if "total" in name and after[name] < value} == set()


def test_a_histogram_without_labels_is_there_before_anything_was_counted(db: None) -> None:
    found = figures()
    assert found["taskbell_reminder_lateness_seconds_count"] == found["taskbell_reminder_lateness_seconds_sum"] == 0
    assert found['taskbell_reminder_lateness_seconds_bucket{le="+Inf"}'] == 0


def test_unsent_mails_are_counted_by_state_and_ended_ones_by_outcome(bo: User) -> None:
    accept(bo, 1, 2)
    for number in range(3):
        mail(bo, f"pending {number}")
    mail(bo, "leased", state=DeliveryState.LEASED)
    mail(bo, "failed", not_before=None, state=DeliveryState.FAILED)
    outbox.finish(leased(bo), DeliveryState.CANCELLED)
    found = figures()
    assert found['taskbell_mails_unsent{state="pending"}'] == 3
    assert found['taskbell_mails_unsent{state="leased"}'] == 1
    assert found['taskbell_mails_total{kind="session_ended",outcome="sent"}'] == 2
    assert found['taskbell_mails_total{kind="session_ended",outcome="cancelled"}'] == 1


def test_a_mail_in_doubt_is_counted_once(bo: User) -> None:
    long_ago = NOW - timedelta(hours=1)
    mail(bo, "in doubt", state=DeliveryState.LEASED, final_dot_at=long_ago, not_before=long_ago)
    given_up = {"final_dot_at": long_ago, "not_before": long_ago, "attempt": delivery.MAX_ATTEMPTS}
    mail(bo, "given up", state=DeliveryState.LEASED, **given_up)
    delivery.claim(NOW, limit=1)
    found = figures()
    assert found["taskbell_mails_ambiguous_total"] == 2
    assert found['taskbell_mails_total{kind="session_ended",outcome="failed"}'] == 1


def test_doubts_are_not_counted_before_they_are_committed(bo: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise OperationalError

    long_ago = NOW - timedelta(hours=1)
    mail(bo, "in doubt", state=DeliveryState.LEASED, final_dot_at=long_ago, not_before=long_ago)
    monkeypatch.setattr(leases, "claim", fail)
    with pytest.raises(OperationalError):
        delivery.claim(NOW, limit=1)
    assert figures()["taskbell_mails_ambiguous_total"] == 0


def test_a_mail_that_another_sender_has_claimed_meanwhile_is_not_counted(bo: User) -> None:
    for end in (lambda one: outbox.accepted({one: "250 OK"}, now=NOW), lambda one: outbox.finish(one, "cancelled")):
        ours = leased(bo)
        Delivery.objects.filter(pk=ours.pk).update(lease_token=uuid4())
        end(ours)
    assert not [name for name in figures() if name.startswith("taskbell_mails_total")]


def test_the_age_of_the_oldest_counts_what_is_due(bo: User, at_noon: datetime) -> None:
    mail(bo, "tomorrow", due_at=at_noon + timedelta(days=1))
    assert figures()['taskbell_oldest_due_seconds{of="mail"}'] == 0
    mail(bo, "old", due_at=at_noon - timedelta(seconds=90))
    mail(bo, "older, but over", due_at=at_noon - timedelta(hours=1), state=DeliveryState.FAILED)
    task = create_task(TaskPatch(title="Water the plants"), by=bo, now=NOW)
    due = at_noon - timedelta(seconds=30)
    Reminder.objects.create(task=task, created_by=bo, state=ReminderState.ARMED, next_at=due, at=due)
    Report.objects.create(person=bo, kind="export", format="csv", created_at=at_noon - timedelta(seconds=7))
    found = figures()
    ages = {of: found[f'taskbell_oldest_due_seconds{{of="{of}"}}'] for of in ("mail", "reminder", "report")}
    assert ages == {"mail": 90, "reminder": 30, "report": 7}
    deliver_due(at_noon)
    assert figures()["taskbell_reminder_lateness_seconds_sum"] == 30


def test_requests_are_counted_by_the_pattern_of_their_path_and_status(bo: User) -> None:
    program = Program()
    for path in (
        "/tasks/1/",
        "/tasks/2/",
        "/invite/very-secret-token/",
        "/nowhere/1/",
        "/nowhere/2/",
        "/static/none.js",
    ):
        program.http.get(path)
    program.http.generic("BREW", "/sign-in/")
    found = figures()
    counted = {name: value for name, value in found.items() if name.startswith("taskbell_http_requests_total")}
    label = 'taskbell_http_requests_total{{method="{}",route="{}",status="{}"}}'.format
    assert counted[label("GET", "/tasks/<id:pk>/", 302)] == 2
    assert counted[label("GET", "unknown", 404)] == 2
    assert counted[label("unknown", "/sign-in/", 405)] == 1
    assert found['taskbell_http_request_seconds_count{route="/tasks/<id:pk>/"}'] == 2
    assert not [name for name in found if "secret" in name or "nowhere" in name]


def test_jobs_are_counted_by_their_outcome(db: None) -> None:
    @shared_task(name="tests.sometimes")
    def sometimes(fails: bool) -> None:
        assert not fails

    for fails in (True, False, False):
        sometimes.apply([fails])
    found = figures()
    assert found['taskbell_jobs_total{job="tests.sometimes",outcome="success"}'] == 2
    assert found['taskbell_jobs_total{job="tests.sometimes",outcome="failure"}'] == 1
    assert found['taskbell_job_seconds_count{job="tests.sometimes"}'] == 3


def test_while_the_broker_is_away_the_figures_of_the_database_are_there_and_nothing_is_lost(
    bo: User, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    accept(bo, 1)
    with monkeypatch.context() as patch:
        nobody = redis.Redis.from_url(f"unix://{tmp_path}/nobody.sock")
        patch.setattr(reporting, "broker", lambda: nobody)
        found = figures()
        assert (found["taskbell_broker_up"], found["taskbell_database_up"]) == (0, 1)
        assert 'taskbell_oldest_due_seconds{of="mail"}' in found
    found = figures()
    assert (found["taskbell_broker_up"], found["taskbell_database_up"]) == (1, 1)
    assert found['taskbell_mails_total{kind="session_ended",outcome="sent"}'] == 1


@pytest.mark.parametrize("error", [InterfaceError, OperationalError])
def test_while_the_database_is_away_the_figures_of_the_broker_are_there(bo: User, error: type[Exception]) -> None:
    def fail(*_: Any) -> None:
        raise error

    accept(bo, 1)
    with connection.execute_wrapper(fail):
        found = figures()
        readiness = asked(path="/readyz", remote="127.0.0.1")
    assert (found["taskbell_broker_up"], found["taskbell_database_up"]) == (1, 0)
    assert found['taskbell_mails_total{kind="session_ended",outcome="sent"}'] == 1
    assert readiness.status_code == 503
    assert readiness.json()["database"]["error"] == "The database does not answer."


def test_a_clock_that_never_ticked_and_backups_that_nobody_can_read_are_infinitely_old(
    db: None, settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise PermissionError

    settings.TASKBELL_BACKUP_DIR = tmp_path
    monkeypatch.setattr(present_state, "newest_at", fail)
    found = figures()
    assert found["taskbell_tick_age_seconds"] == found["taskbell_backup_age_seconds"] == inf


def test_a_batch_whose_answer_was_lost_is_added_once(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    add = redis.Redis.eval

    def lose_the_answer(*arguments: Any) -> None:
        add(*arguments)
        raise redis.TimeoutError

    measures.MAILS_AMBIGUOUS.add()
    with monkeypatch.context() as patch:
        patch.setattr(redis.Redis, "eval", lose_the_answer)
        assert not reporting.reporter.report()
    measures.MAILS_AMBIGUOUS.add()
    assert figures()["taskbell_mails_ambiguous_total"] == 1, "the same batch again"
    assert figures()["taskbell_mails_ambiguous_total"] == 2


def test_gauges_of_processes_that_have_ended_do_not_count(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(metrics_of_process._readers, measures.LIVE_CONNECTIONS.name, lambda: 3)
    for part in ("web", "web", "worker"):
        reporting.Reporter(part).report()
    monkeypatch.setattr(reporting, "ALIVE_SECONDS", 60)
    found = figures()
    assert found["taskbell_live_connections"] >= 9
    assert found['taskbell_processes{part="worker"}'] == 1
    monkeypatch.setattr(reporting, "ALIVE_SECONDS", -1)
    found = figures()
    assert found["taskbell_live_connections"] == found['taskbell_processes{part="worker"}'] == 0


def test_on_postgresql_the_connections_are_counted(db: None) -> None:
    found = figures()
    if connection.vendor == "postgresql":
        assert found['taskbell_database_connections{state="active"}'] >= 1
        assert found["taskbell_database_connections_max"] == 300
        execute("CREATE ROLE guest")
        execute("SET LOCAL ROLE guest")
        assert sessions_by_state()["unknown"] >= 1, "those of other users"
        execute("RESET ROLE")
    else:
        assert not [name for name in found if "database_connections" in name]


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
    assert found["database"] == {"ok": ready, "oldest_untried_mail_seconds": seconds}


def test_mails_that_are_over_or_to_come_keep_nobody_from_being_ready(
    bo: User, at_noon: datetime, readiness: Ready
) -> None:
    for state in (DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.CANCELLED):
        mail(bo, f"over {state}", due_at=at_noon - timedelta(days=1), state=state)
    mail(bo, "to come", due_at=at_noon + timedelta(days=1))
    assert readiness()["ready"] is True


def test_a_mail_that_the_mail_server_puts_off_has_an_age_of_its_own_and_keeps_nobody_from_being_ready(
    bo: User, at_noon: datetime, readiness: Ready
) -> None:
    long_ago = at_noon - timedelta(hours=1)
    mail(bo, "put off", due_at=long_ago, attempt=5, not_before=at_noon + timedelta(minutes=10))
    assert readiness()["ready"] is True
    found = figures()
    assert [found[f'taskbell_oldest_due_seconds{{of="{of}"}}'] for of in ("mail", "retried_mail")] == [0, 3600]
