"""What strangers can do to the log."""

import logging

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
