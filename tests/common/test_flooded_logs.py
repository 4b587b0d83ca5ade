"""What strangers can do to the log."""

import logging
from types import SimpleNamespace

import pytest

from taskbell.common.logs import MAX_ALIKE, Sparingly, WithoutSecrets


def record(name: str, message: str, *arguments: object) -> logging.LogRecord:
    return logging.LogRecord(name, logging.WARNING, "", 0, message, arguments, None)


@pytest.mark.parametrize("break_", ["\n", "\r", "\x1b[2J", "\x85", "\u2028", "\0"])
def test_a_message_is_one_line_whatever_is_in_it(break_: str) -> None:
    line = record("django.request", "Not Found: %s", f"/a{break_}2027-01-01 ERROR forged")
    WithoutSecrets().filter(line)
    assert len(line.getMessage().splitlines()) == 1
    assert break_ not in line.getMessage()


def test_of_messages_that_strangers_cause_only_the_first_are_logged() -> None:
    sparingly = Sparingly()
    lines = [record("django.request", "Not Found: %s", f"/{number}") for number in range(100)]
    passed = [line.getMessage() for line in lines if sparingly.filter(line)]
    assert len(passed) == MAX_ALIKE
    assert "not logged for a minute" in passed[-1]
    assert sparingly.filter(record("django.request", "Another: %s", "/"))
    assert all(sparingly.filter(record("taskbell.mail", "Sent %s", number)) for number in range(100))


def failed(error: Exception, route: str, name: str = "django.request") -> logging.LogRecord:
    info = (type(error), error, None)
    line = logging.LogRecord(name, logging.ERROR, "", 0, "Internal Server Error: %s", ("/",), info)
    line.request = SimpleNamespace(path="/", resolver_match=SimpleNamespace(route=route))
    return line


def test_a_noisy_error_does_not_hide_another_one_nor_the_same_one_elsewhere() -> None:
    sparingly = Sparingly()
    assert sum(sparingly.filter(failed(ValueError(), "noisy/")) for _ in range(100)) == MAX_ALIKE
    assert sparingly.filter(failed(KeyError(), "noisy/"))
    assert sparingly.filter(failed(ValueError(), "quiet/"))


def test_messages_stay_alike_after_another_filter_has_written_their_values_into_them() -> None:
    first, second, words = Sparingly(), Sparingly(loggers=("",)), WithoutSecrets()
    passed = 0
    for number in range(100):
        line = record("celery.app.trace", "Task of bo@example.org failed: %s", number)
        assert first.filter(line)
        assert words.filter(line)
        passed += second.filter(line)
    assert passed == MAX_ALIKE


def test_a_call_with_the_wrong_arguments_does_not_fail() -> None:
    line = record("django.request", "%s and %s", "one")
    sparingly = Sparingly()
    assert all(sparingly.filter(line) for _ in range(MAX_ALIKE))
    assert WithoutSecrets().filter(line)
    assert "wrong arguments" in line.getMessage()
