"""Reports of errors have no data of people. A server of our own receives them."""

import logging
import socket
from types import SimpleNamespace
from typing import Any

import pytest
import sentry_sdk
from pydantic import SecretStr

from taskbell.accounts.models import User
from taskbell.common.logs import MAX_ALIKE
from taskbell.config import error_reports, extras
from taskbell.config.env import Environment, UnusableEnvironment, environment
from taskbell.config.error_reports import ErrorReports
from taskbell.config.logs import logging_settings
from tests.common import secrets_sent
from tests.common.receiver import receiving
from tests.common.secrets_sent import SECRETS


def test_a_report_has_none_of_the_secrets_that_people_send(bo: User, monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving() as sentry:
        dsn = SecretStr(f"http://key@127.0.0.1:{sentry.port}/1")
        monkeypatch.setattr(error_reports, "environment", lambda: SimpleNamespace(TASKBELL_SENTRY_DSN=dsn))
        handler, root = ErrorReports(), logging.getLogger()
        root.addHandler(handler)
        try:
            secrets_sent.break_everything(monkeypatch)
            signed, _ = secrets_sent.send_everywhere(bo)
            handler.flush()
        finally:
            root.removeHandler(handler)
            sentry_sdk.get_client().close()
            sentry_sdk.init(dsn=None)
        events, text = sentry.events(), sentry.everything.decode()
    assert len(events) > 10
    assert [
        secret for secret in (*SECRETS, *signed, socket.gethostname(), "sessionid", "Bearer") if secret in text
    ] == []
    last = next(event for event in events if event["logger"] == "django.request")
    assert last["exception"]["values"][-1]["type"] == "Quoting"
    assert last["exception"]["values"][-1]["value"] == ""
    frames = last["exception"]["values"][-1]["stacktrace"]["frames"]
    assert any(frame["filename"].endswith("secrets_sent.py") for frame in frames)
    assert not any("vars" in frame for frame in frames)
    assert last["tags"]["route"].startswith("/")
    assert last["tags"]["request_id"]
    assert {name for event in events for name in event} <= error_reports.ALLOWED


def test_an_error_that_cannot_be_reported_does_not_fail_who_logs_it_and_is_not_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: Any) -> None:
        raise OSError

    monkeypatch.setattr(sentry_sdk, "capture_event", fail)
    record = logging.LogRecord("taskbell.worker", logging.ERROR, "", 0, "Broken: %s", ("one",), None)
    assert ErrorReports().handle(record)
    assert not capsys.readouterr().err


def test_a_job_that_fails_every_second_is_reported_ten_times_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    reported: list[Any] = []
    monkeypatch.setattr(sentry_sdk, "capture_event", reported.append)
    reports = ErrorReports()
    for number in range(60):
        reports.handle(logging.LogRecord("celery.app.trace", logging.ERROR, "", 0, "Task %s", (number,), None))
    assert len(reported) == MAX_ALIKE


@pytest.mark.parametrize("dsn", ["https://sentry.example.org/1", "https://key@sentry.example.org", "what"])
def test_an_address_that_is_none_is_refused_without_repeating_the_key(dsn: str) -> None:
    with pytest.raises(ValueError, match="must have the form") as refusal:
        Environment(_env_file=None, TASKBELL_SENTRY_DSN=dsn)  # type: ignore[call-arg]
    assert "key@sentry.example.org\n" not in str(refusal.value)


def test_without_the_setting_nothing_is_reported() -> None:
    assert list(logging_settings(environment())["handlers"]) == ["console"]
    dsn = SecretStr("https://key@sentry.example.org/1")
    env = environment().model_copy(update={"TASKBELL_SENTRY_DSN": dsn})
    assert list(logging_settings(env)["handlers"]) == ["console", "reports"]
    assert list(logging_settings(env, is_child=False)["handlers"]) == ["console"]


@pytest.mark.parametrize(
    ("name", "value", "extra"),
    [
        ("TASKBELL_SENTRY_DSN", "https://key@sentry.example.org/1", "sentry"),
        ("TASKBELL_OTLP_URL", "http://c:4318", "otel"),
    ],
)
def test_a_missing_package_is_a_sentence_that_says_what_to_install(
    name: str, value: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    env: Any = Environment(_env_file=None, **{name: value})  # type: ignore[arg-type]
    extras.refuse_without_extras(env)
    monkeypatch.setattr(extras, "find_spec", lambda _: None)
    with pytest.raises(UnusableEnvironment, match=rf"{name}: .* pip install 'taskbell\[{extra}\]'"):
        extras.refuse_without_extras(env)
