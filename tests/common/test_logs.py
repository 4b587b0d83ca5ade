"""Whoever reads the log gets no key to anything."""

import logging
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from taskbell.accounts.models import User
from taskbell.common.logs import WithoutSecrets
from taskbell.notifications.links import LinkAction, link_for
from taskbell.web import mail


def test_every_handler_leaves_secrets_out() -> None:
    assert all("WithoutSecrets" in handler["filters"] for handler in settings.LOGGING["handlers"].values())


def test_a_failure_behind_a_signed_link_is_logged_without_it(
    bo: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(mail, "read_link", fail)
    caplog.handler.addFilter(WithoutSecrets())
    word = link_for(LinkAction(bo.pk, "unsubscribe", "overdue")).split("/")[-2]
    assert Client(raise_request_exception=False).get(f"/mail/{word}/").status_code == 500
    assert "/mail/<str:token>/" in caplog.text
    assert word not in caplog.text


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/mail/1.done.2:abc:def/", "/mail/…"),
        ("/invite/7:abc/", "/invite/…"),
        ("/setup/abc/", "/setup/…"),
        ("/email/confirm/confirm.1:abc/", "/email/confirm/…"),
        ("/email/undo/undo.1:abc/", "/email/undo/…"),
        ("/password/reset/Mw/abc-def/", "/password/reset/…"),
    ],
)
def test_what_is_signed_is_left_out_and_the_rest_is_not(path: str, shown: str) -> None:
    record = logging.LogRecord("x", logging.ERROR, "x", 1, "Forbidden (%s): %s", ("No cookie", path), None)
    assert WithoutSecrets().filter(record)
    assert record.getMessage() == f"Forbidden (No cookie): {shown}"
