"""The log has no secrets, whatever people send and whatever breaks."""

import io
import json
import logging
import logging.config
import smtplib
import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import redis
from celery import shared_task
from kombu import Connection

from taskbell.accounts.models import User
from taskbell.common import request_id
from taskbell.common.logs import log_error_of_thread
from taskbell.common.redaction import summary
from taskbell.config.env import environment
from taskbell.config.error_reports import ErrorReports
from taskbell.config.job_signals import NAME
from taskbell.config.logs import FILTERS, logging_settings
from tests.common import secrets_sent
from tests.common.secrets_sent import ADDRESS, IN_BODY, SECRETS, Quoting
from tests.conftest import Program

OpenLog = Callable[..., io.StringIO]


@pytest.fixture
def open_log() -> Iterator[OpenLog]:
    """What an installation with these settings logs, down to DEBUG."""
    root, opened, level = logging.getLogger(), [], logging.getLogger().level

    def open_with(**settings: Any) -> io.StringIO:
        config = logging.config.DictConfigurator(logging_settings(environment().model_copy(update=settings)))  # type: ignore[attr-defined]
        handler = logging.StreamHandler(io.StringIO())
        form = config.config["handlers"]["console"]["formatter"]
        handler.setFormatter(config.configure_formatter(config.config["formatters"][form]))
        for name in FILTERS:
            handler.addFilter(config.configure_filter(config.config["filters"][name]))
        root.addHandler(handler)
        opened.append(handler)
        root.setLevel(logging.DEBUG)
        access = "INFO" if settings.get("TASKBELL_ACCESS_LOG") else "CRITICAL"
        logging.getLogger("taskbell.access").setLevel(access)
        return handler.stream

    yield open_with
    for handler in opened:
        root.removeHandler(handler)
    root.setLevel(level)
    logging.getLogger("taskbell.access").setLevel("CRITICAL")


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_secret_that_people_send_is_logged_when_everything_breaks(
    form: str, bo: User, open_log: OpenLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = open_log(TASKBELL_LOG_FORMAT=form, TASKBELL_ACCESS_LOG=True)
    secrets_sent.break_everything(monkeypatch)
    signed, statuses = secrets_sent.send_everywhere(bo)
    text = log.getvalue()
    assert statuses.count(500) > 20
    assert "Quoting" in text
    assert "secrets_sent.py" in text, "the traceback is there"
    assert [secret for secret in (*SECRETS, *signed) if secret in text] == []


def test_a_job_that_fails_is_logged_without_its_values(open_log: OpenLog) -> None:
    @shared_task(name="tests.failing")
    def failing(secret: str) -> None:
        raise Quoting(f"about {secret} of {ADDRESS}")

    log = open_log()
    failing.apply([IN_BODY])
    assert "Task tests.failing" in log.getvalue()
    assert "Quoting" in log.getvalue()
    assert IN_BODY not in log.getvalue()
    assert ADDRESS not in log.getvalue()


def test_a_log_for_programs_is_one_object_per_line_with_the_id_that_the_answer_had(
    bo: User, open_log: OpenLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = open_log(TASKBELL_LOG_FORMAT="json", TASKBELL_ACCESS_LOG=True)
    secrets_sent.break_everything(monkeypatch)
    answer = Program().http.get(secrets_sent.LINKS[0])
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    of_request = [line for line in lines if line.get("request_id") == answer["X-Request-ID"]]
    error, access = (
        next(line for line in of_request if line["logger"] == name) for name in ("django.request", "taskbell.access")
    )
    assert error["message"] == "Internal Server Error: /mail/<str:token>/"
    assert error["exception"].endswith("Quoting")
    assert (access["method"], access["route"], access["status"]) == ("GET", "/mail/<str:token>/", 500)
    assert access["ms"] >= 0


def test_requests_are_logged_only_by_setting(db: None, open_log: OpenLog) -> None:
    log = open_log()
    Program().http.get("/sign-in/")
    assert "/sign-in/" not in log.getvalue()


@pytest.mark.parametrize(
    ("proxies", "given", "kept"),
    [
        (1, "4bf92f3577b34da6a3ce929d0e0e4736", True),
        (0, "4bf92f3577b34da6a3ce929d0e0e4736", False),
        (1, "with spaces and\nmore", False),
        (1, "short", False),
        (1, "x" * 65, False),
    ],
)
def test_the_id_of_a_request_comes_from_the_proxy_or_is_random(
    proxies: int, given: str, kept: bool, db: None, settings: Any
) -> None:
    settings.TASKBELL_PROXIES = proxies
    answer = Program().http.get("/sign-in/", headers={"X-Request-ID": given})
    assert (answer["X-Request-ID"] == given) is kept
    assert request_id.FORM.fullmatch(answer["X-Request-ID"])
    assert request_id.current_request_id() == ""


@pytest.mark.parametrize(
    ("said", "logged"),
    [
        ("550 5.1.1 <bo@example.org>: unknown user", "550 5.1.1 <…>: unknown user"),
        (f"email <{'0a' * 20}@tasks.example.org> waits", f"email <{'0a' * 20}@tasks.example.org> waits"),
        ("celery@machine ready.", "celery@machine ready."),
        ("GET /api/tasks/?token=abc HTTP/1.1", "GET /api/tasks/?… HTTP/1.1"),
        ("sent 'Authorization: Bearer abc.def'", "sent 'Authorization: Bearer …'"),
        ("can't reach redis://user:word@host:6379/0", "can't reach redis://user:…@host:6379/0"),
        ("token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI3In0.abc-_d", "token …"),
        ("Is 3 > 2? Yes", "Is 3 > 2? Yes"),
        ("for o'brien@example.org, 'bo@example.org'", "for …, '…'"),
        ("/people/bo%40example.org/", "/people/…/"),
        ("password=very-secret, Cookie: sessionid=abc; csrftoken=def", "password=… Cookie: …"),
    ],
)
def test_addresses_tokens_and_passwords_in_messages_are_left_out(said: str, logged: str, open_log: OpenLog) -> None:
    log = open_log(TASKBELL_LOG_FORMAT="json")
    logging.getLogger("taskbell.mail").warning("%s", said)
    assert json.loads(log.getvalue())["message"] == logged


def test_a_path_is_left_out_as_django_writes_it(open_log: OpenLog, db: None) -> None:
    log = open_log()
    path = "/mail/geheim-ü/"
    request = SimpleNamespace(path=path, resolver_match=SimpleNamespace(route="mail/<str:token>/"))
    escaped = path.encode("unicode_escape").decode()
    logging.getLogger("django.request").error("Bad Request: %s", escaped, extra={"request": request})
    assert "Bad Request: /mail/<str:token>/" in log.getvalue()
    assert "geheim" not in log.getvalue()


def test_an_error_with_a_short_message_leaves_the_words_alone(open_log: OpenLog) -> None:
    log = open_log()
    try:
        raise KeyError(1)
    except KeyError:
        logging.getLogger("taskbell.worker").exception("1 of 11 reports failed.")
    assert "1 of 11 reports failed." in log.getvalue()


@pytest.mark.parametrize(
    "error",
    [
        smtplib.SMTPRecipientsRefused({ADDRESS: (550, IN_BODY.encode())}),
        smtplib.SMTPDataError(554, IN_BODY.encode()),
        redis.ResponseError(f"unknown command 'HELLO', with args beginning with: 'AUTH' '{IN_BODY}'"),
    ],
)
def test_errors_that_quote_replies_and_commands_are_no_errors_of_the_system(error: Exception) -> None:
    assert summary(error) == type(error).__name__


def test_a_bug_in_the_api_is_logged_once_with_its_route_and_the_id_of_the_answer(
    bo: User, open_log: OpenLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = open_log(TASKBELL_LOG_FORMAT="json")
    secrets_sent.break_everything(monkeypatch)
    answer = Program().http.get("/api/tasks/")
    assert answer.status_code == 500
    [error] = [line for line in map(json.loads, log.getvalue().splitlines()) if line["level"] == "ERROR"]
    assert error["message"] == "Unhandled error: /api/tasks/"
    assert error["request_id"] == answer["X-Request-ID"]
    assert error["exception"].endswith("Quoting")


def test_a_refusal_for_want_of_something_is_logged_once_with_its_id_and_is_no_report(
    db: None, open_log: OpenLog, caplog: pytest.LogCaptureFixture
) -> None:
    log = open_log(TASKBELL_LOG_FORMAT="json")
    answer = Program().http.get("/readyz")  # no clock ticks here
    assert answer.status_code == 503
    [error] = [line for line in map(json.loads, log.getvalue().splitlines()) if line["level"] == "ERROR"]
    assert error["message"] == "Service Unavailable: /readyz"
    assert error["request_id"] == answer["X-Request-ID"]
    [record] = [one for one in caplog.records if one.levelname == "ERROR"]
    assert not ErrorReports().filter(record)


def test_an_error_of_the_system_keeps_its_message(open_log: OpenLog) -> None:
    log = open_log()
    try:
        try:
            raise OSError(28, "No space left on device")
        except OSError as error:
            raise ValueError(" ".join(["a", "value"])) from error
    except ValueError:
        logging.getLogger("taskbell.worker").exception("The report failed.")
    text = log.getvalue()
    assert text.index("OSError: [Errno 28] No space left on device") < text.index("\nValueError\n")
    assert "a value" not in text


def test_a_job_has_the_id_of_the_request_that_started_it_and_its_own_without_one(bo: User, open_log: OpenLog) -> None:
    @shared_task(name="tests.talking")
    def talking() -> None:
        logging.getLogger("taskbell.worker").info("At work.")

    with Connection("memory://") as broker, request_id.handling("of-a-request"):
        talking.apply_async(queue="default", connection=broker)
        message = broker.SimpleQueue("default").get(block=False)
    log = open_log(TASKBELL_LOG_FORMAT="json")
    talking.apply(headers={NAME: message.headers[NAME]})
    talking.apply(task_id="its-own")
    assert [json.loads(line)["request_id"] for line in log.getvalue().splitlines() if "At work." in line] == [
        "of-a-request",
        "its-own",
    ]
    assert request_id.current_request_id() == ""


def test_a_thread_that_fails_is_logged_without_what_it_was_about(
    open_log: OpenLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise Quoting(IN_BODY)

    log = open_log()
    monkeypatch.setattr(threading, "excepthook", log_error_of_thread)
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    assert "A thread has failed." in log.getvalue()
    assert "Quoting" in log.getvalue()
    assert IN_BODY not in log.getvalue()
